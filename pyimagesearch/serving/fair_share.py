"""Fair sharing of the server thread: delay clients that use too much of it."""

import time
from collections.abc import Callable

NETWORK_SHARE = 0.4         # of the thread's time for the requests of one network
BURST_SECONDS = 0.25        # of delay that a network is spared after a pause
MAX_DELAY_SECONDS = 2.0     # a request that would wait longer is refused
REQUEST_SECONDS = 0.001     # of the thread that a request is expected to take
CONNECT_SECONDS = 0.0001    # of the thread that accepting a connection takes
MAX_CHARGE_SECONDS = 0.1    # for a single request, however long it took
MAX_NETWORKS = 1000         # that are remembered


class FairShare:
    """
    Space the requests of each network by the thread time that they take.

    One thread answers all requests and sends all live pictures; while it computes, the
    cameras' threads wait for Python. Occasional requests are never delayed; a client
    that sends them without pause gets :data:`NETWORK_SHARE` of the time. Belongs to
    the hub's thread.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._free_at: dict[str, float] = {}    # when a network has used up its debt

    def __len__(self) -> int:
        return len(self._free_at)

    def delay(self, network: str) -> float:
        """Return how many seconds a request of *network* would have to wait now."""
        return max(0.0, self._free_at.get(network, 0.0) - BURST_SECONDS - self._now())

    def reserve(self, network: str) -> float:
        """
        Return after how many seconds a request of *network* may be answered.

        Charges the expected time, so that the next request comes after this one;
        :meth:`settle` replaces it by the real one.
        """
        delay = self.delay(network)
        self.charge(network, REQUEST_SECONDS)
        return delay

    def settle(self, network: str, seconds: float) -> None:
        """Charge what a reserved request really took [seconds of the thread]."""
        self.charge(network, min(seconds, MAX_CHARGE_SECONDS) - REQUEST_SECONDS)

    def charge(self, network: str, seconds: float) -> None:
        """Charge *seconds* for work outside a request, such as a TLS handshake."""
        now = self._now()
        begin = max(now, self._free_at.pop(network, now))
        charged = min(seconds, MAX_CHARGE_SECONDS)
        self._free_at[network] = begin + charged / NETWORK_SHARE
        if len(self._free_at) > MAX_NETWORKS:
            del self._free_at[next(iter(self._free_at))]
