"""Run one detector with one set of settings over a recording."""

import time
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pyimagesearch.frames import Image, Picture, for_stream
from pyimagesearch.motion_detection.detection import Detection, MotionDetection
from pyimagesearch.privacy.mask import PrivacyMask
from pyimagesearch.rates import RateLimit
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.settings.polygons import split_polygons

from .event_log import EventLog, Level, Peak, ReplayedEvent, SceneChange, SceneLog
from .recordings import Recording, VideoFrame

PICTURE_WIDTH = 480     # of the pictures that are kept [pixels]


class Contender(NamedTuple):
    """Settings to try, and what they are called beside others."""

    label: str
    settings: CameraSettings


@dataclass
class Outcome:
    """What one contender made of one recording."""

    contender: Contender
    levels: list[Level] = field(default_factory=list)
    events: list[ReplayedEvent] = field(default_factory=list)
    changes: list[SceneChange] = field(default_factory=list)
    cpu_seconds: float = 0.0    # of the thread, spent on detection
    frame_count: int = 0        # frames that taught the background
    heat: NDArray[Any] | None = None    # how often each pixel moved [frames]
    scene: Image | None = None          # the first picture after learning

    @property
    def looked_at(self) -> list[Level]:
        """The frames after learning."""
        return [level for level in self.levels if not level.learning]

    @property
    def seconds(self) -> float:
        """How long the recording is."""
        return self.levels[-1].at if self.levels else 0.0

    @property
    def learnt_at(self) -> float | None:
        """When detection began [s]; None if the recording is too short for it."""
        return next((level.at for level in self.levels if not level.learning), None)

    @property
    def motion_share(self) -> float:
        """The share of the frames after learning with enough motion, 0 to 1."""
        frames = self.looked_at
        least = self.contender.settings.min_area
        return sum(each.is_motion(least) for each in frames) / max(1, len(frames))

    @property
    def cpu_milliseconds(self) -> float:
        """CPU time of detection for a frame."""
        return 1000 * self.cpu_seconds / max(1, len(self.levels))


class Trial:
    """
    Detect as a camera loop does, with the settings of one contender.

    With *pictures*, the scene, where motion was and each event's peak are kept. Raises
    :exc:`SettingsError` for a detector that cannot be loaded.
    """

    def __init__(self, contender: Contender, recording: Recording, *,
                 pictures: bool = False) -> None:
        self.outcome = Outcome(contender)
        settings = contender.settings
        self._detection = MotionDetection(settings)
        self._log, self._scenes = EventLog(settings), SceneLog()
        self._limit = RateLimit(settings.fps)
        self._mask = PrivacyMask(split_polygons(settings.mask))
        self._pre_roll = recording.learning_seconds
        self._frame_count = settings.frame_count
        self._pictures = pictures

    def on_frame(self, frame: VideoFrame) -> None:
        """Look for motion in *frame*, if the frame rate of the settings allows it."""
        if not self._limit.admits(frame.at):
            return
        if not self.outcome.levels:
            self._begin(frame)
        picture = self._mask.apply(frame.picture)
        begin = time.thread_time()
        seen = self._detection.look(picture, frame.at, every=self._log.ongoing)
        self.outcome.cpu_seconds += time.thread_time() - begin
        level = Level(frame.at, seen.area, seen.learnt <= self.outcome.frame_count + 1,
                      seen.min_area)
        self.outcome.levels.append(level)
        self._log.on_frame(level, lambda level: self._peak_of(level, seen, picture))
        if not seen.looked:     # nothing moved shortly before
            return
        self._scenes.on_frame(seen.scene)
        if self._pictures and not level.learning:
            self._draw(seen, picture)

    def close(self) -> Outcome:
        """End the events, as the recording ends; return what was found."""
        self.outcome.events = self._log.close()
        self.outcome.changes = self._scenes.changes
        return self.outcome

    def _begin(self, frame: VideoFrame) -> None:
        """Learn from a clip's pre-roll only: its event comes right behind."""
        count = self._frame_count
        if self._pre_roll is not None:
            fps = min(frame.fps, self.outcome.contender.settings.fps or frame.fps)
            count = max(1, min(count, round(self._pre_roll * fps) - 1))
        self.outcome.frame_count = count
        self._detection.start_over(count)

    def _peak_of(self, level: Level, seen: Detection, picture: Picture) -> Peak:
        moving = [region for region in seen.regions if region.moving]
        rule = max(moving, key=lambda region: region.area).rule if moving else ""
        return Peak(level.at, level.area, seen.boxes, seen.size, rule,
                    small(picture) if self._pictures else None)

    def _draw(self, seen: Detection, picture: Picture) -> None:
        """Add the motion *seen* to the heat map."""
        if self.outcome.scene is None:
            self.outcome.scene = small(picture)
        if seen.mask is None:
            return
        if self.outcome.heat is None or self.outcome.heat.shape != seen.mask.shape:
            self.outcome.heat = np.zeros(seen.mask.shape, np.float32)
        self.outcome.heat += seen.mask > 0


def small(picture: Picture) -> Image:
    """Return a copy of *picture* that is small enough to be kept."""
    return for_stream(picture.colour(), PICTURE_WIDTH)
