"""Which objects in a crop moved: a parked car below a tree in the wind did not."""

from collections.abc import Callable, Sequence

import cv2

from pyimagesearch.frames import (
    Box,
    Grey,
    Size,
    box_area,
    common,
    overlap,
    scaled,
    size_of,
)

from .look import Crop, FoundObject
from .object_groups import group_of

HELD_SHARE = 0.5        # of the motion in a crop's region, within the object's box
MOVED_SHARE = 0.1       # of the object's box
SAME_PLACE_SHARE = 0.5  # of two boxes' union that they have in common


def counted(found: Sequence[FoundObject], crop: Crop, mask: Grey, size: Size,
            before: Callable[[], Sequence[FoundObject]]) -> list[FoundObject]:
    """
    Return those of *found* in *crop* that moved.

    An object moved if its box holds at least half of the motion in the crop's region;
    or if at least a tenth of its box moved and it was not there before: light that is
    switched on "moves" a tenth of everything. *found* and what *before* returns, which
    is only called if it matters, are in pixels of the picture, whose size is *size*;
    *mask* shows what moved in it.
    """
    moved = [(each, holds_motion(each.box, crop.region, mask, size)) for each in found
             if group_of(each.label)]
    if all(holds for _, holds in moved):
        return [each for each, _ in moved]
    moved = [(each, holds) for each, holds in moved
             if holds or moved_share(each.box, mask, size) >= MOVED_SHARE]
    earlier = () if all(holds for _, holds in moved) else before()
    return [each for each, holds in moved
            if holds or not any(is_same(each, other) for other in earlier)]


def holds_motion(box: Box, region: Box, mask: Grey, size: Size) -> bool:
    """Return whether *box* [px of the picture] has most of what moved in *region*."""
    moved = count(mask, region)
    return moved > 0 and count(mask, common(on_mask(box, mask, size), region)) >= (
        HELD_SHARE * moved)


def moved_share(box: Box, mask: Grey, size: Size) -> float:
    """Return which part of *box* [pixels of the picture] moved, 0 to 1."""
    part = common(on_mask(box, mask, size), (0, 0, *size_of(mask)))
    return count(mask, part) / max(1, box_area(part))


def is_same(one: FoundObject, other: FoundObject) -> bool:
    """Return whether both are of one group and at one place."""
    shared = overlap(one.box, other.box)
    union = box_area(one.box) + box_area(other.box) - shared
    return (group_of(one.label) == group_of(other.label)
            and shared > SAME_PLACE_SHARE * union)


def on_mask(box: Box, mask: Grey, size: Size) -> Box:
    """Return *box*, in pixels of the picture, in pixels of *mask*; at least one."""
    left, top, right, bottom = scaled(box, size, size_of(mask))
    return left, top, max(right, left + 1), max(bottom, top + 1)


def count(mask: Grey, box: Box) -> int:
    """Return how many pixels of *box* moved."""
    left, top, right, bottom = box
    part = mask[top:bottom, left:right]
    return cv2.countNonZero(part) if part.size else 0
