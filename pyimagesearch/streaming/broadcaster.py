"""One camera, many viewers: give each viewer the newest encoded frame."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pyimagesearch.jpeg import LazyJpeg, jpeg_size
from pyimagesearch.overlay import Annotation

from .broadcast import Broadcast


class JpegFrame(NamedTuple):
    """One encoded picture, shared by all viewers."""

    number: int         # 1, 2, 3 ... as published; 0 before the first
    jpeg: bytes         # one complete JPEG image
    captured: float     # wall-clock time [seconds since the epoch]
    part: bytes         # the same as a part of the multipart stream
    undrawn: LazyJpeg | None = None     # if the page is to draw an overlay, with that

    @property
    def drawn(self) -> LazyJpeg:
        """The picture with its overlay, drawn when that is needed."""
        return self.undrawn or LazyJpeg(self.jpeg, jpeg_size(self.jpeg))


def as_part(jpeg: bytes, captured: float, overlay: Annotation | None = None) -> bytes:
    """
    Return *jpeg* as one part of a ``multipart/x-mixed-replace`` stream.

    An *overlay* is for the page to draw, in pixels of the JPEG.

    The part ends with the boundary that opens the next, so that a browser knows a
    picture is complete without waiting for the next one (Chromium issue 527446).
    """
    more = b"X-Overlay: %b\r\n" % overlay.as_json().encode() if overlay else b""
    return (b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n"
            b"X-Timestamp: %.6f\r\n%b\r\n%b\r\n--frame\r\n"
            % (len(jpeg), captured, more, jpeg))


class LatestFrameBroadcaster(Broadcast):
    """
    Give any number of viewers the newest frame, without queues.

    One producer calls :meth:`publish`, or :meth:`mark_stale` for a frame that it did
    not encode; each viewer iterates its own :meth:`frames`. A viewer is only the number
    of the last frame it saw, so a slow one skips frames instead of delaying the camera
    or filling memory. Every method may be called and every attribute read from any
    thread; the lock is held only while references are swapped.
    """

    def __init__(self) -> None:
        super().__init__()
        self.latest = JpegFrame(0, b"", 0.0, b"")   # the newest frame
        self.stale = True       # the camera is ahead of it, so it must not be shown
        self.hidden = 0         # number of the newest frame that must not be sent any
        #                         more, not even the rest of it

    def publish(self, jpeg: bytes, captured: float = 0.0,
                undrawn: LazyJpeg | None = None) -> None:
        """
        Make *jpeg* the newest frame and wake every viewer.

        *undrawn* is the same with an overlay that pages are to draw.
        """
        part = as_part(jpeg, captured, undrawn and undrawn.overlay)
        with self._changed:
            self.latest = JpegFrame(self.latest.number + 1, jpeg, captured, part,
                                    undrawn)
            self.stale = False
        self._notify()

    def mark_stale(self) -> None:
        """Note that the camera's newest frame was not encoded."""
        self.stale = True

    def hide(self, *, but_newest: bool = False) -> None:
        """
        Withdraw all frames, perhaps *but* the *newest*, even the rest of those sent.

        May be called from any thread, but not during :meth:`publish`.
        """
        with self._changed:
            self.hidden = self.latest.number - but_newest
            self.stale = self.stale or not but_newest
        self._notify()

    @property
    def current(self) -> JpegFrame | None:
        """The newest frame, if it may be shown."""
        return None if self.stale or self.closed else self.latest

    @contextmanager
    def watching(self) -> Iterator[int]:
        """
        Count as a viewer inside the ``with`` block.

        Yields the number of the last frame not to be shown: a new viewer waits for the
        next frame rather than see one from before a time without viewers.
        """
        with self._changed:
            self.viewers += 1
            seen = self.latest.number if self.stale else -1
        try:
            yield seen
        finally:
            with self._changed:
                self.viewers -= 1

    def frames(self, repeat_after: float = 1.0) -> Generator[JpegFrame, None, None]:
        """
        Yield the newest frame, again and again, until :meth:`close`.

        The last frame is repeated after *repeat_after* seconds without a new one: only
        a failing write tells a server that a browser has disconnected.
        """
        with self.watching() as seen:
            while not self.closed:
                self._wait_for_newer(seen, repeat_after)
                frame = self.latest
                if not self.closed and not self.stale:
                    yield frame
                    seen = frame.number

    def fresh(self, timeout: float) -> JpegFrame | None:
        """
        Return the newest frame; if that is stale, wait up to *timeout* seconds.

        Returns ``None`` if no frame was published in that time.
        """
        with self.watching() as seen:
            self._wait_for_newer(seen, timeout)
            with self._changed:
                shown = self.latest.number > seen and not self.stale
                return self.latest if shown else None

    def _wait_for_newer(self, seen: int, timeout: float) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: self.closed or (
                    self.latest.number > seen and not self.stale), timeout)
