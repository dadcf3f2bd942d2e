"""Ids of events: the time at which they began, and unique."""

import threading
from collections.abc import Callable

from pyimagesearch.clock import Clock


class EventIds:
    """
    Give ids that no event ever had; from any thread.

    An id is the time [microseconds since the epoch], or the next free one after it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()       # guards all below
        self._first = self._last = 0
        self._past: set[int] = set()        # given by at()
        self._last_before_open = self._newest_of_earlier_runs = 0

    def open(self, newest: int) -> None:
        """Note the *newest* id in the database: a clock may have been set back."""
        with self._lock:
            self._last_before_open, self._newest_of_earlier_runs = self._last, newest
            self._last = max(self._last, newest)

    def new(self) -> int:
        """Return an id for now, higher than those before."""
        with self._lock:
            self._last = max(self._last + 1, int(self._clock.time() * 1e6))
            self._first = self._first or self._last
            return self._last

    def at(self, when: float, is_taken: Callable[[int], bool]) -> int:
        """Return an id for *when* [s since the epoch], in order with the others."""
        if when >= self._clock.time():
            return self.new()
        with self._lock:
            id = max(1, int(when * 1e6))
            while id in self._past or is_taken(id):
                id += 1
            self._past.add(id)
            return id

    def is_earlier(self, id: int) -> bool:
        """Return whether event *id* comes from an earlier run of the program."""
        given_before_open = 0 < self._first <= id <= self._last_before_open
        return id <= self._newest_of_earlier_runs and not given_before_open
