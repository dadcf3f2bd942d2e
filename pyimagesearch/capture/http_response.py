"""Responses of HTTP cameras, read as liberally as FFmpeg and browsers read them."""

import http.client
import io
import math
import re
import socket
import ssl
import time
from collections.abc import Iterator
from email.message import Message
from itertools import takewhile
from typing import TYPE_CHECKING, Any, BinaryIO

from .http_coding import (
    MAX_EMPTY_BYTES,
    NO_HEAD_PATTERN,
    ChunkReader,
    Inflater,
    UnknownCoding,
)

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_HEAD_BYTES = 256 * 1024     # of status line and headers, also of interim responses
MAX_HEADERS = 1000              # of which no more is looked at
MAX_VALUE_LENGTH = 8192         # of a header, in characters
READ1_BYTES = 256 * 1024        # for read1() without an amount
READ_WHOLE = 16 * 1024 * 1024   # for read() without an amount [bytes]
STATUS_PATTERN = re.compile(
    rb"[^\s:]+[ \t]+(\d{3})(?!\d)|(?i:HTTP|ICY)\b")
HEADER_PATTERN = re.compile(rb"[A-Za-z-]+[ \t]*:")


class CameraResponse(http.client.HTTPResponse):
    """
    A response with whatever status line, headers and encoding the camera sends.

    It may begin with ``ICY 200 OK``, or be a body without a head. Header lines that
    are none are skipped. The body is decompressed, though that was not requested. The
    whole head may take as long as the timeout of *connection* says.
    """

    def __init__(self, connection: socket.socket, *args: Any, **more: Any) -> None:
        super().__init__(connection, *args, **more)
        self._reader = TimedReader(connection)
        self._reader.limit(connection.gettimeout())
        self.fp.close()
        self.fp = io.BufferedReader(self._reader)
        self._is_encrypted = isinstance(connection, ssl.SSLSocket)
        self._inflater: Inflater | None = None
        self._chunks: ChunkReader | None = None

    def limit(self, seconds: float | None, silence: float | None = None) -> None:
        """Let all that follows take *seconds*, or each wait for bytes *silence* [s]."""
        self._reader.limit(seconds, silence)

    @property
    def is_raw(self) -> bool:
        """Whether the body comes through the connection as it is."""
        return not (self._chunks or self._is_encrypted or self._inflater)

    def begin(self) -> None:
        """
        Read the head; :class:`http.client.HTTPConnection` calls it.

        Raises :exc:`http.client.HTTPException` and :exc:`OSError`.
        """
        self.code = self.status = 200
        self.reason, self.version = "", 10
        self.headers = self.msg = http.client.HTTPMessage()
        self.will_close = True      # as requested
        self.chunked, self.chunk_left, self.length = False, None, None
        if not NO_HEAD_PATTERN.match(self.fp.peek(2)):
            self._read_head()
            self._find_body()

    def _read_head(self) -> None:
        lines = head_lines(self.fp)
        self.status = 100
        while 100 <= self.status < 200:     # the final response follows
            self.headers = self.msg = http.client.HTTPMessage()
            self.code = self.status = read_status(lines, self.headers)
            read_headers(lines, self.headers)

    def _find_body(self) -> None:
        """Set where the body ends, and how it is encoded."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            self._chunks = ChunkReader(self.fp)
        elif self.headers.get_content_maintype() != "multipart":    # that never ends
            length = re.match(r" *(\d{1,15})", self.headers.get("Content-Length", ""))
            self.length = (length and int(length[1])) or None   # 0 is often wrong
        coding = self.headers.get("Content-Encoding", "").strip().lower()
        if coding in ("gzip", "x-gzip", "deflate"):
            self._inflater = Inflater()
        elif coding not in ("", "identity", "none"):
            raise UnknownCoding(
                f"is compressed as {coding[:20]}, which is not supported")

    def read1(self, n: int = -1) -> bytes:
        """Return at most *n* bytes as soon as there are some; none at the end."""
        size = n if n > 0 else READ1_BYTES
        if self._inflater is None:
            return self._read_coded(size)
        unused = 0      # bytes that gave nothing
        while not (data := self._inflater.read(size)):
            if unused > MAX_EMPTY_BYTES:
                raise UnknownCoding("is compressed and holds nothing")
            piece = self._read_coded(size)
            if not piece:
                break
            unused += len(piece)
            self._inflater.feed(piece)
        return data

    def _read_coded(self, size: int) -> bytes:
        """Return at most *size* bytes of the body, which may be compressed."""
        return self._chunks.read1(size) if self._chunks else super().read1(size)

    def read(self, amt: int | None = None) -> bytes:
        """Return *amt* bytes, fewer only at the end; all up to 16 MB without *amt*."""
        data = bytearray()
        wanted = READ_WHOLE if amt is None else amt
        while len(data) < wanted and (piece := self.read1(wanted - len(data))):
            data += piece
        return bytes(data)


class TimedReader(io.RawIOBase):
    """Read a connection, for a limited time, however slowly its bytes come."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._file = connection.makefile("rb", buffering=0)     # keeps it open
        self._deadline = math.inf

    def limit(self, seconds: float | None, silence: float | None = None) -> None:
        """End reads after *seconds* in all, or *silence* [s] each; None: never."""
        self._deadline = math.inf if seconds is None else time.monotonic() + seconds
        if not self.closed:     # as it is at the end of the body
            self._connection.settimeout(silence)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        if self._deadline < math.inf:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._connection.settimeout(left)
        return self._connection.recv_into(buffer)

    def fileno(self) -> int:
        return self._connection.fileno()

    def close(self) -> None:
        self._file.close()
        super().close()


def head_lines(file: BinaryIO) -> Iterator[bytes]:
    """
    Yield lines without their ends, which may be bare line feeds.

    Raises :exc:`http.client.LineTooLong` once they are larger than any head.
    """
    left = MAX_HEAD_BYTES
    while line := file.readline(left):
        left -= len(line)
        if not left:
            raise http.client.LineTooLong("head")
        yield line.rstrip(b"\r\n")


def read_status(lines: Iterator[bytes], headers: Message) -> int:
    """
    Return the status; 200 if the camera leaves it out, and begins with its *headers*.

    Blank lines before it are skipped. Raises :exc:`http.client.BadStatusLine`.
    """
    line = next(filter(None, lines), None)
    if line is None:
        raise http.client.RemoteDisconnected("no response")
    if HEADER_PATTERN.match(line):
        read_headers(iter([line]), headers)
        return 200
    found = STATUS_PATTERN.match(line)
    if not found:
        raise http.client.BadStatusLine(line.decode("latin-1"))
    return int(found[1] or 200)


def read_headers(lines: Iterator[bytes], headers: Message) -> None:
    """Add the header *lines* up to an empty one to *headers*, cut where excessive."""
    found: list[tuple[str, str]] = []
    for line in takewhile(bool, lines):
        text = line.decode("latin-1").replace("\r", " ")
        if text[0] in " \t" and found:      # continues the header before
            name, value = found.pop()
            found.append((name, f"{value} {text.strip()}"[:MAX_VALUE_LENGTH]))
            continue
        name, colon, value = text.partition(":")
        if colon:
            found.append((name.strip(), value.strip()))
    for name, value in found[:MAX_HEADERS]:
        headers[name] = value[:MAX_VALUE_LENGTH]
