"""Repair the time stamps of packets, which many cameras get wrong."""

from typing import NamedTuple

TICKS_PER_SECOND = 90_000   # of the time stamps of packets
TOLERANCE_SECONDS = 1.0     # between where a stamp is and where it should be
MAX_LATE_SECONDS = 0.5      # from being taken to arriving, but for a backlog
DRAIN_SECONDS = 1.0         # in which a backlog must become shorter; we may stall
DRAINED_SECONDS = 0.1       # by this much
MAX_REORDER_SECONDS = 5.0   # from decoding a frame to showing it


class RepairedTimes(NamedTuple):
    """When to show and when to decode a packet, on our monotonic clock."""

    pts: int            # presentation time [1/90000 s]
    dts: int            # decoding time [1/90000 s]; later than that of the last packet


class TimeStamps:
    """
    Move the stamps of one stream to our monotonic clock, and detect stale packets.

    A stamp counts relative to the one before. If it advances by a second more or less
    than the clock, or not at all, it is wrong, and the time of arrival replaces it. It
    is never taken for later than its arrival, nor for more than half a second earlier:
    so stamps that run too fast or too slowly end up advancing with the clock.

    After a pause in which nothing arrived, packets with older stamps that come faster
    than they were taken are a backlog: they keep their times, and :attr:`stale` is set
    until they are less than half a second behind. If they come no faster, the camera's
    clock had stood still.
    """

    def __init__(self) -> None:
        self.stale = False
        self._stamp: float | None = None    # of the newest packet [s]
        self._arrived = 0.0         # when that arrived [s, monotonic]
        self._pause = float("inf")  # before it [s]
        self._late = 0.0            # how long before its arrival it was taken [s]
        self._backlog = 0.0         # how late the packets were [s]
        self._drained_at = 0.0      # when they were, and less late than ever before [s]
        self._dts = -1              # [1/90000 s]

    def repair(self, pts: float | None, dts: float | None, now: float) -> RepairedTimes:
        """
        Return the times of the packet stamped *pts* and *dts* [s, or None].

        *now* is when it arrived [s, monotonic].
        """
        stamp = pts if dts is None else dts
        self._late = self._lateness(stamp, now)
        at = now - self._late
        self._dts = max(self._dts + 1, round(at * TICKS_PER_SECOND))
        reordered = 0.0 if pts is None or stamp is None else pts - stamp
        if 0 < reordered <= MAX_REORDER_SECONDS:
            at += reordered
        return RepairedTimes(max(self._dts, round(at * TICKS_PER_SECOND)), self._dts)

    def _lateness(self, stamp: float | None, now: float) -> float:
        """Return how long before *now* the packet was taken, and remember it."""
        pause, last_pause = now - self._arrived, self._pause
        step = 0.0 if stamp is None or self._stamp is None else stamp - self._stamp
        self._stamp, self._arrived, self._pause = stamp, now, pause
        late = self._late + pause - step
        if step <= 0:
            self.stale = False
            return 0.0
        if self.stale:
            return self._drain(late, now)
        if abs(pause - step) <= TOLERANCE_SECONDS:
            return min(max(0.0, 0.999 * late), MAX_LATE_SECONDS)    # follows a drift
        if step < pause and pause > TOLERANCE_SECONDS + 2 * last_pause:
            self.stale, self._backlog, self._drained_at = True, late, now
            return late
        return 0.0

    def _drain(self, late: float, now: float) -> float:
        """Return how late a packet of the backlog is; 0 if there is none any more."""
        if late < self._backlog - DRAINED_SECONDS:
            self._backlog, self._drained_at = late, now
        elif now - self._drained_at > DRAIN_SECONDS:
            late = 0.0
        self.stale = late > MAX_LATE_SECONDS
        return max(0.0, late)
