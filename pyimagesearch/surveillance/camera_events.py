"""The events of one camera, as the store keeps them and as its clips describe them."""

from dataclasses import replace
from typing import NamedTuple

from pyimagesearch.events.event import Event
from pyimagesearch.events.store import EventStore
from pyimagesearch.frames import Box
from pyimagesearch.recording.clip_metadata import ClipMetadata


class OngoingEvent(NamedTuple):
    """An event that has begun and not ended."""

    event: Event
    at: float       # when it began [s, monotonic]

    def time_of(self, at: float) -> float:
        """
        Return the moment *at* [s, monotonic] in seconds since the epoch.

        It is counted from the begin, as the wall clock may have been set since.
        """
        return self.event.begin + at - self.at


class CameraEvents:
    """Write the events of one camera to the store. May be used from any thread."""

    def __init__(self, store: EventStore, camera: str) -> None:
        self._store = store
        self._camera = camera

    def begin(self, kind: str, begin: float, at: float, note: str = "") -> OngoingEvent:
        """Begin an event at *begin* [s since the epoch], or *at* [s, monotonic]."""
        return OngoingEvent(self._add(kind, begin, None, note), at)

    def end(self, ongoing: OngoingEvent, at: float, peak_area: float = 0.0,
            peak_box: Box | None = None) -> Event:
        """End an event *at* [s, monotonic], and return it as a whole."""
        end = ongoing.time_of(at)
        self._store.end(ongoing.event.id, end, peak_area, peak_box)
        return replace(ongoing.event, end=end, peak_area=peak_area, peak_box=peak_box)

    def add(self, kind: str, time: float, note: str = "") -> Event:
        """Add an event that begins and ends at *time* [s since the epoch]."""
        return self._add(kind, time, time, note)

    def describe(self, ongoing: OngoingEvent, note: str) -> None:
        """Replace the note of an event."""
        self._store.note(ongoing.event.id, note)

    def add_level(self, minute: int, area: float) -> None:
        """Add the largest *area* of motion [per mille] of a *minute* of the epoch."""
        self._store.level(self._camera, minute, area)

    def _add(self, kind: str, begin: float, end: float | None, note: str) -> Event:
        event = Event(id=self._store.new_id(), camera=self._camera, kind=kind,
                      begin=begin, end=end, note=note)
        self._store.begin(event)
        return event


def metadata_of(event: Event) -> ClipMetadata:
    """Return the metadata for the clips of *event*."""
    return ClipMetadata(event=event.id, camera=event.camera, kind=event.kind,
                        begin=event.begin, end=event.end, peak_area=event.peak_area,
                        peak_box=event.peak_box)
