"""Check a PNG before OpenCV decodes it, which knows no limits and prints what fails."""

import struct
import zlib
from collections.abc import Iterator

from pyimagesearch.errors import BadPicture

PNG_START = b"\x89PNG\r\n\x1a\n"
NEEDED_CHUNKS = (b"IHDR", b"PLTE", b"IDAT", b"IEND")    # the others are metadata
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}    # of a pixel, by colour type
INFLATED_BYTES = 1024 * 1024    # at once
# first column and row of each pass, and the steps to the next ones (Adam7)
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4),
          (1, 0, 2, 2), (0, 1, 1, 2))


def plain_png(data: bytes) -> bytes:
    """
    Return the PNG in *data* with nothing but the chunks that make its picture.

    Raises :exc:`BadPicture` if a chunk is missing or damaged, or if the picture is not
    as large as the header says: a few bytes may inflate to gigabytes.
    """
    chunks = [(name, content) for name, content in read_chunks(data)
              if name in NEEDED_CHUNKS]
    broken = BadPicture(f"{len(data)} bytes of a broken PNG")
    if len(chunks) < 3 or chunks[0][0] != b"IHDR" or chunks[-1][0] != b"IEND":
        raise broken
    wanted = raw_bytes(bytes(chunks[0][1]))
    if not inflates_to(wanted, [each for name, each in chunks if name == b"IDAT"]):
        raise broken
    return PNG_START + b"".join(
        struct.pack(">I4s", len(content), name) + content
        + struct.pack(">I", zlib.crc32(content, zlib.crc32(name)))
        for name, content in chunks)


def read_chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Yield name and content of each chunk, up to the last one or a damaged one."""
    at, view = len(PNG_START), memoryview(data)
    while at + 12 <= len(data):
        name, end = data[at + 4:at + 8], at + 8 + int.from_bytes(view[at:at + 4], "big")
        if zlib.crc32(view[at + 4:end]) != int.from_bytes(view[end:end + 4], "big"):
            return
        yield name, view[at + 8:end]
        if name == b"IEND":
            return
        at = end + 4


def raw_bytes(header: bytes) -> int:
    """Return how many bytes the picture inflates to, by the IHDR chunk; 0 = unknown."""
    if len(header) != 13:
        return 0
    width, height, depth, colours, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    bits = depth * SAMPLES.get(colours, 0)
    total = 0
    for left, top, across, down in PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + -(-columns * bits // 8))   # each with its filter
    return total if bits else 0


def inflates_to(wanted: int, pieces: list[memoryview]) -> bool:
    """Return whether *pieces* inflate to *wanted* bytes, not one more or less."""
    inflater = zlib.decompressobj()
    try:
        for piece in pieces:
            left: bytes | memoryview = piece
            while left and wanted >= 0:
                wanted -= len(inflater.decompress(left, INFLATED_BYTES))
                left = inflater.unconsumed_tail
    except zlib.error:
        return False
    return wanted == 0 and inflater.eof
