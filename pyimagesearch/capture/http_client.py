"""Requests to HTTP cameras: logins, cookies, redirects, and errors in plain words."""

import base64
import http.client
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from pyimagesearch import __version__
from pyimagesearch.errors import CameraLost, LoginRefused
from pyimagesearch.rates import Stopwatch

from .certificates import BY_AUTHORITY, Trust, open_tls
from .host_connector import HostConnector
from .http_coding import UnknownCoding
from .http_login import HttpLogin
from .http_response import CameraResponse
from .patience import Patience
from .url import CameraUrl, quote_url, redirected

TIMEOUT_SECONDS = 2.5       # to connect, to speak TLS, and for a proxy to respond
RESPONSE_SECONDS = 10.0     # for a whole head, unless the last one came sooner
MAX_REDIRECTS = 5
MAX_COOKIES = 50
MAX_COOKIE_BYTES = 4096     # of a name and its value
REDIRECTS = (301, 302, 303, 307, 308)
DELETED_COOKIE_PATTERN = re.compile(
    r"(?i)\bmax-age\s*=\s*(?:0|-)|\bexpires\s*=[^;]*\b(?:19)?(?:69|70)\b")
LOGIN_REFUSALS = (401, 403, 429)
STATUS_MEANINGS = {401: "refuses this user or password",
                   403: "forbids this; does this user have the right?",
                   404: "has nothing at this path",
                   429: "refuses more requests for now; are user and password right?",
                   503: "is busy; most cameras serve only a few viewers"}


class HttpClient:
    """
    Request one camera's *url*, again and again.

    A camera of *fps* pictures a second may take three times their interval to respond.
    Cookies and the login's challenge are kept from request to request: keep one client
    for each camera, also while the connection is lost. Any thread may call it.
    """

    def __init__(self, url: CameraUrl, trust: Trust = BY_AUTHORITY,
                 proxy: CameraUrl | None = None, fps: float | None = None) -> None:
        self.url = url
        self._trust = trust
        self._proxy = proxy
        self._login = HttpLogin(url)
        self._cookies: dict[str, str] = {}      # the oldest first
        self._hosts = HostConnector()
        self.longest_response = Patience(fps).while_open(RESPONSE_SECONDS)
        self._response_timeout = self.longest_response

    def get(self, closing: threading.Event) -> CameraResponse:
        """
        Return the response to ``GET url``, logged in and redirected as required.

        *closing* ends it, and all reads of the response. Raises :exc:`CameraLost` with
        the reason, which never holds the password, and :exc:`LoginRefused`.
        """
        place = self.url.bare
        for _ in range(1 + MAX_REDIRECTS):
            response = self._get_logged_in(place, closing)
            if 200 <= response.status < 300:
                return response
            response.close()
            place = self._redirected(place, response)
        raise CameraLost(f"{self.url} redirects more than {MAX_REDIRECTS} times")

    def _get_logged_in(self, place: str, closing: threading.Event) -> CameraResponse:
        """Return the response to ``GET place``, after at most two challenges."""
        response = self._get(place, closing)
        for attempt in range(2):
            if not self._asks_for_login(response):
                break
            response.close()
            if not self._login.take_challenge(response.headers.get_all(
                    "WWW-Authenticate", [])) and attempt:
                break       # the answer is wrong, not only out of date
            response = self._get(place, closing)
        if response.status == 401:
            self._login.forget_challenge()
        return response

    def _asks_for_login(self, response: CameraResponse) -> bool:
        """Return whether *response* is a challenge, or a refusal that may mean one."""
        return response.status == 401 or (response.status == 403 and self.url.has_login
                                          and not self._login.is_ready)

    def _get(self, place: str, closing: threading.Event) -> CameraResponse:
        """Return the response to one request for *place*."""
        parts = urlsplit(place)
        connection = self._connection(parts, closing)
        target = quote_target(parts)
        headers = {"User-Agent": f"webstreaming/{__version__}", "Accept": "*/*",
                   "Connection": "close"}
        if answer := self._login.authorization(target):
            headers["Authorization"] = answer.decode("latin-1")
        if self._cookies:
            headers["Cookie"] = "; ".join(map("=".join, self._cookies.items()))
        if self._proxy and parts.scheme == "http":
            target = f"http://{parts.netloc}{target}"
            headers.update(self._proxy_headers)
        try:
            connection.request("GET", target, headers=headers)
            response = self._response(connection)
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            raise CameraLost(f"{self._route}: {explain(error)}") from None
        assert isinstance(response, CameraResponse)
        self._keep_cookies(response.headers.get_all("Set-Cookie", []))
        return response

    def _response(self, connection: "CameraConnection") -> http.client.HTTPResponse:
        """Wait for the response; a camera that is fast may take less time next time."""
        timeout = self._response_timeout
        self._response_timeout = self.longest_response
        connection.sock.settimeout(timeout)
        waiting = Stopwatch(time.monotonic)
        with waiting:
            response = connection.getresponse()
        self._response_timeout = min(
            self.longest_response, max(TIMEOUT_SECONDS, 3 * waiting.seconds))
        return response

    def _connection(self, parts: SplitResult, closing: threading.Event
                    ) -> "CameraConnection":
        """Return the connection to the host in *parts*, which is not open yet."""
        host, secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        by = urlsplit(self._proxy.bare) if self._proxy else None
        connection = CameraConnection(
            (by.hostname or "" if by else host), (by.port or 80 if by else port),
            self._hosts, closing)
        if secure:
            connection.default_port = 443
            connection.trusted = self.url, self._trust
        if by and secure:
            connection.set_tunnel(host, port, self._proxy_headers)
        return connection

    @property
    def _route(self) -> str:
        return f"{self.url}" + (f" by the proxy {self._proxy}" if self._proxy else "")

    @property
    def _proxy_headers(self) -> dict[str, str]:
        if not self._proxy or not self._proxy.has_login:
            return {}
        login = f"{self._proxy.user}:{self._proxy.password}".encode(
            "utf-8", "surrogateescape")
        return {"Proxy-Authorization": f"Basic {base64.b64encode(login).decode()}"}

    def _redirected(self, place: str, response: CameraResponse) -> str:
        """Return where *response* redirects to; raises CameraLost if it may not."""
        location = response.headers.get("Location", "")
        if response.status not in REDIRECTS or not location:
            meaning = STATUS_MEANINGS.get(
                response.status, f"responded with the error {response.status}")
            is_login = self.url.has_login and response.status in LOGIN_REFUSALS
            raise (LoginRefused if is_login else CameraLost)(f"{self.url} {meaning}")
        return redirected(self.url, place, location)

    def _keep_cookies(self, headers: Sequence[str]) -> None:
        """Keep what the ``Set-Cookie`` *headers* say for the next requests."""
        cookies = dict(self._cookies)
        for header in headers:
            pair, _, attributes = header.partition(";")
            name, equals, value = map(str.strip, pair.partition("="))
            if not equals or len(pair) > MAX_COOKIE_BYTES:
                continue
            cookies.pop(name, None)
            if not DELETED_COOKIE_PATTERN.search(attributes):
                cookies[name] = value
        self._cookies = dict(list(cookies.items())[-MAX_COOKIES:])


class ConnectTimeout(TimeoutError):
    """The host did not accept a connection in time."""


class CameraConnection(http.client.HTTPConnection):
    """
    A connection to one camera, or to the proxy before it, until *closing* is set.

    TLS follows if *trusted* is set: the camera's URL, and which certificates to accept.
    """

    response_class = CameraResponse
    trusted: tuple[CameraUrl, Trust] | None = None

    def __init__(self, host: str, port: int, hosts: HostConnector,
                 closing: threading.Event) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS)
        self._closing = closing
        self._create_connection = (     # of http.client
            lambda address, timeout, _: hosts.connect(
                address[0], address[1], timeout, closing))

    def connect(self) -> None:
        """Connect; raises :exc:`OSError`, or CameraLost for a refused certificate."""
        if self.trusted is None:
            self._connect_plain()
        else:
            self.sock = open_tls(self._connect_plain, *self.trusted, self._closing)

    def _connect_plain(self) -> socket.socket:
        try:
            super().connect()
        except TimeoutError:
            raise ConnectTimeout from None
        plain: socket.socket = self.sock
        plain.settimeout(self.timeout)      # a proxy's response has taken some of it
        return plain


def quote_target(parts: SplitResult) -> str:
    """Return the path and the query of a URL, percent-encoded where HTTP needs it."""
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return quote_url(target)


def plain_socket(response: CameraResponse) -> socket.socket | None:
    """
    Return the socket of *response*, once the bytes received with its headers are read.

    The layers of http.client, and a poll() before each read, take a tenth of the whole
    time. TLS, chunks and compression need them: then return ``None``, as at the end.
    """
    if not response.is_raw or response.isclosed():
        return None
    return socket.socket(fileno=os.dup(response.fileno()))


def explain(error: Exception) -> str:
    """Return what the *error* of a connection means."""
    match error:
        case socket.gaierror() | UnicodeError():
            return "there is no host of that name"
        case ConnectionRefusedError():
            return "it refuses the connection; is the camera on, and the port right?"
        case ConnectTimeout():
            return (f"no connection within {TIMEOUT_SECONDS:g} seconds; "
                    "is the camera in this network?")
        case TimeoutError():
            return "connected, but there was no response in time"
        case http.client.RemoteDisconnected():
            return "it closed the connection without a response"
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER" | "HTTP_REQUEST"):
            return "it does not speak TLS there; is it http://, or another port?"
        case ssl.SSLError():
            return f"TLS failed ({(error.reason or type(error).__name__).lower()})"
        case OSError(strerror=str(text)) if text:
            return text.lower()
        case OSError() if "Tunnel connection failed" in str(error):
            return str(error).lower()
        case UnknownCoding():
            return f"the response {error}"
        case http.client.BadStatusLine():
            first = str(error).encode("latin-1")[:8].hex(" ")
            return f"the response is not valid HTTP, it begins with {first}"
        case _:
            return f"the response is not valid HTTP ({type(error).__name__})"
