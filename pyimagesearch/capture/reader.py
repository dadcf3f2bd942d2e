"""Read a source on a thread of its own, so that nothing else waits for a camera."""

import logging
import threading
from collections.abc import Callable, Iterator

import cv2

from pyimagesearch.clock import Clock
from pyimagesearch.errors import BadPicture, CameraLost, SurveillanceError, reason
from pyimagesearch.frames import Frame, UnreadablePicture
from pyimagesearch.rates import Rate

from .cancellation import Cancellation
from .limits import MAX_FRAMES_PER_SECOND, Allowance
from .pace import Pace
from .patience import LEAST_SECONDS, Patience
from .reopening import ConnectionCounts, ReopeningSource
from .source import OPEN_SECONDS, Opener

log = logging.getLogger(__name__)

WAIT_SECONDS = 0.25     # between two calls of on_wait


class FrameReader:
    """
    Open a source and keep its newest frame, for one camera loop.

    A thread ``reader-NAME`` opens the source, reads it as fast as it gives frames, up
    to 240 a second, and closes it: a slow camera loop skips frames instead of lagging
    behind, and a read that never returns blocks only this thread. What the *allowance*
    has claimed is given back at the end. The loop iterates :meth:`frames`;
    :meth:`cancel` may be called from any thread. The first frame may take
    *open_timeout* seconds; later, *patience* says how long the camera may be silent.
    """

    def __init__(self, open_source: Opener, name: str, clock: Clock,
                 open_timeout: float = OPEN_SECONDS, patience: Patience | None = None,
                 counts: ConnectionCounts | None = None,
                 allowance: Allowance | None = None) -> None:
        self._open_source = open_source
        self._name = name
        self._clock = clock
        self._patience = patience or Patience()
        self._counts = counts or ConnectionCounts()
        self._allowance = allowance or Allowance()
        self._closing = Cancellation()
        self._changed = threading.Condition()   # guards the next five attributes
        self._newest: Frame | None = None
        self._taken = 0         # number of the frame that the loop took last
        self._error: SurveillanceError | None = None
        self._read_timeout = open_timeout
        self._source: ReopeningSource | None = None     # once it is open
        self.rate = Rate()      # of the frames read
        self._thread = threading.Thread(
            target=self._run, name=f"reader-{name}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread still runs, as it does while a read never returns."""
        return self._thread.is_alive()

    @property
    def is_silent(self) -> bool:
        """Whether the camera is open, and gave no picture yet."""
        return self._source is not None and self._patience.silence(0.0) is None

    @property
    def granted(self) -> str:
        """What the camera granted, once it is open."""
        return self._source.granted if self._source else ""

    @property
    def read_timeout(self) -> float:
        """How long it may give no frame before the camera counts as lost [s]."""
        return self._read_timeout

    @property
    def failing_timeout(self) -> float:
        """How long it may give garbled pictures only [s]."""
        return self._source.failing_timeout if self._source else LEAST_SECONDS

    def frames(self, on_wait: Callable[[], object] = lambda: None) -> Iterator[Frame]:
        """
        Yield the newest frame, never the same one twice, until :meth:`cancel`.

        Calls *on_wait* every quarter of a second without a frame. Raises what the
        source raised, after its last frame was taken, and :exc:`CameraLost` when it
        gave no frame within its read timeout.
        """
        seen = 0
        while frame := self._wait_for_newer(seen, on_wait):
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

    def _wait_for_newer(self, seen: int,
                        on_wait: Callable[[], object]) -> Frame | None:
        waited = 0.0    # by this thread, which may be paused together with the camera's
        while waited < self._read_timeout:
            step = min(WAIT_SECONDS, self._read_timeout - waited)
            with self._changed:
                self._changed.wait_for(lambda: self._has_news(seen), step)
                if self._closing.is_set():
                    return None
                if self._newest is not None and self._newest.number > seen:
                    self._taken = self._newest.number
                    return self._newest
                if self._error is not None:
                    raise self._error
            waited += step
            on_wait()
        what = "gave no frame" if seen else "did not open or gave no frame"
        raise CameraLost((self._source and self._source.trouble)
                         or f"the camera {what} for {waited:.3g} seconds")

    def _has_news(self, seen: int) -> bool:
        return (self._closing.is_set() or self._error is not None
                or (self._newest is not None and self._newest.number > seen))

    def _run(self) -> None:
        try:
            source = ReopeningSource(self._open_source, self._name, self._closing,
                                     self._clock, self._patience, self._counts)
            try:
                self._source = source
                self._read_timeout = max(self._read_timeout, source.read_timeout)
                self._read(source)
            finally:
                source.close()
                self._allowance.release()
        except SurveillanceError as error:
            self._fail(error)
        except (cv2.error, OSError) as error:
            self._fail(CameraLost(f"the camera failed: {reason(error)}"))
        except Exception as error:      # a defect: log its traceback, then retry
            log.exception("%s died", threading.current_thread().name)
            self._fail(CameraLost(f"the camera failed ({type(error).__name__})"))

    def _read(self, source: ReopeningSource) -> None:
        number, pace = 0, Pace(MAX_FRAMES_PER_SECOND, self._closing, self._clock)
        while not self._closing.is_set():
            try:
                with self._counts.receiving:
                    picture = source.read()
            except BadPicture as error:     # counted where pictures are decoded
                picture = UnreadablePicture(error)
            number += 1
            captured = picture.captured or self._clock.time()
            frame = Frame(number, picture, captured, self._clock.monotonic())
            self.rate.count(frame.arrived)
            with self._changed:
                if not (isinstance(picture, UnreadablePicture) and self._is_good_due):
                    self._newest = frame
                self._read_timeout = source.read_timeout
                self._changed.notify_all()
            pace.tick()

    @property
    def _is_good_due(self) -> bool:
        """Whether the loop is still to take a picture, which no data may replace."""
        frame = self._newest
        return (frame is not None and frame.number > self._taken
                and not isinstance(frame.picture, UnreadablePicture))

    def _fail(self, error: SurveillanceError) -> None:
        with self._changed:
            self._error = error
            self._changed.notify_all()
