"""Refused logins as events: few, however often somebody tries."""

import ipaddress
from dataclasses import dataclass

from pyimagesearch.addresses import network_of
from pyimagesearch.clock import Clock
from pyimagesearch.events.event import LOGIN_REFUSED, Event
from pyimagesearch.events.store import EventStore

from .refusals import TOKEN, UNSEEN

QUIET = 600.0       # seconds without a try that end an event
LONGEST = 3600.0    # seconds after which one that goes on becomes another
MOST = 8            # places with an event of their own at a time; the rest share one
OTHERS = "other addresses"


@dataclass
class Siege:
    """What one place tries, for as long as it does."""

    event: Event
    begun: float        # when [s, monotonic]
    last: float         # the last try, the same
    wrong: str          # what was wrong with it
    tries: int = 1
    told: int = 1       # how many of them the event tells of

    def note(self, place: str) -> str:
        """Return what the event says."""
        return f"{self.wrong}, from {place}" + (
            f", {self.tries} tries" if self.tries > 1 else "")


class RefusedLogins:
    """
    Make events of refused logins; belongs to the server's thread.

    All tries of one place, an IPv4 address or an IPv6 network, are one event until
    there was none for ten minutes, so that no flood of them fills the list: at
    most nine events begin in that time, wherever it comes from.
    """

    def __init__(self, store: EventStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._sieges: dict[str, Siege] = {}

    def refused(self, address: str, account: str) -> None:
        """Note that *address* was refused, at the password of *account* or a token."""
        now, place = self._clock.monotonic(), shown(address)
        if place not in self._sieges and len(self._sieges) >= MOST:
            place = OTHERS
        siege = self._sieges.get(place)
        if siege is None:
            self._sieges[place] = self._begin(place, account, now)
            return
        siege.tries += 1
        siege.last = now
        if account != UNSEEN:       # what was tried before says more
            siege.wrong = wrong(account)

    def write(self) -> None:
        """Tell the store of what came since the last time; to be called each second."""
        now = self._clock.monotonic()
        for place, siege in list(self._sieges.items()):
            if siege.told < siege.tries:
                siege.told = siege.tries
                self._store.note(siege.event.id, siege.note(place))
                self._store.end(siege.event.id, siege.event.begin + siege.last
                                - siege.begun, 0.0, None)
            if now - siege.last >= QUIET or now - siege.begun >= LONGEST:
                del self._sieges[place]

    def _begin(self, place: str, account: str, now: float) -> Siege:
        when = self._clock.time()
        event = Event(id=self._store.new_id(), camera="", kind=LOGIN_REFUSED,
                      begin=when, end=when, note=f"{wrong(account)}, from {place}")
        self._store.begin(event)
        return Siege(event, now, now, wrong(account))


def wrong(account: str) -> str:
    """Return what was wrong with a try at *account*."""
    return {TOKEN: "a wrong token or link", UNSEEN: "too many wrong passwords"}.get(
        account, f"a wrong password of {account}")


def shown(address: str) -> str:
    """Return the place of *address*, which a wrong proxy may have made up."""
    place = network_of(address)
    try:
        ipaddress.ip_network(place)
    except ValueError:
        return "an address that is none"
    return place
