"""Pace frames, as a camera's sensor clock does."""

import threading

from pyimagesearch.clock import Clock


class Pace:
    """
    Return from :meth:`tick` *fps* times a second, unless given an interval.

    A delay of up to half a second is caught up; after a longer pause, such as a
    suspended machine, the pace starts over instead of racing.
    """

    def __init__(self, fps: float, closing: threading.Event, clock: Clock) -> None:
        self._interval = 1.0 / fps
        self._closing = closing
        self._clock = clock
        self._due = clock.monotonic() - self._interval      # of the last frame

    def tick(self, interval: float | None = None) -> None:
        """Wait until *interval* [s] after the last frame was due, or until closing."""
        self._due += self._interval if interval is None else interval
        late = self._clock.monotonic() - self._due
        if late > 0.5:
            self._due += late
        elif late < 0:
            self._clock.wait(self._closing, -late)
