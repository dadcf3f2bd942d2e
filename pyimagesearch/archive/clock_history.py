"""Judge by what the wall clock showed so far how far it can be believed."""

import datetime
import json
import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pyimagesearch.clock import EARLIEST_TIME, Clock

log = logging.getLogger(__name__)

CONFIRM_SECONDS = 86_400.0      # of running, after which a clock that was set counts
TOLERANCE_SECONDS = 60.0        # by which the clock may be adjusted without being set
LOGGED_SECONDS = 3600.0         # by which it must have been set to be worth a line
USUAL_PAUSE_SECONDS = 30 * 86_400.0     # between two runs, which is worth none
MAX_ENTRIES = 100               # of each kind that are kept


class Reading(NamedTuple):
    """For how long the wall clock was how far from the time that the program ran."""

    offset: float       # the wall clock minus all running time [s]
    seconds: float      # of running


class Correction(NamedTuple):
    """What was recorded before the clock was set, in the same run."""

    first: int          # sequence numbers
    last: int
    seconds: float      # by which the clock was set


class ClockHistory:
    """
    Keep account of the wall clock: when it was set, and what it shows for sure.

    A machine without a battery for its clock starts in 1970 or at the last shutdown; a
    clock may also be a year ahead. So :meth:`time` is what the clock has shown, or more
    than that, for the last day of running: time in which the program did not run counts
    a day later, and so does every other jump. *saved* is the state of an earlier run
    (:meth:`as_text`); without one, the clock showed *newest* before, as the file says
    that was recorded last. *new_id* returns the next sequence number. Belongs to one
    thread.
    """

    def __init__(self, clock: Clock, saved: str | None, new_id: Callable[[], int],
                 newest: float | None = None) -> None:
        state = json.loads(saved or '{"ran": 0, "readings": [], "corrections": []}')
        self._began = self._ran = float(state["ran"])   # running time of the program,
                                                        # before this run and now [s]
        self._readings = [Reading(*each) for each in state["readings"]]
        self._corrections = [Correction(*each) for each in state["corrections"]]
        self._clock = clock
        self._new_id = new_id
        self._first = new_id()      # sequence number with which this run begins
        self._at = clock.monotonic()
        self._offset = clock.time() - self._ran
        if saved is None and newest is not None and newest >= EARLIEST_TIME:
            self._readings.append(Reading(newest, 0.0))
        if self._readings:
            pause = self._offset - self._readings[-1].offset
            if not 0 <= pause <= USUAL_PAUSE_SECONDS:
                self._log_jump(pause)
        self._read(0.0)

    def update(self) -> bool:
        """Read the clock every few seconds; return whether it was set meanwhile."""
        now = self._clock.monotonic()
        passed, self._at = now - self._at, now
        self._ran += passed
        before, self._offset = self._offset, self._clock.time() - self._ran
        self._read(passed)
        return self._correct(self._offset - before)

    def time(self) -> float | None:
        """
        Return the time that it is at least [s since the epoch].

        ``None`` if the clock was never set.
        """
        offsets = [each.offset for each in self._readings]
        return self._ran + min(offsets) if offsets else None

    def ages(self, files: Sequence[tuple[int, float]]) -> list[float | None]:
        """
        Return how old each of *files* is at least [s]; ``None`` if nothing is known.

        Each has a sequence number, and a time as the clock showed it [s since the
        epoch]. Within one run, no setting of the clock changes an age.
        """
        shown, sure = self._ran + self._offset, self.time()
        began = self._began + self._offset - TOLERANCE_SECONDS
        ages = list[float | None]()
        for sequence, when in files:
            of_this_run = sequence >= self._first
            earliest, now = (began, shown) if of_this_run else (EARLIEST_TIME, sure)
            shift = sum(each.seconds for each in self._corrections
                        if each.first <= sequence <= each.last)
            # which clock of an earlier run was right is not known: the younger one
            date = when + (shift if of_this_run else max(0.0, shift))
            ages.append(None if now is None or not earliest <= date <= now
                        else now - date)
        return ages

    def as_text(self) -> str:
        """Return the state, for the next run."""
        return json.dumps({"ran": self._ran, "readings": self._readings,
                           "corrections": self._corrections})

    def _correct(self, jump: float) -> bool:
        """Date this run's files again if the clock was set, by *jump* seconds."""
        if abs(jump) <= TOLERANCE_SECONDS:
            return False
        self._log_jump(jump)
        made = self._corrections
        made.append(Correction(self._first, self._new_id(), jump))
        if len(made) > MAX_ENTRIES:
            made.remove(min(made, key=lambda each: abs(each.seconds)))
        return True

    def _read(self, passed: float) -> None:
        """Add *passed* seconds of running to the readings of the last day."""
        wall, readings = self._ran + self._offset, self._readings
        if wall < EARLIEST_TIME:
            return      # not set yet
        if readings and abs(self._offset - readings[-1].offset) <= TOLERANCE_SECONDS:
            readings[-1] = Reading(self._offset, readings[-1].seconds + passed)
        else:
            readings.append(Reading(self._offset, 0.0))
        while sum(each.seconds for each in readings[1:]) >= CONFIRM_SECONDS:
            del readings[0]
        if len(readings) > MAX_ENTRIES:
            readings[:2] = [Reading(min(readings[0].offset, readings[1].offset),
                                    readings[0].seconds + readings[1].seconds)]

    def _log_jump(self, jump: float) -> None:
        if abs(jump) >= LOGGED_SECONDS:
            shown = datetime.datetime.fromtimestamp(self._ran + self._offset)
            log.info("the clock shows %s, %.1f hours %s expected; nothing is deleted "
                     "on its word before it has kept this time for a day",
                     shown.isoformat(" ", "seconds"), abs(jump) / 3600,
                     "later than" if jump > 0 else "earlier than")
