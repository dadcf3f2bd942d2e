"""Let what stands still for long become part of the background."""

import numpy as np

from pyimagesearch.frames import Grey

from .background import Background
from .timing import Timing

STANDS_SECONDS = 30.0
COUNT_EVERY, ABSORB_EVERY = 4, 16   # frames


class Standing:
    """How long each pixel has been part of a region without a pause."""

    def __init__(self, grey: Grey) -> None:
        self._frames = np.zeros(grey.shape, np.uint16)

    def advance(self, number: int, grey: Grey, regions: Grey, background: Background,
                timing: Timing) -> None:
        """Count frame *number* with its *regions*; absorb what stood for long."""
        if number % COUNT_EVERY:
            return
        self._frames += COUNT_EVERY
        self._frames[regions == 0] = 0
        if number % ABSORB_EVERY == 0:
            old = self._frames > STANDS_SECONDS * timing.fps
            if old.any():
                background.absorb(grey, old)
                self._frames[old] = 0

    def clear(self) -> None:
        """Forget what stands."""
        self._frames[:] = 0
