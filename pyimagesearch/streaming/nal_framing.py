"""H.264 and H.265 as a camera sends it, turned into what an MP4 holds."""

import struct

START_CODE = b"\0\0\1"      # before each NAL unit, as a camera sends them
H264_NEEDLESS = {9, 10, 11, 12}     # kinds of NAL units: delimiter, ends, filler
H265_NEEDLESS = {35, 36, 37, 38}    # the same


class UnitFraming:
    """
    Turn packets of a video into samples of an MP4 that begins with *header*.

    There, each NAL unit comes after its length in place of a start code (ISO/IEC
    14496-15). Delimiters and fillers are left out. Parameter sets stay, although the
    header has them: some players read no second header when the video changes.
    """

    def __init__(self, header: bytes) -> None:
        self.header = header
        is_h265 = b"hvcC" in header
        self._shift, self._mask = (1, 63) if is_h265 else (0, 31)
        self._needless = H265_NEEDLESS if is_h265 else H264_NEEDLESS

    def with_lengths(self, data: bytes) -> bytes:
        """Return *data*, a packet with start codes, as a sample."""
        parts = []
        for unit in units_of(data):
            if unit[0] >> self._shift & self._mask not in self._needless:
                parts += [struct.pack(">I", len(unit)), unit]
        return b"".join(parts)


def units_of(data: bytes) -> list[bytes]:
    """Return the NAL units of *data*, each of which comes after a start code."""
    parts = data.split(START_CODE)[1:]
    return list(filter(None, (part.rstrip(b"\0") for part in parts)))


def codec_string(mp4: bytes) -> str:
    """
    Return the codec of *mp4* as browsers know it, such as ``avc1.64001f``.

    See RFC 6381, and ISO/IEC 14496-15, annex E, for H.265.
    """
    if b"avcC" in mp4:
        at = mp4.index(b"avcC") + 5
        return f"avc1.{mp4[at:at + 3].hex()}"
    at = mp4.index(b"hvcC") + 5
    profile, level = mp4[at], mp4[at + 11]
    space, tier = ("", "A", "B", "C")[profile >> 6], "H" if profile & 32 else "L"
    compatible = int(f"{int.from_bytes(mp4[at + 1:at + 5], 'big'):032b}"[::-1], 2)
    constraints = mp4[at + 5:at + 11].rstrip(b"\0")
    return ".".join([f"hvc1.{space}{profile & 31}", f"{compatible:x}", f"{tier}{level}",
                     *(f"{each:x}" for each in constraints)])
