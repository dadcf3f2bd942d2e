"""Bound the NAL units of H.264 and HEVC: each takes memory, however small it is."""

from typing import Any

from pyimagesearch.errors import BadPicture

from .limits import MAX_VIDEO_BYTES

START_CODE = b"\0\0\1"      # before each NAL unit, in streams
UNIT_BYTES = 4096           # that FFmpeg takes for one, besides its own bytes
MAX_UNITS = MAX_VIDEO_BYTES // UNIT_BYTES   # of one frame
MAX_EXTRADATA_BYTES = 65536     # parameter sets of a whole stream take some hundred
HEVC_AGGREGATE, HEVC_FRAGMENT = 48, 49      # types of RTP payloads (RFC 7798)


class UnitLimit:
    """
    Refuse frames of *stream* that have too many NAL units, before they are decoded.

    Raises :exc:`BadPicture` for parameter sets that are too large.
    """

    def __init__(self, stream: Any) -> None:
        context = stream.codec_context
        self._codec: str = context.codec.canonical_name
        extradata = context.extradata or b""
        if len(extradata) > MAX_EXTRADATA_BYTES:
            raise BadPicture(f"parameter sets of {len(extradata)} bytes")
        self._prefix = length_bytes(self._codec, extradata)

    def check(self, packet: Any) -> None:
        """Raise :exc:`BadPicture` if there are more than MAX_UNITS in *packet*."""
        if (self._codec in ("h264", "hevc")
                and count_units(bytes(packet), self._prefix) > MAX_UNITS):
            raise BadPicture(f"a frame of more than {MAX_UNITS} NAL units")


def length_bytes(codec: str, extradata: bytes) -> int:
    """Return how long the size before each unit is [bytes]; 0 with start codes."""
    if extradata[:1] != b"\1":
        return 0
    at = 4 if codec == "h264" else 21       # of avcC, of hvcC
    return (extradata[at] & 3) + 1 if len(extradata) > at else 4


def count_units(data: bytes, prefix: int) -> int:
    """Return how many units *data* has, each after its size in *prefix* bytes."""
    return sized_units(data, prefix) if prefix else data.count(START_CODE)


def sized_units(data: bytes, prefix: int, at: int = 0) -> int:
    """Return how many units follow *at*; a few more than MAX_UNITS means many."""
    count = 0
    while at < len(data) and count <= MAX_UNITS:
        at += prefix + int.from_bytes(data[at:at + prefix], "big")
        count += 1
    return count


def hevc_units(packet: bytes) -> int:
    """Return how many units of HEVC begin in the RTP *packet*, of 8 bytes or more."""
    at = 12 + 4 * (packet[0] & 15)
    if packet[0] & 16:      # an extension of the header
        at += 4 + 4 * int.from_bytes(packet[at + 2:at + 4], "big")
    payload = packet[at:]
    kind = payload[0] >> 1 & 63 if payload else 0
    if kind == HEVC_AGGREGATE:
        return sized_units(payload, 2, 2)
    begins = kind != HEVC_FRAGMENT or payload[2:3] >= b"\x80"
    return begins + payload.count(START_CODE)
