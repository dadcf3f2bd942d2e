"""Turn lasting trouble with the disk into an event, which no list contains."""

import math

from pyimagesearch.events.event import Event

from .alert import DISK
from .alert_sources import AlertSources

TROUBLE_SECONDS = 30.0  # of trouble, before it raises an alert
RENEWAL_SECONDS = 43_200.0      # after which the same trouble is another event


class DiskWatch:
    """
    Watch whether clips and events can be written. Belongs to one thread.

    :attr:`event` is the trouble that lasts, if it is long enough for an alert.
    """

    def __init__(self, sources: AlertSources) -> None:
        self.event: Event | None = None
        self._sources = sources
        self._since = math.inf      # [s, monotonic]
        self._made_at = -math.inf   # when the event was [s, monotonic]

    def look(self) -> None:
        """Check the archive, and set :attr:`event`."""
        clock, trouble = self._sources.clock, self._sources.trouble()
        now = clock.monotonic()
        self._since = min(self._since, now) if trouble else math.inf
        lasted = now - self._since
        if lasted < TROUBLE_SECONDS:
            self.event = None
        elif self.event is None or now - self._made_at >= RENEWAL_SECONDS:
            self._made_at = now
            self.event = Event(id=self._sources.store.new_id(), camera="", kind=DISK,
                               begin=clock.time() - lasted, end=None, note=trouble)
