"""For how long each pixel has been part of a region."""

import cv2
import numpy as np

from pyimagesearch.frames import Grey

from .observation import KERNEL_5, Candidate
from .scaling import above

OLDEST = 250            # frames; older ones are all the same
FADES = 120             # frames of age that are lost with each without a region


class RegionAges:
    """
    The age of regions by pixels that overlap, however they split and merge.

    Unlike the age of a track, it outlasts a frame or two without a region.
    """

    def __init__(self, grey: Grey) -> None:
        self._ages = np.zeros_like(grey)    # frames
        self._next = np.zeros_like(grey)

    def age_of(self, found: Candidate) -> int:
        """Return for how many frames there has been a region like *found*."""
        oldest = cv2.minMaxLoc(self._ages[found.at], found.shape)[1]
        return min(OLDEST, int(oldest) + 1)

    def keep(self, found: Candidate) -> None:
        """Let the pixels of *found* be as old as it is in the next frame."""
        part = self._next[found.at]
        cv2.max(part, cv2.min(found.shape, found.age), part)    # type: ignore[call-overload]

    def advance(self, any_kept: bool) -> None:
        """Go on to the next frame."""
        if any_kept or self._ages.any():
            self._ages = cv2.max(cv2.dilate(self._next, KERNEL_5),
                                 cv2.subtract(self._ages, FADES))     # type: ignore[call-overload]
            self._next[:] = 0

    def younger_than(self, frames: int) -> Grey:
        """Return where regions are younger than that, or where there are none."""
        return cv2.bitwise_not(above(self._ages, frames - 1))

    def clear(self) -> None:
        """Forget all ages."""
        self._ages[:] = 0
