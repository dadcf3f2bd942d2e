"""Limit the live streams: in all, and of one address."""

import threading
from collections import Counter
from collections.abc import Callable

from pyimagesearch.addresses import network_of
from pyimagesearch.errors import TooManyStreams, TooManyViewers

UNLIMITED = 1 << 31


class Ticket:
    """The right to one live stream."""

    def __init__(self, give_back: Callable[[], None]) -> None:
        self._give_back: Callable[[], None] | None = give_back

    def give_back(self) -> None:
        """Make room for another one; twice does no harm."""
        give_back, self._give_back = self._give_back, None
        if give_back:
            give_back()


class ViewerLimits:
    """
    Admit at most *most* live streams, and *per_address* to one address.

    Every method may be called from any thread.
    """

    def __init__(self, most: int = UNLIMITED, per_address: int = UNLIMITED) -> None:
        self._most = most
        self._per_address = per_address
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()

    def admit(self, address: str) -> Ticket:
        """Return a ticket for a stream to *address*; or :exc:`TooManyViewers`."""
        network = network_of(address)
        with self._lock:
            if self._open.total() >= self._most:
                raise TooManyViewers(
                    f"All {self._most} live streams of this server are in use; "
                    "try again later.")
            if self._open[network] >= self._per_address:
                raise TooManyStreams(
                    f"Your address has {self._per_address} live streams open, the "
                    "maximum for one address; close one of them first.")
            self._open[network] += 1
        return Ticket(lambda: self._leave(network))

    def _leave(self, network: str) -> None:
        with self._lock:
            self._open[network] -= 1
            self._open += Counter()     # forgets those with none
