"""Cut the parts of a picture in which something moved."""

import itertools
from collections.abc import Sequence

from pyimagesearch.frames import (
    Box,
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

    Those that would overlap share one, and a wide and low region, such as a car with
    the dust behind it, has three. Of more than three regions, the largest are cut. The
    images are copies, less than 1024 px wide: a larger one is halved.
    """
    size = size_of(picture)
    regions = sorted((piece for region in joined(boxes, of, size)
                      for piece in pieces(region, boxes, of, size)),
                     key=box_area, reverse=True)
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


def closer(crop: Crop, of: Size, size: Size) -> Crop | None:
    """
    Return the middle of *crop*, if what moved is small in it.

    *of* is the size of the mask, *size* that of the camera's picture.
    """
    part = part_around(crop.region, of, size, CLOSE_CROP_SIDE)
    if box_area(part) >= box_area(crop.part):
        return None
    across, down = crop.part[:2]
    left, top, right, bottom = part
    image = crop.image[top - down:bottom - down, left - across:right - across]
    return Crop(image, part, crop.region)


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


def pieces(region: Box, boxes: Sequence[Box], of: Size, size: Size) -> list[Box]:
    """Return *region*, or what *boxes* are in each third of it, if it is long."""
    left, top, right, bottom = region
    length, (begin, _, end, _) = right - left, part_around(region, of, size)
    if length < LONG_RATIO * (bottom - top) or end - begin <= LONG_CROP_SIDE:
        return [region]
    edges = [left + length * number // MAX_CROPS for number in range(MAX_CROPS + 1)]
    thirds = [(low, top, high, bottom) for low, high in itertools.pairwise(edges)]
    found = [enclosing([common(each, third) for each in boxes if overlap(each, third)])
             for third in thirds]
    return [each for each in found if each]
