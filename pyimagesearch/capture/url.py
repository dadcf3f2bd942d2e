"""Addresses of cameras, and their passwords, which nobody else gets to see."""

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from pyimagesearch.errors import SettingsError

# Many cameras take their login as ?user=...&pwd=..., or as /user=..._password=... in
# the path, under names without end: so what is no secret is listed, and not what is.
PAIR = re.compile(r"([A-Za-z0-9.-]+)=((?:(?!_[A-Za-z0-9.-]+=)[^&;/,])*)")
HARMLESS = re.compile(r"[A-Za-z0-9.-]{0,16}")       # as the value of what is listed
PLAIN = frozenset({
    "action", "camera", "cam", "ch", "channel", "chn", "chnl", "codec", "compression",
    "fps", "framerate", "height", "id", "inst", "line", "mode", "profile", "proto",
    "quality", "rate", "res", "resolution", "size", "stream", "streamtype", "subtype",
    "transport", "transportmode", "type", "unicast", "video", "width"})


class CameraUrl(NamedTuple):
    """Where a camera is and how to log in."""

    bare: str           # without user and password before the host: for requests
    user: str
    password: str

    @property
    def shown(self) -> str:
        """The URL for logs and pages, without anything that may be secret."""
        return redact_url(self.bare)

    def __repr__(self) -> str:
        return f"CameraUrl({self.shown!r})"


def parse_url(url: str) -> CameraUrl:
    """
    Split user and password off *url*.

    Raises :exc:`SettingsError`, which shows neither, if it has no host or a
    port that is none.
    """
    try:
        parts = urlsplit(url)
        login, _, place = parts.netloc.rpartition("@")
        bare = urlunsplit(parts._replace(netloc=place))
        fits = bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        scheme = url.partition("://")[0]
        raise SettingsError(
            f"--source is {redact_url(url)!r}, which has no host or a wrong port; "
            f"such a URL is written {scheme}://user:password@host:port/path")
    user, _, password = login.partition(":")
    return CameraUrl(bare, unquote(user), unquote(password))


def redact_url(text: str) -> str:
    """
    Return *text*, maybe no URL at all, without what may be secret in a URL.

    That is what stands before an ``@``, and the values of parameters.
    """
    scheme, separator, rest = text.partition("://")
    if not separator:       # perhaps one whose beginning was forgotten
        return text.rpartition("@")[2]
    rest, mark, query = rest.partition("?")
    rest = rest.rpartition("@")[2]      # also where a password has a slash
    place, slash, path = rest.partition("/")
    parts = map(without_value, filter(None, query.split("&")))
    return (scheme + separator + place + slash + PAIR.sub(masked, path)
            + mark + "&".join(parts))


def without_value(part: str) -> str:
    """Return a *part* of a query without what may be secret in it."""
    name, equals, _ = part.partition("=")
    if name.lower() in PLAIN:
        return PAIR.sub(masked, part)
    return f"{name}=***" if equals else "***"


def masked(pair: re.Match[str]) -> str:
    """Return a name and its value, which is hidden if it may be secret."""
    name, value = pair.groups()
    plain = name.lower() in PLAIN and HARMLESS.fullmatch(value)
    return pair[0] if plain else f"{name}=***"
