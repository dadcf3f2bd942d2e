"""One camera, many viewers: hand each viewer the newest encoded frame."""

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import NamedTuple


class JpegFrame(NamedTuple):
    """One encoded picture, shared by all viewers."""

    number: int         # 1, 2, 3 ... as published; 0 before the first
    jpeg: bytes         # one complete JPEG image
    captured: float     # wall-clock time [seconds since the epoch]
    part: bytes         # the same as a part of the multipart stream


def as_part(jpeg: bytes, captured: float) -> bytes:
    """
    Return *jpeg* as one part of a ``multipart/x-mixed-replace`` stream.

    The part ends with the boundary that opens the next, so that a browser
    knows a picture is complete without waiting for its successor (Chromium
    issue 527446).
    """
    return (b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n"
            b"X-Timestamp: %.6f\r\n\r\n%b\r\n--frame\r\n"
            % (len(jpeg), captured, jpeg))


class LatestFrameBroadcaster:
    """
    Hand the newest frame to any number of viewers, without queues.

    One producer calls :meth:`publish`, or :meth:`pass_over` for a frame that it
    did not encode; each viewer iterates its own :meth:`frames`. All a viewer
    keeps is the number of the last frame it saw, so a slow viewer skips frames
    instead of delaying the camera or filling memory, and a viewer that
    vanishes leaves nothing behind.

    Before the first frame there is nothing to show, so the camera loop publishes
    a card before it opens the camera.

    Every method may be called from any thread. The lock is held only while
    references are swapped; encoding and network writes happen outside it.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()   # guards the names below
        self._latest = JpegFrame(0, b"", 0.0, b"")
        self._stale = True
        self._viewers = 0
        self._closed = False
        self._listeners: list[Callable[[], object]] = []

    @property
    def latest(self) -> JpegFrame:
        """The newest frame; number 0 and empty before there is one."""
        return self._latest

    @property
    def viewers(self) -> int:
        """How many viewers are iterating :meth:`frames` at this moment."""
        return self._viewers

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closed

    @property
    def stale(self) -> bool:
        """Whether :attr:`latest` must not be shown: the camera is ahead of it."""
        return self._stale

    def publish(self, jpeg: bytes, captured: float = 0.0) -> None:
        """Make *jpeg* the newest frame and wake every viewer."""
        part = as_part(jpeg, captured)
        with self._changed:
            self._latest = JpegFrame(self._latest.number + 1, jpeg, captured, part)
            self._stale = False
            self._changed.notify_all()
            listeners = self._listeners
        for tell in listeners:
            tell()

    def pass_over(self) -> None:
        """Note that the newest frame was not encoded, as nobody watches."""
        self._stale = True

    def listen(self, tell: Callable[[], object]) -> None:
        """
        Have *tell* called after each :meth:`publish` and :meth:`close`.

        It is called from the publishing thread, and must be quick.
        """
        with self._changed:
            self._listeners = [*self._listeners, tell]

    @contextmanager
    def watching(self) -> Iterator[int]:
        """
        Count as a viewer inside the ``with`` block.

        Gives the number of the last frame not to be shown: a new viewer never
        sees one from before a time in which nobody watched, but waits for the
        next.
        """
        with self._changed:
            self._viewers += 1
            seen = self._latest.number if self._stale else -1
        try:
            yield seen
        finally:
            with self._changed:
                self._viewers -= 1

    def frames(self, repeat_after: float = 1.0) -> Generator[JpegFrame, None, None]:
        """
        Yield the newest frame, again and again, until :meth:`close`.

        After *repeat_after* seconds of silence the last frame is yielded once
        more: the only way a server learns that a browser has gone is to fail
        in writing to it.
        """
        with self.watching() as seen:
            while not self._closed:
                self._wait_for_newer(seen, repeat_after)
                frame = self._latest
                if not self._closed and not self._stale:
                    yield frame
                    seen = frame.number

    def fresh(self, timeout: float) -> JpegFrame | None:
        """
        Return the newest frame; wait for one if nobody has watched lately.

        ``None`` means that none came within *timeout* [seconds].
        """
        with self.watching() as seen:
            self._wait_for_newer(seen, timeout)
            with self._changed:
                shown = self._latest.number > seen and not self._stale
                return self._latest if shown else None

    def close(self) -> None:
        """End every iteration of :meth:`frames`, present and future."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            listeners = self._listeners
        for tell in listeners:
            tell()

    def _wait_for_newer(self, seen: int, timeout: float) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or (
                    self._latest.number > seen and not self._stale), timeout)
