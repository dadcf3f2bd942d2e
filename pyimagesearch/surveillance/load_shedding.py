"""Do less for a camera while the machine cannot keep up with it."""

import logging
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from pyimagesearch.clock import Clock
from pyimagesearch.frames import Frame
from pyimagesearch.motion_detection.look_pace import LookPace
from pyimagesearch.rates import Stopwatch
from pyimagesearch.streaming.publisher import Publisher

from .frame_counts import FrameCounts

log = logging.getLogger(__name__)

REVIEW_SECONDS = 2.0        # of work judged at a time: one stall is no overload
BUSY_SHARE, CALM_SHARE = 0.85, 0.60     # of this time: too much work, and little
CALM_SECONDS = 4.0          # until more is tried again
MAX_CALM_SECONDS = 64.0     # the same after trying in vain


class Level(NamedTuple):
    """How much is done for a camera."""

    video_step: int     # the H.264 videos have one of so many pictures
    looks: float        # frames a second that detection looks at, at most


LEVELS = (*(Level(step, math.inf) for step in (1, 2, 3, 4)),
          *(Level(4, looks) for looks in (10.0, 6.0, 4.0)))
VIDEO_LEVEL = 3     # the last one of those that only spare the videos


class LoadShedding:
    """
    Reduce the work of one camera while its frames need more than 85 % of the time.

    Frames that were skipped, as newer ones came meanwhile, are taken to need as much
    as the others, unless some are left out in any case, beyond the frame rate of the
    settings.

    First goes the frame rate of the H.264 videos, which far viewers watch, then that of
    detection, down to four looks a second. Recording is spared, and so is freshness:
    frames that come meanwhile are skipped, never queued. *is_recorder_late* says
    whether the recorder has fallen behind, which counts as busy. After four calm
    seconds the next level is tried, later and later if that fails. Belongs to the
    camera loop; any thread may read :attr:`busy` and :attr:`is_shedding`.
    """

    def __init__(self, camera: str, publisher: Publisher, pace: LookPace,
                 counts: FrameCounts, is_recorder_late: Callable[[], bool],
                 clock: Clock) -> None:
        self.busy = 0.0         # share of the last two seconds that all its frames need
        self._camera = camera
        self._publisher = publisher
        self._pace = pace
        self._counts = counts
        self._is_recorder_late = is_recorder_late
        self._clock = clock
        self._working = Stopwatch(clock.monotonic)
        self._reviewed, self._worked = clock.monotonic(), 0.0   # until then [s]
        self._taken = 0         # frames since then
        self._counted = replace(counts)     # until then
        self._level = 0         # index of LEVELS
        self._calm_since = self._restored = -math.inf   # [s, monotonic]
        self._patience = CALM_SECONDS   # until more is tried

    @property
    def is_shedding(self) -> bool:
        """Whether less is done now."""
        return self._level > 0

    def watch(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Yield *frames*, and take the time until the next is asked for as work."""
        for frame in frames:
            with self._working:
                yield frame
            self._taken += 1
            self._review(self._clock.monotonic())

    def _review(self, now: float) -> None:
        """Change the level if the last second says so; *now* [s, monotonic]."""
        elapsed = now - self._reviewed
        if elapsed < REVIEW_SECONDS:
            return
        worked = self._working.seconds - self._worked
        skipped = self._counts.skipped - self._counted.skipped
        if self._counts.left_out > self._counted.left_out:
            skipped = 0     # enough frames were there for the rate of the settings
        self.busy = worked / elapsed * (1 + skipped / self._taken)
        self._reviewed, self._worked = now, self._working.seconds
        self._taken, self._counted = 0, replace(self._counts)
        if self.busy > BUSY_SHARE or self._is_recorder_late():
            self._shed(now)
        elif self.busy > CALM_SHARE:
            self._calm_since = now
        elif self._level and now - self._calm_since >= self._patience:
            self._restore(now)

    def _shed(self, now: float) -> None:
        """Do less; what was tried shortly before was too much."""
        in_vain = now - self._restored < self._patience
        self._patience = (min(2 * self._patience, MAX_CALM_SECONDS) if in_vain
                          else CALM_SECONDS)
        least = 0 if self._publisher.videos.viewers else VIDEO_LEVEL
        self._calm_since = now
        self._turn_to(min(max(self._level, least) + 1, len(LEVELS) - 1))

    def _restore(self, now: float) -> None:
        """Do more, as it has been calm for a while."""
        self._calm_since = self._restored = now
        spares_nothing = self._level <= VIDEO_LEVEL + 1 and (
            not self._publisher.videos.viewers)
        self._turn_to(0 if spares_nothing else self._level - 1)

    def _turn_to(self, level: int) -> None:
        if level == self._level:
            return
        if level == 0:
            log.info("%s: the machine keeps up again", self._camera)
        elif self._level == 0:
            log.info("%s: the machine cannot keep up, busy for %.0f %% of the time: "
                     "H.264 viewers get fewer pictures, and so does detection if need "
                     "be", self._camera, 100 * self.busy)
        self._level = level
        self._publisher.videos.step, self._pace.most = LEVELS[level]
