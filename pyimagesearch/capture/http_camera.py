"""IP cameras over HTTP: MJPEG streams, single JPEGs, and what FFmpeg reads."""

import http.client
import os
import socket
import struct
import threading
import urllib.error
import urllib.request
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

from pyimagesearch.clock import Clock
from pyimagesearch.errors import BadPicture, CameraLost
from pyimagesearch.frames import Picture
from pyimagesearch.jpeg import JpegDecoder

from .jpegpicture import JpegPicture
from .multipart import MAX_PART_BYTES, MultipartParser
from .pace import Pace
from .source import Source
from .url import CameraUrl, redact_url

TIMEOUT_SECONDS = 2.5       # for a response, and between any two pieces of it
READ_BYTES = 256 * 1024     # at once
POLLS_PER_SECOND = 5.0      # of single JPEGs, without --fps
STATUS_MEANINGS = {401: "refuses this user or password",
                   403: "forbids this; does this user have the right?",
                   404: "has nothing at this path",
                   503: "is busy; most cameras serve only a few viewers"}


def open_http(url: CameraUrl, fps: float | None, closing: threading.Event,
              clock: Clock) -> Source:
    """
    Open *url* as what it serves: an MJPEG stream, a single JPEG, or other video.

    Raises :exc:`CameraLost` with the reason and, where there is one, the remedy.
    """
    response = request(url)
    kind = response.headers.get_content_type()
    if kind.startswith("multipart/"):
        return MjpegSource(url, response, closing)
    if kind == "image/jpeg":
        return StillSource(url, response, fps or POLLS_PER_SECOND, closing, clock)
    response.close()
    if kind in ("text/html", "application/json", "text/plain"):
        raise CameraLost(f"{url} gives {kind} and no video; is the path right?")
    from .rtsp import open_rtsp  # PyAV takes 16 MB and 50 ms
    return open_rtsp(url, clock)


class MjpegSource:
    """Read an endless ``multipart/x-mixed-replace`` *response*."""

    read_timeout = 2.5

    def __init__(self, url: CameraUrl, response: Any, closing: threading.Event) -> None:
        self.granted = "MJPEG over HTTP"
        self._url = url
        self._response = response
        self._closing = closing
        self._parser = MultipartParser(boundary_of(response.headers))
        self._parts: list[bytes] = []
        self._decoder = JpegDecoder()
        self._view = memoryview(bytearray(READ_BYTES))
        self._connection: socket.socket | None = None

    def read(self) -> Picture:
        while not self._closing.is_set():
            while self._parts:
                try:
                    return JpegPicture(self._parts.pop(0), self._decoder)
                except BadPicture:      # one garbled part does not end the stream
                    continue
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
                count = self._connection.recv_into(self._view)
                piece: bytes | memoryview = self._view[:count]
            else:
                piece = self._response.read1(READ_BYTES)
                self._connection = plain_socket(self._response)
        except (TimeoutError, BlockingIOError):
            raise CameraLost(f"{self._url} sent nothing for "
                             f"{TIMEOUT_SECONDS:g} seconds") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise CameraLost(f"{self._url} failed: {explain(error)}") from None
        if not piece:
            raise CameraLost(f"{self._url} ended the stream")
        return piece


class StillSource:
    """Request a single JPEG *fps* times a second."""

    read_timeout = 5.0

    def __init__(self, url: CameraUrl, response: Any, fps: float,
                 closing: threading.Event, clock: Clock) -> None:
        self.granted = f"single JPEGs over HTTP, {fps:g} a second"
        self._url = url
        self._response: Any = response
        self._decoder = JpegDecoder()
        self._pace = Pace(fps, closing, clock)

    def read(self) -> Picture:
        self._pace.tick()
        response, self._response = self._response or request(self._url), None
        with response:
            try:
                return JpegPicture(response.read(MAX_PART_BYTES), self._decoder)
            except BadPicture as error:
                raise CameraLost(f"{self._url} gave {error}") from None
            except (OSError, http.client.HTTPException) as error:
                raise CameraLost(f"{self._url} failed: {explain(error)}") from None

    def close(self) -> None:
        if self._response is not None:
            self._response.close()


class CloseRefused(urllib.request.BaseHandler):
    """Close a refused first response; urllib leaves it to the garbage collector."""

    handler_order = 100     # before the handlers that log in

    def http_error_401(self, request: Any, response: Any, *_: Any) -> None:
        """Close *response*; the next handlers log in."""
        response.close()


class SameHost(urllib.request.HTTPRedirectHandler):
    """Follow redirects to the same host only: no other may get the login."""

    def redirect_request(self, request: Any, response: Any, code: int, message: str,
                         headers: Any, newurl: str) -> Any:
        """Return the next request; raises :exc:`CameraLost` for another host."""
        if urlsplit(newurl).hostname != urlsplit(request.full_url).hostname:
            response.close()
            raise CameraLost(f"{redact_url(request.full_url)} redirects to another "
                             f"host, {redact_url(newurl)}; use that as the source "
                             "if it is right")
        return super().redirect_request(
            request, response, code, message, headers, newurl)


class DigestLogin(urllib.request.HTTPDigestAuthHandler):
    """Digest login for cameras that write ``md5`` in lower case, as Motion does."""

    def get_algorithm_impls(self, algorithm: str) -> Any:
        """Return the hash functions for *algorithm*; urllib knows upper case only."""
        return super().get_algorithm_impls(algorithm.upper())


def request(url: CameraUrl) -> Any:
    """
    Return the response to ``GET url``, logged in by basic or digest if required.

    Raises :exc:`CameraLost` with the reason, which never holds the password.
    """
    logins = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    if url.user:
        logins.add_password(None, url.bare, url.user, url.password)
    opener = urllib.request.build_opener(
        CloseRefused(), SameHost(), urllib.request.HTTPBasicAuthHandler(logins),
        DigestLogin(logins))
    try:
        return opener.open(url.bare, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        error.close()
        meaning = STATUS_MEANINGS.get(
            error.code, f"responded with the error {error.code}")
        raise CameraLost(f"{url} {meaning}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        raise CameraLost(f"{url}: {explain(cause)}") from None


def plain_socket(response: Any) -> socket.socket | None:
    """
    Return the socket of *response*, once the bytes received with its headers are read.

    The layers of http.client, and a poll() before each read, take a tenth of the whole
    time. TLS and chunks need them: then return ``None``.
    """
    if response.chunked or response.url.startswith("https:"):
        return None
    connection = socket.socket(fileno=os.dup(response.fileno()))
    connection.settimeout(None)
    seconds = struct.pack("ll", int(TIMEOUT_SECONDS), int(TIMEOUT_SECONDS % 1 * 1e6))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, seconds)
    return connection


def explain(error: object) -> str:
    """Return what the *error* of a connection means."""
    if isinstance(error, socket.gaierror):
        return "there is no host of that name"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused; is the camera on, and the port right?"
    if isinstance(error, TimeoutError):
        return (f"no response within {TIMEOUT_SECONDS:g} seconds; "
                "is the camera in this network?")
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return f"the response is not valid HTTP ({type(error).__name__})"


def boundary_of(headers: Message) -> str:
    """Return the boundary in *headers*, or the one that most cameras use."""
    found = headers.get_param("boundary")
    return found if isinstance(found, str) and found.strip('-" ') else "--"
