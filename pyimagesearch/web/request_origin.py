"""The origin of a request: which site sent it, by which host name it came."""

import re
from collections.abc import Container

from werkzeug.datastructures import Headers

from pyimagesearch.addresses import is_address
from pyimagesearch.settings.settings import HOST_PATTERN

# set by proxies
FORWARDING_HEADERS = (
    "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
    "X-Forwarded-Server", "X-Original-Forwarded-For", "X-Real-IP", "X-Client-IP",
    "True-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP", "CDN-Loop")

ORIGIN = re.compile(r"(https?)://([^/?#\s]+)", re.IGNORECASE)
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
HOST_HEADER = re.compile(r"(\[[\w:.]+\]|[\w.-]+)(:\d*)?", re.ASCII)


def is_same_origin(headers: Headers, origin: str, *, has_cookie: bool) -> bool:
    """
    Return whether a request was sent by a page of this server, or by a program.

    *origin* is this server's, as ``http://host:port``. Browsers send
    ``Sec-Fetch-Site`` (over HTTPS and to this machine) or ``Origin``; programs send
    neither. A request with a browser's cookie but neither header is not trusted.
    """
    site, sender = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if site is not None:
        return site in ("same-origin", "none")
    if sender is not None:
        return sender == origin
    return not has_cookie


def is_browser(headers: Headers) -> bool:
    """
    Return whether a request comes from a browser, as opposed to a program.

    All browsers send ``Sec-Fetch-Mode`` to HTTPS and to this machine; elsewhere they
    show themselves by these headers, which programs that call themselves Mozilla lack.
    """
    if headers.get("Sec-Fetch-Mode") is not None:
        return True
    is_mozilla = headers.get("User-Agent", "").startswith("Mozilla/5.0 (")
    return is_mozilla and ("Referer" in headers or "Accept-Language" in headers)


def origin_of(url: str) -> str:
    """Return the origin of *url* as browsers write it; empty if it has none."""
    match = ORIGIN.match(url)
    if match is None:
        return ""
    scheme, host = match[1].lower(), match[2].lower()
    return f"{scheme}://{host.removesuffix(DEFAULT_PORTS[scheme])}"


def is_forwarded(headers: Headers) -> bool:
    """Return whether a proxy passed this request on."""
    return any(headers.get(name) is not None for name in FORWARDING_HEADERS)


def is_own_host(host: str | None, names: Container[str]) -> bool:
    """
    Return whether *host*, the header ``Host``, is an IP address or one of *names*.

    Any other name may belong to an attacker's site, whose pages could read everything
    under it (DNS rebinding). A request without the header comes from no browser.
    """
    if host is None:
        return True
    name = requested_name(host)
    return name in names or is_address(name)


def requested_name(host: str) -> str:
    """Return the name or address in *host*, the header ``Host``; empty for nonsense."""
    match = HOST_HEADER.fullmatch(host)
    return match[1].strip("[]").rstrip(".").lower() if match else ""


def explain_foreign_host(host: str) -> str:
    """Return a sentence that says how to allow the name in *host*, a foreign one."""
    name = requested_name(host)
    if not re.fullmatch(HOST_PATTERN, name):
        return ("This server does not have the host name that was requested; to allow "
                "one, start the server with --host NAME.")
    return (f"This server does not know the host name {name}; if it is one of its own, "
            f"start the server with --host {name}.")
