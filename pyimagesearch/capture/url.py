"""URLs of cameras, and how to show them without their passwords."""

import re
from itertools import chain
from typing import NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit

from pyimagesearch.errors import CameraLost, SettingsError

# Many cameras take their login as ?user=...&pwd=..., or as /user=..._password=... in
# the path, under countless names: so the names that hold no secret are listed.
PAIR_PATTERN = re.compile(r"([A-Za-z0-9.-]+)=((?:(?!_[A-Za-z0-9.-]+=)[^&;/,])*)")
SAFE_VALUE_PATTERN = re.compile(r"[A-Za-z0-9.-]{0,16}")     # of the safe names
SAFE_NAMES = frozenset({
    "action", "camera", "cam", "ch", "channel", "chn", "chnl", "codec", "compression",
    "fps", "framerate", "height", "id", "inst", "line", "mode", "profile", "proto",
    "quality", "rate", "res", "resolution", "size", "stream", "streamtype", "subtype",
    "transport", "transportmode", "type", "unicast", "video", "width"})
# A host with its port, up to the path
HOST_PATTERN = re.compile(
    r"(?P<host>\[[\da-fA-F:.]+(?:%[\w.~-]+)?\]|(?!\d+(?![\w.-]))[\w.*-]+)"
    r"(?::(?P<port>\d{0,5}))?(?=[/?#]|$)")
ADDRESS_PATTERN = re.compile(r"\[.*:.*:.*\]|\d{1,3}(?:\.\d{1,3}){3}")
# Hosts that no word in a password looks like
CERTAIN_HOST_PATTERN = re.compile(
    rf"{ADDRESS_PATTERN.pattern}|localhost|\*|[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{{2,}}")
QUERY_VALUE_PATTERN = re.compile(r"[?&][\w.-]+=[^?&]*\Z")  # and its name
SCHEME_PATTERN = re.compile(r"[\w=+.-]*")   # perhaps behind the name of an option
SENT_CHARACTERS = "%/:=&?~+!$,;'@()*[]|"    # to a camera, as they are
MAX_LOCATION_BYTES = 2048   # of a redirect
RESERVED_SIGNS = "/?#@"     # they end a login unless they are percent-encoded


class CameraUrl(NamedTuple):
    """The URL of a camera, with its login set apart; as text it holds no secrets."""

    bare: str           # without user and password
    user: str           # what is not UTF-8 is escaped by surrogates
    password: str

    @property
    def has_login(self) -> bool:
        """Whether there is a user or a password."""
        return bool(self.user or self.password)

    @property
    def with_login(self) -> str:
        """The URL for libraries, with the login percent-encoded: never show it."""
        if not self.has_login:
            return self.bare
        login = ":".join(quote(each, safe="", errors="surrogateescape")
                         for each in (self.user, self.password))
        return self.bare.replace("://", f"://{login}@", 1)

    def __repr__(self) -> str:      # also what str() returns
        return redact_url(self.with_login)


def parse_url(url: str, where: str = "--source") -> CameraUrl:
    """Split the login off *url*, set *where*; raises SettingsError, which hides it."""
    scheme, _, rest = url.partition("://")
    login, place = split_login(rest)
    bare = f"{scheme.lower()}://{place.partition('#')[0]}"
    if not find_host(place, 0) or not is_url(bare):
        raise SettingsError(
            f"{where} is {redact_url(url)!r}, which has no host or a wrong port; "
            f"such a URL is written {scheme}://user:password@host:port/path")
    user, _, password = login.partition(":")
    return CameraUrl(bare, unquote(user, errors="surrogateescape"),
                     unquote(password, errors="surrogateescape"))


def quote_url(text: str, sent: str = "") -> str:
    """
    Return *text*, a URL or the end of one, percent-encoded where HTTP needs it.

    The characters *sent* are sent as they are, too.
    """
    return quote(text, safe=SENT_CHARACTERS + sent, errors="surrogateescape")


def redirected(url: CameraUrl, place: str, location: str) -> str:
    """
    Return the URL that *location*, a header sent from *place*, redirects to.

    Neither URL has a login. Raises :exc:`CameraLost`, which names *url*, for another
    host or protocol, and where the way there would no longer be encrypted.
    """
    try:
        text = location[:MAX_LOCATION_BYTES].encode("latin-1")
        there = parse_url(urljoin(place, text.decode("utf-8", "surrogateescape"))).bare
    except ValueError:
        raise CameraLost(f"{url} redirects to what is no URL") from None
    old, new = urlsplit(place), urlsplit(there)
    if new.hostname != old.hostname:
        problem = f"redirects to another host, {redact_url(there)}"
    elif new.scheme.removesuffix("s") != old.scheme.removesuffix("s"):
        problem = f"redirects to {redact_url(there)}"
    elif old.scheme.endswith("s") and old.scheme != new.scheme:
        problem = f"redirects to {redact_url(there)}, which is not encrypted"
    else:
        return there
    raise CameraLost(f"{url} {problem}; use that as the source if it is right")


def is_url(text: str) -> bool:
    """Return whether the standard library takes *text* for a URL."""
    try:
        return bool(urlsplit(text).hostname)
    except ValueError:      # an IPv6 address that is none
        return False


def split_login(rest: str) -> tuple[str, str]:
    """
    Return the login of a URL without its scheme, and what follows its ``@``.

    User and password may hold any sign, also ``/``, ``?``, ``#`` and ``@``, unescaped:
    they end at the last ``@`` before what can be the host. A host that is certainly
    one ends the search, so that a later ``@`` is part of the path or the query.
    """
    hosts = [found for at, sign in enumerate("@" + rest) if sign == "@"
             and (found := find_host(rest, at))]
    # cameras have no fragments, so that a # before a host belongs to a password
    begin = rest.rfind("#", 0, hosts[-1].start()) if hosts else 0
    hosts = [each for each in hosts if each.start() >= begin]
    host = choose_host(rest, hosts) if hosts else None
    start = host.start() if host else rest.rfind("@") + 1
    return rest[:max(0, start - 1)], rest[start:]


def find_host(rest: str, at: int) -> re.Match[str] | None:
    """Return the host of *rest* that begins *at* a place, if its port is valid."""
    found = HOST_PATTERN.match(rest, at)
    return found if found and 1 <= int(found["port"] or 1) <= 65535 else None


def choose_host(rest: str, hosts: list[re.Match[str]]) -> re.Match[str]:
    """Return the most likely host of *hosts*, which may begin *rest* or follow an @."""
    certain = [each for each in hosts if CERTAIN_HOST_PATTERN.fullmatch(each["host"])]
    with_path = [each for each in hosts if rest[each.end():][:1] in ("/", "")]
    # a host with a port may be a user and the digits of a password
    start = [each for each in hosts if not each.start()
             and (each["port"] is None or each in certain or each in with_path)]
    logins = [each for each in hosts if each.start()
              and not QUERY_VALUE_PATTERN.search(rest, 0, each.start() - 1)]
    ranked = (
        [each for each in start
         if each["port"] is None or (each in certain and each in with_path)],
        [each for each in logins if each in certain],
        [each for each in reversed(logins) if each in with_path],
        reversed(logins),
        [each for each in start if each["port"]],
        reversed(hosts))
    return next(chain.from_iterable(ranked))


def encoding_advice(url: str) -> str:
    """Return how to write the signs of the login that should be percent-encoded."""
    login = split_login(url.partition("://")[2])[0]
    return ", ".join(f"{sign} as {quote(sign, safe='')}" for sign in RESERVED_SIGNS
                     if sign in login)


def redact_url(text: str) -> str:
    """
    Return *text*, which may be no URL at all, without the possible secrets of a URL.

    These are the login, and the values of parameters.
    """
    scheme, separator, rest = text.partition("://")
    if not separator or not SCHEME_PATTERN.fullmatch(scheme):
        return text.rpartition("@")[2]      # perhaps a URL without its scheme
    return scheme + separator + redact_place(without_logins(rest))


def without_logins(rest: str) -> str:
    """
    Return a URL without its scheme, and without all that may be part of its login.

    With a colon before it, any ``@`` may be the end of a password, also one that is
    taken for a part of the path or the query, unless the host is an address.
    """
    place = split_login(rest)[1]
    colon, host = rest.find(":"), find_host(place, 0)
    if colon < 0 or (host and ADDRESS_PATTERN.fullmatch(host["host"])):
        return place
    ends = [at for at in range(colon, len(rest))
            if rest[at] == "@" and find_host(rest, at + 1)]
    shown = rest[ends[-1] + 1:] if ends else place
    return place if shown == place else "***@" + shown


def redact_place(place: str) -> str:
    """Return host, path and query of a URL without possible secrets."""
    rest, mark, query = place.partition("#")[0].partition("?")
    host, slash, path = rest.partition("/")
    if host and not HOST_PATTERN.fullmatch(host.removeprefix("***@")):
        return "***"        # perhaps a login without its host
    parts = map(redact_parameter, filter(None, query.split("&")))
    return (host + slash + PAIR_PATTERN.sub(redact_pair, path) + mark + "&".join(parts))


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
