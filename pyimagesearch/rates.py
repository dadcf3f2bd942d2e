"""Measure and limit rates, and measure time spent."""

import collections
import math
import time
from collections.abc import Callable


class Rate:
    """
    Measure how often something happens, over its last 64 times.

    One thread calls :meth:`count`; any thread may call :meth:`per_second`.
    """

    def __init__(self) -> None:
        self._times: collections.deque[float] = collections.deque(maxlen=64)

    def count(self, now: float) -> None:
        """Count one time, at *now* [seconds, monotonic]."""
        self._times.append(now)

    def reset(self) -> None:
        """Start over, as after a pause that should not count."""
        self._times.clear()

    def per_second(self, now: float) -> float:
        """Return the rate [1/s]; 0 after three intervals, or 3 s, of nothing."""
        try:
            first, last, count = self._times[0], self._times[-1], len(self._times)
        except IndexError:      # nothing yet, or just reset by the other thread
            return 0.0
        if last <= first:
            return 0.0
        interval = (last - first) / (count - 1)
        return 0.0 if now - last > 3.0 * max(1.0, interval) else 1.0 / interval


class Stopwatch:
    """
    Add up the time spent inside ``with`` blocks [seconds].

    By default that is CPU time of the thread. One thread uses it; any thread may read
    :attr:`seconds`.
    """

    def __init__(self, now: Callable[[], float] = time.thread_time) -> None:
        self.seconds = 0.0
        self._now = now
        self._begin = 0.0

    def __enter__(self) -> None:
        self._begin = self._now()

    def __exit__(self, *_: object) -> None:
        self.seconds += self._now() - self._begin


class RateLimit:
    """Admit at most *fps* frames a second, as evenly as they arrive; None: all."""

    def __init__(self, fps: float | None) -> None:
        self._interval = 0.0 if fps is None else 1.0 / fps
        self._due = -math.inf

    def admits(self, now: float) -> bool:
        """Return whether to admit the frame that arrived at *now* [seconds]."""
        if not self.is_due(now):
            return False
        on_time = now < self._due + self._interval
        self._due = (self._due if on_time else now) + self._interval
        return True

    def is_due(self, now: float) -> bool:
        """Return what :meth:`admits` would, without admitting a frame."""
        return now >= self._due - self._interval / 4    # cameras jitter
