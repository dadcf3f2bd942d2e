"""What many watch at once: it counts them, and wakes them at each change."""

import threading
from collections.abc import Callable

from pyimagesearch.rates import Stopwatch


class Broadcast:
    """
    The viewers of something that changes, without a queue for each.

    Every method may be called and every attribute read from any thread.
    """

    def __init__(self) -> None:
        self.viewers = 0        # that watch at this moment
        self.closed = False
        self.sending = Stopwatch()      # spent by a server that sends to all viewers
        self._changed = threading.Condition()   # guards changes, also of subclasses
        self._listeners: list[Callable[[], object]] = []

    def add_listener(self, callback: Callable[[], object]) -> None:
        """
        Call *callback* after each change and at :meth:`close`.

        It runs on the thread that makes the change and must be quick.
        """
        with self._changed:
            self._listeners = [*self._listeners, callback]

    def remove_listener(self, callback: Callable[[], object]) -> None:
        """Call *callback* no longer."""
        with self._changed:
            self._listeners = [each for each in self._listeners if each != callback]

    def close(self) -> None:
        """End the streams of all viewers, present and future."""
        self.closed = True
        self._notify()

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()
        for callback in self._listeners:
            callback()
