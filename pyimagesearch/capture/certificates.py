"""Certificates of cameras: which to accept, and what to set where one is refused."""

import hashlib
import socket
import ssl
import threading
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from pyimagesearch.errors import CameraLost

from .cancellation import watch
from .host_connector import HostConnector
from .url import CameraUrl

TLS_PORTS = {"https": 443, "rtsps": 322}    # without one in the URL
# of OpenSSL, with what they mean
NOT_YET_VALID, EXPIRED, OTHER_NAME, OTHER_ADDRESS = 9, 10, 62, 64
VERIFY_CODE_MEANINGS = {
    NOT_YET_VALID: "that is not valid yet (is this machine's clock right?)",
    EXPIRED: "that has expired (or is this machine's clock wrong?)",
    OTHER_NAME: "for another name", OTHER_ADDRESS: "for another address"}
UNKNOWN_AUTHORITY = "that no known authority vouches for"


class Trust(NamedTuple):
    """Which certificate a camera may have: any, any that is valid, or a single one."""

    verify: bool = True
    fingerprint: str | None = None      # its SHA-256, 64 lower-case hexadecimal digits

    @property
    def by_authority(self) -> bool:
        """Whether OpenSSL decides, by the authorities that this machine knows."""
        return self.verify and self.fingerprint is None


BY_AUTHORITY = Trust()


def tls_context(trust: Trust) -> ssl.SSLContext:
    """
    Return how to speak TLS to a camera.

    Where no authority is asked, what old cameras speak is accepted as well: TLS 1.0,
    short keys, SHA-1. :func:`check_pinned` has to follow the handshake.
    """
    context = ssl.create_default_context()
    if not trust.by_authority:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.set_ciphers("ALL:!aNULL:!eNULL:@SECLEVEL=0")
        context.options |= 0x4      # OP_LEGACY_SERVER_CONNECT, named in Python 3.12
    return context


def check_pinned(url: CameraUrl, connection: ssl.SSLSocket, trust: Trust) -> None:
    """Raise :exc:`CameraLost` if *connection* has another certificate than is set."""
    if trust.fingerprint is None:
        return
    found = fingerprint_of(connection)
    if found != trust.fingerprint:
        raise CameraLost(
            f"{url} has a certificate with the fingerprint sha256:{found}, but "
            f"fingerprint is set to sha256:{trust.fingerprint}; change it only if you "
            "know why the certificate is another one")


def fingerprint_of(connection: ssl.SSLSocket) -> str:
    """Return the SHA-256 of the other side's certificate in hexadecimal digits."""
    certificate = connection.getpeercert(binary_form=True)
    return hashlib.sha256(certificate or b"").hexdigest()


def explain_refusal(url: CameraUrl, error: ssl.SSLError, fingerprint: str) -> str:
    """Return why OpenSSL refused *url*, and what to set to accept it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        what = VERIFY_CODE_MEANINGS.get(error.verify_code, UNKNOWN_AUTHORITY)
        what = f"has a certificate {what}; if it is the camera's own, "
    else:
        what = "speaks TLS in an old way that is not safe; to read it nevertheless, "
    return f'{url} {what}set fingerprint = "sha256:{fingerprint}" for this camera'


def connect_tls(url: CameraUrl, trust: Trust, timeout: float,
                closing: threading.Event) -> ssl.SSLSocket:
    """
    Return a connection to *url*, whose certificate was checked.

    Each step may take *timeout* seconds; *closing* ends it. Raises :exc:`CameraLost`
    for a certificate that *trust* refuses, and :exc:`OSError` when there is no
    connection.
    """
    parts = urlsplit(url.bare)
    host, port = parts.hostname or "", parts.port or TLS_PORTS[parts.scheme]
    hosts = HostConnector()
    return open_tls(lambda: hosts.connect(host, port, timeout, closing), url, trust,
                    closing)


def open_tls(connect: Callable[[], socket.socket], url: CameraUrl, trust: Trust,
             closing: threading.Event) -> ssl.SSLSocket:
    """
    Connect to the host of *url* and speak TLS; raises as :func:`connect_tls`.

    *connect* may be called a second time, to see what was refused. The handshake may
    take as long as the timeout of its connection says.
    """
    try:
        connection = shake_hands(connect(), url, trust, closing)
    except ssl.SSLError as error:
        if not trust.by_authority:
            raise
        with shake_hands(connect(), url, Trust(verify=False), closing) as refused:
            raise CameraLost(
                explain_refusal(url, error, fingerprint_of(refused))) from None
    try:
        check_pinned(url, connection, trust)
    except CameraLost:
        connection.close()
        raise
    return connection


def shake_hands(plain: socket.socket, url: CameraUrl, trust: Trust,
                closing: threading.Event) -> ssl.SSLSocket:
    """Speak TLS over *plain*, which is closed if that fails."""
    connection = plain
    try:
        connection = tls_context(trust).wrap_socket(
            plain, server_hostname=urlsplit(url.bare).hostname,
            do_handshake_on_connect=False)
        watch(closing, connection)
        connection.do_handshake()
    except BaseException:
        connection.close()
        raise
    return connection
