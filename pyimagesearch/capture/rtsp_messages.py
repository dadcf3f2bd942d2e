"""The messages of RTSP (RFC 2326), cut out of a stream of bytes, within bounds."""

import re
from email.message import Message
from typing import NamedTuple

from .http_response import read_headers

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 256 * 1024     # of a description
FRAME_MARK, FRAME_HEAD_BYTES = ord("$"), 4
# Where a message may begin, behind bytes that are none: those are skipped
START_PATTERN = re.compile(rb"\$[\0-\x0f]|RTSP/\d|[A-Z_]{3,16} [^\s]{1,1024} RTSP/")
MAX_START_BYTES = 1064          # of what START_PATTERN matches
HEAD_END_PATTERN = re.compile(rb"\r?\n\r?\n")
HEAD_END_BYTES = 4
REPLY_PATTERN = re.compile(rb"RTSP/\d(?:\.\d)?[ \t]+(\d{3})(?!\d)")
REQUEST_PATTERN = re.compile(rb"([A-Z_]+) (\S+) RTSP/")
LENGTH_PATTERN = re.compile(r"(\d{1,9})(?!\d)")


class BadMessage(Exception):
    """What the other side sends is no RTSP, or exceeds a bound; the text says how."""


class Frame(NamedTuple):
    """A packet of RTP or RTCP between the messages."""

    channel: int
    data: bytes


class Reply(NamedTuple):
    """An answer to a request."""

    status: int
    headers: Message
    body: bytes = b""


class Request(NamedTuple):
    """A request, whose body is left out."""

    method: str
    target: str
    headers: Message


AnyMessage = Frame | Reply | Request


def framed(channel: int, data: bytes) -> bytes:
    """Return *data*, up to 65535 bytes, as they are sent in *channel*."""
    return b"$" + bytes([channel]) + len(data).to_bytes(2, "big") + data


class MessageParser:
    """Cut the bytes of one side into messages."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._searched = 0      # bytes of the first message, for the end of its head

    def feed(self, data: bytes) -> list[AnyMessage]:
        """Return the messages that *data* completes; raises :exc:`BadMessage`."""
        self._data += data
        found: list[AnyMessage] = []
        at = 0
        while at < len(self._data):
            begin, (message, end) = at, self._first(at)
            if message is not None:
                found.append(message)
            at = end
            if at == begin:
                break
        del self._data[:at]
        return found

    def _first(self, at: int) -> tuple[AnyMessage | None, int]:
        """Return the message *at* a place, if it is complete, and where it ends."""
        data = self._data
        if data[at] != FRAME_MARK:
            return self._first_text(at)
        if len(data) < at + FRAME_HEAD_BYTES:
            return None, at
        begin = at + FRAME_HEAD_BYTES
        end = begin + (data[at + 2] << 8 | data[at + 3])
        if len(data) < end:
            return None, at
        return Frame(data[at + 1], bytes(data[begin:end])), end

    def _first_text(self, at: int) -> tuple[AnyMessage | None, int]:
        """Return the reply or request *at* a place or later, and where it ends."""
        data = self._data
        start = START_PATTERN.search(data, at)
        if start is None:
            return None, max(at, len(data) - MAX_START_BYTES)
        if start.start() > at:
            return None, start.start()
        head_end = HEAD_END_PATTERN.search(
            data, at + max(0, self._searched - HEAD_END_BYTES))
        if (head_end.start() if head_end else len(data)) - at > MAX_HEAD_BYTES:
            raise BadMessage(f"sends a head of more than {MAX_HEAD_BYTES // 1024} kB")
        if head_end is None:
            self._searched = len(data) - at
            return None, at
        return self._with_body(at, head_end)

    def _with_body(self, at: int, head_end: re.Match[bytes]
                   ) -> tuple[AnyMessage | None, int]:
        data = self._data
        first, *lines = bytes(data[at:head_end.start()]).splitlines()
        headers = Message()
        read_headers(iter(lines), headers)
        begin = head_end.end()
        end = begin + body_length(headers)
        if len(data) < end:
            return None, at
        self._searched = 0
        if reply := REPLY_PATTERN.match(first):
            return Reply(int(reply[1]), headers, bytes(data[begin:end])), end
        if request := REQUEST_PATTERN.match(first):
            method, target = (part.decode("latin-1") for part in request.groups())
            return Request(method, target, headers), end
        raise BadMessage("sends no valid RTSP")


def body_length(headers: Message) -> int:
    """Return how many bytes follow the *headers*; raises :exc:`BadMessage`."""
    text = headers.get("Content-Length", "0")
    found = LENGTH_PATTERN.match(text)
    if not found or int(found[1]) > MAX_BODY_BYTES:
        raise BadMessage(f"sends a body of {text[:20]!r} bytes")
    return int(found[1])
