"""The background of the frames that teach: their median, not their mean."""

import numpy as np
from numpy.typing import NDArray

from pyimagesearch.frames import Grey

FIRST_STRIDE = 3        # of these frames one is kept
KEPT_FRAMES = 16        # then every other is dropped, and the stride doubled
LONGEST_SECONDS = 30.0  # that are remembered; the light of earlier ones may be another


class FirstFrames:
    """
    Some of the frames that teach, evenly spread over them.

    Their median shows no one who only walks by (Lo and Velastin, "Automatic congestion
    detection system for underground platforms", 2001): a mean leaves a ghost of them.
    """

    def __init__(self) -> None:
        self._kept: list[Grey] = []
        self._stride = FIRST_STRIDE
        self.count = 0

    def add(self, grey: Grey, fps: float) -> None:
        """Take in the next frame, at *fps* [1/s]."""
        self.count += 1
        if self.count % self._stride != self._stride - 1:
            return
        self._kept.append(grey)
        if len(self._kept) <= KEPT_FRAMES:
            return
        if KEPT_FRAMES * self._stride < LONGEST_SECONDS * fps:
            self._stride *= 2
            del self._kept[1::2]
        else:
            del self._kept[0]

    def median(self) -> NDArray[np.float32] | None:
        """Return the median of each pixel; ``None`` if there were too few frames."""
        if not self._kept:
            return None
        median = np.asarray(np.median(np.stack(self._kept), 0))
        return median.astype(np.float32)
