"""Schedules: weekdays and hours, also by the sun, in the machine's time zone."""

import datetime
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from pyimagesearch.errors import SettingsError

from .option import Option, did_you_mean, shortened
from .sun import Place, parse_place, sun_times

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
            "sunday")
DAY_NUMBERS = ({name: number for number, name in enumerate(WEEKDAYS)}
               | {name[:3]: number for number, name in enumerate(WEEKDAYS)})
EVERY_DAY = frozenset(range(7))
MIDNIGHT, SUNRISE, SUNSET = "midnight", "sunrise", "sunset"
SUN_EVENTS = (SUNRISE, SUNSET)
CLOCK_PATTERN = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]|24:00"
OFFSET_PATTERN = r"[+-](?:0?[0-9]|1[01]):[0-5][0-9]"
MOMENT_PATTERN = rf"{CLOCK_PATTERN}|(?:{SUNRISE}|{SUNSET})(?:{OFFSET_PATTERN})?"
DASHES = str.maketrans("–—−", "---")    # as text programs write them
ALWAYS_WORD = "always"

DAY_MINUTES = 24 * 60
SUN_MINUTES = {MIDNIGHT: 0, SUNRISE: 6 * 60, SUNSET: 18 * 60}  # on an average day
# how far from that the sun may be, to decide which of two moments comes first
EARLIER_MINUTES, LATER_MINUTES = 60, 180
LOOKBACK_DAYS, LOOKAHEAD_DAYS = 2, 9    # in which a period began; a week and its ends
MAX_SCHEDULE_LENGTH = 500
HOURS_ALLOWED = ("written like 'Mon-Fri 22:00-06:00; Sat,Sun; sunset-sunrise': periods "
                 "separated by ;, of weekdays, hours or both, or always")


class Span(NamedTuple):
    """A period on one date [s since the epoch]; its end does not belong to it."""

    begin: float
    end: float


@dataclass(frozen=True)
class Moment:
    """So many *minutes* after an event of a day: midnight, sunrise or sunset."""

    event: str
    minutes: int

    @property
    def is_of_sun(self) -> bool:
        """Whether it moves with the sun."""
        return self.event in SUN_EVENTS

    @property
    def usual(self) -> int:
        """When it is on an average day [minutes after midnight]."""
        return SUN_MINUTES[self.event] + self.minutes

    def at(self, date: datetime.date, place: Place | None, *, ends: bool) -> float:
        """Return when it is on *date* [s]; without *place*, as on an average day."""
        if not self.is_of_sun or place is None:
            return local_timestamp(date, self.usual, ends=ends)
        sun = sun_times(place, local_timestamp(date, DAY_MINUTES // 2, ends=ends))
        when = sun.rise if self.event == SUNRISE else sun.set
        return when + 60 * self.minutes


@dataclass(frozen=True)
class Period:
    """
    From *begin* to *end* on certain *days* of the week, 0 for Monday.

    The day is the one on which it begins: it ends *days_later*.
    """

    days: frozenset[int]
    begin: Moment
    end: Moment

    @property
    def days_later(self) -> int:
        """On which day it ends: 0 for the same one."""
        begin, end = self.begin.usual, self.end.usual
        if self.begin.is_of_sun != self.end.is_of_sun:  # sunset-23:00 may be empty
            begin -= EARLIER_MINUTES if self.begin.is_of_sun else 0
            end += LATER_MINUTES if self.end.is_of_sun else 0
        return max(0, (begin - end) // DAY_MINUTES + 1)

    def on(self, date: datetime.date, place: Place | None) -> Span | None:
        """Return the period that begins on *date*, if one does."""
        if date.weekday() not in self.days:
            return None
        begin = self.begin.at(date, place, ends=False)
        end = self.end.at(date + datetime.timedelta(self.days_later), place, ends=True)
        return Span(begin, end) if begin < end else None    # the sun may be too late


@dataclass(frozen=True)
class Schedule:
    """
    When something holds; without *periods*, always.

    It follows the machine's time zone, also while that changes. When clocks are set
    back, the hour that comes twice belongs to a period both times.
    """

    periods: tuple[Period, ...] = ()
    place: Place | None = None

    @property
    def needs_place(self) -> bool:
        """Whether it names the sun."""
        return any(moment.is_of_sun for period in self.periods
                   for moment in (period.begin, period.end))

    def contains(self, when: float) -> bool:
        """Return whether *when* [s since the epoch] belongs to it."""
        return not self.periods or any(
            span.begin <= when < span.end for span in self._spans(when, 1))

    def next_change(self, when: float) -> float | None:
        """
        Return the first moment after *when* from which it is different [s].

        ``None`` stands for none within a week.
        """
        spans = list(self._spans(when, LOOKAHEAD_DAYS)) if self.periods else []
        before = self.contains(when)
        limit = when + (LOOKAHEAD_DAYS - 1) * 86_400
        for moment in sorted({edge for span in spans for edge in span}):
            if when < moment < limit and before != any(
                    span.begin <= moment < span.end for span in spans):
                return moment
        return None

    def _spans(self, when: float, days: int) -> Iterator[Span]:
        """Yield the periods from shortly before *when* to some *days* later."""
        today = datetime.datetime.fromtimestamp(when).date()
        for shift in range(-LOOKBACK_DAYS, days + 1):
            date = today + datetime.timedelta(shift)
            for period in self.periods:
                if span := period.on(date, self.place):
                    yield span


@lru_cache(maxsize=128)
def schedule_of(hours: str | None, place: str | None = None) -> Schedule:
    """
    Return the schedule written as *hours*, at *place*; ``None`` stands for always.

    Raises :exc:`SettingsError`; not for settings, which were checked.
    """
    periods = () if hours is None else parse_periods(hours)
    return Schedule(periods, None if place is None else parse_place(place))


def check_place(hours: str | None, place: str | None, where: str) -> None:
    """Raise :exc:`SettingsError` if *hours*, set *where*, need a *place* to be set."""
    if place is None and schedule_of(hours).needs_place:
        raise SettingsError(f"{where} is {hours!r}, but sunrise and sunset need "
                            "--place: the latitude and longitude of the cameras")


def parse_periods(text: str) -> tuple[Period, ...]:
    """Return the periods in *text*, none for ``always``; raises SettingsError."""
    words = re.sub(r"\s*([-+,;])\s*", r"\1", text.translate(DASHES).strip()).lower()
    if words == ALWAYS_WORD:
        return ()
    return tuple(period for part in words.removesuffix(";").split(";")
                 for period in parse_period(part))


def parse_period(text: str) -> Iterator[Period]:
    """Yield the periods of weekdays, hours or both in *text*."""
    if not text:
        raise SettingsError("one of the periods is empty")
    days, _, hours = text.partition(" ")
    if days[:1].isalpha() and not days.startswith(SUN_EVENTS):
        weekdays = parse_days(days)
    else:
        weekdays, hours = EVERY_DAY, text
    for each in (hours or "0:00-24:00").split(","):
        yield Period(weekdays, *parse_hours(each))


def parse_days(text: str) -> frozenset[int]:
    """Return the numbers of the weekdays in *text*, such as ``mon-wed,sat``."""
    found: set[int] = set()
    for part in text.split(","):
        names = part.split("-")
        for name in names:
            if name not in DAY_NUMBERS or len(names) > 2:
                raise SettingsError(
                    f"{shortened(part)} is no weekday (Mon, Tue, Wed, Thu, Fri, Sat, "
                    f"Sun)" + did_you_mean(name, (*WEEKDAYS, ALWAYS_WORD, *SUN_EVENTS)))
        first, last = DAY_NUMBERS[names[0]], DAY_NUMBERS[names[-1]]
        found |= {(first + number) % 7 for number in range((last - first) % 7 + 1)}
    return frozenset(found)


def parse_hours(text: str) -> tuple[Moment, Moment]:
    """Return begin and end in *text*, such as ``22:00-06:00``."""
    match = re.fullmatch(rf"({MOMENT_PATTERN})-({MOMENT_PATTERN})", text)
    if not match or match[1] == "24:00":
        raise SettingsError(f"{shortened(text)} is no period such as 22:00-06:00 or "
                            "sunset+00:30-sunrise")
    return parse_moment(match[1]), parse_moment(match[2])


def parse_moment(text: str) -> Moment:
    """Return the moment written as *text*, which fits :data:`MOMENT_PATTERN`."""
    event = next((each for each in SUN_EVENTS if text.startswith(each)), MIDNIGHT)
    offset = text.removeprefix(event)
    if not offset:
        return Moment(event, 0)
    hours, minutes = offset.lstrip("+-").split(":")
    count = 60 * int(hours) + int(minutes)
    return Moment(event, -count if offset.startswith("-") else count)


def local_timestamp(date: datetime.date, minutes: int, *, ends: bool) -> float:
    """
    Return when clocks show so many *minutes* after midnight of *date* [s].

    Of a time that comes twice, as clocks are set back, it is the second one for a
    period that *ends* then, else the first; for one left out, when they are set ahead.
    """
    wall = datetime.datetime(date.year, date.month, date.day) + datetime.timedelta(
        minutes=minutes)
    first, second = wall.timestamp(), wall.replace(fold=1).timestamp()
    if first <= second:
        return second if ends else first
    after = datetime.datetime.fromtimestamp(first).astimezone().utcoffset()
    return float(bisect_left(
        range(int(first)), True, lo=int(second), key=lambda when: (
            datetime.datetime.fromtimestamp(when).astimezone().utcoffset() == after)))


@dataclass(frozen=True, kw_only=True)
class HoursOption(Option):
    """The declaration of a setting that is a schedule."""

    allowed: str = HOURS_ALLOWED

    def check(self, value: Any, where: str) -> None:
        """Raise :exc:`SettingsError` unless *value* is a schedule."""
        super().check(value, where)
        if value is None:
            return
        if len(value) > MAX_SCHEDULE_LENGTH:
            raise SettingsError(f"{where} has {len(value)} characters, but must have "
                                f"at most {MAX_SCHEDULE_LENGTH}")
        try:
            parse_periods(value)
        except SettingsError as error:
            raise SettingsError(f"{where} is {shortened(value)}, but must be "
                                f"{self.allowed}; {error}") from None
