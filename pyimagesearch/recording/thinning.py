"""Leave frames out while a machine is too slow to encode all of them."""

import logging

log = logging.getLogger(__name__)

MAX_LAG_SECONDS = 3.0   # by which encoding may be behind before frames are left out
CAUGHT_UP_SECONDS = 1.0     # behind, at which more frames are kept again
LATE_SECONDS = 1.0      # further behind than in the beginning
CHECK_SECONDS = 1.0     # between two changes of the rate
MAX_STEP = 16           # at least one of so many frames is kept


class Thinning:
    """
    Decide which frames of *camera* are encoded.

    A recording starts *behind* seconds late, with its pre-roll. If it falls further
    behind, the rate is halved until encoding keeps up.
    """

    def __init__(self, camera: str, behind: float) -> None:
        self.step = 1           # every how many-th frame is kept
        self._camera = camera
        self._allowed = behind + MAX_LAG_SECONDS
        self._checked_at = 0.0  # [s, monotonic]

    @property
    def trouble(self) -> str:
        """What is left out, if anything is."""
        return "" if self.step == 1 else (
            f"encoding cannot keep up, so one of {self.step} pictures is kept")

    def is_late(self, behind: float) -> bool:
        """Return whether *behind* [s] is so much that frames may soon be left out."""
        return self.step > 1 or behind > self._allowed - MAX_LAG_SECONDS + LATE_SECONDS

    def allow(self, behind: float) -> None:
        """Take *behind* [s] as a new beginning, after writing was interrupted."""
        self._allowed = behind + MAX_LAG_SECONDS

    def update(self, behind: float, now: float) -> None:
        """Adapt the rate to being *behind* [s] at *now* [s, monotonic]."""
        if now - self._checked_at < CHECK_SECONDS:
            return
        self._checked_at = now
        if behind > self._allowed and self.step < MAX_STEP:
            self.step *= 2
        elif behind < CAUGHT_UP_SECONDS and self.step > 1:
            self.step //= 2
        else:
            return
        log.warning("%s: %s", self._camera, self.trouble or "encoding keeps up again")

    def admits(self, number: int) -> bool:
        """Return whether the frame of this *number* is kept."""
        return number % self.step == 0
