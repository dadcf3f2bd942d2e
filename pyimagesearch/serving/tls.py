"""HTTPS: certificates from files, reloaded when the files change."""

import datetime
import errno
import logging
import os
import re
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
from gevent.socket import wait_read, wait_write
from gevent.ssl import SSLContext

from pyimagesearch.errors import SettingsError, SurveillanceError
from pyimagesearch.folders import ConfigFolder
from pyimagesearch.settings.settings import Settings

from .certificate_expiry import CertificateExpiry
from .http_syntax import PLAIN_HEADERS
from .request_reader import RequestReader

log = logging.getLogger(__name__)

CHECK_SECONDS = 2.0         # between two looks at the files
TLS_HANDSHAKE = b"\x16"     # the first byte of a TLS connection (RFC 8446, section 5.1)
HOST_HEADER = re.compile(r"[A-Za-z0-9._-]+(:\d+)?|\[[0-9a-f:]+\](:\d+)?",
                         re.IGNORECASE)

Stamp = tuple[tuple[int, int, int], ...]    # of each file: time, size, inode


class Tls:
    """
    Encrypt connections with the certificate in *cert* and the key in *key*.

    Raises :exc:`SettingsError` if they cannot be used; later, the last good pair
    stays in use. *renew* is called before each look at the files.
    """

    def __init__(self, cert: Path, key: Path,
                 renew: Callable[[], object] = lambda: None) -> None:
        self._cert, self._key = cert, key
        self._renew = renew
        self.context = load_context(cert, key)
        self._used = self._seen = self._stamp()
        self._readable = True
        self._expiry = CertificateExpiry(cert)
        self._expiry.check(now())

    def wrap(self, client: Any) -> Any:
        """Wrap *client*, a gevent socket, for :func:`shake_hands`."""
        return self.context.wrap_socket(
            client, server_side=True, do_handshake_on_connect=False)

    def watch(self) -> None:
        """Check the files for ever, in the hub's thread pool."""
        while True:
            gevent.sleep(CHECK_SECONDS)
            gevent.get_hub().threadpool.apply(self.refresh)

    def refresh(self) -> None:
        """Load changed files once they have stayed the same for two looks."""
        try:
            self._renew()
            stamp = self._stamp()
        except (OSError, SurveillanceError) as error:
            if self._readable:
                log.warning("keeping the old certificate: %s", error)
            self._readable = False
            return
        self._readable = True
        if stamp == self._seen and stamp != self._used:
            self._reload(stamp)
        self._seen = stamp
        self._expiry.check(now())

    def _reload(self, stamp: Stamp) -> None:
        self._used = stamp
        try:
            self.context = load_context(self._cert, self._key)
            self._expiry = CertificateExpiry(self._cert)
            log.info("loaded a new certificate from %s", self._cert)
        except SettingsError as error:
            log.warning("keeping the old certificate: %s", error)

    def _stamp(self) -> Stamp:
        found = (path.stat() for path in (self._cert, self._key))
        return tuple((each.st_mtime_ns, each.st_size, each.st_ino) for each in found)


class RedirectToHttps(RequestReader):
    """Redirect requests of plain HTTP to HTTPS on the same port."""

    def handle_one_response(self) -> None:
        """Answer one request."""
        self.application = self._redirect
        super().handle_one_response()

    def _redirect(self, _: Any, start_response: Callable[..., object]) -> list[bytes]:
        host = self.headers.get("host", "")
        known = HOST_HEADER.fullmatch(host)
        location = {"Location": f"https://{host}{self.path}"} if known else {}
        start_response("307 Temporary Redirect" if known else "400 Bad Request",
                       list({**PLAIN_HEADERS, **location}.items()))
        return [b"This server speaks only HTTPS.\n"]


def tls_for(settings: Settings, folder: ConfigFolder) -> Tls | None:
    """
    Return TLS according to *settings*, ``None`` for plain HTTP.

    A self-signed certificate is kept in *folder*. Raises :exc:`SettingsError`.
    """
    if bool(settings.cert) != bool(settings.key):
        given, other = ("--cert", "--key") if settings.cert else ("--key", "--cert")
        raise SettingsError(f"{given} is given, but must come together with {other}")
    if settings.tls == "off":
        return (Tls(Path(settings.cert), Path(settings.key))
                if settings.cert and settings.key else None)
    if settings.cert:
        raise SettingsError("--tls is 'self-signed', but must be off with --cert")
    from .self_signed import SelfSigned  # late: cryptography takes megabytes

    own = SelfSigned(folder, settings.ip, settings.host or ())
    own.renew()
    return Tls(own.cert, own.key, own.renew)


def shake_hands(encrypted: Any, charge: Callable[[float], object]) -> None:
    """
    Do the TLS handshake; only the calling greenlet waits, and a failure closes it.

    *charge* is called with the thread time of each step [seconds].
    """
    try:
        encrypted.settimeout(0.0)       # gevent's wait would charge others' time, too
        while missing := handshake_step(encrypted, charge):
            reads = isinstance(missing, ssl.SSLWantReadError)
            (wait_read if reads else wait_write)(encrypted.fileno())
        encrypted.settimeout(None)
    except BaseException:       # gevent.Timeout is no Exception
        encrypted.close()
        raise


def handshake_step(encrypted: Any, charge: Callable[[float], object]
                   ) -> ssl.SSLError | None:
    """Go on with the handshake; return what it waits for, ``None`` at its end."""
    begin = time.thread_time()
    try:
        encrypted.do_handshake()
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as missing:
        return missing
    finally:
        charge(time.thread_time() - begin)
    return None


def now() -> datetime.datetime:
    """Return the time in UTC, as certificates use it."""
    return datetime.datetime.now(datetime.UTC)


def load_context(cert: Path, key: Path) -> SSLContext:
    """Return a context that presents *cert*; raises :exc:`SettingsError`."""
    for name, path, wanted in (("--cert", cert, rb"-BEGIN (TRUSTED )?CERTIFICATE-"),
                               ("--key", key, rb"-BEGIN [A-Z ]*PRIVATE KEY-")):
        text = read_file(name, path)
        if not re.search(wanted, text):
            kind = "certificate" if name == "--cert" else "private key"
            raise SettingsError(
                f"{name} is {str(path)!r}, which contains no {kind} (PEM)")
        if name == "--key" and b"ENCRYPTED" in text:
            raise SettingsError(
                f"--key is {str(path)!r}, which is encrypted with a password; "
                f"decrypt it with: openssl pkey -in {path} -out NEW")
    context = SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(cert, key)
    except ssl.SSLError as error:
        why = ("they do not belong together" if error.reason == "KEY_VALUES_MISMATCH"
               else (error.reason or str(error)).replace("_", " ").lower())
        raise SettingsError(f"--cert {str(cert)!r} and --key {str(key)!r} "
                            f"cannot be used: {why}") from None
    return context


def read_file(name: str, path: Path) -> bytes:
    """Return the content of *path*, the value of option *name*."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{name} is {str(path)!r}, which cannot be read: "
                            f"{os.strerror(error.errno or errno.EIO)}") from None
