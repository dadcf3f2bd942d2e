"""Device keys: long-lived passwords with which programs watch."""

import hashlib
import hmac
import json
import logging
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any
from urllib.parse import quote

from pyimagesearch.clock import Clock
from pyimagesearch.errors import AccessError, NewerFormat, SettingsError, reason
from pyimagesearch.file_formats import check_list
from pyimagesearch.folders import ConfigFolder
from pyimagesearch.settings.option import Option

log = logging.getLogger(__name__)

FILE_NAME = "device-keys.json"
SAVE_SECONDS = 60.0         # between two saves of when keys were last used
DAY_SECONDS = 86_400.0
MAX_TIME = 250e9            # in the last years that datetime knows
MAX_KEYS = 100
MAX_NAME_LENGTH = 40        # characters
DAYS = Option(name="days", default=None, short_flags=(), group="access", kind=float,
              low=0.01, high=36_500, metavar="N",
              help="days after which the key expires; default: never")


@dataclass(frozen=True)
class DeviceKey:
    """
    A device key, without the key itself; times in seconds since the epoch.

    *digest* is the SHA-256 of the key: of 192 random bits, no slower hash is needed.
    """

    id: str
    name: str
    digest: str = field(repr=False)
    since: float
    until: float | None = None      # when it expires
    used: float | None = None       # last, from *address*
    address: str = ""

    @classmethod
    def from_json(cls, values: Any) -> "DeviceKey":
        """Return the key with these *values*; raises one of several exceptions."""
        made = cls(**values)
        texts = made.id, made.name, made.digest, made.address
        times = made.since, made.until or 0.0, made.used or 0.0
        if not (all(type(each) is str for each in texts)
                and all(type(each) in (int, float) for each in times)
                and all(0 <= each < MAX_TIME for each in times)
                and made.id and len(made.digest) == 64):
            raise ValueError
        return made


class DeviceKeys:
    """
    All device keys: ``device-keys.json`` in *folder*, which other processes may change.

    Belongs to the server's thread; *in_thread* runs the writing in another one and
    waits for it. The file is checked at each question, so that a key that is made or
    revoked counts at once. If it is damaged, the last keys stay in force, and none at
    the start; nothing is written over it.
    """

    def __init__(self, folder: ConfigFolder, clock: Clock,
                 in_thread: Callable[[Callable[[], Any]], Any]) -> None:
        self._folder = folder
        self._clock = clock
        self._in_thread = in_thread
        self._writing = threading.Lock()
        self._saved = float("-inf")
        self._keys: dict[str, DeviceKey] = {}
        self._version: object = ...     # of the file that was read last

    def all(self) -> list[DeviceKey]:
        """Return all keys, expired ones too, by name."""
        self._refresh()
        return sorted(self._keys.values(), key=lambda each: each.name.casefold())

    def find(self, secret: str) -> DeviceKey | None:
        """Return the key that is *secret*, in constant time, unless it has expired."""
        given = digest_of(secret)
        self._refresh()
        matching = [each for each in self._keys.values()
                    if hmac.compare_digest(each.digest, given)]
        return next((each for each in matching if not self.has_expired(each)), None)

    def is_valid(self, id: str) -> bool:
        """Return whether the key *id* has neither been revoked nor expired."""
        self._refresh()
        key = self._keys.get(id)
        return key is not None and not self.has_expired(key)

    def has_expired(self, key: DeviceKey) -> bool:
        """Return whether *key* has expired."""
        return key.until is not None and self._clock.time() >= key.until

    def touch(self, key: DeviceKey, address: str) -> None:
        """Note that *key* was used just now from *address*."""
        if key.id not in self._keys:
            return
        now = self._clock.monotonic()
        self._keys[key.id] = replace(key, used=self._clock.time(), address=address)
        if key.used is None or now - self._saved >= SAVE_SECONDS:
            self._saved = now
            try:
                self._change(lambda keys: keys)
            except AccessError as error:
                log.warning("%s", error)

    def add(self, name: str, days: float | None) -> str:
        """
        Make a key called *name*, valid for so many *days*; return it.

        Raises :exc:`SettingsError` for an unsuitable name and :exc:`AccessError` if
        the key cannot be saved.
        """
        name, now, secret = name.strip(), self._clock.time(), secrets.token_urlsafe(24)
        check_name(name)
        until = None if days is None else now + days * DAY_SECONDS
        made = DeviceKey(secrets.token_hex(4), name, digest_of(secret), now, until)
        self._change(lambda keys: with_key(keys, made))
        return secret

    def revoke(self, key: DeviceKey) -> None:
        """Remove *key*; raises :exc:`AccessError` if that cannot be saved."""
        self._change(lambda keys: [each for each in keys if each.id != key.id])

    def _refresh(self) -> None:
        version = self._folder.version(FILE_NAME)
        if version == self._version:
            return
        self._version = version
        try:
            self._adopt(self._read())
        except AccessError as error:
            log.error("%s; %s", error, "the last keys stay in force" if self._keys else
                      "until then none is valid")

    def _adopt(self, found: Iterable[DeviceKey]) -> None:
        """Replace all keys by those *found*, with their latest use."""
        self._keys = {each.id: self._latest(each) for each in found}

    def _latest(self, key: DeviceKey) -> DeviceKey:
        ours = self._keys.get(key.id)
        return ours if ours and (ours.used or 0.0) > (key.used or 0.0) else key

    def _change(self, how: Callable[[list[DeviceKey]], list[DeviceKey]]) -> None:
        self._version, changed = self._in_thread(lambda: self._rewrite(how))
        self._adopt(changed)

    def _rewrite(self, how: Callable[[list[DeviceKey]], list[DeviceKey]]
                 ) -> tuple[object, list[DeviceKey]]:
        """Write what *how* makes of the keys; other processes wait meanwhile."""
        try:
            with self._writing, self._folder.locked():
                changed = how([self._latest(each) for each in self._read()])
                content = json.dumps([asdict(each) for each in changed], indent=1)
                self._folder.keep_secret(FILE_NAME, content.encode())
                return self._folder.version(FILE_NAME), changed
        except OSError as error:
            raise AccessError(f"{self._folder.path / FILE_NAME} cannot be written: "
                              f"{reason(error)}") from None

    def _read(self) -> list[DeviceKey]:
        path = self._folder.path / FILE_NAME
        try:
            content = self._folder.secret(FILE_NAME)
            return [] if content is None else parse_keys(content)
        except (OSError, NewerFormat) as error:
            raise AccessError(f"{path} cannot be read: {reason(error)}") from None
        except (ValueError, TypeError, KeyError, RecursionError):
            raise AccessError(f"{path} cannot be read: it is damaged; remove it to "
                              "start over without device keys") from None


def parse_keys(content: bytes) -> list[DeviceKey]:
    """Return the keys in the *content* of the file; raises like from_json()."""
    values = json.loads(content)
    check_list(values, [each.name for each in fields(DeviceKey)])
    if not isinstance(values, list):
        raise TypeError
    return [DeviceKey.from_json(each) for each in values]


def digest_of(secret: str) -> str:
    """Return the digest by which a key is known."""
    return hashlib.sha256(secret.encode()).hexdigest()


def with_login(url: str, name: str, secret: str) -> str:
    """Return *url* with a key and its name as password and user name."""
    scheme, _, place = url.partition("://")
    return f"{scheme}://{quote(name, safe='')}:{secret}@{place}"


def check_name(name: str) -> None:
    """Raise :exc:`SettingsError` unless a device key may be called *name*."""
    if not (0 < len(name) <= MAX_NAME_LENGTH and name.isprintable()):
        raise SettingsError(f"the name of the device key is {name[:60]!r}, but must "
                            f"have 1 to {MAX_NAME_LENGTH} printable characters")


def with_key(keys: list[DeviceKey], made: DeviceKey) -> list[DeviceKey]:
    """Return *keys* and the one just *made*; raises :exc:`SettingsError`."""
    if any(each.name == made.name for each in keys):
        raise SettingsError(f"there is a device key called {made.name!r} already; "
                            "choose another name, or revoke that one first")
    if len(keys) >= MAX_KEYS:
        raise SettingsError(f"there are {MAX_KEYS} device keys, the maximum; revoke "
                            "one that is no longer needed")
    return [*keys, made]
