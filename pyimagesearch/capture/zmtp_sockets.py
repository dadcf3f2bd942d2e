"""Listen for ZeroMQ senders at an address, or subscribe to one there."""

import contextlib
import logging
import os
import socket
import time
from collections.abc import Callable

from pyimagesearch.errors import reason
from pyimagesearch.threads import Worker

from .zmtp import Keep, ZmtpPeer
from .zmtp_connections import Connection, Connections

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0       # for a connection to a publisher
RETRY_SECONDS = 0.5         # from the end of a connection to the next try
LOG_SECONDS = 60.0          # between two lines about refused senders

ReceiveFrom = Callable[[str, bytes, int], Keep | None]
"""Takes the IP address of a sender, and what :data:`~.zmtp.Receive` takes."""


class Refusals:
    """Log what is wrong with the senders of *place*, in a line a minute at most."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._logged_at: float | None = None
        self._unlogged = 0

    def report(self, host: str, why: str) -> None:
        """Log why the sender at IP address *host* is refused."""
        now = time.monotonic()
        if self._logged_at is not None and now - self._logged_at < LOG_SECONDS:
            self._unlogged += 1
            return
        others = f" (and {self._unlogged} more since)" if self._unlogged else ""
        log.warning("%s: sender %s %s%s", self._place, host, why, others)
        self._logged_at, self._unlogged = now, 0


class ZmtpListener(Worker):
    """
    Receive what all that connect to *host* and *port* send, and reply to each message.

    Raises :exc:`OSError` if it cannot listen.
    """

    trouble = ""        # it never has any once it listens

    def __init__(self, host: str, port: int, receive: ReceiveFrom, refusals: Refusals
                 ) -> None:
        super().__init__(f"imagezmq-{port}")
        self._listener = listen(host, port)
        self._connections = Connections(peer_as("REP", receive), refusals.report)
        self._connections.listen(self._listener)

    def run(self) -> None:
        with self._listener, contextlib.closing(self._connections) as connections:
            while not self.stopping.is_set():
                connections.take_turns(self.stopping)


class ZmtpSubscriber(Worker):
    """
    Receive what the publisher at *host* and *port* sends; connect again at each end.

    :attr:`trouble` says why there is no connection, and is empty while there is one.
    """

    def __init__(self, host: str, port: int, receive: ReceiveFrom, refusals: Refusals
                 ) -> None:
        super().__init__(f"imagezmq-{port}")
        self.trouble = ""
        self._place = (host, port)
        self._refusals = refusals
        self._connections = Connections(peer_as("SUB", receive), self._on_refused)

    def run(self) -> None:
        with contextlib.closing(self._connections):
            while not self.stopping.is_set():
                try:
                    self._run_once()
                except (OSError, UnicodeError) as error:    # of an impossible host
                    self.trouble = reason(error).lower()
                self.stopping.wait(RETRY_SECONDS)

    def _run_once(self) -> None:
        """Connect, and receive until the connection ends."""
        connection = socket.create_connection(self._place, CONNECT_SECONDS)
        self._connections.add(connection, self._place[0])
        while not self.stopping.is_set() and self._connections.opened:
            self._connections.take_turns(self.stopping)
            if any(each.peer.is_greeted for each in self._connections.opened):
                self.trouble = ""
        self.trouble = self.trouble or "the sender ended the connection"

    def _on_refused(self, host: str, why: str) -> None:
        self.trouble = f"the sender {why}"
        self._refusals.report(host, why)


def peer_as(kind: str, receive: ReceiveFrom) -> Callable[[Connection], ZmtpPeer]:
    """Return what makes the conversation of a new connection, as *kind* of socket."""
    return lambda connection: ZmtpPeer(
        kind, connection.send,
        lambda first, size: receive(connection.host, first, size))


def listen(host: str, port: int) -> socket.socket:
    """Listen on *host*, where ``*`` means every address; raises :exc:`OSError`."""
    if host == "*":
        host = "::" if socket.has_dualstack_ipv6() else "0.0.0.0"
    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    both = host == "::" and socket.has_dualstack_ipv6()
    try:
        return socket.create_server(address, family=family, dualstack_ipv6=both)
    except OSError as error:    # whose own text repeats the address
        raise OSError(error.errno, os.strerror(error.errno or 0)) from None
