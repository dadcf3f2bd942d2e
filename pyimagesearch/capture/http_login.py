"""Log in to HTTP and RTSP cameras: Basic (RFC 7617) and Digest (RFC 2617 and 7616)."""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from itertools import count
from typing import NamedTuple

from pyimagesearch.errors import CameraLost

from .url import CameraUrl

# by the name without dashes, the strongest first
HASH_NAMES = {"SHA512256": "sha512_256", "SHA512": "sha512", "SHA256": "sha256",
              "SHA1": "sha1", "SHA": "sha1", "MD5": "md5"}
SESSION_SUFFIX = "-SESS"
BASIC_STRENGTH = -len(HASH_NAMES)       # less than any digest
SCHEME_PATTERN = re.compile(    # with the credentials of some unknown schemes
    r"[\s,]*([\w-]+)(?![\w-]|\s*=)(?:\s+[\w.~+/-]+=*(?=\s*(?:,|$)))?")
PARAMETER_PATTERN = re.compile(
    r'[\s,]*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s,]*))')
ESCAPE_PATTERN = re.compile(r'\\(["\\])')


class Challenge(NamedTuple):
    """One way to log in, of a ``WWW-Authenticate`` header."""

    scheme: str                 # in lower case
    parameters: dict[str, str]  # as sent, quotes removed; the names in lower case

    def __str__(self) -> str:
        return f"{self.scheme.title()} {self.parameters.get('algorithm', '')}".strip()

    @property
    def algorithm(self) -> str:
        """The hash of a digest in upper case, perhaps with ``-SESS``."""
        return self.parameters.get("algorithm", "MD5").strip().upper()

    @property
    def hash_name(self) -> str:
        """The hash of a digest for :mod:`hashlib`; empty if it is not known."""
        name = self.algorithm.removesuffix(SESSION_SUFFIX).replace("-", "")
        found = HASH_NAMES.get(name, "")
        return found if found in hashlib.algorithms_available else ""

    @property
    def strength(self) -> int | None:
        """How strong the login is, higher is better; ``None`` if it is not known."""
        if self.scheme == "basic":
            return BASIC_STRENGTH
        if self.scheme == "digest" and self.hash_name:
            return -list(HASH_NAMES.values()).index(self.hash_name)
        return None


class HttpLogin:
    """
    The login of the camera at *url*, and its last challenge.

    A challenge is answered in advance from then on: a login costs one request more
    only once.
    """

    def __init__(self, url: CameraUrl) -> None:
        self._url = url
        self._user, self._password = (each.encode("utf-8", "surrogateescape")
                                      for each in (url.user, url.password))
        self._answer: Callable[[str, str], bytes] | None = None

    def take_challenge(self, headers: Sequence[str]) -> bool:
        """
        Choose the strongest login of the ``WWW-Authenticate`` *headers*.

        Return whether only the challenge that was answered before is out of date, not
        the password wrong. Raises :exc:`CameraLost` if the URL has no login, or the
        camera asks for none that is known.
        """
        if not self._url.has_login:
            raise CameraLost(f"{self._url} asks for a login; write it before the host, "
                             "as user:password@host")
        offered = parse_challenges(headers) or [Challenge("basic", {})]
        known = [each for each in offered if each.strength is not None]
        if not known:
            raise CameraLost(f"{self._url} asks for a login that is not supported: "
                             f"{', '.join(map(str, offered))}")
        best = max(known, key=lambda each: each.strength or 0)
        if best.scheme == "basic":
            login = base64.b64encode(self._user + b":" + self._password)
            self._answer = lambda uri, method: b"Basic " + login
        else:
            self._answer = DigestAnswers(
                best, self._user, self._password, secrets.token_hex(16))
        return best.parameters.get("stale", "").lower() == "true"

    @property
    def is_ready(self) -> bool:
        """Whether there was a challenge, which requests answer in advance."""
        return self._answer is not None

    def forget_challenge(self) -> None:
        """Send no login until the next challenge."""
        self._answer = None

    def authorization(self, uri: str, method: str = "GET") -> bytes | None:
        """Return the header that logs a request in, if there was a challenge."""
        return self._answer(uri, method) if self._answer else None


class DigestAnswers:
    """Answer one *challenge* of a digest login again and again."""

    def __init__(self, challenge: Challenge, user: bytes, password: bytes,
                 client_nonce: str) -> None:
        self._challenge = challenge
        self._user = user
        self._password = password
        self._client_nonce = client_nonce
        self._uses = count(1)

    def __call__(self, uri: str, method: str = "GET") -> bytes:
        """Return the ``Authorization`` header of a request."""
        sent, quality = self._challenge.parameters, self._quality()
        use, nonce = f"{next(self._uses):08x}", unescaped(sent.get("nonce", ""))
        middle = [use, self._client_nonce, quality] if quality else []
        response = self._hash(":".join(
            [self._secret(nonce), nonce, *middle, self._request(uri, method, quality)]))
        fields = [b'username="%b"' % self._name()]
        fields += [f'{name}="{sent[name]}"'.encode("latin-1")
                   for name in ("realm", "nonce", "opaque") if name in sent]
        fields.append(f'uri="{uri}", response="{response}"'.encode())
        if "algorithm" in sent:
            fields.append(f"algorithm={sent['algorithm']}".encode("latin-1"))
        if quality:
            fields.append(f"qop={quality}, nc={use}".encode())
        if quality or self._is_session():
            fields.append(f'cnonce="{self._client_nonce}"'.encode())
        if self._hides_user():
            fields.append(b"userhash=true")
        return b"Digest " + b", ".join(fields)

    def _quality(self) -> str:
        """Return the quality of protection to use, of those that the camera lists."""
        listed = re.split(r"[\s,]+", self._challenge.parameters.get("qop", "").lower())
        return next((each for each in ("auth", "auth-int") if each in listed), "")

    def _is_session(self) -> bool:
        return self._challenge.algorithm.endswith(SESSION_SUFFIX)

    def _hides_user(self) -> bool:
        return self._challenge.parameters.get("userhash", "").lower() == "true"

    def _name(self) -> bytes:
        """Return the user as sent: escaped for quotes, or hashed."""
        if self._hides_user():
            return self._hash(self._user + b":" + self._realm()).encode()
        return re.sub(rb'(["\\])', rb"\\\1", self._user)

    def _realm(self) -> bytes:
        return unescaped(self._challenge.parameters.get("realm", "")).encode("latin-1")

    def _secret(self, nonce: str) -> str:
        """Return what RFC 7616 calls H(A1)."""
        found = self._hash(b":".join([self._user, self._realm(), self._password]))
        return (self._hash(f"{found}:{nonce}:{self._client_nonce}")
                if self._is_session() else found)

    def _request(self, uri: str, method: str, quality: str) -> str:
        """Return what RFC 7616 calls H(A2), for a request without a body."""
        body = ":" + self._hash(b"") if quality == "auth-int" else ""
        return self._hash(f"{method}:{uri}{body}")

    def _hash(self, data: str | bytes) -> str:
        data = data.encode("latin-1") if isinstance(data, str) else data
        return hashlib.new(self._challenge.hash_name, data,
                           usedforsecurity=False).hexdigest()


def unescaped(quoted: str) -> str:
    """Return the text of a *quoted* string; a backslash before letters is kept."""
    return ESCAPE_PATTERN.sub(r"\1", quoted)


def parse_challenges(headers: Sequence[str]) -> list[Challenge]:
    """Return the challenges in *headers*, each of which may hold several."""
    found: list[Challenge] = []
    for header in headers:
        at = 0
        while word := (PARAMETER_PATTERN.match(header, at)
                       or SCHEME_PATTERN.match(header, at)):
            at = word.end()
            if word.re is SCHEME_PATTERN:
                found.append(Challenge(word[1].lower(), {}))
            elif found:
                name, quoted, plain = word.groups()
                found[-1].parameters.setdefault(name.lower(), plain or quoted or "")
    return found
