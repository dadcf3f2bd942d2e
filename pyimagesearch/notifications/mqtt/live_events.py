"""Read from the store which events have begun, got a name, and ended."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pyimagesearch.clock import Clock
from pyimagesearch.events.event import MOTION, Event, Sighting
from pyimagesearch.events.queries import EventReader
from pyimagesearch.events.store import EventStore
from pyimagesearch.notifications.milestones import (
    ENDED,
    NAME_SECONDS,
    NAMED,
    Milestones,
)

from .event_messages import BEGUN, EVENT_TYPES, LASTING_KINDS, PICTURED_KINDS

PICTURE_SECONDS = 0.8   # to wait for the picture of an event, or of a named object
LATE_SECONDS = 30.0     # after which a begin is not published: automations act on it
PAGE_SIZE = 100         # events read at once
BACKLOG_SIZE = 500      # arrivals beyond which only the newest are looked at
NEWEST_SIZE = 50


class Change(NamedTuple):
    """An event that has BEGUN, was NAMED after that, or has ENDED."""

    event: Event
    change: str


class LiveEvents:
    """
    Follow the events of this run in *store*; belongs to one thread.

    An event is returned once it has its picture, or after 0.8 s without. The begin of
    one that began more than 30 s ago, as without a connection, is left out, but not its
    end. The first name is returned by itself if it comes after the begin, once there is
    time for its picture.
    """

    def __init__(self, store: EventStore, clock: Clock, *,
                 picture_seconds: float = PICTURE_SECONDS) -> None:
        self._store = store
        self._clock = clock
        self._picture_seconds = picture_seconds
        self._cursor = -BACKLOG_SIZE        # the last arrival that was read
        self._waiting: dict[int, float] = {}    # for a picture, since [s, monotonic]
        self._ongoing: dict[int, Event] = {}    # that have not ended
        self._unnamed: set[int] = set()         # of which no name was returned
        self._milestones = Milestones(clock)

    @property
    def is_waiting(self) -> bool:
        """Whether an event waits for its picture."""
        named = self._milestones.ages(NAMED)
        return bool(self._waiting or self._unnamed & named.keys())

    @property
    def moving(self) -> set[str]:
        """The cameras whose motion event lasts."""
        return {event.camera for event in self._ongoing.values()
                if event.kind == MOTION}

    @property
    def seen(self) -> Mapping[str, set[str]]:
        """The names of what was recognised in motion that lasts, by camera."""
        found: Mapping[str, set[str]] = defaultdict(set)
        for event in self._ongoing.values():
            found[event.camera].update(event.objects)
        return found

    def read(self) -> list[Change]:
        """Return what has changed since the last call; raises :exc:`EventsError`."""
        changes: list[Change] = []
        with self._store.reading() as reader:
            self._skip_backlog(reader)
            while arrived := reader.arrivals(self._cursor, PAGE_SIZE):
                self._cursor = arrived[-1][0]
                for _, event in arrived:
                    if not self._store.is_earlier(event.id):
                        self._waiting[event.id] = self._clock.monotonic()
            known = {*self._waiting, *self._ongoing, *self._unnamed}
            events = {event.id: event for event in reader.events([*known])}
        self._milestones.note(events.values())
        for id in [*self._waiting]:
            self._look_at_begin(id, events.get(id), changes)
        self._look_at_names(events, changes)
        for id in [id for id in self._ongoing if id not in self._waiting]:
            self._look_at_end(id, events.get(id), changes)
        return changes

    def _skip_backlog(self, reader: EventReader) -> None:
        """Skip what arrived long ago, but not that it has not ended."""
        newest = reader.newest_arrival()
        if newest < self._cursor:       # the list was replaced
            self._cursor = 0
        if newest - self._cursor < BACKLOG_SIZE:
            return
        self._cursor = max(0, newest - NEWEST_SIZE)
        self._ongoing |= {
            event.id: event for event in reader.open_events()
            if event.kind in LASTING_KINDS and not self._store.is_earlier(event.id)}

    def _look_at_begin(self, id: int, event: Event | None, changes: list[Change]
                       ) -> None:
        waited = self._clock.monotonic() - self._waiting[id]
        if (event and event.kind in PICTURED_KINDS and not event.picture
                and waited < self._picture_seconds):
            return
        del self._waiting[id]
        if event is None or event.kind not in EVENT_TYPES:
            return      # deleted, or of a kind that was not announced
        if self._clock.time() - event.begin < LATE_SECONDS:
            changes.append(Change(event, BEGUN))
            if event.kind == MOTION and not event.sightings:
                self._unnamed.add(id)
        if event.kind in LASTING_KINDS:
            self._ongoing[id] = event

    def _look_at_names(self, events: Mapping[int, Event], changes: list[Change]
                       ) -> None:
        """Note first names, once there is time for their picture."""
        named = self._milestones.ages(NAMED)
        ended = self._milestones.ages(ENDED)
        for id in sorted(self._unnamed):
            event = events.get(id)
            if event and named.get(id, 0.0) >= self._picture_seconds:
                if self._clock.time() - newest(event.sightings) < LATE_SECONDS:
                    changes.append(Change(event, NAMED))
                self._unnamed.remove(id)
            elif event is None or (id not in named
                                   and ended.get(id, 0.0) >= NAME_SECONDS):
                self._unnamed.remove(id)

    def _look_at_end(self, id: int, event: Event | None, changes: list[Change]) -> None:
        if event and event.end is None:
            self._ongoing[id] = event
            return
        before = self._ongoing.pop(id)
        changes.append(Change(event or before, ENDED))      # or deleted meanwhile


def newest(sightings: Iterable[Sighting]) -> float:
    """Return when the last of *sightings* was taken [s since the epoch]."""
    return max(each.at for each in sightings)
