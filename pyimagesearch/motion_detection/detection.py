"""Detect motion in the pictures of one camera, from learning to boxes."""

import logging
from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from pyimagesearch.frames import Box, Grey, Picture, Size, size_of
from pyimagesearch.rates import Stopwatch
from pyimagesearch.settings.settings import CameraSettings

from .detector import Detector, load_detector
from .preprocessing import for_detection

log = logging.getLogger(__name__)


class Detection(NamedTuple):
    """What moved in one frame."""

    boxes: tuple[Box, ...]  # in pixels of the mask
    area: float             # moved pixels [per mille of the frame]
    mask: Grey | None       # 255 = moved; None if nothing did
    learnt: int             # frames learnt so far, this one included

    @property
    def size(self) -> Size:
        """Size of the mask, ``(width, height)`` [pixels]."""
        return (0, 0) if self.mask is None else size_of(self.mask)


class MotionDetection:
    """
    Learn the background of one camera, and find what moves in front of it.

    Detection begins once more than *frame_count* frames were learnt. A picture of
    another size starts over. Belongs to the camera loop; *make_detector* takes the
    place of the detector in *settings*, which raises :exc:`SettingsError` if it cannot
    be loaded.
    """

    def __init__(self, settings: CameraSettings,
                 make_detector: Callable[[], Detector] | None = None) -> None:
        self.stopwatch = Stopwatch()      # spent on detection
        self._camera = settings.name
        self._threshold = settings.threshold
        self._frame_count = settings.frame_count
        self._make_detector = make_detector or load_detector(settings)
        self._detector = self._make_detector()
        self._size: Size = (0, 0)
        self._learnt = 0

    def start_over(self, frame_count: int | None = None) -> None:
        """Forget the background; learn *frame_count* frames from now on, if given."""
        self._learnt = 0
        if frame_count is not None:
            self._frame_count = frame_count

    def look(self, picture: Picture) -> Detection:
        """Learn from *picture*, and return what moved; may raise :exc:`BadPicture`."""
        found = None
        with self.stopwatch:
            image = for_detection(picture.grey())
            if self._learnt == 0 or picture.size != self._size:
                log.debug("%s: learning the background of %dx%d pixels", self._camera,
                          *picture.size)
                self._detector, self._size = self._make_detector(), picture.size
                self._learnt = 0
            elif self._learnt > self._frame_count:
                found = self._detector.detect(image, self._threshold)
            self._detector.update(image)
        self._learnt += 1
        if found is None or not (boxes := as_boxes(found[1])):
            return Detection((), 0.0, None, self._learnt)
        mask = found[0]
        area = 1000 * cv2.countNonZero(mask) / mask.size
        return Detection(boxes, area, mask, self._learnt)


def as_boxes(found: object) -> tuple[Box, ...]:
    """Return the one box or the sequence of boxes that a detector *found*."""
    rows = np.reshape(np.asarray(found, int), (-1, 4)).tolist()
    return tuple((left, top, right, bottom) for left, top, right, bottom in rows)
