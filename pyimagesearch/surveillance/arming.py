"""Arm and disarm motion events, for all cameras."""

import threading
from collections.abc import Callable

from pyimagesearch.clock import Clock
from pyimagesearch.events.event import ARMED, DISARMED
from pyimagesearch.events.store import EventStore


class Arming:
    """
    Whether motion starts events, across restarts. May be used from any thread.

    The state is *armed* until :meth:`restore` reads it from the store.
    """

    def __init__(self, store: EventStore, clock: Clock) -> None:
        self.armed = True
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()   # guards armed and the next line
        self._is_known = False          # restored, or set since the start
        self._listeners: list[Callable[[bool], object]] = []

    def add_listener(self, listener: Callable[[bool], object]) -> None:
        """Call *listener* with the state, now and after each change."""
        self._listeners.append(listener)
        listener(self.armed)

    def arm(self, armed: bool) -> None:
        """Arm or disarm; idempotent."""
        with self._lock:
            was_known = self._is_known
            is_change = self._set(armed)
        if is_change or not was_known:
            self._store.remember("armed", "yes" if armed else "no")
        if is_change:
            now = self._clock.time()
            self._store.add(ARMED if armed else DISARMED, now, now)

    def restore(self) -> None:
        """Read the state from the store, unless it was set since the start."""
        with self._store.reading() as reader:
            armed = reader.remembered("armed") != "no"
        with self._lock:
            if not self._is_known:
                self._set(armed)

    def _set(self, armed: bool) -> bool:
        """Set the state; return whether it has changed."""
        before, self.armed, self._is_known = self.armed, armed, True
        if armed == before:
            return False
        for listener in self._listeners:
            listener(armed)
        return True
