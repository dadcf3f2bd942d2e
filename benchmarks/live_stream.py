"""Read the live streams as a program does: pictures, their ages, and what they take."""

import re
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

NTP_EPOCH = 2_208_988_800       # seconds from 1900 to 1970
NOT_A_KEY = 0x10000             # of the flags of a sample (ISO 14496-12, 8.8.3.1)
PART = re.compile(rb"Content-Length: (\d+)\r\nX-Timestamp: ([\d.]+)\r\n(?:.*\r\n)*\r\n")
STEP_SECONDS = 0.01             # between two reads of a slow viewer


class Picture(NamedTuple):
    """One received picture, complete when it arrived."""

    number: int         # the stream's own; of MJPEG 1, 2, 3 ... as received
    is_key: bool
    age: float          # from capture to its last byte [s]
    arrived: float      # [s, monotonic]
    data: bytes         # one JPEG, or H.264 with lengths in front of its NAL units


class Mp4Pictures:
    """Cut ``/live.mp4`` into pictures; *header* is ``ftyp`` and ``moov``, once seen."""

    def __init__(self) -> None:
        self.header = b""
        self._rest = b""
        self._captured = 0.0
        self._number = 0
        self._is_key = False

    def feed(self, data: bytes) -> list[Picture]:
        """Return the pictures that *data* completes."""
        text, at, found = self._rest + data, 0, []
        while at + 8 <= len(text):
            size, kind = struct.unpack_from(">I4s", text, at)
            if at + size > len(text):
                break
            if picture := self._box(kind, text[at:at + size]):
                found.append(picture)
            at += size
        self._rest = text[at:]
        return found

    def _box(self, kind: bytes, box: bytes) -> Picture | None:
        match kind:
            case b"ftyp":
                self.header = box
            case b"moov":
                self.header += box
            case b"prft":
                seconds = struct.unpack_from(">Q", box, 16)[0] / 2**32
                self._captured = seconds - NTP_EPOCH
            case b"moof":
                self._number = struct.unpack_from(">I", box, box.index(b"mfhd") + 8)[0]
                self._is_key = not self._flags(box) & NOT_A_KEY
            case b"mdat":
                return Picture(self._number, self._is_key, time.time() - self._captured,
                               time.monotonic(), box[8:])
        return None

    @staticmethod
    def _flags(moof: bytes) -> int:
        """Return the flags of the only sample in *moof*."""
        at = moof.index(b"trun") + 4
        given = struct.unpack_from(">I", moof, at)[0] & 0xffffff
        before = 8 + 4 * sum(bool(given & bit) for bit in (0x1, 0x4, 0x100, 0x200))
        return int(struct.unpack_from(">I", moof, at + before)[0])


class MjpegPictures:
    """Cut ``/video_feed`` into pictures."""

    def __init__(self) -> None:
        self._rest = b""
        self._number = 0

    def feed(self, data: bytes) -> list[Picture]:
        """Return the pictures that *data* completes."""
        text, found = self._rest + data, []
        while ((part := PART.search(text))
               and len(text) >= (end := part.end() + int(part[1]))):
            self._number += 1
            found.append(Picture(self._number, True, time.time() - float(part[2]),
                                 time.monotonic(), text[part.end():end]))
            text = text[end:]
        self._rest = text
        return found


@contextmanager
def opened(url: str, receive_buffer: int = 0) -> Iterator[tuple[socket.socket, bytes]]:
    """Request *url*; yield the socket and what came after the head of the answer."""
    parts = urlsplit(url)
    with closing(socket.socket()) as viewer:
        if receive_buffer:
            viewer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        viewer.settimeout(10)
        viewer.connect((parts.hostname, parts.port or 80))
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        viewer.sendall(f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n"
                       .encode())
        head = b""
        while b"\r\n\r\n" not in head:
            more = viewer.recv(4096)
            if not more:
                raise ConnectionError(f"{url} answered {head!r}")
            head += more
        head, _, rest = head.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(f"{url} answered {head!r} {rest!r}")
        yield viewer, rest


def pictures(url: str, seconds: float, *, rate: float = 0.0,
             parser: Mp4Pictures | MjpegPictures | None = None) -> Iterator[Picture]:
    """
    Yield what arrives from *url* in *seconds*.

    With *rate*, the viewer takes only so many bytes a second, and its receive buffer
    is small. *parser* is made unless given.
    """
    parser = parser or (Mp4Pictures() if ".mp4" in url else MjpegPictures())
    with opened(url, 16 * 1024 if rate else 0) as (viewer, rest):
        yield from parser.feed(rest)
        allowance = 0.0
        begin = last = time.monotonic()
        while (now := time.monotonic()) < begin + seconds:
            allowance = min(allowance + (now - last) * rate, 4 * STEP_SECONDS * rate)
            last = now
            if rate and allowance < 1:
                time.sleep(STEP_SECONDS)
                continue
            data = viewer.recv(int(allowance) if rate else 1 << 18)
            if not data:
                return
            allowance -= len(data)
            yield from parser.feed(data)
            if rate:
                time.sleep(STEP_SECONDS)
