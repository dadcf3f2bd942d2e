"""Read a source on a thread of its own, so that nothing else waits for a camera."""

import logging
import threading
from collections.abc import Iterator

import cv2

from pyimagesearch.clock import Clock
from pyimagesearch.errors import BadPicture, CameraLost, SurveillanceError
from pyimagesearch.frames import Frame, UnreadablePicture
from pyimagesearch.rates import Rate

from .source import OPEN_SECONDS, Opener, Source

log = logging.getLogger(__name__)


class FrameReader:
    """
    Open a source and keep its newest frame, for one camera loop.

    A thread ``reader-NAME`` opens the source, reads it as fast as it gives frames and
    closes it: a slow camera loop skips frames instead of lagging behind, and a read
    that never returns blocks only this thread. The loop iterates :meth:`frames`;
    :meth:`cancel` may be called from any thread. The first frame may take
    *open_timeout* seconds.
    """

    def __init__(self, open_source: Opener, name: str, clock: Clock,
                 open_timeout: float = OPEN_SECONDS) -> None:
        self._open_source = open_source
        self._clock = clock
        self._closing = threading.Event()
        self._changed = threading.Condition()   # guards the next three attributes
        self._newest: Frame | None = None
        self._error: SurveillanceError | None = None
        self._read_timeout = open_timeout
        self.granted = ""       # what the camera granted, once it is open
        self.rate = Rate()      # of the frames read
        self._thread = threading.Thread(
            target=self._run, name=f"reader-{name}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread still runs, as it does while a read never returns."""
        return self._thread.is_alive()

    def frames(self) -> Iterator[Frame]:
        """
        Yield the newest frame, never the same one twice, until :meth:`cancel`.

        Raises what the source raised, after its last frame was taken, and
        :exc:`CameraLost` when it gave no frame within its read timeout.
        """
        seen = 0
        while frame := self._wait_for_newer(seen):
            yield frame
            seen = frame.number

    def cancel(self) -> None:
        """End :meth:`frames` and, once its read returns, the thread."""
        self._closing.set()
        with self._changed:
            self._changed.notify_all()

    def close(self, timeout: float) -> bool:
        """Cancel and wait *timeout* seconds; return whether the thread ended."""
        self.cancel()
        self._thread.join(timeout)
        with self._changed:     # break the cycle error, traceback, reader, picture
            self._newest = self._error = None
        return not self.alive

    def _wait_for_newer(self, seen: int) -> Frame | None:
        def has_news() -> bool:
            return (self._closing.is_set() or self._error is not None
                    or (self._newest is not None and self._newest.number > seen))

        with self._changed:
            notified = self._changed.wait_for(has_news, self._read_timeout)
            if self._closing.is_set():
                return None
            if self._newest is not None and self._newest.number > seen:
                return self._newest
            if self._error is not None:
                raise self._error
            assert not notified
            what = "gave no frame" if seen else "did not open or gave no frame"
            raise CameraLost(f"the camera {what} for {self._read_timeout:g} seconds")

    def _run(self) -> None:
        try:
            source = self._open_source(self._closing)
            try:
                self.granted = source.granted
                self._read_timeout = max(self._read_timeout, source.read_timeout)
                self._read(source)
            finally:
                source.close()
        except SurveillanceError as error:
            self._fail(error)
        except (cv2.error, OSError) as error:
            self._fail(CameraLost(f"the camera failed: {error}"))
        except Exception as error:      # a defect: log its traceback, then retry
            log.exception("%s died", threading.current_thread().name)
            self._fail(CameraLost(f"the camera failed ({type(error).__name__})"))

    def _read(self, source: Source) -> None:
        number = 0
        while not self._closing.is_set():
            try:
                picture = source.read()
            except BadPicture as error:     # counted where pictures are decoded
                picture = UnreadablePicture(error)
            number += 1
            captured = picture.captured or self._clock.time()
            frame = Frame(number, picture, captured, self._clock.monotonic())
            self.rate.count(frame.arrived)
            with self._changed:
                self._newest = frame
                self._read_timeout = source.read_timeout
                self._changed.notify_all()

    def _fail(self, error: SurveillanceError) -> None:
        with self._changed:
            self._error = error
            self._changed.notify_all()
