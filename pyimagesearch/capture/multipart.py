"""Find the pictures in MJPEG over HTTP, in the dialects of many cameras."""

import re

from pyimagesearch.jpeg import END_MARKER, MAX_LEAD_BYTES, START_MARKER, JpegScanner

from .limits import MAX_PICTURE_BYTES
from .picture import still_size

MAX_HEADER_BYTES = 8 * 1024         # of one part
MAX_LINE_BYTES = 1024               # with a delimiter
MAX_DELIMITER_BYTES = 256           # of which no more is compared
MAX_PADDING_BYTES = 64              # that a length may count, too
MAX_JUNK_BYTES = 64 * 1024          # between two parts
KEPT_JUNK_BYTES = 8                 # to say what came
USUAL_HEADER_BYTES = 512            # most headers are shorter
BLANK_BYTES = b"\0\t\r\n "          # that cameras put between parts
BLANK_PATTERN = re.compile(rb"[\0\t\r\n ]*")
LENGTH_PATTERN = re.compile(rb"(?im)^content-length[ \t]*:[ \t]*(\d{1,9})(?!\d)")
HEADER_PATTERN = re.compile(rb"[\w-]++[ \t]*+:|[ \t]*+\r*\n")     # or their end
HEADERS_PATTERN = re.compile(   # some cameras send an empty line before or within them
    rb"(?:[ \t]*+\r*+\n)*+(?:[\w-]++[ \t]*+:[^\n]*+\n)*+"
    rb"(?:\r*+\n|content-[\w-]++[ \t]*+:[^\n]*+\n)*+", re.IGNORECASE)
WHOLE_HEADERS_PATTERN = re.compile(
    rb"\s*([^\r\n]+)\r\n(?:[^\r\n]+\r\n)*?content-length: *(\d{1,7})\r\n"
    rb"(?:[^\r\n]+\r\n)*\r\n", re.IGNORECASE)
UNFINISHED_PATTERN = re.compile(rb"[ \t]*\r*|[\w-]++[ \t]*+(?::[^\n]*+)?")
NEXT_PATTERN = re.compile(rb"\n\r?\n\xff\xd8\xff")     # headers before a JPEG
LINE_PATTERN = re.compile(rb"[ -~\t]*(\r*\n)?")
LINE_BEFORE_PATTERN = re.compile(
    rb"\s*([!-~](?:[ -~]*[!-~])?)[ \t]*\r*\n(?:(content-)|(?s:.){8})", re.IGNORECASE)


class MultipartParser:
    """
    Find the parts of a ``multipart/x-mixed-replace`` body, or JPEGs in a row.

    A part ends with its JPEG, or else before the next delimiter. The *boundary* that
    was declared and a Content-Length are believed where they turn out right: then the
    bytes of a part are not searched. A part over 16 MB is dropped.
    """

    def __init__(self, boundary: str) -> None:
        core = boundary.strip("\"' \t").lstrip("-").encode("latin-1", "replace")
        self._delimiter = self._declared = b"--" + core[:MAX_DELIMITER_BYTES]
        self._sightings = 0     # of it in the body; after two it is the right one
        self.junk = b""     # first bytes that are in no part, since the last one began
        self._is_first = True   # whether no part was found yet
        self._is_gap = True     # whether the line behind the last part is still to come
        self._data = bytearray()
        self._in_part = False
        self._length = 0    # of the part by its header; 0 = unknown
        self._usual = 0     # lengths up to this are believed, as the last one was right
        self._searched = 0  # bytes searched for the delimiter
        self._junk_bytes = 0
        self._scanner = JpegScanner()

    @property
    def held(self) -> int:
        """How many bytes are held, for a part that is not complete."""
        return len(self._data)

    @property
    def missing(self) -> int:
        """How many bytes of a part are still to come; 0 if that is not known."""
        is_known = self._in_part and self._length <= self._usual
        return max(0, self._length - len(self._data)) if is_known else 0

    def feed(self, data: bytes | memoryview) -> list[bytes]:
        """Add *data*, any piece of the body; return the parts completed by it."""
        if not self._in_part and (part := self._whole(data)):
            return [part]
        self._data += data
        parts: list[bytes] = []
        while (taken := self._next()) is not None:
            if taken:
                parts.append(taken)
        return parts

    def finish(self) -> bytes:
        """Return the part that the end of the body completes, if there is one."""
        if self._in_part:
            return self._cut(len(self._data))
        self._drop(len(self._data))
        return b""

    def _whole(self, data: bytes | memoryview) -> bytes:
        """
        Return the one part that *data* completes, or nothing.

        This is the fast path for most cameras, which send one piece for each picture:
        each line runs with cold caches 30 times a second.
        """
        head = self._data + data[:USUAL_HEADER_BYTES] if self._data else data
        found = WHOLE_HEADERS_PATTERN.match(head, 0, USUAL_HEADER_BYTES)
        if not found or not found[1].startswith(self._delimiter):
            return b""
        start = found.end() - len(self._data)
        length = int(found[2])
        end = start + length
        behind = len(data) - end    # at most the next boundary, not another part
        if start < 0 or not 0 <= behind <= len(self._delimiter) + 4:
            return b""
        jpeg_end = end_before(data, end)
        if not jpeg_end:
            return b""
        self._data[:] = data[end:] if behind > 2 else b""     # or a line end
        self._sightings, self._usual = 2, 2 * length
        return bytes(data[start:jpeg_end])

    def _next(self) -> bytes | None:
        """Return the next part, empty if there is none in it, or None without data."""
        if not self._in_part and not self._begin():
            return None
        if len(self._data) < self._length <= self._usual:
            return None
        if 0 < self._length <= len(self._data) and (
                end := end_before(self._data, self._length)):
            self._usual = 2 * self._length
            return self._cut(end)
        delimiter = self._find_delimiter()
        end = self._scanner.find_end(
            self._data, None if delimiter is None else delimiter)
        if end:
            is_right = 0 <= self._length - end <= MAX_PADDING_BYTES
            self._usual = 2 * self._length if is_right else 0
            return self._cut(end)
        return self._cut_broken(delimiter)

    def _cut_broken(self, delimiter: int | None) -> bytes | None:
        """Return the part that ends at *delimiter* or where no JPEG can go on."""
        scanner, data = self._scanner, self._data
        if delimiter is not None:
            return self._cut(delimiter).removesuffix(b"\n").removesuffix(b"\r")
        if len(data) > MAX_PICTURE_BYTES:
            self._in_part = False
            self._drop(len(data) - len(self._delimiter))
            return b""
        if scanner.is_broken and scanner.start < 0 and still_size(data) is None:
            return self._cut(len(data))
        if scanner.is_broken and scanner.start >= 0 and (
                self._sightings < 2 or data.startswith(START_MARKER, scanner.at)):
            following = scanner.find_next(data)
            return self._cut(following) if following else None
        if self._sightings < 2 and scanner.at >= len(data) and (
                found := NEXT_PATTERN.search(data)):
            return self._cut(found.start())     # a damaged segment seems to go on
        return None

    def _cut(self, end: int) -> bytes:
        """Return the part that ends at *end*, and look for the next one behind it."""
        start = max(0, min(self._scanner.start, end))
        part = bytes(memoryview(self._data)[start:end])
        self._delete(end)
        self._in_part, self._is_gap = False, True
        return part if part.strip(BLANK_BYTES) else b""

    def _begin(self) -> bool:
        """Move on to the start of the next part; return whether it was found."""
        if not self._data or (self._is_gap and not self._read_line()):
            return False
        delimiter = self._find_delimiter()
        picture = self._find_picture(delimiter)
        if picture >= 0:
            self._begin_part(picture, 0)
            return True
        if delimiter is None:
            self._drop(self._searched - 3)
            return False
        return self._read_headers(delimiter)

    def _find_picture(self, delimiter: int | None) -> int:
        """Return where a JPEG without headers begins before *delimiter*, or -1."""
        if self._junk_bytes > MAX_JUNK_BYTES:
            self._sightings = 0
        if self._sightings >= 2:
            blank = BLANK_PATTERN.match(self._data)     # other bytes are padding, and
            assert blank                                # often the rest of an old one
            start = blank.end()
            return start if self._data.startswith(START_MARKER, start) else -1
        return self._data.find(START_MARKER, 0, delimiter)

    def _begin_part(self, start: int, length: int) -> None:
        self._delete(start)
        self.junk, self._junk_bytes = b"", 0
        self._in_part, self._length = True, length
        self._scanner = JpegScanner()

    def _drop(self, count: int) -> None:
        """Forget the first *count* bytes, which are in no part."""
        if count <= 0:
            return
        dropped = bytes(self._data[:min(count, MAX_LINE_BYTES)]).lstrip(BLANK_BYTES)
        self.junk = self.junk or dropped[:KEPT_JUNK_BYTES]
        self._junk_bytes += count
        self._delete(count)

    def _delete(self, count: int) -> None:
        del self._data[:count]
        self._searched = max(0, self._searched - count)

    def _read_headers(self, delimiter: int) -> bool:
        """Read the headers behind *delimiter*, if they are all there."""
        start = self._data.index(b"\n", delimiter) + 1
        found = HEADERS_PATTERN.match(self._data, start, start + MAX_HEADER_BYTES)
        assert found
        if len(self._data) < start + MAX_HEADER_BYTES and (
                self._is_unfinished(found.end())):
            self._drop(delimiter)
            self.junk = b""
            return False
        length = LENGTH_PATTERN.search(self._data, start, found.end())
        self._sightings += 1
        self._begin_part(found.end(), int(length[1]) if length else 0)
        return True

    def _is_unfinished(self, at: int) -> bool:
        """Return whether the headers may go on with the data at *at*, and more."""
        return len(self._data) - at < MAX_HEADER_BYTES and bool(
            UNFINISHED_PATTERN.fullmatch(self._data, at))

    def _find_delimiter(self) -> int | None:
        """Return where the next delimiter begins, or None."""
        while True:
            at = self._data.find(self._delimiter, self._searched)
            if at < 0:
                self._searched = max(self._searched,
                                     len(self._data) - len(self._delimiter) + 1)
                return None
            self._searched = at
            line = LINE_PATTERN.match(
                self._data, at + len(self._delimiter), at + MAX_LINE_BYTES)
            assert line
            is_delimiter = self._is_delimiter(at, line)
            if is_delimiter is None:
                return None
            if is_delimiter:
                return at
            self._searched = line.end()

    def _is_delimiter(self, at: int, line: re.Match[bytes]) -> bool | None:
        """
        Return whether the delimiter at *at* is one, and not like it by chance.

        *line* is the rest of its line. Returns None if that takes more data.
        """
        data = self._data
        if not line[1]:
            rest = bytes(data[line.end():line.end() + 2])
            return None if rest in (b"", b"\r") else False
        behind = data[line.end():line.end() + len(START_MARKER)]
        if behind == START_MARKER or end_before(data, at):
            return True
        if (at == 0 or data[at - 1] in BLANK_BYTES + b"-") and (
                data.find(START_MARKER, 0, min(at, MAX_LEAD_BYTES)) < 0):
            return True     # a JPEG may have it in a comment
        if START_MARKER.startswith(behind) or self._is_unfinished(line.end()):
            return None
        return HEADER_PATTERN.match(data, line.end()) is not None

    def _read_line(self) -> bool:
        """
        Take the delimiter from the line between two parts, if it is another one.

        Returns whether that line is there.
        """
        found = LINE_BEFORE_PATTERN.match(self._data, 0, MAX_LINE_BYTES)
        if found is None and len(self._data) < MAX_LINE_BYTES and self._data.isascii():
            return False
        self._is_gap, is_first, self._is_first = False, self._is_first, False
        if found is None:
            return True
        line, core = found[1][:MAX_DELIMITER_BYTES], self._declared[2:]
        if core and self._declared in line:
            line = self._declared
        elif not (found[2] and not HEADER_PATTERN.match(line)) and not (
                is_first and (line.startswith(b"--") or line == core)):
            return True
        if line != self._delimiter:
            self._delimiter, self._sightings, self._searched = line, 0, 0
        return True


def end_before(data: bytes | bytearray | memoryview, end: int) -> int:
    """Return where a JPEG ends in *data* with nothing but padding up to *end*, or 0."""
    start = max(0, end - MAX_PADDING_BYTES)
    last = bytes(data[start:end]).rstrip(BLANK_BYTES)
    return start + len(last) if last.endswith(END_MARKER) else 0
