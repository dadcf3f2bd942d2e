"""OpenCV's own background subtractors as detectors: mog2, knn and cnt."""

import cv2
import numpy as np

from pyimagesearch.frames import Box, Grey

from .regions import NOTHING_FOUND, Found, Region

LEAST_REGION = 0.25         # smallest region [per mille of the image]
MEMORY_SECONDS = 20.0       # what is older has faded; OpenCV's 500 frames at 25 fps
CNT_STABLE_SECONDS = 1.0    # how long a pixel must keep still to be background
CNT_MEMORY_SECONDS = 60.0   # how long it may then differ and still be remembered
FPS_UNTIL_MEASURED = 25.0
FOREGROUND_LEVEL = 200      # in masks of OpenCV, shadows are 127 and foreground 255


class StockDetector:
    """
    Report what one of OpenCV's background subtractors finds.

    All of them count frames; here they learn by seconds, whatever *fps* is. Their
    masks are cleaned up by a median, and split into regions of a least size. Belongs
    to one camera loop.
    """

    sharp = True

    def __init__(self, subtractor: cv2.BackgroundSubtractor) -> None:
        self.fps = FPS_UNTIL_MEASURED
        self._subtractor = subtractor
        self._learnt = 0        # frames
        self._image: Grey | None = None
        self._mask: Grey | None = None

    def look(self, image: Grey, *, learning: bool = False) -> Found:
        """
        Compare *image* with the background, and learn from it.

        *image* is ``uint8`` of shape ``(height, width)``. While *learning*, nothing
        is reported.
        """
        self._learnt += 1
        found = self._subtractor.apply(image, learningRate=self._learning_rate())
        found = cv2.threshold(found, FOREGROUND_LEVEL, 255, cv2.THRESH_BINARY)[1]
        mask, regions = split_into_regions(cv2.medianBlur(found, 5))
        self._image, self._mask = image, mask
        return NOTHING_FOUND if learning or not regions else Found(mask, regions)

    def view(self, name: str) -> Grey | None:
        """Return the picture *name*: background, difference or mask; None without."""
        if self._image is None:
            return None
        if name == "mask":
            return self._mask
        background = self._subtractor.getBackgroundImage()
        if name == "difference":
            return cv2.absdiff(background, self._image)
        return background if name == "background" else None

    def _learning_rate(self) -> float:
        """Return the weight of the next frame: that of a mean, later a moving one."""
        return 1.0 / min(2.0 * self._learnt, max(2.0, MEMORY_SECONDS * self.fps))


class Mog2Detector(StockDetector):
    """
    A mixture of Gaussians for each pixel.

    Z. Zivkovic, "Improved adaptive Gaussian mixture model for background
    subtraction" (ICPR 2004).
    """

    def __init__(self) -> None:
        super().__init__(cv2.createBackgroundSubtractorMOG2())


class KnnDetector(StockDetector):
    """
    The nearest of earlier values of each pixel.

    Z. Zivkovic and F. van der Heijden, "Efficient adaptive density estimation per
    image pixel for the task of background subtraction" (Pattern Recognition Letters
    2006).
    """

    def __init__(self) -> None:
        super().__init__(cv2.createBackgroundSubtractorKNN())


class CntDetector(StockDetector):
    """Count for how long each pixel has kept its value (S. Zeevi, BGSLibrary CNT)."""

    sharp = False       # on sharp images, noise and leaves never keep their value

    def __init__(self) -> None:
        self._counting = cv2.bgsegm.createBackgroundSubtractorCNT(isParallel=False)
        super().__init__(self._counting)

    def look(self, image: Grey, *, learning: bool = False) -> Found:
        """Compare *image* with the background, and learn from it."""
        frames = max(2, round(CNT_STABLE_SECONDS * self.fps))
        if frames != self._counting.getMinPixelStability():
            self._counting.setMinPixelStability(frames)
            self._counting.setMaxPixelStability(
                round(CNT_MEMORY_SECONDS * self.fps))
        return super().look(image, learning=learning)

    def _learning_rate(self) -> float:
        return -1.0     # its own rule, from the two numbers of frames


STOCK_DETECTORS = {"mog2": Mog2Detector, "knn": KnnDetector, "cnt": CntDetector}


def split_into_regions(mask: Grey) -> tuple[Grey, tuple[Region, ...]]:
    """Return *mask* without regions that are too small, and the others."""
    least = LEAST_REGION * mask.size / 1000
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    kept, regions = np.zeros_like(mask), []
    for outline in outlines:
        area = int(cv2.contourArea(outline)) + len(outline) // 2 + 1    # Pick's theorem
        if area >= least:
            cv2.drawContours(kept, [outline], -1, 255, cv2.FILLED)
            regions.append(Region(box_around(outline), area, True,
                                  "differs from the background"))
    return kept, tuple(regions)


def box_around(outline: cv2.typing.MatLike) -> Box:
    """Return the box ``(minX, minY, maxX, maxY)`` around *outline*."""
    x, y, width, height = cv2.boundingRect(outline)
    return (x, y, x + width, y + height)
