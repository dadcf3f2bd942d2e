"""End a read from outside, wherever it waits."""

import contextlib
import socket
import threading
import weakref


class Cancellation(threading.Event):
    """
    The end of a reader: an event that also shuts its sockets once it is set.

    So no camera can hold a thread, however slowly it sends. Any thread may call the
    methods. A socket that is collected is no longer watched.
    """

    def __init__(self) -> None:
        super().__init__()
        self._guard = threading.Lock()      # guards the next attribute
        self._connections: weakref.WeakSet[socket.socket] = weakref.WeakSet()

    def watch(self, connection: socket.socket) -> None:
        """Shut *connection* once this is set; at once, if it is set already."""
        with self._guard:
            self._connections.add(connection)
        if self.is_set():
            shut(connection)

    def unwatch(self, connection: socket.socket) -> None:
        """Leave *connection* alone from now on."""
        with self._guard:
            self._connections.discard(connection)

    def set(self) -> None:
        """End all waits, and all reads of the sockets watched."""
        super().set()
        with self._guard:
            connections = list(self._connections)
        for connection in connections:
            shut(connection)


def watch(closing: threading.Event, connection: socket.socket) -> None:
    """Let *closing* shut *connection*, if it can."""
    if isinstance(closing, Cancellation):
        closing.watch(connection)


def unwatch(closing: threading.Event, connection: socket.socket) -> None:
    """Let *closing* no longer shut *connection*."""
    if isinstance(closing, Cancellation):
        closing.unwatch(connection)


def shut(connection: socket.socket) -> None:
    """
    Shut *connection* down in both directions; its reader sees the end.

    Of a TLS connection, only the TCP connection: its own method would take the
    encryption away from the thread that reads it.
    """
    with contextlib.suppress(OSError):      # it has ended already
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
