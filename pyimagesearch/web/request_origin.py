"""Where a request comes from: which site sent it, and under which name it came."""

import re
import socket
from typing import Protocol

from pyimagesearch.addresses import is_address

# what proxies add to tell of themselves, or of whom they serve
FORWARDED = (
    "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
    "X-Forwarded-Server", "X-Original-Forwarded-For", "X-Real-IP", "X-Client-IP",
    "True-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP", "CDN-Loop")


class Headers(Protocol):
    """The headers of a request."""

    def get(self, name: str) -> str | None:
        """Return the header *name*, or ``None``."""


def from_our_pages(headers: Headers, own: str, *, has_cookie: bool) -> bool:
    """
    Return whether a changing request was sent by a page of ours, or by no page.

    *own* is our origin, as ``http://host:port``. Browsers tell the sender in
    ``Sec-Fetch-Site`` (over HTTPS and to this machine) or ``Origin``; programs send
    neither. What carries the cookie of a browser without telling is refused.
    """
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if site is not None:
        return site in ("same-origin", "none")
    if origin is not None:
        return origin == own
    return not has_cookie


def is_forwarded(headers: Headers) -> bool:
    """Return whether a proxy says that it passed this request on."""
    return any(headers.get(name) is not None for name in FORWARDED)


def own_names(given: tuple[str, ...] = ()) -> frozenset[str]:
    """Return the names under which browsers may come: this machine's, and *given*."""
    machine = socket.gethostname().lower()
    return frozenset({"localhost", machine, f"{machine.partition('.')[0]}.local",
                      *(name.lower() for name in given)})


def is_ours(host: str | None, names: frozenset[str]) -> bool:
    """
    Return whether *host*, of the header ``Host``, is an address or one of *names*.

    Another name that leads to us may belong to a stranger's page, which could read
    everything under it (DNS rebinding). Without a header it is no browser.
    """
    if host is None:
        return True
    match = re.fullmatch(r"(\[[\w:.]+\]|[\w.-]+)(:\d*)?", host, re.ASCII)
    if match is None:
        return False
    name = match[1].strip("[]").rstrip(".").lower()
    return name in names or is_address(name)


