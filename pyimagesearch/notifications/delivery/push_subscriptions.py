"""The file of browsers that are sent alerts, and of the key of this server."""

import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial

from pyimagesearch.errors import AccessError, NewerFormat, SettingsError, reason
from pyimagesearch.file_formats import check_format, check_list
from pyimagesearch.folders import ConfigFolder

from .push_subscription import PushSubscription, check_subscription

log = logging.getLogger(__name__)

FILE_NAME = "web-push.json"
MAX_SUBSCRIPTIONS = 20      # each is a channel with a thread
MAX_OF_VIEWERS = 10         # of these


@dataclass(frozen=True)
class PushFile:
    """The content of the file: the private key, empty before its first use."""

    key: str = field(default="", repr=False)
    subscriptions: tuple[PushSubscription, ...] = ()

    def as_bytes(self) -> bytes:
        """Return the content of the file."""
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "PushFile":
        """Parse the content of the file; raises one of several exceptions."""
        values = json.loads(content)
        check_format(values, [each.name for each in fields(cls)])
        check_list(values["subscriptions"], [each.name for each in
                                             fields(PushSubscription)])
        found = [PushSubscription(**each) for each in values["subscriptions"]]
        texts = [values["key"], *(text for each in found for text in
                                  asdict(each).values())]
        if not all(type(each) is str for each in texts):
            raise ValueError
        return cls(values["key"], tuple(found))


class PushSubscriptions:
    """
    All subscriptions: ``web-push.json`` in *folder*, which other processes may change.

    Every method may be called from any thread; those that change something block. The
    file is checked at each question. If it is damaged, the last content stays in
    force, and nothing is written over it. Each of :attr:`on_change` is called after a
    change, from the thread that made or noticed it; it must not block.
    """

    def __init__(self, folder: ConfigFolder) -> None:
        self.on_change: list[Callable[[], object]] = []
        self._folder = folder
        self._lock = threading.Lock()
        self._current = PushFile()
        self._version: object = ...     # of the file that was read last

    def all(self) -> tuple[PushSubscription, ...]:
        """Return all subscriptions, the oldest first."""
        return self._refreshed().subscriptions

    def key(self) -> str:
        """
        Return the private key, made and saved at the first call.

        Raises :exc:`AccessError` if it cannot be saved or read.
        """
        if found := self._refreshed().key:
            return found
        from .push_encryption import new_key  # with cryptography: 7 MB
        return self._change(lambda file: file if file.key
                            else replace(file, key=new_key())).key

    def add(self, made: PushSubscription, *, replaces: str = "") -> None:
        """
        Add a subscription, which replaces one of the same browser.

        That is one with the same endpoint, with the endpoint *replaces*, or in the
        same session. Raises :exc:`SettingsError` for a wrong one or one too many, and
        :exc:`AccessError` if it cannot be saved.
        """
        check_subscription(made)
        self._change(lambda file: replace(file, subscriptions=with_subscription(
            file.subscriptions, made, replaces)))

    def renew(self, made: PushSubscription) -> bool:
        """Bind a subscription to the session of *made*; return whether there is one."""
        found = any(each.endpoint == made.endpoint for each in self.all())
        if found:
            self.add(made)
        return found

    def move_session(self, old: str, new: str, role: str, stamp: str) -> None:
        """Bind what was subscribed in session *old* to session *new*."""
        if old and any(each.session == old for each in self.all()):
            self._change(lambda file: replace(file, subscriptions=tuple(
                replace(each, session=new, role=role, stamp=stamp)
                if each.session == old else each for each in file.subscriptions)))

    def remove(self, *endpoints: str) -> int:
        """Remove these subscriptions; return how many there were."""
        return self._remove(lambda each: each.endpoint in endpoints)

    def end_sessions(self, *ids: str) -> int:
        """Remove what was subscribed in these sessions; return how much that was."""
        return self._remove(lambda each: bool(each.session) and each.session in ids)

    def _remove(self, which: Callable[[PushSubscription], bool]) -> int:
        """Remove *which* subscriptions, in any case until the end of the process."""
        count = sum(map(which, self.all()))
        if count:
            try:
                self._change(partial(without, which))
            except AccessError:
                self._current = without(which, self._current)
                self._notify()
                raise
        return count

    def _refreshed(self) -> PushFile:
        """Return the content of the file, read again if another process wrote it."""
        version = self._folder.version(FILE_NAME)
        if version == self._version or not self._lock.acquire(blocking=False):
            return self._current
        try:
            self._version = version
            self._current = self._read()
        except AccessError as error:
            log.error("%s", error)
        finally:
            self._lock.release()
        self._notify()
        return self._current

    def _change(self, how: Callable[[PushFile], PushFile]) -> PushFile:
        """Write what *how* makes of the file; other processes wait meanwhile."""
        try:
            with self._lock, self._folder.locked():
                before = self._read()
                changed = how(before)
                if changed != before:
                    self._folder.keep_secret(FILE_NAME, changed.as_bytes())
                self._version = self._folder.version(FILE_NAME)
                self._current = changed
        except OSError as error:
            raise AccessError(f"{self._folder.path / FILE_NAME} cannot be written: "
                              f"{reason(error)}") from None
        self._notify()
        return changed

    def _notify(self) -> None:
        for listener in tuple(self.on_change):
            listener()

    def _read(self) -> PushFile:
        path = self._folder.path / FILE_NAME
        try:
            content = self._folder.secret(FILE_NAME)
            return PushFile() if content is None else PushFile.from_bytes(content)
        except (OSError, NewerFormat) as error:
            raise AccessError(f"{path} cannot be read: {reason(error)}") from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise AccessError(f"{path} cannot be read: it is damaged; remove it to "
                              "start over without web push") from None


def without(which: Callable[[PushSubscription], bool], file: PushFile) -> PushFile:
    """Return *file* without *which* subscriptions."""
    return replace(file, subscriptions=tuple(
        each for each in file.subscriptions if not which(each)))


def with_subscription(subscriptions: Sequence[PushSubscription], made: PushSubscription,
                      replaces: str) -> tuple[PushSubscription, ...]:
    """Return *subscriptions* with the one *made*; raises :exc:`SettingsError`."""
    kept = [each for each in subscriptions if each.endpoint not in (
        made.endpoint, replaces) and (not each.session or each.session != made.session)]
    alike = [each for each in kept if each.role == made.role]
    if len(kept) >= MAX_SUBSCRIPTIONS:
        raise SettingsError(f"{MAX_SUBSCRIPTIONS} browsers get alerts, the maximum; "
                            "stop them on one, or log one out")
    if made.role == "viewer" and len(alike) >= MAX_OF_VIEWERS:
        raise SettingsError(f"{MAX_OF_VIEWERS} browsers of viewers get alerts, the "
                            "maximum; stop them on one, or log one out")
    if made in subscriptions:       # as at each visit of the page
        kept.insert(subscriptions.index(made), made)
        return tuple(kept)
    return *kept, made
