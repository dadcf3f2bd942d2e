"""Hand a camera's own video to several receivers."""

from collections.abc import Sequence

from pyimagesearch.frames import VideoHeader

from .source import PacketSink


class PacketTee:
    """Hand all that a camera sends to each of *sinks*, which share the bytes."""

    def __init__(self, sinks: Sequence[PacketSink]) -> None:
        self._sinks = tuple(sinks)

    def begin(self, header: VideoHeader) -> None:
        """Start a new video in each."""
        for sink in self._sinks:
            sink.begin(header)

    def put(self, data: bytes, captured: float, at: float, *, key: bool, pts: int,
            dts: int) -> None:
        """Give a packet to each; see :class:`.PacketSink`."""
        for sink in self._sinks:
            sink.put(data, captured, at, key=key, pts=pts, dts=dts)

    def end(self, why: str) -> None:
        """End the video in each."""
        for sink in self._sinks:
            sink.end(why)
