"""What the views may use, handed to them instead of globals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from flask import abort, current_app

from pyimagesearch.limits import ViewerLimits
from pyimagesearch.metrics import CameraStatus
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.mosaic import Mosaic


@dataclass(frozen=True)
class Feed:
    """What the web may know of one camera: its pictures and how it is doing."""

    broadcaster: LatestFrameBroadcaster
    status: Callable[[], CameraStatus]


@dataclass(frozen=True)
class Site:
    """
    What every view may use.

    *feeds* are the cameras by name, the first one first; *mosaic* shows them
    all, if they are several. *in_thread* runs a function that blocks without
    stopping the other viewers, and returns its result; without a server of ours
    it just calls it. *limits* admits live streams.
    """

    feeds: Mapping[str, Feed]
    in_thread: Callable[[Callable[[], Any]], Any] = lambda work: work()
    mosaic: Mosaic | None = None
    limits: ViewerLimits = field(default_factory=ViewerLimits)

    def feed(self, name: str | None) -> Feed:
        """
        Return the camera called *name*, or the first one.

        An unknown name ends the request with 404 and the known ones.
        """
        if name is None:
            return next(iter(self.feeds.values()))
        if name not in self.feeds:
            known = ", ".join(self.feeds)
            abort(404, f"There is no camera {name!r}; there are {known}.")
        return self.feeds[name]


def this_site() -> Site:
    """Return the site of the application that answers this request."""
    return cast(Site, current_app.extensions["site"])
