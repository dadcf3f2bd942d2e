"""Events of a camera that last for a while."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import final

from pyimagesearch.events.event import ZONE, Event
from pyimagesearch.events.store import EventStore
from pyimagesearch.frames import Box
from pyimagesearch.recording.clip_metadata import ClipMetadata


@final
@dataclass(frozen=True)
class OngoingEvent:
    """An event that has begun and not ended."""

    event: Event
    at: float       # when it began [s, monotonic]
    zones: list[str] = field(default_factory=list)  # in which something moved so far

    def note_zones(self, store: EventStore, names: Iterable[str]) -> None:
        """Note that something moved in the zones with these *names*."""
        new = [name for name in names if name not in self.zones]
        self.zones.extend(new)
        if new:
            store.note(self.event.id, "in " + ", ".join(self.zones))
            store.label(self.event.id, ZONE, new)

    def end(self, store: EventStore, at: float, peak_area: float = 0.0,
            peak_box: Box | None = None) -> Event:
        """
        End it *at* [s, monotonic], and return it as a whole.

        The time is counted from the begin, as the wall clock may have been set since.
        """
        end = self.event.begin + at - self.at
        store.end(self.event.id, end, peak_area, peak_box)
        return replace(self.event, end=end, peak_area=peak_area, peak_box=peak_box)


def metadata_of(event: Event) -> ClipMetadata:
    """Return the metadata for the clips of *event*."""
    return ClipMetadata(event=event.id, camera=event.camera, kind=event.kind,
                        begin=event.begin, end=event.end, peak_area=event.peak_area,
                        peak_box=event.peak_box)
