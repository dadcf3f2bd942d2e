"""Several cameras in one stream: browsers limit the connections to one server."""

import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack

from .broadcaster import JpegFrame, LatestFrameBroadcaster
from .mjpeg import BOUNDARY
from .selection import Selection
from .stream_tally import StreamTally

FOLLOW_SECONDS = 1.0    # between looks for cameras that came or went

Subscribe = Callable[[LatestFrameBroadcaster], Callable[[], object]]


class Channel:
    """One camera of the multiplexed stream, and how much of it was sent."""

    def __init__(self, name: str, stream: LatestFrameBroadcaster,
                 unsubscribe: Callable[[], object]) -> None:
        self.stream = stream
        self.sent = 0           # which turn it was sent in last; 0 before
        self._name = name
        self._ends = ExitStack()
        self._ends.callback(unsubscribe)
        self._seen = self._ends.enter_context(stream.watching())

    @property
    def is_hidden(self) -> bool:
        """Whether what was sent last must not be shown any more."""
        return self._seen <= self.stream.hidden

    @property
    def is_due(self) -> bool:
        """Whether there is a picture that was not sent."""
        frame = self.stream.current
        return frame is not None and frame.number > self._seen

    def take(self, tally: StreamTally) -> bytes | None:
        """Return the newest picture as a part, and count it; ``None`` without one."""
        frame = self.stream.current
        if frame is None:
            return None
        if frame.number > self._seen:
            tally.add(frame.number - self._seen - 1 if self.sent else 0)
        self._seen = frame.number
        return part_of(self._name, frame)

    def close(self) -> None:
        """Watch it no longer."""
        self._ends.close()


def part_of(camera: str, frame: JpegFrame) -> bytes:
    """Return *frame* as a part that names its *camera*."""
    return b"X-Camera: %b\r\n%b" % (camera.encode(), frame.part)


class Multiplexer:
    """
    Choose what one viewer of several cameras is sent next: the newest picture of each.

    Cameras take turns, so that on a slow link each skips pictures, and none waits for
    the others. One thread uses it. *subscribe* arranges to be woken when a stream
    changes, and returns the function that ends it.
    """

    def __init__(self, selection: Selection, tally: StreamTally,
                 subscribe: Subscribe) -> None:
        self.channels: dict[str, Channel] = {}
        self._selection = selection
        self._tally = tally
        self._subscribe = subscribe
        self._turns = 0

    @property
    def has_ended(self) -> bool:
        """Whether the stream of a camera has ended."""
        return any(each.stream.closed for each in self.channels.values())

    def follow(self) -> bool:
        """Follow selection and cameras; return whether the stream goes on."""
        wanted, has_ended = self._selection.pictures(), self.has_ended
        for name, channel in list(self.channels.items()):
            if wanted.get(name) is not channel.stream:
                self.channels.pop(name).close()
        for name in wanted.keys() - self.channels.keys():
            stream = wanted[name]
            self.channels[name] = Channel(name, stream, self._subscribe(stream))
        return bool(self.channels) or not has_ended

    def next(self) -> tuple[Channel, bytes] | None:
        """Return the next picture and its camera; ``None`` if there is no new one."""
        due = [each for each in self.channels.values() if each.is_due]
        return self._take(min(due, key=lambda each: each.sent)) if due else None

    def repeat(self) -> tuple[Channel, bytes] | None:
        """Return the picture that was sent longest ago once more."""
        rest = [each for each in self.channels.values() if each.stream.current]
        return self._take(min(rest, key=lambda each: each.sent)) if rest else None

    def close(self) -> None:
        """Watch no camera any longer."""
        while self.channels:
            self.channels.popitem()[1].close()

    def _take(self, channel: Channel) -> tuple[Channel, bytes] | None:
        part = channel.take(self._tally)
        self._turns += 1
        channel.sent = self._turns
        return None if part is None else (channel, part)


def generate_multiplexed(selection: Selection, tally: StreamTally
                         ) -> Generator[bytes, None, None]:
    """Yield the ``multipart/x-mixed-replace`` stream of the selected cameras."""
    changed = threading.Event()

    def subscribe(stream: LatestFrameBroadcaster) -> Callable[[], object]:
        stream.add_listener(changed.set)
        return lambda: stream.remove_listener(changed.set)

    multiplexer = Multiplexer(selection, tally, subscribe)
    selection.on_change(changed.set)
    try:
        yield BOUNDARY
        while multiplexer.follow():
            changed.clear()
            while new := multiplexer.next():
                yield new[1]
            if not changed.wait(FOLLOW_SECONDS) and (old := multiplexer.repeat()):
                yield old[1]        # only a failing write reveals a closed connection
    finally:
        multiplexer.close()
