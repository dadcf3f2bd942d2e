"""One picture compared with the background, and the regions that differ in it."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pyimagesearch.frames import Box, Grey, Size, size_of

from .background import Background
from .scaling import Scaling
from .texture import Texture, texture_of
from .timing import Timing
from .tracks import NO_TRACK

KERNEL_3, KERNEL_5 = np.ones((3, 3), np.uint8), np.ones((5, 5), np.uint8)
GAP = 4                 # pixels, that are closed inside of a region
MOST_CONTOURS = 400     # more are no objects
LEFT_SHARE = 0.25       # of the box of what has left, that may differ yet
LEAST_SURE_SHARE, LEAST_SURE = 0.05, 2      # of a region that surely differs; pixels


class Observation:
    """
    What is known about one picture, in pixels of the model.

    *plain* is *grey* at the gain of the background, *last* the picture before, and
    *earlier* the one 0.4 s ago, if there was one.
    """

    def __init__(self, number: int, grey: Grey, plain: Grey, last: Grey,
                 earlier: Grey | None, background: Background, scaling: Scaling,
                 timing: Timing, *, clutter: float, unsettled: int) -> None:
        self.number = number        # of the frame, from 1
        self.grey = grey
        self.plain = plain
        self.last = last
        self.earlier = earlier
        self.background = background
        self.scaling = scaling
        self.timing = timing
        self.difference = cv2.absdiff(plain, background.shown)
        self.crossed = background.crossed(self.difference)
        self.clutter = clutter          # regions that go nowhere, on average
        self.unsettled = unsettled      # frames since exposure or light changed
        self._textures: tuple[Texture, Texture] | None = None

    @property
    def size(self) -> Size:
        """Size of the model's picture."""
        return size_of(self.grey)

    def still_differs(self, box: Box) -> bool:
        """Return whether much of *box*, where a region was, is not the background."""
        left, top, right, bottom = box
        part = self.crossed[top:bottom, left:right]
        return cv2.countNonZero(part) > LEFT_SHARE * part.size

    @property
    def textures(self) -> tuple[Texture, Texture]:
        """Textures of the picture and of the background."""
        if self._textures is None:
            self._textures = texture_of(self.plain), texture_of(self.background.shown)
        return self._textures


class Candidate:
    """A region that differs from the background: maybe something that moves."""

    def __init__(self, box: Box, shape: Grey) -> None:
        self.box = box
        self.at = slice(box[1], box[3]), slice(box[0], box[2])
        self.shape = shape          # 255 inside of the region; the size of its box
        self.area = cv2.countNonZero(shape)     # pixels
        self.age = 1                # frames in which there was a region here
        self.track = NO_TRACK
        self.needed = 0.0           # pixels to travel to be reported
        self.blinks = 0.0           # mean blink rate of the ground below, 0 to 1

    def mean(self, picture: Grey) -> float:
        """Return the mean of *picture* inside of the region."""
        return float(cv2.mean(picture[self.at], self.shape)[0])

    def count(self, mask: Grey) -> int:
        """Return how many pixels of *mask*, of the size of the box, lie inside."""
        return cv2.countNonZero(cv2.bitwise_and(mask, self.shape))

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Where the region is, in its box."""
        return self.shape > 0

    def with_margin(self, margin: int, size: Size
                    ) -> tuple[tuple[slice, slice], Grey]:
        """Return where the region and *margin* pixels around it are, and its shape."""
        left, top, right, bottom = self.box
        before, above = min(left, margin), min(top, margin)
        after, below = min(size[0] - right, margin), min(size[1] - bottom, margin)
        shape = cv2.copyMakeBorder(self.shape, above, below, before, after,
                                   cv2.BORDER_CONSTANT)
        return (slice(top - above, bottom + below),
                slice(left - before, right + after)), shape

    def draw(self, mask: Grey) -> None:
        """Add the region to *mask*."""
        part = mask[self.at]
        cv2.bitwise_or(part, self.shape, part)


def candidates(seen: Observation, least_area: float) -> Iterator[Candidate]:
    """Yield the regions of *seen* whose boxes are at least so large [pixels]."""
    if cv2.countNonZero(seen.crossed) < least_area // 2:
        return
    contours = contours_of(cv2.medianBlur(seen.crossed, 3))
    for contour in contours if len(contours) < MOST_CONTOURS else ():
        left, top, width, height = cv2.boundingRect(contour)
        if width * height < least_area:
            continue
        shape = np.zeros((height, width), np.uint8)
        cv2.drawContours(shape, [contour], -1, 255.0, -1, offset=(-left, -top))
        yield Candidate((left, top, left + width, top + height), shape)


def contours_of(mask: Grey) -> Sequence[Grey]:
    """Return the outlines of *mask*, after gaps of a few pixels are closed."""
    left, top, width, height = cv2.boundingRect(mask)
    if not width:
        return ()
    left, top = max(0, left - GAP), max(0, top - GAP)   # room for the closing
    part = mask[top:top + height + 2 * GAP, left:left + width + 2 * GAP]
    closed = cv2.morphologyEx(part, cv2.MORPH_CLOSE, KERNEL_5)
    return cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE,
                            offset=(left, top))[0]


def weakness(found: Candidate, seen: Observation, least_area: float) -> str:
    """Return why *found* is not looked at any further; empty if it is."""
    if found.area < least_area:
        return "is too small"
    sure = cv2.compare(seen.difference[found.at], seen.background.sure[found.at],
                       cv2.CMP_GT)
    if found.count(sure) < max(LEAST_SURE, LEAST_SURE_SHARE * found.area):
        return "hardly differs from the background"
    return ""
