"""The event pages as they are without JavaScript."""

import datetime
import re
import time
from dataclasses import replace

import pytest

from protected import BROWSER
from pyimagesearch.access import Role
from pyimagesearch.events.event import (
    COVERED,
    DAY_NIGHT,
    LOST,
    MOTION,
    SCENE_KINDS,
    STILL,
    Event,
)
from sample_archive import NOON, save, sightings


def test_event_without_a_clip_has_a_page(client, sample):
    sample.add(Event(id=7, camera="front", kind=MOTION, begin=NOON, end=NOON + 3))
    assert re.search(r'<a href="/events/7\b[^"]*">motion</a>', client.get("/events").text)


def test_names_are_on_the_card_and_the_page_of_an_event(client, sample):
    sample.add(sample.recorded(1, clips=2, sightings=sightings(NOON, "person", "dog")),
               sample.recorded(2, NOON + 60, sightings=sightings(NOON + 999, "<b>")),
               Event(id=3, camera="front", kind=MOTION, begin=NOON, end=NOON + 9,
                     note="in drive", sightings=sightings(NOON, "person")))
    cards = client.get("/events").text
    assert '<span class="objects">person, animal</span>' in cards
    assert '<span class="objects">&lt;b&gt;</span>' in cards
    assert re.search('href="/events/3">person</a>: in drive', cards)
    page = client.get("/events/1").text
    assert "<title>Person and animal at front, 12:00:00 PM</title>" in page
    found = " ".join(re.sub("<.*?>", "", page.partition('"sightings">')[2]).split())
    assert found.startswith("person 0.93, ▸ 12:00:03 PM animal (dog) 0.73, ▸ 12:00:05 PM")
    assert page.count('href="/events/1/clip.mp4#t=3.01" data-part="1" data-at="3.01"') == 1
    assert 'href="/events?object=person"' in page
    assert "#t=" not in client.get("/events/2").text        # no clip shows that time


def test_objects_can_be_filtered_once_there_are_any(client, sample):
    sample.add(sample.recorded(1))
    assert 'name="object"' not in client.get("/events").text
    sample.add(sample.recorded(2, sightings=sightings(NOON, "dog", "fox", "person")),
               sample.recorded(3, NOON + 60, sightings=sightings(NOON, "car")))
    page = client.get("/events?object=person").text
    (choices,) = re.findall('<select name="object">(.*?)</select>', page, re.S)
    assert re.findall("<option.*?>(.*?)<", choices) == [
        "all objects", "person", "vehicle", "animal", "fox", "none recognised"]
    assert '<option value="person" selected>' in choices
    assert re.findall(r'id="e(\d)"', page) == ["2"]
    assert 'href="/events/2?object=person"' in page
    page = client.get("/events?object=none").text
    assert '<option value="none" selected>' in page
    assert (re.findall(r'id="e(\d)"', page), 'href="/events/1?object=none"' in page) == (["1"], True)
    assert "No events match" in client.get("/events?object=cat").text


def test_covered_camera_is_shown_before_and_after(client, sample):
    stills = tuple(save(sample.clips, "front", at, at, STILL, b"jpeg")
                   for at in (NOON - 5, NOON + 8))
    sample.add(Event(id=7, camera="front", kind=COVERED, begin=NOON, end=NOON + 60,
                     files=stills))
    page = client.get("/events/7").text
    assert page.index("before, ") < page.index("after, ")
    assert 'src="/events/7/still-2.jpg"' in page
    assert 'href="/events/7/still-2.jpg?download=1"' in page
    assert "camera covered" in client.get("/events").text
    assert client.get("/api/events/7").json["thumbnail"] == "/events/7/thumbnail.jpg"


@pytest.mark.parametrize("kind", SCENE_KINDS)
def test_changes_of_the_picture_can_be_filtered(client, sample, kind):
    sample.add(Event(id=1, camera="front", kind=MOTION, begin=NOON, end=NOON),
               Event(id=2, camera="front", kind=kind, begin=NOON, end=NOON, note="darker"))
    for path in ("/events", "/api/events"):
        page = client.get(path, query_string={"kind": kind})
        assert page.status_code == 200
        assert ("darker" in page.text, "events/1" in page.text) == (True, False)
    option = client.get("/events", query_string={"kind": DAY_NIGHT}).text
    assert '<option value="day/night" selected>day or night mode</option>' in option


def test_list_works_without_javascript(client, sample):
    sample.add(sample.recorded(1, time.time() - 90, starred=True),
               sample.recorded(2, NOON - 86400 * 900, camera="<yard>"),
               Event(id=3, camera="front", kind=LOST, begin=NOON - 86400 * 900 + 9, end=None,
                     note="it <b>broke</b>"))
    page = client.get("/events").text
    assert "<script>" not in page
    assert "style=" not in page
    assert re.search(r'src="/events/1/preview-[0-9a-f-]+.jpg" loading="lazy"', page)
    assert "&lt;yard&gt;" in page
    assert "it &lt;b&gt;broke&lt;/b&gt;" in page
    assert page.index('id="e3"') < page.index('id="e2"') < page.index('id="e1"')
    assert page.count("<section data-day=") == 2
    single = client.get("/events/2?camera=%3Cyard%3E").text
    assert "<video" in single
    assert 'src="/events/2/clip.mp4"' in single
    assert 'rel="next"' not in single


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Adak"])
def test_event_of_a_clock_that_was_not_set_is_listed(client, sample, zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    try:
        time.tzset()
        sample.add(sample.recorded(1), sample.recorded(2, 30.0), sample.recorded(3))
        for page in ("/events", "/events?limit=2", "/events?limit=2&before=2", "/events/2",
                     "/api/events", f"/events?day={datetime.date.fromtimestamp(30.0)}"):
            assert client.get(page).status_code == 200, page
        page = client.get("/events").text
        assert re.findall(r'id="e(\d)"', page) == ["3", "2", "1"]
        before, middle, after = re.findall(r'data-day="(.*?)"', page)
        assert before == after == f"{datetime.date.fromtimestamp(NOON)}"
        assert middle == f"{datetime.date.fromtimestamp(30.0)}"
        assert f"day={middle}" in page      # the link to the day before
    finally:
        monkeypatch.undo()
        time.tzset()


def test_links_to_neighbours_keep_the_filters(client, sample):
    sample.add(sample.recorded(1), sample.recorded(2, NOON + 1, "yard"), sample.recorded(3, NOON + 2))
    page = client.get("/events/3?camera=front").text
    assert 'rel="next" href="/events/1?camera=front"' in page
    assert 'rel="next" href="/events/2"' in client.get("/events/3").text
    assert 'rel="prev" href="/events/3"' in client.get("/events/2").text


def test_next_page_starts_where_the_list_ended(client, sample):
    sample.add(*(Event(id=number, camera="front", kind=MOTION, begin=NOON + number, end=NOON)
                 for number in range(1, 61)))
    page = client.get("/events?camera=front").text
    (url,) = re.findall(r'id="more" [^>]*href="([^"]*)"', page)
    rest = client.get(url.replace("&amp;", "&")).text
    shown = [re.findall(r'id="e(\d+)"', each) for each in (page, rest)]
    assert [int(each) for each in shown[0] + shown[1]] == list(range(60, 0, -1))
    assert 'id="more"' not in rest


def test_viewers_have_nothing_to_change_events_with(sample, protected):
    sample.add(sample.recorded(starred=True))
    services = protected.app.extensions["services"]
    protected.app.extensions["services"] = replace(services, archive=sample)
    for path in ("/events", "/events/1"):
        for role in Role:
            page = protected.client(role).get(path, headers=BROWSER).text
            for_owners = ('type="checkbox" name="ids"', "data-delete>", 'id="delete-chosen"',
                          'class="not-event', "data-share-url", "choose-day", '<button type="button" class="star')
            found = [each for each in for_owners if each in page]
            assert bool(found) == (role is Role.OWNER), (path, found)
            assert "tarred" in page, path
