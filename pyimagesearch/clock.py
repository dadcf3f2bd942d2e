"""The clock, which is injected, so that tests do not sleep, and the time zone."""

import datetime
import logging
import os
import threading
import time
from typing import Protocol

log = logging.getLogger(__name__)

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


class TimeZone:
    """
    Keep the process in the machine's time zone, which may be changed at any moment.

    The C library reads ``/etc/localtime`` only once unless it is asked again, and a
    file named by ``TZ`` not even then, as long as ``TZ`` stays the same.
    """

    def __init__(self) -> None:
        self._file = os.environ.get("TZ", "").removeprefix(":")     # if it is absolute
        self._version = self._newest_version()

    def follow(self) -> None:
        """Adopt the time zone if it was changed; costs some microseconds."""
        version, before = self._newest_version(), time.tzname
        if version != self._version:
            self._version = version
            same = os.environ["TZ"].removeprefix(":") == self._file
            os.environ["TZ"] = f":{'/' if same else ''}{self._file}"    # another text
        time.tzset()
        if time.tzname != before:
            log.info("the time zone is %s now", time.strftime("%Z (UTC%z)"))

    def _newest_version(self) -> tuple[int, int, int] | None:
        """Return what changes whenever the file that ``TZ`` names does."""
        if not self._file.startswith("/"):
            return None
        try:
            found = os.stat(self._file)
        except OSError:         # it is being replaced
            return self._version
        return found.st_ino, found.st_mtime_ns, found.st_size


def local_time(when: float) -> str:
    """Return *when* [s since the epoch] in words: ``1 March 2026, 08:05``."""
    moment = datetime.datetime.fromtimestamp(when)
    return f"{moment.day} {moment:%B %Y, %H:%M}"


def day_and_time(when: float) -> str:
    """Return *when* [s since the epoch] without the year: ``1 March, 08:05``."""
    moment = datetime.datetime.fromtimestamp(when)
    return f"{moment.day} {moment:%B, %H:%M}"


def short_time(when: float, now: float) -> str:
    """Return the local time of *when* [s]; with its day, if *now* is another one."""
    moment, today = map(datetime.datetime.fromtimestamp, (when, now))
    is_today = moment.date() == today.date()
    return f"{moment:%H:%M}" if is_today else day_and_time(when)
