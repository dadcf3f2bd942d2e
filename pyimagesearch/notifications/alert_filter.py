"""Which events raise alerts, by the settings of their camera."""

from dataclasses import dataclass

from pyimagesearch.events.event import (
    COVERED,
    LOGIN_REFUSED,
    LOST,
    MANUAL,
    MOTION,
    MOVED,
    RETURNED,
    SNAPSHOT,
    UNFOCUSED,
    UNSTEADY,
    Event,
)
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.settings.schedule import schedule_of

from .alert import DISK
from .alert_sources import AlertSources
from .event_snapshot import Snapshot
from .milestones import NAME_SECONDS

LOSS_SECONDS = 30.0     # without a picture, after which a loss raises an alert

LOSS_KINDS = (LOST, RETURNED, UNSTEADY)
DAILY_KINDS = (LOGIN_REFUSED, DISK)     # one alert a day
# these occur while their camera is disarmed as well; motion does not
UNARMED_KINDS = (*DAILY_KINDS, MANUAL, SNAPSHOT)
# these have a share of an hour's alerts of their own, and motion does not silence them
URGENT_KINDS = (*LOSS_KINDS, *DAILY_KINDS, MOVED, COVERED, UNFOCUSED)


@dataclass(frozen=True)
class AlertFilter:
    """Decide which events raise alerts at all, by the settings in force now."""

    sources: AlertSources

    def raises(self, event: Event, snapshot: Snapshot) -> bool | None:
        """
        Return whether *event*, one of *snapshot*, raises an alert.

        ``None`` if that depends on what is still to come.
        """
        camera = self.sources.camera(event.camera)
        kind = LOST if event.kind == RETURNED else event.kind
        if not camera.raises_alerts(kind):
            return False
        if kind in UNARMED_KINDS and not self.sources.armed(event.camera):
            return False
        hours = schedule_of(camera.alert_hours, self.sources.settings.place)
        if not hours.contains(event.begin):
            return False
        if kind == MOTION:
            return self._moved_enough(event, camera, snapshot)
        return is_loss(event, snapshot.age(event)) if event.kind == LOST else True

    def _moved_enough(self, event: Event, camera: CameraSettings, snapshot: Snapshot
                      ) -> bool | None:
        """Return whether motion was in a zone, and of an object, that raise alerts."""
        silent = {zone.name for zone in camera.zones if not zone.alerts}
        if event.zones and silent.issuperset(event.zones):
            return None if event.end is None else False
        seen = {word.lower() for each in event.sightings
                for word in (each.name, each.label)}
        if not camera.alert_objects or camera.alert_objects & seen:
            return True
        ended = 0.0 if event.end is None else snapshot.end_seen.get(event.id, 0.0)
        return None if ended < NAME_SECONDS else False


def is_loss(event: Event, age: float) -> bool | None:
    """Return whether the loss is long enough; ``None`` if it may become so."""
    if event.end is not None:
        return event.end - event.begin >= LOSS_SECONDS
    return True if age >= LOSS_SECONDS else None
