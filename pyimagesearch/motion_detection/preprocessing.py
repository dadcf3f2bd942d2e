"""Prepare a camera's picture for the motion detector."""

import cv2

from pyimagesearch import frames


def for_detection(grey: frames.Grey) -> frames.Grey:
    """
    Return *grey* as detectors need it: 400 px wide, with a 7x7 Gaussian blur.

    It may be halved down to 320 px first: the blur removes what 320 px cannot show,
    and a JPEG decoded at half its size gives the same result as at full size.
    """
    smaller = frames.halved(grey, frames.MIN_DETECTION_WIDTH)
    return cv2.GaussianBlur(frames.resized(smaller, frames.DETECTION_WIDTH), (7, 7), 0)
