"""Whose turn it is: nobody may have the server's one thread to himself."""

import time
from collections.abc import Callable

SHARE = 0.4         # of the thread's time that requests of one place may take
AHEAD = 0.25        # seconds of waiting that a place is spared after some rest
LONGEST = 0.1       # seconds that a single request counts, however long it waited
MOST = 1000         # places that are remembered


class Turns:
    """
    Space the requests of each place, by the time that they take.

    All requests are answered by one thread, which sends the live pictures as well, and
    keeps the cameras' threads from Python while it runs. Who asks now and then never
    waits; who asks without end is answered for :data:`SHARE` of the time, in turn with
    himself. Belongs to the hub's thread.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._free: dict[str, float] = {}   # from when on a place need not wait

    def wait(self, place: str) -> float:
        """Return how many seconds *place* must wait for its turn."""
        return max(0.0, self._free.get(place, 0.0) - AHEAD - self._now())

    def took(self, place: str, seconds: float) -> None:
        """Note that a request of *place* took *seconds* of the thread."""
        now = self._now()
        begin = max(now, self._free.pop(place, now))
        self._free[place] = begin + min(seconds, LONGEST) / SHARE
        if len(self._free) > MOST:
            del self._free[next(iter(self._free))]
