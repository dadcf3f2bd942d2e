"""Pass a camera's own packets to the pre-roll, unless something must be hidden."""

import threading

from pyimagesearch.frames import VideoHeader

from .preroll import Packet, Preroll


class PacketGate:
    """
    Let a camera's packets into *preroll*, or none of them.

    Nothing can be blackened in a packet, so the pre-roll of a masked camera is made of
    pictures instead. The camera's reader calls :meth:`begin` and :meth:`put`; the other
    methods may be called from any thread. Once :meth:`shut` has returned, no packet
    is in the pre-roll.
    """

    def __init__(self, preroll: Preroll) -> None:
        self._preroll = preroll
        self._lock = threading.Lock()       # guards the two below and what they let in
        self._header: VideoHeader | None = None
        self._is_open = True

    def begin(self, header: VideoHeader) -> None:
        """Start a new video, described by *header*."""
        with self._lock:
            self._header = header

    def put(self, data: bytes, captured: float, at: float, *, key: bool, pts: int,
            dts: int) -> None:
        """Take a packet; see :class:`~pyimagesearch.capture.source.PacketSink`."""
        with self._lock:
            if self._is_open and self._header:
                packet = Packet(data, self._header, key, pts, dts)
                self._preroll.put(packet, captured, at)

    def shut(self) -> bool:
        """Let no packet in, and drop what came; return whether it was open."""
        with self._lock:
            was_open, self._is_open = self._is_open, False
            if was_open:
                self._preroll.clear()
            return was_open

    def open(self) -> bool:
        """Let packets in; return whether it was shut."""
        with self._lock:
            was_open, self._is_open = self._is_open, True
            return not was_open
