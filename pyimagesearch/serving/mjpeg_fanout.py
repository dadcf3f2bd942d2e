"""Send the newest frame to every viewer that can take it."""

import time
from typing import Any

from gevent.event import Event

from pyimagesearch.streaming.broadcaster import JpegFrame, LatestFrameBroadcaster
from pyimagesearch.streaming.live_stream import LiveStream
from pyimagesearch.streaming.mjpeg import BOUNDARY
from pyimagesearch.streaming.stream_tally import StreamTally

from .fanout import BroadcasterFanout
from .request_cost import current_cost
from .viewer_socket import ViewerSocket


class MjpegViewer(ViewerSocket):
    """One socket, and the number of the frame it was sent last."""

    def __init__(self, client: Any, loop: Any, tally: StreamTally, seen: int,
                 broadcaster: LatestFrameBroadcaster) -> None:
        super().__init__(client, loop, tally)
        self.seen = seen
        self._broadcaster = broadcaster

    @property
    def is_hidden(self) -> bool:
        return self.seen <= self._broadcaster.hidden

    def proceed(self) -> None:
        """Send the newest frame unless it was sent already."""
        frame = self._broadcaster.current
        if frame is not None and frame.number > self.seen:
            self.send_frame(frame.number, frame.part)

    def send_frame(self, number: int, part: bytes) -> None:
        """Begin to send a frame; only while nothing of the last one is unsent."""
        self.seen = number
        self.tally.count(number)
        self.send(part)


class MjpegFanout(BroadcasterFanout[MjpegViewer]):
    """
    Write each new frame of *broadcaster* to all its viewers (see :class:`.Fanout`).

    Frames that are published while a viewer still takes an older one are skipped.
    """

    opening = BOUNDARY

    def __init__(self, broadcaster: LatestFrameBroadcaster, stalled: float) -> None:
        super().__init__(broadcaster, stalled)
        self._broadcaster = broadcaster
        self._next_frame = Event()      # wakes those that wait, and is cleared at once

    def serve(self, client: Any, stream: LiveStream) -> None:
        """Send frames to *client* until it disconnects."""
        with self._broadcaster.watching() as seen:
            self._serve(MjpegViewer(client, self._loop, stream.tally, seen,
                                    self._broadcaster))

    def wait_for_frame(self, timeout: float) -> JpegFrame | None:
        """
        Return the newest frame; if that is stale, wait up to *timeout* seconds.

        Returns ``None`` if no frame was published in that time. Blocks only the calling
        greenlet.
        """
        until = time.monotonic() + timeout
        with self._broadcaster.watching() as seen, current_cost().waiting():
            while not self._broadcaster.closed:
                frame, left = self._broadcaster.current, until - time.monotonic()
                if frame is not None and frame.number > seen:
                    return frame
                if left <= 0:
                    break
                self._next_frame.wait(left)
        return None

    def _publish(self) -> None:
        self._next_frame.set()
        self._next_frame.clear()
        super()._publish()

    def _deliver(self) -> None:
        frame = self._broadcaster.current
        if frame is None:       # it must not be shown any more
            return
        number, part = frame.number, frame.part
        for viewer in self._viewers:
            if viewer.unsent is None and viewer.seen < number:
                viewer.send_frame(number, part)

    def _break_silence(self) -> None:
        frame = self._broadcaster.current
        for viewer in self._viewers if frame else ():
            if viewer.unsent is None:
                assert frame
                viewer.send_frame(frame.number, frame.part)
