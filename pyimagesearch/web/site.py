"""What the views may use, handed to them instead of globals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from flask import current_app

from pyimagesearch.metrics import CameraStatus
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster


@dataclass(frozen=True)
class Feed:
    """What the web may know of one camera: its pictures and how it is doing."""

    broadcaster: LatestFrameBroadcaster
    status: Callable[[], CameraStatus]


@dataclass(frozen=True)
class Site:
    """
    What every view may use.

    *feeds* are the cameras by name, the first one first. *in_thread* runs a
    function that blocks without stopping the other viewers, and returns its
    result; without a server of ours it just calls it.
    """

    feeds: Mapping[str, Feed]
    in_thread: Callable[[Callable[[], Any]], Any] = lambda work: work()

    @property
    def first(self) -> Feed:
        """The camera of ``/video_feed``."""
        return next(iter(self.feeds.values()))


def this_site() -> Site:
    """Return the site of the application that answers this request."""
    return cast(Site, current_app.extensions["site"])
