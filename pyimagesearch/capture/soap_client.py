"""Requests to the services of ONVIF cameras, within bounds of time and size."""

import http.client
import re
import threading
import time
from typing import NamedTuple
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from pyimagesearch import __version__
from pyimagesearch.errors import CameraLost, LoginRefused

from .certificates import Trust
from .host_connector import HostConnector
from .http_client import CameraConnection, explain, quote_target
from .http_login import HttpLogin
from .http_response import CameraResponse
from .onvif_messages import BadSoap, envelope, fault_of, login_header, parse_envelope
from .url import CameraUrl

ANSWER_SECONDS = 5.0        # for a whole answer
MAX_ANSWER_BYTES = 512 * 1024
UNAUTHORIZED, FORBIDDEN = 401, 403
REFUSAL_PATTERN = re.compile(
    r"not.?author|authenticat|password|username", re.IGNORECASE)


class LoginMissing(CameraLost):
    """The camera asks for a login, and none is known."""


class Answer(NamedTuple):
    """The status of an answer, the challenges in it, and its body."""

    status: int
    challenges: list[str]
    body: bytes


class SoapClient:
    """
    Requests to the services of the camera at *url*, whose login it has.

    *skew* is how far the camera's clock is ahead of ours [s]. No redirect is followed.
    Any certificate is accepted: a forger could as well answer without TLS.
    *closing* ends all waits. One thread uses it.
    """

    def __init__(self, url: CameraUrl, closing: threading.Event) -> None:
        self.url = url
        self.skew = 0.0
        self._closing = closing
        self._login = HttpLogin(url)
        self._hosts = HostConnector()

    def call(self, place: str, body: str, *, logged_in: bool = True) -> ET.Element:
        """
        Return the envelope that answers *body*, XML sent to the service at *place*.

        Raises :exc:`LoginMissing`, :exc:`LoginRefused`, and :exc:`CameraLost` for all
        else.
        """
        if logged_in and self.url.has_login:
            answer = self._post_logged_in(place, envelope(body, login_header(
                self.url.user, self.url.password, self.skew)))
        else:
            answer = self._post(place, envelope(body))
        try:
            root = parse_envelope(answer.body)
        except BadSoap as bad:
            self._check_status(answer.status)
            raise CameraLost(f"{self.url} sends no answer of ONVIF: {bad}") from None
        fault = fault_of(root)
        if fault and any(map(REFUSAL_PATTERN.search, fault)):
            raise self._refusal()
        if fault:
            raise CameraLost(f"{self.url} refuses a request of ONVIF: "
                             f"{fault[1] or fault[0]}")
        self._check_status(answer.status)
        return root

    def _check_status(self, status: int) -> None:
        """Raise what a *status* means, unless it is that of success."""
        if status in (UNAUTHORIZED, FORBIDDEN):
            raise self._refusal()
        if status != http.client.OK:
            raise CameraLost(f"{self.url} responded with the error {status}")

    def _refusal(self) -> CameraLost:
        if self.url.has_login:
            return LoginRefused(f"{self.url} refuses this user or password")
        return LoginMissing(f"{self.url} asks for a login")

    def _post_logged_in(self, place: str, message: bytes) -> Answer:
        """Return the answer to *message*, after at most one challenge of HTTP."""
        answer = self._post(place, message)
        if answer.status == UNAUTHORIZED and answer.challenges:
            self._login.take_challenge(answer.challenges)
            answer = self._post(place, message)
        return answer

    def _post(self, place: str, message: bytes) -> Answer:
        parts = urlsplit(place)
        secure, target = parts.scheme == "https", quote_target(parts)
        connection = CameraConnection(
            parts.hostname or "", parts.port or (443 if secure else 80), self._hosts,
            self._closing)
        if secure:
            connection.default_port = 443
            connection.trusted = self.url, Trust(verify=False)
        headers = {"User-Agent": f"webstreaming/{__version__}", "Connection": "close",
                   "Content-Type": "application/soap+xml; charset=utf-8"}
        if login := self._login.authorization(target, "POST"):
            headers["Authorization"] = login.decode("latin-1")
        try:
            connection.request("POST", target, message, headers)
            return self._receive(connection)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise CameraLost(f"{self.url}: {explain(error)}") from None
        finally:
            connection.close()

    def _receive(self, connection: CameraConnection) -> Answer:
        """Return the answer over *connection*; raises as reading it does."""
        until = time.monotonic() + ANSWER_SECONDS
        connection.sock.settimeout(ANSWER_SECONDS)
        response = connection.getresponse()
        assert isinstance(response, CameraResponse)
        with response:
            response.limit(max(0.0, until - time.monotonic()))
            body = response.read(MAX_ANSWER_BYTES + 1)
            if len(body) > MAX_ANSWER_BYTES:
                raise CameraLost(f"{self.url} sends more than "
                                 f"{MAX_ANSWER_BYTES // 1024} kB as an answer of ONVIF")
            return Answer(response.status,
                          response.headers.get_all("WWW-Authenticate", []), body)
