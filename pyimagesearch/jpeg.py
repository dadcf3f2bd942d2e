"""Encode and decode JPEG, within bounds on the cost of a picture."""

import re
import struct
from typing import Any, NamedTuple

import cv2
import numpy as np
import simplejpeg

from .errors import BadPicture
from .frames import Image, Size
from .overlay import Annotation

START_MARKER = b"\xff\xd8\xff"     # with the first byte of the next marker
SCAN_MARKER, END_MARKER = b"\xff\xda", b"\xff\xd9"
MARKER_PATTERN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")    # behind the data of a scan
SEGMENT_MARKERS = frozenset([*range(0xC0, 0xD0), *range(0xDA, 0xFF)])  # with a length
MAX_LEAD_BYTES = 64 * 1024   # that cameras add before the start, such as metadata
MAX_PADDING_BYTES = 64  # that may be behind the end of a JPEG
MAX_SEGMENTS = 10_000   # of one JPEG; the usual one has ten, a progressive one fifty
MAX_SIDE = 65_500       # pixels; what libjpeg decodes
MAX_SCANS = 64          # of one JPEG; the usual progressive one has ten
MAX_SCAN_PIXELS = 256_000_000   # of all scans together
COMPONENTS = {"Gray": 1, "YCbCr": 3, "RGB": 3}
HARMLESS_WARNING = "extraneous bytes before marker"
ALL_FREQUENCIES = b"\x00\x3f\x00"      # end of the header of a sequential scan


class UnusualJpeg(BadPicture):
    """TurboJPEG cannot read the header, as for unusual subsampling (4:1:0, 4:4:1)."""


class JpegDecoder:
    """
    Decode the JPEGs of one camera into buffers that are used again.

    A picture is valid until the next one is decoded. Reusing memory that is still in
    the processor's cache takes a fifth off the time. Pictures that are cut off or
    damaged are decoded as far as possible until the first one that is whole: then they
    are faults, and not what this camera always sends.
    """

    def __init__(self) -> None:
        self._buffers: dict[str, np.ndarray[Any, Any]] = {}
        self._is_strict = False
        self._header = NO_HEADER    # of the newest picture

    def size_of(self, jpeg: bytes) -> Size:
        """
        Return what :func:`jpeg_size` does, or raise the same.

        Most cameras begin all pictures with the same bytes, which are read once.
        """
        known = self._header
        if not (known.data and jpeg.startswith(known.data) and has_end(jpeg)):
            known = read_header(jpeg)
            self._header = known if len(known.data) <= MAX_LEAD_BYTES else NO_HEADER
        return known.size

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
            decode_into(buffer, jpeg, kind, size)
            self._is_strict = True
        except ValueError as error:
            if self._is_strict and HARMLESS_WARNING not in str(error):
                raise BadPicture(f"a broken JPEG ({error})") from None
            try:
                decode_into(buffer, jpeg, kind, size, strict=False)
            except ValueError:
                raise BadPicture(f"a broken JPEG ({error})") from None
        return buffer


def decode_into(buffer: np.ndarray[Any, Any], jpeg: bytes, kind: str, size: Size, *,
                strict: bool = True) -> None:
    """Decode *jpeg* into *buffer*; raises ValueError, if *strict* at warnings."""
    simplejpeg.decode_jpeg(
        jpeg, kind, fastdct=True, fastupsample=True, buffer=buffer,
        min_width=size[0], min_height=size[1], strict=strict)


class JpegHeader(NamedTuple):
    """What is before the data of a JPEG's picture."""

    size: Size
    data: bytes     # empty if the picture is not all in the first scan


NO_HEADER = JpegHeader((0, 0), b"")


class LazyJpeg(NamedTuple):
    """
    A picture as viewers see it, scaled, drawn and encoded only when that is needed.

    If it is not :attr:`ready`, *data* is the camera's own JPEG: it may be wider than
    *size*, as *given* says, and the *overlay* is not drawn on it yet. Methods may be
    called from any thread and raise :exc:`BadPicture` if the camera's JPEG is broken.
    """

    data: bytes
    size: Size              # of the picture
    overlay: Annotation | None = None
    quality: int = 75       # of the JPEG that bytes() makes, 1 to 100
    given: Size | None = None   # of what is in data; None = the same

    @property
    def ready(self) -> bool:
        """Whether *data* is the picture as it is."""
        return not self.overlay and self.given in (None, self.size)

    def image(self, decoder: JpegDecoder | None = None) -> Image:
        """
        Return the picture, ``uint8`` BGR.

        It is in memory of its own, or may be in the *decoder*'s.
        """
        smaller = reduced_size(self.given or self.size, self.size[0])
        image = (decoder or JpegDecoder()).decode(self.data, "BGR", smaller)
        if smaller != self.size:
            image = cv2.resize(image, self.size, interpolation=cv2.INTER_LINEAR)
        if self.overlay:
            self.overlay.draw(image)
        return image

    def bytes(self) -> bytes:
        """Return the picture as JPEG."""
        return self.data if self.ready else encode(self.image(), self.quality)


def reduced_size(size: Size, least: int) -> Size:
    """
    Return the smallest *size* to which libjpeg scales that is *least* pixels wide.

    That is its own or a half, quarter or eighth of it, rounded up: a half takes a
    quarter off the time to decode, and other ratios are slower than none.
    """
    factor = next(n for n in (8, 4, 2, 1) if n == 1 or size[0] >= n * least)
    return -(-size[0] // factor), -(-size[1] // factor)


def unusual_size(jpeg: bytes) -> Size | None:
    """
    Return ``(width, height)`` [pixels] of an unusual *jpeg*, which OpenCV may decode.

    Returns ``None`` without a frame header (ITU-T T.81, B.2.2), with too many scans, or
    if it is broken: OpenCV's libjpeg would print that to stderr, picture by picture.
    """
    if JpegScanner().find_end(jpeg) != len(jpeg):
        return None
    at = 2
    while jpeg[at:at + 1] == b"\xff" and at + 9 < len(jpeg):
        if jpeg[at + 1] in (0xC0, 0xC1, 0xC2):
            height, width = struct.unpack_from(">HH", jpeg, at + 5)
            scans = jpeg.count(SCAN_MARKER)
            return (width, height) if scans * width * height < MAX_SCAN_PIXELS else None
        at += 2 + int.from_bytes(jpeg[at + 2:at + 4], "big")
    return None


def jpeg_size(jpeg: bytes) -> Size:
    """
    Return ``(width, height)`` of *jpeg* [pixels], without decoding it.

    Raises :exc:`BadPicture` if it is incomplete, or could take seconds to decode: each
    of its scans goes over the whole picture and may be next to nothing in the file.
    Whether there is memory to decode it is for the caller to find out.
    """
    return read_header(jpeg).size


def has_end(jpeg: bytes) -> bool:
    """Return whether *jpeg* ends as a JPEG does."""
    return END_MARKER in jpeg[-MAX_PADDING_BYTES:]


def read_header(jpeg: bytes) -> JpegHeader:
    """Return the header of *jpeg*; raises what :func:`jpeg_size` does."""
    if not has_end(jpeg):
        raise BadPicture(f"{len(jpeg)} bytes that are no complete JPEG")
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(jpeg)
    except (ValueError, KeyError) as error:     # KeyError: see UnusualJpeg
        raise UnusualJpeg(f"{len(jpeg)} bytes that are no JPEG ({error})") from None
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise BadPicture(f"a JPEG of {width}x{height} pixels")
    data = single_scan_header(jpeg, colours)
    if not data:
        scans = jpeg.count(SCAN_MARKER)
        if scans > MAX_SCANS or scans * width * height > MAX_SCAN_PIXELS:
            raise BadPicture(f"a JPEG of {scans} scans")
    return JpegHeader((width, height), data)


class JpegScanner:
    """
    Find where a JPEG begins and ends in data that arrive piece by piece.

    The segments before the picture are skipped by their lengths: they may hold whole
    JPEGs, as thumbnails, and any other bytes (ITU-T T.81, B.1.1).
    """

    def __init__(self) -> None:
        self.start = -1     # of the JPEG, once it is found
        self.is_broken = False  # there is no end that could be found
        self.at = 0         # where to continue: at a marker, or anywhere in a scan
        self._segment = 0   # where the newest segment begins
        self._in_scan = False
        self._segments = 0

    def find_end(self, data: bytes | bytearray, end: int | None = None) -> int:
        """
        Return where the JPEG in *data*, searched up to *end*, ends; 0 if not yet.

        *data* must begin as in the last call.
        """
        end = len(data) if end is None else end
        if self.start < 0 and not self._find_start(data, end):
            return 0
        while not self.is_broken:
            if self._in_scan and not self._leave_scan(data, end):
                return 0
            if end - self.at < 2:
                return 0
            if data[self.at] == 0xFF and data[self.at + 1] == 0xD9:
                return self.at + 2
            if end - self.at < 4:
                return 0
            self._skip_segment(data)
        return 0

    def find_next(self, data: bytes | bytearray) -> int:
        """Return where the next JPEG begins behind one that is broken; 0 if not yet."""
        found = data.find(START_MARKER, self.at)
        self.at = max(self.at, len(data) - 2)
        return max(0, found)

    def _find_start(self, data: bytes | bytearray, end: int) -> bool:
        self.start = data.find(START_MARKER, self.at, min(end, MAX_LEAD_BYTES))
        if self.start < 0:
            self.at = max(0, end - 2)
            self.is_broken = end >= MAX_LEAD_BYTES
            return False
        self.at = self._segment = self.start + 2
        return True

    def _leave_scan(self, data: bytes | bytearray, end: int) -> bool:
        found = MARKER_PATTERN.search(data, self.at, end)
        self.at = found.start() if found else max(self.at, end - 1)
        self._in_scan = found is None
        return found is not None

    def _skip_segment(self, data: bytes | bytearray) -> None:
        """Move on behind the segment that begins here."""
        marker = data[self.at + 1]
        length = int.from_bytes(data[self.at + 2:self.at + 4], "big")
        self._segments += 1
        if data.startswith(START_MARKER, self.at):
            self.is_broken = self.at > self.start + 2   # else it begins twice
            self.start += 0 if self.is_broken else 2
            self.at += 0 if self.is_broken else 2
        elif data[self.at] != 0xFF or self._segments > MAX_SEGMENTS or length < 2:
            self.is_broken, self.at = True, self._segment
        elif marker == 0xFF:    # a fill byte
            self.at += 1
        elif marker in SEGMENT_MARKERS:
            self._segment = self.at
            self.at += 2 + length
            self._in_scan = marker == 0xDA
        else:
            self.is_broken, self.at = True, self._segment


def trimmed(data: bytes) -> bytes:
    """
    Return the JPEG in *data* without what is before and behind it.

    An end marker is added if it has none. Raises :exc:`BadPicture` if *data* hold none.
    """
    scanner = JpegScanner()
    end = scanner.find_end(data)
    if scanner.start < 0:
        first = f", first bytes {data[:4].hex(' ')}" if data else ""
        raise BadPicture(f"{len(data)} bytes that are not JPEG{first}")
    return data[scanner.start:end] if end else data[scanner.start:] + END_MARKER


def single_scan_header(jpeg: bytes, colours: str) -> bytes:
    """
    Return the header of *jpeg* up to its first scan if that is the whole picture.

    Then it is the only one that is decoded; else the header is empty. The first marker
    of a scan may also be part of a comment: it is one if the header is complete with it
    (ITU-T T.81, B.2.3).
    """
    at, components = jpeg.find(SCAN_MARKER), COMPONENTS.get(colours, 0)
    end = at + 8 + 2 * components
    if jpeg[at + 4:at + 5] != bytes([components]) or (
            jpeg[end - 3:end] != ALL_FREQUENCIES):
        return b""
    try:
        simplejpeg.decode_jpeg_header(jpeg[:end])
    except (ValueError, KeyError):
        return b""
    return jpeg[:end]


def encode(image: Image, quality: int = 75) -> bytes:
    """
    Return *image*, ``uint8`` BGR, as a JPEG of *quality* 1 to 100.

    Raises :exc:`RuntimeError` if OpenCV refuses it.
    """
    done, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise RuntimeError(f"OpenCV could not encode an image of shape {image.shape}")
    return jpeg.tobytes()
