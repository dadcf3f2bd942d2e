"""Losses of one camera's signal, as events and as lines of the log."""

import logging
import math
import re
from typing import NamedTuple

from pyimagesearch.clock import Clock
from pyimagesearch.events.event import LOST, RETURNED, UNSTEADY, Event
from pyimagesearch.events.store import EventStore

from .ongoing_event import OngoingEvent

log = logging.getLogger(__name__)

HOLD_SECONDS = 10.0     # for which a signal must last to be back
MAX_HOLD_SECONDS = 600.0    # the same for a camera that is lost again and again
MINUTE_SECONDS = 60
NOTE_SECONDS = 10.0     # between two notes of one event
MAX_REASONS = 4         # of one loss that are logged
DIGITS = re.compile(r"[0-9][0-9.,]*")   # by which a reason is no other one


class Return(NamedTuple):
    """The first picture after a loss."""

    at: float           # [s, monotonic]
    captured: float     # [s since the epoch]
    id: int             # of the event that it may become: in order with later ones


class SignalLosses:
    """
    Turn losses of the signal, and its returns, into events.

    The signal is back once it has lasted for ten seconds, as of its first picture. If
    it is lost before, the camera is unsteady: that is one event, however often the
    signal comes and goes. A signal lost within ten minutes of its return has to last
    twice as long the next time, up to ten minutes. A loss that an earlier run of the
    program reported, or that ended as the cameras were switched off, returns as well.
    """

    def __init__(self, camera: str, store: EventStore, clock: Clock) -> None:
        self._camera = camera
        self._store = store
        self._clock = clock
        self._ongoing: OngoingEvent | None = None   # LOST or UNSTEADY
        self._back: Return | None = None    # since the last loss
        self._lost_at = 0.0         # [s, monotonic]
        self._count = 0             # losses in a row
        self._reasons: set[str] = set()     # of the loss that lasts
        self._noted, self._noted_at = "", -math.inf     # when [s, monotonic]
        self._hold = HOLD_SECONDS
        self._returned_at = -math.inf       # [s, monotonic]
        self._first: Return | None = None   # picture of this run, or since a switch
        self._is_settled = False    # what was lost before this run has returned

    @property
    def unsteady_since(self) -> float | None:
        """Since when the signal comes and goes [s since the epoch]; None if not."""
        ongoing = self._ongoing
        is_unsteady = ongoing is not None and ongoing.event.kind == UNSTEADY
        return ongoing.event.begin if ongoing and is_unsteady else None

    def begin(self, since: float, reason: str, silence: float, hint: str = "") -> None:
        """
        Begin a loss; or change the *reason* of the one that lasts.

        The signal was lost at *since* [s since the epoch], *silence* seconds ago.
        *hint* is added in the log.
        """
        back, self._back = self._back, None
        if self._ongoing and not back:
            self._change(reason)
            return
        self._lost_at = self._clock.monotonic() - silence
        self._count += 1
        self._reasons = {DIGITS.sub("0", reason)}
        if self._ongoing is None:
            lately = self._lost_at - self._returned_at < MAX_HOLD_SECONDS
            self._hold = min(2 * self._hold, MAX_HOLD_SECONDS) if lately else (
                HOLD_SECONDS)
            event = self._store.add(LOST, since, None, self._camera, reason)
            self._noted = reason
            self._ongoing = OngoingEvent(event, self._lost_at)
            log.warning("%s: no signal: %s%s", self._camera, reason, hint)
        elif back and self.unsteady_since is None:
            self._begin_unsteady(self._ongoing, back, reason)
        else:
            self._note(reason)

    def on_frame(self, at: float, captured: float) -> None:
        """Take note of a picture that arrived *at* [s, monotonic]."""
        if not self._is_settled:
            self._settle_earlier(at, captured)
        if self._ongoing is None:
            return
        if self._back is None:
            self._back = Return(at, captured, self._store.new_id())
            log.debug("%s: picture after %.1f s", self._camera, at - self._lost_at)
        if at - self._back.at >= self._hold:
            self._end(self._ongoing, self._back)

    def abandon(self) -> None:
        """End the loss that lasts without a return: the camera was switched off."""
        if self._ongoing:
            self._ongoing.end(self._store, self._clock.monotonic())
        self._ongoing = self._back = self._first = None
        self._count, self._is_settled = 0, False

    def close(self) -> None:
        """End a loss that is over, however short that has been, with the program."""
        if self._ongoing and self._back:
            self._end(self._ongoing, self._back)

    def _change(self, reason: str) -> None:
        """Note another *reason* of the loss that lasts."""
        kind = DIGITS.sub("0", reason)
        is_new = kind not in self._reasons and len(self._reasons) < MAX_REASONS
        if is_new and self.unsteady_since is None:
            self._reasons.add(kind)
            log.warning("%s: no signal: %s", self._camera, reason)
        self._note(reason, at_once=is_new)

    def _note(self, reason: str, *, at_once: bool = False) -> None:
        now, note = self._clock.monotonic(), reason
        if self.unsteady_since is not None:
            note = f"lost {self._count} times, at last: {reason}"
        is_due = at_once or now - self._noted_at >= NOTE_SECONDS
        if self._ongoing and is_due and note != self._noted:
            self._noted, self._noted_at = note, now
            self._store.note(self._ongoing.event.id, note)

    def _settle_earlier(self, at: float, captured: float) -> None:
        """Add the return from a loss of an earlier run, once the signal has lasted."""
        if self._first is None:
            self._first = Return(at, captured, self._store.new_id())
        if self._ongoing:       # its own return is added
            self._is_settled = True
        elif at - self._first.at >= HOLD_SECONDS:
            self._is_settled = True
            self._store.add_return(Event(
                id=self._first.id, camera=self._camera, kind=RETURNED,
                begin=self._first.captured, end=self._first.captured))

    def _begin_unsteady(self, lost: OngoingEvent, back: Return, reason: str) -> None:
        lost.end(self._store, back.at)
        event = Event(id=back.id, camera=self._camera, kind=UNSTEADY,
                      begin=back.captured, end=None)
        self._ongoing = OngoingEvent(event, back.at)
        self._store.begin(event)
        self._note(reason, at_once=True)
        log.warning("%s: unsteady: the signal was lost again after %.1f s, which is "
                    "reported once: %s", self._camera, self._lost_at - back.at, reason)

    def _end(self, ongoing: OngoingEvent, back: Return) -> None:
        """End the loss that lasts with the return of the signal."""
        ongoing.end(self._store, back.at)
        note = f"after {duration(back.at - self._lost_at)}"
        if self.unsteady_since is not None:
            times = f"lost {self._count} times"
            unsteady = duration(back.at - ongoing.at)
            note = f"after being unsteady for {unsteady}, {times}"
            self._store.note(ongoing.event.id, times)
        self._store.begin(Event(id=back.id, camera=self._camera, kind=RETURNED,
                                begin=back.captured, end=back.captured, note=note))
        log.info("%s: signal back %s; it has lasted for %.0f s", self._camera, note,
                 self._clock.monotonic() - back.at)
        self._ongoing = self._back = None
        self._count, self._returned_at = 0, back.at


def duration(seconds: float) -> str:
    """Return *seconds* in words, from two minutes on in minutes."""
    return (f"{seconds:.0f} s" if seconds < 2 * MINUTE_SECONDS
            else f"{seconds / MINUTE_SECONDS:.0f} minutes")
