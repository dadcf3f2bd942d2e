"""Life behind a reverse proxy: the client's own address, and a path of our own."""

from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def behind_proxies(app: Application, base_path: str, trusted: int) -> Application:
    """
    Return *app* as it is to be seen through *trusted* reverse proxies.

    Each of them must add to ``X-Forwarded-For``, set ``X-Forwarded-Proto`` and
    pass ``Host`` on. ``X-Forwarded-Host`` is not believed: a proxy that does not
    know it lets a client's own through.
    """
    inner = ProxyFix(app, x_for=trusted, x_proto=trusted, x_host=0) if trusted else app
    return BasePath(inner, base_path) if base_path else inner


class BasePath:
    """Serve *app* under *path*, whether or not the proxy takes that off."""

    def __init__(self, app: Application, path: str) -> None:
        self._app = app
        self._path = path

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asked = environ.get("PATH_INFO", "")
        if asked == self._path or asked.startswith(self._path + "/"):
            environ["PATH_INFO"] = asked[len(self._path):]
        environ["SCRIPT_NAME"] = self._path
        return self._app(environ, start_response)
