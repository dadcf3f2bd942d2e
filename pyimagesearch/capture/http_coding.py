"""Decode the body of an HTTP response: chunks, and compression as it comes."""

import http.client
import io
import re
import zlib

NO_HEAD_PATTERN = re.compile(rb"--|\xff\xd8")   # a boundary, a JPEG: the body at once
MAX_LENGTH_LINE_BYTES = 4096    # with its extensions, which mean nothing here
LENGTH_LINE_PATTERN = re.compile(   # behind the end of the chunk before
    rb"(?:[ \t]*\r*\n)?[ \t]*([0-9A-Fa-f]{1,15})(?![0-9A-Fa-f])[^\n]*\n")
UNFINISHED_LENGTH_PATTERN = re.compile(
    rb"[ \t]*\r*(?:\n[ \t]*)?(?:[0-9A-Fa-f]{1,15}(?:[^0-9A-Fa-f\n][^\n]*)?)?")
MAX_EMPTY_BYTES = 64 * 1024     # of a compressed body that give not a single byte
GZIP_BITS = 16 + zlib.MAX_WBITS


class UnknownCoding(http.client.HTTPException):
    """The body is compressed, unrequested, in a way that cannot be read: says how."""


class ChunkReader:
    """
    Read a chunked body from *file*, whose lines may also end in bare line feeds.

    http.client insists on the carriage returns, which FFmpeg and browsers do not. All
    chunks that were received are read at once, as some cameras send tiny ones.
    """

    def __init__(self, file: io.BufferedIOBase) -> None:
        self._file = file
        self._data = bytearray()    # received and not used yet
        self._left = 0      # bytes of this chunk
        self._is_over = False

    def read1(self, size: int) -> bytes:
        """Return at most *size* bytes as soon as there are some; none at the end."""
        while not (found := self._take(size)) and not self._is_over:
            piece = self._file.read1(size)
            self._data += piece
            self._is_over = not piece
        return found

    def _take(self, size: int) -> bytes:
        """Return at most *size* bytes of the chunks that were received."""
        found, at, data = bytearray(), 0, self._data
        while len(found) < size and at < len(data) and not self._is_over:
            if self._left:
                taken = data[at:at + min(self._left, size - len(found))]
                found += taken
                at += len(taken)
                self._left -= len(taken)
            elif line := LENGTH_LINE_PATTERN.match(data, at):
                at, self._left = line.end(), int(line[1], 16)
                self._is_over = not self._left      # the last chunk is empty
            elif len(data) - at < MAX_LENGTH_LINE_BYTES and (
                    UNFINISHED_LENGTH_PATTERN.fullmatch(data, at)):
                break
            else:
                raise http.client.IncompleteRead(bytes(data[at:at + 20]))
        del data[:at]
        return bytes(found)


class Inflater:
    """Decompress gzip or deflate piece by piece, and never more than is asked for."""

    def __init__(self) -> None:
        self._compressed = b""      # received and not used yet
        self._decoder: zlib._Decompress | None = None
        self._is_plain = False      # not compressed, whatever the headers say
        self._is_empty = True       # so far

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
            raise UnknownCoding("is compressed, but broken") from None
        self._compressed = self._decoder.unconsumed_tail
        self._is_empty &= not data
        if not self._decoder.eof:
            return data
        if self._is_empty:
            raise UnknownCoding("is compressed and holds nothing")
        self._compressed, self._decoder = self._decoder.unused_data, None
        self._is_empty = True
        return data or self.read(size)      # perhaps another one follows

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
