"""Limit open connections, in all and of each client network."""

import logging
from collections.abc import Callable

from pyimagesearch.addresses import network_of
from pyimagesearch.streaming.viewer_limits import UNLIMITED

log = logging.getLogger(__name__)

# Connections beyond the live streams: pages, pictures and idle ones. Together with the
# highest --max-viewers they keep all descriptors below 1,024: beyond that, OpenCV's
# select() on a USB camera would write past the end of its table.
SPARE, SPARE_PER_ADDRESS = 500, 200
OTHER_DESCRIPTORS = 64      # for cameras, clips and the store


class Connection:
    """One open connection of a *network*; *disconnect* makes its owner close it."""

    def __init__(self, network: str, disconnect: Callable[[], object]) -> None:
        self.network = network
        self.disconnect = disconnect
        self.sending = False        # whether it waits for the client to read more


class Connections:
    """
    Keep the open connections below their limits by closing waiting ones.

    A connection waits while the server can do nothing for it: the client has not sent
    its whole request, is between two requests, or does not read the response. At the
    limit of *max_connections*, or of *per_network* of one network
    (:func:`network_of`), the one that has waited longest is closed for a new one; only
    if none waits is the new one refused. So connections held open without use lock
    nobody out. Belongs to the hub's thread.
    """

    def __init__(self, max_connections: int = UNLIMITED, per_network: int = UNLIMITED,
                 proxies: int = 0) -> None:
        self.proxies = proxies      # in front of us; each adds to X-Forwarded-For
        self._max_connections = max_connections
        self._per_network = per_network
        self._open: dict[str, set[Connection]] = {}
        self._count = 0
        self._waiting: dict[Connection, None] = {}      # longest first
        self._waiting_of: dict[str, dict[Connection, None]] = {}

    def __len__(self) -> int:
        return self._count

    def admit(self, address: str, disconnect: Callable[[], object]
              ) -> Connection | None:
        """Return a new, waiting connection, or ``None`` if there is no room."""
        network = network_of(address)
        if len(self._open.get(network, ())) >= self._per_network and not (
                self._evict_one_of(self._waiting_of.get(network, {}))):
            return None
        if self._count >= self._max_connections and not (
                self._evict_one_of(self._waiting)):
            return None
        connection = Connection(network, disconnect)
        self._open.setdefault(network, set()).add(connection)
        self._count += 1
        self.mark_waiting(connection)
        return connection

    def mark_waiting(self, connection: Connection) -> None:
        """Note that *connection* waits from now on."""
        if connection in self._open.get(connection.network, ()):
            self._waiting[connection] = None
            self._waiting_of.setdefault(connection.network, {})[connection] = None

    def mark_busy(self, connection: Connection) -> None:
        """Note that *connection* is being served."""
        self._waiting.pop(connection, None)
        of_network = self._waiting_of.get(connection.network, {})
        of_network.pop(connection, None)
        if not of_network:
            self._waiting_of.pop(connection.network, None)

    def remove(self, connection: Connection) -> None:
        """Forget *connection*, which has ended; may be called twice."""
        self.mark_busy(connection)
        of_network = self._open.get(connection.network, set())
        if connection in of_network:
            of_network.remove(connection)
            self._count -= 1
        if not of_network:
            self._open.pop(connection.network, None)

    def _evict_one_of(self, waiting: dict[Connection, None]) -> bool:
        if not waiting:
            return False
        longest = next((each for each in waiting if not each.sending),
                       next(iter(waiting)))     # a download only as a last resort
        log.debug("closing a waiting connection from %s for a new one", longest.network)
        self.remove(longest)
        longest.disconnect()
        return True


def connections_for(max_viewers: int, per_address: int, descriptors: int,
                    proxies: int = 0) -> Connections:
    """
    Return limits that fit those of the viewers and *descriptors* [number].

    Behind *proxies*, all connections come from one address.
    """
    in_all = min(max_viewers + SPARE,
                 max(descriptors - OTHER_DESCRIPTORS, OTHER_DESCRIPTORS // 2))
    per_network = in_all if proxies else per_address + SPARE_PER_ADDRESS
    return Connections(in_all, min(in_all, per_network), proxies)
