"""Limit what all clients without a login take together: half of the server thread."""

import heapq
import itertools
import math
import time
from collections import deque
from collections.abc import Callable

import gevent
from gevent.event import Event

# of the thread's time as measured: half of it with what is not measured, such as
# switching between greenlets
ANONYMOUS_SHARE = 0.33
CONNECTIONS_SHARE = 0.1     # of which for connections, while requests wait
BURST_SECONDS = 0.25        # of debt with which nothing waits
MAX_DEBT_SECONDS = 1.0
REQUEST_SECONDS = 0.001     # of the thread that a request is expected to take
TURN_SECONDS = 8.0          # a request is refused then, before its head is too late
USAGE_SECONDS = 60.0        # after which what a network took counts for a third (1 / e)
MAX_USAGE_SECONDS = 0.003   # for one request: the first one of a page compiles it
LOGIN_SECONDS = 600.0       # after a login, in which its network is not anonymous
MAX_NETWORKS = 1000         # that are remembered
THIS_MACHINE = frozenset({"127.0.0.1", "::/64"})    # the networks of programs on it


class AnonymousShare:
    """
    Let anonymous networks take turns, and half of the thread's time together.

    A network is anonymous unless a request with a valid login came from it within
    :data:`LOGIN_SECONDS`, or it is this machine, whose programs could take the
    processor anyway. The one that took least in the last minute comes next: a person
    who logs in during a flood passes those who flood. Accepting a connection and
    refusing a request cannot wait for a turn: beyond their part of the time, no more
    connections are to be accepted for a while. Belongs to the hub's thread;
    *call_later* calls a function after some seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic,
                 call_later: Callable[[float, Callable[[], None]], object]
                 = gevent.spawn_later) -> None:
        self._now = now
        self._call_later = call_later
        self._all = Account(ANONYMOUS_SHARE)
        self._connections = Account(CONNECTIONS_SHARE)
        self._logged_in: dict[str, float] = {}      # when it was, by network
        self._queue = LeastUsageQueue(now)
        self._is_scheduled = False      # whether _start_next() will be called

    def note_login(self, network: str) -> None:
        """Note that a request of *network* has a valid login."""
        self._logged_in.pop(network, None)
        self._logged_in[network] = self._now()
        if len(self._logged_in) > MAX_NETWORKS:
            del self._logged_in[next(iter(self._logged_in))]

    def is_anonymous(self, network: str) -> bool:
        """Return whether *network* is another machine without a login lately."""
        last = self._logged_in.get(network, -math.inf)
        return self._now() - last > LOGIN_SECONDS and network not in THIS_MACHINE

    def wait_for_turn(self, network: str, ended: Event) -> bool:
        """
        Return whether a request of *network* may be answered, once it may.

        It may not if the connection is *ended* meanwhile, or after
        :data:`TURN_SECONDS`. Blocks only the calling greenlet.
        """
        if not self.is_anonymous(network):
            return True
        turn = self.enter(network)
        try:
            if not turn.is_set():
                gevent.wait([turn, ended], TURN_SECONDS, count=1)
            return turn.is_set() and not ended.is_set()
        finally:
            if not turn.is_set():
                self._queue.remove(network, turn)

    def enter(self, network: str) -> Event:
        """Return what is set at the turn of a request of *network*."""
        turn = Event()
        self._queue.add(network, turn)
        if not self._is_scheduled:
            self._start_next()
        return turn

    def charge(self, network: str, seconds: float) -> None:
        """Charge what a request that had its turn took beyond what was expected."""
        if self.is_anonymous(network):
            self._all.charge(seconds, self._now())
            self._queue.charge(network, seconds)

    def charge_connection(self, network: str, seconds: float) -> None:
        """Charge for accepting a connection, or for refusing a request."""
        if self.is_anonymous(network):
            self._all.charge(seconds, self._now())
            self._connections.charge(seconds, self._now())

    def connection_delay(self) -> float:
        """Return for how many seconds no connection should be accepted."""
        account = self._connections if self._queue else self._all
        return max(0.0, account.delay(self._now()))

    def _start_next(self) -> None:
        """
        Give the next request its turn if it is time, and come back for the one after.

        One at a time, even if none has to wait: between two, the hub sends frames and
        serves others, also where the processor is so busy that everything is late.
        """
        self._is_scheduled = False
        if not self._queue:
            return
        if self._all.delay(self._now()) <= 0:
            self._all.charge(REQUEST_SECONDS, self._now())
            self._queue.take().set()
        self._is_scheduled = True
        self._call_later(max(0.0, self._all.delay(self._now())), self._start_next)


class Account:
    """Thread time that is charged, and paid back at *share* seconds a second."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._free_at = 0.0     # when the debt is paid

    def delay(self, now: float) -> float:
        """Return in how many seconds nothing needs to wait; negative for none."""
        return self._free_at - BURST_SECONDS - now

    def charge(self, seconds: float, now: float) -> None:
        """Charge *seconds*; a negative number is given back."""
        free_at = max(self._free_at, now) + seconds / self._share
        self._free_at = min(free_at, now + BURST_SECONDS + MAX_DEBT_SECONDS)


class LeastUsageQueue:
    """The turns that networks wait for; the network that used least comes next."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._turns: dict[str, deque[Event]] = {}   # by network, the first one first
        self._heap: list[tuple[float, int, str]] = []   # an entry for each at least
        self._number = itertools.count()    # among equals, the first to come is first
        # by network, when what it used will have decayed to one second [s]: unlike
        # what it used, this only changes with more use
        self._usage: dict[str, float] = {}

    def __bool__(self) -> bool:
        return bool(self._turns)

    def add(self, network: str, turn: Event) -> None:
        """Let *turn* wait behind the other ones of *network*."""
        if network not in self._turns:
            self._turns[network] = deque()
            self._push(network)
        self._turns[network].append(turn)

    def remove(self, network: str, turn: Event) -> None:
        """Let *turn* wait no more."""
        turns = self._turns[network]
        turns.remove(turn)
        if not turns:
            del self._turns[network]

    def take(self) -> Event:
        """Remove and return the next turn; only if there is one."""
        while True:
            usage, _, network = heapq.heappop(self._heap)
            if network not in self._turns:      # all were removed
                continue
            if usage < self._used(network):     # it used more meanwhile
                self._push(network)
                continue
            turn = self._turns[network].popleft()
            self.charge(network, REQUEST_SECONDS)
            if self._turns[network]:
                self._push(network)
            else:
                del self._turns[network]
            return turn

    def charge(self, network: str, seconds: float) -> None:
        """Note that *network* used *seconds* more; less than none counts as none."""
        now, seconds = self._now(), min(max(seconds, 1e-9), MAX_USAGE_SECONDS)
        decayed = math.exp((self._used(network) - now) / USAGE_SECONDS)
        self._usage[network] = now + USAGE_SECONDS * math.log(decayed + seconds)
        if len(self._usage) > MAX_NETWORKS:     # forget the half that used least
            kept = heapq.nlargest(MAX_NETWORKS // 2, self._usage.items(),
                                  key=lambda each: each[1])
            self._usage = dict(kept)

    def _used(self, network: str) -> float:
        return self._usage.get(network, -math.inf)

    def _push(self, network: str) -> None:
        heapq.heappush(self._heap, (self._used(network), next(self._number), network))
