"""Speak RTSP to a camera: describe, set up and play its video, logged in."""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from pyimagesearch import __version__
from pyimagesearch.errors import CameraLost, LoginRefused

from .cancellation import unwatch
from .certificates import connect_tls
from .host_connector import HostConnector
from .http_login import HttpLogin
from .rtsp_description import (
    ABSOLUTE_PATTERN,
    Description,
    control_url,
    parse_description,
)
from .rtsp_messages import AnyMessage, BadMessage, MessageParser, Reply, Request
from .rtsp_transport import Receiver, Transport, Unacceptable
from .source import CaptureRequest
from .url import CameraUrl, quote_url

TIMEOUT_SECONDS = 5.0       # to connect, and for a whole answer
RTSP_PORT = 554             # without one in the URL
RECEIVE_BYTES = 64 * 1024   # at once
MAX_UNANSWERED_BYTES = 4 * 1024 * 1024   # that may come before the reply to a request
REDIRECTS = (301, 302, 303, 305, 307)
UNAUTHORIZED = 401
PLAIN_CHARACTERS = "{}<>^`\\"      # of a URL, which cameras compare as they are
DEFAULT_SESSION_SECONDS, MIN_SESSION_SECONDS, MAX_SESSION_SECONDS = 60, 10, 600
SESSION_PATTERN = re.compile(
    r"\s*([!-:<-~][ -:<-~]{0,511})(?:;\s*timeout\s*=\s*(\d{1,6}))?", re.IGNORECASE)
POLLS = ("OPTIONS", "GET_PARAMETER")    # by which a camera sees whether we still listen
STATUS_MEANINGS = {
    400: "does not accept the request; is the path right?",
    401: "refuses this user or password", 403: "forbids this to this user",
    404: "has nothing at this path",
    461: "offers no transport that --rtsp-transport allows"}
REFUSED = ("refuses to play; perhaps it serves only a few viewers, or only another "
           "--rtsp-transport")
OWN_ERROR = "reports an internal error"


class Refused(CameraLost):
    """The camera refuses to play by this transport; another connection may help."""


class NotOffered(Refused):
    """The camera does not offer this transport (461); request another one."""


# any other one of a SETUP or PLAY may depend on the transport
REFUSALS: dict[int, type[CameraLost]] = {
    401: LoginRefused, 403: LoginRefused, 404: CameraLost, 461: NotOffered}


class Redirected(Exception):
    """The camera redirects to another URL, which is the text."""


class RtspDialog:
    """
    A connection to the camera at *place*, over which requests go one after another.

    *closing* ends all waits. Methods raise :exc:`CameraLost` with the reason, which
    never holds the password, :exc:`OSError` for a connection that fails, and
    :exc:`Redirected`. One thread at a time may call them.
    """

    def __init__(self, place: CameraUrl, wanted: CaptureRequest,
                 closing: threading.Event) -> None:
        self.description: Description | None = None
        self.keep_alive_seconds = DEFAULT_SESSION_SECONDS / 2
        self.early: list[AnyMessage] = []       # that came before they were expected
        self._place = place
        self._closing = closing
        self._login = HttpLogin(place)
        self._parser = MessageParser()
        self._sequence = 0
        self._session = ""
        self._target = self._aggregate = quote_url(
            place.bare, PLAIN_CHARACTERS)
        self._method = "OPTIONS"        # that keeps the session alive
        self._is_challenged = False     # since the last good reply
        self.socket = self._connect(wanted)

    def _connect(self, wanted: CaptureRequest) -> socket.socket:
        """Return a connection, over TLS for ``rtsps``."""
        parts = urlsplit(self._place.bare)
        if parts.scheme == "rtsps":
            return connect_tls(
                self._place, wanted.trust, TIMEOUT_SECONDS, self._closing)
        return HostConnector().connect(parts.hostname or "", parts.port or RTSP_PORT,
                                       TIMEOUT_SECONDS, self._closing)

    def close(self) -> None:
        """End the session, as far as the camera listens, and the connection."""
        with self.socket, contextlib.suppress(OSError):
            if self._session:
                self._send("TEARDOWN", self._aggregate)

    def describe(self) -> Description:
        """Return what the camera sends, which :attr:`description` is from then on."""
        options = self._request("OPTIONS", self._target)
        if options.status == UNAUTHORIZED:
            self._check(options)    # a wrong password is sent only once
        if "GET_PARAMETER" in options.headers.get("Public", ""):
            self._method = "GET_PARAMETER"
        reply = self._request("DESCRIBE", self._target, Accept="application/sdp")
        self._check(reply)
        found = parse_description(reply.body.decode("latin-1"))
        if found is None:
            raise CameraLost(f"{self._place} has no video")
        base = reply.headers.get("Content-Base", "").strip()
        if not ABSOLUTE_PATTERN.fullmatch(base):
            base = self._target
        self._aggregate = found.aggregate or base
        self.description = found
        return found

    def set_up(self, transport: Transport) -> Receiver:
        """Return how to receive the video by *transport*; raises :exc:`Refused`."""
        assert self.description is not None
        receiver = transport(self.socket, self.description)
        try:
            reply = self._request(
                "SETUP", control_url(self.description.control, self._aggregate),
                Transport=receiver.offer)
            self._check(reply, Refused)
            receiver.accept(reply.headers.get("Transport", ""))
            self._take_session(reply.headers.get("Session", ""))
            self._check(self._request("PLAY", self._aggregate, Range="npt=0.000-"),
                        Refused)
        except BaseException as error:
            receiver.close()
            if isinstance(error, Unacceptable):
                raise Refused(
                    f"{self._place} {STATUS_MEANINGS[461]}: {error}") from None
            raise
        unwatch(self._closing, self.socket)     # so that close() can end the session
        return receiver

    def keep_alive(self) -> None:
        """Send what keeps the session alive; the reply comes among the frames."""
        self._send(self._method, self._aggregate)

    def handle(self, message: AnyMessage) -> None:
        """Take a reply, or answer a request, that came among the frames."""
        if isinstance(message, Request):
            status = "200 OK" if message.method in POLLS else "501 Not Implemented"
            sequence = message.headers.get("CSeq", "").strip()[:20]
            self._send_all(f"RTSP/1.0 {status}\r\nCSeq: {sequence}\r\n\r\n"
                           .encode("latin-1", "replace"))
        elif isinstance(message, Reply) and message.status == UNAUTHORIZED:
            if not self._is_challenged:
                self._is_challenged = True
                with contextlib.suppress(CameraLost):     # then it will end
                    self._login.take_challenge(
                        message.headers.get_all("WWW-Authenticate", []))
                    self.keep_alive()
        else:
            self._is_challenged = False

    def parse(self, data: bytes) -> list[AnyMessage]:
        """Return the messages that *data* completes; raises :exc:`BadMessage`."""
        return self._parser.feed(data)

    def _request(self, method: str, target: str, **headers: str) -> Reply:
        """Return the reply to a request, after at most two challenges."""
        reply = self._exchange(method, target, headers)
        for attempt in range(2):
            if reply.status != UNAUTHORIZED:
                break
            if not self._login.take_challenge(reply.headers.get_all(
                    "WWW-Authenticate", [])) and attempt:
                break       # the password is wrong, not only the challenge out of date
            reply = self._exchange(method, target, headers)
        if reply.status == 200 and not self._session:
            self._take_session(reply.headers.get("Session", ""))
        location = reply.headers.get("Location", "")
        if reply.status in REDIRECTS and location:
            raise Redirected(location)
        return reply

    def _exchange(self, method: str, target: str, headers: dict[str, str]) -> Reply:
        """Return the reply to one request, all of which comes within the timeout."""
        self._send(method, target, **headers)
        until = time.monotonic() + TIMEOUT_SECONDS
        try:
            return next(self._replies(until))
        except BadMessage as error:
            raise CameraLost(f"{self._place} {error}") from None

    def _replies(self, until: float) -> Iterator[Reply]:
        """Yield replies that come *until* a time; raises TimeoutError after it."""
        received = 0
        while received <= MAX_UNANSWERED_BYTES:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.socket.settimeout(left)
            data = self.socket.recv(RECEIVE_BYTES)
            if not data:
                raise ConnectionAbortedError
            received += len(data)
            messages = self.parse(data)
            replies = [each for each in messages if isinstance(each, Reply)
                       and each.status >= 200]
            self.early += [each for each in messages if not isinstance(each, Reply)]
            yield from replies
        raise BadMessage("sends data, but no reply")

    def _send(self, method: str, target: str, **headers: str) -> None:
        """Send a request, signed if the camera asked for that."""
        self._sequence += 1
        lines = [f"{method} {target} RTSP/1.0", f"CSeq: {self._sequence}",
                 f"User-Agent: webstreaming/{__version__}",
                 *(f"{name}: {value}" for name, value in headers.items())]
        if self._session:
            lines.append(f"Session: {self._session}")
        head = "\r\n".join(lines).encode("utf-8", "surrogateescape")
        if answer := self._login.authorization(target, method):
            head += b"\r\nAuthorization: " + answer
        self._send_all(head + b"\r\n\r\n")

    def _send_all(self, data: bytes) -> None:
        self.socket.settimeout(TIMEOUT_SECONDS)
        self.socket.sendall(data)

    def _check(self, reply: Reply, kind: type[CameraLost] = CameraLost) -> None:
        """Raise CameraLost for a refusal, of a *kind* unless it is in REFUSALS."""
        status = reply.status
        if not 200 <= status < 300:
            words = STATUS_MEANINGS.get(
                status, OWN_ERROR if status >= 500 else REFUSED)
            raise REFUSALS.get(status, kind)(f"{self._place} {words}")

    def _take_session(self, text: str) -> None:
        """Note the session in a ``Session`` header, and how long it lasts unasked."""
        if found := SESSION_PATTERN.match(text):
            self._session = found[1].rstrip()
            seconds = int(found[2] or DEFAULT_SESSION_SECONDS)
            self.keep_alive_seconds = min(
                max(seconds, MIN_SESSION_SECONDS), MAX_SESSION_SECONDS) / 2
