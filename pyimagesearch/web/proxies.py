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

    def below_base_path(environ: dict[str, Any], start_response: Any
                        ) -> Iterable[bytes]:
        requested = environ.get("PATH_INFO", "")    # some proxies strip the base path
        if requested == base_path or requested.startswith(base_path + "/"):
            environ["PATH_INFO"] = requested.removeprefix(base_path)
        environ["SCRIPT_NAME"] = base_path
        return inner(environ, start_response)

    return below_base_path if base_path else inner
