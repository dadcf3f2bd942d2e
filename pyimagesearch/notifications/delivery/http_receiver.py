"""Where alerts are sent by HTTP: a URL, which may hold secrets, and the proxy to it."""

import base64
import urllib.request
from urllib.parse import SplitResult, quote, unquote, urlsplit

from pyimagesearch.addresses import is_loopback
from pyimagesearch.errors import SettingsError, printable

from ..channel import DeliveryFailed

PORTS = {"http": 80, "https": 443}      # without one in the URL
UNQUOTED_CHARACTERS = "%/:=&?~+!$,;'@()*[]"     # with %, as they may be quoted


class HttpReceiver:
    """
    The receiver at *url*; *where* names the setting.

    Paths, queries and logins may be secrets: no text or error of this class shows them.
    Raises :exc:`SettingsError` for a URL that no request can be made for.
    """

    def __init__(self, url: str, where: str) -> None:
        try:
            parts = urlsplit(url)
            self.host = (parts.hostname or "").encode("idna").decode()
            usual = PORTS[parts.scheme]
            self.port = usual if parts.port is None else parts.port
        except (KeyError, ValueError):
            self.host = ""
        if not self.host or not self.host.isprintable() or not self.port:
            raise SettingsError(
                f"{where} must be an http:// or https:// URL with the name or the "
                "address of a host and, if any, a port from 1 to 65535")
        self.is_secure = parts.scheme == "https"
        self.authorization = basic_authorization(parts)
        self.target = quote(parts.path or "/", UNQUOTED_CHARACTERS) + (
            "?" + quote(parts.query, UNQUOTED_CHARACTERS) if parts.query else "")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    @property
    def name(self) -> str:
        """Its host, and its port unless that is the usual one."""
        return printable(self.authority)

    @property
    def authority(self) -> str:
        """Its host and port as in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = PORTS["https" if self.is_secure else "http"]
        return host if self.port == usual else f"{host}:{self.port}"

    @property
    def place(self) -> tuple[str, int]:
        """Its host and port."""
        return self.host, self.port

    def admits(self, address: str) -> bool:
        """Return whether requests may go to *address*, one of its host; here, any."""
        return True

    def proxy(self) -> "HttpReceiver | None":
        """
        Return the proxy that the environment names for it, if any.

        As for other programs, by ``http_proxy``, ``https_proxy`` and ``no_proxy``; this
        machine is never reached by one. Raises :exc:`DeliveryFailed` for a proxy that
        does not speak HTTP.
        """
        if self.host == "localhost" or is_loopback(self.host):
            return None
        scheme = "https" if self.is_secure else "http"
        url = urllib.request.getproxies().get(scheme)
        if not url or urllib.request.proxy_bypass(self.authority):
            return None
        try:
            found = HttpReceiver(url if "://" in url else f"http://{url}", "")
        except SettingsError:
            found = None
        if found is None or found.is_secure:
            raise DeliveryFailed(
                f"the proxy in the environment variable {scheme}_proxy must be written "
                "like http://HOST:PORT")
        return found


def basic_authorization(parts: SplitResult) -> str | None:
    """Return the header for user and password in a URL; ``None`` without any."""
    if not parts.username and not parts.password:
        return None
    login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return f"Basic {base64.b64encode(login.encode('utf-8', 'replace')).decode()}"
