"""Drain a source on a thread of its own, so that nothing waits on a camera."""

import logging
import threading
from collections.abc import Callable, Iterator

import cv2

from pyimagesearch.clock import Clock
from pyimagesearch.errors import CameraLost, SurveillanceError
from pyimagesearch.frames import Frame
from pyimagesearch.rates import Rate

from .source import OPEN_SECONDS, Opener, Source

log = logging.getLogger(__name__)

BEGINNING = 5.0     # seconds that a new thread has to begin


class Beginning(threading.Event):
    """What :meth:`ReaderThread.start` waits for, but not for ever."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait; without a *timeout*, raise :exc:`MemoryError` if it takes too long."""
        begun = super().wait(BEGINNING if timeout is None else timeout)
        if timeout is None and not begun:
            raise MemoryError("a thread has died before it began")
        return begun


class ReaderThread(threading.Thread):
    """
    A thread that dies of want of memory before it begins, and is not waited for.

    Python's own waits for ever for one that could not even tell that it began
    (``Thread.start`` of 3.11 to 3.13), and the camera's loop with it.
    """

    def __init__(self, run: Callable[[], None], name: str) -> None:
        super().__init__(target=run, name=name, daemon=True)
        self.__dict__["_started"] = Beginning()


class FrameReader:
    """
    Open a source and keep its newest frame, for one camera loop.

    A thread ``reader-NAME`` opens the source, reads it as fast as it gives
    frames and closes it: a slow camera loop skips frames instead of lagging
    behind, and a read that blocks for ever blocks nobody else. The loop
    iterates :meth:`frames`; :meth:`cancel` may be called from any thread. The
    first frame may take *open_timeout* seconds.
    """

    def __init__(self, open_source: Opener, name: str, clock: Clock,
                 open_timeout: float = OPEN_SECONDS) -> None:
        self._open_source = open_source
        self._clock = clock
        self._closing = threading.Event()
        self._changed = threading.Condition()   # guards the three names below
        self._newest: Frame | None = None
        self._error: SurveillanceError | None = None
        self._read_timeout = open_timeout
        self.granted = ""       # what was opened, once it is
        self.rate = Rate()      # at which it gives frames
        self._thread = ReaderThread(self._run, f"reader-{name}")
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread still runs: for ever, if a read never returns."""
        return self._thread.is_alive()

    def frames(self) -> Iterator[Frame]:
        """
        Yield each time the newest frame, never the same one twice.

        Ends after :meth:`cancel`. Raises what the source raised, once its last
        frame was taken, and :exc:`CameraLost` when it was silent for longer
        than its read_timeout.
        """
        seen = 0
        while frame := self._wait_for_newer(seen):
            yield frame
            seen = frame.number

    def cancel(self) -> None:
        """End :meth:`frames` and, as soon as its read returns, the thread."""
        self._closing.set()
        with self._changed:
            self._changed.notify_all()

    def close(self, timeout: float) -> bool:
        """Cancel and wait *timeout* seconds; return whether the thread ended."""
        self.cancel()
        self._thread.join(timeout)
        with self._changed:     # the error's traceback leads back here: a cycle,
            self._newest = self._error = None   # which would keep the picture
        return not self.alive

    def _wait_for_newer(self, seen: int) -> Frame | None:
        def news() -> bool:
            return (self._closing.is_set() or self._error is not None
                    or (self._newest is not None and self._newest.number > seen))

        with self._changed:
            came = self._changed.wait_for(news, self._read_timeout)
            if self._closing.is_set():
                return None
            if self._newest is not None and self._newest.number > seen:
                return self._newest
            if self._error is not None:
                raise self._error
            assert not came
            told = "gave no frame" if seen else "did not open or gave no frame"
            raise CameraLost(f"the camera {told} for {self._read_timeout:g} seconds")

    def _run(self) -> None:
        try:
            source = self._open_source(self._closing)
            try:
                self.granted = source.granted
                self._read_timeout = max(self._read_timeout, source.read_timeout)
                self._drain(source)
            finally:
                source.close()
        except SurveillanceError as error:
            self._fail(error)
        except (cv2.error, OSError) as error:
            self._fail(CameraLost(f"the camera failed: {error}"))
        except Exception as error:      # a defect of ours: told in full, then retried
            log.exception("%s died", threading.current_thread().name)
            self._fail(CameraLost(f"the camera failed ({type(error).__name__})"))

    def _drain(self, source: Source) -> None:
        number = 0
        while not self._closing.is_set():
            picture = source.read()
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


