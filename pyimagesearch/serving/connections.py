"""How much of the server all strangers together may have, and how much each one."""

from collections.abc import Callable

from pyimagesearch.addresses import network_of
from pyimagesearch.streaming.viewer_limits import UNLIMITED

# What is left beside the streams for pages, pictures and whoever says nothing. With
# settings.MOST_VIEWERS, few enough to keep all descriptors below 1,024: beyond,
# OpenCV's select() on a USB camera would write past the end of its table.
SPARE, SPARE_PER_ADDRESS = 500, 200
OTHERS = 64         # descriptors for cameras, clips and the store


class Connection:
    """One open connection of a *network*; *disconnect* makes its owner close it."""

    def __init__(self, network: str, disconnect: Callable[[], object]) -> None:
        self.network = network
        self.disconnect = disconnect
        self.sending = False        # whether it waits for its reader to take more


class Connections:
    """
    Know all open connections, and which of them only wait.

    A connection waits while it has not said all of what it wants: a silent one,
    a slow one, one that is kept for a next request; and while it does not take what
    it asked for. If there are *most* in all, or *per_network* of one network
    (:func:`network_of`), the one that has waited longest must go for a new one, and
    only if none waits is the new one refused. So whoever holds connections without
    a use for them keeps nobody out. Belongs to the hub's thread.
    """

    def __init__(self, most: int = UNLIMITED, per_network: int = UNLIMITED,
                 proxies: int = 0) -> None:
        self.proxies = proxies      # before us, each of which adds to X-Forwarded-For
        self._most = most
        self._per_network = per_network
        self._open: dict[str, set[Connection]] = {}
        self._count = 0
        self._waiting: dict[Connection, None] = {}      # longest first
        self._waiting_of: dict[str, dict[Connection, None]] = {}

    def __len__(self) -> int:
        return self._count

    def admit(self, address: str, disconnect: Callable[[], object]
              ) -> Connection | None:
        """Return the new connection, which waits; or ``None``, if there is no room."""
        network = network_of(address)
        if len(self._open.get(network, ())) >= self._per_network and not (
                self._end_one_of(self._waiting_of.get(network, {}))):
            return None
        if self._count >= self._most and not self._end_one_of(self._waiting):
            return None
        connection = Connection(network, disconnect)
        self._open.setdefault(network, set()).add(connection)
        self._count += 1
        self.rest(connection)
        return connection

    def rest(self, connection: Connection) -> None:
        """Note that *connection* waits, from now on."""
        if connection in self._open.get(connection.network, ()):
            self._waiting[connection] = None
            self._waiting_of.setdefault(connection.network, {})[connection] = None

    def work(self, connection: Connection) -> None:
        """Note that *connection* is being served."""
        self._waiting.pop(connection, None)
        of_network = self._waiting_of.get(connection.network, {})
        of_network.pop(connection, None)
        if not of_network:
            self._waiting_of.pop(connection.network, None)

    def leave(self, connection: Connection) -> None:
        """Note that *connection* has ended; twice does no harm."""
        self.work(connection)
        of_network = self._open.get(connection.network, set())
        if connection in of_network:
            of_network.remove(connection)
            self._count -= 1
        if not of_network:
            self._open.pop(connection.network, None)

    def _end_one_of(self, waiting: dict[Connection, None]) -> bool:
        if not waiting:
            return False
        longest = next((each for each in waiting if not each.sending),
                       next(iter(waiting)))     # a download only if nothing else waits
        self.leave(longest)
        longest.disconnect()
        return True


def connections_for(max_viewers: int, per_address: int, descriptors: int,
                    proxies: int = 0) -> Connections:
    """
    Return limits that fit those of the viewers and *descriptors* [number].

    Behind *proxies*, all connections come from one address.
    """
    most = min(max_viewers + SPARE, max(descriptors - OTHERS, OTHERS // 2))
    of_network = most if proxies else per_address + SPARE_PER_ADDRESS
    return Connections(most, min(most, of_network), proxies)


