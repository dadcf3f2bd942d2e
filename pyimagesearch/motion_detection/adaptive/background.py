"""What each pixel of the background looks like, how far it strays and how it blinks."""

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from pyimagesearch.frames import Grey

from .timing import Timing

LEAST_THRESHOLD = 16.0  # grey levels; a pixel that differs by less is never moved
MOST_THRESHOLD = 80.0   # grey levels; so that nothing hides in the wildest leaves
MEAN_SHARE, STRAY_SHARE, BLINK_SHARE = 0.02, 0.02, 0.04     # of a frame, at 25 fps
FIRST_STRAY, LEARNT_STRAY = 3.0, 8.0    # grey levels: before, and at most after it
LARGEST_STRAY, LARGEST_FIRST_STRAY = 60, 40     # of one frame, after and in learning
STRAYS = 3.0            # mean deviations that a pixel may stray
BLINK_WEIGHT = 160 / 255    # grey levels for a blink rate of 1/255
STRAY_STEPS = 4         # to a grey level, of a deviation that is kept
SURE = 1.5              # times the threshold: surely not the background

FloatGrey = NDArray[np.float32]


class Background:
    """
    The learnt background, and the threshold of each pixel.

    Mean and mean deviation are running averages that leave out what moves (Wren et
    al., "Pfinder", 1997; St-Charles et al., "SuBSENSE", 2015, for thresholds fed back
    from the deviation). A pixel that keeps crossing its threshold blinks, such as
    leaves and water do: its blink rate raises the threshold (Van Droogenbroeck and
    Paquot, "ViBe+", 2012; St-Charles et al., "PAWCS", 2016).
    """

    def __init__(self, grey: Grey, least: float = LEAST_THRESHOLD) -> None:
        self.least = least
        self.scale: FloatGrey | float = 1.0     # of the threshold of each pixel
        self.mean = grey.astype(np.float32)
        self.shown = grey.copy()        # the mean, in whole grey levels
        self.stray = np.full(grey.shape, FIRST_STRAY, np.float32)
        self.blink = np.zeros(grey.shape, np.float32)   # 255 = in every frame
        self._before = deque([np.zeros_like(grey)])     # what crossed its threshold
        self.threshold: Grey = grey     # the next line sets both
        self.sure: Grey = grey
        self.set_thresholds()

    def crossed(self, difference: Grey) -> Grey:
        """Return where *difference* is above the threshold (255)."""
        return cv2.compare(difference, self.threshold, cv2.CMP_GT)

    def learn_first(self, grey: Grey, difference: Grey, crossed: Grey, count: int,
                    timing: Timing) -> None:
        """Learn all of frame number *count* (from 1) of those that only teach."""
        share = 1.0 / (count + 1)
        self._average(grey, self.mean, max(timing.share(MEAN_SHARE), share))
        self._average(limited(difference, LARGEST_FIRST_STRAY), self.stray,
                      max(timing.share(0.03), share))
        self._learn_blinks(crossed, max(timing.share(BLINK_SHARE), share), timing)
        self._show()
        self.set_thresholds()

    def begin(self, picture: FloatGrey | None) -> None:
        """End the first learning, with *picture* as the background if there is one."""
        if picture is not None:
            self.mean = picture
        self.stray = np.minimum(self.stray, LEARNT_STRAY)
        self._show()
        self.set_thresholds()

    def learn(self, grey: Grey, difference: Grey, crossed: Grey, timing: Timing, *,
              still: Grey | None, calm: Grey | None) -> None:
        """
        Learn from *grey* what is *still*, and its blinks where it is *calm*.

        Both are masks; ``None`` stands for the whole picture.
        """
        self._average(grey, self.mean, timing.share(MEAN_SHARE), still)
        self._average(limited(difference, LARGEST_STRAY), self.stray,
                      timing.share(STRAY_SHARE), still)
        self._learn_blinks(crossed, timing.share(BLINK_SHARE), timing, calm)
        self._show()

    def follow(self, grey: Grey, share: float, still: Grey | None = None) -> None:
        """Take over *share* of *grey*, as after a change of the light."""
        self._average(grey, self.mean, share, still)

    def become(self, grey: Grey, crossed: Grey, share: float) -> None:
        """Take over *share* of *grey* at once; what *crossed* then is no blink."""
        self.follow(grey, share)
        self._before = deque([crossed])
        self._show()

    def absorb(self, grey: Grey, where: NDArray[np.bool_], share: float = 1.0,
               at: tuple[slice, slice] = (slice(None), slice(None))) -> None:
        """Take over *share* of *grey* in the part *at*, where *where* is true."""
        mean = self.mean[at]
        mean[where] += share * (grey[at][where] - mean[where])

    def planes(self) -> tuple[Grey, Grey, Grey]:
        """Return copies of what is learnt: mean, deviation in quarters, blink rate."""
        return (self.shown.copy(), cv2.convertScaleAbs(self.stray, alpha=STRAY_STEPS),
                cv2.convertScaleAbs(self.blink))

    def set_planes(self, mean: Grey, stray: Grey, blink: Grey) -> None:
        """Go on with what :meth:`planes` returned before."""
        self.mean = mean.astype(np.float32)
        self.stray = stray.astype(np.float32) * np.float32(1 / STRAY_STEPS)
        self.blink = blink.astype(np.float32)
        self._show()
        self.set_thresholds()

    def set_thresholds(self) -> None:
        """Set the threshold of each pixel from how it strays and blinks."""
        raised = cv2.addWeighted(self.stray, STRAYS, self.blink, BLINK_WEIGHT, 4.0)
        threshold = np.clip(raised, self.least, MOST_THRESHOLD) * self.scale
        self.threshold = np.minimum(threshold, 255).astype(np.uint8)
        self.sure = np.minimum(threshold * SURE, 255).astype(np.uint8)

    def _learn_blinks(self, crossed: Grey, share: float, timing: Timing,
                      where: Grey | None = None) -> None:
        """Learn which pixels flipped within 1/25 s, or since the last frame."""
        flipped = cv2.bitwise_xor(crossed, self._before[0])
        self._average(flipped, self.blink, share, where)
        self._before.append(crossed)
        while len(self._before) > timing.at_least(1):
            self._before.popleft()

    def _show(self) -> None:
        cv2.convertScaleAbs(self.mean, self.shown)

    @staticmethod
    def _average(image: Grey, mean: FloatGrey, share: float,
                 where: Grey | None = None) -> None:
        cv2.accumulateWeighted(image, mean, share, mask=where)


def limited(image: Grey, level: int) -> Grey:
    """Return *image* with at most *level*, in a ninth of the time NumPy takes."""
    return cv2.threshold(image, level, 255, cv2.THRESH_TRUNC)[1]
