"""The origin of a request: which site sent it, by which host name it came."""

import re
import socket

from werkzeug.datastructures import Headers

from pyimagesearch.addresses import is_address

# set by proxies
FORWARDING_HEADERS = (
    "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
    "X-Forwarded-Server", "X-Original-Forwarded-For", "X-Real-IP", "X-Client-IP",
    "True-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP", "CDN-Loop")


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


def is_forwarded(headers: Headers) -> bool:
    """Return whether a proxy passed this request on."""
    return any(headers.get(name) is not None for name in FORWARDING_HEADERS)


def own_names(given: tuple[str, ...] = ()) -> frozenset[str]:
    """Return the host names that this server answers to: the machine's, and *given*."""
    machine = socket.gethostname().lower()
    return frozenset({"localhost", machine, f"{machine.partition('.')[0]}.local",
                      *(name.lower() for name in given)})


def is_own_host(host: str | None, names: frozenset[str]) -> bool:
    """
    Return whether *host*, the header ``Host``, is an IP address or one of *names*.

    Any other name may belong to an attacker's site, whose pages could read everything
    under it (DNS rebinding). A request without the header comes from no browser.
    """
    if host is None:
        return True
    match = re.fullmatch(r"(\[[\w:.]+\]|[\w.-]+)(:\d*)?", host, re.ASCII)
    if match is None:
        return False
    name = match[1].strip("[]").rstrip(".").lower()
    return name in names or is_address(name)
