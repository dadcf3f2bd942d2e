"""Encode and decode JPEG, with bounds on what a picture may cost."""

from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np
import simplejpeg

from .errors import BadPicture
from .frames import Box, Image, Size

# kinds of frame header that tell the size (ITU-T T.81, table B.1)
FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
SEQUENTIAL = frozenset({0xC0, 0xC1})
END = b"\xff\xd9"   # of image; some cameras pad behind it
SCAN = b"\xff\xda"
MOST_SCANS = 64     # in which a picture may come; the usual progressive one has ten
MOST_WORK = 256_000_000     # pixels of all scans together
# markers without a length, and what is none: behind them, two may read differently on
ALONE = frozenset({0x00, 0x01, *range(0xD0, 0xDA)})


class JpegDecoder:
    """
    Decode the JPEGs of one camera into memory that is used again.

    A picture is therefore good until the next one is decoded; using the same
    memory, still in the processor's cache, takes a fifth off the time.
    """

    def __init__(self) -> None:
        self._buffers: dict[str, np.ndarray[Any, Any]] = {}
        self._prefix, self._size = b"no JPEG yet", (0, 0)

    def size_of(self, jpeg: bytes) -> Size:
        """
        Return ``(width, height)`` of *jpeg*, as :func:`jpeg_size` does.

        A camera's pictures begin all alike, up to where the size stands; whether
        they end as they should is then seen by the decoder.
        """
        if not jpeg.startswith(self._prefix):
            end, self._size = jpeg_size(jpeg)
            self._prefix = jpeg[:end]
        check_scans(jpeg, len(self._prefix), self._size)
        return self._size

    def decode(self, jpeg: bytes, kind: str, size: Size) -> Image:
        """
        Return *jpeg* as *kind*, ``"GRAY"`` or ``"BGR"``, scaled to *size*.

        *size* must be its own or a half, quarter or eighth of it, rounded up.
        Raises :exc:`BadPicture` for a broken one.
        """
        shape = (size[1], size[0], 1 if kind == "GRAY" else 3)
        buffer = self._buffers.get(kind)
        if buffer is None or buffer.shape != shape:
            buffer = self._buffers[kind] = np.empty(shape, np.uint8)
        try:
            simplejpeg.decode_jpeg(
                jpeg, kind, fastdct=True, fastupsample=True, buffer=buffer,
                min_width=size[0], min_height=size[1])
        except ValueError as error:
            raise BadPicture(f"a broken JPEG ({error})") from None
        return buffer


def decode_anew(jpeg: bytes, size: Size) -> Image:
    """Return the *jpeg* of *size* as BGR, in memory of its own, to draw on."""
    return JpegDecoder().decode(jpeg, "BGR", size)


class Overlay(Protocol):
    """What is drawn on a picture before it is shown or recorded."""

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Return the boxes around what moves [pixels of the picture]."""

    def draw(self, image: Image) -> None:
        """Draw it onto *image*, BGR."""


class LazyJpeg(NamedTuple):
    """
    A picture as viewers see it, drawn and encoded only when that is needed.

    Without an *overlay*, *data* is the picture; with one, it is the camera's own JPEG,
    and the overlay is not drawn on it yet. Methods may be called from any thread and
    raise :exc:`BadPicture` if the camera's JPEG is broken.
    """

    data: bytes
    size: Size
    overlay: Overlay | None = None
    quality: int = 75       # of the JPEG that bytes() makes, 1 to 100

    def image(self) -> Image:
        """Return the picture, ``uint8`` BGR, in memory of its own."""
        image = decode_anew(self.data, self.size)
        if self.overlay:
            self.overlay.draw(image)
        return image

    def bytes(self) -> bytes:
        """Return the picture as JPEG."""
        return encode(self.image(), self.quality) if self.overlay else self.data


def jpeg_size(jpeg: bytes) -> tuple[int, Size]:
    """
    Return where the size of *jpeg* ends, and it: ``(width, height)`` [pixels].

    Raises :exc:`BadPicture` for data that do not begin, tell a size from 1 to
    8192 pixels and end as a JPEG does.
    """
    if not jpeg.startswith(b"\xff\xd8") or END not in jpeg[-64:]:
        raise BadPicture(f"{len(jpeg)} bytes that are no whole JPEG")
    at, most = 2, len(jpeg) - 9
    while at < most and jpeg[at] == 0xFF:
        kind = jpeg[at + 1]
        if kind in FRAME_HEADERS:
            height, width = (jpeg[at + 5] << 8 | jpeg[at + 6],
                             jpeg[at + 7] << 8 | jpeg[at + 8])
            if 0 < width <= 8192 and 0 < height <= 8192:
                return at + 9, (width, height)
            raise BadPicture(f"a JPEG of {width}x{height} pixels")
        if kind in ALONE:
            break
        # padding, or a whole segment
        at += 1 if kind == 0xFF else 2 + (jpeg[at + 2] << 8 | jpeg[at + 3])
    raise BadPicture(f"{len(jpeg)} bytes of JPEG that tell no size")


def check_scans(jpeg: bytes, at: int, size: Size) -> None:
    """
    Raise :exc:`BadPicture` if decoding *jpeg* could take seconds.

    Its *size* is told just before byte *at*. It may come in any number of scans, each
    of which goes over the whole picture and may be next to nothing in the file. Nearly
    all come in one, and that is seen at once.
    """
    kind, parts = jpeg[at - 8], jpeg[at:at + 1]
    at += 1 + 3 * ord(parts or b"\0")
    while kind in SEQUENTIAL and jpeg[at:at + 1] == b"\xff" and at < len(jpeg) - 9:
        if jpeg[at + 1] == SCAN[1]:
            if jpeg[at + 4:at + 5] == parts:    # all in one: what follows is not read
                return
            break
        if jpeg[at + 1] in ALONE or jpeg[at + 1] == 0xFF:
            break
        at += 2 + (jpeg[at + 2] << 8 | jpeg[at + 3])
    scans = jpeg.count(SCAN)
    if scans > MOST_SCANS or scans * size[0] * size[1] > MOST_WORK:
        raise BadPicture(f"a JPEG of {scans} scans")


def encode(image: Image, quality: int = 75) -> bytes:
    """
    Return *image*, ``uint8`` BGR, as a JPEG of *quality* 1 to 100.

    Raises :exc:`RuntimeError` if OpenCV refuses it.
    """
    done, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise RuntimeError(f"OpenCV could not encode an image of shape {image.shape}")
    return jpeg.tobytes()
