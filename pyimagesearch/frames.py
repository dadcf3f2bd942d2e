"""Frames, and scaling of pictures and boxes."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import cv2
from numpy.typing import NDArray

from .errors import BadPicture

Image = NDArray[Any]                # uint8, shape (height, width, 3), BGR
Grey = NDArray[Any]                 # uint8, shape (height, width)
Size = tuple[int, int]              # (width, height) in pixels
Box = tuple[int, int, int, int]     # (minX, minY, maxX, maxY) in pixels

DETECTION_WIDTH = 400       # pixels; the tutorial's, which its thresholds are made for
MIN_DETECTION_WIDTH = 320   # pixels; shows as much, once blurred for detection
EDGE_SHARE = 0.005          # of a picture's width; its edge cuts off what is nearer


class Picture(Protocol):
    """
    A picture of a camera, decoded only as far as needed.

    *captured* is when it was taken [seconds since the epoch], if the camera says so.
    :meth:`grey` and :meth:`colour` raise :exc:`BadPicture` for garbled data; what they
    return must not be written to. One thread at a time may use it.
    """

    captured: float | None

    @property
    def size(self) -> Size:
        """Return ``(width, height)`` of the colour picture."""

    def grey(self) -> Grey:
        """Return the brightness; smaller if that is cheaper, but at least 320 px."""

    def colour(self, least: int | None = None) -> Image:
        """Return BGR; smaller if that is cheaper, but at least *least* px wide."""

    def writable(self, least: int | None = None) -> Image:
        """Return what :meth:`colour` does, to be written to; it is not seen again."""

    def jpeg(self) -> bytes | None:
        """Return the camera's own JPEG; ``None`` if it sent none or it is masked."""


class VideoHeader(NamedTuple):
    """The encoding of a camera's own video, which its packets need to be decoded."""

    mp4: bytes          # the beginning of a fragmented MP4 (ftyp, moov), in 1/90000 s
    extradata: bytes    # of the codec, as sent by the camera


class Frame(NamedTuple):
    """A picture with its number and times."""

    number: int         # 1, 2, 3 ... since the source was opened
    picture: Picture
    captured: float     # wall-clock time [seconds since the epoch]
    arrived: float      # the same moment on the monotonic clock [seconds]


def size_of(image: Image | Grey) -> Size:
    """Return ``(width, height)``, the order in which OpenCV wants sizes."""
    return image.shape[1], image.shape[0]


def area(size: Size) -> int:
    """Return how many pixels a picture of *size* has."""
    return size[0] * size[1]


def i420_size(size: Size) -> Size:
    """
    Return the largest size within *size* that is encoded from I420 in one buffer.

    Chroma has half of the sides, and PyAV takes the height of such a buffer for a
    multiple of four; other heights would move the colours by some lines.
    """
    return size[0] & ~1, size[1] & ~3


def scaled_size(size: Size, width: int) -> Size:
    """Return *size* scaled to *width* [pixels], its aspect ratio kept."""
    return width, max(1, int(size[1] * (width / size[0])))


def resized(image: Image, width: int) -> Image:
    """
    Return *image* scaled to *width* [pixels], its aspect ratio kept.

    Halved by exact area averages while it is more than twice too wide, then
    interpolated linearly: no aliasing, at a fifth of the cost of ``INTER_AREA``
    at an odd ratio.
    """
    size = scaled_size(size_of(image), width)
    image = halved(image, width)
    if size_of(image) == size:
        return image
    return cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)


class ArrayPicture:
    """A picture that the camera delivers decoded, as BGR and maybe brightness."""

    def __init__(self, image: Image, brightness: Grey | None = None,
                 captured: float | None = None) -> None:
        self.captured = captured
        self._image = image
        self._brightness = brightness

    @property
    def size(self) -> Size:
        return size_of(self._image)

    def grey(self) -> Grey:
        if self._brightness is not None:
            return self._brightness
        return cv2.cvtColor(self._image, cv2.COLOR_BGR2GRAY)

    def colour(self, least: int | None = None) -> Image:
        return self._image

    def writable(self, least: int | None = None) -> Image:
        return self._image.copy()

    def jpeg(self) -> None:
        return None


class UnreadablePicture:
    """Data of a camera that are no picture: says so when it is to be decoded."""

    captured: float | None = None
    size: Size = (0, 0)

    def __init__(self, error: BadPicture) -> None:
        self._reason = str(error)

    def grey(self) -> Grey:
        raise BadPicture(self._reason)

    def colour(self, least: int | None = None) -> Image:
        raise BadPicture(self._reason)

    writable = colour

    def jpeg(self) -> None:
        return None


def halved(image: Image, least: int) -> Image:
    """Return *image*, halved by area averages while it keeps *least* px of width."""
    while image.shape[1] >= 2 * least and image.shape[0] > 1:
        half = (image.shape[1] // 2, image.shape[0] // 2)
        even = image[:2 * half[1], :2 * half[0]]    # six times as fast as other ratios
        image = cv2.resize(even, half, interpolation=cv2.INTER_AREA)
    return image


def narrowed(image: Image, width: int) -> Image:
    """Return *image*, scaled if it is more than *width* [pixels] wide."""
    return resized(image, min(width, image.shape[1]))


def for_stream(image: Image, width: int) -> Image:
    """Return a copy of *image* to draw on, at most *width* [pixels] wide."""
    smaller = narrowed(image, width)
    return image.copy() if smaller is image else smaller


def fitted(image: Image, size: Size) -> Image:
    """Return *image* scaled to fit into *size*, between black bars if need be."""
    given = size_of(image)
    if given == size:
        return image
    scale = min(size[0] / given[0], size[1] / given[1])
    width, height = (max(1, round(side * scale)) for side in given)
    inner = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA
                       if scale < 1 else cv2.INTER_LINEAR)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return cv2.copyMakeBorder(inner, top, size[1] - height - top, left,
                              size[0] - width - left, cv2.BORDER_CONSTANT)


def scaled(box: Box, of: Size, to: Size) -> Box:
    """Return *box*, found in a picture of size *of*, for a picture of size *to*."""
    across, down = to[0] / of[0], to[1] / of[1]
    return (int(box[0] * across), int(box[1] * down),
            round(box[2] * across), round(box[3] * down))


def enclosing(boxes: Sequence[Box]) -> Box | None:
    """Return the smallest box around all of *boxes*; ``None`` if there are none."""
    if not boxes:
        return None
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def common(one: Box, other: Box) -> Box:
    """Return what two boxes have in common; its area is 0 if that is nothing."""
    left, top = max(one[0], other[0]), max(one[1], other[1])
    return left, top, max(left, min(one[2], other[2])), max(top, min(one[3], other[3]))


def overlap(one: Box, other: Box) -> int:
    """Return how many pixels two boxes have in common."""
    return box_area(common(one, other))


def box_area(box: Box) -> int:
    """Return how many pixels *box* has."""
    return (box[2] - box[0]) * (box[3] - box[1])


def is_cut_off(box: Box, of: Size) -> bool:
    """Return whether *box* is at the edge of its picture, of size *of*."""
    margin = EDGE_SHARE * of[0]
    left, top, right, bottom = box
    return (min(left, top) < margin or right > of[0] - margin
            or bottom > of[1] - margin)
