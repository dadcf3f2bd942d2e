"""Send the newest pictures of several cameras to each viewer that can take them."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import gevent
from gevent.event import Event

from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.live_stream import LiveStream
from pyimagesearch.streaming.mjpeg import BOUNDARY
from pyimagesearch.streaming.multiplex import FOLLOW_SECONDS, Channel, Multiplexer
from pyimagesearch.streaming.selection import Selection

from .fanout import Fanout
from .viewer_socket import ViewerSocket


class MultiplexViewer(ViewerSocket):
    """One socket, and the cameras that it is sent."""

    def __init__(self, client: Any, loop: Any, stream: LiveStream,
                 multiplexer: Multiplexer) -> None:
        super().__init__(client, loop, stream.tally)
        self.changed = Event()      # what it is to be sent
        self.multiplexer = multiplexer
        self._sending: Channel | None = None    # what was sent last

    @property
    def is_hidden(self) -> bool:
        return self._sending is not None and self._sending.is_hidden

    def proceed(self) -> None:
        """Send new pictures, as long as the socket takes them."""
        while self.unsent is None and (due := self.multiplexer.next()):
            self._send(*due)
        if self.multiplexer.has_ended:
            self.changed.set()

    def break_silence(self) -> None:
        """Repeat a picture, to notice whether the viewer has gone."""
        if self.unsent is None and (old := self.multiplexer.repeat()):
            self._send(*old)

    def _send(self, channel: Channel, part: bytes) -> None:
        self._sending = channel
        with channel.stream.sending:
            self.send(part)


class MultiplexFanout(Fanout[MultiplexViewer]):
    """
    Write the new pictures of all cameras to the viewers that selected them.

    Pictures that are published while a viewer still takes another one wait, and are
    skipped when there is a newer one of the same camera.
    """

    opening = BOUNDARY

    def __init__(self, stalled: float) -> None:
        super().__init__(stalled)
        self._subscribers: Counter[LatestFrameBroadcaster] = Counter()

    def serve(self, client: Any, stream: LiveStream) -> None:
        """Send the selected cameras to *client* until it disconnects."""
        selection = stream.source
        assert isinstance(selection, Selection)
        multiplexer = Multiplexer(selection, stream.tally, self._subscribe)
        viewer = MultiplexViewer(client, self._loop, stream, multiplexer)
        selection.on_change(viewer.changed.set)
        self._viewers[viewer] = None
        try:
            while not viewer.gone.is_set() and multiplexer.follow():
                viewer.changed.clear()
                viewer.proceed()
                gevent.wait([viewer.gone, viewer.changed], FOLLOW_SECONDS, 1)
        finally:
            del self._viewers[viewer]
            viewer.stop()
            multiplexer.close()

    def _subscribe(self, camera: LatestFrameBroadcaster) -> Callable[[], object]:
        """Wake for pictures of *camera* until the returned function is called."""
        if not self._subscribers[camera]:
            camera.add_listener(self.wake)
        self._subscribers[camera] += 1
        return partial(self._unsubscribe, camera)

    def _unsubscribe(self, camera: LatestFrameBroadcaster) -> None:
        self._subscribers[camera] -= 1
        if not self._subscribers[camera]:
            del self._subscribers[camera]
            camera.remove_listener(self.wake)

    def _publish(self) -> None:
        for viewer in self._viewers:
            viewer.withdraw()
            viewer.proceed()

    def _break_silence(self) -> None:
        for viewer in self._viewers:
            viewer.break_silence()
