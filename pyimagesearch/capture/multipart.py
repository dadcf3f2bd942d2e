"""Parse MJPEG over HTTP, in the dialects of many cameras."""

import re

READ_BYTES = 256 * 1024     # at once
MAX_PART_BYTES = 16 * 1024 * 1024   # a larger one is no picture
MAX_HEADER_BYTES = 8 * 1024         # of one part
USUAL_HEADER_BYTES = 512            # most headers are shorter
LENGTH_PATTERN = re.compile(rb"(?im)^content-length\s*:\s*(\d{1,19})\s*$")
HEADER_END_PATTERN = re.compile(rb"\n\r?\n")


class MultipartParser:
    """
    Turn the bytes of a ``multipart/x-mixed-replace`` body into its parts.

    *boundary* may have dashes and quotes or not, as cameras differ in that. Parts with
    a Content-Length are cut by it, others by the next boundary. A part over 16 MB is
    skipped without being stored.
    """

    def __init__(self, boundary: str) -> None:
        core = boundary.strip().strip('"').lstrip("-").encode("latin-1", "replace")
        self._delimiter = b"--" + core
        self._headers = re.compile(
            rb"\s*" + re.escape(self._delimiter) + rb"[^\r\n]*\r\n(?:[^\r\n]+\r\n)*?"
            rb"content-length: *(\d{1,7})\r\n(?:[^\r\n]+\r\n)*\r\n", re.IGNORECASE)
        self._data = bytearray()
        self._skip = 0          # bytes left of a part that is too large
        self._in_body = False
        self._length: int | None = None
        self._searched = 0      # bytes searched of a body without a length

    def feed(self, data: bytes | memoryview) -> list[bytes]:
        """Add *data*, any piece of the body; return the parts completed by it."""
        if not self._in_body and not self._skip and (part := self._whole(data)):
            return [part]
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        self._data += data
        parts: list[bytes] = []
        while self._in_body or len(self._data) > len(self._delimiter):
            taken = self._next()
            if taken is None:
                break
            if taken:
                parts.append(taken)
        return parts

    def _whole(self, data: bytes | memoryview) -> bytes:
        """
        Return the one part that *data* completes, or nothing.

        This is the fast path for most cameras, which send one piece for each picture:
        each line runs with cold caches 30 times a second.
        """
        head = self._data + data[:USUAL_HEADER_BYTES] if self._data else data
        found = self._headers.match(head, 0, USUAL_HEADER_BYTES)
        if not found:
            return b""
        start = found.end() - len(self._data)
        end = start + int(found[1])
        behind = len(data) - end    # at most the next boundary, not another part
        if start < 0 or not 0 <= behind <= len(self._delimiter) + 4:
            return b""
        self._data[:] = data[end:] if behind > 2 else b""     # or a line end
        return bytes(data[start:end])

    def _next(self) -> bytes | None:
        """Return the next part, empty if it was skipped, or None if it needs data."""
        if not self._in_body and not self._read_headers():
            return None
        return self._take() if self._length is not None else self._take_to_boundary()

    def _read_headers(self) -> bool:
        start = self._data.find(self._delimiter)
        if start < 0:
            del self._data[:max(0, len(self._data) - len(self._delimiter))]
            return False
        end = self._data.find(b"\r\n\r\n", start, start + MAX_HEADER_BYTES) + 4
        if end < 4:
            found = HEADER_END_PATTERN.search(
                self._data, start, start + MAX_HEADER_BYTES)
            end = found.end() if found else -1
        if end < 4:
            if len(self._data) - start > MAX_HEADER_BYTES:
                del self._data[:start + len(self._delimiter)]
                return self._read_headers()
            return False
        length = LENGTH_PATTERN.search(self._data, start, end)
        self._length = int(length[1]) if length else None
        del self._data[:end]
        self._in_body, self._searched = True, 0
        return True

    def _take(self) -> bytes | None:
        assert self._length is not None
        if self._length > MAX_PART_BYTES:
            self._skip = max(0, self._length - len(self._data))
            del self._data[:self._length]
            self._in_body = False
            return b""
        if len(self._data) < self._length:
            return None
        part = bytes(memoryview(self._data)[:self._length])
        del self._data[:self._length]
        self._in_body = False
        return part

    def _take_to_boundary(self) -> bytes | None:
        end = self._data.find(self._delimiter, self._searched)
        if end < 0:
            self._searched = max(0, len(self._data) - len(self._delimiter) + 1)
            if len(self._data) > MAX_PART_BYTES:
                self._data.clear()
                self._in_body = False
            return None
        part = bytes(memoryview(self._data)[:end])
        part = part.removesuffix(b"\n").removesuffix(b"\r")
        del self._data[:end]
        self._in_body = False
        return part
