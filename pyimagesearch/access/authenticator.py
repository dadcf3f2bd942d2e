"""Authenticate clients, and revoke their access."""

import base64
import logging
import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from pyimagesearch.clock import Clock
from pyimagesearch.errors import AccessError
from pyimagesearch.folders import ConfigFolder

from .credentials import Credentials, CredentialsFile
from .device_keys import DeviceKey, DeviceKeys
from .invitations import Invitation, invitation_in
from .login_links import login_lines
from .login_throttle import LoginThrottle
from .passwords import PasswordChecker, TooManyAttempts, hash_password
from .refused_logins import THROTTLED, WRONG_BASIC, WRONG_TOKEN, RefusedLogins
from .roles import Client, Role
from .sessions import Session, Sessions
from .signing import (
    sign,
    sign_share_key,
    sign_stream_key,
    verify,
    verify_share_key,
    verify_stream_key,
)

log = logging.getLogger(__name__)

KNOWN_DEVICE_SECONDS = 365 * 86_400.0   # for which a device cookie counts


class Authenticator:
    """
    Authenticate clients by session cookie, token, device key, stream key or password.

    Belongs to the server's thread; *in_thread* runs what blocks in another one, and
    *check_in_thread* the checks of passwords, one at a time. Without a login, a client
    has the role *open_to*, or none. Where that is none but the server is *local_only*,
    which means that only this machine can reach it, a client is an owner until a
    password is set.
    """

    def __init__(self, folder: ConfigFolder, clock: Clock,
                 refused_logins: RefusedLogins, *, open_to: Role | None,
                 local_only: bool, in_thread: Callable[[Callable[[], Any]], Any],
                 check_in_thread: Callable[[Callable[[], Any]], Any]) -> None:
        self.refused_logins = refused_logins
        self.sessions = Sessions(folder, clock, in_thread)
        self.device_keys = DeviceKeys(folder, clock, in_thread)
        self._clock = clock
        self._in_thread = in_thread
        self._open_to = open_to
        self._local_only = local_only
        self._file = CredentialsFile(folder)
        self._passwords = PasswordChecker(check_in_thread)
        self._throttle = LoginThrottle(clock)
        # apart: a program with an old token must not keep people from logging in
        self._basic_throttle = LoginThrottle(clock)
        self._streams: WeakKeyDictionary[Callable[[], object], Client] = (
            WeakKeyDictionary())
        for session in self.sessions.all():
            self._throttle.add_known(session.role, session.address)

    def anonymous(self, forwarded: bool = False) -> Client | None:
        """
        Return what a client is without a login; ``None`` if it must log in.

        A request *forwarded* by a proxy may come from another machine.
        """
        if self._open_to:
            return Client(self._open_to, stamp="")
        found = self._file.current()
        if forwarded or not self._local_only or (found and found.passwords):
            return None
        return Client(Role.OWNER, stamp="")

    def requires_login(self) -> bool:
        """Return whether it takes a login to watch."""
        return self.anonymous() is None

    def credentials(self) -> Credentials:
        """Return the current credentials, making and saving them if there are none."""
        if found := self._file.current():
            return found
        try:
            return self._file.change(lambda made: made)     # or another server did
        except AccessError as error:
            log.warning("%s: the login links change at each start", error)
            return self._file.current() or Credentials.new()

    def login_lines(self, url: str) -> list[str]:
        """
        Return what to print for logging in at *url*, which is saved for later links.

        That is nothing if no login is required, or if the owner has a password.
        """
        anonymous = self.anonymous()
        is_open = anonymous is not None and anonymous.may(Role.OWNER)
        found = None if is_open else self.credentials()
        self._file.remember_url(url)
        if found is None or Role.OWNER in found.passwords:
            return []
        return list(login_lines(found, url))

    def cookie_name(self, purpose: str) -> str:
        """Return the name of a cookie; servers on one host share their cookies."""
        return f"{purpose}-{self.credentials().name}"

    # --- authentication

    def by_token(self, token: str, address: str) -> Client | None:
        """Return the client at *address* that sent *token* in a login link."""
        client = self._holder(token)
        if client is None:
            self.refused_logins.add(address, WRONG_TOKEN)
        return client

    def by_bearer(self, secret: str, address: str) -> Client | None:
        """Return the program at *address* that sent *secret*: a token or device key."""
        return self._device(secret, address) or self.by_token(secret, address)

    def by_basic(self, credentials: str, address: str) -> Client | None:
        """
        Return the program at *address* that sent user name and password, in Base64.

        Raises :exc:`TooManyAttempts` for wrong ones; right ones are never delayed.
        """
        secret = secret_in_basic(credentials)
        client = self._device(secret, address) or self._holder(secret)
        if client is not None:
            return replace(client, by_basic=True)
        attempt = self._basic_throttle.admit("basic", address)
        self.refused_logins.add(address, THROTTLED if attempt.wait > 0 else WRONG_BASIC)
        if attempt.wait > 0:
            raise TooManyAttempts("Too many wrong passwords.", attempt.wait)
        return None

    def _holder(self, token: str) -> Client | None:
        """Return a client that holds *token*."""
        found = self.credentials()
        role = found.role_of(token)
        return Client(role, found.stamps[role]) if role else None

    def _device(self, secret: str, address: str) -> Client | None:
        """Return the program at *address* that has the device key *secret*."""
        key = self.device_keys.find(secret)
        if key is None:
            return None
        self.device_keys.touch(key, address)
        return Client(Role.VIEWER, key.digest, device_key=key.id)

    def by_cookies(self, cookies: Iterable[str], address: str) -> Client | None:
        """
        Return the browser at *address* that sent these session *cookies*.

        Of several sessions, the highest role counts.
        """
        found = self.holders(cookies)
        client = max(found, key=lambda each: each.may(Role.OWNER), default=None)
        session = client and self.sessions.find(client.session)
        if session:
            self.sessions.touch(session, address)
        return client

    def holders(self, cookies: Iterable[str]) -> list[Client]:
        """Return the clients whose session *cookies* are valid."""
        key = self.credentials().key
        ids = [verify(key, "session", cookie) for cookie in cookies]
        sessions = [self.sessions.find(id) for id in ids if isinstance(id, str)]
        clients = [Client(each.role, each.stamp, each.id) for each in sessions if each]
        return [each for each in clients if self.is_valid(each)]

    def by_stream_key(self, key: str, path: str) -> Client | None:
        """Return the client that may watch *path* with the stream *key*."""
        client = verify_stream_key(self.credentials().key, key, path,
                                   self._clock.time())
        return client if client and self.is_valid(client) else None

    def is_valid(self, client: Client) -> bool:
        """Return whether *client*, once authenticated, has not been revoked."""
        if client.is_anonymous:
            anonymous = self.anonymous()
            return anonymous is not None and anonymous.may(client.role)
        if client.device_key:
            return self.device_keys.is_valid(client.device_key)
        if client.session and not self.sessions.find(client.session):
            return False
        return self.credentials().stamps.get(client.role) == client.stamp

    def check_password(self, role: Role, password: str, address: str,
                       devices: Iterable[str] = ()) -> bool:
        """
        Return whether *password* is that of *role*.

        *devices* are the values of the :meth:`device_cookie` that the browser sent.
        Raises :exc:`TooManyAttempts`.
        """
        found = self.credentials()
        hashed = found.passwords.get(role)
        if hashed is None:
            return False
        attempt = self._throttle.admit(
            role, address, self._known_device(found.key, role, devices))
        if attempt.wait > 0:
            self.refused_logins.add(address, THROTTLED)
            raise TooManyAttempts("Too many wrong passwords.", attempt.wait)
        try:
            right = self._passwords.check(role, hashed, password)
        except BaseException:
            attempt.discard()
            raise
        if right:
            attempt.discard()
        else:
            self.refused_logins.add(address, f"wrong password of {role}")
        return right and self.credentials().passwords.get(role) == hashed

    def device_cookie(self, role: Role) -> str:
        """Return a cookie that proves later that this browser logged in as *role*."""
        return sign(self.credentials().key, "device",
                    [role.value, secrets.token_hex(8), int(self._clock.time())])

    def _known_device(self, key: str, role: Role, cookies: Iterable[str]) -> str:
        """Return the id in the first of *cookies* that is valid; empty for none."""
        oldest = self._clock.time() - KNOWN_DEVICE_SECONDS
        for content in (verify(key, "device", each) for each in cookies):
            if isinstance(content, list) and len(content) == 3:
                account, device, since = content
                if account == role and since >= oldest:
                    return str(device)
        return ""

    # --- sessions

    def invite(self, role: Role, name: str, hours: float, days: float) -> str:
        """Return the token of a link that works for *hours*; the login lasts *days*."""
        found = self.credentials()
        return Invitation(role, name, self._clock.time() + 3600 * hours, days,
                          found.stamps[role]).signed(found.key)

    def by_invitation(self, token: str) -> Invitation | None:
        """Return the invitation in the *token* of a link, unless it has ended."""
        found = self.credentials()
        return invitation_in(token, found.key, dict(found.stamps), self._clock.time())

    def log_in(self, role: Role, address: str, agent: str,
               invitation: Invitation | None = None) -> str:
        """Begin a session, which may be an invited one, and return its cookie."""
        found = self.credentials()
        self._throttle.add_known(role, address)
        name, until = ("", None) if invitation is None else (
            invitation.name, self._clock.time() + 86_400 * invitation.days)
        session = self.sessions.begin(role, found.stamps[role], address, agent, name,
                                      until)
        return sign(found.key, "session", session.id)

    def set_password(self, role: Role, password: str) -> None:
        """
        Set the *password* of *role*; sessions go on.

        Raises :exc:`AccessError` if it cannot be saved.
        """
        self._in_thread(lambda: self._file.change(
            lambda found: found.with_password(role, hash_password(password))))

    def log_out(self, *ids: str) -> None:
        """End these sessions and their open streams."""
        self.sessions.end(*ids)
        self.end_revoked_streams()

    def valid_sessions(self) -> list[Session]:
        """Return the sessions that have not been revoked, the latest seen first."""
        return [each for each in self.sessions.all()
                if self.is_valid(Client(each.role, each.stamp, each.id))]

    def revoke_device_key(self, key: DeviceKey) -> None:
        """Revoke *key* and end its open streams; raises :exc:`AccessError`."""
        self.device_keys.revoke(key)
        self.end_revoked_streams()

    # --- streams

    def stream_key(self, client: Client, path: str) -> str:
        """Return a key with which *client* lets a player watch *path* for an hour."""
        return sign_stream_key(self.credentials().key, client, path,
                               self._clock.time())

    def share_key(self, client: Client, event: int, seconds: float
                  ) -> tuple[str, float]:
        """Return a key with which *client* shows *event* to others, and its end."""
        until = self._clock.time() + seconds
        return sign_share_key(self.credentials().key, client, event, until), until

    def shared_until(self, key: str, event: int) -> float | None:
        """Return until when *key* shows *event*; ``None`` if it does not."""
        found = verify_share_key(self.credentials().key, key, event,
                                 self._clock.time())
        return found[1] if found and self.is_valid(found[0]) else None

    def add_stream(self, client: Client, end: Callable[[], object]) -> None:
        """Call *end* each second once *client* is revoked; holds it only weakly."""
        self._streams[end] = client

    def end_revoked_streams(self) -> None:
        """End the streams of all revoked clients; to be called each second."""
        for end, client in list(self._streams.items()):
            if not self.is_valid(client):
                end()


def secret_in_basic(credentials: str) -> str:
    """
    Return the password in *credentials*, as the header has them after ``Basic``.

    An empty one stands for the user name: some programs ask for a token there. A user
    name may contain colons, a token does not. What is malformed is a wrong password.
    """
    try:
        text = base64.b64decode(credentials + "==").decode("latin-1")
    except ValueError:
        return ""
    user, _, password = text.rpartition(":")
    return password or user
