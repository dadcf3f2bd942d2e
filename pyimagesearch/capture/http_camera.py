"""IP cameras over HTTP: MJPEG streams, single JPEGs, and whatever FFmpeg knows."""

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

TIMEOUT = 2.5       # seconds for an answer, and between any two pieces of it
PIECE = 256 * 1024  # bytes read at once
POLLS = 5.0         # single JPEGs a second, unless told otherwise


def open_http(url: CameraUrl, fps: float | None, closing: threading.Event,
              clock: Clock) -> Source:
    """
    Open *url* and look at what it gives: a stream, a still, or something else.

    Raises :exc:`CameraLost` with the reason and, where there is one, the remedy.
    """
    answer = request(url)
    kind = answer.headers.get_content_type()
    if kind.startswith("multipart/"):
        return MjpegSource(url, answer, closing)
    if kind == "image/jpeg":
        return StillSource(url, answer, fps or POLLS, closing, clock)
    answer.close()
    if kind in ("text/html", "application/json", "text/plain"):
        raise CameraLost(f"{url.shown} gives {kind} and no video; is the path right?")
    from .rtsp import open_rtsp  # PyAV takes 16 MB and 50 ms
    return open_rtsp(url, clock)


class MjpegSource:
    """Read an endless ``multipart/x-mixed-replace`` *answer*."""

    read_timeout = 2.5

    def __init__(self, url: CameraUrl, answer: Any, closing: threading.Event) -> None:
        self.granted = "MJPEG over HTTP"
        self._url = url
        self._answer = answer
        self._closing = closing
        self._parser = MultipartParser(boundary_of(answer.headers))
        self._parts: list[bytes] = []
        self._decoder = JpegDecoder()
        self._view = memoryview(bytearray(PIECE))
        self._connection: socket.socket | None = None

    def read(self) -> Picture:
        while not self._closing.is_set():
            while self._parts:
                try:
                    return JpegPicture(self._parts.pop(0), self._decoder)
                except BadPicture:      # one garbled part is no reason to hang up
                    continue
            self._parts = self._parser.feed(self._piece())
        raise CameraLost("closing")

    def close(self) -> None:
        self._answer.close()
        if self._connection is not None:
            self._connection.close()

    def _piece(self) -> bytes | memoryview:
        """Return what has come, and wait if nothing has."""
        try:
            if self._connection is not None:
                count = self._connection.recv_into(self._view)
                piece: bytes | memoryview = self._view[:count]
            else:
                piece = self._answer.read1(PIECE)
                self._connection = plain_socket(self._answer)
        except (TimeoutError, BlockingIOError):
            raise CameraLost(
                f"{self._url.shown} sent nothing for {TIMEOUT:g} seconds") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise CameraLost(f"{self._url.shown} broke off: {plain(error)}") from None
        if not piece:
            raise CameraLost(f"{self._url.shown} ended the stream")
        return piece


class StillSource:
    """Ask for a single JPEG again and again, *fps* times a second."""

    read_timeout = 5.0

    def __init__(self, url: CameraUrl, answer: Any, fps: float,
                 closing: threading.Event, clock: Clock) -> None:
        self.granted = f"single JPEGs over HTTP, {fps:g} a second"
        self._url = url
        self._answer: Any = answer
        self._decoder = JpegDecoder()
        self._pace = Pace(fps, closing, clock)

    def read(self) -> Picture:
        self._pace.tick()
        answer, self._answer = self._answer or request(self._url), None
        with answer:
            try:
                return JpegPicture(answer.read(MAX_PART_BYTES), self._decoder)
            except BadPicture as error:
                raise CameraLost(f"{self._url.shown} gave {error}") from None
            except (OSError, http.client.HTTPException) as error:
                raise CameraLost(
                    f"{self._url.shown} broke off: {plain(error)}") from None

    def close(self) -> None:
        if self._answer is not None:
            self._answer.close()


class HangUp(urllib.request.BaseHandler):
    """Close a refused first answer, which urllib leaves to the garbage collector."""

    handler_order = 100     # before those who log in

    def http_error_401(self, request: Any, answer: Any, *rest: Any) -> None:
        """Close *answer*; others see to the rest."""
        answer.close()


class SameHost(urllib.request.HTTPRedirectHandler):
    """Follow a camera to another page of its own, and to nobody else's."""

    def redirect_request(self, request: Any, answer: Any, code: int, message: str,
                         headers: Any, newurl: str) -> Any:
        """Return the next request; raises :exc:`CameraLost` for another host."""
        if urlsplit(newurl).hostname != urlsplit(request.full_url).hostname:
            answer.close()
            raise CameraLost(f"{redact_url(request.full_url)} sends us to another "
                             f"host, {redact_url(newurl)}; use that as the source "
                             "if it is right")
        return super().redirect_request(
            request, answer, code, message, headers, newurl)


class DigestLogin(urllib.request.HTTPDigestAuthHandler):
    """Digest login for cameras that write ``md5`` in small letters, as Motion does."""

    def get_algorithm_impls(self, algorithm: str) -> Any:
        """Return the hash functions for *algorithm*; urllib knows only capitals."""
        return super().get_algorithm_impls(algorithm.upper())


def request(url: CameraUrl) -> Any:
    """
    Return the answer to ``GET url``, logged in by basic or digest as asked.

    Raises :exc:`CameraLost` with a sentence that holds no password.
    """
    logins = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    if url.user:
        logins.add_password(None, url.bare, url.user, url.password)
    opener = urllib.request.build_opener(
        HangUp(), SameHost(), urllib.request.HTTPBasicAuthHandler(logins),
        DigestLogin(logins))
    try:
        return opener.open(url.bare, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        raise CameraLost(f"{url.shown} {refusal(error.code)}") from None
    except urllib.error.URLError as error:
        raise CameraLost(f"{url.shown}: {plain(error.reason)}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CameraLost(f"{url.shown}: {plain(error)}") from None


def plain_socket(answer: Any) -> socket.socket | None:
    """
    Return the socket of *answer* itself, once what came with its headers is read.

    The layers of http.client, and a poll() before each read, take a tenth of the
    whole time. Through TLS or with chunks they are needed: then ``None``.
    """
    if answer.chunked or answer.url.startswith("https:"):
        return None
    connection = socket.socket(fileno=os.dup(answer.fileno()))
    connection.settimeout(None)
    seconds = struct.pack("ll", int(TIMEOUT), int(TIMEOUT % 1 * 1e6))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, seconds)
    return connection


def refusal(status: int) -> str:
    """Say what an HTTP error *status* of a camera means for its owner."""
    return {401: "wants another user or password",
            403: "refuses to show this to us; has this user the right?",
            404: "has nothing at this path",
            503: "is busy; most cameras serve only a few viewers"}.get(
                status, f"answered with the error {status}")


def plain(error: object) -> str:
    """Say what a failed connection means."""
    if isinstance(error, socket.gaierror):
        return "there is no host of that name"
    if isinstance(error, ConnectionRefusedError):
        return "nobody answers there; is the camera on, and the port right?"
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT:g} seconds; is the camera in this network?"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return f"not the HTTP that we understand ({type(error).__name__})"


def boundary_of(headers: Message) -> str:
    """Return the boundary that *headers* declare, or what most cameras use."""
    found = headers.get_param("boundary")
    return found if isinstance(found, str) and found.strip('-" ') else "--"
