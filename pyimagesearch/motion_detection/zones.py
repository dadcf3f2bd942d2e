"""Zones: which of the regions that moved count as motion."""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pyimagesearch.frames import Box, Grey, Size, size_of
from pyimagesearch.outlines import filled
from pyimagesearch.settings.zone import Zone

from .detector import HasThresholdScale, RegionDetector
from .regions import Found, Region

MAX_CACHED_SIZES = 2        # picture sizes for which the zones are drawn
INSIDE_SHARE = 0.5          # of an object's pixels; it counts with so many inside
FEET_SHARE = 0.2            # of an object's height, at its lower end
THRESHOLD_FACTORS = {"low": 1.5, "normal": 1.0, "high": 0.75}


class DrawnZones(NamedTuple):
    """Zones in pictures of one size, as masks: 255 inside."""

    counting: Grey          # where motion counts
    ignored: Grey           # where it is ignored, whatever else is there
    each: tuple[Grey, ...]  # one for each zone that counts, without what is ignored


class Judged(NamedTuple):
    """What was found out about a region that moves."""

    region: Region
    pixels: Grey                # its pixels that may count, the shape of its box
    zones: tuple[int, ...]      # numbers of the counting zones it is in


class Zones:
    """
    Leave of what a detector found only what lies where motion counts.

    Without *zones*, or with ignored ones only, motion counts everywhere else; as soon
    as there is a zone that counts, it counts in such zones only. Where zones overlap,
    an ignored one wins, and then the more sensitive one. *sensitivity* is the camera's.

    A detector that follows objects gives its regions a path. Such an object counts as a
    whole, without its pixels in ignored zones, if half of it, or of its feet, lies
    where motion counts. Of other regions, only the pixels that lie there count.
    """

    def __init__(self, zones: Sequence[Zone] = (), sensitivity: str = "normal") -> None:
        self._counting = tuple(zone for zone in zones if zone.counts)
        self._ignored = tuple(zone for zone in zones if not zone.counts)
        self._sensitivity = sensitivity
        self._drawn = functools.lru_cache(MAX_CACHED_SIZES)(self._draw)
        self._scale = functools.lru_cache(MAX_CACHED_SIZES)(self._draw_scale)

    def __bool__(self) -> bool:
        return bool(self._counting or self._ignored)

    @property
    def have_sensitivity(self) -> bool:
        """Whether a zone has a sensitivity of its own."""
        return any(zone.sensitivity for zone in self._counting)

    def scale_thresholds(self, detector: RegionDetector, size: Size) -> None:
        """Make *detector* as sensitive as the zones say, for images of *size*."""
        scale = self._scale(size)
        if getattr(detector, "threshold_scale", scale) is not scale and (
                isinstance(detector, HasThresholdScale)):   # that question costs 50 us
            detector.threshold_scale = scale

    def filter(self, found: Found) -> Found:
        """
        Return *found* with only those regions moving that count.

        The others say which zone took them out, and are no longer in the mask.
        """
        if not self or found.mask is None or not found.boxes:
            return found
        drawn = self._drawn(size_of(found.mask))
        judged = [self._judge(region, found.mask, drawn) if region.moving else region
                  for region in found.regions]
        moving = [each for each in judged if isinstance(each, Judged)]
        reached = self._reached(moving, drawn, found.mask.size)
        mask = np.zeros_like(found.mask)
        regions = tuple(self._decide(each, reached, drawn, mask)
                        if isinstance(each, Judged) else each for each in judged)
        if not any(region.moving for region in regions):
            return Found(None, regions)
        return Found(mask, regions, self._min_area(regions))

    def _judge(self, region: Region, mask: Grey, drawn: DrawnZones) -> Judged | Region:
        """Return where *region* moved and counts; or the region, as it does not."""
        pixels = part_of(mask, region.box)
        inside = cv2.bitwise_and(pixels, part_of(drawn.counting, region.box))
        if not counts(pixels, inside, is_object=bool(region.path)):
            return region._replace(moving=False, rule=self._why_not(pixels, region.box,
                                                                    drawn))
        if region.path:
            inside = cv2.subtract(pixels, part_of(drawn.ignored, region.box))
        in_each = [cv2.bitwise_and(pixels, part_of(each, region.box))
                   for each in drawn.each]
        zones = [number for number, there in enumerate(in_each)
                 if counts(pixels, there, is_object=bool(region.path))]
        if in_each and not zones:   # only all of them together have enough of it
            zones = [int(np.argmax([cv2.countNonZero(there) for there in in_each]))]
        return Judged(region, inside, tuple(zones))

    def _reached(self, moving: Sequence[Judged], drawn: DrawnZones, size: int
                 ) -> set[int]:
        """Return the numbers of the zones in which enough moved of *size* pixels."""
        areas = [0] * len(self._counting)
        for region, pixels, zones in moving:
            for number in zones:
                areas[number] += cv2.countNonZero(
                    pixels if region.path else cv2.bitwise_and(
                        pixels, part_of(drawn.each[number], region.box)))
        return {number for number, (zone, area) in enumerate(
                    zip(self._counting, areas, strict=True))
                if zone.min_area is None or 1000 * area >= zone.min_area * size}

    def _decide(self, judged: Judged, reached: set[int], drawn: DrawnZones, mask: Grey
                ) -> Region:
        """Return the region as it counts, drawn into *mask*; or as it does not."""
        region, pixels, zones = judged
        left = [number for number in zones if number in reached]
        if zones and not left:
            name = self._counting[zones[0]].name
            return region._replace(
                moving=False, rule=f'is smaller than the zone "{name}" asks for')
        if len(left) < len(zones) and not region.path:
            there = sum_of([part_of(drawn.each[number], region.box) for number in left])
            pixels = cv2.bitwise_and(pixels, there)
        part = part_of(mask, region.box)
        cv2.bitwise_or(part, pixels, dst=part)
        return region._replace(
            box=region.box if region.path else box_around(pixels, region.box),
            area=cv2.countNonZero(pixels),
            zones=tuple(self._counting[number].name for number in left))

    def _why_not(self, pixels: Grey, box: Box, drawn: DrawnZones) -> str:
        """Return why motion of these *pixels* in *box* does not count."""
        ignored = cv2.countNonZero(cv2.bitwise_and(pixels, part_of(drawn.ignored, box)))
        if not ignored or 2 * ignored < cv2.countNonZero(pixels):
            return "lies outside of the zones that count"
        size = size_of(drawn.ignored)
        zone = max(self._ignored, key=lambda zone: cv2.countNonZero(cv2.bitwise_and(
            pixels, part_of(filled([zone.polygon], size), box))))
        return f'lies in the zone "{zone.name}", which does not count'

    def _min_area(self, regions: Sequence[Region]) -> float | None:
        """Return the least area that the zones of *regions* ask for, if any do."""
        names = {name for region in regions for name in region.zones if region.moving}
        return min((zone.min_area for zone in self._counting
                    if zone.name in names and zone.min_area is not None), default=None)

    def _draw(self, size: Size) -> DrawnZones:
        ignored = filled([zone.polygon for zone in self._ignored], size)
        each = tuple(cv2.subtract(filled([zone.polygon], size), ignored)
                     for zone in self._counting)
        counting = sum_of(each) if each else cv2.bitwise_not(ignored)
        return DrawnZones(counting, ignored, each)

    def _draw_scale(self, size: Size) -> NDArray[np.float32] | float:
        """Return by what the thresholds of pictures of *size* are multiplied."""
        if not self.have_sensitivity:
            return 1.0
        usual = THRESHOLD_FACTORS[self._sensitivity]
        scale = np.full(size[::-1], np.inf, np.float32)
        for zone in self._counting:
            own = THRESHOLD_FACTORS[zone.sensitivity or self._sensitivity]
            inside = filled([zone.polygon], size) > 0
            scale[inside] = np.minimum(scale[inside], own / usual)
        scale[np.isinf(scale)] = 1.0
        return np.clip(scale, THRESHOLD_FACTORS["high"], THRESHOLD_FACTORS["low"])


def counts(pixels: Grey, inside: Grey, *, is_object: bool) -> bool:
    """Return whether enough of *pixels* of a region is *inside*, of the same shape."""
    if not cv2.countNonZero(inside):
        return False
    feet = -max(1, round(FEET_SHARE * len(pixels)))
    return not is_object or any(
        cv2.countNonZero(there) >= INSIDE_SHARE * max(1, cv2.countNonZero(whole))
        for there, whole in ((inside, pixels), (inside[feet:], pixels[feet:])))


def part_of(image: Grey, box: Box) -> Grey:
    """Return the part of *image* in *box*, which may reach beyond it."""
    left, top, right, bottom = (max(0, side) for side in box)
    return image[top:max(top, bottom), left:max(left, right)]


def box_around(pixels: Grey, box: Box) -> Box:
    """Return the box around *pixels*, which are those in *box*."""
    x, y, width, height = cv2.boundingRect(pixels)
    left, top = max(0, box[0]) + x, max(0, box[1]) + y
    return left, top, left + width, top + height


def sum_of(masks: Sequence[Grey]) -> Grey:
    """Return where any of *masks*, at least one, is set."""
    return functools.reduce(cv2.bitwise_or, masks)
