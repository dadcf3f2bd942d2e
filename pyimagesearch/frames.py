"""A frame, and what is done to its pixels before anybody looks at them."""

from typing import Any, NamedTuple

import cv2
from numpy.typing import NDArray

Image = NDArray[Any]                # uint8, shape (height, width, 3), BGR
Grey = NDArray[Any]                 # uint8, shape (height, width)
Size = tuple[int, int]              # (width, height) in pixels
Box = tuple[int, int, int, int]     # (minX, minY, maxX, maxY) in pixels

DETECTION_WIDTH = 400   # pixels; the tutorial's, which its thresholds are made for


class Frame(NamedTuple):
    """One picture as its camera gave it; nobody draws on *image*."""

    number: int         # 1, 2, 3 ... since the source was opened
    image: Image
    captured: float     # wall-clock time [seconds since the epoch]
    arrived: float      # the same moment on the monotonic clock [seconds]


def size_of(image: Image | Grey) -> Size:
    """Return ``(width, height)``, the order in which OpenCV wants sizes."""
    return image.shape[1], image.shape[0]


def resized(image: Image, width: int) -> Image:
    """
    Return *image* scaled to *width* [pixels], its aspect ratio kept.

    Halved by exact area averages while it is more than twice too wide, then
    interpolated linearly: no aliasing, at a fifth of the cost of ``INTER_AREA``
    at an odd ratio.
    """
    height = max(1, int(image.shape[0] * (width / image.shape[1])))
    while image.shape[1] >= 2 * width and image.shape[0] >= 2 * height:
        half = (image.shape[1] // 2, image.shape[0] // 2)
        image = cv2.resize(image, half, interpolation=cv2.INTER_AREA)
    if size_of(image) == (width, height):
        return image
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)


def for_detection(image: Image) -> Grey:
    """Return *image* as the detector wants it: grey, 400 px wide, 7x7 blurred."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return cv2.GaussianBlur(resized(grey, DETECTION_WIDTH), (7, 7), 0)


def for_stream(image: Image, width: int) -> Image:
    """Return a copy of *image* to draw on, at most *width* [pixels] wide."""
    smaller = resized(image, min(width, image.shape[1]))
    return image.copy() if smaller is image else smaller


def scaled(box: Box, of: Size, to: Size) -> Box:
    """Return *box*, found in a picture of size *of*, in one of size *to*."""
    across, down = to[0] / of[0], to[1] / of[1]
    return (int(box[0] * across), int(box[1] * down),
            round(box[2] * across), round(box[3] * down))
