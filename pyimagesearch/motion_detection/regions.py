"""Regions that differ from the background, and what was decided about each."""

from typing import NamedTuple

from pyimagesearch.frames import Box, Grey

Point = tuple[int, int]

LONGEST_LABEL = 40      # characters
NO_LABEL = "none"       # pages and the API call it so


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
    label: str = ""         # what it is, if the detector knows: "person"
    score: float = 1.0      # how certain that is, 0 to 1


class Found(NamedTuple):
    """What a detector found in one picture."""

    mask: Grey | None                   # 255 = moved; None if nothing did
    regions: tuple[Region, ...] = ()    # those not reported, too
    min_area: float | None = None       # that is enough, in place of the camera's

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Boxes of the regions that are reported."""
        return tuple(region.box for region in self.regions if region.moving)

    def tidied(self) -> "Found":
        """
        Return this with labels of one line, and with scores from 0 to 1.

        Raises :exc:`TypeError` and :exc:`ValueError` for others than text and numbers.
        """
        if not any(region.label for region in self.regions):
            return self
        return self._replace(regions=tuple(
            region._replace(label=one_line(region.label), score=share(region.score))
            for region in self.regions))


NOTHING_FOUND = Found(None)


def one_line(label: object) -> str:
    """
    Return *label* as one line of at most 40 characters, all of them printable.

    Empty for "none", as that is what pages call it if nothing was recognised.
    """
    if not isinstance(label, str):
        raise TypeError(f"the label {label!r} of a region is no text")
    printable = "".join(each if each.isprintable() else " " for each in label)
    line = " ".join(printable.split())[:LONGEST_LABEL].strip()
    return "" if line.lower() == NO_LABEL else line


def share(score: float) -> float:
    """Return *score*, which may be one of NumPy's numbers, cut to 0 to 1."""
    return min(1.0, max(0.0, float(score)))
