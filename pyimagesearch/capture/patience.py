"""How long a camera may give no picture before its signal counts as lost."""

import collections

LEAST_SECONDS = 2.5     # for a camera that gives several pictures a second
INTERVALS_MISSED = 3    # how many of its own intervals a slow camera may be silent
MAX_LEARNT_SECONDS = 60.0       # however slow a camera was seen to be
UNKNOWN_RATE_SECONDS = 30.0     # from one picture to the next at unknown rate
INTERVALS_NEEDED = 3    # to know the rate; on connecting, some send a burst
INTERVALS_KEPT = 30     # of which the longest counts


class Patience:
    """
    Learn from its pictures how long a camera may be silent.

    That is three times the longest of the last thirty intervals, or three times the
    interval asked for by *fps*. Unless *rate_known*, the rate is learnt from the
    pictures, and each of the first may take half a minute. One thread calls
    :meth:`on_picture`; any thread may call the others.
    """

    def __init__(self, fps: float | None = None, *, rate_known: bool = True) -> None:
        self.interval = 1.0 / fps if fps else 0.0   # asked for [s]
        self._rate_known = rate_known
        self._intervals: collections.deque[float] = collections.deque(
            maxlen=INTERVALS_KEPT)
        self._longest = 0.0     # of the intervals [s]
        self._last_at: float | None = None

    def on_picture(self, at: float) -> None:
        """Learn from a picture that arrived *at* [s, monotonic]."""
        if self._last_at is not None:
            self._intervals.append(at - self._last_at)
            self._longest = max(self._intervals)
        self._last_at = at

    def silence(self, now: float) -> float | None:
        """Return the age [s] of the last picture *now*; ``None`` if none ever came."""
        return None if self._last_at is None else now - self._last_at

    def while_open(self, least: float = LEAST_SECONDS) -> float:
        """Return how long it may send nothing [s], *least* or more."""
        allowed = self.while_failing(least)
        if (self._rate_known or self._last_at is None
                or len(self._intervals) >= INTERVALS_NEEDED):
            return allowed
        return max(allowed, UNKNOWN_RATE_SECONDS)

    def while_failing(self, least: float = LEAST_SECONDS) -> float:
        """Return how long it may fail or send garbled data [s], *least* or more."""
        learnt = min(INTERVALS_MISSED * self._longest, MAX_LEARNT_SECONDS)
        return max(least, INTERVALS_MISSED * self.interval, learnt)
