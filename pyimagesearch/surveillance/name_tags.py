"""Where to write the names of what was recognised, in picture after picture."""

import math
from collections import deque
from collections.abc import Container, Sequence
from typing import NamedTuple

from pyimagesearch.events.event import Sighting
from pyimagesearch.frames import Box, Size, box_area, enclosing, is_cut_off, overlap
from pyimagesearch.overlay import Tag

LOST_SECONDS = 1.5      # without motion in its place; then it may be anywhere
MEMORY_SECONDS = 6.0    # for which boxes are kept: a look may take that long
PART_SHARE = 1.5        # of what was sighted; its parts together are not larger


class Place(NamedTuple):
    """Where something is that has a name."""

    box: Box            # [pixels of the picture]
    at: float           # when it was seen there [s since the epoch]
    sighting: Sighting  # when it was recognised

    def followed(self, boxes: Sequence[Box], of: Size, now: float) -> "Place":
        """Return its place *now*, when *boxes* move in a picture of size *of*."""
        if now - self.at > LOST_SECONDS:
            return self
        near = [box for box in boxes if overlap(box, self.box) and self.reaches(box)]
        if not near:
            has_left = is_cut_off(self.box, of)     # what moves there next is another
            return self._replace(at=-math.inf) if has_left else self
        box = max(near, key=lambda box: overlap(box, self.box))
        whole = enclosing(near)     # it may have come apart
        if whole and box_area(whole) <= PART_SHARE * box_area(self.sighting.box):
            box = whole
        return self._replace(box=box, at=now)

    def reaches(self, box: Box) -> bool:
        """Return whether *box* goes beyond its last by no more than its own size."""
        left, top, right, bottom = self.sighting.box
        wide, tall = right - left, bottom - top
        return (self.box[0] - box[0] <= wide and box[2] - self.box[2] <= wide
                and self.box[1] - box[1] <= tall and box[3] - self.box[3] <= tall)


class NameTags:
    """
    Let each name follow the moving box of what it names, in one camera's pictures.

    A name begins at the boxes that overlapped the newest sighting, which is earlier
    than the picture, and goes on to those that overlap its last place. What moves
    elsewhere does not get the name, nor a box that is suddenly much larger, as
    something else is in it; nor what comes in where it has left the picture.
    """

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}
        self._seen: deque[tuple[float, Sequence[Box]]] = deque()    # lately, and when

    def place(self, sightings: Sequence[Sighting], boxes: Sequence[Box], of: Size,
              now: float) -> tuple[Tag, ...]:
        """
        Return where the names of *sightings* are in the picture of *now*.

        *boxes* are around what moves in it, and *sightings* the newest of each name;
        both in its pixels. It has size *of*. Times are in seconds since the epoch.
        """
        self._seen.append((now, boxes))
        while self._seen[0][0] < now - MEMORY_SECONDS:
            self._seen.popleft()
        self._places = {each.name: self._followed(each, boxes, of, now)
                        for each in sightings}
        names: dict[Box | None, list[str]] = {}
        for name, place in self._places.items():
            names.setdefault(place.box if place.at == now else None, []).append(name)
        return tuple(Tag(", ".join(each), box) for box, each in names.items())

    def cover(self, names: Container[str]) -> bool:
        """Return whether all that moves in the last picture bears one of *names*."""
        now, boxes = self._seen[-1]
        places = [place.box for name, place in self._places.items()
                  if name in names and place.at == now]
        return all(any(2 * overlap(box, place) >= box_area(box) for place in places)
                   for box in boxes)

    def _followed(self, sighting: Sighting, boxes: Sequence[Box], of: Size,
                  now: float) -> Place:
        """Return where what was sighted is by *now*, or was last."""
        place = self._places.get(sighting.name)
        place = place and place.followed(boxes, of, now)
        if place and place.sighting == sighting:
            return place
        newer = Place(sighting.box, sighting.at, sighting)
        for at, were_there in self._seen:
            if at >= sighting.at:
                newer = newer.followed(were_there, of, at)
        if place and newer.at < place.at:
            return place._replace(sighting=sighting)
        return newer
