"""Take multipart MJPEG apart, however a camera spells it."""

import re

MAX_PART_BYTES = 16 * 1024 * 1024     # bytes of one part; more is no picture
MAX_HEADER_BYTES = 8 * 1024      # bytes of one part's headers
NEAR = 512                  # bytes in which the headers of most parts end
LENGTH = re.compile(rb"(?im)^content-length\s*:\s*(\d{1,19})\s*$")
BARE_END = re.compile(rb"\n\r?\n")


class MultipartParser:
    """
    Turn the bytes of a ``multipart/x-mixed-replace`` body into its parts.

    *boundary* may be given with or without its dashes and quotes: cameras
    differ in that. Parts with a Content-Length are cut by it, others by the
    next boundary. A part over 16 MB is passed over without being kept.
    """

    def __init__(self, boundary: str) -> None:
        core = boundary.strip().strip('"').lstrip("-").encode("latin-1", "replace")
        self._delimiter = b"--" + core
        self._headers = re.compile(
            rb"\s*" + re.escape(self._delimiter) + rb"[^\r\n]*\r\n(?:[^\r\n]+\r\n)*?"
            rb"content-length: *(\d{1,7})\r\n(?:[^\r\n]+\r\n)*\r\n", re.IGNORECASE)
        self._data = bytearray()
        self._skip = 0          # bytes still to come of a part that is too large
        self._in_body = False
        self._length: int | None = None
        self._searched = 0      # how much of a body without a length was looked at

    def feed(self, data: bytes | memoryview) -> list[bytes]:
        """Take in *data*, any piece of the body; return the parts now complete."""
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

        So it comes from most cameras: one piece for each picture. A shorter way
        through pays, as each line runs with cold caches 30 times a second.
        """
        head = self._data + data[:NEAR] if self._data else data
        found = self._headers.match(head, 0, NEAR)
        if not found:
            return b""
        start = found.end() - len(self._data)
        end = start + int(found[1])
        behind = len(data) - end    # at most the next boundary, and no other part
        if start < 0 or not 0 <= behind <= len(self._delimiter) + 4:
            return b""
        self._data[:] = data[end:] if behind > 2 else b""     # or an end of line
        return bytes(data[start:end])

    def _next(self) -> bytes | None:
        """Return the next part, empty if it was passed over, or None for more data."""
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
            found = BARE_END.search(self._data, start, start + MAX_HEADER_BYTES)
            end = found.end() if found else -1
        if end < 4:
            if len(self._data) - start > MAX_HEADER_BYTES:
                del self._data[:start + len(self._delimiter)]
                return self._read_headers()
            return False
        length = LENGTH.search(self._data, start, end)
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
