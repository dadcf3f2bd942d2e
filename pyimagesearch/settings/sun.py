"""Sunrise and sunset at a place, computed without a network."""

import datetime
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

from pyimagesearch.errors import SettingsError

DAY_SECONDS = 86_400.0
HALF_DAY_SECONDS = DAY_SECONDS / 2
SECONDS_PER_DEGREE = DAY_SECONDS / 360      # by which longitude shifts noon
HORIZON_DEGREES = -0.833    # where the sun's centre is when its edge sets
MAX_LATITUDE, MAX_LONGITUDE = 90.0, 180.0


class Place(NamedTuple):
    """A place on Earth, in degrees; north and east are positive."""

    latitude: float
    longitude: float


class SunTimes(NamedTuple):
    """When the sun rises and sets on one day [s since the epoch]."""

    rise: float
    set: float


def parse_place(text: str) -> Place:
    """Return the place in *text* such as ``52.52,13.40``; raises SettingsError."""
    latitude, longitude = map(float, text.split(","))
    if abs(latitude) > MAX_LATITUDE or abs(longitude) > MAX_LONGITUDE:
        raise SettingsError(
            f"--place is {text!r}, but latitude must be from -90 to 90 and longitude "
            "from -180 to 180")
    return Place(latitude, longitude)


@lru_cache(maxsize=256)
def sun_times(place: Place, midday: float) -> SunTimes:
    """
    Return sunrise and sunset at *place* of the day around *midday* [s since the epoch].

    Sunrise lies in the twelve hours before noon by the sun, sunset in those after it,
    even if the clocks show another date then. Where the sun does not rise, both are
    at noon, and the day has no length; where it does not set, they are a whole day
    apart.
    """
    from astral import Observer, sun  # 1 MB, only for schedules that name the sun

    noon = noon_at(place, midday)
    observer = Observer(*place)
    date = datetime.datetime.fromtimestamp(noon, datetime.UTC).date()
    found: dict[str, float] = {}
    for shift in (-1, 0, 1):
        day = date + datetime.timedelta(shift)
        for name, compute in (("rise", sun.sunrise), ("set", sun.sunset)):
            with suppress(ValueError):      # not on that day in UTC, or not at all
                when = compute(observer, day, datetime.UTC).timestamp()
                begin = noon - HALF_DAY_SECONDS if name == "rise" else noon
                if begin <= when < begin + HALF_DAY_SECONDS:
                    found[name] = when
    # far from the horizon by noon and midnight together, unlike by noon alone on the
    # first days without a sunrise; except close to a pole, where day and night are one
    elevations = [sun.elevation(
        observer, datetime.datetime.fromtimestamp(when, datetime.UTC),
        with_refraction=False) for when in (noon, noon + HALF_DAY_SECONDS)]
    is_day = sum(elevations) / 2 > HORIZON_DEGREES
    length = HALF_DAY_SECONDS if is_day else 0.0
    return SunTimes(found.get("rise", noon - length), found.get("set", noon + length))


def noon_at(place: Place, midday: float) -> float:
    """Return the mean noon by the sun that is nearest to *midday* [s]."""
    first = HALF_DAY_SECONDS - place.longitude * SECONDS_PER_DEGREE
    return first + round((midday - first) / DAY_SECONDS) * DAY_SECONDS
