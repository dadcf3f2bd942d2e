"""A month as a calendar with the number of events on each day."""

import calendar
import datetime
from collections.abc import Mapping
from typing import NamedTuple

from babel.dates import format_date, format_skeleton, get_day_names

from pyimagesearch.web.local_times import reader_locale
from pyimagesearch.web.words import gettext as _
from pyimagesearch.web.words import ngettext

MARGIN = datetime.timedelta(days=7)     # of other months, in the same weeks


class CalendarDay(NamedTuple):
    """One field of the calendar."""

    date: datetime.date
    events: int         # how many
    label: str          # in words, with the count
    in_month: bool      # or of the month before or after


class Month(NamedTuple):
    """A month as the page shows it."""

    title: str
    day_names: list[tuple[str, str]]    # of the columns: in short, and in full
    weeks: list[list[CalendarDay]]
    older: datetime.date    # the first of the month before
    newer: datetime.date


def calendar_bounds(month: datetime.date) -> tuple[datetime.date, datetime.date]:
    """Return two days between which all are that a calendar of *month* may show."""
    first = month.replace(day=1)
    return first - MARGIN, first + datetime.timedelta(days=31) + MARGIN


def draw_month(month: datetime.date, counts: Mapping[datetime.date, int]) -> Month:
    """Return the calendar of *month*, with the *counts* of events of its days."""
    first, locale = month.replace(day=1), reader_locale()
    names = [get_day_names(width, "stand-alone", locale)
             for width in ("short", "wide")]
    start = locale.first_week_day
    return Month(
        format_skeleton("yMMMM", first, locale=locale),
        [(names[0][day % 7], names[1][day % 7]) for day in range(start, start + 7)],
        [[CalendarDay(day, counts.get(day, 0), label(day, counts.get(day, 0)),
                      day.month == first.month) for day in week]
         for week in calendar.Calendar(start).monthdatescalendar(
             first.year, first.month)],
        (first - datetime.timedelta(days=1)).replace(day=1),
        (first + datetime.timedelta(days=31)).replace(day=1))


def label(day: datetime.date, count: int) -> str:
    """Return *day* and its number of events in words."""
    date = format_date(day, "full", locale=reader_locale())
    events = ngettext("%(num)s event", "%(num)s events", count)
    return _("%(day)s: %(events)s", day=date, events=events)
