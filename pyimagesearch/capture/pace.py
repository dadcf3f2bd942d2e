"""Pace frames, as a camera's sensor clock does."""

import threading

from pyimagesearch.clock import Clock


class Pace:
    """
    Return from :meth:`tick` *fps* times a second.

    A delay of up to half a second is caught up; after a longer pause, such as a
    suspended machine, the pace starts over instead of racing.
    """

    def __init__(self, fps: float, closing: threading.Event, clock: Clock) -> None:
        self._interval = 1.0 / fps
        self._closing = closing
        self._clock = clock
        self._due = clock.monotonic()

    def tick(self) -> None:
        """Wait until the next frame is due, or until closing."""
        late = self._clock.monotonic() - self._due
        if late > 0.5:
            self._due += late
        else:
            self._clock.wait(self._closing, -late)
        self._due += self._interval
