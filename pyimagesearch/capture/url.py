"""URLs of cameras, and how to show them without their passwords."""

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from pyimagesearch.errors import SettingsError

# Many cameras take their login as ?user=...&pwd=..., or as /user=..._password=... in
# the path, under countless names: so the names that hold no secret are listed.
PAIR_PATTERN = re.compile(r"([A-Za-z0-9.-]+)=((?:(?!_[A-Za-z0-9.-]+=)[^&;/,])*)")
SAFE_VALUE_PATTERN = re.compile(r"[A-Za-z0-9.-]{0,16}")     # of the safe names
SAFE_NAMES = frozenset({
    "action", "camera", "cam", "ch", "channel", "chn", "chnl", "codec", "compression",
    "fps", "framerate", "height", "id", "inst", "line", "mode", "profile", "proto",
    "quality", "rate", "res", "resolution", "size", "stream", "streamtype", "subtype",
    "transport", "transportmode", "type", "unicast", "video", "width"})


class CameraUrl(NamedTuple):
    """The URL of a camera, with its login set apart; as text it holds no secrets."""

    bare: str           # without user and password
    user: str
    password: str

    @property
    def has_login(self) -> bool:
        """Whether there is a user or a password."""
        return bool(self.user or self.password)

    def __repr__(self) -> str:      # also what str() returns
        return redact_url(self.bare)


def parse_url(url: str, where: str = "--source") -> CameraUrl:
    """Split the login off *url*, set *where*; raises SettingsError, which hides it."""
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
            f"{where} is {redact_url(url)!r}, which has no host or a wrong port; "
            f"such a URL is written {scheme}://user:password@host:port/path")
    user, _, password = login.partition(":")
    return CameraUrl(bare, unquote(user), unquote(password))


def redact_url(text: str) -> str:
    """
    Return *text*, which may be no URL at all, without the possible secrets of a URL.

    These are everything before an ``@``, and the values of parameters.
    """
    scheme, separator, rest = text.partition("://")
    if not separator:       # perhaps a URL without its scheme
        return text.rpartition("@")[2]
    rest, mark, query = rest.partition("?")
    rest = rest.rpartition("@")[2]      # also where a password has a slash
    place, slash, path = rest.partition("/")
    parts = map(redact_parameter, filter(None, query.split("&")))
    return (scheme + separator + place + slash + PAIR_PATTERN.sub(redact_pair, path)
            + mark + "&".join(parts))


def redact_parameter(part: str) -> str:
    """Return a *part* of a query without its possible secrets."""
    name, equals, _ = part.partition("=")
    if name.lower() in SAFE_NAMES:
        return PAIR_PATTERN.sub(redact_pair, part)
    return f"{name}=***" if equals else "***"


def redact_pair(pair: re.Match[str]) -> str:
    """Return ``name=value``, or ``name=***`` if the value may be secret."""
    name, value = pair.groups()
    safe = name.lower() in SAFE_NAMES and SAFE_VALUE_PATTERN.fullmatch(value)
    return pair[0] if safe else f"{name}=***"
