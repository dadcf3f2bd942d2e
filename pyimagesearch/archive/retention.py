"""Which clips go, so that the next ones find room."""

from collections.abc import Iterable
from typing import NamedTuple

DAY = 86_400.0      # seconds


class Holding(NamedTuple):
    """A file of an event on the disk."""

    event: int
    end: float          # when it ends [seconds since the epoch]; a thumbnail: the last
    bytes: int
    protected: bool     # starred, or still being recorded
    path: str


def room(keep: int, reserve: int, used: int, free: int) -> int:
    """
    Return what may be used [bytes] of a disk on which *free* bytes are left.

    It is *keep*, or less, so that *reserve* bytes stay free.
    """
    return max(0, min(keep, used + free - reserve))


def plan(holdings: Iterable[Holding], *, excess: int, oldest: float) -> list[Holding]:
    """
    Return what is to be removed, oldest first; what is protected stays.

    All that ended before *oldest* [s since the epoch], and then as much as makes
    up *excess* [bytes]. Where all there is would not make it up, nothing goes for it:
    that would not help.
    """
    free = sorted((each for each in holdings if each.bytes and not each.protected),
                  key=lambda each: (each.end, each.event))
    planned = [each for each in free if each.end < oldest]
    excess -= sum(each.bytes for each in planned)
    rest = free[len(planned):]
    if excess > sum(each.bytes for each in rest):
        return planned
    for holding in rest:
        if excess <= 0:
            break
        planned.append(holding)
        excess -= holding.bytes
    return planned


def days_kept(holdings: Iterable[Holding], cap: int, now: float) -> float | None:
    """
    Return how many days *cap* bytes last at the rate of the last seven days.

    ``None`` before there is an hour to judge by.
    """
    lately = [each for each in holdings if each.end >= now - 7 * DAY]
    if not lately:
        return None
    span = now - min(each.end for each in lately)
    size = sum(each.bytes for each in lately)
    return None if span < 3600 or not size else cap / size * span / DAY
