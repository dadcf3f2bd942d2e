"""Between a camera's own video and the pre-roll: open, unless something is hidden."""

import threading

from pyimagesearch.frames import VideoHeader

from .preroll import Preroll


class PacketGate:
    """
    Let a camera's packets onto *preroll*, or none of them.

    Nothing can be burnt black in a packet, so of a masked camera the preroll gets
    pictures instead. The camera's reader calls :meth:`begin` and :meth:`put`, anybody
    the others; once :meth:`shut` has returned, no packet is on the preroll.
    """

    def __init__(self, preroll: Preroll) -> None:
        self._preroll = preroll
        self._lock = threading.Lock()       # guards the two below, and what they let by
        self._header: VideoHeader | None = None
        self._is_open = True

    def begin(self, header: VideoHeader) -> None:
        """Hear of a new video."""
        with self._lock:
            self._header = header
            if self._is_open:
                self._preroll.begin(header)

    def put(self, data: bytes, captured: float, at: float, *, key: bool, pts: int,
            dts: int) -> None:
        """Take a packet as :class:`~pyimagesearch.capture.source.PacketSink` has it."""
        with self._lock:
            if self._is_open:
                self._preroll.put(data, captured, at, key=key, pts=pts, dts=dts)

    def shut(self) -> bool:
        """Let nothing through, and forget what came; return whether it was open."""
        with self._lock:
            was_open, self._is_open = self._is_open, False
            if was_open:
                self._preroll.begin(None)
                self._preroll.clear()
            return was_open

    def open(self) -> bool:
        """Let packets through; return whether it was shut."""
        with self._lock:
            was_open, self._is_open = self._is_open, True
            if not was_open:
                self._preroll.begin(self._header)
            return not was_open
