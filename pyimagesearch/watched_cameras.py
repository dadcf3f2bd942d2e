"""The cameras that are watched now, with all that belongs to each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import NamedTuple

from pyimagesearch.errors import RecordingError
from pyimagesearch.settings import CameraSettings
from pyimagesearch.settings.camera_settings import ADJUSTABLE_OPTIONS
from pyimagesearch.surveillance import Evidence, Surveillance
from pyimagesearch.web import Feed

STILL_SECONDS = 2.0     # to wait for a new frame, of which a still is taken


class WatchedCamera(NamedTuple):
    """One camera: the thread that watches it, and what the pages see of it."""

    settings: CameraSettings
    loop: Surveillance
    feed: Feed
    evidence: Evidence

    @property
    def name(self) -> str:
        """What the camera is called."""
        return self.settings.name

    def start(self) -> None:
        """Start its threads; what they record waits until the folder is open."""
        self.evidence.recorder.start()
        self.loop.start()

    def stop(self) -> None:
        """Signal the end to its thread and to all who watch; returns at once."""
        self.loop.stop()
        for video in self.feed.videos.values():
            video.close()

    def runs_with(self, settings: CameraSettings) -> bool:
        """Return whether it can go on with other *settings*: only some differ."""
        return all(getattr(self.settings, each.name) == getattr(settings, each.name)
                   for each in fields(settings) if each.name not in ADJUSTABLE_OPTIONS)

    def record(self, on: bool) -> None:
        """Start a manual recording, or stop it; raises :exc:`RecordingError`."""
        if self.evidence.manual.record(on) == "stopped" and on:
            raise RecordingError("the cameras are switched off")

    def take_still(self) -> None:
        """Keep a new frame as an event; raises :exc:`RecordingError`. Blocks."""
        status = self.loop.status()
        frame = self.feed.broadcaster.fresh(STILL_SECONDS) if status.is_live else None
        if frame is None:
            raise RecordingError(f"camera {self.name} delivers no picture now")
        self.evidence.keep_still(frame)


class Feeds(Mapping[str, Feed]):
    """The feeds of the cameras that are watched now, for any thread."""

    def __init__(self) -> None:
        self._now: dict[str, Feed] = {}

    def show(self, cameras: Sequence[WatchedCamera]) -> None:
        """Take these *cameras* in the place of those before."""
        self._now = {each.name: each.feed for each in cameras}

    def __getitem__(self, name: str) -> Feed:
        return self._now[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now)

    def __len__(self) -> int:
        return len(self._now)
