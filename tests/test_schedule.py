"""Schedules: weekdays and hours, the sun, time zones and clocks that are set."""

import contextlib
import datetime
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.errors import SettingsError
from pyimagesearch.settings import Settings
from pyimagesearch.settings.schedule import DAY_NUMBERS, HoursOption, schedule_of
from pyimagesearch.settings.sun import parse_place, sun_times

BERLIN, TROMSO, FIJI, ALASKA = "52.52,13.40", "69.65,18.96", "-18.14,178.44", "64.84,-147.72"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
OPTION = HoursOption(default=None, help="", short_flags=(), group="alerts", kind=str, metavar="")
HOUR = 3600.0


@pytest.fixture
def zone(monkeypatch):
    """Put the process into a time zone."""
    def put(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()
    put("Europe/Berlin")
    yield put
    monkeypatch.undo()
    time.tzset()


def at(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def changes(schedule, begin, count):
    """Return the next *count* changes after *begin*, in local time."""
    found, when = [], at(begin)
    for _ in range(count):
        when = schedule.next_change(when)
        found.append(f"{datetime.datetime.fromtimestamp(when):%a %H:%M}")
    return found


@pytest.mark.parametrize(("hours", "expected"), [
    ("22:00-06:00", ["Fri 22:00", "Sat 06:00", "Sat 22:00"]),
    ("Mon-Fri 22:00-06:00; Sat,Sun", ["Fri 22:00", "Mon 00:00", "Mon 22:00", "Tue 06:00"]),
    ("Fri 22:00-06:00", ["Fri 22:00", "Sat 06:00", "Fri 22:00"]),   # the day on which it begins
    ("fri – mon", ["Tue 00:00", "Fri 00:00"]),
    ("Saturday 8:00 - 12:00 , 13:00 - 24:00;", ["Sat 08:00", "Sat 12:00", "Sat 13:00", "Sun 00:00"]),
    ("sunset-sunrise", ["Fri 15:58", "Sat 07:50", "Sat 15:58"]),
    ("sunrise+01:00-sunset-02:30", ["Fri 13:28", "Sat 08:50"]),
    ("Sun sunset-23:00", ["Sun 15:57", "Sun 23:00"]),
    ("Sat 20:00-sunrise", ["Sat 20:00", "Sun 07:51"]),
    ("06:00-06:00", ["never"]), ("00:00-24:00", ["never"]), ("always", ["never"]), (None, ["never"])])
def test_schedule_changes_when_it_says(zone, hours, expected):
    schedule = schedule_of(hours, BERLIN)
    if expected == ["never"]:
        assert schedule.contains(at("2026-11-27 12:00")), "a schedule of whole days"
        assert schedule.next_change(at("2026-11-27 12:00")) is None
    else:
        assert changes(schedule, "2026-11-27 12:00", len(expected)) == expected


MINUTE = st.integers(0, 24 * 60 - 1)
PERIOD = st.tuples(st.sets(st.sampled_from(DAYS), min_size=1), MINUTE, MINUTE)


@given(periods=st.lists(PERIOD, min_size=1, max_size=4), minute=st.integers(0, 14 * 24 * 60))
def test_any_schedule_agrees_with_the_clock_on_the_wall(periods, minute):
    def show(number):
        return f"{number // 60:02}:{number % 60:02}"

    def counts(day, now):
        return any((day in days and begin <= now and (now < end or end <= begin))
                   or (DAYS[DAYS.index(day) - 1] in days and now < end <= begin)
                   for days, begin, end in periods)

    schedule = schedule_of("; ".join(f"{','.join(days)} {show(begin)}-{show(end)}"
                                     for days, begin, end in periods))
    wall = datetime.datetime(2026, 11, 20) + datetime.timedelta(minutes=minute)
    now = counts(DAYS[wall.weekday()], wall.hour * 60 + wall.minute)
    assert schedule.contains(wall.timestamp()) is now
    following = schedule.next_change(wall.timestamp())
    if following is None:
        assert now, "it was made of at least one period"
    else:
        assert schedule.contains(following) is not now
        assert schedule.contains(following - 60) is now
        assert following % 60 == 0


@given(text=st.text("MonTueSat-,;:+ 0126sunrisealways", max_size=40) | st.text(max_size=20))
def test_any_text_is_a_schedule_or_a_wrong_setting(text):
    with contextlib.suppress(SettingsError):
        OPTION.check(text, "--armed-hours")
        assert schedule_of(text, BERLIN).contains(0.0) in (True, False)


@pytest.mark.parametrize(("hours", "reason"), [
    ("Mon-Fry 22:00-06:00", "'mon-fry' is no weekday (Mon, Tue, Wed, Thu, Fri, Sat, Sun); did you mean friday?"),
    ("22-06", "'22-06' is no period such as 22:00-06:00 or sunset+00:30-sunrise"),
    ("24:00-06:00", "'24:00-06:00' is no period"), ("25:00-06:00", "'25:00-06:00' is no period"),
    ("sunset+12:00-06:00", "is no period"), ("22:00-06:00; ; Sat", "one of the periods is empty"),
    ("Mon-Wed-Fri", "is no weekday"), ("always; Mon", "is no weekday"), ("", "written like"),
    ("Mon," * 200 + "Tue", "at most 500")])
def test_wrong_schedule_is_refused_with_the_reason(hours, reason):
    with pytest.raises(SettingsError) as error:
        Settings(armed_hours=hours)
    assert str(error.value).startswith("--armed-hours ")
    assert reason in str(error.value)


@pytest.mark.parametrize("place", ["90.01,0", "0,-180.5", "north", "1;2", "52.52"])
def test_wrong_place_is_refused(place):
    with pytest.raises(SettingsError, match="--place is "):
        Settings(place=place)


def test_sun_needs_a_place():
    with pytest.raises(SettingsError, match=r"alert-hours of camera 'yard' is 'sunset-sunrise', but .* --place"):
        Settings(source=("yard=demo",), tables={"yard": {"alert_hours": "sunset-sunrise"}})
    assert Settings(place=BERLIN, alert_hours="sunset-sunrise").cameras()[0].alert_hours


@pytest.mark.parametrize(("place", "name", "day", "dark"), [
    (BERLIN, "Europe/Berlin", "2026-06-21", (21.5, 4.75)),
    (FIJI, "Pacific/Fiji", "2026-06-21", (17.6, 6.6)),      # on the other side of the date line
    (FIJI, "Pacific/Fiji", "2026-12-21", (18.65, 5.5)),
    (ALASKA, "America/Anchorage", "2026-12-21", (14.7, 10.97)),
    (ALASKA, "America/Anchorage", "2026-06-21", (24.78, 2.95)),     # sets after midnight
    ("39.47,75.99", "Asia/Shanghai", "2026-12-21", (19.6, 10.2))])  # far from its zone
def test_sunset_and_sunrise_are_those_of_the_evening(zone, place, name, day, dark):
    zone(name)
    schedule = schedule_of("sunset-sunrise", place)
    noon = at(f"{day} 13:00")
    sunset = schedule.next_change(noon)
    sunrise = schedule.next_change(sunset)
    assert not schedule.contains(noon)
    assert schedule.contains(sunset)
    assert (sunset - noon) / HOUR + 13 == pytest.approx(dark[0], abs=0.1)
    assert (sunrise - noon) / HOUR - 11 == pytest.approx(dark[1], abs=0.1)


@pytest.mark.parametrize(("day", "is_dark"), [("2026-06-21", False), ("2026-12-21", True)])
def test_sun_that_never_sets_or_rises_is_followed(zone, day, is_dark):
    dark, light = schedule_of("sunset-sunrise", TROMSO), schedule_of("sunrise-sunset", TROMSO)
    for hour in range(24):
        when = at(f"{day} {hour:02}:30")
        assert (dark.contains(when), light.contains(when)) == (is_dark, not is_dark)
    assert dark.next_change(at(day)) is None


@pytest.mark.parametrize("place", [TROMSO, "-77.8,166.7"])
def test_days_become_longer_and_shorter_by_little(place):
    # also where polar night begins and ends, with the sun just below the horizon
    days = [sun_times(parse_place(place), at("2026-01-01 12:00") + day * 24 * HOUR)
            for day in range(366)]
    lengths = [day.set - day.rise for day in days]
    assert max(abs(one - other) for one, other in pairwise(lengths)) < 3 * HOUR


def test_each_moment_is_dark_or_light_all_year(zone):
    # through polar night and day, equinoxes and both changes of the clocks
    dark, light = schedule_of("sunset-sunrise", TROMSO), schedule_of("sunrise-sunset", TROMSO)
    begin = at("2026-01-01")
    for hour in range(0, 365 * 24, 31):
        when = begin + hour * HOUR
        assert dark.contains(when) is not light.contains(when), time.ctime(when)


@pytest.mark.parametrize(("hours", "day", "is_empty"), [
    ("sunset-20:00", "2026-06-21", True), ("sunset-20:00", "2026-12-21", False),
    ("06:00-sunrise", "2026-06-21", True), ("06:00-sunrise", "2026-12-21", False)])
def test_period_is_empty_when_the_sun_is_too_late(zone, hours, day, is_empty):
    schedule = schedule_of(hours, BERLIN)
    assert is_empty is not any(schedule.contains(at(day) + number * HOUR / 4) for number in range(96))


@pytest.mark.parametrize(("day", "hours", "begin", "length"), [
    ("2026-10-25", "22:00-02:30", "2026-10-24 22:00", 5.5),     # 02:30 comes twice
    ("2026-10-25", "02:30-06:00", "2026-10-25 02:30", 4.5),
    ("2026-10-25", "Sun", "2026-10-25 00:00", 25),
    ("2026-03-29", "02:30-06:00", "2026-03-29 03:00", 3),       # there is no 02:30
    ("2026-03-29", "22:00-02:30", "2026-03-28 22:00", 4),
    ("2026-03-29", "Sun", "2026-03-29 00:00", 23)])
def test_hours_follow_clocks_that_are_set(zone, day, hours, begin, length):
    schedule = schedule_of(hours)
    start = schedule.next_change(at(day) - 3 * HOUR)
    assert start == at(begin)
    assert schedule.next_change(start) - start == length * HOUR


def test_hours_follow_the_time_zone(zone):
    when, schedule = at("2026-11-27 23:00"), schedule_of("22:00-06:00")
    assert schedule.contains(when)
    zone("Asia/Tokyo")      # 07:00 there
    assert not schedule.contains(when)
    assert changes(schedule, "2026-11-28 07:00", 1) == ["Sat 22:00"]


def test_weekdays_are_also_written_out():
    assert len(DAY_NUMBERS) == 14
    assert schedule_of("Monday-Friday") == schedule_of("mon-FRI")
