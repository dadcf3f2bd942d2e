"""Count refused logins, log them, and record them as events."""

import logging
from collections import Counter
from dataclasses import dataclass

from pyimagesearch.addresses import is_address, network_of
from pyimagesearch.clock import Clock
from pyimagesearch.events.event import LOGIN_REFUSED, Event
from pyimagesearch.events.store import EventStore

log = logging.getLogger(__name__)

WRONG_TOKEN = "wrong token or link"
WRONG_BASIC = "wrong user name and password of a program"
THROTTLED = "too many wrong passwords"
LOG_SECONDS = 1.0           # between two lines about WRONG_TOKEN, or THROTTLED
QUIET_SECONDS = 600.0       # without an attempt, which end an event
MAX_EVENT_SECONDS = 3600.0  # after which another event begins
MAX_NETWORKS = 8            # with an event of their own; all others share one
OTHER_ADDRESSES = "other addresses"


@dataclass
class OpenEvent:
    """The event of one network while attempts continue; times are monotonic."""

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
    throttles limit them. All attempts from one network are one event until there
    was none for ten minutes: at most nine events begin in that time.
    """

    def __init__(self, store: EventStore, clock: Clock) -> None:
        self.total = 0
        self._store = store
        self._clock = clock
        self._next_line: dict[str, float] = {}      # by reason, when to log again
        self._unlogged: Counter[str] = Counter()
        self._open: dict[str, OpenEvent] = {}       # by network

    def add(self, address: str, reason: str) -> None:
        """Add a login from *address* that was refused for *reason*."""
        now = self._clock.monotonic()
        self.total += 1
        self._log(address, reason, now)
        network = displayed_network(address)
        if network not in self._open and len(self._open) >= MAX_NETWORKS:
            network = OTHER_ADDRESSES
        if network not in self._open:
            self._open[network] = self._begin(network, reason, now)
            return
        open_event = self._open[network]
        open_event.count += 1
        open_event.last = now
        if reason != THROTTLED:     # the earlier reason says more
            open_event.reason = reason

    def write(self) -> None:
        """Update the events in the store; to be called each second."""
        now = self._clock.monotonic()
        for network, each in list(self._open.items()):
            if each.recorded < each.count:
                each.recorded = each.count
                self._store.note(each.event.id, each.note(network))
                end = each.event.begin + each.last - each.first
                self._store.end(each.event.id, end, 0.0, None)
            if (now - each.last >= QUIET_SECONDS
                    or now - each.first >= MAX_EVENT_SECONDS):
                del self._open[network]

    def _log(self, address: str, reason: str, now: float) -> None:
        due = self._next_line.get(reason, now)
        if reason in (WRONG_TOKEN, THROTTLED) and now < due:
            self._unlogged[reason] += 1
            return
        self._next_line[reason] = now + LOG_SECONDS
        more = self._unlogged.pop(reason, 0)
        log.warning("login refused: %s from %s%s", reason, address,
                    f" (and {more} more from any address)" if more else "",
                    extra={"is_bounded": True})

    def _begin(self, network: str, reason: str, now: float) -> OpenEvent:
        when = self._clock.time()
        event = self._store.add(LOGIN_REFUSED, when, when,
                                note=f"{reason} from {network}")
        return OpenEvent(event, now, now, reason)


def displayed_network(address: str) -> str:
    """Return the network of *address*, which a misconfigured proxy may have made up."""
    return network_of(address) if is_address(address) else "an invalid address"
