"""Losses of one camera's signal, as events."""

from pyimagesearch.clock import Clock
from pyimagesearch.events.event import LOST, RETURNED

from .camera_events import CameraEvents, OngoingEvent


class SignalLosses:
    """Turn each loss of the signal, and its return, into an event."""

    def __init__(self, events: CameraEvents, clock: Clock) -> None:
        self._events = events
        self._clock = clock
        self._ongoing: OngoingEvent | None = None

    def begin(self, since: float, reason: str, silence: float = 0.0) -> None:
        """
        Begin a loss; or change the *reason* of the one that lasts.

        The signal was lost at *since* [s since the epoch], *silence* seconds ago.
        """
        if self._ongoing:
            self._events.describe(self._ongoing, reason)
            return
        self._ongoing = self._events.begin(
            LOST, since, self._clock.monotonic() - silence, reason)

    def end(self) -> None:
        """End the loss that lasts, if there is one, with the return of the signal."""
        if ongoing := self._ongoing:
            self.abandon()
            took = self._clock.monotonic() - ongoing.at
            self._events.add(RETURNED, self._clock.time(), f"after {took:.0f} s")

    def abandon(self) -> None:
        """End the loss that lasts without a return: the camera was switched off."""
        if self._ongoing:
            self._events.end(self._ongoing, self._clock.monotonic())
            self._ongoing = None
