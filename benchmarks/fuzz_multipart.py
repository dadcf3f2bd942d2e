"""
Mutated MJPEG streams, and what the parser finds in them.

    python -m benchmarks.fuzz_multipart [STREAMS] [SEED]    100,000 by default

Streams of each dialect are recorded, then bytes of them are changed, cut out, doubled,
swapped and inserted, and good parts follow. Met: no exception, the good parts are all
found but the first, which may fall into the damaged ones, and at most 256 MB of memory,
which a damaged size of a picture can take.
Where no boundary is declared, a damaged segment of a JPEG may hide the next 64 kB.
"""

import contextlib
import functools
import random
import resource
import sys
import time
from collections.abc import Callable

from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.capture.limits import Allowance
from pyimagesearch.capture.multipart import MultipartParser
from pyimagesearch.capture.picture import read_picture
from pyimagesearch.errors import BadPicture
from pyimagesearch.jpeg import START_MARKER, JpegDecoder, encode

Spell = Callable[[bytes], bytes]    # makes a part of a JPEG
TOKENS = [b"--b", b"--b--\r\n", b"\r\n", b"\n\n", b"\0" * 200, b"\xff\xd8\xff",
          b"\xff\xd9", b"\xff\xda", b"\xff\xe1\xff\xff", b"Content-Length: 0\r\n",
          b"content-length:99999999", b"Content-Type: image/jpeg\r\n\r\n", b": ",
          b"<html>", b"--", b"\xff" * 50]
DAMAGED_PARTS, GOOD_PARTS = 3, 3
MAX_SEGMENT_BYTES = 65537
MAX_MEMORY_KB = 256 * 1024


def part(length: Callable[[int], object] | None = int, *, boundary: bytes = b"--b",
         end: bytes = b"\r\n", before: bytes = b"", behind: bytes = b"\r\n",
         cut: int = 0) -> Spell:
    """Return a function that makes a part of a JPEG, as one kind of camera does."""
    def spell(jpeg: bytes) -> bytes:
        jpeg = before + jpeg[:len(jpeg) - cut]
        lines = [boundary, b"Content-Type: image/jpeg"]
        if length is not None:
            lines.append(b"Content-Length: %s" % str(length(len(jpeg))).encode())
        return end.join(lines) + 2 * end + jpeg + behind
    return spell


DIALECTS: dict[str, tuple[str, Spell]] = {     # with the boundary that is declared
    "right length": ("b", part()),
    "no length": ("b", part(None)),
    "no length, no line end": ("b", part(None, behind=b"")),
    "length 0": ("b", part(lambda size: 0)),
    "length 1 short": ("b", part(lambda size: size - 1)),
    "length 300 short": ("b", part(lambda size: size - 300)),
    "length with line end": ("b", part(lambda size: size + 2)),
    "length 30 long": ("b", part(lambda size: size + 30)),
    "length 300 long": ("b", part(lambda size: size + 300)),
    "length absurd": ("b", part(lambda size: 999_999_999)),
    "length too long to be one": ("b", part(lambda size: 10 ** 30)),
    "length negative": ("b", part(lambda size: -5)),
    "length no number": ("b", part(lambda size: "x")),
    "two lengths": ("b", part(lambda size: f"7\r\nContent-Length: {size}")),
    "other boundary declared": ("other", part()),
    "no boundary declared": ("", part(boundary=b"--foo:bar")),
    "no dashes": ("b", part(boundary=b"b")),
    "no dashes, not declared": ("", part(boundary=b"foo")),
    "dashes in the boundary": ("--b", part(boundary=b"----b")),
    "spaces behind the boundary": ("b", part(boundary=b"--b  ")),
    "line feeds only": ("b", part(end=b"\n", behind=b"\n")),
    "line end within the length": ("b", part(before=b"\r\n", behind=b"")),
    "empty line before": ("b", part(before=b"\r\n")),
    "empty line before the headers": ("b", part(boundary=b"--b\r\n")),
    "empty line within the headers": ("b", part(
        lambda size: f"{size}\r\n\r\nContent-Foo: x")),
    "no headers": ("b", lambda jpeg: b"--b\r\n" + jpeg + b"\r\n"),
    "junk before": ("b", part(before=b"junk\x80\xff\0" * 50)),
    "start marker twice": ("b", part(None, before=b"\xff\xd8")),
    "160 zeros behind": ("b", part(None, behind=bytes(160))),
    "4000 zeros behind": ("b", part(None, behind=bytes(4000) + b"\r\n")),
    "junk behind": ("b", part(None, behind=bytes(range(256)) * 9 + b"\r\n")),
    "without end marker": ("b", part(cut=2)),
    "without end marker and length": ("b", part(None, cut=2)),
    "closing boundary": ("b", part(behind=b"\r\n--b--\r\n")),
    "closing boundary, empty lines": ("b", part(behind=b"\r\n--b--\r\n\r\n\r\n")),
    "JPEGs in a row": ("", lambda jpeg: jpeg),
    "JPEGs in a row with padding": ("", lambda jpeg: jpeg + b"\0\0\r\n" * 99),
    "JPEGs in a row without end marker": ("", lambda jpeg: jpeg[:-2]),
}


@functools.cache
def jpegs() -> list[bytes]:
    """Return different pictures of 160x120 pixels."""
    scene = DemoScene((160, 120), 10)
    return [encode(scene.picture(number), 60)
            for number in range(DAMAGED_PARTS + GOOD_PARTS)]


def mutated(dialect: str, chance: random.Random) -> bytes:
    """Return a few parts with some damage."""
    data = bytearray(b"".join(map(DIALECTS[dialect][1], jpegs()[:DAMAGED_PARTS])))
    for _ in range(chance.choice([1, 1, 2, 3, 8])):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.choice([1, 2, 10, 300, 3000]))
        match chance.randrange(5):
            case 0:
                data[at:end] = chance.randbytes(end - at)
            case 1:
                del data[at:end]
            case 2:
                data[at:at] = data[at:end]
            case 3:
                data[at:at] = chance.choice(TOKENS)
            case _:
                piece = data[at:end]
                del data[at:end]
                to = chance.randrange(len(data) + 1)
                data[to:to] = piece
    return bytes(data)


def survivors(dialect: str, damaged: bytes, chance: random.Random) -> str:
    """Feed *damaged* and good parts; return what is wrong with what was found."""
    boundary, spell = DIALECTS[dialect]
    good = jpegs()[DAMAGED_PARTS:]
    body = damaged + b"".join(map(spell, good))
    if not boundary:
        repeats = 2 + 2 * MAX_SEGMENT_BYTES // (len(body) - len(damaged))
        body += (body[len(damaged):]) * repeats
    parser, decoder, found, at = MultipartParser(boundary), JpegDecoder(), [], 0
    while at < len(body):
        size = chance.choice([1, 40, 1460, 1460, 65536])
        found += parser.feed(body[at:at + size])
        at += size
    found.append(parser.finish())
    for data in found:
        with contextlib.suppress(BadPicture):
            read_picture(data, decoder, Allowance()).grey()
    last = [data[max(0, data.find(START_MARKER)):] for data in found[-GOOD_PARTS - 1:]]
    missing = [number for number, jpeg in enumerate(good[1:], 2)
               if not any(data.startswith(jpeg[:-2]) for data in last)]
    return f"good parts {missing} are missing" if missing else ""


def main(count: int, seed: int) -> bool:
    """Parse *count* mutated streams and print what became of them."""
    begin, failed = time.monotonic(), 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(count):
        dialect = list(DIALECTS)[number % len(DIALECTS)]
        chance = random.Random(f"{seed} {number}")
        if problem := survivors(dialect, mutated(dialect, chance), chance):
            failed += 1
            print(f"stream {number} ({dialect}): {problem}", flush=True)
        if number == count // 10:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{count} streams in {time.monotonic() - begin:.0f} s, {failed} with good "
          f"parts missing; peak memory {before / 1024:.1f} MB after a tenth, "
          f"{after / 1024:.1f} MB at the end")
    return not failed and after <= MAX_MEMORY_KB


if __name__ == "__main__":
    words = [int(word) for word in sys.argv[1:]]
    sys.exit(0 if main(*(words + [100_000, 1][len(words):])) else 1)
