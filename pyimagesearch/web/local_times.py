"""Dates and times on pages: in the server's time zone and the reader's locale."""

import datetime
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from flask import g, has_request_context, request

from .words import gettext as _
from .words import language


def reader_locale() -> Locale:
    """Return the locale of the reader: of the page's language, and of their country."""
    if not has_request_context():
        return known_locale(language())
    if "locale" not in g:
        names = (name.replace("-", "_") for name in request.accept_languages.values())
        g.locale = known_locale(next(
            (name for name in names if name.partition("_")[0] == language()),
            language()))
    found: Locale = g.locale
    return found


@lru_cache(maxsize=64)
def known_locale(name: str) -> Locale:
    """Return the locale *name*, such as ``en_GB``, or else that of its language."""
    try:
        return Locale.parse(name)
    except (ValueError, LookupError):
        return Locale.parse(name.partition("_")[0])


def clock(when: float) -> str:
    """Return the time of day of *when* [seconds since the epoch], with seconds."""
    return format_time(datetime.datetime.fromtimestamp(when), "medium",
                       locale=reader_locale())


def clock_or_day(when: float) -> str:
    """Return the time of *when* [seconds since the epoch], or its day if not today."""
    day = datetime.datetime.fromtimestamp(when).date()
    return clock(when) if day == datetime.date.today() else date_name(day)


def day_name(day: datetime.date) -> str:
    """Return *day* in words: Today, Yesterday, or weekday and date."""
    names = {0: _("Today"), 1: _("Yesterday")}
    ago = (datetime.date.today() - day).days
    return names.get(ago) or format_date(day, "full", locale=reader_locale())


def date_name(day: datetime.date) -> str:
    """Return *day* as a short date with its weekday."""
    return format_skeleton("yMMMEd", day, locale=reader_locale())


def moment(when: float) -> str:
    """Return day and time of *when* [seconds since the epoch]."""
    day = datetime.datetime.fromtimestamp(when).date()
    return f"{day_name(day)}, {clock(when)}"


def iso(when: float) -> str:
    """Return *when* [seconds since the epoch] in ISO 8601, with the time zone."""
    local = datetime.datetime.fromtimestamp(when).astimezone()
    return local.isoformat(timespec="milliseconds")
