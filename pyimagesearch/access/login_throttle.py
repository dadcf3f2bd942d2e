"""Limit wrong passwords per client and account without locking anyone out."""

from collections import deque
from dataclasses import dataclass

from pyimagesearch.addresses import network_of
from pyimagesearch.clock import Clock

WINDOW_SECONDS = 60.0           # in which wrong passwords are counted
MAX_PER_NEW_NETWORK = 5         # wrong passwords from one unknown network
MAX_FROM_NEW_NETWORKS = 10      # for one account, from all unknown networks together
MAX_PER_KNOWN = 10              # from one known device or network
MAX_FROM_DEVICES = 30           # for one account, from all known devices together
MAX_KNOWN_NETWORKS = 1000       # remembered; beyond, the oldest is forgotten


@dataclass(frozen=True)
class Attempt:
    """One login attempt: its password may be checked if *wait* [seconds] is zero."""

    wait: float
    at: float
    counted: tuple[deque[float], ...] = ()

    def discard(self) -> None:
        """Stop counting this attempt: its password was right, or not checked."""
        for window in self.counted:
            if self.at in window:
                window.remove(self.at)


class LoginThrottle:
    """
    Decide whether a password may be checked now. Belongs to the server's thread.

    Every admitted attempt counts until it is discarded, so that a hundred at the
    same moment count too; a rejected one costs nothing and does not count. Three
    kinds of clients never share a limit:

    - a *device* that logged in before, as its signed cookie proves: ten wrong
      passwords a minute, whatever its address, and thirty for all devices together,
      as an attacker may have collected their cookies;
    - a *network* (an IPv4 address or an IPv6 /64) with an earlier login to this
      account: ten;
    - a new network: five, and ten for an account from all new networks together.

    So attackers guess at most ten times a minute, and one who keeps guessing blocks
    only other new networks, never a phone or a network that the owner has used. As
    one new network gets half of what all get, it takes two to keep the owner from
    logging in by password from a new one. Login links, which cannot be guessed, are
    not limited.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, ...], deque[float]] = {}
        self._known: dict[tuple[str, str], None] = {}   # the oldest first

    def add_known(self, account: str, address: str) -> None:
        """Remember that a client at *address* logged in to *account*."""
        key = (account, network_of(address))
        self._known.pop(key, None)
        self._known[key] = None
        if len(self._known) > MAX_KNOWN_NETWORKS:
            del self._known[next(iter(self._known))]

    def admit(self, account: str, address: str, device: str = "") -> Attempt:
        """
        Return an attempt to log in to *account*, or how long that must wait.

        *device* is the id in a verified device cookie, never what a client sent.
        """
        now = self._clock.monotonic()
        self._forget(now - WINDOW_SECONDS)
        limits = self._limits(account, network_of(address), device)
        wait = max(self._wait(name, limit, now) for name, limit in limits.items())
        if wait > 0:
            return Attempt(wait, now)
        counted = tuple(self._windows.setdefault(name, deque()) for name in limits)
        for window in counted:
            window.append(now)
        return Attempt(0.0, now, counted)

    def _limits(self, account: str, network: str, device: str
                ) -> dict[tuple[str, ...], int]:
        if device:
            return {("device", account, device): MAX_PER_KNOWN,
                    ("devices", account): MAX_FROM_DEVICES}
        if (account, network) in self._known:
            return {("known network", account, network): MAX_PER_KNOWN}
        return {("new network", network): MAX_PER_NEW_NETWORK,
                ("new networks", account): MAX_FROM_NEW_NETWORKS}

    def _wait(self, name: tuple[str, ...], limit: int, now: float) -> float:
        window = self._windows.get(name, ())
        return window[-limit] + WINDOW_SECONDS - now if len(window) >= limit else 0.0

    def _forget(self, before: float) -> None:
        for window in self._windows.values():
            while window and window[0] <= before:
                window.popleft()
        self._windows = {name: window for name, window in self._windows.items()
                         if window}
