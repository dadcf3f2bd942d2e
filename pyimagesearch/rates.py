"""What can be told about a camera at any moment, and how fast things go."""

import collections
import math
import time
from collections.abc import Callable


class Rate:
    """
    Count how often something happens, over its last few dozen times.

    One thread calls :meth:`count`; any thread may ask :meth:`per_second`.
    """

    def __init__(self, over: int = 64) -> None:
        self._times: collections.deque[float] = collections.deque(maxlen=over)

    def count(self, now: float) -> None:
        """Note that it happened at *now* [seconds, monotonic]."""
        self._times.append(now)

    def forget(self) -> None:
        """Begin anew, as after a pause that should not count."""
        self._times.clear()

    def per_second(self, now: float, silence: float = 3.0) -> float:
        """Return the rate [1/s]; 0 once nothing happened for *silence* seconds."""
        try:
            first, last, count = self._times[0], self._times[-1], len(self._times)
        except IndexError:      # nothing yet, or just forgotten by the other thread
            return 0.0
        if now - last > silence or last <= first:
            return 0.0
        return (count - 1) / (last - first)


class Effort:
    """
    Add up how long something takes [seconds], each time inside a ``with`` block.

    One thread enters and leaves it; any thread may read :attr:`seconds`.
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self.seconds = 0.0
        self._now = now
        self._begin = 0.0

    def __enter__(self) -> None:
        self._begin = self._now()

    def __exit__(self, *_: object) -> None:
        self.seconds += self._now() - self._begin


class RateLimit:
    """Let pass at most *fps* of the frames that come, as evenly as they allow."""

    def __init__(self, fps: float | None) -> None:
        self._interval = 0.0 if fps is None else 1.0 / fps
        self._due = -math.inf

    def admits(self, now: float) -> bool:
        """Return whether the frame that came at *now* [seconds] may pass."""
        if now < self._due - self._interval / 4:    # cameras waver a little
            return False
        on_time = now < self._due + self._interval
        self._due = (self._due if on_time else now) + self._interval
        return True
