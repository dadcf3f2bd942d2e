"""Which events alerts report, and how many messages that takes."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyimagesearch.events.event import (
    ARMED,
    COVERED,
    DISARMED,
    LOGIN_REFUSED,
    LOST,
    MANUAL,
    MOTION,
    RETURNED,
    SNAPSHOT,
    UNSTEADY,
)
from pyimagesearch.settings.camera_settings import ALERT_KINDS
from pyimagesearch.settings.zone import Zone
from recording_channel import NOON, Day, sighting

SQUARE = "0,0 500,0 500,500"


def types(day):
    return [each.type for each in day.sent]


def kinds(day):
    return [each.kind for each in day.sent if each.type == "begin"]


# --- never spam

def test_camera_raises_one_alert_while_its_event_lasts_and_after():
    day = Day(takes_updates=False)
    first = day.begin()
    day.wait(300)
    day.end(first)
    day.wait(59)
    day.begin(MANUAL, lasts=1)
    day.wait(2)
    day.begin(camera="yard", lasts=1)
    day.wait(1)
    day.begin(lasts=1)
    day.wait(1)
    assert [(each.camera, each.more, each.counts) for each in day.sent] == [
        ("front", 0, {}), ("yard", 0, {}), ("front", 0, {})]


def test_what_is_left_out_is_counted_in_the_next_alert():
    day = Day()
    day.begin(lasts=1)
    day.wait(10)
    left_out_at = day.now
    for _ in range(3):
        day.begin(lasts=1)
        day.wait(10)
    day.begin(camera="yard", lasts=1)
    day.wait(90)
    day.begin(lasts=1)
    day.wait(2)
    assert [(each.more, each.more_since, each.counts) for each in day.sent] == [
        (0, None, {}), (3, left_out_at, {"front": 3}), (0, None, {})]


def test_thousand_events_in_an_hour_raise_12_alerts_and_a_digest():
    day = Day()
    for number in range(1000):
        day.begin(camera=("front", "yard")[number % 2], lasts=1.5)
        day.wait(3.6, step=1.8)
    first_hour = [each for each in day.sent if each.type != "end"]
    day.wait(7200)
    others = [each for each in day.sent if each.type != "end"][len(first_hour):]
    assert len(first_hour) <= 12
    assert [each.type for each in others] == ["digest"]
    assert day.counted() == 1000


def test_no_hour_ever_has_more_than_12_messages():
    day = Day(takes_updates=False)
    for _ in range(600):
        day.begin(lasts=1)
        day.wait(25, step=5)
    times = [each.at for each in day.sent]
    assert len(times) > 24
    assert all(late - early >= 3600 for early, late in zip(times, times[12:], strict=False))


def test_last_alert_of_an_hour_announces_the_pause():
    day = Day(takes_updates=False, alert_most=3)
    for _ in range(4):
        day.begin(lasts=1)
        day.wait(100)
    assert [each.paused_until for each in day.sent] == [
        None, None, pytest.approx(NOON + 3600, abs=2)]
    hour = datetime.datetime.fromtimestamp(day.sent[-1].paused_until)
    assert day.sent[-1].text.endswith(
        f". Until {hour:%H:%M}, only urgent alerts")


def test_tampering_is_reported_amid_and_after_motion():
    day = Day(takes_updates=False)
    for _ in range(20):
        day.begin(lasts=1)
        day.wait(65)
    motion = len(day.sent)
    day.begin()
    day.begin(COVERED)
    day.begin(LOST)
    day.wait(40)
    assert [each.kind for each in day.sent[motion:]] == [COVERED, LOST]
    assert len(day.sent) <= 12


# --- losses, logins

def test_short_loss_raises_no_alert():
    day = Day()
    day.begin(LOST, lasts=20)
    lost = day.begin(LOST)
    day.wait(20)
    day.end(lost)
    day.begin(RETURNED, lasts=0)
    day.wait(120)
    assert not day.sent


def test_loss_is_reported_after_30_seconds_and_its_return():
    day = Day()
    lost = day.begin(LOST)
    day.wait(29)
    assert not day.sent
    day.wait(60)
    day.end(lost)
    day.begin(RETURNED, lasts=0)
    day.wait(2)
    day.begin(RETURNED, lasts=0)
    day.wait(2)
    assert [(each.type, each.kind) for each in day.sent] == [
        ("begin", LOST), ("begin", RETURNED), ("end", LOST)]
    assert day.sent[0].at == NOON + 30


def test_unsteady_camera_raises_one_alert():
    day = Day()
    lost = day.begin(LOST)
    day.wait(12)
    day.end(lost)
    unsteady = day.begin(UNSTEADY)
    day.wait(3000)
    day.end(unsteady)
    day.begin(RETURNED, lasts=0)
    day.wait(2)
    assert kinds(day) == [UNSTEADY, RETURNED]


def test_wrong_logins_raise_one_alert_a_day():
    day = Day()
    for _ in range(50):
        day.begin(LOGIN_REFUSED, "", lasts=0)
        day.wait(3600, step=600)
    day.begin(lasts=0)
    day.wait(3600, step=600)
    day.wait(86_400, step=3600)
    assert [(each.kind, each.more) for each in day.sent] == [
        (LOGIN_REFUSED, 0), (LOGIN_REFUSED, 23), (LOGIN_REFUSED, 23), (MOTION, 0)]


# --- which events

def test_while_disarmed_only_losses_raise_alerts():
    day = Day(armed=lambda camera: False, alert_kinds=",".join(ALERT_KINDS))
    for kind in (MANUAL, SNAPSHOT, LOGIN_REFUSED, LOST, UNSTEADY):
        day.begin(kind, "" if kind == LOGIN_REFUSED else "front", lasts=100)
    day.wait(200)
    assert kinds(day) == [UNSTEADY, LOST]


@pytest.mark.parametrize(("options", "reported"), [
    ({"alerts": False}, []),
    ({"alert_kinds": "manual,lost"}, [MANUAL, LOST]),
    ({}, [MOTION, LOST])])
def test_settings_say_which_kinds_raise_alerts(options, reported):
    day = Day(alert_quiet=0, **options)
    for kind in (MOTION, MANUAL, LOST, ARMED, DISARMED):
        day.begin(kind, lasts=40)
        day.wait(2)
    day.wait(100)
    assert kinds(day) == reported


def test_only_events_within_the_hours_raise_alerts():
    day = Day(alert_hours="08:00-09:00", alert_quiet=0)
    begin = datetime.datetime.fromtimestamp(NOON).replace(hour=7, minute=59)
    day.now = begin.timestamp()
    day.state.since = day.now - 1
    day.begin(lasts=1)
    day.wait(120)
    day.begin(lasts=1)
    day.wait(3600, step=60)
    day.begin(lasts=1)
    day.wait(60)
    assert [each.begin for each in day.sent] == [begin.timestamp() + 120]


def test_motion_raises_an_alert_once_a_wanted_object_is_seen():
    day = Day(alert_only="Person, vehicle")
    cat = day.begin(sightings=(sighting("cat"),))
    day.end(cat)
    visitor = day.begin(camera="yard")
    day.wait(900)
    assert not day.sent
    day.recognise(visitor, "cat", "person")
    day.wait(5)
    assert [(each.id, each.title) for each in day.sent] == [(visitor, "Cat and person at yard")]
    assert not day.state.left_out.total


def test_wanted_object_may_be_named_as_the_model_labels_it():
    day = Day(alert_only="Dog")
    for name in ("person", "animal"):
        day.recognise(day.begin(), name)
        day.wait(2)
    assert [each.title for each in day.sent] == ["Animal at front"]


def test_wanted_object_is_awaited_until_just_after_the_end():
    day = Day(alert_only="person", alert_quiet=0)
    late, too_late = day.begin(lasts=10), day.begin(camera="yard", lasts=10)
    day.wait(14)
    assert not day.sent
    day.recognise(late, "person")
    day.wait(2)
    day.recognise(too_late, "person")
    day.wait(60)
    assert [each.id for each in day.sent] == [late]


# --- names of objects

def test_first_name_updates_an_alert_once():
    day = Day(objects_off="")
    event = day.begin()
    day.wait(3)
    day.recognise(event, "person")
    day.wait(2)
    day.recognise(event, "vehicle")
    day.wait(60)
    assert [(each.key, each.title, each.at) for each in day.sent] == [
        ("1-begin", "front: motion", NOON + 1), ("1-update", "Person at front", NOON + 4)]
    day.end(event)
    day.wait(5)
    assert day.sent[2].title == "Person and vehicle at front"
    assert types(day) == ["begin", "update", "end"]


def test_known_name_needs_no_update():
    day = Day(objects_off="")
    event = day.begin(sightings=(sighting("person"),))
    day.wait(60)
    day.end(event)
    day.wait(5)
    assert [(each.type, each.title) for each in day.sent] == [
        ("begin", "Person at front"), ("end", "Person at front")]


def test_update_is_not_repeated_after_a_restart():
    day = Day(objects_off="")
    event = day.begin()
    day.wait(3)
    day.recognise(event, "person")
    day.wait(3)
    day.crash()
    day.wait(60)
    assert types(day) == ["begin", "update"]


def test_updates_do_not_count_towards_the_limit_of_an_hour():
    day = Day(objects_off="", alert_most=3, alert_quiet=0)
    for _ in range(2):
        event = day.begin()
        day.wait(3)
        day.recognise(event, "person")
        day.wait(10)
        day.end(event)
        day.wait(10)
    assert types(day) == ["begin", "update", "end"] * 2


@pytest.mark.parametrize(("objects_off", "title"), [
    ("", "Person at front"), ("off", "front: motion")])
def test_message_that_stays_awaits_a_name(objects_off, title):
    day = Day(takes_updates=False, objects_off=objects_off, alert_stills=False)
    event = day.begin()
    day.wait(1)
    assert bool(day.sent) == bool(objects_off)
    day.recognise(event, "person")
    day.wait(60)
    assert [each.title for each in day.sent] == [title]


def test_message_that_stays_is_sent_without_a_name_after_2_s():
    day = Day(takes_updates=False, objects_off="")
    day.begin()
    day.wait(60)
    assert [(each.title, each.at) for each in day.sent] == [("front: motion", NOON + 2)]


def test_end_awaits_a_name_that_is_late():
    day = Day(objects_off="", alert_quiet=0)
    named, unnamed = day.begin(), day.begin(camera="yard")
    day.wait(10)
    day.end(named)
    day.end(unnamed)
    day.wait(3)
    assert types(day) == ["begin", "begin"]
    day.recognise(named, "person")
    day.wait(4)
    assert [(each.type, each.title, each.at) for each in day.sent[2:]] == [
        ("end", "Person at front", NOON + 14), ("end", "yard: motion", NOON + 15)]


def test_motion_in_silent_zones_alone_raises_no_alert():
    zones = (Zone("street", SQUARE, alerts=False), Zone("drive", SQUARE))
    day = Day(zones=zones, alert_quiet=0)
    passer_by = day.begin(zones=("street",))
    day.wait(10)
    day.end(passer_by)
    visitor = day.begin(zones=("street",))
    day.wait(5)
    assert not day.sent
    day.events[visitor] = type(day.events[visitor])(
        **{**vars(day.events[visitor]), "zones": ("street", "drive")})
    day.wait(1)
    elsewhere = day.begin(camera="yard", lasts=1)
    day.wait(1)
    assert [each.id for each in day.sent if each.type == "begin"] == [visitor, elsewhere]


# --- outages

def test_outage_of_an_hour_becomes_one_digest():
    day = Day()
    day.is_down = True
    for number in range(60):
        day.begin(camera=("front", "yard")[number % 3 == 0], lasts=5)
        day.wait(60, step=10)
    day.is_down = False
    day.wait(60)
    digest, *others = day.sent
    assert (digest.type, digest.title) == ("digest", "Surveillance: 50 events")
    assert digest.counts == {"front": 33, "yard": 17}
    assert {each.type for each in others} == {"begin"}
    assert [each.id for each in others] == sorted(each.id for each in others)
    assert day.counted() == 60


def test_what_still_lasts_after_an_outage_is_reported_by_itself():
    day = Day()
    day.is_down = True
    day.begin(LOST)
    day.begin(camera="yard", lasts=5)
    day.wait(3000, step=50)
    day.is_down = False
    day.wait(60)
    assert [(each.type, each.kind) for each in day.sent] == [
        ("digest", "digest"), ("begin", LOST)]
    assert day.sent[0].counts == {"yard": 1}


def test_clock_that_is_set_back_silences_no_camera():
    day = Day()
    day.begin(lasts=1)
    day.wait(10)
    day.now -= 86_400
    day.begin(lasts=1)
    day.wait(2)
    assert types(day) == ["begin", "begin"]


def test_clock_that_is_set_back_lets_no_camera_spam():
    day = Day()
    day.begin(lasts=1)
    day.wait(10)
    day.now -= 10_800
    for _ in range(10):
        day.begin(lasts=1)
        day.wait(5)
    assert types(day) == ["begin", "begin"]
    assert day.state.left_out.total == 9


def test_end_of_before_the_clock_was_set_back_silences_nothing():
    day = Day()
    lasting = day.begin()
    day.wait(2)
    day.is_down = True
    day.end(lasting)
    day.now -= 10_800
    new = day.begin(lasts=1)
    day.wait(2)
    day.is_down = False
    day.wait(2)
    assert new in [each.id for each in day.sent]


# --- for all that may happen

HAPPENING = st.one_of(
    st.tuples(st.just("begin"), st.sampled_from([MOTION, COVERED, MANUAL]),
              st.sampled_from(["front", "yard"]),
              st.one_of(st.none(), st.floats(0, 100))),
    st.tuples(st.just("end")), st.tuples(st.just("wait"), st.integers(1, 1500)),
    st.tuples(st.just("down")), st.tuples(st.just("up")), st.tuples(st.just("crash")),
    st.tuples(st.just("die")))


@settings(max_examples=150, deadline=None)
@given(st.lists(HAPPENING, max_size=40), st.integers(1, 13), st.booleans())
def test_every_event_is_reported_or_counted_once(happenings, most, takes_updates):
    day = Day(takes_updates=takes_updates, alert_most=most,
              alert_kinds="motion,covered,manual")
    for happening, *values in happenings:
        if happening == "begin":
            kind, camera, lasts = values
            day.begin(kind, camera, lasts)
        elif happening == "end":
            lasting = [each.id for each in day.events.values() if each.end is None]
            if lasting:
                day.end(lasting[0])
        elif happening == "wait":
            day.wait(values[0], step=max(1.0, values[0] / 20))
        elif happening == "crash":
            day.crash()
        elif happening == "die":
            day.dies_next = True
        else:
            day.is_down = happening == "down"
    day.is_down = False
    day.wait(8000, step=40)
    alerts = [(each.type, each.id) for each in day.sent]
    deaths = sum(happening == "die" for happening, *_ in happenings)
    assert len(alerts) - len(set(alerts)) <= deaths
    assert day.counted() == len(day.events)
    assert not day.state.waiting
    assert not day.state.left_out.is_limited
    times = [each.at for each in day.sent if each.type == "begin"]
    assert deaths or all(late - early >= 3600 for early, late in zip(times, times[most:],
                                                           strict=False))
