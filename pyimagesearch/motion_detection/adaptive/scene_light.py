"""Distinguish a change of the light of the whole scene from motion."""

import cv2
import numpy as np

from pyimagesearch.frames import Grey

from .texture import likeness, texture_of
from .timing import Timing

NEARLY_ALL, MOST_OF_IT = 0.8, 0.6   # of the pixels crossed their threshold
LEAST_JUMP = 0.15           # of that share with MOST_OF_IT
LEAST_LIGHT_JUMP = 0.2      # of that share otherwise
LEAST_SPREAD = 0.45         # of the cells of the picture change
CELL, CELL_SHARE = 25, 25   # its side [pixels], and the grey level of a changed one
LEAST_CONTRAST = 4.5        # grey levels squared; less texture says nothing
LEAST_LIKENESS = 0.4        # of the textures before and after
LONGEST_SECONDS = 3.0       # that the light is waited for to rest
HOLD_FRAMES, RESTLESS_FRAMES = 6, 3     # after a change, and after a restless frame
USUAL_SHARE, RESTLESS_SHARE = 0.1, 0.025    # of a frame in what is usual


class SceneLight:
    """
    Hold detection while the light changes: much changes at once, everywhere.

    The texture stays, which is how this differs from something large before the
    camera (compare Toyama et al., "Wallflower", 1999, whose frame level does without
    the texture). Detection is held until the picture rests, 3 seconds at most.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._cells = max(4, size[0] // CELL), max(3, size[1] // CELL)
        self._usual = 0.0           # share of the pixels that crossed
        self._hold = self._held = 0     # frames to hold yet, and held
        self._restless = 2.0        # usual change from frame to frame [grey levels]

    def changes(self, grey: Grey, last: Grey, background: Grey, crossed: Grey,
                timing: Timing) -> bool:
        """Return whether the light of *grey* is changing."""
        share = cv2.countNonZero(crossed) / crossed.size
        jump, self._usual = share - self._usual, self._usual + timing.share(
            USUAL_SHARE) * (share - self._usual)
        change = cv2.mean(cv2.absdiff(grey, last))[0]
        restless = change > 2 * self._restless + 1
        if not self._hold and (
                share > NEARLY_ALL or (share > MOST_OF_IT and jump > LEAST_JUMP)
                or self._is_light(grey, background, crossed, share, jump)):
            self._hold, self._held = timing.at_least(HOLD_FRAMES), 0
        if not self._hold:
            self._restless += timing.share(RESTLESS_SHARE) * (
                min(change, 2 * self._restless + 1) - self._restless)
            return False
        if restless and self._held < LONGEST_SECONDS * timing.fps:
            self._hold = max(self._hold, timing.at_least(RESTLESS_FRAMES))
        self._hold, self._held = self._hold - 1, self._held + 1
        if not self._hold:
            self._usual = 0.0
        return True

    def _is_light(self, grey: Grey, background: Grey, crossed: Grey, share: float,
                  jump: float) -> bool:
        """Return whether what changes is spread out, and looks as it did before."""
        if jump < LEAST_LIGHT_JUMP:
            return False
        cells = cv2.resize(crossed, self._cells, interpolation=cv2.INTER_AREA)
        if np.count_nonzero(cells > CELL_SHARE) < LEAST_SPREAD * cells.size:
            return False
        alike = likeness(texture_of(grey), texture_of(background), crossed > 0,
                         LEAST_CONTRAST)
        return share > 0.5 if alike is None else alike > LEAST_LIKENESS
