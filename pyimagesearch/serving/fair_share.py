"""Fair sharing of the server thread: delay clients that use too much of it."""

import time
from collections.abc import Callable
from operator import itemgetter

from .anonymous_share import MAX_NETWORKS, REQUEST_SECONDS, AnonymousShare

NETWORK_SHARE = 0.4         # of the thread's time for the requests of one network
BURST_SECONDS = 0.25        # of delay that a network is spared after a pause
MAX_DELAY_SECONDS = 2.0     # a request that would wait longer is refused
MAX_CHARGE_SECONDS = 0.1    # for a single request, however long it took


class FairShare:
    """
    Space the requests of each network by the thread time that they take.

    One thread answers all requests and sends all live pictures; while it computes, the
    cameras' threads wait for Python. Occasional requests are never delayed; a client
    that sends them without pause gets :data:`NETWORK_SHARE` of the time, and all
    clients without a login together what :attr:`anonymous` leaves them. Belongs to the
    hub's thread.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.anonymous = AnonymousShare(now)
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
        self._charge(network, REQUEST_SECONDS)
        return delay

    def settle(self, network: str, seconds: float) -> None:
        """Charge what a reserved request really took [seconds of the thread]."""
        more = min(seconds, MAX_CHARGE_SECONDS) - REQUEST_SECONDS
        self._charge(network, more)
        self.anonymous.charge(network, more)

    def refuse(self, network: str, seconds: float) -> None:
        """Charge what a reserved request took that is not answered."""
        self.charge(network, seconds)
        self._charge(network, -REQUEST_SECONDS)

    def charge(self, network: str, seconds: float) -> None:
        """Charge *seconds* for a connection, or a request that was refused."""
        self._charge(network, seconds)
        self.anonymous.charge_connection(network, seconds)

    def charge_handshake(self, network: str, seconds: float) -> None:
        """Charge *seconds* of a TLS handshake, which waited for its turn."""
        self._charge(network, seconds)
        self.anonymous.charge(network, seconds)

    def _charge(self, network: str, seconds: float) -> None:
        now = self._now()
        begin = max(now, self._free_at.pop(network, now))
        charged = min(seconds, MAX_CHARGE_SECONDS)
        self._free_at[network] = begin + charged / NETWORK_SHARE
        if len(self._free_at) > MAX_NETWORKS:   # forget the half that owes least
            by_debt = sorted(self._free_at.items(), key=itemgetter(1))
            self._free_at = dict(by_debt[MAX_NETWORKS // 2:])
