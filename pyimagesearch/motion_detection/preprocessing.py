"""Prepare a camera's picture for the motion detector."""

import cv2

from pyimagesearch.frames import DETECTION_WIDTH, LEAST_WIDTH, Grey, halved, resized


def for_detection(grey: Grey) -> Grey:
    """
    Return *grey* as the detector wants it: 400 px wide, 7x7 blurred.

    It may be halved down to 320 px on the way: the blur takes what 320 px
    cannot show, and a camera's JPEG decoded to half its size gives the same
    picture as one decoded in full.
    """
    small = resized(halved(grey, LEAST_WIDTH), DETECTION_WIDTH)
    return cv2.GaussianBlur(small, (7, 7), 0)
