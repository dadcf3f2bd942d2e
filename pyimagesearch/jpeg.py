"""Encode and decode JPEG, within bounds on the cost of a picture."""

from typing import Any, NamedTuple

import cv2
import numpy as np
import simplejpeg

from .errors import BadPicture
from .frames import Image, Size
from .overlay import Annotation

SCAN_MARKER, END_MARKER = b"\xff\xda", b"\xff\xd9"
MAX_PADDING_BYTES = 64  # that cameras add behind the end
MAX_SIDE = 8192         # pixels
MAX_SCANS = 64          # of one JPEG; the usual progressive one has ten
MAX_SCAN_PIXELS = 256_000_000   # of all scans together
COMPONENTS = {"Gray": 1, "YCbCr": 3, "RGB": 3}
ALL_FREQUENCIES = b"\x00\x3f\x00"      # end of the header of a sequential scan


class JpegDecoder:
    """
    Decode the JPEGs of one camera into buffers that are used again.

    A picture is valid until the next one is decoded. Reusing memory that is still in
    the processor's cache takes a fifth off the time.
    """

    def __init__(self) -> None:
        self._buffers: dict[str, np.ndarray[Any, Any]] = {}

    def decode(self, jpeg: bytes, kind: str, size: Size) -> Image:
        """
        Return *jpeg* as *kind*, ``"GRAY"`` or ``"BGR"``, scaled to *size*.

        *size* must be its own or a half, quarter or eighth of it, rounded up.
        Raises :exc:`BadPicture` if it is broken.
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


class LazyJpeg(NamedTuple):
    """
    A picture as viewers see it, drawn and encoded only when that is needed.

    Without an *overlay*, *data* is the picture; with one, it is the camera's own JPEG,
    and the overlay is not drawn on it yet. Methods may be called from any thread and
    raise :exc:`BadPicture` if the camera's JPEG is broken.
    """

    data: bytes
    size: Size
    overlay: Annotation | None = None
    quality: int = 75       # of the JPEG that bytes() makes, 1 to 100

    def image(self) -> Image:
        """Return the picture, ``uint8`` BGR, in memory of its own."""
        image = JpegDecoder().decode(self.data, "BGR", self.size)
        if self.overlay:
            self.overlay.draw(image)
        return image

    def bytes(self) -> bytes:
        """Return the picture as JPEG."""
        return encode(self.image(), self.quality) if self.overlay else self.data


def jpeg_size(jpeg: bytes) -> Size:
    """
    Return ``(width, height)`` of *jpeg* [pixels], without decoding it.

    Raises :exc:`BadPicture` if it is incomplete, not from 1 to 8192 pixels wide and
    high, or could take seconds to decode: each of its scans goes over the whole picture
    and may be next to nothing in the file.
    """
    if END_MARKER not in jpeg[-MAX_PADDING_BYTES:]:
        raise BadPicture(f"{len(jpeg)} bytes that are no complete JPEG")
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(jpeg)
    except ValueError as error:
        raise BadPicture(f"{len(jpeg)} bytes that are no JPEG ({error})") from None
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise BadPicture(f"a JPEG of {width}x{height} pixels")
    if not is_single_scan(jpeg, colours):
        scans = jpeg.count(SCAN_MARKER)
        if scans > MAX_SCANS or scans * width * height > MAX_SCAN_PIXELS:
            raise BadPicture(f"a JPEG of {scans} scans")
    return width, height


def is_single_scan(jpeg: bytes, colours: str) -> bool:
    """
    Return whether the whole *jpeg* is in its first scan, the only one decoded then.

    The first marker of a scan may also be part of a comment: it is one if the header
    is complete with it (ITU-T T.81, B.2.3).
    """
    at, components = jpeg.find(SCAN_MARKER), COMPONENTS.get(colours, 0)
    end = at + 8 + 2 * components
    if jpeg[at + 4:at + 5] != bytes([components]) or (
            jpeg[end - 3:end] != ALL_FREQUENCIES):
        return False
    try:
        simplejpeg.decode_jpeg_header(jpeg[:end])
    except ValueError:
        return False
    return True


def encode(image: Image, quality: int = 75) -> bytes:
    """
    Return *image*, ``uint8`` BGR, as a JPEG of *quality* 1 to 100.

    Raises :exc:`RuntimeError` if OpenCV refuses it.
    """
    done, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise RuntimeError(f"OpenCV could not encode an image of shape {image.shape}")
    return jpeg.tobytes()
