"""The authenticator: who is let in, as what, and until when."""

import logging
import secrets
from collections.abc import Callable
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from pyimagesearch.clock import Clock
from pyimagesearch.errors import AccessError
from pyimagesearch.folders import ConfigFolder

from .credentials import Credentials, CredentialsFile
from .login_links import invitation
from .login_throttle import Attempts
from .passwords import PasswordCheck
from .refusals import TOKEN, Refusals
from .roles import Client, Role
from .sessions import Session, Sessions
from .signing import Keys

log = logging.getLogger(__name__)

DEVICE_LASTS = 365 * 86_400.0   # seconds for which a browser is known as one of ours
ANONYMOUS = Client(Role.OWNER, stamp="")     # where nobody is asked


class Endable(Protocol):
    """Something endless, such as a live stream."""

    def end(self) -> None:
        """End it now."""


class Wait(Exception):
    """A password may not be tried now, but in so many *seconds*."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Authenticator:
    """
    Decide who may look, by what they show.

    Belongs to the server's thread; what blocks goes through *in_thread*. With
    *auth* off nobody is asked; else everybody, except where nobody else can come:
    a server that only *local* programs reach, with no password set. *on_refused*
    is told the address and the account of each try that was refused.
    """

    def __init__(self, folder: ConfigFolder, clock: Clock, *, auth: bool, local: bool,
                 in_thread: Callable[[Callable[[], Any]], Any],
                 on_refused: Callable[[str, str], object] = lambda *_: None) -> None:
        self._clock = clock
        self._auth = auth
        self._local = local
        self._file = CredentialsFile(folder)
        self._keys = Keys(clock)
        self._passwords = PasswordCheck(in_thread)
        self._attempts = Attempts(clock)
        self._refusals = Refusals(clock, on_refused)
        self._streams: WeakKeyDictionary[Endable, Client] = WeakKeyDictionary()
        self.sessions = Sessions(folder, clock, in_thread)
        for session in self.sessions.all():
            self._attempts.remember(session.role, session.address)

    # --- the lock

    def asks(self, forwarded: bool = False) -> bool:
        """
        Return whether a client must show something.

        What a proxy has *forwarded* does not come from this machine alone.
        """
        if not self._auth:
            return False
        found = self._file.current()
        return forwarded or not self._local or bool(found and found.passwords)

    def credentials(self) -> Credentials:
        """Return the secrets in force; made, and kept if possible, when missing."""
        found = self._file.current()
        if found is None:
            found = Credentials.new()
            try:
                self._file.keep(found)
            except AccessError as error:
                log.warning("%s: the links change at each start", error)
        return found

    def invitation(self, url: str) -> list[str]:
        """
        Return what to print at the start of a server that is found at *url*.

        These are links, unless the owner has a password.
        """
        found = self.credentials()
        return [] if Role.OWNER in found.passwords else list(invitation(found, url))

    def remember_url(self, url: str) -> None:
        """Keep *url*, where the server is found, for links that are asked for later."""
        if self.asks():
            self.credentials()      # which tells if they cannot be kept
        self._file.remember_url(url)

    @property
    def name(self) -> str:
        """What tells our cookies from those of another server on this machine."""
        return self.credentials().name

    @property
    def refused(self) -> int:
        """How many wrong passwords and tokens, and tries too many, there were."""
        return self._refusals.total

    # --- who is it?

    def by_token(self, token: str, address: str) -> Client | None:
        """Return who shows *token*, a program or somebody with a link."""
        found = self.credentials()
        role = found.role_of(token)
        if role is None:
            self._refusals.tell(address, TOKEN)
            return None
        return Client(role, found.stamps[role])

    def by_cookie(self, cookie: str, address: str) -> Client | None:
        """Return whose browser shows *cookie*."""
        id = self._keys.read(self.credentials().key, "session", cookie)
        session = self.sessions.find(id) if isinstance(id, str) else None
        if session is None:
            return None
        client = Client(session.role, session.stamp, session.id)
        if not self.admits(client):
            return None
        self.sessions.note(session, address)
        return client

    def by_key(self, key: str, path: str) -> Client | None:
        """Return on whose behalf *key* opens *path*."""
        client = self._keys.by_stream_key(self.credentials().key, key, path)
        return client if client and self.admits(client) else None

    def admits(self, client: Client) -> bool:
        """Return whether *client*, once let in, still is."""
        if client.stamp == ANONYMOUS.stamp:
            return not self.asks()
        if client.session and not self.sessions.find(client.session):
            return False
        return self.credentials().stamps.get(client.role) == client.stamp

    # --- in and out

    def try_password(self, role: Role, password: str, address: str,
                     device: str = "") -> bool:
        """
        Return whether *password* is that of *role*.

        *device* is the cookie of :meth:`device_cookie`, as it was sent. Raises
        :exc:`Wait` after too many wrong tries, and
        :exc:`~.passwords.Busy` if others are being checked.
        """
        found = self.credentials()
        hashed = found.passwords.get(role)
        if hashed is None:
            return False
        attempt = self._attempts.admit(
            role, address, self._device(found.key, role, device))
        if attempt.wait > 0:
            self._refusals.count(address)
            raise Wait(attempt.wait)
        try:
            fits = self._passwords.fits(role, hashed, password)
        except BaseException:
            attempt.succeeded()     # it was not checked
            raise
        if fits:
            attempt.succeeded()
        else:
            self._refusals.tell(address, role)
        return fits and self.credentials().passwords.get(role) == hashed

    def log_in(self, role: Role, address: str, agent: str) -> str:
        """Begin a session and return its cookie."""
        found = self.credentials()
        self._attempts.remember(role, address)
        session = self.sessions.begin(role, found.stamps[role], address, agent)
        return self._keys.sign(found.key, "session", session.id)

    def device_cookie(self, role: Role) -> str:
        """Return what proves later that this browser logged in as *role* before."""
        return self._keys.sign(
            self.credentials().key, "device",
            [role.value, secrets.token_hex(8), int(self._clock.time())])

    def _device(self, key: str, role: Role, cookie: str) -> str:
        found = self._keys.read(key, "device", cookie)
        if not (isinstance(found, list) and len(found) == 3):
            return ""
        account, device, since = found
        known = account == role and self._clock.time() - since <= DEVICE_LASTS
        return str(device) if known else ""

    def log_out(self, *ids: str) -> None:
        """End these sessions, and what they look at."""
        self.sessions.end(*ids)
        self.refresh()

    def current_sessions(self) -> list[Session]:
        """Return the sessions that are still let in, the one seen last first."""
        return [each for each in self.sessions.all()
                if self.admits(Client(each.role, each.stamp, each.id))]

    # --- streams

    def stream_key(self, client: Client, path: str) -> str:
        """Return a key that opens *path* for an hour, on behalf of *client*."""
        return self._keys.stream_key(self.credentials().key, client, path)

    def watches(self, client: Client, stream: Endable) -> None:
        """Note that *client* is sent *stream*, which ends when they are shut out."""
        self._streams[stream] = client

    def refresh(self) -> None:
        """End the streams of all who have been shut out; to be called each second."""
        for stream, client in list(self._streams.items()):
            if not self.admits(client):
                stream.end()
