"""The socket of one viewer of a live stream, written without ever waiting for it."""

import logging
import socket
from abc import ABC, abstractmethod
from typing import Any

from gevent.event import Event

from pyimagesearch.streaming.stream_tally import StreamTally

from .tls_socket import TlsSocket

log = logging.getLogger(__name__)

MAX_INPUT_BYTES = 16 * 1024     # that a viewer may send during its stream
READABLE, WRITABLE = 1, 2       # events of gevent's loop.io


class ViewerSocket(ABC):
    """
    Send to one viewer what its socket takes; the rest follows when it takes more.

    *client* is a gevent socket. What is sent is a view of bytes that all viewers share.
    Belongs to the hub's thread.
    """

    def __init__(self, client: Any, loop: Any, tally: StreamTally) -> None:
        self.unsent: memoryview | None = None
        self.gone = Event()
        self.tally = tally
        self._socket: socket.socket | TlsSocket = (
            TlsSocket(client) if hasattr(client, "do_handshake")
            else client._sock)      # the one beneath gevent's
        self._loop = loop
        self._stalled_since = 0.0
        self._input_bytes = 0
        self._writable = loop.io(client.fileno(), WRITABLE)
        self._readable = loop.io(client.fileno(), READABLE)
        self._readable.start(self._discard_input)

    @abstractmethod
    def proceed(self) -> None:
        """Send what comes next for this viewer, if it is there; nothing is unsent."""

    @property
    @abstractmethod
    def is_hidden(self) -> bool:
        """Whether what was sent last must not be shown any more."""

    def withdraw(self) -> None:
        """End the stream if a picture is half sent that must not be shown any more."""
        if self.unsent is not None and self.is_hidden:
            self._writable.stop()
            self.gone.set()

    def send(self, data: bytes | memoryview) -> None:
        """Send *data*; only while nothing of the last is unsent."""
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            sent = 0
            self.gone.set()
        self.tally.bytes += sent
        if sent < len(data):
            self.unsent = memoryview(data)[sent:]
            self._stalled_since = self._loop.now()
            self._writable.start(self._resume)

    def drop_if_stalled(self, seconds: float) -> None:
        """Drop a viewer that has taken nothing for *seconds*, though it was to."""
        if self.unsent is not None and self._loop.now() - self._stalled_since > seconds:
            log.debug("dropping a viewer that has read nothing for %g s", seconds)
            self.gone.set()

    def stop(self) -> None:
        """Stop watching the socket; its owner closes it."""
        if isinstance(self._socket, TlsSocket):
            self._socket.end()
        for watcher in (self._writable, self._readable):
            watcher.stop()
            watcher.close()

    def _resume(self) -> None:
        """Send the rest, unless it is hidden now: the socket takes more."""
        self.withdraw()
        if self.gone.is_set():
            return
        assert self.unsent is not None
        rest, self.unsent = self.unsent, None
        self.send(rest)
        if self.unsent is None:
            self._writable.stop()
            self.proceed()

    def _discard_input(self) -> None:
        """Ignore a little input; its end is the end of the stream."""
        try:
            size = len(self._socket.recv(4096))
            self._input_bytes += size
            if size and self._input_bytes <= MAX_INPUT_BYTES:
                return
        except BlockingIOError:
            return
        except OSError:
            pass        # reset: gone just the same
        self.gone.set()
