"""The browsers that are logged in."""

import json
import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from pyimagesearch.addresses import network_of
from pyimagesearch.clock import Clock
from pyimagesearch.folders import ConfigFolder

from .roles import Role

log = logging.getLogger(__name__)

FILE = "sessions.json"
LASTS = 30 * 86_400.0   # seconds from the login on
SAVE_EVERY = 300.0      # seconds between two times that *seen* is kept
MOST = 100              # sessions of a role; beyond, the one unseen longest ends
MOST_OF_PLACE = 25      # of these from one address


@dataclass(frozen=True)
class Session:
    """One browser that is logged in; times in seconds since the epoch."""

    id: str
    role: Role
    stamp: str      # of the role's secrets at the login
    since: float
    seen: float
    address: str
    agent: str      # what the browser says of itself


class Sessions:
    """
    All sessions, kept in *folder* so that they outlive a restart.

    Servers with the same folder share them: what one begins or ends holds for the
    others. Belongs to the server's thread; writing is done by *in_thread*, which
    waits for it. If the folder cannot be written, sessions end with the program.
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
        self._state = folder.state(FILE)
        self._merge()

    def all(self) -> list[Session]:
        """Return the sessions, the one seen last first."""
        self._refresh()
        return sorted(self._sessions.values(), key=lambda each: -each.seen)

    def begin(self, role: Role, stamp: str, address: str, agent: str) -> Session:
        """Log a browser in."""
        now = self._clock.time()
        session = Session(secrets.token_urlsafe(18), role, stamp, now, now,
                          address, agent[:300])
        self._sessions[session.id] = session
        alike = [each for each in self.all() if each.role == role]
        near = [each for each in alike
                if network_of(each.address) == network_of(address)]
        for old in {each.id for each in near[MOST_OF_PLACE:] + alike[MOST:]}:
            del self._sessions[old]
        self._save()
        return session

    def find(self, id: str) -> Session | None:
        """Return the session *id* unless it has ended."""
        self._refresh()
        session = self._sessions.get(id)
        if session and self._clock.time() - session.since > LASTS:
            del self._sessions[id]
            return None
        return session

    def note(self, session: Session, address: str) -> None:
        """Note that *session* was seen just now, at *address*."""
        self._sessions[session.id] = replace(
            session, seen=self._clock.time(), address=address)
        if self._clock.monotonic() - self._saved > SAVE_EVERY:
            self._save()

    def end(self, *ids: str) -> None:
        """End these sessions, if they are there."""
        ended = [self._sessions.pop(id, None) for id in ids]
        if any(ended):
            self._save()

    def _refresh(self) -> None:
        """Take over what another server changed, unless we are writing now."""
        state = self._folder.state(FILE)
        if state not in (None, self._state) and self._writing.acquire(blocking=False):
            try:
                self._state = state
                self._merge()
            finally:
                self._writing.release()

    def _merge(self) -> None:
        """Take over what other servers began or ended since the last time."""
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
        try:
            content = json.loads(self._folder.secret(FILE) or b"[]")
            found = [Session(**{**each, "role": Role(each["role"])})
                     for each in content]
            if not all(isinstance(each.address, str) for each in found):
                raise ValueError("an address is no text")
            return {each.id: each for each in found}
        except (OSError, ValueError, TypeError, KeyError) as error:
            log.warning("sessions are not read, so everybody logs in anew: %s", error)
            return None

    def _save(self) -> None:
        self._saved = self._clock.monotonic()
        self._in_thread(self._write)

    def _write(self) -> None:
        with self._writing:     # or an older state could be written last
            try:
                with self._folder.alone():
                    self._merge()
                    kept = list(self._sessions.values())
                    content = json.dumps([asdict(each) for each in kept])
                    self._folder.keep_secret(FILE, content.encode())
                    self._stored = {each.id for each in kept}
                    self._state = self._folder.state(FILE)
            except OSError as error:
                log.warning("sessions are not kept: %s", error)
