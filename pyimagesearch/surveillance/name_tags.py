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
    """Where an object is that was recognised."""

    box: Box            # [pixels of the picture]
    at: float           # when it was seen there [s since the epoch]
    sighting: Sighting  # when it was recognised

    def followed(self, boxes: Sequence[Box], of: Size, now: float) -> "Place":
        """Return its place *now*, when *boxes* move in a picture of size *of*."""
        if self.is_lost(now):
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

    def is_lost(self, now: float) -> bool:
        """Return whether nothing has moved there for too long by *now*."""
        return abs(now - self.at) > LOST_SECONDS     # the clock may be set back

    def is_again(self, earlier: "Place") -> bool:
        """Return whether this is of the object that *earlier* is of, as it seems."""
        return (self.sighting.name == earlier.sighting.name
                and overlap(self.box, earlier.box) > 0)

    def reaches(self, box: Box) -> bool:
        """Return whether *box* goes beyond its last by no more than its own size."""
        left, top, right, bottom = self.sighting.box
        wide, tall = right - left, bottom - top
        return (self.box[0] - box[0] <= wide and box[2] - self.box[2] <= wide
                and self.box[1] - box[1] <= tall and box[3] - self.box[3] <= tall)


class NameTags:
    """
    Let names follow the moving boxes of what was recognised, in one camera's pictures.

    A name begins at the boxes that overlapped its sighting, which is earlier than the
    picture, and goes on to those that overlap its last place. What moves elsewhere does
    not get the name, nor a box that is suddenly much larger, as something else is in
    it; nor what comes in where it has left the picture.
    """

    def __init__(self) -> None:
        self._places: list[Place] = []      # of what was sighted, one by one
        self._seen: deque[tuple[float, Sequence[Box]]] = deque()    # lately, and when

    def place(self, names: Sequence[str], sighted: Sequence[Sighting],
              boxes: Sequence[Box], of: Size, now: float) -> tuple[Tag, ...]:
        """
        Return where the *names* of an event are in the picture of *now*.

        *boxes* are around what moves in it, and *sighted* is what was recognised since
        the last picture; both in its pixels. It has size *of*. Times are in seconds
        since the epoch. A name that is at no box has a tag without one.
        """
        while self._seen and not 0 <= now - self._seen[0][0] <= MEMORY_SECONDS:
            self._seen.popleft()    # too old, or from before the clock was set back
        self._seen.append((now, boxes))
        if not (names or sighted or self._places):
            return ()
        newer = [self._traced(each, of) for each in sighted]
        newer = [each for each in newer if not each.is_lost(now)]
        older = [each.followed(boxes, of, now) for each in self._places]
        self._places = newer + [
            each for each in older
            if not each.is_lost(now) and not any(one.is_again(each) for one in newer)]
        texts: dict[Box | None, list[str]] = {}
        for name in names:
            for box in dict.fromkeys(self._boxes_of({name})) or (None,):
                texts.setdefault(box, []).append(name)
        return tuple(Tag(", ".join(each), box) for box, each in texts.items())

    def cover(self, names: Container[str]) -> bool:
        """
        Return whether all that moves in the last picture has one of *names*.

        A box with several objects may be too large for the name of any; it counts if
        most of it is where they are, or were lately.
        """
        places = {each.box for each in self._places if each.sighting.name in names}
        return all(2 * sum(overlap(box, place) for place in places) >= box_area(box)
                   for box in self._seen[-1][1])

    def _boxes_of(self, names: Container[str]) -> list[Box]:
        """Return the boxes in the last picture of what has one of *names*."""
        now = self._seen[-1][0]
        return [each.box for each in self._places
                if each.at == now and each.sighting.name in names]

    def _traced(self, sighting: Sighting, of: Size) -> Place:
        """Return where what was sighted is by now, or was last."""
        place = Place(sighting.box, sighting.at, sighting)
        for at, boxes in self._seen:
            if at >= sighting.at:
                place = place.followed(boxes, of, at)
        return place
