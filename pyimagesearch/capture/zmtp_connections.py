"""Read the connections of one ZeroMQ address fairly, and close some beyond a limit."""

import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable

import numpy as np

from pyimagesearch.addresses import network_of
from pyimagesearch.errors import reason

from .limits import MAX_FRAMES_PER_SECOND
from .zmtp import END_OF_TURN, PeerRefused, ZmtpPeer

MAX_CONNECTIONS = 64        # at once, to one address of ours
MAX_MESSAGE_SECONDS = 20.0  # for a whole message, and for the handshake
MAX_UNFINISHED_BYTES = 32 * 1024 * 1024     # of messages of all connections
TURN_BYTES = 1024 * 1024    # that are read from all connections in one turn
TURN_SECONDS = 1 / MAX_FRAMES_PER_SECOND    # from one turn to the next
ACCEPTED_PER_TURN = 4       # new connections
POLL_SECONDS = 0.2          # between two checks for the end

Converse = Callable[["Connection"], ZmtpPeer]
Refused = Callable[[str, str], object]
"""Takes the address of a peer, and why its connection is closed."""


class Connection:
    """One connection to the peer at IP address *host*, and what it is sending."""

    def __init__(self, connection: socket.socket, host: str, converse: Converse
                 ) -> None:
        connection.setblocking(False)
        self.socket = connection
        self.host = host
        self.network = network_of(host)
        self.changed_at = time.monotonic()  # when a message began or ended
        self.held = 0       # bytes of the part that is being read
        self.peer = converse(self)
        self._steps = self.peer.converse()
        self._buffer = np.empty(next(self._steps), np.uint8)

    def send(self, data: bytes) -> None:
        """Send *data*; raises :exc:`PeerRefused` if the peer does not read."""
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            raise PeerRefused("does not read its replies")

    def receive(self, most: int) -> bool:
        """
        Read at most *most* bytes and one message; return whether it is still open.

        Raises :exc:`PeerRefused` and :exc:`OSError`.
        """
        while most > 0:
            rest = self._buffer[self.held:self.held + most].data
            try:
                count = self.socket.recv_into(rest)
            except BlockingIOError:
                break
            if not count:
                return False
            self.held += count
            most -= count
            if self.held == len(self._buffer) and self._finish_step():
                break
        return True

    def close(self) -> None:
        """Close the socket, and free the buffer before the garbage collector does."""
        self.socket.close()
        self._steps.close()
        self._buffer = np.empty(0, np.uint8)

    def _finish_step(self) -> bool:
        """Hand over what was read; return whether a message or command ends with it."""
        was_in_message = self.peer.in_message
        wanted = self._steps.send(self._buffer)
        if ends := wanted == END_OF_TURN:
            wanted = next(self._steps)
        if self.peer.in_message != was_in_message:
            self.changed_at = time.monotonic()
        self._buffer, self.held = np.empty(wanted, np.uint8), 0
        return ends


class Connections:
    """
    The open connections of one address, which are read in turns.

    A turn reads at most a megabyte of all and one message of each, and takes at most
    half of a thread's time. What is not read waits at its sender. A new connection
    replaces the one that was silent for longest, of the network that has most. One
    thread owns this.
    """

    def __init__(self, converse: Converse, refused: Refused,
                 message_seconds: float = MAX_MESSAGE_SECONDS) -> None:
        self.opened: set[Connection] = set()
        self._converse = converse
        self._refused = refused
        self._message_seconds = message_seconds
        self._selector = selectors.DefaultSelector()

    def listen(self, listener: socket.socket) -> None:
        """Accept what connects to *listener* from now on."""
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, listener)

    def add(self, connection: socket.socket, host: str) -> None:
        """Begin the conversation with a peer, if it is still there."""
        if len(self.opened) >= MAX_CONNECTIONS:
            self._drop(self._most_dispensable(), "makes room for other senders")
        try:
            set_keepalive(connection)
            added = Connection(connection, host, self._converse)
        except (OSError, PeerRefused):      # it left
            connection.close()
            return
        self.opened.add(added)
        self._selector.register(connection, selectors.EVENT_READ, added)

    def take_turns(self, stopping: threading.Event) -> None:
        """Wait for data or *stopping*, read what is there, and pause."""
        ready = self._selector.select(POLL_SECONDS)
        began = time.thread_time()
        for key, _ in ready:
            if key.data in self.opened:
                self._read(key.data, TURN_BYTES // len(ready))
            elif not isinstance(key.data, Connection):  # else it made room just now
                self._accept(key.data)
        self._enforce_limits()
        if ready:
            stopping.wait(max(TURN_SECONDS, time.thread_time() - began))

    def close(self) -> None:
        """End all connections."""
        for each in list(self.opened):
            self._drop(each)
        self._selector.close()

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(ACCEPTED_PER_TURN):
            try:
                connection, address = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:    # such as too many open files
                self._refused("", f"cannot connect: {reason(error)}")
                return
            self.add(connection, address[0])

    def _read(self, connection: Connection, most: int) -> None:
        try:
            if not connection.receive(most):
                self._drop(connection)
        except PeerRefused as error:
            self._drop(connection, str(error))
        except OSError:     # the peer broke the connection
            self._drop(connection)

    def _enforce_limits(self) -> None:
        now = time.monotonic()
        for each in [each for each in self.opened if each.peer.in_message
                     and now - each.changed_at > self._message_seconds]:
            self._drop(each, f"takes longer than {self._message_seconds:.3g} seconds "
                             "for a message")
        while sum(each.held for each in self.opened) > MAX_UNFINISHED_BYTES:
            slowest = min((each for each in self.opened if each.held), key=lambda each:
                          each.held / max(0.001, now - each.changed_at))
            self._drop(slowest, "is the slowest of too many large messages")

    def _most_dispensable(self) -> Connection:
        counts = Counter(each.network for each in self.opened)
        return min(self.opened, key=lambda each: (
            -counts[each.network], each.peer.messages > 0, each.changed_at))

    def _drop(self, connection: Connection, why: str = "") -> None:
        """Close *connection*; report *why*, unless its peer ended it."""
        self.opened.discard(connection)
        self._selector.unregister(connection.socket)
        connection.close()
        if why:
            self._refused(connection.host, why)


def set_keepalive(connection: socket.socket) -> None:
    """Let the kernel find out within half a minute that a peer has vanished."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5),
                          (socket.TCP_KEEPCNT, 4)):
        connection.setsockopt(socket.IPPROTO_TCP, option, value)
