"""Days of events: the calendar, the timeline, and what plays a day."""

import datetime
import re

import pytest

from pyimagesearch.events.event import LOST, MOTION, Event
from sample_archive import NOON

DAY = datetime.date(2026, 11, 20)


def line(number, begin=NOON, camera="front", kind=MOTION, **fields):
    """Return an event without files."""
    return Event(id=number, camera=camera, kind=kind, begin=begin, end=begin, **fields)


def counted(client, path):
    """Return the days with events in the calendar, and how many there are."""
    calendar = client.get(path).text.partition('id="calendar"')[2].partition("</table>")[0]
    return {day: int(count) for day, count in re.findall(
        r'day=([\d-]+)[^>]*>\d+ <small>(\d+)<', calendar)}


def test_calendar_counts_the_events_of_each_day(client, sample):
    sample.add(line(1), line(2, NOON + 43_100), line(3, NOON + 43_300, camera="yard"),
               line(4, NOON - 30 * 86_400), line(5, NOON + 12 * 86_400))
    days = {"2026-11-20": 2, "2026-11-21": 1}
    assert counted(client, "/events?day=2026-11-20") == {**days, "2026-12-02": 1}
    assert counted(client, "/events?month=2026-10") == {"2026-10-21": 1}
    assert counted(client, "/events?month=2026-11&camera=front") == {
        "2026-11-20": 2, "2026-12-02": 1}
    assert counted(client, "/events?month=1990-02") == {}


@pytest.mark.parametrize("month", ["2026", "2026-13", "11-2026", "2026-11-20", "0001-01", "x"])
def test_month_that_does_not_exist_is_400(client, sample, month):
    assert client.get(f"/events?month={month}").status_code == 400


@pytest.mark.parametrize(("language", "first"), [("en-US", "Sunday"), ("en-GB", "Monday")])
def test_week_begins_as_the_readers_does(client, sample, language, first):
    page = client.get("/events", headers={"Accept-Language": language}).text
    assert re.findall(r'<th scope="col" abbr="(\w+)">', page)[0] == first


def test_timeline_has_the_events_of_a_day_in_order(client, sample):
    sample.add(sample.recorded(1, NOON + 60, "yard"), line(2), line(3, NOON - 86_400),
               line(4, NOON + 90, kind=LOST))
    found = client.get(f"/api/events/timeline?day={DAY}").json
    assert found["ids"] == [2, 1, 4]
    assert found["cameras"] == ["front", "yard", "front"]
    assert found["clocks"] == [43_200, 43_260, 43_290]
    assert found["end"] - found["begin"] == 86_400
    version = found["versions"][1]
    assert (found["versions"][0], found["versions"][2]) == ("", "")
    assert client.get("/api/events/1").json["preview"] == (
        found["preview"].replace("/0/", "/1/").replace("VERSION", version))
    assert client.get(f"/api/events/timeline?day={DAY}&camera=yard").json["ids"] == [1]
    assert client.get("/api/events/timeline").json["ids"] == []     # today


def test_playing_a_day_begins_with_its_first_clip(client, sample):
    sample.add(line(1), sample.recorded(2, NOON + 60), sample.recorded(3, NOON + 120))
    answer = client.get(f"/events/play?day={DAY}")
    assert (answer.status_code, answer.headers["Location"]) == (
        303, f"/events/2?camera=&day={DAY}&play=all".replace("camera=&", ""))
    page = client.get(answer.headers["Location"]).text
    assert "data-plays-all" in page
    assert f'rel="prev" href="/events/3?day={DAY}&amp;play=all"' in page
    assert client.get("/events/play?day=2026-11-19").headers["Location"] == (
        "/events?day=2026-11-19")


@pytest.mark.parametrize(("query", "sentence"), [
    ("kind=nonsense", "There is no kind of event called “nonsense”."),
    ("camera=%3Cb%3E", "There is no camera called “&lt;b&gt;”."),
    ("kind=lost", "No events match these filters.")])
def test_filter_that_names_nothing_says_so(client, sample, query, sentence):
    sample.add(line(1))
    page = client.get(f"/events?{query}").text
    assert sentence in page
    assert page.count("selected>") == 1
