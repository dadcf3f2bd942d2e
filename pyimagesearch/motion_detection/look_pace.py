"""Which frames detection looks at: a few a second, and all while anything differs."""

import math

from pyimagesearch.rates import Rate, RateLimit

LASTING_SECONDS = 1.0   # after a look that found anything, in which all frames count


class LookPace:
    """
    Choose the frames of a camera that detection looks at.

    While nothing differs from the background, these are *fps* a second [1/s]; for a
    second after each look that found anything, moving or not, all of them. :attr:`most`
    limits even that, when the machine cannot keep up. Belongs to the camera loop; any
    thread may read :attr:`looks` and call :meth:`fps`.
    """

    def __init__(self, fps: float) -> None:
        self.most = math.inf    # looks a second, whatever differs
        self.looks = 0          # frames that were looked at
        self._sparing = fps
        self._wanted = fps      # looks a second, at this moment
        self._limit = RateLimit(fps)
        self._rate = Rate()     # of all frames
        self._lasts_until = -math.inf   # [s, monotonic]

    def admits(self, at: float, *, every: bool) -> bool:
        """
        Return whether to look at the frame that arrived *at* [s, monotonic].

        *every* asks for all frames, whatever differs.
        """
        self._rate.count(at)
        every = every or at < self._lasts_until
        wanted = min(self.most, math.inf if every else self._sparing)
        if wanted != self._wanted:
            self._wanted, self._limit = wanted, RateLimit(wanted)
        return wanted == math.inf or self._limit.admits(at)

    def fps(self, now: float) -> float:
        """Return the looks a second, as of *now* [s, monotonic]; 0 if not known."""
        return min(self._rate.per_second(now), self._wanted)

    def on_look(self, at: float, *, differs: bool) -> None:
        """Take note of a look *at* [s, monotonic], and whether it found anything."""
        self.looks += 1
        if differs:
            self._lasts_until = at + LASTING_SECONDS

    def reset(self) -> None:
        """Measure the rate again, as after a pause."""
        self._rate.reset()
