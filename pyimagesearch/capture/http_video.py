"""Video over HTTP that FFmpeg decodes, from the response that is already open."""

import http.client
import re
import threading
from email.message import Message
from typing import Any

from pyimagesearch.clock import Clock
from pyimagesearch.errors import CameraLost

from .ffmpeg import MAX_UNFRAMED_BYTES, UNFRAMED, open_body
from .ffmpeg_source import FfmpegSource, open_source
from .http_client import explain
from .limits import MAX_BYTES_PER_SECOND
from .nal_units import START_CODE, UNIT_BYTES
from .pace import Pace
from .source import CaptureRequest
from .url import CameraUrl

DEFAULT_FPS = 25.0          # of frames without time stamps
LENGTH_PATTERN = re.compile(r"0*[1-9]\d{0,11}")     # up to 1 TB; more means no end


class VideoBody:
    """
    The body of a *response* as a file for PyAV; it begins with the bytes *first*.

    It ends early if FFmpeg makes no packet of MAX_UNFRAMED_BYTES, whatever the
    container: so neither a frame nor an index can fill the memory.
    """

    def __init__(self, response: Any, first: bytes, closing: threading.Event,
                 clock: Clock) -> None:
        self.trouble = ""
        self._response = response
        self._pace = Pace(MAX_BYTES_PER_SECOND, closing, clock)
        self._first = first
        self._unframed = 0      # bytes since the last packet
        # The numbers in the tables of MP4 look like start codes, of which it has none
        self._unit_bytes = 0 if first[4:8] == b"ftyp" else UNIT_BYTES

    def read(self, size: int) -> bytes:
        """Return up to *size* bytes as soon as there are some; none at the end."""
        if self.trouble:
            return b""
        data, self._first = self._first[:size], self._first[size:]
        try:
            data = data or self._response.read1(size)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.trouble = f"failed: {explain(error)}"
        self._pace.tick(len(data) / MAX_BYTES_PER_SECOND)
        self._unframed += len(data) + self._unit_bytes * data.count(START_CODE)
        if self._unframed > MAX_UNFRAMED_BYTES:
            self.trouble = UNFRAMED
            return b""
        return data

    def on_packet(self) -> None:
        self._unframed = 0

    def close(self) -> None:
        self._response.close()


def open_video(url: CameraUrl, response: Any, first: bytes, wanted: CaptureRequest,
               closing: threading.Event, clock: Clock) -> FfmpegSource:
    """
    Open the video in *response*, of which *first* was read, and close it at the end.

    A body with an announced end is a file, whose frames are shown at their own times.
    Raises :exc:`CameraLost` with the reason.
    """
    if has_late_index(first):
        raise CameraLost(
            f"{url} is an MP4 file whose index is at its end; move it to the front "
            "with ffmpeg -i FILE -c copy -movflags +faststart, or download the file "
            "and use its path as the source")
    pace = Pace(DEFAULT_FPS, closing, clock) if is_file(response.headers) else None
    body = VideoBody(response, first, closing, clock)
    return open_source(url, lambda: open_body(body), body, wanted, closing, clock,
                       pace=pace)


def is_file(headers: Message) -> bool:
    """Return whether *headers* announce where the body ends."""
    return bool(LENGTH_PATTERN.fullmatch(headers.get("Content-Length", "").strip()))


def has_late_index(first: bytes) -> bool:
    """Return whether MP4, whose *first* bytes these are, has its frames before it."""
    at = 0
    while first[4:8] == b"ftyp" and first[at + 4:at + 8] not in (b"moov", b"mdat", b""):
        at += max(8, int.from_bytes(first[at:at + 4], "big"))
    return first[4:8] == b"ftyp" and first[at + 4:at + 8] == b"mdat"
