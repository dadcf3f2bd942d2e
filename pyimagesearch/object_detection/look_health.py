"""How the looks for objects went: counts, time spent, and what is wrong."""

import logging

import cv2

from pyimagesearch.clock import Clock
from pyimagesearch.errors import SurveillanceError, printable

log = logging.getLogger(__name__)

RETRY_SECONDS = 30.0        # until the next look after one that failed
MAX_TROUBLE_CHARACTERS = 400


class LookHealth:
    """
    Count looks, and log each kind of failure once.

    Written by the thread ``objects`` only, read by any.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._logged: set[str] = set()      # types of errors
        self._rest_until = 0.0              # [s, monotonic]
        self.looks = 0          # that succeeded
        self.failed = 0
        self.seconds = 0.0      # spent on those that succeeded
        self.trouble = ""       # why the last look failed; empty if it did not

    @property
    def is_resting(self) -> bool:
        """Whether the last look failed and it is too early for another one."""
        return bool(self.trouble) and self._clock.monotonic() < self._rest_until

    def succeed(self, seconds: float) -> None:
        """Count a look that took *seconds*."""
        self.looks += 1
        self.seconds += seconds
        if self.trouble:
            log.info("objects are recognised again")
        self.trouble = ""

    def fail(self, error: Exception) -> None:
        """Count a look that *error* ended, which was caught."""
        self.failed += 1
        self._rest_until = self._clock.monotonic() + RETRY_SECONDS
        self.trouble = as_sentence(error)
        kind = type(error).__name__
        is_known = kind in self._logged
        self._logged.add(kind)
        log.log(logging.DEBUG if is_known else logging.ERROR,
                "objects cannot be recognised, next try in %.0f s: %s", RETRY_SECONDS,
                self.trouble, exc_info=None if is_explained(error) else error)


def is_explained(error: Exception) -> bool:
    """Return whether *error* comes from a model or a lack of memory: no defect."""
    return isinstance(error, SurveillanceError | cv2.error | MemoryError)


def as_sentence(error: Exception) -> str:
    """Return what went wrong, in one line."""
    if isinstance(error, MemoryError):
        return "there is too little memory"
    text = str(error) if isinstance(error, SurveillanceError) else (
        f"{type(error).__name__}: {error}")
    return printable(" ".join(text.split()), MAX_TROUBLE_CHARACTERS)
