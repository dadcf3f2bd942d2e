"""https: certificates from files, taken up anew when the files change."""

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

from pyimagesearch.errors import SettingsError, SurveillanceError, explain_import
from pyimagesearch.folders import ConfigFolder
from pyimagesearch.settings.settings import Settings

from .certificate_expiry import CertificateExpiry
from .http_syntax import PLAIN
from .request_reader import RequestReader

log = logging.getLogger(__name__)

CHECK = 2.0             # seconds between two looks at the files
HELLO = b"\x16"         # with which everybody begins who speaks TLS
HOST = re.compile(r"[A-Za-z0-9._-]+(:\d+)?|\[[0-9a-f:]+\](:\d+)?", re.IGNORECASE)

Stamp = tuple[tuple[int, int, int], ...]


class Tls:
    """
    Encrypt connections with the certificate in *cert* and the key in *key*.

    Raises :exc:`SettingsError` if they are no such pair now; later, the last
    good pair stays in use. *renew* is called before each look at the files.
    """

    def __init__(self, cert: Path, key: Path,
                 renew: Callable[[], object] = lambda: None) -> None:
        self._cert, self._key = cert, key
        self._renew = renew
        self._context = load(cert, key)
        self._used = self._seen = self._stamp()
        self._there = True
        self._validity = CertificateExpiry(cert)
        self._validity.look(now())

    def wrap(self, client: Any) -> Any:
        """Return *client*, a gevent socket, as one on which :func:`shake_hands`."""
        return self._context.wrap_socket(
            client, server_side=True, do_handshake_on_connect=False)

    def watch(self) -> None:
        """Look after the files for ever, without stopping the hub for it."""
        while True:
            gevent.sleep(CHECK)
            gevent.get_hub().threadpool.apply(self.refresh)

    def refresh(self) -> None:
        """Take up what has changed, once it has stayed the same for two looks."""
        try:
            self._renew()
            stamp = self._stamp()
        except (OSError, SurveillanceError) as error:
            if self._there:
                log.warning("the old certificate stays in use: %s", error)
            self._there = False
            return
        self._there = True
        if stamp == self._seen and stamp != self._used:
            self._take_up(stamp)
        self._seen = stamp
        self._validity.look(now())

    def _take_up(self, stamp: Stamp) -> None:
        self._used = stamp
        try:
            self._context = load(self._cert, self._key)
            log.info("a new certificate is in use: %s", self._cert)
            self._validity.look(now(), anew=True)
        except SettingsError as error:
            log.warning("the old certificate stays in use: %s", error)

    def _stamp(self) -> Stamp:
        found = (path.stat() for path in (self._cert, self._key))
        return tuple((each.st_mtime_ns, each.st_size, each.st_ino) for each in found)


class ToHttps(RequestReader):
    """Send those who speak plain http to our port the way to https."""

    def handle_one_response(self) -> None:
        """Answer one request."""
        self.application = self._redirect
        super().handle_one_response()

    def _redirect(self, _: Any, start_response: Callable[..., object]) -> list[bytes]:
        host = self.headers.get("host", "")
        known = HOST.fullmatch(host)
        location = {"Location": f"https://{host}{self.path}"} if known else {}
        start_response("307 Temporary Redirect" if known else "400 Bad Request",
                       list({**PLAIN, **location}.items()))
        return [b"Only https is spoken here.\n"]


def tls_for(settings: Settings, folder: ConfigFolder) -> Tls | None:
    """
    Return what *settings* want, ``None`` for plain http.

    A certificate made here is kept in *folder*. Raises :exc:`SettingsError`.
    """
    if bool(settings.cert) != bool(settings.key):
        given, other = ("--cert", "--key") if settings.cert else ("--key", "--cert")
        raise SettingsError(f"{given} is given, but must come together with {other}")
    if settings.tls == "off":
        return (Tls(Path(settings.cert), Path(settings.key))
                if settings.cert and settings.key else None)
    if settings.cert:
        raise SettingsError("--tls is 'self-signed', but must be off with --cert")
    try:
        from .self_signed import SelfSigned
    except ModuleNotFoundError as missing:
        raise SettingsError(f"--tls is 'self-signed', but {explain_import(missing)}"
                            ) from None
    own = SelfSigned(folder, settings.ip, settings.host or ())
    own.renew()
    return Tls(own.cert, own.key, own.renew)


def shake_hands(encrypted: Any, spent: Callable[[float], object]) -> None:
    """
    Begin to encrypt; only the caller waits, and *encrypted* is closed if it fails.

    *spent* is told each time that took some of the thread's time [seconds].
    """
    try:
        encrypted.settimeout(0.0)       # or gevent waits, and others' time counts
        while missing := step(encrypted, spent):
            reads = isinstance(missing, ssl.SSLWantReadError)
            (wait_read if reads else wait_write)(encrypted.fileno())
        encrypted.settimeout(None)
    except BaseException:       # a timeout is one that is no Exception
        encrypted.close()
        raise


def step(encrypted: Any, spent: Callable[[float], object]) -> ssl.SSLError | None:
    """Do what can be done of the handshake; return what it waits for, if anything."""
    begin = time.thread_time()
    try:
        encrypted.do_handshake()
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as missing:
        return missing
    finally:
        spent(time.thread_time() - begin)
    return None


def now() -> datetime.datetime:
    """Return the time, as certificates have it."""
    return datetime.datetime.now(datetime.UTC)


def load(cert: Path, key: Path) -> SSLContext:
    """Return a context that shows *cert*; raises :exc:`SettingsError`."""
    for name, path, wanted in (("--cert", cert, rb"-BEGIN (TRUSTED )?CERTIFICATE-"),
                               ("--key", key, rb"-BEGIN [A-Z ]*PRIVATE KEY-")):
        text = read(name, path)
        if not re.search(wanted, text):
            kind = "certificate" if name == "--cert" else "private key"
            raise SettingsError(f"{name} is {str(path)!r}, which holds no {kind} (PEM)")
        if name == "--key" and b"ENCRYPTED" in text:
            raise SettingsError(
                f"--key is {str(path)!r}, which is locked by a password; "
                f"unlock it with: openssl pkey -in {path} -out NEW")
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


def read(name: str, path: Path) -> bytes:
    """Return what is in the file that setting *name* gives."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{name} is {str(path)!r}, which cannot be read: "
                            f"{os.strerror(error.errno or errno.EIO)}") from None
