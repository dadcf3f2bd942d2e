"""The newest frame to every socket that can take it, from one loop in the hub."""

import socket
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event

from pyimagesearch.streaming.broadcaster import JpegFrame, LatestFrameBroadcaster

from .tls_socket import TlsSocket

REPEAT = 1.0        # seconds of silence after which the last frame is sent again
PATIENCE = 30.0     # seconds that a viewer may take nothing before it is dropped
MOST_SAID = 16 * 1024   # bytes that a viewer may send meanwhile, for whatever reason


class Fanout:
    """
    Write each new frame of *broadcaster* to all its viewers.

    A greenlet per viewer that waits, wakes and writes costs twice what the
    writing costs; here one callback of gevent's hub writes to all sockets in
    turn. What a socket does not take at once is kept as a view of the shared
    bytes and goes on when the socket can take more; frames that come meanwhile
    are skipped. Everything here happens in the hub's thread; only
    ``broadcaster`` wakes it from others, once a frame.
    """

    def __init__(self, broadcaster: LatestFrameBroadcaster) -> None:
        self._broadcaster = broadcaster
        self._viewers: dict[_Viewer, None] = {}     # in order of arrival
        self._loop = gevent.get_hub().loop
        self._last_news = 0.0
        self._news = self._loop.async_()
        self._news.start(self._deliver)
        self._tick = self._loop.timer(REPEAT, REPEAT)
        self._tick.start(self._repeat)
        broadcaster.listen(self._news.send)

    @property
    def busy(self) -> bool:
        """Whether anybody is served at this moment."""
        return bool(self._viewers)

    def serve(self, client: Any) -> None:
        """
        Send frames to *client*, a gevent socket, until it has gone.

        Blocks the calling greenlet, and nothing else.
        """
        with self._broadcaster.watching() as seen:
            viewer = _Viewer(client, seen, self._loop, self._newest)
            self._viewers[viewer] = None
            try:
                viewer.offer(self._newest())
                viewer.gone.wait()
            finally:
                del self._viewers[viewer]
                viewer.stop()

    def _newest(self) -> JpegFrame | None:
        stale = self._broadcaster.stale or self._broadcaster.closed
        return None if stale else self._broadcaster.latest

    def _deliver(self) -> None:
        self._last_news = self._loop.now()
        if self._broadcaster.closed:
            for viewer in self._viewers:
                viewer.gone.set()
            return
        frame = self._newest()
        if frame is None:       # it must not be shown any more
            return
        number, part = frame.number, frame.part
        for viewer in self._viewers:
            if viewer.rest is None and viewer.seen < number:
                viewer.send(number, part)

    def _repeat(self) -> None:
        """Repeat the last frame after silence; drop viewers that take nothing."""
        silent = self._loop.now() - self._last_news >= REPEAT
        frame = self._newest() if silent else None
        for viewer in self._viewers:
            if viewer.rest is not None:
                viewer.grumble(PATIENCE)
            elif frame is not None:
                viewer.send(frame.number, frame.part)


class _Viewer:
    """One socket, the number of the frame it was sent last, and what is left."""

    def __init__(self, client: Any, seen: int, loop: Any,
                 newest: Callable[[], JpegFrame | None]) -> None:
        self.seen = seen
        self.rest: memoryview | None = None
        self.gone = Event()
        self._wire: socket.socket | TlsSocket = (
            TlsSocket(client) if hasattr(client, "do_handshake")
            else client._sock)      # the one beneath gevent's
        self._send = self._wire.send
        self._loop = loop
        self._newest = newest
        self._stuck_since = 0.0
        self._said = 0      # bytes, which nobody wants
        self._writable = loop.io(client.fileno(), 2)
        self._readable = loop.io(client.fileno(), 1)
        self._readable.start(self._listen)

    def offer(self, frame: JpegFrame | None) -> None:
        """Send *frame* unless it was seen already."""
        if frame is not None and frame.number > self.seen:
            self.send(frame.number, frame.part)

    def send(self, number: int, part: bytes) -> None:
        """Begin to send a frame; only while nothing is left of the last one."""
        self.seen = number
        try:
            sent = self._send(part)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.gone.set()
            return
        if sent < len(part):
            self.rest = memoryview(part)[sent:]
            self._stuck_since = self._loop.now()
            self._writable.start(self._resume)

    def grumble(self, patience: float) -> None:
        """Give up on a viewer that has taken nothing for *patience* seconds."""
        if self._loop.now() - self._stuck_since > patience:
            self.gone.set()

    def stop(self) -> None:
        """Forget the socket; it is closed by its owner."""
        if isinstance(self._wire, TlsSocket):
            self._wire.end()
        for watcher in (self._writable, self._readable):
            watcher.stop()
            watcher.close()

    def _resume(self) -> None:
        assert self.rest is not None
        try:
            sent = self._send(self.rest)
        except BlockingIOError:
            return
        except OSError:
            self._writable.stop()
            self.gone.set()
            return
        self._stuck_since = self._loop.now()
        self.rest = self.rest[sent:]
        if not self.rest:
            self.rest = None
            self._writable.stop()
            self.offer(self._newest())

    def _listen(self) -> None:
        """A viewer has nothing more to say: the end of its stream is goodbye."""
        try:
            said = len(self._wire.recv(4096))
            self._said += said
            if said and self._said <= MOST_SAID:
                return
        except BlockingIOError:
            return
        except OSError:
            pass        # reset: gone just the same
        self.gone.set()
