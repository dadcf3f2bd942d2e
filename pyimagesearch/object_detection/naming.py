"""Name an event by what was recognised in its pictures."""

from collections import Counter
from collections.abc import Iterable, Sequence

from pyimagesearch.events.event import Sighting
from pyimagesearch.frames import scaled, size_of

from .look import FoundObject, Look
from .object_groups import group_of

SURE_SCORE = 0.65       # from which one sighting is enough for a name
SIGHTINGS_NEEDED = 2    # of lower scores, each in a picture of its own
MOST_NAMES = 20         # of an event: an owner's detector may number what it sees


class EventNames:
    """
    Name an event: by one sighting of at least 0.65, or by two of lower scores.

    Only the first 20 names that are sighted count.
    One thread at a time may call :meth:`add`; any may read the attributes.
    """

    def __init__(self) -> None:
        self.newest: tuple[Sighting, ...] = ()  # of each name, the best name first
        self.best: Sighting | None = None   # of those with a name
        self._bests: dict[str, Sighting] = {}   # also of what has no name yet
        self._lasts: dict[str, Sighting] = {}   # the newest, also of these
        self._counts: Counter[str] = Counter()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the event, the best first."""
        return tuple(each.name for each in self.newest)

    @property
    def candidates(self) -> tuple[Sighting, ...]:
        """The best sighting of everything recognised, whether it is a name or not."""
        return tuple(self._bests.values())

    def add(self, sightings: Iterable[Sighting]) -> list[Sighting]:
        """
        Add the *sightings* of one picture, at most one of each name.

        Returns the best of each name that is new with it, or improved.
        """
        improved = []
        for each in sightings:
            if each.name not in self._bests and len(self._bests) >= MOST_NAMES:
                continue
            before = self._bests.get(each.name) if self._is_named(each.name) else None
            self._counts[each.name] += 1
            self._lasts[each.name] = each
            self._bests[each.name] = best = max(
                self._bests.get(each.name, each), each, key=score_of)
            if best != before and self._is_named(each.name):
                improved.append(best)
        named = sorted(filter(lambda best: self._is_named(best.name),
                              self._bests.values()), key=score_of, reverse=True)
        self.best = named[0] if named else None
        self.newest = tuple(self._lasts[each.name] for each in named)
        return improved

    def _is_named(self, name: str) -> bool:
        best = self._bests.get(name)
        return best is not None and (best.score >= SURE_SCORE
                                     or self._counts[name] >= SIGHTINGS_NEEDED)


def score_of(sighting: Sighting) -> float:
    """Return the score of *sighting*, to sort by."""
    return sighting.score


def sightings_of(found: Sequence[FoundObject], look: Look) -> list[Sighting]:
    """Return the best of each group that was *found* with *look*, the best first."""
    bests: dict[str, FoundObject] = {}
    for each in sorted(found, key=lambda one: one.score, reverse=True):
        if name := group_of(each.label):
            bests.setdefault(name, each)
    return [Sighting(name, each.label, each.score, look.captured,
                     scaled(each.box, look.size, size_of(look.small)))
            for name, each in bests.items()]
