"""A day at a glance: how much moved, and when something happened, as an SVG."""

import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pyimagesearch.events.queries import bounds

SLOT = 1800         # seconds that one tap covers
COLUMN = 3          # minutes that are drawn as one
HEIGHT = 100        # units
LEAST_PEAK = 20.0   # per mille: a day on which nothing much moved looks like one


class Slot(NamedTuple):
    """Half an hour in which something happened."""

    x: float        # minutes since midnight
    width: float
    label: str
    url: str


class Chart(NamedTuple):
    """What the template draws; x in minutes since midnight, y downwards."""

    day: datetime.date
    width: float
    path: str               # the outline of the motion; empty without any
    slots: list[Slot]
    hours: list[tuple[float, str]]      # where along the width [%], and which


def chart(day: datetime.date, levels: Sequence[tuple[int, float]],
          counts: Mapping[int, tuple[int, int]], link: Callable[[int], str]) -> Chart:
    """
    Return the chart of *day*, of *levels* (minute since the epoch, per mille).

    *counts* tells in which slots how many events began, and the id of the last;
    *link* makes a URL to the events up to that one.
    """
    begin, end = bounds(day)
    width = (end - begin) / 60      # not 1440 when the clocks change
    slots = [Slot(number * SLOT / 60, SLOT / 60, label(begin + number * SLOT, count),
                  link(last))
             for number, (count, last) in sorted(counts.items())]
    hours = [(100 * (at(day, hour) - begin) / (end - begin), f"{hour:02}")
             for hour in range(0, 24, 3)]
    return Chart(day, width, outline(levels, begin / 60), slots, hours)


def at(day: datetime.date, hour: int) -> float:
    """Return when it is *hour* on *day* here [seconds since the epoch]."""
    return datetime.datetime.combine(day, datetime.time(hour)).timestamp()


def label(begin: float, count: int) -> str:
    """Return what is told of a slot."""
    first = datetime.datetime.fromtimestamp(begin)
    last = datetime.datetime.fromtimestamp(begin + SLOT)
    events = "1 event" if count == 1 else f"{count} events"
    return f"{first:%H:%M} to {last:%H:%M}: {events}"


def outline(levels: Sequence[tuple[int, float]], first: float) -> str:
    """Return the path around bars for *levels*, from minute *first* on."""
    columns: dict[int, float] = {}
    for minute, area in levels:
        column = int((minute - first) // COLUMN)
        columns[column] = max(columns.get(column, 0.0), area)
    peak = max([LEAST_PEAK, *columns.values()])
    bars = ((column * COLUMN, HEIGHT * (1 - 0.92 * math.sqrt(area / peak)))
            for column, area in sorted(columns.items()) if area > 0)
    return "".join(f"M{x} {HEIGHT}V{y:.1f}h{COLUMN}V{HEIGHT}z" for x, y in bars)
