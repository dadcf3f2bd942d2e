"""Learn which small parts of the picture blink regularly, and ignore them."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pyimagesearch.frames import Box, Grey, Size, overlap, size_of
from pyimagesearch.outlines import filled

from .regions import Found, Region

RULE = "blinks all the time, as clocks and lamps do"
WIDTH = 200             # pixels of the picture in which blinking is looked for
LOOK_SECONDS = 0.2      # between two looks
FLIP = 20               # grey levels between two looks
WINDOW_SECONDS = 10.0   # in which flips are counted
WINDOWS = 18            # that are remembered: three minutes
LEAST_FLIPS = 2.0       # in a window, on average; rarer changes are let be
LARGEST_DISPERSION = 0.15   # variance over mean of these counts: 1 is chance
BUSY_WINDOWS = WINDOWS // 4     # with something that travelled there; more is a path
STOPPED_WINDOWS = 6     # with next to no flips, until a blinker is forgotten
LEAST_PIXELS = 4        # that blink, next to each other
CHANGING_WINDOWS = 0.3      # share of the windows in which there was a flip
REACH = np.ones((7, 7), np.uint8)   # what changes so near belongs together
LARGEST_SHARE = 0.02    # of the picture, for each blinker with what is near it
MAX_BLINKERS = 8
INSIDE_SHARE = 0.8      # of a region's box that lies where something blinks


class Blinkers:
    """
    Find small places that flip again and again at the same rate, and ignore them.

    An on-screen clock, a LED or a sign flips as often in each ten seconds as in the
    ten before. Leaves, people and traffic flip by chance: the variance of their counts
    is about the mean (the index of dispersion, Cox and Lewis, 1966). All that keeps
    changing next to it belongs to it, such as the other digits of a clock; if that is
    large, as in a tree, or if something keeps travelling through, nothing is ignored.
    What stops blinking is forgotten after a minute. Works for any detector.
    """

    def __init__(self, counted: Sequence[str] = ()) -> None:
        self._zones: tuple[str, ...] = ()
        self._counted = tuple(counted)
        self._boxes: list[Box] = []     # of all blinkers, in pixels of the flips
        self._flips: FlipCounts | None = None

    @property
    def zones(self) -> tuple[str, ...]:
        """Polygons in which motion is ignored [per mille]; for any thread."""
        return self._zones

    def count(self, polygons: Sequence[str]) -> None:
        """Let blinking count as motion in *polygons* [per mille] from now on."""
        self._counted = tuple(polygons)
        self._show()

    def learn(self, image: Grey, at: float, regions: Iterable[Region]) -> None:
        """Learn from *image*, taken *at* [s], with all the *regions* found in it."""
        if self._flips is None or self._flips.given != size_of(image):
            self._flips, self._boxes, self._zones = FlipCounts(size_of(image)), [], ()
        if self._flips.look(image, at, travellers(regions)):
            self._review(self._flips)

    def filter(self, found: Found) -> Found:
        """Return *found* without motion where something blinks."""
        if not self._zones or not found.boxes or found.mask is None:
            return found
        blinks = filled(self._zones, size_of(found.mask))
        regions = tuple(judged(region, blinks) for region in found.regions)
        if regions == found.regions:
            return found
        if not any(region.moving for region in regions):
            return Found(None, regions)
        mask = cv2.bitwise_and(found.mask, cv2.bitwise_not(blinks))
        return found._replace(mask=mask, regions=regions)

    def _review(self, flips: "FlipCounts") -> None:
        """Forget blinkers that have stopped, and add new ones."""
        self._boxes = [box for box in self._boxes if not flips.stopped(box)]
        for box in flips.regular():
            near = [each for each in self._boxes if overlap(each, box)]
            if flips.is_small(whole := around([box, *near])):
                self._boxes = [each for each in self._boxes if each not in near]
                self._boxes.append(whole)
        del self._boxes[MAX_BLINKERS:]
        self._show()

    def _show(self) -> None:
        """Replace the zones, by those blinkers that do not count as motion."""
        if self._flips is None:
            return
        size = self._flips.size
        counted = filled(self._counted, size)
        self._zones = tuple(
            polygon_of(box, size) for box in self._boxes
            if not counted[box[1]:box[3], box[0]:box[2]].any())


class FlipCounts:
    """How often each pixel of pictures of the size *given* flipped, in windows."""

    def __init__(self, given: Size) -> None:
        self.given = given
        width = min(WIDTH, given[0])
        self.size: Size = width, max(1, round(given[1] * width / given[0]))
        shape = self.size[::-1]
        self._last: Grey | None = None
        self._looked = self._began = -np.inf    # when [s]
        self._now = np.zeros(shape, np.uint8)       # flips in this window
        self._busy_now = np.zeros(shape, np.uint8)  # 1 = something travelled there
        self._past: deque[Grey] = deque(maxlen=WINDOWS)
        self._busy: deque[Grey] = deque(maxlen=WINDOWS)

    def look(self, image: Grey, at: float, travellers: Sequence[Box]) -> bool:
        """
        Count the flips of *image*, of time *at* [s]; return whether a window ended.

        *travellers* are boxes of what travels [pixels of *image*].
        """
        for left, top, right, bottom in (self._from_given(box) for box in travellers):
            self._busy_now[top:bottom, left:right] = 1
        if at - self._looked < LOOK_SECONDS:
            return False
        small = cv2.resize(image, self.size, interpolation=cv2.INTER_AREA)
        if self._last is None or at - self._looked > WINDOW_SECONDS:
            self._last, self._began = small, at     # the first one, or after a pause
            self._now[:] = 0
        flipped = cv2.compare(cv2.absdiff(small, self._last), FLIP, cv2.CMP_GT)  # type: ignore[call-overload]
        self._now = cv2.add(self._now, cv2.bitwise_and(flipped, 1))     # type: ignore[call-overload]
        self._last, self._looked = small, at
        if at - self._began < WINDOW_SECONDS:
            return False
        self._began = at
        self._past.append(self._now)
        self._busy.append(self._busy_now)
        self._now, self._busy_now = np.zeros_like(small), np.zeros_like(small)
        return True

    def regular(self) -> Iterator[Box]:
        """Yield boxes around small places that flip as often in each window."""
        if len(self._past) < WINDOWS:
            return
        counts = np.stack(self._past).astype(np.float32)
        mean = counts.mean(0)
        calm = np.sum(self._busy, 0) <= BUSY_WINDOWS
        steady = calm & (mean >= LEAST_FLIPS) & (
            counts.var(0) <= LARGEST_DISPERSION * mean)
        changing = np.mean(counts > 0, 0) >= CHANGING_WINDOWS
        joined = cv2.dilate(changing.astype(np.uint8), REACH)
        for contour in cv2.findContours(joined, cv2.RETR_EXTERNAL,
                                        cv2.CHAIN_APPROX_SIMPLE)[0]:
            x, y, width, height = cv2.boundingRect(contour)
            blinking = np.count_nonzero(steady[y:y + height, x:x + width])
            box = x, y, x + width, y + height
            if blinking >= LEAST_PIXELS and self.is_small(box):
                yield box

    def is_small(self, box: Box) -> bool:
        """Return whether *box* may be a blinker: it is a small part of the picture."""
        left, top, right, bottom = box
        width, height = self.size
        return (right - left) * (bottom - top) <= LARGEST_SHARE * width * height

    def stopped(self, box: Box) -> bool:
        """Return whether there were next to no flips in *box* lately."""
        left, top, right, bottom = box
        lately = list(self._past)[-STOPPED_WINDOWS:]
        most = np.mean([part[top:bottom, left:right] for part in lately], 0).max()
        return bool(most < LEAST_FLIPS / 2)

    def _from_given(self, box: Box) -> Box:
        by = self.size[0] / self.given[0]
        left, top, right, bottom = (max(0, round(side * by)) for side in box)
        return left, top, right, bottom


def travellers(regions: Iterable[Region]) -> list[Box]:
    """Return the boxes of those moving *regions* that went further than their size."""
    boxes = []
    for region in regions:
        left, top, right, bottom = region.box
        xs, ys = zip(*region.path, strict=True) if region.path else ((0,), (0,))
        if region.moving and (max(xs) - min(xs) > right - left
                              or max(ys) - min(ys) > bottom - top):
            boxes.append(region.box)
    return boxes


def judged(region: Region, blinks: Grey) -> Region:
    """Return *region*, not moving if it lies where *blinks* is set."""
    left, top, right, bottom = (max(0, side) for side in region.box)
    part = blinks[top:bottom, left:right]
    if not region.moving or not part.size or (
            cv2.countNonZero(part) < INSIDE_SHARE * part.size):
        return region
    return region._replace(moving=False, rule=RULE)


def around(boxes: Sequence[Box]) -> Box:
    """Return the box around *boxes*."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def polygon_of(box: Box, size: Size) -> str:
    """Return *box* in a picture of *size* as a polygon [per mille]."""
    corners: NDArray[np.int_] = np.rint(np.array(box) * 1000 / (size * 2)).astype(int)
    left, top, right, bottom = corners.tolist()
    return f"{left},{top} {right},{top} {right},{bottom} {left},{bottom}"
