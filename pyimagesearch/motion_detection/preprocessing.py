"""Prepare a camera's picture for the motion detector."""

import cv2

from pyimagesearch.frames import (
    DETECTION_WIDTH,
    MIN_DETECTION_WIDTH,
    Grey,
    halved,
    resized,
)


def for_detection(grey: Grey) -> Grey:
    """
    Return *grey* as detectors need it: 400 px wide, with a 7x7 Gaussian blur.

    It may be halved down to 320 px first: the blur removes what 320 px cannot show,
    and a JPEG decoded at half its size gives the same result as at full size.
    """
    small = resized(halved(grey, MIN_DETECTION_WIDTH), DETECTION_WIDTH)
    return cv2.GaussianBlur(small, (7, 7), 0)
