"""What an alert waits for before it is sent: a better picture, and names of objects."""

from dataclasses import dataclass

from pyimagesearch.events.event import MOTION, Event

from .alert_filter import LOSS_KINDS
from .alert_sources import AlertSources
from .event_snapshot import Snapshot
from .milestones import NAME_SECONDS

PEAK_SECONDS = 0.9      # of motion, after which its picture shows more than an edge
MAX_STILL_SECONDS = 1.0     # to wait for the picture of an event that begins
STILL_AGE_SECONDS = 1.2     # of motion, from which on the wait is shorter
MIN_STILL_SECONDS = 0.3     # to wait even then; or for the picture of an object
FIRST_NAME_SECONDS = 2.0    # of motion, in which a message that stays awaits a name
UPDATE_SECONDS = 0.5    # to wait for the picture of an object, to replace another
END_SECONDS = 1.0       # to wait for the last picture of an event that has ended


@dataclass(frozen=True)
class AlertWaits:
    """Decide whether something that an alert should hold may still come in time."""

    sources: AlertSources
    takes_updates: bool

    def before_begin(self, event: Event, snapshot: Snapshot) -> bool:
        """Return whether the first alert of *event* waits for a picture or a name."""
        return (self._awaits_name(event, snapshot)
                or self._awaits_still(event, snapshot))

    def before_update(self, event: Event, snapshot: Snapshot) -> bool:
        """Return whether the names of *event* wait for the picture of the object."""
        return snapshot.named_seen.get(event.id, 0.0) < UPDATE_SECONDS

    def before_end(self, event: Event, snapshot: Snapshot) -> bool:
        """Return whether the end of *event* waits for its last picture, or a name."""
        seen = snapshot.end_seen.get(event.id, 0.0)
        if self._may_be_named(event):
            return seen < NAME_SECONDS
        return seen < END_SECONDS or (
            bool(event.sightings) and self.before_update(event, snapshot))

    def _may_be_named(self, event: Event) -> bool:
        """Return whether nothing is recognised in *event* yet, but may be."""
        return (event.kind == MOTION and not event.sightings
                and not self.sources.objects_off)

    def _awaits_name(self, event: Event, snapshot: Snapshot) -> bool:
        return (not self.takes_updates and self._may_be_named(event)
                and snapshot.age(event) < FIRST_NAME_SECONDS)

    def _awaits_still(self, event: Event, snapshot: Snapshot) -> bool:
        """Return whether the picture of *event* may still come in time."""
        camera = self.sources.camera(event.camera)
        if (not event.camera or event.kind in LOSS_KINDS or not camera.record
                or not self.sources.settings.alert_stills):
            return False
        if event.sightings and (
                snapshot.named_seen.get(event.id, 0.0) < MIN_STILL_SECONDS):
            return True
        seen, age = snapshot.seen.get(event.id, 0.0), snapshot.age(event)
        if event.picture:       # a better one comes soon after motion has begun
            return event.kind == MOTION and event.end is None and age < PEAK_SECONDS
        is_young = event.kind != MOTION or age < STILL_AGE_SECONDS
        return seen < (MAX_STILL_SECONDS if is_young else MIN_STILL_SECONDS)
