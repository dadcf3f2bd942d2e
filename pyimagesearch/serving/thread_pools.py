"""Threads for blocking work: a small pool for each kind of it, shared fairly."""

import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, TypeVar

from gevent.event import Event
from gevent.threadpool import ThreadPool

from pyimagesearch.errors import ServerBusy

from .request_cost import current_cost

MAX_WAITING = 300           # pieces of work in a pool, for all networks together
MAX_WAITING_PER_NETWORK = 100   # of which those of one network

Result = TypeVar("Result")


class FairPool:
    """
    Run blocking work on a few *threads*; only the calling greenlet waits.

    Networks take turns, and one network alone never holds the last of several threads.
    Beyond :data:`MAX_WAITING`, work is refused. Belongs to the hub's thread.
    """

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPool(threads)    # starts each when it is needed
        self._idle = threads
        self._per_network = max(1, threads - 1)
        self._running: Counter[str] = Counter()     # by network
        self._waiting: dict[str, deque[Event]] = {}     # the next network first

    def run(self, work: Callable[[], Result]) -> Result:
        """
        Return what *work* returns.

        Raises :exc:`ServerBusy` if too much waits, of all networks or of this one.
        """
        of_network = self._waiting.get(current_cost().network, ())
        in_all = sum(map(len, self._waiting.values()))
        if in_all >= MAX_WAITING or len(of_network) >= MAX_WAITING_PER_NETWORK:
            raise ServerBusy("too many requests wait for the same part of the server; "
                             "try again in a moment")
        return self.run_admitted(work)

    def run_admitted(self, work: Callable[[], Result]) -> Result:
        """Do the same for a request that has begun, which is not refused any more."""
        cost = current_cost()

        def timed() -> Any:
            begin = time.thread_time()
            try:
                return work()
            except BaseException as error:  # gevent would print it as its own failure
                return error
            finally:
                cost.pool_seconds += time.thread_time() - begin

        with cost.waiting():
            self._wait_for_thread(cost.network)
            try:
                result = self._pool.apply(timed)
            finally:
                self._release(cost.network)
        if isinstance(result, BaseException):
            raise result
        returned: Result = result
        return returned

    def _wait_for_thread(self, network: str) -> None:
        turn = Event()
        self._waiting.setdefault(network, deque()).append(turn)
        self._start_waiting()
        try:
            turn.wait()
        except BaseException:       # the greenlet was ended meanwhile
            if turn.is_set():
                self._release(network)
            else:
                self._remove(network, turn)
            raise

    def _remove(self, network: str, turn: Event) -> None:
        turns = self._waiting[network]
        turns.remove(turn)
        if not turns:
            del self._waiting[network]

    def _release(self, network: str) -> None:
        self._idle += 1
        self._running[network] -= 1
        if not self._running[network]:
            del self._running[network]
        self._start_waiting()

    def _start_waiting(self) -> None:
        """Give each idle thread to the next network, which then goes to the end."""
        while self._idle and (network := self._next_network()) is not None:
            turns = self._waiting.pop(network)
            turns.popleft().set()
            if turns:
                self._waiting[network] = turns
            self._idle -= 1
            self._running[network] += 1

    def _next_network(self) -> str | None:
        return next((each for each in self._waiting
                     if self._running[each] < self._per_network), None)


class ThreadPools:
    """One pool for each kind of blocking work, so that none waits for another kind."""

    def __init__(self) -> None:
        self.passwords = FairPool(1)    # a check takes a processor and 32 MB
        self.database = FairPool(3)     # pages and lists of events, and their changes
        self.files = FairPool(4)        # clips, stills and exports that are sent
        self.changes = FairPool(2)      # of settings, sessions and recordings
        self.tests = FairPool(2)        # of alerts and cameras, which may hang
