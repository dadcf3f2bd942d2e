"""Limit open connections, in all and of each client network."""

import logging
from collections import Counter
from collections.abc import Callable

from pyimagesearch.addresses import network_of
from pyimagesearch.streaming.viewer_limits import UNLIMITED

log = logging.getLogger(__name__)

# Connections beyond the live streams: pages, pictures and idle ones. Together with the
# highest --max-viewers they keep all descriptors below 1,024: beyond that, OpenCV's
# select() on a USB camera would write past the end of its table.
SPARE_CONNECTIONS, SPARE_PER_ADDRESS = 500, 200
OTHER_DESCRIPTORS = 64      # for cameras, clips and the store
MAX_HELD_BYTES = 4 * 1024 * 1024    # of all requests that are not answered yet


class Connection:
    """One open connection of a *network*; *disconnect* makes its owner close it."""

    def __init__(self, network: str, disconnect: Callable[[], object]) -> None:
        self.network = network
        self.disconnect = disconnect
        self.sending = False        # whether it waits for the client to read more
        self.held = 0       # bytes of a request that is not answered yet


class Connections:
    """
    Keep the open connections below their limits by closing waiting ones.

    A connection waits while the server can do nothing for it: the client has not sent
    its whole request, is between two requests, or does not read the response. At the
    limit of *max_connections*, or of *per_network* of one network
    (:func:`network_of`), the one that has waited longest is closed for a new one, of
    all or of the networks with the most that wait; only if none waits is the new one
    refused. So connections held open without use do not lock others out, nor do
    requests that are held back fill the memory. Belongs to the hub's thread.
    """

    def __init__(self, max_connections: int = UNLIMITED, per_network: int = UNLIMITED,
                 proxies: int = 0) -> None:
        self.proxies = proxies      # in front of us; each adds to X-Forwarded-For
        self._max_connections = max_connections
        self._per_network = per_network
        self._open: dict[str, set[Connection]] = {}     # by network
        self._waiting: dict[Connection, None] = {}      # longest first
        self._crowds: Counter[str] = Counter()      # how many wait, by network
        self._held = 0      # bytes of all requests

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    def admit(self, address: str, disconnect: Callable[[], object]
              ) -> Connection | None:
        """Return a new, waiting connection, or ``None`` if there is no room."""
        network = network_of(address)
        if len(self._open.get(network, ())) >= self._per_network and (
                not self._evict_one(network)):
            return None
        if len(self) >= self._max_connections and not self._evict_one():
            return None
        connection = Connection(network, disconnect)
        self._open.setdefault(network, set()).add(connection)
        self.mark_waiting(connection)
        return connection

    def mark_waiting(self, connection: Connection) -> None:
        """Note that *connection* waits from now on."""
        if connection in self._waiting:
            return
        if connection in self._open.get(connection.network, ()):
            self._waiting[connection] = None
            self._crowds[connection.network] += 1

    def mark_busy(self, connection: Connection) -> None:
        """Note that *connection* is being served."""
        if connection in self._waiting:
            del self._waiting[connection]
            self._crowds[connection.network] -= 1
            if not self._crowds[connection.network]:
                del self._crowds[connection.network]

    def hold(self, connection: Connection, size: int) -> None:
        """
        Note *size* more bytes of a request of *connection*.

        Beyond :data:`MAX_HELD_BYTES` of all, the connection with the most is closed, of
        the network with the most.
        """
        connection.held += size
        self._held += size
        while self._held > MAX_HELD_BYTES and (largest := self._largest()):
            self._evict(largest)

    def release(self, connection: Connection) -> None:
        """Note that nothing of a request of *connection* is held any more."""
        self._held -= connection.held
        connection.held = 0

    def _largest(self) -> Connection | None:
        holders = [each for each in self._waiting if each.held]
        held: Counter[str] = Counter()
        for each in holders:
            held[each.network] += each.held
        return max(holders, key=lambda each: (held[each.network], each.held),
                   default=None)

    def remove(self, connection: Connection) -> None:
        """Forget *connection*, which has ended; may be called twice."""
        self.release(connection)
        self.mark_busy(connection)
        of_network = self._open.get(connection.network, set())
        of_network.discard(connection)
        if not of_network:
            self._open.pop(connection.network, None)

    def _evict_one(self, network: str | None = None) -> bool:
        """Close the longest waiting connection, of *network* or of all."""
        most = 0 if network else max(self._crowds.values(), default=0)
        longest = next((each
                        # a download as a last resort, and few connections before that
                        for sending, least in ((False, most), (False, 0), (True, 0))
                        for each in self._waiting
                        if each.sending is sending
                        and network in (None, each.network)
                        and self._crowds[each.network] >= least), None)
        if longest is None:
            return False
        self._evict(longest)
        return True

    def _evict(self, connection: Connection) -> None:
        log.debug("closing a waiting connection from %s for others", connection.network)
        self.remove(connection)
        connection.disconnect()


def connections_for(max_viewers: int, per_address: int, descriptors: int,
                    proxies: int = 0) -> Connections:
    """
    Return limits that fit those of the viewers and *descriptors* [number].

    Behind *proxies*, all connections come from one address.
    """
    in_all = min(max_viewers + SPARE_CONNECTIONS,
                 max(descriptors - OTHER_DESCRIPTORS, OTHER_DESCRIPTORS // 2))
    per_network = in_all if proxies else per_address + SPARE_PER_ADDRESS
    return Connections(in_all, min(in_all, per_network), proxies)
