"""Limit repeated lines in the log."""

import logging
import re
import threading
from dataclasses import dataclass

from pyimagesearch.clock import Clock

WINDOW_SECONDS = 60.0
MAX_LINES = 6           # in a window, of one message about one camera
MAX_INFOS = 10          # in a window, of all messages of that level about one camera
MAX_WINDOWS = 2000      # at a time
NUMBERS = re.compile(r"0x[0-9a-f]+|\d+")
SUBJECT_START = "%s: "  # of messages about one camera


@dataclass
class Window:
    """What came since a moment [s, monotonic]."""

    since: float
    logged: int = 0
    left_out: int = 0

    def is_over(self, now: float) -> bool:
        """Return whether another window begins *now*."""
        return now - self.since >= WINDOW_SECONDS


class RepeatFilter(logging.Filter):
    """
    Log the same text once a minute, and the same message six times a minute.

    Texts of warnings and errors are the same if they differ only in numbers, and are
    about the same camera and of the same error. A message is what one line of the
    program logs about one camera, address or file, the first value in it; of level
    ``info``, ten a minute are logged about it. The next line says how many were left
    out. Any thread may log. Messages of level ``debug`` all pass, and those with the
    attribute ``is_bounded``, whose number is limited where they are made.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()       # guards the next attribute
        self._windows: dict[int, Window] = {}   # by hash: a text may be very long

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether *record* is logged; add how many like it were not."""
        if record.levelno < logging.INFO or getattr(record, "is_bounded", False):
            return True
        try:
            return self._judge(record)
        except Exception:   # who logs must not fail: the handler reports what it is
            return True

    def _judge(self, record: logging.LogRecord) -> bool:
        text, now = record.getMessage(), self._clock.monotonic()
        kind = NUMBERS.sub("0", text) if record.levelno > logging.INFO else text
        subject, origin = subject_of(record), origin_of(record)
        # the name of a camera may hold numbers that tell it from others
        about = subject if str(record.msg).startswith(SUBJECT_START) else ""
        limits = [(hash((record.name, kind, about, origin)), 1),
                  (hash((record.name, record.msg, subject, origin)), MAX_LINES)]
        if subject and record.levelno == logging.INFO:
            limits.append((hash(subject), MAX_INFOS))
        with self._lock:
            addition = self._admit_all(limits, now)
        if addition:
            record.msg, record.args = f"{text} {addition}", ()
        return addition is not None

    def _admit_all(self, limits: list[tuple[int, int]], now: float) -> str | None:
        """Return what to add to a line of these *limits*, ``None`` to leave it out."""
        if len(self._windows) >= MAX_WINDOWS:
            self._forget(now)
        found = ""
        for key, most in limits:
            addition = self._admit(key, most, now)
            if addition is None:
                return None
            found = found or addition
        return found

    def _admit(self, key: int, most: int, now: float) -> str | None:
        """Return what to add to the line of *key*, ``None`` to leave it out."""
        window, addition = self._windows.get(key), ""
        if window is None or window.is_over(now):
            if window and window.left_out:
                addition = f"({window.left_out} more in {now - window.since:.0f} s)"
            window = self._windows[key] = Window(now)
        if window.logged >= most:
            window.left_out += 1
            return None
        window.logged += 1
        return addition

    def _forget(self, now: float) -> None:
        """Drop what is over, or else all."""
        self._windows = {key: window for key, window in self._windows.items()
                         if not window.is_over(now)}
        if len(self._windows) >= MAX_WINDOWS:
            self._windows.clear()


def subject_of(record: logging.LogRecord) -> str:
    """Return the camera, address or file that *record* is about; empty without one."""
    return (str(record.args[0]) if isinstance(record.args, tuple) and record.args
            else "")


def origin_of(record: logging.LogRecord) -> tuple[object, ...]:
    """Return the type of the error of *record*, and where it was raised."""
    kind, _, traceback = record.exc_info or (None, None, None)
    while traceback and traceback.tb_next:
        traceback = traceback.tb_next
    where = traceback and (traceback.tb_frame.f_code.co_filename, traceback.tb_lineno)
    return kind, where
