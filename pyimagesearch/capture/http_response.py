"""Responses of HTTP cameras, read as liberally as FFmpeg and browsers read them."""

import http.client
import io
import re
import socket
import ssl
import threading
import zlib
from collections.abc import Iterator
from email.message import Message
from itertools import takewhile
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_HEAD_BYTES = 256 * 1024     # of status line and headers, also of interim responses
READ1_BYTES = 256 * 1024        # for read1() without an amount
READ_WHOLE = 16 * 1024 * 1024   # for read() without an amount [bytes]
NO_HEAD_PATTERN = re.compile(rb"--|\xff\xd8")   # a boundary, a JPEG: the body at once
STATUS_PATTERN = re.compile(
    rb"[^\s:]+[ \t]+(\d{3})(?!\d)|(?i:HTTP|ICY)\b")
HEADER_PATTERN = re.compile(rb"[A-Za-z-]+[ \t]*:")
MAX_LENGTH_LINE_BYTES = 4096    # with its extensions, which mean nothing here
LENGTH_PATTERN = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})(?![0-9A-Fa-f])")
GZIP_BITS = 16 + zlib.MAX_WBITS


class UnknownCoding(http.client.HTTPException):
    """The body is compressed in a way that is not known, though none was requested."""


class CameraResponse(http.client.HTTPResponse):
    """
    A response with whatever status line, headers and encoding the camera sends.

    It may begin with ``ICY 200 OK``, or be a body without a head. Header lines that
    are none are skipped. The body is decompressed, though that was not requested.
    """

    def __init__(self, connection: socket.socket, *args: Any, **more: Any) -> None:
        super().__init__(connection, *args, **more)
        self._reader = WaitingReader(connection)
        self.fp.close()
        self.fp = io.BufferedReader(self._reader)
        self._is_encrypted = isinstance(connection, ssl.SSLSocket)
        self._inflater: Inflater | None = None
        self._chunks: ChunkReader | None = None

    def wait_until(self, closing: threading.Event, seconds: float) -> None:
        """Wait for the body however long, until *seconds* after *closing* is set."""
        self._reader.wait_until(closing, seconds)

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
            raise UnknownCoding(coding)

    def read1(self, n: int = -1) -> bytes:
        """Return at most *n* bytes as soon as there are some; none at the end."""
        size = n if n > 0 else READ1_BYTES
        if self._inflater is None:
            return self._read_coded(size)
        while not (data := self._inflater.read(size)):
            piece = self._read_coded(size)
            if not piece:
                break
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


class ChunkReader:
    """
    Read a chunked body from *file*, whose lines may also end in bare line feeds.

    http.client insists on the carriage returns, which FFmpeg and browsers do not.
    """

    def __init__(self, file: io.BufferedIOBase) -> None:
        self._file = file
        self._left = 0      # bytes of this chunk
        self._is_over = False

    def read1(self, size: int) -> bytes:
        """Return at most *size* bytes as soon as there are some; none at the end."""
        if not self._left and not self._is_over:
            self._left = self._next_length()
            self._is_over = not self._left
        data = self._file.read1(min(size, self._left)) if self._left else b""
        self._left -= len(data)
        return data

    def _next_length(self) -> int:
        """Return the length of the next chunk, 0 behind the last one."""
        line = self._file.readline(MAX_LENGTH_LINE_BYTES)
        if not line.strip():    # the end of the chunk before
            line = self._file.readline(MAX_LENGTH_LINE_BYTES)
        found = LENGTH_PATTERN.match(line)
        if line and not found:
            raise http.client.IncompleteRead(line)
        return int(found[1], 16) if found else 0


class WaitingReader(io.RawIOBase):
    """Read a connection; its timeout ends a wait unless that may be longer."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._file = connection.makefile("rb", buffering=0)     # keeps it open
        self._closing: threading.Event | None = None

    def wait_until(self, closing: threading.Event, seconds: float) -> None:
        """Let only *closing* end a wait, looked at every so many *seconds*."""
        self._closing = closing
        self._connection.settimeout(seconds)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        while True:
            try:
                return self._connection.recv_into(buffer)
            except TimeoutError:
                if self._closing is None or self._closing.is_set():
                    raise

    def fileno(self) -> int:
        return self._connection.fileno()

    def close(self) -> None:
        self._file.close()
        super().close()


class Inflater:
    """Decompress gzip or deflate piece by piece, and never more than is asked for."""

    def __init__(self) -> None:
        self._compressed = b""      # received and not used yet
        self._decoder: zlib._Decompress | None = None
        self._is_plain = False      # not compressed, whatever the headers say

    def feed(self, piece: bytes) -> None:
        """Take the next *piece* of the body."""
        self._compressed += piece

    def read(self, size: int) -> bytes:
        """Return up to *size* bytes; none where it takes more of the body."""
        if self._decoder is None:
            self._begin(self._compressed[:2])
        if self._decoder is None:
            size = size if self._is_plain else 0
            data, self._compressed = self._compressed[:size], self._compressed[size:]
            return data
        try:
            data = self._decoder.decompress(self._compressed, size)
        except zlib.error:
            raise UnknownCoding("what cannot be decompressed") from None
        self._compressed = self._decoder.unconsumed_tail
        if self._decoder.eof:       # perhaps another one follows
            self._compressed, self._decoder = self._decoder.unused_data, None
        return data

    def _begin(self, first: bytes) -> None:
        """Choose how to decompress by the *first* two bytes."""
        if len(first) < 2 or self._is_plain:
            return
        if NO_HEAD_PATTERN.match(first):
            self._is_plain = True
        elif first == b"\x1f\x8b":
            self._decoder = zlib.decompressobj(GZIP_BITS)
        elif first[0] & 0x0f == zlib.DEFLATED and int.from_bytes(first) % 31 == 0:
            self._decoder = zlib.decompressobj(zlib.MAX_WBITS)
        else:       # deflate without its header, as Internet Explorer wanted it
            self._decoder = zlib.decompressobj(-zlib.MAX_WBITS)


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
    """Add the header *lines* up to an empty one to *headers*."""
    found: list[tuple[str, str]] = []
    for line in takewhile(bool, lines):
        text = line.decode("latin-1").replace("\r", " ")
        if text[0] in " \t" and found:      # continues the header before
            name, value = found.pop()
            found.append((name, f"{value} {text.strip()}"))
            continue
        name, colon, value = text.partition(":")
        if colon:
            found.append((name.strip(), value.strip()))
    for name, value in found:
        headers[name] = value
