"""What a channel knows of events at one moment."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from pyimagesearch.events.event import LOST, Event


@dataclass(frozen=True)
class Snapshot:
    """
    The events that a channel is concerned with, by id, as they are *now*.

    *now* in seconds since the epoch; *seen*, *end_seen* and *named_seen* say for how
    many seconds an event, its end and the name of an object in it are known to this
    process, which holds even if the clock is set. *is_whole* is whether all events that
    were added are among these or were before; those *cut_off* with an earlier run of
    the program have ended, but when is not known yet.

    *refused* counts how often the receiver refused an alert, by its type and id: they
    are tried again only if *is_retry*, so that others need not wait for them.
    """

    now: float
    events: Mapping[int, Event]
    seen: Mapping[int, float] = field(default_factory=dict)
    end_seen: Mapping[int, float] = field(default_factory=dict)
    named_seen: Mapping[int, float] = field(default_factory=dict)
    is_whole: bool = True
    cut_off: Set[int] = frozenset()
    refused: Mapping[tuple[str, int], int] = field(default_factory=dict)
    is_retry: bool = True

    def age(self, event: Event) -> float:
        """
        Return for how long *event* has been known, or has happened [s].

        A loss that lasts is as old as it is known: when the clock is set, as soon
        after a start, it has not lasted for hours.
        """
        if event.kind == LOST and event.end is None:
            return self.seen.get(event.id, 0.0)
        return max(self.now - event.begin, self.seen.get(event.id, 0.0))

    def tries(self, type: str, id: int) -> int:
        """Return how often that alert was refused."""
        return self.refused.get((type, id), 0)

    def may_try(self, type: str, id: int) -> bool:
        """Return whether that alert may be sent now."""
        return self.is_retry or not self.tries(type, id)
