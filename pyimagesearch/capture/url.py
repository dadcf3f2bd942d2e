"""Addresses of cameras, and their passwords, which nobody else gets to see."""

from typing import NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from pyimagesearch.errors import SettingsError


class CameraUrl(NamedTuple):
    """Where a camera is and how to log in."""

    bare: str           # without user and password: for logs, pages and requests
    user: str
    password: str

    def __repr__(self) -> str:
        return f"CameraUrl({self.bare!r})"


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
            f"--source is {without_login(url)!r}, which has no host or a wrong port; "
            f"such a URL is written {scheme}://user:password@host:port/path")
    user, _, password = login.partition(":")
    return CameraUrl(bare, unquote(user), unquote(password))


def without_login(text: str) -> str:
    """Return *text*, maybe no URL at all, without what stands before an ``@``."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        return text
    place, slash, path = rest.partition("/")
    return scheme + separator + place.rpartition("@")[2] + slash + path


