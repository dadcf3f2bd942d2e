"""Give frames at a rate of their own: what a camera's sensor clock does."""

import threading

from pyimagesearch.clock import Clock


class Pace:
    """
    Wait so that :meth:`tick` returns *fps* times a second.

    A tick that comes late is made up for, up to half a second; after a longer
    pause (a suspended machine) the rhythm starts anew instead of racing.
    """

    def __init__(self, fps: float, closing: threading.Event, clock: Clock) -> None:
        self._interval = 1.0 / fps
        self._closing = closing
        self._clock = clock
        self._due = clock.monotonic()

    def tick(self) -> None:
        """Wait until the next frame is due, or until we are closing."""
        late = self._clock.monotonic() - self._due
        if late > 0.5:
            self._due += late
        else:
            self._clock.wait(self._closing, -late)
        self._due += self._interval
