"""Follow regions from frame to frame: how old, how lively, how far they went."""

import math
from collections.abc import Iterable, Sequence

from pyimagesearch.frames import Box
from pyimagesearch.motion_detection.regions import Point

from .timing import Timing

LARGEST_CHANGE = 1.6    # of a side from frame to frame; more is a split or a merger
LARGEST_LEAPT_CHANGE = 2.0  # the same of what was elsewhere; legs swing at 3 fps
LEAST_SIDE = 3          # pixels; a smaller one changes too easily
REACH = 3               # pixels that a box may be off to be the same region
LIVELY_SHARE = 0.2      # of a frame in how lively a region is, at 25 fps
PATH_FRAMES = 61        # remembered, at 25 fps
LATELY_SECONDS = 0.4, 1.2   # in which a region may have travelled
STEADY_SECONDS, STEADY_FRAMES = 0.25, 4     # that it keeps its shape, if it is steady
STEADY_STRAIGHT = 0.5       # of its path, from end to end


class Track:
    """
    One region over time, up to the current frame; *old* is it one frame before.

    A path goes on only while the sides of the box stay about as long: a region that
    splits or merges with another one has not moved. Where nothing is shared, it leapt,
    and does not merge. *centre* is that of the box, in
    pixels of the picture given to the detector.
    """

    def __init__(self, box: Box, centre: Point, old: "Track | None" = None) -> None:
        self.box = box
        self.age: int = old.age + 1 if old else 1           # frames
        self.lively: float = old.lively if old else 0.0     # share of it that changes
        self.moved: bool = old.moved if old else False      # whether it has travelled
        self.alive: int = old.alive if old else 0       # last frame in which it did so
        self.fades: bool = old.fades if old else False  # into the background
        self.travelled = 0.0        # lately [pixels]
        self.edge_width: float = old.edge_width if old else 0.0     # mean [pixels]
        self.blurred: bool = old.blurred if old else False  # is out of focus
        self.erratic_until: int = old.erratic_until if old else 0   # a frame's number
        self.path: list[Box] = [box]
        self.centres: list[Point] = [centre]
        if old and (is_alike(box, old.box) or not old.shared(box)):
            self.path, self.centres = [*old.path, box], [*old.centres, centre]

    def follow(self, changing: float, size: tuple[int, int], timing: Timing) -> None:
        """
        Take in a frame in which the share *changing* of the region changed.

        *size* is that of the picture.
        """
        self.lively += timing.share(LIVELY_SHARE) * (changing - self.lively)
        del self.path[:-timing.at_least(PATH_FRAMES)]
        del self.centres[:-timing.at_least(PATH_FRAMES)]
        last = len(self.path) - 1
        if last > 1:
            starts = {max(0, last - max(2, int(seconds * timing.fps)))
                      for seconds in LATELY_SECONDS}
            if not self.moved and last > 3:
                starts.add(0)
            self.travelled = max(distance(self.path[start], self.box, size)
                                 for start in starts)

    def is_steady(self, timing: Timing) -> bool:
        """
        Return whether the region goes somewhere, and does not sway.

        It has kept its shape for a while, and comes at least half as far as it goes.
        """
        if len(self.path) < timing.frames(STEADY_SECONDS, STEADY_FRAMES):
            return False
        lately = self.path[-timing.frames(LATELY_SECONDS[-1], STEADY_FRAMES):]
        return flight(lately)[1] >= STEADY_STRAIGHT

    def shared(self, box: Box) -> int:
        """Return how many pixels *box* shares with this box and what is near it."""
        left, top, right, bottom = self.box
        across = min(box[2], right + REACH) - max(box[0], left - REACH)
        if across <= 0:
            return 0
        return across * max(0, min(box[3], bottom + REACH) - max(box[1], top - REACH))


NO_TRACK = Track((0, 0, 0, 0), (0, 0))
NO_TRACK.path.clear()
NO_TRACK.centres.clear()


def overlapped(box: Box, tracks: Iterable[Track]) -> Track | None:
    """Return that of *tracks* which shares most with *box*, if any does."""
    best, most = None, 0
    for track in tracks:
        if (shared := track.shared(box)) > most:
            best, most = track, shared
    return best


def leapt(box: Box, tracks: Iterable[Track], farthest: float) -> Track | None:
    """
    Return that of *tracks* which may have gone to *box* without sharing any of it.

    None if there are several which are alike and not farther away [pixels]. Nothing
    leaps to and fro: that are two things which blink by turns.
    """
    near = [track for track in tracks if is_alike(box, track.box, LARGEST_LEAPT_CHANGE)
            and math.dist(middle(box), middle(track.box)) <= farthest]
    return near[0] if len(near) == 1 and goes_on(near[0].path, box) else None


def goes_on(path: Sequence[Box], box: Box) -> bool:
    """Return whether the way to *box* does not lead back along the *path*."""
    if len(path) < 2:
        return True
    before, last, now = middle(path[-2]), middle(path[-1]), middle(box)
    return ((last[0] - before[0]) * (now[0] - last[0])
            + (last[1] - before[1]) * (now[1] - last[1])) >= 0


def middle(box: Box) -> tuple[float, float]:
    """Return the centre of *box*."""
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def is_alike(one: Box, other: Box, change: float = LARGEST_CHANGE) -> bool:
    """Return whether the sides of two boxes are about as long."""
    for low, high in ((0, 2), (1, 3)):
        now = max(one[high] - one[low], LEAST_SIDE)
        then = max(other[high] - other[low], LEAST_SIDE)
        if now >= change * then or then >= change * now:
            return False
    return True


def distance(then: Box, now: Box, size: tuple[int, int]) -> int:
    """
    Return how far a box travelled from *then* to *now* [pixels].

    Both of its edges must have gone the same way: one edge moves when something only
    changes its shape. An edge at the border of the picture says nothing; if only one
    of the four says something, that is too little.
    """
    across, down = (borders_met(then, now, size, axis) for axis in (0, 1))
    if sum(across + down) >= 3:
        return 0
    return max(travelled_along(then, now, 0, across),
               travelled_along(then, now, 1, down))


def borders_met(then: Box, now: Box, size: tuple[int, int], axis: int
                ) -> tuple[bool, bool]:
    """Return whether a box meets the low and the high border across *axis*."""
    return (then[axis] <= 1 or now[axis] <= 1,
            max(then[axis + 2], now[axis + 2]) >= size[axis] - 1)


def travelled_along(then: Box, now: Box, axis: int, met: tuple[bool, bool]) -> int:
    """Return how far both edges went along *axis*; one that *met* a border is free."""
    low, high = now[axis] - then[axis], now[axis + 2] - then[axis + 2]
    at_low, at_high = met
    if at_low and at_high:
        return 0
    if at_low:
        low = high
    elif at_high:
        high = low
    return min(abs(low), abs(high)) if low * high > 0 else 0


def flight(path: Sequence[Box]) -> tuple[float, float]:
    """
    Return how fast a box goes on its *path* [pixels per frame], and how straight on.

    The latter is the distance from end to end over the length of the path, 0 to 1.
    """
    centres = [((left + right) / 2, (top + bottom) / 2)
               for left, top, right, bottom in path]
    length: float = sum(map(math.dist, centres, centres[1:]))
    if not length:
        return 0.0, 1.0
    return length / (len(path) - 1), math.dist(centres[0], centres[-1]) / length
