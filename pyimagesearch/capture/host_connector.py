"""Connect to a camera's host, within a time, and ended from outside at any moment."""

import contextlib
import socket
import threading
from typing import Any

from .cancellation import watch

POLL_SECONDS = 0.2      # between two checks of closing
MAX_ADDRESSES = 8       # of one host, that are tried

Addresses = dict[str, tuple[int, Any]]      # family and address for connect(), by text


class HostConnector:
    """
    Connect to the host of one camera, again and again.

    A host with several addresses is tried first where it answered last. One thread
    uses it at a time.
    """

    def __init__(self) -> None:
        self._address = ""      # the one connected to last
        self._lookup: Lookup | None = None      # not answered yet

    def connect(self, host: str, port: int, timeout: float,
                closing: threading.Event) -> socket.socket:
        """
        Return a connection to *host*, which *closing* shuts from now on.

        A dead address costs *timeout* [s] once. Raises :exc:`OSError`, and
        :exc:`UnicodeError` for what can be no name.
        """
        found = self._look_up(host, port, closing)
        failure = OSError("the host has no address")
        for each in sorted(found, key=lambda each: each != self._address)[
                :MAX_ADDRESSES]:
            try:
                connection = connect_to(*found[each], timeout, closing)
            except OSError as error:
                failure = error
            else:
                self._address = each
                return connection
        raise failure

    def _look_up(self, host: str, port: int, closing: threading.Event) -> Addresses:
        """
        Return the addresses of *host*; raises as :meth:`connect`.

        The system's search for a name cannot be ended, and may take a minute. It gets
        a thread of its own, and there is never more than one for a camera.
        """
        with contextlib.suppress(socket.gaierror):
            return addresses_of(host, port, socket.AI_NUMERICHOST)
        if self._lookup is None:
            self._lookup = Lookup(host, port)
            self._lookup.start()
        lookup = self._lookup
        while lookup.is_alive():
            if closing.is_set():
                raise TimeoutError
            lookup.join(POLL_SECONDS)
        self._lookup = None
        if lookup.place != (host, port):    # of an earlier redirect
            return self._look_up(host, port, closing)
        if lookup.error is not None:
            raise lookup.error
        return lookup.found


class Lookup(threading.Thread):
    """Look up a host's addresses, as :attr:`found` or :attr:`error` say then."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(name=f"lookup-{host}", daemon=True)
        self.place = host, port
        self.found: Addresses = {}
        self.error: OSError | UnicodeError | None = None

    def run(self) -> None:
        try:
            self.found = addresses_of(*self.place)
        except (OSError, UnicodeError) as error:
            self.error = error


def addresses_of(host: str, port: int, flags: int = 0) -> Addresses:
    """Return the addresses of *host*, in the system's order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return {str(place[0]): (family, place) for family, _, _, _, place in found}


def connect_to(family: int, address: Any, timeout: float,
               closing: threading.Event) -> socket.socket:
    """Return a connection to one *address*; raises :exc:`OSError`."""
    connection = socket.socket(family)
    try:
        connection.settimeout(timeout)
        watch(closing, connection)      # while it connects ...
        connection.connect(address)
        watch(closing, connection)      # ... and if it was not shut just before that
    except BaseException:
        connection.close()
        raise
    return connection
