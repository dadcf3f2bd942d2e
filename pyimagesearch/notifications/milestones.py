"""Since when events, their ends and their names are known."""

import math
from collections.abc import Iterable, Iterator

from pyimagesearch.clock import Clock
from pyimagesearch.events.event import Event

SEEN, ENDED, NAMED = "seen", "ended", "named"
NAME_SECONDS = 5.0      # after the end of an event, in which a name may still come


class Milestones:
    """
    Keep when each event was first seen, first with an end, and first with a name.

    By the monotonic clock, so it holds even if the time is set. Belongs to one thread.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: dict[tuple[str, int], float] = {}      # [s, monotonic]

    def note(self, events: Iterable[Event]) -> None:
        """Note what these *events* have reached by now; forget all others."""
        now = self._clock.monotonic()
        self._since = {each: self._since.get(each, now) for event in events
                       for each in reached(event)}

    def ages(self, milestone: str) -> dict[int, float]:
        """Return for how many seconds the events are past *milestone*, by their ids."""
        now = self._clock.monotonic()
        return {id: now - at for (name, id), at in self._since.items()
                if name == milestone}

    @property
    def newest_age(self) -> float:
        """How long ago something was noted last [s]."""
        return self._clock.monotonic() - max(self._since.values(), default=-math.inf)


def reached(event: Event) -> Iterator[tuple[str, int]]:
    """Yield the milestones of *event*."""
    yield SEEN, event.id
    if event.end is not None:
        yield ENDED, event.id
    if event.sightings:
        yield NAMED, event.id
