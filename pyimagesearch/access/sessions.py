"""The sessions of browsers that are logged in."""

import json
import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from pyimagesearch.addresses import network_of
from pyimagesearch.clock import EARLIEST_TIME, Clock
from pyimagesearch.errors import NewerFormat
from pyimagesearch.file_formats import check_list
from pyimagesearch.folders import ConfigFolder

from .roles import Role

log = logging.getLogger(__name__)

FILE_NAME = "sessions.json"
SESSION_SECONDS = 30 * 86_400.0     # from the login on
SAVE_SECONDS = 300.0        # between two saves of when sessions were last seen
MAX_SESSIONS = 100          # of a role; beyond, the one unseen longest ends
MAX_PER_NETWORK = 25        # of these


@dataclass(frozen=True)
class Session:
    """One browser that is logged in; times in seconds since the epoch."""

    id: str
    role: Role
    stamp: str      # of the role at the login
    since: float
    seen: float
    address: str
    agent: str      # the header User-Agent
    name: str = ""  # of an invited person
    until: float | None = None      # when it ends, if before all others do


class Sessions:
    """
    All sessions, saved in *folder* so that they survive a restart.

    Servers with the same folder share them: a session that one begins or ends, begins
    or ends for all. Belongs to the server's thread; *in_thread* runs the writing in
    another one and waits for it. If the folder cannot be written, sessions end with
    the program.
    """

    def __init__(self, folder: ConfigFolder, clock: Clock,
                 in_thread: Callable[[Callable[[], Any]], Any]) -> None:
        self._folder = folder
        self._clock = clock
        self._in_thread = in_thread
        self._writing = threading.Lock()
        self._saved = clock.monotonic()
        self._sessions: dict[str, Session] = {}
        self._stored: set[str] = set()      # ids that the file had
        self._is_newer = False      # the file, than this program: it is left alone
        self._version = folder.version(FILE_NAME)
        self._merge()

    def all(self) -> list[Session]:
        """Return the sessions that have not ended, the latest seen first."""
        self._refresh()
        return [each for each in self._by_last_use() if self._lasts(each)]

    def begin(self, role: Role, stamp: str, address: str, agent: str, name: str = "",
              until: float | None = None) -> Session:
        """Begin a session, and end others where there are too many."""
        now = self._clock.time()
        session = Session(secrets.token_urlsafe(18), role, stamp, now, now,
                          address, agent[:300], name, until)
        self._sessions[session.id] = session
        self._refresh()
        alike = [each for each in self._by_last_use() if each.role == role]
        network = network_of(address)
        near = [each for each in alike if network_of(each.address) == network]
        for old in {each.id for each in near[MAX_PER_NETWORK:] + alike[MAX_SESSIONS:]}:
            del self._sessions[old]
        self._save()
        return session

    def find(self, id: str) -> Session | None:
        """Return the session *id* unless it has ended."""
        self._refresh()
        session = self._sessions.get(id)
        return session if session and self._lasts(session) else None

    def touch(self, session: Session, address: str) -> None:
        """Note that *session* was used just now from *address*."""
        now = self._clock.time()
        # it may have begun with a clock ahead; one that was never set says nothing
        since = min(session.since, now) if now >= EARLIEST_TIME else session.since
        self._sessions[session.id] = replace(
            session, since=since, seen=now, address=address)
        if self._clock.monotonic() - self._saved > SAVE_SECONDS:
            self._save()

    def end(self, *ids: str) -> None:
        """End these sessions, if they exist."""
        ended = [self._sessions.pop(id, None) for id in ids]
        if any(ended):
            self._save()

    def _by_last_use(self) -> list[Session]:
        return sorted(self._sessions.values(), key=lambda each: -each.seen)

    def _lasts(self, session: Session) -> bool:
        """Return whether *session* goes on, by a clock that may be wrong now."""
        now = self._clock.time()
        return (now - session.since <= SESSION_SECONDS
                and (session.until is None or now <= session.until))

    def _refresh(self) -> None:
        """Merge the file if another server changed it, unless it is being written."""
        version = self._folder.version(FILE_NAME)
        if version not in (None, self._version) and (
                self._writing.acquire(blocking=False)):
            try:
                self._version = version
                self._merge()
            finally:
                self._writing.release()

    def _merge(self) -> None:
        """Adopt what other servers began or ended since the last time."""
        found = self._read()
        if found is None:
            return
        for id in self._stored - found.keys():
            self._sessions.pop(id, None)
        for id, theirs in found.items():
            ours = self._sessions.get(id)
            if id not in self._stored or (ours and ours.seen < theirs.seen):
                self._sessions[id] = theirs
        self._stored = set(found)

    def _read(self) -> dict[str, Session] | None:
        self._is_newer = False
        try:
            content = json.loads(self._folder.secret(FILE_NAME) or b"[]")
            check_list(content, [each.name for each in fields(Session)])
            found = [Session(**{**each, "role": Role(each["role"])})
                     for each in content]
            if not all(isinstance(each.address, str) for each in found):
                raise ValueError("an address is not a string")
            return {each.id: each for each in found}
        except (OSError, ValueError, TypeError, KeyError, NewerFormat) as error:
            self._is_newer = isinstance(error, NewerFormat)
            log.warning("cannot read the sessions, all must log in again: %s", error)
            return None

    def _save(self) -> None:
        self._saved = self._clock.monotonic()
        self._in_thread(self._write)

    def _write(self) -> None:
        with self._writing:     # or an older state could be written last
            try:
                with self._folder.locked():
                    self._merge()
                    if self._is_newer:
                        return
                    saved = list(self._sessions.values())
                    content = json.dumps([asdict(each) for each in saved])
                    self._folder.keep_secret(FILE_NAME, content.encode())
                    self._stored = {each.id for each in saved}
                    self._version = self._folder.version(FILE_NAME)
            except OSError as error:
                log.warning("cannot save the sessions: %s", error)
