"""The cookies of this server, among those of other servers on the same host."""

import re
from typing import Any

from flask import Response, request

from pyimagesearch.access.authenticator import Authenticator

from .services import get_services

FRAME_DESTINATIONS = ("iframe", "frame")
# Browsers take a cookie with such a name only over HTTPS, and with __Host- only for all
# of the host. The empty one is for HTTP.
PREFIXES = ("__Host-", "__Secure-", "")
MAX_SAME_COOKIES = 50       # of which the right one is sought


def own_cookies(authenticator: Authenticator) -> re.Pattern[bytes]:
    """Return what the name and value of our cookies match, for any purpose."""
    name = re.escape(authenticator.cookie_name("")).encode()
    return re.compile(rb"\s*(?:__Host-|__Secure-)?[a-z]+(?:-[a-z]+)?" + name
                      + rb"=[\w.-]{1,200}\s*")


def sent_cookies(purpose: str) -> list[str]:
    """
    Return the values of all cookies for *purpose* in this request.

    Browsers share cookies between the ports of a host: a server on another port can
    add some of the same name, which a browser may send before ours.
    """
    name = get_services().authenticator.cookie_name(purpose)
    values = [value for prefix in PREFIXES
              for value in request.cookies.getlist(prefix + name)]
    return list(dict.fromkeys(values))[:MAX_SAME_COOKIES]


def set_cookie(response: Response, purpose: str, value: str, seconds: float) -> None:
    """Set a cookie that neither scripts nor other sites can use."""
    name, scope = get_services().authenticator.cookie_name(purpose), cookie_scope()
    response.set_cookie(prefix_in(scope) + name, value, max_age=int(seconds), **scope)


def delete_cookie(response: Response, purpose: str) -> None:
    """Delete the cookie for *purpose*, by whichever name it was sent."""
    name, scope = get_services().authenticator.cookie_name(purpose), cookie_scope()
    for prefix in PREFIXES:
        if prefix + name in request.cookies:
            response.delete_cookie(prefix + name, **scope)


def prefix_in(scope: dict[str, Any]) -> str:
    """Return the strictest prefix for the name of a cookie in *scope*."""
    if not scope["secure"]:
        return ""
    return "__Host-" if scope["path"] == "/" else "__Secure-"


def cookie_scope() -> dict[str, Any]:
    """
    Return where the browser sends the cookies of this request.

    In a frame of an allowed site, browsers keep only cookies that are bound to that
    site, and only over HTTPS. Over HTTP they send no ``Sec-Fetch-Dest``.
    """
    framed = (bool(get_services().frame_origins) and request.is_secure
              and request.headers.get("Sec-Fetch-Dest") in FRAME_DESTINATIONS)
    return {"path": request.root_path or "/",       # that of a reverse proxy
            "httponly": True, "secure": request.is_secure, "partitioned": framed,
            "samesite": "None" if framed else "Lax"}
