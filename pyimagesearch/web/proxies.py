"""Support for reverse proxies: the client's address, and a base path."""

from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def behind_proxies(app: Application, base_path: str, trusted: int) -> Application:
    """
    Return *app* as seen through *trusted* reverse proxies, below *base_path*.

    Each proxy must add to ``X-Forwarded-For``, set ``X-Forwarded-Proto`` and pass
    ``Host`` on. ``X-Forwarded-Host`` is ignored: a proxy that does not know it would
    pass on the client's own.
    """
    inner = ProxyFix(app, x_for=trusted, x_proto=trusted, x_host=0) if trusted else app
    return BasePath(inner, base_path) if base_path else inner


class BasePath:
    """Serve *app* below *path*, whether or not the proxy strips it."""

    def __init__(self, app: Application, path: str) -> None:
        self._app = app
        self._path = path

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        requested = environ.get("PATH_INFO", "")
        if requested == self._path or requested.startswith(self._path + "/"):
            environ["PATH_INFO"] = requested[len(self._path):]
        environ["SCRIPT_NAME"] = self._path
        return self._app(environ, start_response)
