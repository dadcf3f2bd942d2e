"""Count refused logins, log them, and record them as events."""

import ipaddress
import logging
from collections import Counter
from dataclasses import dataclass

from pyimagesearch.addresses import network_of
from pyimagesearch.clock import Clock
from pyimagesearch.events.event import LOGIN_REFUSED, Event
from pyimagesearch.events.store import EventStore

from .roles import Role

log = logging.getLogger(__name__)

WRONG_TOKEN = "wrong token or link"
THROTTLED = "too many wrong passwords"
LOG_SECONDS = 1.0           # between two lines about WRONG_TOKEN, or THROTTLED
QUIET_SECONDS = 600.0       # without an attempt, which end an event
MAX_EVENT_SECONDS = 3600.0  # after which another event begins
MAX_NETWORKS = 8            # with an event of their own; all others share one
OTHERS = "other addresses"


def wrong_password(role: Role) -> str:
    """Return the reason for refusing a wrong password of *role*."""
    return f"wrong password of {role}"


@dataclass
class Attempts:
    """Refused logins from one network, recorded as one event; times are monotonic."""

    event: Event
    first: float
    last: float
    reason: str
    count: int = 1
    recorded: int = 1       # how many the event's note counts

    def note(self, network: str) -> str:
        """Return the note of the event."""
        count = f", {self.count} attempts" if self.count > 1 else ""
        return f"{self.reason} from {network}{count}"


class RefusedLogins:
    """
    Count, log and record refused logins. Belongs to the server's thread.

    A flood fills neither the log nor the list of events. Wrong tokens and throttled
    attempts are logged once a second, with their number; wrong passwords are few, as
    the throttle limits them. All attempts from one network are one event until there
    was none for ten minutes: at most nine events begin in that time.
    """

    def __init__(self, store: EventStore, clock: Clock) -> None:
        self.total = 0
        self._store = store
        self._clock = clock
        self._next_line: dict[str, float] = {}      # by reason, when to log again
        self._unlogged: Counter[str] = Counter()
        self._attempts: dict[str, Attempts] = {}    # by network

    def add(self, address: str, reason: str) -> None:
        """Add a login from *address* that was refused for *reason*."""
        now = self._clock.monotonic()
        self.total += 1
        self._log(address, reason, now)
        network = shown(address)
        if network not in self._attempts and len(self._attempts) >= MAX_NETWORKS:
            network = OTHERS
        attempts = self._attempts.get(network)
        if attempts is None:
            self._attempts[network] = self._begin(network, reason, now)
            return
        attempts.count += 1
        attempts.last = now
        if reason != THROTTLED:     # the earlier reason says more
            attempts.reason = reason

    def write(self) -> None:
        """Update the events in the store; to be called each second."""
        now = self._clock.monotonic()
        for network, attempts in list(self._attempts.items()):
            event = attempts.event
            if attempts.recorded < attempts.count:
                attempts.recorded = attempts.count
                self._store.note(event.id, attempts.note(network))
                self._store.end(event.id, event.begin + attempts.last - attempts.first,
                                0.0, None)
            if (now - attempts.last >= QUIET_SECONDS
                    or now - attempts.first >= MAX_EVENT_SECONDS):
                del self._attempts[network]

    def _log(self, address: str, reason: str, now: float) -> None:
        due = self._next_line.get(reason, now)
        if reason in (WRONG_TOKEN, THROTTLED) and now < due:
            self._unlogged[reason] += 1
            return
        self._next_line[reason] = now + LOG_SECONDS
        more = self._unlogged.pop(reason, 0)
        log.warning("login refused: %s from %s%s", reason, address,
                    f" (and {more} more from any address)" if more else "")

    def _begin(self, network: str, reason: str, now: float) -> Attempts:
        when = self._clock.time()
        event = Event(id=self._store.new_id(), camera="", kind=LOGIN_REFUSED,
                      begin=when, end=when, note=f"{reason} from {network}")
        self._store.begin(event)
        return Attempts(event, now, now, reason)


def shown(address: str) -> str:
    """Return the network of *address*, which a misconfigured proxy may have made up."""
    network = network_of(address)
    try:
        ipaddress.ip_network(network)
    except ValueError:
        return "an invalid address"
    return network
