"""Wrong passwords, slowed without locking anybody out."""

from collections import deque
from dataclasses import dataclass

from pyimagesearch.addresses import network_of
from pyimagesearch.clock import Clock

WINDOW = 60.0       # seconds over which wrong tries are counted
FROM_STRANGER = 5   # wrong tries in that time from one unknown address
OF_STRANGERS = 10   # for one account from all unknown addresses together
OF_KNOWN = 10       # from one known device or address
OF_DEVICES = 30     # for one account from all known devices together
MOST_KNOWN = 1000   # addresses that are remembered


@dataclass(frozen=True)
class Try:
    """One try at a password: it may be checked if *wait* [seconds] is zero."""

    wait: float
    at: float
    counted: tuple[deque[float], ...] = ()

    def succeeded(self) -> None:
        """Do not count this try, as the password was right."""
        for window in self.counted:
            if self.at in window:
                window.remove(self.at)


class Attempts:
    """
    Decide whether a password may be tried now. Belongs to the server's thread.

    Each try that is let through counts until it succeeds, so that a hundred at
    the same moment count too; what is not let through costs nothing and does not
    count. Three sorts of visitors never share a limit:

    - a *device* that logged in before, which its signed cookie proves: ten wrong
      tries a minute, whatever its address, and thirty for all of them together, as
      somebody may have collected their cookies;
    - an *address* from which somebody logged in to this account before: ten;
    - strangers: five for an address (IPv6: for a /64 network), and ten for an
      account from all of them together.

    So no stranger guesses faster than ten times a minute, and one who does so
    without end shuts out other strangers alone, never a phone or a place from
    which the owner came before. As one strange address gets half of what all get,
    it takes two of them at least to keep the owner from logging in with the
    password from a new place; the link of the start, which cannot be guessed, is
    not limited at all.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, ...], deque[float]] = {}
        self._known: dict[tuple[str, str], None] = {}   # the one seen longest ago first

    def remember(self, account: str, address: str) -> None:
        """Note that somebody logged in to *account* from *address*."""
        place = (account, network_of(address))
        self._known.pop(place, None)
        self._known[place] = None
        if len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]

    def admit(self, account: str, address: str, device: str = "") -> Try:
        """
        Return whether somebody may try the password of *account* now.

        *device* is what :class:`.keys.Keys` found in a cookie, not what was sent.
        """
        now = self._clock.monotonic()
        self._forget(now - WINDOW)
        limits = self._limits(account, network_of(address), device)
        wait = max(self._wait(name, most, now) for name, most in limits.items())
        if wait > 0:
            return Try(wait, now)
        counted = tuple(self._windows.setdefault(name, deque()) for name in limits)
        for window in counted:
            window.append(now)
        return Try(0.0, now, counted)

    def _limits(self, account: str, place: str, device: str
                ) -> dict[tuple[str, ...], int]:
        if device:
            return {("device", account, device): OF_KNOWN,
                    ("devices", account): OF_DEVICES}
        if (account, place) in self._known:
            return {("known", account, place): OF_KNOWN}
        return {("stranger", place): FROM_STRANGER, ("account", account): OF_STRANGERS}

    def _wait(self, name: tuple[str, ...], most: int, now: float) -> float:
        window = self._windows.get(name, ())
        return window[-most] + WINDOW - now if len(window) >= most else 0.0

    def _forget(self, before: float) -> None:
        for window in self._windows.values():
            while window and window[0] <= before:
                window.popleft()
        self._windows = {name: window for name, window in self._windows.items()
                         if window}
