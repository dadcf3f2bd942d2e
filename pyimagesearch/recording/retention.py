"""Which clips go, so that the next ones find room."""

from collections.abc import Iterable
from typing import NamedTuple

DAY = 86_400.0      # seconds


class Holding(NamedTuple):
    """What one event keeps on the disk."""

    event: int
    end: float          # when its newest file ends [seconds since the epoch]
    bytes: int
    protected: bool     # starred, or still being recorded


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
    up *excess* [bytes]. That may not be possible: what is planned is then all
    there is.
    """
    planned: list[Holding] = []
    for holding in sorted(holdings, key=lambda each: (each.end, each.event)):
        if holding.protected or not holding.bytes:
            continue
        if holding.end >= oldest and excess <= 0:
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
