"""Losses of one camera's signal, as events."""

from pyimagesearch.clock import Clock
from pyimagesearch.events.event import LOST, RETURNED
from pyimagesearch.events.store import EventStore

from .ongoing_event import OngoingEvent


class SignalLosses:
    """Turn each loss of the signal, and its return, into an event."""

    def __init__(self, camera: str, store: EventStore, clock: Clock) -> None:
        self._camera = camera
        self._store = store
        self._clock = clock
        self._ongoing: OngoingEvent | None = None

    def begin(self, since: float, reason: str, silence: float) -> None:
        """
        Begin a loss; or change the *reason* of the one that lasts.

        The signal was lost at *since* [s since the epoch], *silence* seconds ago.
        """
        if self._ongoing:
            self._store.note(self._ongoing.event.id, reason)
            return
        event = self._store.add(LOST, since, None, self._camera, reason)
        self._ongoing = OngoingEvent(event, self._clock.monotonic() - silence)

    def end(self) -> None:
        """End the loss that lasts, if there is one, with the return of the signal."""
        if ongoing := self._ongoing:
            self.abandon()
            took = self._clock.monotonic() - ongoing.at
            now = self._clock.time()
            self._store.add(RETURNED, now, now, self._camera, f"after {took:.0f} s")

    def abandon(self) -> None:
        """End the loss that lasts without a return: the camera was switched off."""
        if self._ongoing:
            self._ongoing.end(self._store, self._clock.monotonic())
            self._ongoing = None
