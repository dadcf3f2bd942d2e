"""Requests to HTTP cameras: logins, redirects, and errors in plain words."""

import http.client
import os
import socket
import struct
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from pyimagesearch.errors import CameraLost

from .url import CameraUrl, redact_url

TIMEOUT_SECONDS = 2.5       # for a response, and between any two pieces of it
STATUS_MEANINGS = {401: "refuses this user or password",
                   403: "forbids this; does this user have the right?",
                   404: "has nothing at this path",
                   503: "is busy; most cameras serve only a few viewers"}


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


