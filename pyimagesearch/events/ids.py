"""Ids of events and files: unique, and in the order of recording."""

import threading
from collections.abc import Callable

from pyimagesearch.clock import Clock

MAX_ID_OF_CLOCK = 1 << 52   # the year 2112; a clock that is further ahead is wrong


class EventIds:
    """
    Give ids that no event ever had; from any thread.

    An id is the time [microseconds since the epoch], or the next free one after the
    highest: the ids of a clock that was set back still grow.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()       # guards all below
        self._last = 0
        self._given: list[tuple[int, int]] = []     # by new(): first and last in a row
        self._past: set[int] = set()                # by at()

    def follow(self, newest: int) -> None:
        """Give only ids higher than *newest*, one in the database, from now on."""
        with self._lock:
            self._last = max(self._last, newest)

    def new(self) -> int:
        """Return an id for now, higher than those before."""
        with self._lock:
            before, now = self._last, int(self._clock.time() * 1e6)
            self._last = max(before + 1, min(now, MAX_ID_OF_CLOCK))
            if self._given and self._given[-1][1] == before:
                self._given[-1] = (self._given[-1][0], self._last)
            else:
                self._given.append((self._last, self._last))
            return self._last

    def at(self, when: float, is_taken: Callable[[int], bool]) -> int:
        """Return an id for *when* [s since the epoch], in order with the others."""
        with self._lock:
            id = as_id(when)
            while id in self._past or is_taken(id):
                id += 1
            self._past.add(id)
            return id

    def is_earlier(self, id: int) -> bool:
        """Return whether event *id* comes from an earlier run of the program."""
        with self._lock:
            return id in self._past or not any(
                first <= id <= last for first, last in self._given)


def as_id(when: float) -> int:
    """Return the id of an event at *when* [s since the epoch], if that is free."""
    return min(max(1, int(when * 1e6)), MAX_ID_OF_CLOCK)
