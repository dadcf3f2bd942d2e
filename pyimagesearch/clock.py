"""Time, passed in, so that a test never sleeps for something that must happen."""

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """The three things that the program does with time."""

    def time(self) -> float:
        """Return the wall-clock time [seconds since the epoch]; it may jump."""

    def monotonic(self) -> float:
        """Return a time [seconds] that only ever grows; for intervals."""

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for *event*, at most *seconds*; return whether it is set."""


class SystemClock:
    """The machine's own clock."""

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(max(0.0, seconds))
