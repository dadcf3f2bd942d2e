"""Group the motion of a replayed video into the events that a camera would store."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from pyimagesearch.frames import Box, Image, Size
from pyimagesearch.motion_detection.motionevents import MotionEvents
from pyimagesearch.motion_detection.scene_changes import Scene
from pyimagesearch.settings.camera_settings import CameraSettings


class Level(NamedTuple):
    """How much of one frame moved."""

    at: float       # [s since the first frame]
    area: float     # per mille of the frame
    learning: bool = False      # the frame only taught the background
    min_area: float | None = None   # that holds for this frame; None: the camera's

    def is_motion(self, min_area: float) -> bool:
        """Return whether so much is motion for a camera with *min_area*."""
        least = min_area if self.min_area is None else self.min_area
        return 0 < self.area >= least


class Peak(NamedTuple):
    """The frame with most motion of an event."""

    at: float
    area: float             # per mille of the frame
    boxes: tuple[Box, ...] = ()     # [pixels of a picture of *size*]
    size: Size = (0, 0)
    rule: str = ""          # what decided that its largest region counts
    image: Image | None = None


class ReplayedEvent(NamedTuple):
    """An event that a camera would have stored; times in seconds of the video."""

    begin: float
    end: float
    peak: Peak

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.end - self.begin

    def overlaps(self, begin: float, end: float) -> bool:
        """Return whether it has a moment between *begin* and *end*."""
        return self.begin <= end and begin <= self.end


class SceneChange(NamedTuple):
    """A change of the whole picture, such as of the light; an event of its own kind."""

    at: float       # [s of the video]
    kind: str       # one of SCENE_KINDS
    note: str = ""


class SceneLog:
    """Note the changes of the whole picture in one video. Belongs to one thread."""

    def __init__(self) -> None:
        self.changes: list[SceneChange] = []
        self._lasting = ""      # the kind that the frame before showed

    def on_frame(self, scene: Scene) -> None:
        """Take what the next frame says; what lasts for some frames is one change."""
        if scene.kind and scene.kind != self._lasting:
            self.changes.append(SceneChange(scene.began, scene.kind, scene.note))
        self._lasting = scene.kind


class EventLog:
    """
    Note the events in the *levels* of one video, as evidence does for a camera.

    An event begins with its first frame with motion. Belongs to one thread.
    """

    def __init__(self, settings: CameraSettings) -> None:
        self.events: list[ReplayedEvent] = []
        self._min_area = settings.min_area
        self._motion = MotionEvents(min_frames=settings.min_frames,
                                    post_roll=settings.post_roll)
        self._begin = 0.0
        self._peak: Peak | None = None

    @property
    def ongoing(self) -> bool:
        """Whether an event lasts."""
        return self._motion.ongoing

    def on_frame(self, level: Level, peak_of: Callable[[Level], Peak] | None = None
                 ) -> None:
        """Take the next frame; *peak_of* describes it if it has most motion so far."""
        motion = level.is_motion(self._min_area)
        changes = self._motion.on_frame(level.at, motion)
        for change in changes:
            if not change.started:
                self._finish(change.at)
        if motion and (self._peak is None or level.area > self._peak.area):
            self._peak = peak_of(level) if peak_of else Peak(level.at, level.area)
        for change in changes:
            if change.started:
                self._begin = change.at
        if self._motion.candidate_since is None and not self._motion.ongoing:
            self._peak = None

    def close(self) -> list[ReplayedEvent]:
        """End the event that lasts, as the video does; return all events."""
        for end in self._motion.reset():
            self._finish(end.at)
        return self.events

    def _finish(self, at: float) -> None:
        assert self._peak, "an event has a frame with motion"
        self.events.append(ReplayedEvent(self._begin, at, self._peak))
        self._peak = None


def events_in(levels: Iterable[Level], settings: CameraSettings) -> list[ReplayedEvent]:
    """Return the events that a camera with *settings* finds in *levels*."""
    log = EventLog(settings)
    for level in levels:
        log.on_frame(level)
    return log.close()
