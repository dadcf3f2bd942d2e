"""Send live streams to all their viewers, from one callback each."""

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

import gevent

from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.live_stream import LiveStream
from pyimagesearch.streaming.message_log import MessageLog
from pyimagesearch.streaming.video_broadcaster import VideoBroadcaster

from .viewer_socket import ViewerSocket

SILENT_SECONDS = 1.0    # after which viewers are sent something, to notice who has gone

Broadcaster = LatestFrameBroadcaster | VideoBroadcaster | MessageLog
Viewer = TypeVar("Viewer", bound=ViewerSocket)


class Fanout(ABC, Generic[Viewer]):
    """
    Write to all viewers of a stream, from one callback of gevent's hub.

    A greenlet per viewer that waits, wakes and writes costs twice what the writing
    costs. A viewer that takes nothing for *stalled* seconds is dropped. Everything here
    runs in the hub's thread, but :meth:`wake`.
    """

    opening = b""       # of each stream

    def __init__(self, stalled: float) -> None:
        self._viewers: dict[Viewer, None] = {}      # in order of arrival
        self._loop = gevent.get_hub().loop
        self._stalled = stalled
        self._published_at = 0.0
        self._published = self._loop.async_()
        self._published.start(self._wake)
        self._tick = self._loop.timer(SILENT_SECONDS, SILENT_SECONDS)
        self._tick.start(self._every_second)

    @property
    def busy(self) -> bool:
        """Whether there are viewers."""
        return bool(self._viewers)

    def wake(self) -> None:
        """Send what is new; may be called from any thread."""
        self._published.send()

    @abstractmethod
    def serve(self, client: Any, stream: LiveStream) -> None:
        """
        Send *stream* to *client*, a gevent socket, until it disconnects.

        Its tally counts what is sent. Blocks only the calling greenlet.
        """

    @abstractmethod
    def _publish(self) -> None:
        """Send what is new to the viewers that have taken all so far."""

    @abstractmethod
    def _break_silence(self) -> None:
        """Send something to the viewers that have taken all so far."""

    def _wake(self) -> None:
        self._published_at = self._loop.now()
        self._publish()

    def _every_second(self) -> None:
        for viewer in self._viewers:
            viewer.drop_if_stalled(self._stalled)
        if self._loop.now() - self._published_at >= SILENT_SECONDS:
            self._break_silence()


class BroadcasterFanout(Fanout[Viewer]):
    """
    Write what *broadcaster* publishes to all its viewers.

    It wakes the hub from its own thread, once a picture.
    """

    def __init__(self, broadcaster: Broadcaster, stalled: float) -> None:
        super().__init__(stalled)
        self._end = broadcaster
        self._hidden = 0        # number of the newest picture that was withdrawn
        broadcaster.add_listener(self.wake)

    @abstractmethod
    def _deliver(self) -> None:
        """Send what is new to the viewers that have taken all so far."""

    def _serve(self, viewer: Viewer) -> None:
        """Keep *viewer* among the others until it has gone."""
        self._viewers[viewer] = None
        try:
            viewer.proceed()
            viewer.gone.wait()
        finally:
            del self._viewers[viewer]
            viewer.stop()

    def _publish(self) -> None:
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
