"""Whose turn it is: nobody may have the server's one thread to himself."""

import time
from collections.abc import Callable

SHARE = 0.4         # of the thread's time that requests of one network may take
AHEAD = 0.25        # seconds of waiting that a network is spared after some rest
PATIENCE = 2.0      # seconds that a request may have to wait; with more it is refused
EXPECTED = 0.001    # seconds of the thread that a request is taken to need
CONNECTING = 0.0001     # seconds of it that a connection takes before it asks
LONGEST = 0.1       # seconds that a single request counts, however long it waited
MOST = 1000         # networks that are remembered


class FairShare:
    """
    Space the requests of each network, by the time that they take.

    All requests are answered by one thread, which sends the live pictures as well, and
    keeps the cameras' threads from Python while it runs. Who asks now and then never
    waits; who asks without end is answered for :data:`SHARE` of the time, one request
    after the other. Belongs to the hub's thread.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._free: dict[str, float] = {}   # from when on a network need not wait

    def wait(self, network: str) -> float:
        """Return how many seconds *network* would have to wait for a turn."""
        return max(0.0, self._free.get(network, 0.0) - AHEAD - self._now())

    def queue(self, network: str) -> float:
        """
        Return after how many seconds a request of *network* has its turn.

        What it takes is reserved, so that the next one comes after it; :meth:`took`
        then tells how long it really was.
        """
        wait = self.wait(network)
        self._charge(network, EXPECTED)
        return wait

    def took(self, network: str, seconds: float) -> None:
        """Note that a request that was queued took *seconds* of the thread."""
        self._charge(network, min(seconds, LONGEST) - EXPECTED)

    def connected(self, network: str) -> None:
        """Note that a connection came from *network*."""
        self._charge(network, CONNECTING)

    def spent(self, network: str, seconds: float) -> None:
        """Note that *seconds* went into what was no request, as a handshake of TLS."""
        self._charge(network, min(seconds, LONGEST))

    def _charge(self, network: str, seconds: float) -> None:
        now = self._now()
        begin = max(now, self._free.pop(network, now))
        self._free[network] = begin + seconds / SHARE
        if len(self._free) > MOST:
            del self._free[next(iter(self._free))]
