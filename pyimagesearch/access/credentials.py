"""The secrets of one installation, and the file that holds them."""

import contextlib
import hmac
import json
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from pyimagesearch.errors import AccessError, NewerFormat, reason
from pyimagesearch.file_formats import check_format
from pyimagesearch.folders import ConfigFolder

from .roles import Role

log = logging.getLogger(__name__)

FILE_NAME = "access.json"


@dataclass(frozen=True)
class Credentials:
    """
    All secrets of one installation.

    *name* is no secret: it keeps the cookies of two servers on one machine apart.
    *key* signs cookies and stream keys; *tokens* are for login links and programs;
    *passwords* are hashes, for the roles that have one. The *stamp* of a role changes
    with its secrets, which revokes every client that holds the old one. *url* is
    where the server was last found, for login links.
    """

    name: str
    key: str = field(repr=False)
    tokens: Mapping[Role, str] = field(repr=False)
    stamps: Mapping[Role, str]
    passwords: Mapping[Role, str] = field(default_factory=dict, repr=False)
    url: str = ""

    @classmethod
    def new(cls) -> "Credentials":
        """Return new secrets without a password."""
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
        """Return the role of *token*, in constant time; ``None`` for a wrong one."""
        given = token.encode()
        matching = [role for role, known in self.tokens.items()
                    if hmac.compare_digest(known.encode(), given)]
        return matching[0] if matching else None

    def as_bytes(self) -> bytes:
        """Return the content of the file."""
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Credentials":
        """
        Parse the content of the file.

        Raises :exc:`AccessError`, or :exc:`NewerFormat`.
        """
        try:
            values: dict[str, Any] = json.loads(content)
            check_format(values, [each.name for each in fields(cls)])
            for each in ("tokens", "stamps", "passwords"):
                values[each] = {Role(role): str(text)
                                for role, text in values[each].items()}
            found = cls(**values)
            texts = (found.name, found.key, found.url)
            if not (all(type(text) is str for text in texts)
                    and len(found.tokens) == len(found.stamps) == len(Role)
                    and found.key and all(found.tokens.values())):
                raise ValueError
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise AccessError("it is damaged; remove it to start over with new links "
                              "and no password") from None
        return found


class CredentialsFile:
    """
    ``access.json`` in *folder*, which other processes may change at any time.

    :meth:`current` checks the file each time, so that a new password counts at once.
    Raises :exc:`AccessError` if the file exists but cannot be read; if that happens
    later, the last good one stays in force, as a damaged file must not grant access.
    """

    def __init__(self, folder: ConfigFolder) -> None:
        self._folder = folder
        self._path = folder.path / FILE_NAME
        self._version = folder.version(FILE_NAME)
        self._current = self._read()

    def current(self) -> Credentials | None:
        """Return the credentials in force; ``None`` if there never were any."""
        version = self._folder.version(FILE_NAME)
        if version not in (None, self._version):
            self._version = version
            try:
                self._reload()
            except AccessError as error:
                log.error("%s; the last one stays in force", error)
        return self._current

    def save(self, credentials: Credentials) -> None:
        """Put *credentials* in force; raises :exc:`AccessError` if not saved."""
        self._current = credentials
        try:
            self._folder.keep_secret(FILE_NAME, credentials.as_bytes())
        except OSError as error:
            raise AccessError(f"{self._path} cannot be written: "
                              f"{error.strerror}") from None
        self._version = self._folder.version(FILE_NAME)

    def change(self, how: Callable[[Credentials], Credentials]) -> Credentials:
        """
        Save and return what *how* makes of the credentials, or of new ones.

        No other process can change them meanwhile. Raises :exc:`AccessError` if not
        saved.
        """
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError):      # then saving fails and says why
                stack.enter_context(self._folder.locked())
            found = self.current()
            self._read()        # nothing is written over what cannot be read
            changed = how(found or Credentials.new())
            if changed != found:
                self.save(changed)
        return changed

    def remember_url(self, url: str) -> None:
        """Save *url* with the credentials, if possible."""
        try:
            self.change(lambda found: replace(found, url=url))
        except AccessError as error:
            log.debug("%s", error)

    def _reload(self) -> None:
        before, self._current = self._current, self._read() or self._current
        if before and self._current and before.tokens != self._current.tokens:
            log.info("new tokens: all sessions and login links have ended")
        elif before and self._current:
            for role in Role:
                if before.stamps[role] != self._current.stamps[role]:
                    log.info("new password of %s: its sessions have ended", role)

    def _read(self) -> Credentials | None:
        try:
            content = self._folder.secret(FILE_NAME)
            return None if content is None else Credentials.from_bytes(content)
        except (OSError, AccessError, NewerFormat) as error:
            raise AccessError(f"{self._path} cannot be read: {reason(error)}") from None
