"""Cut the parts of a picture in which something moved."""

import itertools
from collections.abc import Sequence

import cv2

from pyimagesearch.frames import (
    Box,
    Grey,
    Image,
    Size,
    box_area,
    common,
    enclosing,
    halved,
    overlap,
    scaled,
    size_of,
)

from .look import Crop

CROP_MARGIN = 1.5       # times the longer side of what moved
MIN_CROP_SIDE = 160     # pixels of the camera's picture
CLOSE_CROP_SIDE = 128   # pixels of the same, of a closer look
MIN_CROP_WIDTH = 512    # pixels, that a crop is not made smaller than
MAX_CROPS = 3           # of one picture
LONG_RATIO = 2          # of width to height, from which a region is cut in pieces
LONG_CROP_SIDE = 256    # pixels, of a crop that would show a long region small


def cut(picture: Image, boxes: Sequence[Box], of: Size) -> tuple[Crop, ...]:
    """
    Cut squares of *picture*, BGR, around the *boxes* found in a picture of size *of*.

    Those that would overlap share one; of more than three regions, the largest are cut.
    The images are copies, less than 1024 px wide: a larger one is halved.
    """
    regions = sorted(joined(boxes, of, size_of(picture)), key=box_area, reverse=True)
    return tuple(cut_one(picture, region, of) for region in regions[:MAX_CROPS])


def cut_one(picture: Image, region: Box, of: Size) -> Crop:
    """Cut the square around *region*, found in a picture of size *of*."""
    part = part_around(region, of, size_of(picture))
    image = part_of(picture, part, size_of(picture))
    smaller = halved(image, MIN_CROP_WIDTH)
    return Crop(image.copy() if smaller is image else smaller, part, region)


def part_of(picture: Image, part: Box, of: Size) -> Image:
    """Return a view of that *part* of *picture* that is known for one of size *of*."""
    left, top, right, bottom = scaled(part, of, size_of(picture))
    return picture[top:max(bottom, top + 1), left:max(right, left + 1)]


def closer(crop: Crop, mask: Grey, size: Size) -> list[Crop]:
    """
    Return parts of *crop* for a closer look, each around a part of what moved.

    Of something small, that is the middle; of something wide and low, such as a car
    with the dust behind it, each third. Of all else there are none. *mask* shows what
    moved in the picture, whose size is *size*.
    """
    return [narrowed(crop, part, region) for region in pieces(crop, mask)
            if box_area(part := common(crop.part, part_around(
                region, size_of(mask), size, CLOSE_CROP_SIDE))) < box_area(crop.part)]


def pieces(crop: Crop, mask: Grey) -> list[Box]:
    """Return what moved in *crop*, in thirds if that is long and large."""
    left, top, right, bottom = crop.region
    length = right - left
    if length < LONG_RATIO * (bottom - top) or (
            crop.part[2] - crop.part[0] <= LONG_CROP_SIDE):
        return [crop.region]
    edges = [left + length * number // MAX_CROPS for number in range(MAX_CROPS + 1)]
    return [(low + x, top + y, low + x + width, top + y + height)
            for low, high in itertools.pairwise(edges)
            for x, y, width, height in [cv2.boundingRect(mask[top:bottom, low:high])]
            if width]


def narrowed(crop: Crop, part: Box, region: Box) -> Crop:
    """Return that *part* of the picture that *crop* shows, with its *region*."""
    left, top, right, bottom = crop.part
    inner = (part[0] - left, part[1] - top, part[2] - left, part[3] - top)
    return Crop(part_of(crop.image, inner, (right - left, bottom - top)), part, region)


def part_around(region: Box, of: Size, size: Size, least: int = MIN_CROP_SIDE) -> Box:
    """
    Return the square around *region*, found at size *of*, in a picture of *size*.

    Its side is at least *least* pixels. It is inside the picture, and no square if it
    is larger than that.
    """
    left, top, right, bottom = scaled(region, of, size)
    side = round(max(CROP_MARGIN * (right - left), CROP_MARGIN * (bottom - top), least))
    begins, ends = zip(*(inside((low + high) / 2, min(side, most), most)
                         for low, high, most in ((left, right, size[0]),
                                                 (top, bottom, size[1]))), strict=True)
    return (*begins, *ends)


def inside(centre: float, length: int, most: int) -> tuple[int, int]:
    """Return begin and end of *length* around *centre*, moved to be within *most*."""
    begin = min(max(0, int(centre - length / 2)), most - length)
    return begin, begin + length


def joined(boxes: Sequence[Box], of: Size, size: Size) -> list[Box]:
    """Return *boxes*, with those that would have overlapping crops made one."""
    groups: list[Box] = []
    for box in boxes:
        while near := [each for each in groups if overlap(
                part_around(each, of, size), part_around(box, of, size))]:
            box = enclosing([box, *near]) or box
            groups = [each for each in groups if each not in near]
        groups.append(box)
    return groups
