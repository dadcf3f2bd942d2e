"""Detect motion as a difference from a slowly learnt background."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pyimagesearch.frames import Box, Grey


class SingleMotionDetector:
    """
    Find the one box that holds all motion in a frame.

    The background is a running average of the frames given to :meth:`update`;
    *accumWeight* is the share of each new frame in it, from 0 (never learns)
    to 1 (knows only the last frame). Not thread-safe: one detector belongs to
    one camera loop.

    The algorithm, to the pixel, is that of A. Rosebrock, "OpenCV - Stream
    video to web browser/HTML page" (PyImageSearch, 2019): a difference from
    the average, a threshold, two 3x3 erosions and two dilations.
    """

    def __init__(self, accumWeight: float = 0.5) -> None:
        self.accumWeight = accumWeight
        self.bg: NDArray[np.float64] | None = None

    def update(self, image: Grey) -> None:
        """
        Learn from *image*, ``uint8`` of shape ``(height, width)``.

        The first one becomes the background as it is.
        """
        if self.bg is None:
            self.bg = image.astype(np.float64)
            return
        cv2.accumulateWeighted(image, self.bg, self.accumWeight)

    def detect(self, image: Grey, tVal: int = 25) -> tuple[Grey, Box] | None:
        """
        Compare *image* with the background; ``None`` means nothing moved.

        A pixel has moved if its grey level differs by more than *tVal*
        (0-255). Returns the cleaned-up mask of moved pixels (0 or 255, the
        shape of *image*) and the box ``(minX, minY, maxX, maxY)`` [pixels]
        that encloses them; the maxima lie one past the last moved pixel.

        Raises :exc:`RuntimeError` before the first :meth:`update`.
        """
        if self.bg is None:
            raise RuntimeError("no background yet: call update() before detect()")
        # astype truncates; convertScaleAbs would round and find other pixels
        delta = cv2.absdiff(self.bg.astype(np.uint8), image)
        thresh = cv2.threshold(delta, tVal, 255, cv2.THRESH_BINARY)[1]
        thresh = cv2.erode(thresh, None, iterations=2)      # type: ignore[call-overload]
        thresh = cv2.dilate(thresh, None, iterations=2)     # type: ignore[call-overload]
        # The box around all external contours is the box around all pixels,
        # which is found two hundred times faster than the contours.
        x, y, width, height = cv2.boundingRect(thresh)
        if not width:
            return None
        return thresh, (x, y, x + width, y + height)
