"""Limit the number of live streams, in total and per address."""

import threading
from collections import Counter
from contextlib import ExitStack

from pyimagesearch.addresses import network_of
from pyimagesearch.errors import TooManyStreams, TooManyViewers

UNLIMITED = 1 << 31


class ViewerLimits:
    """
    Admit at most *max_viewers* live streams, and *per_network* of one network.

    Every method may be called from any thread.
    """

    def __init__(self, max_viewers: int = UNLIMITED,
                 per_network: int = UNLIMITED) -> None:
        self._max_viewers = max_viewers
        self._per_network = per_network
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()

    def admit(self, address: str) -> ExitStack:
        """
        Count a stream to *address*, until the returned object is closed.

        Raises :exc:`TooManyViewers` or :exc:`TooManyStreams`.
        """
        network = network_of(address)
        with self._lock:
            if self._open.total() >= self._max_viewers:
                raise TooManyViewers(
                    f"All {self._max_viewers} live streams of this server are in use; "
                    "try again later.")
            if self._open[network] >= self._per_network:
                raise TooManyStreams(
                    f"Your address has {self._per_network} live streams open, the "
                    "maximum for one address; close one of them first.")
            self._open[network] += 1
        place = ExitStack()
        place.callback(self._leave, network)
        return place

    def _leave(self, network: str) -> None:
        with self._lock:
            self._open[network] -= 1
            self._open += Counter()     # forgets those with none
