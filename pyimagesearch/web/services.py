"""What the views may use, handed to them instead of globals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

from flask import abort, current_app

from pyimagesearch.access.authenticator import Authenticator
from pyimagesearch.events.store import EventStore
from pyimagesearch.privacy.state import Hidden
from pyimagesearch.status import ArchiveStatus, CameraStatus
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.mosaic import Mosaic
from pyimagesearch.streaming.viewer_limits import ViewerLimits

from .request_origin import own_names


class ArchiveService(Protocol):
    """What the web may do with all that is kept."""

    @property
    def store(self) -> EventStore:
        """What happened."""

    @property
    def clips(self) -> Path:
        """The folder below which the files of events lie."""

    def status(self) -> ArchiveStatus:
        """Return what is kept, and what may be; at once."""

    def arm(self, armed: bool) -> None:
        """Have motion make events, or not."""

    def star(self, ids: Sequence[int], starred: bool) -> int:
        """Protect events, or no longer; return how many there were. Blocks."""


class PrivacyService(Protocol):
    """What the web may do about what nobody is to see."""

    @property
    def off_since(self) -> float | None:
        """Since when all cameras are off [s since the epoch]; ``None``: they are on."""

    def hidden(self, name: str) -> Hidden:
        """Return what is burnt black of a camera."""

    def draw(self, name: str, polygons: Sequence[str]) -> None:
        """Burn these instead of what was drawn before. Blocks."""

    def switch(self, on: bool) -> None:
        """Switch all cameras on or off. Blocks."""


@dataclass(frozen=True)
class Feed:
    """
    What the web may know of one camera: its pictures and how it is doing.

    *record* starts (``True``) or stops a recording by hand, and returns
    "started" or "stopped"; *keep_still* keeps a JPEG that was captured at a time
    [seconds since the epoch], and returns the id of its event.
    """

    broadcaster: LatestFrameBroadcaster
    status: Callable[[], CameraStatus]
    record: Callable[[bool], str] | None = None
    keep_still: Callable[[bytes, float], int] | None = None


@dataclass(frozen=True)
class Services:
    """
    What every view may use.

    *feeds* are the cameras by name, the first one first; *mosaic* shows them
    all, if they are several. *in_thread* runs a function that blocks without
    stopping the other viewers, and returns its result; without a server of ours
    it just calls it. *archive* is what is kept, if anything is. *authenticator* decides
    who gets in, without one everybody does; *hosts* are the names under which
    browsers may come. *limits* admits live streams. *privacy* hides what nobody is
    to see.
    """

    feeds: Mapping[str, Feed]
    in_thread: Callable[[Callable[[], Any]], Any] = lambda work: work()
    mosaic: Mosaic | None = None
    archive: ArchiveService | None = None
    authenticator: Authenticator | None = None
    hosts: frozenset[str] = field(default_factory=own_names)
    limits: ViewerLimits = field(default_factory=ViewerLimits)
    privacy: PrivacyService | None = None

    def feed(self, name: str | None) -> Feed:
        """
        Return the camera called *name*, or the first one.

        An unknown name ends the request with 404 and the known ones.
        """
        if name is None:
            return next(iter(self.feeds.values()))
        if name not in self.feeds:
            known = ", ".join(self.feeds)
            are = "are" if len(self.feeds) > 1 else "is"
            abort(404, f"There is no camera {name!r}; there {are} {known}.")
        return self.feeds[name]


def archive_or_404() -> ArchiveService:
    """Return what is kept; a server that keeps nothing ends the request with 404."""
    archive = get_services().archive
    if archive is None:
        abort(404, "This server keeps no events.")
    return archive


def privacy_or_404() -> PrivacyService:
    """Return what hides things; a server without it ends the request with 404."""
    privacy = get_services().privacy
    if privacy is None:
        abort(404, "This server hides nothing.")
    return privacy


def get_services() -> Services:
    """Return the site of the application that answers this request."""
    return cast(Services, current_app.extensions["services"])
