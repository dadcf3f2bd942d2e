"""Detect what moves where light, leaves, noise and exposure change all the time."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pyimagesearch.frames import Box, Grey, Image
from pyimagesearch.motion_detection.learnt_background import LearntBackground
from pyimagesearch.motion_detection.regions import NOTHING_FOUND, Found
from pyimagesearch.settings.camera_settings import CameraSettings

from .recognition import is_same_scene
from .scaling import Scaling
from .scene import Scene
from .sensitivity import sensitivity_named
from .timing import REFERENCE_FPS, Timing

FRAMES_TO_LEARN = 32    # unless the caller says which frames only teach
FPS_TOLERANCE = 0.1     # a measured rate varies; less changes nothing
TUTORIAL_THRESHOLD = 25     # grey levels; the tutorial's


class AdaptiveMotionDetector:
    """
    Find each region that moves, and say why it is reported, or why it is not.

    It is made for sharp pictures of brightness at *fps* [1/s]; *sensitivity* is
    ``low``, ``normal`` or ``high``. Use it by :meth:`look`, by :meth:`apply` like one
    of OpenCV's subtractors, or by the tutorial's :meth:`detect` and :meth:`update`.
    Pictures of another size start over. Not thread-safe: one detector belongs to one
    camera loop.
    """

    sharp = True

    def __init__(self, fps: float = REFERENCE_FPS, sensitivity: str = "normal") -> None:
        self._timing = Timing(fps)
        self._sensitivity = sensitivity_named(sensitivity)
        self._scene: Scene | None = None
        self._threshold_scale: NDArray[np.float32] | float = 1.0
        self._tutorial_threshold = TUTORIAL_THRESHOLD
        self._looked = False        # whether detect() took the newest picture already
        self._count = 0             # pictures of this size

    @property
    def fps(self) -> float:
        """Pictures per second; a change of less than 10 % has no effect."""
        return self._timing.fps

    @fps.setter
    def fps(self, fps: float) -> None:
        if abs(fps - self._timing.fps) > FPS_TOLERANCE * self._timing.fps:
            self._timing = Timing(fps)

    @property
    def threshold_scale(self) -> NDArray[np.float32] | float:
        """What the threshold of each pixel, of the given picture, is multiplied by."""
        return self._threshold_scale

    @threshold_scale.setter
    def threshold_scale(self, scale: NDArray[np.float32] | float) -> None:
        self._threshold_scale = scale
        if self._scene:
            self._scale_thresholds(self._scene)

    def adjust(self, settings: CameraSettings) -> None:
        """Use the sensitivity of *settings* from the next picture on."""
        self._sensitivity = sensitivity_named(settings.sensitivity)
        if self._scene:
            self._scene.adjust(self._sensitivity)

    @property
    def light_changes(self) -> bool:
        """Whether the light of the whole scene changed in the newest picture."""
        return self._scene is not None and self._scene.light_changes

    def look(self, image: Grey, *, learning: bool = False) -> Found:
        """
        Compare *image* with the background, and learn from it.

        *image* is ``uint8`` of shape ``(height, width)``. While *learning*, nothing is
        reported; the median of these pictures becomes the background.
        """
        scene = self._scene
        if scene is None or scene.scaling.given != image.shape[::-1]:
            self._begin(image)
            return NOTHING_FOUND
        self._count += 1
        grey = scene.scaling.to_model(image)
        regions = scene.look(grey, self._timing, learning=learning)
        if not cv2.countNonZero(scene.finder.mask):
            return Found(None, regions)
        return Found(scene.scaling.mask_to_given(scene.finder.mask), regions)

    def learnt_background(self) -> LearntBackground | None:
        """Return a copy of what is learnt; ``None`` before detection began."""
        if self._scene is None or self._scene.is_learning:
            return None
        return LearntBackground(self._scene.scaling.given,
                                *self._scene.background.planes())

    def recall(self, learnt: LearntBackground, image: Grey) -> bool:
        """
        Go on with *learnt* if *image*, the next one, shows the same scene.

        Detection may then begin with that image.
        """
        height, width = image.shape
        scaling = Scaling((height, width))
        if (learnt.size, learnt.model_size) != (scaling.given, scaling.size):
            return False
        grey = scaling.to_model(image)
        if not is_same_scene(grey, learnt.mean):
            return False
        self._start(Scene(grey, scaling, self._sensitivity, learnt))
        return True

    def apply(self, frame: Image | Grey) -> tuple[Grey | None, list[Box]]:
        """
        Return mask and boxes of what moves in *frame*, BGR or grey; learn from it.

        The first 32 frames only teach; the mask is ``None`` if it is empty.
        """
        grey = frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        found = self.look(grey, learning=self._count < FRAMES_TO_LEARN)
        return found.mask, list(found.boxes)

    def detect(self, image: Grey, tVal: int = TUTORIAL_THRESHOLD
               ) -> tuple[Grey, list[Box]] | None:
        """
        Compare *image* with the background, and learn from it; see :meth:`look`.

        Thresholds are in proportion to *tVal*. Returns ``None`` if nothing moves, or
        the mask and a list of boxes. :meth:`update` with the same image does nothing.
        """
        if tVal != self._tutorial_threshold:
            self._tutorial_threshold = tVal
            self.threshold_scale = tVal / TUTORIAL_THRESHOLD
        found = self.look(image)
        self._looked = True
        return None if found.mask is None or not found.boxes else (
            found.mask, list(found.boxes))

    def update(self, image: Grey) -> None:
        """Learn from *image*, unless :meth:`detect` has done so."""
        if not self._looked:
            self.look(image, learning=True)
        self._looked = False

    def view(self, name: str) -> Grey | None:
        """
        Return what the detector sees, at the size of the picture given.

        *name* is ``background``, ``difference`` or ``mask``; ``None`` before the
        first picture.
        """
        if self._scene is None:
            return None
        scaling = self._scene.scaling
        if name == "mask":
            return scaling.mask_to_given(self._scene.finder.mask)
        return scaling.to_given({"background": self._scene.background.shown,
                                 "difference": self._scene.difference}[name])

    def _begin(self, image: Grey) -> None:
        """Learn from *image* as the first one of its size."""
        height, width = image.shape
        scaling = Scaling((height, width))
        self._start(Scene(scaling.to_model(image), scaling, self._sensitivity))

    def _start(self, scene: Scene) -> None:
        self._scene, self._count = scene, 1
        self._scale_thresholds(scene)

    def _scale_thresholds(self, scene: Scene) -> None:
        """Hand the scale of the thresholds on, if it fits the picture."""
        scale = self._threshold_scale
        if isinstance(scale, np.ndarray):
            fits = scale.shape[::-1] == scene.scaling.given
            scale = scene.scaling.to_model_scale(scale) if fits else 1.0
        scene.background.scale = scale
        scene.background.set_thresholds()
