"""Send the newest frame to every viewer that can take it, from one callback."""

import logging
import socket
import time
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event

from pyimagesearch.streaming.broadcaster import JpegFrame, LatestFrameBroadcaster

from .request_cost import current_cost
from .tls_socket import TlsSocket

log = logging.getLogger(__name__)

REPEAT_SECONDS = 1.0        # of silence after which the last frame is sent again
MAX_INPUT_BYTES = 16 * 1024     # that a viewer may send during its stream
READABLE, WRITABLE = 1, 2       # events of gevent's loop.io


class Fanout:
    """
    Write each new frame of *broadcaster* to all its viewers.

    A greenlet per viewer that waits, wakes and writes costs twice what the writing
    costs; here one callback of gevent's hub writes to all sockets in turn. What a
    socket does not take at once is kept as a view of the shared bytes and continues
    when the socket is writable; frames published meanwhile are skipped. A viewer that
    takes nothing for *stalled* seconds is dropped. Everything here runs in the hub's
    thread; only ``broadcaster`` wakes it from others, once a frame.
    """

    def __init__(self, broadcaster: LatestFrameBroadcaster, stalled: float) -> None:
        self._broadcaster = broadcaster
        self._stalled = stalled
        self._viewers: dict[_Viewer, None] = {}     # in order of arrival
        self._next_frame = Event()      # wakes those that wait, and is cleared at once
        self._loop = gevent.get_hub().loop
        self._published_at = 0.0
        self._published = self._loop.async_()
        self._published.start(self._deliver)
        self._tick = self._loop.timer(REPEAT_SECONDS, REPEAT_SECONDS)
        self._tick.start(self._repeat)
        broadcaster.add_listener(self._published.send)

    @property
    def busy(self) -> bool:
        """Whether there are viewers."""
        return bool(self._viewers)

    def serve(self, client: Any) -> None:
        """
        Send frames to *client*, a gevent socket, until it disconnects.

        Blocks only the calling greenlet.
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

    def wait_for_frame(self, timeout: float) -> JpegFrame | None:
        """
        Return the newest frame; if that is stale, wait up to *timeout* seconds.

        Returns ``None`` if no frame was published in that time. Blocks only the calling
        greenlet.
        """
        until = time.monotonic() + timeout
        with self._broadcaster.watching() as seen, current_cost().waiting():
            while not self._broadcaster.closed:
                frame, left = self._newest(), until - time.monotonic()
                if frame is not None and frame.number > seen:
                    return frame
                if left <= 0:
                    break
                self._next_frame.wait(left)
        return None

    def _newest(self) -> JpegFrame | None:
        stale = self._broadcaster.stale or self._broadcaster.closed
        return None if stale else self._broadcaster.latest

    def _deliver(self) -> None:
        self._published_at = self._loop.now()
        self._next_frame.set()
        self._next_frame.clear()
        if self._broadcaster.closed:
            for viewer in self._viewers:
                viewer.gone.set()
            return
        frame = self._newest()
        if frame is None:       # it must not be shown any more
            return
        number, part = frame.number, frame.part
        for viewer in self._viewers:
            if viewer.unsent is None and viewer.seen < number:
                viewer.send(number, part)

    def _repeat(self) -> None:
        """Repeat the last frame after silence; drop stalled viewers."""
        silent = self._loop.now() - self._published_at >= REPEAT_SECONDS
        frame = self._newest() if silent else None
        for viewer in self._viewers:
            if viewer.unsent is not None:
                viewer.drop_if_stalled(self._stalled)
            elif frame is not None:
                viewer.send(frame.number, frame.part)


class _Viewer:
    """One socket, the number of the frame it was sent last, and the unsent rest."""

    def __init__(self, client: Any, seen: int, loop: Any,
                 newest: Callable[[], JpegFrame | None]) -> None:
        self.seen = seen
        self.unsent: memoryview | None = None
        self.gone = Event()
        self._socket: socket.socket | TlsSocket = (
            TlsSocket(client) if hasattr(client, "do_handshake")
            else client._sock)      # the one beneath gevent's
        self._loop = loop
        self._newest = newest
        self._stalled_since = 0.0
        self._input_bytes = 0
        self._writable = loop.io(client.fileno(), WRITABLE)
        self._readable = loop.io(client.fileno(), READABLE)
        self._readable.start(self._discard_input)

    def offer(self, frame: JpegFrame | None) -> None:
        """Send *frame* unless it was sent already."""
        if frame is not None and frame.number > self.seen:
            self.send(frame.number, frame.part)

    def send(self, number: int, part: bytes) -> None:
        """Begin to send a frame; only while nothing of the last one is unsent."""
        self.seen = number
        sent = self._send(part)
        if sent < len(part):
            self.unsent = memoryview(part)[sent:]
            self._stalled_since = self._loop.now()
            self._writable.start(self._resume)

    def drop_if_stalled(self, seconds: float) -> None:
        """Drop a viewer that has taken nothing for *seconds*."""
        if self._loop.now() - self._stalled_since > seconds:
            log.debug("dropping a viewer that has read nothing for %g s", seconds)
            self.gone.set()

    def stop(self) -> None:
        """Stop watching the socket; its owner closes it."""
        if isinstance(self._socket, TlsSocket):
            self._socket.end()
        for watcher in (self._writable, self._readable):
            watcher.stop()
            watcher.close()

    def _send(self, data: bytes | memoryview) -> int:
        """Return how many bytes the socket took; an error ends the stream."""
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self.gone.set()
            return 0

    def _resume(self) -> None:
        assert self.unsent is not None
        sent = self._send(self.unsent)
        if not sent:
            return
        self._stalled_since = self._loop.now()
        self.unsent = self.unsent[sent:]
        if not self.unsent:
            self.unsent = None
            self._writable.stop()
            self.offer(self._newest())

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
