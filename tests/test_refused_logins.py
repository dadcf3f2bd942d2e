"""Refused logins as events: told, counted, and never a flood."""

import json
import urllib.error
import urllib.request

import pytest

from harness import eventually
from pyimagesearch.access.refused_logins import RefusedLogins, shown
from pyimagesearch.events.store import EventStore


@pytest.fixture
def strangers(tmp_path, clock):
    store = EventStore(tmp_path / "events.db", clock)
    store.open()
    yield RefusedLogins(store, clock)
    store.stop()
    assert store.join(60)


def listed(strangers):
    strangers.write()
    assert strangers._store.flush(60)
    with strangers._store.reading() as reader:
        return reader.page(limit=200)[0]


def test_first_try_is_an_event_at_once(strangers, clock):
    strangers.refused("198.51.100.7", "owner")
    (event,) = listed(strangers)
    assert (event.kind, event.camera, event.begin, event.end) == (
        "login refused", "", clock.time(), clock.time())
    assert event.note == "a wrong password of owner, from 198.51.100.7"


def test_tries_of_one_address_are_one_event_with_their_number(strangers, clock):
    begin = clock.time()
    for account in ("owner", "token", "unseen"):
        for _ in range(1000):
            strangers.refused("198.51.100.7", account)
            clock.now += 0.01
            strangers.write()
    (event,) = listed(strangers)
    assert event.note == "a wrong token or link, from 198.51.100.7, 3000 tries"
    assert (event.begin, event.end) == (begin, pytest.approx(begin + 30, abs=0.1))


def test_after_ten_quiet_minutes_it_is_another_event(strangers, clock):
    for pause in (599, 601, 0):
        strangers.refused("198.51.100.7", "owner")
        strangers.write()
        clock.now += pause
        strangers.write()
    assert [event.note for event in listed(strangers)] == [
        "a wrong password of owner, from 198.51.100.7",
        "a wrong password of owner, from 198.51.100.7, 2 tries"]


def test_what_goes_on_for_days_is_an_event_an_hour(strangers, clock):
    for _ in range(48 * 60):
        strangers.refused("198.51.100.7", "unseen")
        clock.now += 60
        strangers.write()
    assert 47 <= len(listed(strangers)) <= 49


def test_flood_from_everywhere_is_nine_events(strangers, clock):
    for number in range(5000):
        strangers.refused(f"10.0.{number // 250}.{number % 250}", "unseen")
        clock.now += 0.1
        strangers.write()
    events = listed(strangers)
    assert len(events) == 9
    assert events[0].note == "too many wrong passwords, from other addresses, 4992 tries"


@pytest.mark.parametrize(("address", "place"), [
    ("198.51.100.7", "198.51.100.7"), ("::ffff:198.51.100.7", "198.51.100.7"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("fe80::1%eth0", "fe80::/64"),
    ("", "an address that is none"), ("<script>" * 1000, "an address that is none")])
def test_place_is_an_address_or_a_network_and_nothing_else(address, place):
    assert shown(address) == place


def test_wrong_token_is_seen_on_the_page(start, tmp_path):
    product = start("--source", "demo:64x48@5", "--ip", "0.0.0.0")

    def ask(path, token, **more):
        request = urllib.request.Request(
            product.url + path, headers={"Authorization": f"Bearer {token}", **more})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()

    for _ in range(20):
        with pytest.raises(urllib.error.HTTPError) as refused:
            ask("/events", "not-the-token")
        refused.value.close()
    links = eventually(lambda: "token=" in (line := product.process.stdout.readline()) and line)
    token = links.partition("token=")[2].strip()
    (event,) = eventually(lambda: [
        event for event in json.loads(ask("/api/events?kind=login%20refused", token))["events"]
        if "20 tries" in event["note"]])
    assert event["note"] == "a wrong token or link, from 127.0.0.1, 20 tries"
    page = ask("/events?kind=login+refused", token)
    assert "login refused</a>: a wrong token or link, from 127.0.0.1, 20 tries" in page
    assert '<option value="login refused" selected>login refused</option>' in page
    assert "login refused" in ask(event["url"], token)
