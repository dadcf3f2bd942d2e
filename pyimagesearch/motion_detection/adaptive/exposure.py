"""Undo the gain of the camera, which brightens or darkens the whole picture."""

import cv2
import numpy as np

from pyimagesearch.frames import Grey

GRID = 6                # pixels from one sample to the next
RESIDUAL_GRID = 3       # the same for the check of the result
LEAST_SAMPLES = 60
DARKEST, BRIGHTEST = 8, 247     # grey levels; others are clipped and say nothing
LARGEST_GAIN = 2.0
LEAST_GAIN_CHANGE = 0.01
LEAST_LEVEL_CHANGE = 0.004      # of the mean of the picture, to look at it again
NEEDED_RESIDUAL = 0.6           # of what was left before, or the gain is not undone
LARGEST_RESIDUAL = 40           # grey levels; more is something that moves


class Exposure:
    """
    Keep track of the camera's gain against the background.

    The gain is the median ratio of picture and background on a coarse grid, which what
    moves cannot sway (a global gain as in Toyama et al., "Wallflower", 1999). It is
    undone only if that takes away 40 % of the difference.
    """

    def __init__(self) -> None:
        self.active = True      # whether the gain changed lately
        self._level = 0.0

    def undone(self, grey: Grey, background: Grey, moved: Grey | None) -> Grey:
        """Return *grey* as at the gain of *background*; itself if that is the same."""
        level = cv2.mean(grey)[0]
        if not self.active and (abs(level - self._level)
                                < LEAST_LEVEL_CHANGE * self._level + 0.05):
            return grey
        self._level = level
        gain = gain_of(grey, background, moved)
        if gain is None:
            return grey
        self.active = abs(gain - 1) > LEAST_GAIN_CHANGE
        if not self.active:
            return grey
        gain = min(LARGEST_GAIN, max(1 / LARGEST_GAIN, gain))
        corrected = cv2.convertScaleAbs(grey, alpha=1 / gain)
        fits = residual(corrected, background) < (
            NEEDED_RESIDUAL * residual(grey, background))
        return corrected if fits else grey


def gain_of(grey: Grey, background: Grey, moved: Grey | None) -> float | None:
    """Return the median ratio outside of *moved*; None if too little can be seen."""
    grid = slice(GRID // 2, None, GRID)
    now, then = grey[grid, grid].ravel(), background[grid, grid].ravel()
    fair = (now > DARKEST) & (now < BRIGHTEST) & (then > DARKEST)
    if moved is not None:
        fair &= moved[grid, grid].ravel() == 0
    count = np.count_nonzero(fair)
    if count < LEAST_SAMPLES:
        return None
    middle = (count - 1) // 2, count // 2       # np.median would take twice the time
    ratios = np.partition(now[fair].astype(np.float32) / then[fair], middle)
    return float(ratios[middle[0]] + ratios[middle[1]]) / 2


def residual(grey: Grey, background: Grey) -> float:
    """Return the mean difference on a grid [grey levels]."""
    grid = slice(1, None, RESIDUAL_GRID)
    difference = cv2.absdiff(grey[grid, grid], background[grid, grid])
    return float(np.minimum(difference, LARGEST_RESIDUAL).mean())
