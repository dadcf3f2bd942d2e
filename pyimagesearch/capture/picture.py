"""Make pictures of what cameras send: JPEG, and the formats that OpenCV decodes."""

import struct
import zlib

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

PNG_START = b"\x89PNG\r\n\x1a\n"
MAX_STILL_PIXELS = 8192 * 4096  # of a PNG, WebP, BMP or GIF: always decoded as a whole


def read_picture(data: bytes, decoder: JpegDecoder) -> Picture:
    """
    Return the picture in *data*, whatever a camera says that they are.

    A JPEG may have other bytes before and behind it, and may lack its end marker. PNG,
    WebP, BMP and GIF are decoded at once. Raises :exc:`BadPicture`.
    """
    if not (data.startswith(START_MARKER) and data.endswith(END_MARKER)) or (
            data.startswith(START_MARKER, 2)):
        if size := still_size(data):
            return decode_still(data, size)
        data = trimmed(data)
    try:
        return JpegPicture(data, decoder)
    except UnusualJpeg:
        if size := unusual_size(data):
            return decode_still(data, size)
        raise


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


def decode_still(data: bytes, size: Size) -> Picture:
    """Return the picture in *data*, whose header says *size*; OpenCV decodes it."""
    if size[0] * size[1] > MAX_STILL_PIXELS:
        raise BadPicture(f"a picture of {size[0]}x{size[1]} pixels")
    if data.startswith(PNG_START) and not is_whole_png(data):
        raise BadPicture(f"{len(data)} bytes of a broken PNG")  # libpng would print it
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None:
        raise BadPicture(f"{len(data)} bytes of a broken picture")
    return ArrayPicture(image)


def is_whole_png(data: bytes) -> bool:
    """Return whether all chunks of the PNG in *data* are there and undamaged."""
    at, view = len(PNG_START), memoryview(data)
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(view[at:at + 4], "big")
        if zlib.crc32(view[at + 4:end]) != int.from_bytes(view[end:end + 4], "big"):
            return False
        if data[at + 4:at + 8] == b"IEND":
            return True
        at = end + 4
    return False
