"""Settings on trial: what they would find in the frames that come."""

from pyimagesearch.frames import Frame
from pyimagesearch.motion_detection.detection import Detection, MotionDetection
from pyimagesearch.motion_detection.motionevents import Change, MotionEvents
from pyimagesearch.rates import Stopwatch
from pyimagesearch.settings.camera_settings import ADJUSTABLE_OPTIONS, CameraSettings

# settings of the events, for which the regions found with those in force will do
EVENT_OPTIONS = frozenset({"min_area", "min_frames", "post_roll"})


class Trial:
    """
    Detect with *settings* beside *detection*, on the same frames.

    A second detector is made only if it would find something else; it begins with the
    background that the first one has learnt. Motion that is *underway* as it begins, or
    in its first frame, begins no event. Belongs to the camera loop.
    """

    def __init__(self, settings: CameraSettings, detection: MotionDetection, *,
                 underway: bool = False) -> None:
        self.settings = settings
        self.stopwatch = Stopwatch()    # spent on the second detector
        self.frames = 0
        self.learning = False           # whether it reports nothing yet
        self.detection = (detection.copied(settings)
                          if needs_detector(detection.settings, settings) else None)
        self._motion = MotionEvents(min_frames=settings.min_frames,
                                    post_roll=settings.post_roll)
        self._underway = underway
        self._begun = False             # whether a frame could show motion

    @property
    def ongoing(self) -> bool:
        """Whether an event would be going on."""
        return self._motion.ongoing

    def look(self, frame: Frame, seen: Detection) -> Detection:
        """Return what *settings* find in *frame*; those in force have *seen* this."""
        self.frames += 1
        if self.detection is None:
            return seen
        with self.stopwatch:
            tried = self.detection.look(frame.picture, frame.arrived)
        self.learning = tried.learnt <= self.settings.frame_count
        return tried

    def changes(self, frame: Frame, tried: Detection) -> list[Change]:
        """Return the events that would begin or end with *frame*."""
        motion = tried.is_motion(self.settings.min_area)
        if not (self._begun or self.learning):
            self._begun = True
            if motion or self._underway:
                self._motion.resume(frame.arrived)
        return self._motion.on_frame(frame.arrived, motion)

    def start_over(self) -> None:
        """Learn the background again, as the privacy mask has changed."""
        self._motion.reset()
        if self.detection:
            self.detection.start_over()


def needs_detector(now: CameraSettings, wanted: CameraSettings) -> bool:
    """Return whether a detector with *wanted* may find other regions than one *now*."""
    return any(getattr(now, name) != getattr(wanted, name)
               for name in ADJUSTABLE_OPTIONS if name not in EVENT_OPTIONS)
