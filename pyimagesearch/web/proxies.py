"""Support for reverse proxies: the client's address, and a base path."""

from collections.abc import Callable, Iterable
from typing import Any

from pyimagesearch.addresses import forwarded_address, outermost_hop

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def behind_proxies(app: Application, base_path: str, trusted: int) -> Application:
    """
    Return *app* as seen through *trusted* reverse proxies, below *base_path*.

    Each proxy must add to ``X-Forwarded-For``, set ``X-Forwarded-Proto`` and pass
    ``Host`` on. ``X-Forwarded-Host`` is ignored: a proxy that does not know it would
    pass on the client's own.
    """
    inner = behind_trusted_proxies(app, trusted) if trusted else app

    def below_base_path(environ: dict[str, Any], start_response: Any
                        ) -> Iterable[bytes]:
        requested = environ.get("PATH_INFO", "")    # some proxies strip the base path
        if requested == base_path or requested.startswith(base_path + "/"):
            environ["PATH_INFO"] = requested.removeprefix(base_path)
        environ["SCRIPT_NAME"] = base_path
        return inner(environ, start_response)

    return below_base_path if base_path else inner


def behind_trusted_proxies(app: Application, trusted: int) -> Application:
    """
    Return *app* with the client's address and scheme as *trusted* proxies have them.

    What is no address or no scheme is ignored; the proxy's own counts then.
    """
    def seen_by_proxies(environ: dict[str, Any], start_response: Any
                        ) -> Iterable[bytes]:
        address = forwarded_address(environ.get("HTTP_X_FORWARDED_FOR", ""), trusted)
        scheme = outermost_hop(environ.get("HTTP_X_FORWARDED_PROTO", ""), trusted)
        if address:
            environ["REMOTE_ADDR"] = address
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        return app(environ, start_response)

    return seen_by_proxies
