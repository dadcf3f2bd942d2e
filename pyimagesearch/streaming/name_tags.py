"""Where to write the names of what was recognised, in picture after picture."""

from collections.abc import Sequence
from typing import NamedTuple

from pyimagesearch.events.event import Sighting
from pyimagesearch.frames import Box
from pyimagesearch.overlay import Tag

LOST_SECONDS = 1.5      # after which something may be anywhere


class Place(NamedTuple):
    """Where something was that has a name."""

    box: Box            # [pixels of the picture]
    at: float           # when it was there [s since the epoch]
    sighted: float      # when it was recognised [s since the epoch]


class NameTags:
    """
    Let each name follow the moving box of what it names, in one camera's pictures.

    A name is at the box that overlaps its newest sighting most, and later at the one
    that overlaps its last place most. What moves elsewhere does not get the name.
    """

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}

    def place(self, sightings: Sequence[Sighting], boxes: Sequence[Box], now: float,
              ) -> tuple[Tag, ...]:
        """
        Return where the names of *sightings* are in the picture of *now*.

        *boxes* are around what moves in it, and *sightings* the newest of each name;
        both in its pixels, times in seconds since the epoch.
        """
        places, names = self._places, dict[Box | None, list[str]]()
        self._places = {}
        for sighting in sightings:
            box = self._follow(sighting, places.get(sighting.name), boxes, now)
            names.setdefault(box, []).append(sighting.name)
        return tuple(Tag(", ".join(each), box) for box, each in names.items())

    def _follow(self, sighting: Sighting, last: Place | None, boxes: Sequence[Box],
                now: float) -> Box | None:
        """Return that of *boxes* which is around what was sighted, if one is."""
        sighted = Place(sighting.box, sighting.at, sighting.at)
        traces = ([last] if last and last.sighted == sighting.at
                  else [sighted, last or sighted])
        for trace in traces:
            box = max(boxes, key=lambda box: overlap(box, trace.box), default=None)
            if box and overlap(box, trace.box) and now - trace.at < LOST_SECONDS:
                self._places[sighting.name] = Place(box, now, sighting.at)
                return box
        self._places[sighting.name] = max(traces, key=lambda trace: trace.at)
        return None


def overlap(one: Box, other: Box) -> int:
    """Return the area that two boxes have in common [pixels]."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0, width) * max(0, height)
