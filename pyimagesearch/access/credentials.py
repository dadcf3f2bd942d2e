"""The secrets that let somebody in, kept in one file that is ours alone."""

import contextlib
import hmac
import json
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pyimagesearch.errors import AccessError
from pyimagesearch.folders import ConfigFolder

from .roles import Role

log = logging.getLogger(__name__)

FILE = "access.json"


@dataclass(frozen=True)
class Credentials:
    """
    All secrets of one installation.

    *name* tells the cookies of two servers on one machine apart and is no secret;
    *key* signs cookies and keys; *tokens* stand in links and with programs;
    *passwords* are hashes, for the roles that have one. A role's *stamp* changes
    when its secrets do, which ends what was begun under the old one. *url* is
    where the server was last found, for links.
    """

    name: str
    key: str = field(repr=False)
    tokens: Mapping[Role, str] = field(repr=False)
    stamps: Mapping[Role, str]
    passwords: Mapping[Role, str] = field(default_factory=dict, repr=False)
    url: str = ""

    @classmethod
    def new(cls) -> "Credentials":
        """Return fresh secrets, without any password."""
        return cls(secrets.token_hex(4), "", {}, {}).renewed()

    def renewed(self) -> "Credentials":
        """Return these with a new key and new tokens: all links and sessions end."""
        return replace(
            self, key=secrets.token_hex(32),
            tokens={role: secrets.token_urlsafe(24) for role in Role},
            stamps={role: secrets.token_hex(8) for role in Role})

    def with_password(self, role: Role, hashed: str) -> "Credentials":
        """Return these with another password of *role*, whose sessions end."""
        return replace(self, passwords={**self.passwords, role: hashed},
                       stamps={**self.stamps, role: secrets.token_hex(8)})

    def role_of(self, token: str) -> Role | None:
        """Return whose *token* this is; takes as long for a wrong one."""
        given = token.encode()
        fitting = [role for role, known in self.tokens.items()
                   if hmac.compare_digest(known.encode(), given)]
        return fitting[0] if fitting else None

    def as_bytes(self) -> bytes:
        """Return these as they are kept."""
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Credentials":
        """Return what :meth:`as_bytes` gave; raises :exc:`AccessError`."""
        try:
            values: dict[str, Any] = json.loads(content)
            for each in ("tokens", "stamps", "passwords"):
                values[each] = {Role(role): str(text)
                                for role, text in values[each].items()}
            found = cls(**values)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise AccessError("it is damaged") from None
        texts = (found.name, found.key, found.url)
        if not (all(type(text) is str for text in texts) and found.key
                and len(found.tokens) == len(found.stamps) == len(Role)
                and all(found.tokens.values())):
            raise AccessError("it is damaged")
        return found


class CredentialsFile:
    """
    ``access.json`` in *folder*, which another process may change at any time.

    :meth:`current` looks at the file's dates each time it is asked, so that a new
    password counts at once. Raises :exc:`AccessError` if the file is there but
    cannot be read; later on, the last good one stays in force, as an unreadable
    lock must not open the door.
    """

    def __init__(self, folder: ConfigFolder) -> None:
        self._folder = folder
        self._dates = folder.state(FILE)
        self._current = self._read()

    def current(self) -> Credentials | None:
        """Return the secrets in force; ``None`` if there never were any."""
        dates = self._folder.state(FILE)
        if dates not in (None, self._dates):
            self._dates = dates
            try:
                self._current = self._read() or self._current
            except AccessError as error:
                log.error("%s; the last one stays in force", error)
        return self._current

    def keep(self, credentials: Credentials) -> None:
        """Put *credentials* in force; raises :exc:`AccessError` if not kept."""
        self._current = credentials
        try:
            self._folder.keep_secret(FILE, credentials.as_bytes())
        except OSError as error:
            raise AccessError(f"{self._path} cannot be written: "
                              f"{error.strerror}") from None
        self._dates = self._folder.state(FILE)

    def change(self, how: Callable[[Credentials], Credentials]) -> Credentials:
        """
        Put in force, and return, what *how* makes of the secrets, new ones at first.

        Nobody else changes them meanwhile. Raises :exc:`AccessError` if not kept.
        """
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError):      # keeping fails, too, and says why
                stack.enter_context(self._folder.alone())
            found = self.current()
            changed = how(found or Credentials.new())
            if changed != found:
                self.keep(changed)
        return changed

    def remember_url(self, url: str) -> None:
        """Keep *url* with the secrets, new ones if there are none; if that can be."""
        try:
            self.change(lambda found: replace(found, url=url))
        except AccessError as error:
            log.debug("%s", error)

    @property
    def _path(self) -> str:
        return str(self._folder.path / FILE)

    def _read(self) -> Credentials | None:
        try:
            content = self._folder.secret(FILE)
            return None if content is None else Credentials.from_bytes(content)
        except OSError as error:
            raise AccessError(
                f"{self._path} cannot be read: {error.strerror}") from None
        except AccessError as error:
            raise AccessError(f"{self._path} cannot be read: {error}; remove it to "
                              "begin anew, with new links and no password") from None
