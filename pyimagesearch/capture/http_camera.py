"""IP cameras over HTTP: MJPEG streams, single pictures, and what FFmpeg reads."""

import re
import threading
from collections.abc import Callable, Iterator
from email.message import Message

from pyimagesearch.clock import Clock
from pyimagesearch.errors import BadPicture, CameraLost
from pyimagesearch.frames import Picture
from pyimagesearch.jpeg import START_MARKER, JpegDecoder

from .http_body import HttpBody
from .http_client import TIMEOUT_SECONDS, HttpClient
from .http_snapshots import POLLS_PER_SECOND, SnapshotSource, read_still
from .limits import MAX_PICTURE_BYTES, Allowance
from .multipart import MultipartParser
from .picture import read_picture, still_size
from .source import CaptureRequest, Source
from .url import CameraUrl

KIND_BYTES = 64         # of a body that show what it is
JUNK_SECONDS = 1.0      # of bytes that are no picture, before they are reported
MULTIPART_PATTERN = re.compile(rb"\s*(?:--[!-~]|content-(?:type|length)[ \t]*:)",
                               re.IGNORECASE)
# HLS, DASH, SDP and FFmpeg's own list of files
PLAYLIST_PATTERN = re.compile(rb"\s*(?:#EXT|(?s:<\?xml.*)?<MPD|v=0|ffconcat)")
BOUNDARY_PATTERN = re.compile(r'(?i)[;\s]boundary\s*=\s*(?:"([^"]*)"|([^\s;,]*))')
JPEG_KINDS = ("image/jpeg", "image/jpg", "image/pjpeg")
VAGUE_KINDS = ("", "application/octet-stream", "application/json")


def open_http(client: HttpClient, wanted: CaptureRequest, closing: threading.Event,
              clock: Clock) -> Source:
    """
    Open a camera as what it serves: an MJPEG stream, a single picture, or other video.

    The first bytes decide, as many cameras declare a wrong type, or none. Raises
    :exc:`CameraLost` with the reason and, where there is one, the remedy.
    """
    body = HttpBody(client.url, client.get(closing), closing, clock)
    try:
        return open_response(client, body, wanted, closing, clock)
    except BadPicture as error:
        body.close()
        raise CameraLost(f"{client.url} sends {error}") from None
    except CameraLost:
        body.close()
        raise


def open_response(client: HttpClient, body: HttpBody, wanted: CaptureRequest,
              closing: threading.Event, clock: Clock) -> Source:
    """Open what *body* holds; raises :exc:`CameraLost` and :exc:`BadPicture`."""
    url, headers, allowance = client.url, body.response.headers, wanted.allowance
    kind = kind_of(headers)
    if kind.startswith("multipart/"):
        return MjpegSource(url, body, b"", allowance, closing, clock)
    body.limit(client.longest_response if kind.startswith("image/") else None)
    first = read_first(body)
    if MULTIPART_PATTERN.match(first) or boundary_in(headers):
        return MjpegSource(url, body, first, allowance, closing, clock)
    fps, is_jpeg = wanted.fps or POLLS_PER_SECOND, START_MARKER in first[:KIND_BYTES]
    if is_jpeg and not gives_length(headers):
        return UnframedSource(
            MjpegSource(url, body, first, allowance, closing, clock,
                        waits=not kind.startswith("image/")),
            lambda: SnapshotSource(client, b"", fps, allowance, closing, clock))
    if is_jpeg or still_size(first) or (kind in JPEG_KINDS and first):
        with body:
            body.limit(client.longest_response)
            still = read_still(body, allowance, first)
        return SnapshotSource(client, still, fps, allowance, closing, clock)
    refuse_text(url, kind, first)
    from .http_video import open_video  # PyAV takes 16 MB and 50 ms
    body.limit(None)
    return open_video(url, body.response, first, wanted, closing, clock)


def refuse_text(url: CameraUrl, kind: str, first: bytes) -> None:
    """Raise :exc:`CameraLost` for a page, an error text, or nothing at all."""
    if not first:
        raise CameraLost(f"{url} gives an empty response; is the path right?")
    if PLAYLIST_PATTERN.match(first):
        raise CameraLost(
            f"{url} gives a playlist, which may lead anywhere and is not followed; use "
            "the URL of the video in it, such as one that ends in .ts or .mp4, or the "
            "camera's rtsp:// URL")
    is_text = b"\0" not in first
    if is_text and (kind.startswith("text/") or kind in VAGUE_KINDS):
        raise CameraLost(
            f"{url} gives {kind or 'text'} and no video; is the path right?")


def kind_of(headers: Message) -> str:
    """Return the content type in *headers*; empty without one."""
    return headers.get_content_type() if "Content-Type" in headers else ""


def read_first(body: HttpBody) -> bytes:
    """Return the first bytes of *body*: enough to identify it, or all."""
    first = b""
    while len(first) < KIND_BYTES and not MULTIPART_PATTERN.match(first):
        piece = body.read()
        if not piece:
            break
        first += piece
    return first


def gives_length(headers: Message) -> bool:
    """Return whether *headers* announce a body as short as a single picture."""
    length = headers.get("Content-Length", "")
    return (length.isdecimal() and len(length) < 12
            and int(length) <= MAX_PICTURE_BYTES)


class UnframedSource:
    """
    Read JPEGs in a row, without multipart.

    If the *stream* ends after the first, that was a single picture without a length:
    then *poll* opens the source that requests it again and again.
    """

    def __init__(self, stream: Source, poll: Callable[[], Source]) -> None:
        self.granted, self.read_timeout = stream.granted, stream.read_timeout
        self._source = stream
        self._poll = poll
        self._pictures = 0

    def read(self) -> Picture:
        try:
            picture = self._source.read()
        except CameraLost:
            if self._pictures != 1:
                raise
            self._source.close()
            self._source = self._poll()
            self.granted = self._source.granted
            self.read_timeout = self._source.read_timeout
            picture = self._source.read()
        self._pictures += 1
        return picture

    def close(self) -> None:
        self._source.close()


class MjpegSource:
    """
    Read an endless *body* of many JPEGs, of which *first* was read before.

    They take memory of the *allowance*. Unless it *waits*, 2.5 seconds without a byte
    are its end.
    """

    read_timeout = 2.5

    def __init__(self, url: CameraUrl, body: HttpBody, first: bytes,
                 allowance: Allowance, closing: threading.Event, clock: Clock, *,
                 waits: bool = True) -> None:
        self.granted = "MJPEG over HTTP"
        self._url = url
        self._body = body
        body.expect_no_end(None if waits else TIMEOUT_SECONDS)
        self._allowance = allowance
        self._closing = closing
        self._parser = MultipartParser(boundary_of(body.response.headers))
        self._parts: Iterator[bytes] = iter(self._parser.feed(first))
        self._decoder = JpegDecoder()
        self._clock = clock
        self._read_at = clock.monotonic()   # the last part
        self._trouble = ""      # why the last part was no picture

    def read(self) -> Picture:
        try:
            picture = read_picture(self._next_part(), self._decoder, self._allowance)
        except BadPicture as error:
            self._trouble = str(error)
            raise
        self._trouble = ""
        self._body.on_picture()
        return picture

    def close(self) -> None:
        self._body.close()
        self._allowance.receive(0)

    def _next_part(self) -> bytes:
        """Wait for the next part; raises :exc:`BadPicture` for bytes in no part."""
        while not self._closing.is_set():
            if part := next(self._parts, b""):
                self._read_at = self._clock.monotonic()
                return part
            self._parts = iter(self._feed(self._body.read(self._parser.missing)))
        raise CameraLost("closing")

    def _feed(self, piece: bytes | memoryview) -> list[bytes]:
        """Return the parts that *piece* completes; an empty one ends the stream."""
        parser = self._parser
        parts = parser.feed(piece) if piece else list(filter(None, [parser.finish()]))
        self._claim(parser.held)
        if parts:
            return parts
        if parser.junk and not self._trouble:
            first = parser.junk.hex(" ")
            self._trouble = f"bytes that are not JPEG, first bytes {first}"
        if not piece:
            after = f" after {self._trouble}" if self._trouble else ""
            raise CameraLost(f"{self._url} ended the stream{after}")
        if parser.junk and self._clock.monotonic() - self._read_at > JUNK_SECONDS:
            self._read_at = self._clock.monotonic()
            raise BadPicture(self._trouble)
        return []

    def _claim(self, size: int) -> None:
        """Claim *size* bytes for the next part; a camera that may not is lost."""
        try:
            self._allowance.receive(size)
        except BadPicture as error:
            raise CameraLost(f"{self._url} sends {error}") from None


def boundary_in(headers: Message) -> str:
    """Return the boundary in *headers*; empty without one."""
    found = BOUNDARY_PATTERN.search(headers.get("Content-Type", ""))
    return found[1] or found[2] if found else ""


def boundary_of(headers: Message) -> str:
    """Return the boundary in *headers*, or the one that most cameras use."""
    found = boundary_in(headers)
    return found if found.strip('-" ') else "--"
