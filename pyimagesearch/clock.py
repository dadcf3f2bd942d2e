"""The clock, which is injected, so that tests do not sleep."""

import threading
import time
from typing import Protocol

EARLIEST_TIME = 1_735_689_600.0     # 2025: a clock that shows less was never set [s]


class Clock(Protocol):
    """What the program uses of time."""

    def time(self) -> float:
        """Return the wall-clock time [seconds since the epoch]; it may jump."""

    def monotonic(self) -> float:
        """Return a time [seconds] that is never set back; for intervals."""

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for *event*, at most *seconds*; return whether it is set."""


class SystemClock:
    """The clock of the operating system."""

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(max(0.0, seconds))
