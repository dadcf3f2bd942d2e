"""Send what one broadcaster publishes to all its viewers, from one callback."""

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

import gevent

from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.stream_tally import StreamTally
from pyimagesearch.streaming.video_broadcaster import VideoBroadcaster

from .viewer_socket import ViewerSocket

SILENT_SECONDS = 1.0    # after which viewers are sent something, to notice who has gone

Broadcaster = LatestFrameBroadcaster | VideoBroadcaster
Viewer = TypeVar("Viewer", bound=ViewerSocket)


class Fanout(ABC, Generic[Viewer]):
    """
    Write what *broadcaster* publishes to all its viewers.

    A greenlet per viewer that waits, wakes and writes costs twice what the writing
    costs; here one callback of gevent's hub writes to all sockets in turn. A viewer
    that takes nothing for *stalled* seconds is dropped. Everything here runs in the
    hub's thread; only the broadcaster wakes it from others, once a picture.
    """

    opening = b""       # of each stream

    def __init__(self, broadcaster: Broadcaster, stalled: float) -> None:
        self._viewers: dict[Viewer, None] = {}      # in order of arrival
        self._loop = gevent.get_hub().loop
        self._end = broadcaster
        self._stalled = stalled
        self._published_at = 0.0
        self._hidden = 0        # number of the newest picture that was withdrawn
        self._published = self._loop.async_()
        self._published.start(self._wake)
        self._tick = self._loop.timer(SILENT_SECONDS, SILENT_SECONDS)
        self._tick.start(self._every_second)
        broadcaster.add_listener(self._published.send)

    @property
    def busy(self) -> bool:
        """Whether there are viewers."""
        return bool(self._viewers)

    @abstractmethod
    def serve(self, client: Any, tally: StreamTally) -> None:
        """
        Send the stream to *client*, a gevent socket, until it disconnects.

        *tally* counts what it is sent. Blocks only the calling greenlet.
        """

    @abstractmethod
    def _deliver(self) -> None:
        """Send what is new to the viewers that have taken all so far."""

    @abstractmethod
    def _break_silence(self) -> None:
        """Send something to the viewers that have taken all so far."""

    def _serve(self, viewer: Viewer) -> None:
        """Keep *viewer* among the others until it has gone."""
        self._viewers[viewer] = None
        try:
            viewer.proceed()
            viewer.gone.wait()
        finally:
            del self._viewers[viewer]
            viewer.stop()

    def _wake(self) -> None:
        self._published_at = self._loop.now()
        if self._end.closed:
            for viewer in self._viewers:
                viewer.gone.set()
            return
        if self._hidden != self._end.hidden:
            self._hidden = self._end.hidden
            for viewer in self._viewers:
                viewer.withdraw()
        with self._end.sending:
            self._deliver()

    def _every_second(self) -> None:
        for viewer in self._viewers:
            viewer.drop_if_stalled(self._stalled)
        if self._loop.now() - self._published_at >= SILENT_SECONDS:
            self._break_silence()
