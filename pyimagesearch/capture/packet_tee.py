"""Hand a camera's own video to several receivers."""

from collections.abc import Sequence

from pyimagesearch.frames import VideoHeader
from pyimagesearch.orientation import Orientation

from .source import PacketSink


class PacketTee:
    """
    Hand all that a camera sends to each of *sinks*, which share the bytes.

    Players turn the video by its *orientation*, as its packets stay as they are.
    """

    def __init__(self, sinks: Sequence[PacketSink],
                 orientation: Orientation | None = None) -> None:
        self._sinks = tuple(sinks)
        self._orientation = orientation or Orientation()

    def begin(self, header: VideoHeader) -> None:
        """Start a new video in each."""
        turned = self._orientation.header(header)
        for sink in self._sinks:
            sink.begin(turned)

    def put(self, data: bytes, captured: float, at: float, *, key: bool, pts: int,
            dts: int) -> None:
        """Give a packet to each; see :class:`.PacketSink`."""
        for sink in self._sinks:
            sink.put(data, captured, at, key=key, pts=pts, dts=dts)

    def end(self, why: str) -> None:
        """End the video in each."""
        for sink in self._sinks:
            sink.end(why)
