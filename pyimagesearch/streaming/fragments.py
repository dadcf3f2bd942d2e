"""
Fragments of MP4 (ISO/IEC 14496-12), each with one picture, written without delay.

FFmpeg's muxer holds each picture back until it knows the next, to know how long this
one lasts. A live stream cannot wait: here a picture lasts as long as the one before.
"""

import struct

TICKS_PER_SECOND = 90_000   # of all time stamps
NOMINAL_SECONDS = 1 / 30    # that the first picture lasts, and one after a pause
PAUSE_SECONDS = 1.0         # longer intervals are pauses, and are cut out
NTP_EPOCH = 2_208_988_800   # from 1900 to 1970 [s]
KEY_FLAGS, DELTA_FLAGS = 0x02000000, 0x01010000     # of samples (8.8.3.1)
TRUN_FLAGS = 0x0f01     # offset of the data; duration, size, flags and offset of each

PRFT = struct.Struct(">I4sIIQQ")
MFHD = struct.Struct(">I4sII")
TFHD = struct.Struct(">I4sII")
TFDT = struct.Struct(">I4sIQ")
TRUN = struct.Struct(">I4sIIiIIIi")
BOX = struct.Struct(">I4s")
TRAF_BYTES = BOX.size + TFHD.size + TFDT.size + TRUN.size
MOOF_BYTES = BOX.size + MFHD.size + TRAF_BYTES


class Timeline:
    """
    Place pictures one after the other, without gaps and overlaps.

    Players drop pictures around a gap, and the duration of a picture is unknown until
    the next one comes. So each lasts as long as the one before really did, and a pause
    of more than a second as long as a picture of 30 a second.
    """

    def __init__(self) -> None:
        self._tick = 0
        self._last: float | None = None

    def place(self, at: float) -> tuple[int, int]:
        """Return begin and duration [ticks] of the picture of *at* [s, monotonic]."""
        took = NOMINAL_SECONDS if self._last is None else at - self._last
        if took > PAUSE_SECONDS:
            took = NOMINAL_SECONDS
        begin, duration = self._tick, max(1, round(took * TICKS_PER_SECOND))
        self._tick, self._last = begin + duration, at
        return begin, duration


def fragment(number: int, begin: int, duration: int, sample: bytes, captured: float, *,
             is_key: bool, offset: int = 0) -> bytes:
    """
    Return one picture as ``prft``, ``moof`` and ``mdat``, of track 1.

    *begin* (of decoding), *duration* and *offset* (from decoding to presentation) are
    in ticks, *sample* is encoded with length-prefixed NAL units. The producer reference
    time says when it was *captured* [s since the epoch].
    """
    return b"".join((
        PRFT.pack(PRFT.size, b"prft", 0x01000000, 1,
                  int((captured + NTP_EPOCH) * 2**32), begin),
        BOX.pack(MOOF_BYTES, b"moof"),
        MFHD.pack(MFHD.size, b"mfhd", 0, number & 0xffffffff),
        BOX.pack(TRAF_BYTES, b"traf"),
        TFHD.pack(TFHD.size, b"tfhd", 0x020000, 1),         # default-base-is-moof
        TFDT.pack(TFDT.size, b"tfdt", 0x01000000, begin),
        TRUN.pack(TRUN.size, b"trun", 0x01000000 | TRUN_FLAGS, 1, MOOF_BYTES + BOX.size,
                  duration, len(sample), KEY_FLAGS if is_key else DELTA_FLAGS, offset),
        BOX.pack(BOX.size + len(sample), b"mdat"), sample))


def header_of(mp4: bytes) -> bytes:
    """Return ``ftyp`` and ``moov`` of a fragmented MP4, without what follows."""
    at = 0
    while at + BOX.size <= len(mp4):
        size, kind = BOX.unpack_from(mp4, at)
        at += max(size, BOX.size)
        if kind == b"moov":
            break
    return mp4[:at]
