"""How much of the server all strangers together may have, and how much each one."""

from collections.abc import Callable

from pyimagesearch.addresses import place_of
from pyimagesearch.streaming.viewer_limits import UNLIMITED

# What is left beside the streams for pages, pictures and whoever says nothing. With
# settings.MOST_VIEWERS, few enough to keep all descriptors below 1,024: beyond,
# OpenCV's select() on a USB camera would write past the end of its table.
SPARE, SPARE_PER_ADDRESS = 500, 200
OTHERS = 64         # descriptors for cameras, clips and the store


class Connection:
    """One open connection of a *place*; *hang_up* makes its owner close it."""

    def __init__(self, place: str, hang_up: Callable[[], object]) -> None:
        self.place = place
        self.hang_up = hang_up
        self.sending = False        # whether it waits for its reader to take more


class Connections:
    """
    Know all open connections, and which of them only wait.

    A connection waits while it has not said all of what it wants: a silent one,
    a slow one, one that is kept for a next request; and while it does not take what
    it asked for. If there are *most* in all, or *per_place* of one place
    (:func:`place_of`), the one that has waited longest must go for a new one, and
    only if none waits is the new one refused. So whoever holds connections without
    a use for them keeps nobody out. Belongs to the hub's thread.
    """

    def __init__(self, most: int = UNLIMITED, per_place: int = UNLIMITED,
                 proxies: int = 0) -> None:
        self.proxies = proxies      # before us, each of which adds to X-Forwarded-For
        self._most = most
        self._per_place = per_place
        self._open: dict[str, set[Connection]] = {}
        self._count = 0
        self._waiting: dict[Connection, None] = {}      # longest first
        self._waiting_of: dict[str, dict[Connection, None]] = {}

    def __len__(self) -> int:
        return self._count

    def admit(self, address: str, hang_up: Callable[[], object]) -> Connection | None:
        """Return the new connection, which waits; or ``None``, if there is no room."""
        place = place_of(address)
        if len(self._open.get(place, ())) >= self._per_place and not (
                self._end_one_of(self._waiting_of.get(place, {}))):
            return None
        if self._count >= self._most and not self._end_one_of(self._waiting):
            return None
        connection = Connection(place, hang_up)
        self._open.setdefault(place, set()).add(connection)
        self._count += 1
        self.rest(connection)
        return connection

    def rest(self, connection: Connection) -> None:
        """Note that *connection* waits, from now on."""
        if connection in self._open.get(connection.place, ()):
            self._waiting[connection] = None
            self._waiting_of.setdefault(connection.place, {})[connection] = None

    def work(self, connection: Connection) -> None:
        """Note that *connection* is being served."""
        self._waiting.pop(connection, None)
        of_place = self._waiting_of.get(connection.place, {})
        of_place.pop(connection, None)
        if not of_place:
            self._waiting_of.pop(connection.place, None)

    def leave(self, connection: Connection) -> None:
        """Note that *connection* has ended; twice does no harm."""
        self.work(connection)
        of_place = self._open.get(connection.place, set())
        if connection in of_place:
            of_place.remove(connection)
            self._count -= 1
        if not of_place:
            self._open.pop(connection.place, None)

    def _end_one_of(self, waiting: dict[Connection, None]) -> bool:
        if not waiting:
            return False
        longest = next((each for each in waiting if not each.sending),
                       next(iter(waiting)))     # a download only if nothing else waits
        self.leave(longest)
        longest.hang_up()
        return True


def connections_for(max_viewers: int, per_address: int, descriptors: int,
                    proxies: int = 0) -> Connections:
    """
    Return limits that fit those of the viewers and *descriptors* [number].

    Behind *proxies*, all connections come from one address.
    """
    most = min(max_viewers + SPARE, max(descriptors - OTHERS, OTHERS // 2))
    of_place = most if proxies else per_address + SPARE_PER_ADDRESS
    return Connections(most, min(most, of_place), proxies)


