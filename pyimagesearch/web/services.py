"""The objects that views work with, handed to create_app() instead of globals."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from flask import abort, current_app

from pyimagesearch.access import Authenticator
from pyimagesearch.events.queries import EventReader
from pyimagesearch.events.store import EventStore
from pyimagesearch.found_cameras import CameraTest, FoundCamera
from pyimagesearch.host_names import HostNames
from pyimagesearch.log_tail import LogTail
from pyimagesearch.notifications import Alerts
from pyimagesearch.notifications.delivery.push_subscriptions import PushSubscriptions
from pyimagesearch.privacy.state import Privacy
from pyimagesearch.recording.receipt import Receipt
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.settings.owner_settings import OwnerSettings
from pyimagesearch.status import (
    MODE_OFF,
    ArchiveStatus,
    CameraArmed,
    CameraStatus,
    ModeStatus,
    ObjectsStatus,
)
from pyimagesearch.streaming.broadcaster import JpegFrame, LatestFrameBroadcaster
from pyimagesearch.streaming.message_log import MessageLog
from pyimagesearch.streaming.mosaic import Mosaic
from pyimagesearch.streaming.stream_tally import StreamTallies
from pyimagesearch.streaming.variants import Variants
from pyimagesearch.streaming.video_broadcaster import VideoBroadcaster
from pyimagesearch.streaming.viewer_limits import ViewerLimits

Part = TypeVar("Part")
Result = TypeVar("Result")


class ArchiveService(Protocol):
    """The recorded events, and the folder with their clips."""

    store: EventStore
    clips: Path

    def status(self) -> ArchiveStatus:
        """Return disk usage and state; does not block."""

    def confirm(self) -> None:
        """Wait until all changes are on the disk; raises :exc:`EventsError`. Blocks."""

    def star(self, ids: Sequence[int], starred: bool) -> int:
        """Set or clear the star of events; return how many were found. Blocks."""


class ArmingService(Protocol):
    """Which cameras are armed: motion in their picture starts events."""

    @property
    def mode(self) -> ModeStatus:
        """The mode in force, until when, and which one is next."""

    def camera(self, name: str) -> CameraArmed:
        """Return whether a camera is armed, why, and until when."""

    def set_mode(self, mode: str, until: float | None = None) -> None:
        """Put a mode in force, for good or until then [s since the epoch]."""


class TuningService(Protocol):
    """What the detector of one camera sees, and settings on trial."""

    view_names: tuple[str, ...]     # boxes, mask, difference, background

    def view(self, name: str) -> LatestFrameBroadcaster:
        """Return the stream of a view."""

    def try_out(self, settings: CameraSettings | None) -> None:
        """Put *settings* on trial, or end the trial (``None``); does not block."""

    def levels(self, after: float) -> dict[str, Any]:
        """Return the motion since *after* [s since the epoch]; the trial goes on."""


class CameraSearchService(Protocol):
    """Finds cameras that could be watched, and tests whether one works."""

    def discover(self) -> list[FoundCamera]:
        """Return those that are plugged in, or answer in the network. Blocks."""

    def streams(self, address: str, user: str, password: str) -> FoundCamera:
        """Ask a network camera for its streams, with the login in them. Blocks."""

    def test(self, source: str) -> CameraTest:
        """Watch a camera for a moment; raises :exc:`SettingsError`. Blocks."""

    def picture(self, key: str) -> bytes | None:
        """Return the picture of a test, a JPEG, by its key while it is kept."""


class Pool(Protocol):
    """Threads for one kind of blocking work."""

    def run(self, work: Callable[[], Result]) -> Result:
        """Return what *work* returns; :exc:`ServerBusy` if too much of it waits."""

    def run_admitted(self, work: Callable[[], Result]) -> Result:
        """Do the same for a request that has begun, which is not refused any more."""


class Pools(Protocol):
    """Where blocking work is done, by its kind: none waits for another kind."""

    @property
    def database(self) -> Pool:
        """Reads and changes events."""

    @property
    def files(self) -> Pool:
        """Reads clips and stills."""

    @property
    def changes(self) -> Pool:
        """Changes settings and sessions, and records."""

    @property
    def tests(self) -> Pool:
        """Tests alerts and cameras, and finds cameras: others may take long."""


class CallingThread:
    """The pools of a server that blocks a thread for each request anyway."""

    def __init__(self) -> None:
        self.database = self.files = self.changes = self.tests = self

    def run(self, work: Callable[[], Result]) -> Result:
        """Return what *work* returns."""
        return work()

    run_admitted = run


class MemoryService(Protocol):
    """The memory that the pictures of all cameras take together [bytes]."""

    total: int      # that they may take

    @property
    def used(self) -> int:
        """What they take now."""


@dataclass(frozen=True)
class Feed:
    """
    One camera, as views see it.

    *record* starts (``True``) or stops a manual recording and returns "started" or
    "stopped"; *keep_still* saves a frame as an event and returns its receipt.
    *automatic_zones* returns the polygons in which the detector ignores something that
    blinks. *videos* are the live H.264 videos by name: ``low`` and ``high`` are
    encoded, ``camera`` is its own. *overlay* says what draws the overlay: "server",
    the page in the "browser", or "none". Its pictures are at most *width* [pixels]
    wide, and its wider *variants* are made for large screens.
    """

    broadcaster: LatestFrameBroadcaster
    status: Callable[[], CameraStatus]
    record: Callable[[bool], str] | None = None
    keep_still: Callable[[JpegFrame], Receipt] | None = None
    automatic_zones: Callable[[], Sequence[str]] = tuple
    tuning: TuningService | None = None
    videos: Mapping[str, VideoBroadcaster] = field(default_factory=dict)
    variants: Variants | None = None
    overlay: str = "server"
    width: int = 640


@dataclass(frozen=True)
class Services:
    """
    Everything that views use; ``None`` stands for a part that is switched off.

    *feeds* are the cameras by name, in the order of the settings; *mosaic* shows
    several in one picture. *pools* run blocking functions outside the server's thread;
    *wait_for_frame* returns a new frame, or ``None`` after a timeout [s]. The defaults
    of both, for other servers, block the calling thread.
    *hosts* are the accepted host names, *frame_origins* those of the sites that may
    show pages and pictures, *limits* admits live streams, *tallies* count what
    single ones send; *messages* are those of the stream of events. A still waits
    *fresh_seconds* for a new frame.
    """

    feeds: Mapping[str, Feed]
    authenticator: Authenticator
    pools: Pools = field(default_factory=CallingThread)
    mosaic: Mosaic | None = None
    archive: ArchiveService | None = None
    arming: ArmingService | None = None
    hosts: Container[str] = field(default_factory=HostNames)
    frame_origins: tuple[str, ...] = ()
    limits: ViewerLimits = field(default_factory=ViewerLimits)
    privacy: Privacy | None = None
    owner_settings: OwnerSettings | None = None
    camera_memory: MemoryService | None = None
    alerts: Alerts | None = None
    push: PushSubscriptions | None = None
    objects: Callable[[], ObjectsStatus] | None = None
    messages: MessageLog = field(default_factory=MessageLog)
    camera_search: CameraSearchService | None = None
    tallies: StreamTallies = field(default_factory=StreamTallies)
    log_tail: LogTail | None = None
    fresh_seconds: float = 2.0
    wait_for_frame: Callable[[LatestFrameBroadcaster, float], JpegFrame | None] = (
        LatestFrameBroadcaster.fresh)

    @property
    def armed(self) -> bool:
        """Whether motion starts events, of cameras whose hours allow it."""
        return self.arming is None or self.arming.mode.mode != MODE_OFF

    @property
    def overview(self) -> Mosaic | None:
        """What shows all cameras in one picture, if there are several."""
        return self.mosaic if len(self.feeds) > 1 else None

    def feed(self, name: str | None) -> Feed:
        """Return the camera called *name*, by default the first one; or abort (404)."""
        if not self.feeds:
            abort(404, "There is no camera yet; an owner can add one.")
        if name is None:
            return next(iter(self.feeds.values()))
        if name not in self.feeds:
            abort(404, f"There is no camera {name!r}; the cameras are: "
                       f"{', '.join(self.feeds)}.")
        return self.feeds[name]


def get_services() -> Services:
    """Return the services of the current app."""
    return cast(Services, current_app.extensions["services"])


def or_404(part: Part | None, reason: str = "This server does not record.") -> Part:
    """Return *part* of the services, or abort with *reason* if there is none."""
    if part is None:
        abort(404, reason)
    return part


def archive_or_404() -> ArchiveService:
    """Return the archive, or abort if this server records nothing."""
    return or_404(get_services().archive)


def privacy_or_404() -> Privacy:
    """Return the privacy settings, or abort if this server has none."""
    return or_404(get_services().privacy, "This server has no privacy settings.")


def alerts_or_404() -> Alerts:
    """Return the channels of alerts, or abort if this server sends none."""
    return or_404(get_services().alerts, "This server sends no alerts.")


def camera_search_or_404() -> CameraSearchService:
    """Return what finds and tests cameras, or abort if nothing does."""
    return or_404(get_services().camera_search, "This server cannot add cameras.")


def tunable_cameras() -> list[str]:
    """Return the names of the cameras whose detection can be tuned on a page."""
    services = get_services()
    return [name for name, feed in services.feeds.items()
            if feed.tuning and services.owner_settings]


def tuning_or_404(feed: Feed) -> TuningService:
    """Return what tunes the camera, or abort if nothing does."""
    return or_404(feed.tuning, "This server cannot tune its detection.")


def owner_settings_or_404() -> OwnerSettings:
    """Return what the owner set, or abort if nothing can be set here."""
    return or_404(get_services().owner_settings, "This server has no settings to set.")


def read_events(query: Callable[[EventReader], Result]) -> Result:
    """Return the result of *query*, run in a thread; abort without an archive (404)."""
    store = archive_or_404().store

    def read() -> Result:
        with store.reading() as reader:
            return query(reader)

    return get_services().pools.database.run(read)
