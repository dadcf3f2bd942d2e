"""Refused logins: logged and recorded as events, never a flood of them."""

import json
import urllib.error
import urllib.request

import pytest

from harness import eventually
from pyimagesearch.access.refused_logins import (
    THROTTLED,
    WRONG_TOKEN,
    RefusedLogins,
    displayed_network,
)
from pyimagesearch.events.store import EventStore

WRONG_PASSWORD = "wrong password of owner"


@pytest.fixture
def store(tmp_path, clock):
    store = EventStore(tmp_path / "events.db", clock)
    store.open()
    yield store
    store.stop()
    assert store.join(60)


@pytest.fixture
def refused_logins(store, clock):
    return RefusedLogins(store, clock)


@pytest.fixture
def recorded(store, refused_logins):
    """Return a function that lists the events, the newest first."""
    def read():
        refused_logins.write()
        assert store.flush(60)
        with store.reading() as reader:
            return reader.page(limit=200)[0]
    return read


def test_first_refused_login_is_an_event_at_once(refused_logins, recorded, clock):
    refused_logins.add("198.51.100.7", WRONG_PASSWORD)
    (event,) = recorded()
    assert (event.kind, event.camera, event.begin, event.end) == (
        "login refused", "", clock.time(), clock.time())
    assert event.note == "wrong password of owner from 198.51.100.7"


def test_attempts_from_one_network_are_one_event(refused_logins, recorded, clock):
    begin = clock.time()
    for reason in (WRONG_PASSWORD, WRONG_TOKEN, THROTTLED):
        for _ in range(1000):
            refused_logins.add("198.51.100.7", reason)
            clock.now += 0.01
            refused_logins.write()
    (event,) = recorded()
    assert event.note == "wrong token or link from 198.51.100.7, 3000 attempts"
    assert (event.begin, event.end) == (begin, pytest.approx(begin + 30, abs=0.1))


def test_ten_quiet_minutes_start_another_event(refused_logins, recorded, clock):
    for pause in (599, 601, 0):
        refused_logins.add("198.51.100.7", WRONG_PASSWORD)
        refused_logins.write()
        clock.now += pause
        refused_logins.write()
    assert [event.note for event in recorded()] == [
        "wrong password of owner from 198.51.100.7",
        "wrong password of owner from 198.51.100.7, 2 attempts"]


def test_two_days_of_attempts_are_one_event_an_hour(refused_logins, recorded, clock):
    for _ in range(48 * 60):
        refused_logins.add("198.51.100.7", THROTTLED)
        clock.now += 60
        refused_logins.write()
    assert 47 <= len(recorded()) <= 49


def test_flood_from_many_networks_is_nine_events(refused_logins, recorded, clock):
    for number in range(5000):
        refused_logins.add(f"10.0.{number // 250}.{number % 250}", THROTTLED)
        clock.now += 0.1
        refused_logins.write()
    events = recorded()
    assert len(events) == 9
    assert events[0].note == "too many wrong passwords from other addresses, 4992 attempts"


@pytest.mark.parametrize(("address", "network"), [
    ("198.51.100.7", "198.51.100.7"), ("::ffff:198.51.100.7", "198.51.100.7"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("fe80::1%eth0", "fe80::/64"),
    ("", "an invalid address"), ("<script>" * 1000, "an invalid address")])
def test_only_addresses_and_networks_are_shown(address, network):
    assert displayed_network(address) == network


def test_flood_of_refused_logins_is_one_line_a_second(tmp_path, clock, caplog):
    unopened = EventStore(tmp_path / "events.db", clock)
    refused_logins = RefusedLogins(unopened, clock)
    for _ in range(500):
        refused_logins.add("192.0.2.1", WRONG_TOKEN)
        refused_logins.add("192.0.2.1", THROTTLED)
        clock.now += 1 / 64
    assert refused_logins.total == 1000
    assert len(caplog.records) == 16
    assert "(and 63 more from any address)" in caplog.text


def test_every_wrong_password_is_logged(refused_logins, caplog):
    for _ in range(3):
        refused_logins.add("198.51.100.1", WRONG_PASSWORD)
    assert caplog.messages == [
        "login refused: wrong password of owner from 198.51.100.1"] * 3


def test_refused_logins_are_on_the_events_page(start, tmp_path):
    product = start("--source", "demo:64x48@5", "--ip", "0.0.0.0")

    def get(path, token, **more):
        request = urllib.request.Request(
            product.url + path, headers={"Authorization": f"Bearer {token}", **more})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()

    for _ in range(20):
        with pytest.raises(urllib.error.HTTPError) as refused:
            get("/events", "not-the-token")
        refused.value.close()
    line = eventually(lambda: "token=" in (line := product.process.stdout.readline()) and line)
    token = line.partition("token=")[2].strip()
    (event,) = eventually(lambda: [
        event for event in json.loads(get("/api/events?kind=login%20refused", token))["events"]
        if "20 attempts" in event["note"]])
    assert event["note"] == "wrong token or link from 127.0.0.1, 20 attempts"
    page = get("/events?kind=login+refused", token)
    assert "login refused</a>: wrong token or link from 127.0.0.1, 20 attempts" in page
    assert '<option value="login refused" selected>login refused</option>' in page
    assert "login refused" in get(event["url"], token)
