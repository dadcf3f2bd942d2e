"""Make pictures of what cameras send: JPEG, and the formats that OpenCV decodes."""

import struct

import cv2
import numpy as np

from pyimagesearch.errors import BadPicture
from pyimagesearch.frames import ArrayPicture, Picture, Size
from pyimagesearch.jpeg import (
    END_MARKER,
    START_MARKER,
    JpegDecoder,
    UnusualJpeg,
    trimmed,
    unusual_size,
)

from .jpegpicture import JpegPicture
from .limits import Allowance
from .png import PNG_START, plain_png


def read_picture(data: bytes, decoder: JpegDecoder, allowance: Allowance) -> Picture:
    """
    Return the picture in *data*, whatever a camera says that they are.

    A JPEG may have other bytes before and behind it, and may lack its end marker. PNG,
    WebP, BMP and GIF are decoded at once. Raises :exc:`BadPicture`, also if it takes
    more memory than the *allowance* has.
    """
    if not (data.startswith(START_MARKER) and data.endswith(END_MARKER)) or (
            data.startswith(START_MARKER, 2)):
        if size := still_size(data):
            return decode_still(data, size, allowance)
        data = trimmed(data)
    try:
        picture = JpegPicture(data, decoder)
    except UnusualJpeg:
        if size := unusual_size(data):
            return decode_still(data, size, allowance)
        raise
    allowance.check(picture.size, len(data))
    return picture


def still_size(data: bytes | bytearray) -> Size | None:
    """Return ``(width, height)`` by the header of a PNG, WebP, BMP or GIF."""
    try:
        if data.startswith(PNG_START) and data[12:16] == b"IHDR":
            return struct.unpack_from(">II", data, 16)
        if data.startswith((b"GIF87a", b"GIF89a")):
            return struct.unpack_from("<HH", data, 6)
        if data.startswith(b"BM") and data[14:18] == b"\x28\0\0\0":
            width, height = struct.unpack_from("<ii", data, 18)
            return abs(width), abs(height)
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return webp_size(data)
    except struct.error:
        pass    # it ends within its header
    return None


def webp_size(data: bytes | bytearray) -> Size | None:
    """Return ``(width, height)`` by the first chunk of a WebP; None if it has none."""
    kind = data[12:16]
    if kind == b"VP8X":
        low, high, low2, high2 = struct.unpack_from("<HBHB", data, 24)
        return low + (high << 16) + 1, low2 + (high2 << 16) + 1
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def decode_still(data: bytes, size: Size, allowance: Allowance) -> Picture:
    """Return the picture in *data*, whose header says *size*; OpenCV decodes it."""
    allowance.check_still(size, len(data))
    if data.startswith(PNG_START):
        data = plain_png(data)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None:
        raise BadPicture(f"{len(data)} bytes of a broken picture")
    return ArrayPicture(image)
