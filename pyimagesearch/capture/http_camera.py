"""IP cameras over HTTP: MJPEG streams, single JPEGs, and what FFmpeg reads."""

import http.client
import socket
import threading
from email.message import Message
from typing import Any

from pyimagesearch.clock import Clock
from pyimagesearch.errors import CameraLost
from pyimagesearch.frames import Picture
from pyimagesearch.jpeg import JpegDecoder

from .http_client import TIMEOUT_SECONDS, HttpClient, explain, plain_socket
from .http_snapshots import POLLS_PER_SECOND, SnapshotSource, read_still
from .multipart import READ_BYTES, MultipartParser
from .picture import read_picture
from .source import CaptureRequest, Source
from .url import CameraUrl


def open_http(client: HttpClient, wanted: CaptureRequest, closing: threading.Event,
              clock: Clock) -> Source:
    """
    Open a camera as what it serves: an MJPEG stream, a single JPEG, or other video.

    Raises :exc:`CameraLost` with the reason and, where there is one, the remedy.
    """
    url, response = client.url, client.get()
    kind = response.headers.get_content_type()
    if kind.startswith("multipart/"):
        return MjpegSource(url, response, closing)
    if kind == "image/jpeg":
        fps = wanted.fps or POLLS_PER_SECOND
        with response:
            first = read_still(response)
        return SnapshotSource(client, first, fps, closing, clock)
    response.close()
    if kind in ("text/html", "application/json", "text/plain"):
        raise CameraLost(f"{url} gives {kind} and no video; is the path right?")
    from .rtsp import open_rtsp  # PyAV takes 16 MB and 50 ms
    return open_rtsp(url, wanted, closing, clock)


class MjpegSource:
    """Read an endless ``multipart/x-mixed-replace`` *response*."""

    read_timeout = 2.5

    def __init__(self, url: CameraUrl, response: Any, closing: threading.Event) -> None:
        self.granted = "MJPEG over HTTP"
        self._url = url
        self._response = response
        response.wait_until(closing, TIMEOUT_SECONDS)
        self._closing = closing
        self._parser = MultipartParser(boundary_of(response.headers))
        self._parts: list[bytes] = []
        self._decoder = JpegDecoder()
        self._view = memoryview(bytearray(READ_BYTES))
        self._connection: socket.socket | None = None

    def read(self) -> Picture:
        while not self._closing.is_set():
            while self._parts:
                return read_picture(self._parts.pop(0), self._decoder)
            self._parts = self._parser.feed(self._piece())
        raise CameraLost("closing")

    def close(self) -> None:
        self._response.close()
        if self._connection is not None:
            self._connection.close()

    def _piece(self) -> bytes | memoryview:
        """Wait for the next bytes of the body and return them."""
        try:
            if self._connection is not None:
                piece: bytes | memoryview = self._view[:
                    self._receive(self._connection)]
            else:
                piece = self._response.read1(READ_BYTES)
                self._connection = plain_socket(self._response)
        except TimeoutError:
            raise CameraLost(f"{self._url} sent nothing for "
                             f"{TIMEOUT_SECONDS:g} seconds") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise CameraLost(f"{self._url} failed: {explain(error)}") from None
        if not piece:
            raise CameraLost(f"{self._url} ended the stream")
        return piece

    def _receive(self, connection: socket.socket) -> int:
        """Wait for bytes, however long, until closing; return how many came."""
        while True:
            try:
                return connection.recv_into(self._view)
            except BlockingIOError:     # nothing came within TIMEOUT_SECONDS
                if self._closing.is_set():
                    raise CameraLost("closing") from None


def boundary_of(headers: Message) -> str:
    """Return the boundary in *headers*, or the one that most cameras use."""
    found = headers.get_param("boundary")
    return found if isinstance(found, str) and found.strip('-" ') else "--"
