"""Regions that differ from the background, and what was decided about each."""

from typing import NamedTuple

from pyimagesearch.frames import Box, Grey

Point = tuple[int, int]


class Region(NamedTuple):
    """One region of a picture that differs from the background."""

    box: Box                # [pixels of the picture given to the detector]
    area: int               # of the region itself [pixels of that picture]
    moving: bool            # whether it is reported as motion
    rule: str               # what decided that, in words: "has travelled"
    age: float = 0.0        # how long there has been a region here [s]
    travelled: float = 0.0  # how far it went lately [pixels of that picture]
    needed: float = 0.0     # how far it has to go to be reported [the same]
    path: tuple[Point, ...] = ()    # centres of its boxes, the oldest first
    zones: tuple[str, ...] = ()     # names of the zones in which it counts


class Found(NamedTuple):
    """What a detector found in one picture."""

    mask: Grey | None                   # 255 = moved; None if nothing did
    regions: tuple[Region, ...] = ()    # those not reported, too
    min_area: float | None = None       # that is enough, in place of the camera's

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Boxes of the regions that are reported."""
        return tuple(region.box for region in self.regions if region.moving)


NOTHING_FOUND = Found(None)
