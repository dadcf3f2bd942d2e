"""How much moved in the last minutes, for the chart of the tune page."""

import collections
from typing import NamedTuple

SAMPLE_SECONDS = 0.2        # of frames that one sample stands for
KEPT_SECONDS = 300.0
MAX_SAMPLES = round(KEPT_SECONDS / SAMPLE_SECONDS)
MAX_EVENTS = 200            # whose beginnings are kept


class Sample(NamedTuple):
    """The largest area that moved in a few frames."""

    at: float               # capture time of the first [s since the epoch]
    area: float             # per mille of the frame, with the settings in force
    tried: float | None     # the same with settings on trial


class Beginning(NamedTuple):
    """When a motion event began, or would have begun."""

    at: float               # [s since the epoch]
    tried: bool             # with settings on trial


class MotionLevels:
    """
    Keep the motion of the last five minutes, in up to five samples a second.

    The camera loop calls :meth:`note`, :meth:`begin` and :meth:`forget_trial`;
    :meth:`since` and :meth:`beginnings` may be called from any thread.
    """

    def __init__(self) -> None:
        self._samples: collections.deque[Sample] = collections.deque(maxlen=MAX_SAMPLES)
        self._begun: collections.deque[Beginning] = collections.deque(maxlen=MAX_EVENTS)

    def note(self, at: float, area: float, tried: float | None = None) -> None:
        """Note what moved in the frame of time *at* [s since the epoch]."""
        last = self._samples[-1] if self._samples else None
        if last and at < last.at:       # the clock was set back
            self._samples.clear()
            self._begun.clear()
        if last and 0 <= at - last.at < SAMPLE_SECONDS:
            both = [each for each in (last.tried, tried) if each is not None]
            self._samples[-1] = Sample(last.at, max(last.area, area),
                                       max(both, default=None))
        else:
            self._samples.append(Sample(at, area, tried))

    def begin(self, at: float, *, tried: bool = False) -> None:
        """Note that an event began *at* [s since the epoch], or would have."""
        self._begun.append(Beginning(at, tried))

    def forget_trial(self) -> None:
        """Drop what settings on trial have found."""
        self._samples = collections.deque(
            (each._replace(tried=None) for each in self._samples), maxlen=MAX_SAMPLES)
        self._begun = collections.deque(
            (each for each in self._begun if not each.tried), maxlen=MAX_EVENTS)

    def since(self, at: float) -> list[Sample]:
        """Return the samples from *at* on; the last one may still change."""
        return [each for each in tuple(self._samples) if each.at >= at]

    def beginnings(self) -> list[Beginning]:
        """Return all beginnings that the samples reach back to."""
        samples, begun = tuple(self._samples), tuple(self._begun)
        return [each for each in begun if samples and each.at >= samples[0].at - 1]
