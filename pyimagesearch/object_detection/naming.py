"""Name an event by what was recognised in its pictures."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pyimagesearch.events.event import Sighting
from pyimagesearch.frames import Size, is_cut_off, scaled, size_of

from .look import FoundObject, Look
from .object_groups import GROUPS, group_of

SURE_SCORE = 0.65       # from which one sighting is enough for a name
SIGHTINGS_NEEDED = 2    # of lower scores, each in a picture of its own
MAX_NAMES = 20          # of an event: an owner's detector may number what it sees


class Candidate(NamedTuple):
    """What may become a name of an event."""

    best: Sighting
    is_whole: bool  # the best sighting: it is not cut off at the picture's edge
    score: float    # the highest, maybe of another sighting
    times: int      # that it was sighted, each in a picture of its own

    @property
    def is_name(self) -> bool:
        """Whether it was seen well enough, or often enough."""
        return self.score >= SURE_SCORE or self.times >= SIGHTINGS_NEEDED

    @property
    def rank(self) -> tuple[bool, float]:
        """How good its best sighting is: a whole object first, then the score."""
        return self.is_whole, self.best.score

    def with_(self, other: "Candidate") -> "Candidate":
        """Return this after *other*, which was sighted once."""
        better = other if other.rank > self.rank else self
        return Candidate(better.best, better.is_whole, max(self.score, other.score),
                         self.times + 1)


class EventNames:
    """
    Name an event: by one sighting of at least 0.65, or by two of lower scores.

    Of its sightings, the best is the surest one that shows all of the object, or else
    the surest that the picture's edge cuts off. Only the first 20 names that are
    sighted count, and person, vehicle and animal. One thread at a time may call
    :meth:`add`; any may read the attributes.
    """

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()    # the best first
        self.best: Sighting | None = None   # of those with a name
        self.settled: frozenset[str] = frozenset()  # names of which one is whole
        self._candidates: dict[str, Candidate] = {}

    @property
    def candidates(self) -> tuple[Sighting, ...]:
        """The best sighting of everything recognised, whether it is a name or not."""
        return tuple(each.best for each in self._candidates.values())

    def add(self, sightings: Sequence[Sighting], of: Size) -> list[Sighting]:
        """
        Add the *sightings* in one picture of size *of*, of each name the best.

        Returns the best of each name that is new with it, or improved.
        """
        improved = []
        for each in bests_of(sightings, of):
            before = self._candidates.get(each.name)
            if (before is None and len(self._candidates) >= MAX_NAMES
                    and each.name not in GROUPS):
                continue
            score = max(one.score for one in sightings if one.name == each.name)
            one = Candidate(each, not is_cut_off(each.box, of), score, 1)
            after = before.with_(one) if before else one
            self._candidates[each.name] = after
            is_known = before and before.is_name and before.best == after.best
            if after.is_name and not is_known:
                improved.append(after.best)
        names = sorted((each for each in self._candidates.values() if each.is_name),
                       key=lambda each: each.rank, reverse=True)
        self.best = names[0].best if names else None
        self.settled = frozenset(each.best.name for each in names if each.is_whole)
        self.names = tuple(each.best.name for each in names)
        return improved


def sightings_of(found: Sequence[FoundObject], look: Look) -> list[Sighting]:
    """Return what was *found* with *look* and is of a group, in streamed pixels."""
    return [Sighting(name, each.label, each.score, look.captured,
                     scaled(each.box, look.size, size_of(look.small)))
            for each in found if (name := group_of(each.label))]


def bests_of(sightings: Iterable[Sighting], of: Size) -> Iterable[Sighting]:
    """Return the best of *sightings* of each name, in one picture of size *of*."""
    def rank(one: Sighting) -> tuple[bool, float]:
        return not is_cut_off(one.box, of), one.score

    return {each.name: each for each in sorted(sightings, key=rank)}.values()
