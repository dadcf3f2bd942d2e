"""Chart of one day for the list of events: motion over time, as an SVG path."""

import datetime
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from babel.dates import format_time

from pyimagesearch.events.event_filters import day_bounds
from pyimagesearch.web.local_times import reader_locale
from pyimagesearch.web.words import ngettext

SLOT_SECONDS = 1800     # length of one link
BAR_MINUTES = 3
HEIGHT = 100            # SVG units
MIN_PEAK = 20.0         # per mille; keeps the bars low on a day without much motion


class Slot(NamedTuple):
    """Half an hour in which events began."""

    x: int          # minutes since midnight
    width: int
    label: str
    last: int       # id of the last event


class Chart(NamedTuple):
    """What the template draws: x in minutes since midnight, y downwards."""

    day: datetime.date
    width: float
    path: str               # outline of the bars; empty without motion
    slots: list[Slot]
    hours: list[tuple[float, str]]      # labels of the axis, and their place [%]


def draw_chart(day: datetime.date, levels: Sequence[tuple[int, float]],
               counts: Mapping[int, tuple[int, int]]) -> Chart:
    """
    Return the chart of *day* with *levels* (minute since the epoch, per mille).

    *counts* has the number of events that began in a slot and the id of the last one.
    """
    begin, end = day_bounds(day)
    width = (end - begin) / 60      # not 1440 when the clocks change
    slots = [Slot(number * SLOT_SECONDS // 60, SLOT_SECONDS // 60,
                  label(begin + number * SLOT_SECONDS, count), last)
             for number, (count, last) in sorted(counts.items())]
    times = [datetime.datetime.combine(day, datetime.time(hour))
             for hour in range(0, 24, 3)]
    pattern = "h a" if "a" in reader_locale().time_formats["short"].pattern else "HH"
    hours = [(100 * (time.timestamp() - begin) / (end - begin),
              format_time(time, pattern, locale=reader_locale())) for time in times]
    return Chart(day, width, outline(levels, begin / 60), slots, hours)


def label(begin: float, count: int) -> str:
    """Return the label of the slot that starts at *begin*."""
    first = datetime.datetime.fromtimestamp(begin)
    last = datetime.datetime.fromtimestamp(begin + SLOT_SECONDS)
    begin_text, end_text = (format_time(each, "short", locale=reader_locale())
                            for each in (first, last))
    return ngettext("%(begin)s to %(end)s: %(num)s event",
                    "%(begin)s to %(end)s: %(num)s events", count,
                    begin=begin_text, end=end_text)


def outline(levels: Sequence[tuple[int, float]], first: float) -> str:
    """Return the SVG path of bars for *levels*, starting at minute *first*."""
    bars: dict[int, float] = {}
    for minute, area in levels:
        bar = int((minute - first) // BAR_MINUTES)
        bars[bar] = max(bars.get(bar, 0.0), area)
    peak = max([MIN_PEAK, *bars.values()])
    tops = ((bar * BAR_MINUTES, HEIGHT * (1 - 0.92 * math.sqrt(area / peak)))
            for bar, area in sorted(bars.items()) if area > 0)
    return "".join(f"M{x} {HEIGHT}V{y:.1f}h{BAR_MINUTES}V{HEIGHT}z" for x, y in tops)
