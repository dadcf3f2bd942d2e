"""Arming and disarming: modes, for a time, by hours, and across restarts."""

import datetime
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import ManualClock
from pyimagesearch.errors import SettingsError
from pyimagesearch.events.store import EventStore
from pyimagesearch.settings import CameraSettings
from pyimagesearch.surveillance.arming import Arming
from pyimagesearch.surveillance.mode_layers import (
    AWAY_FOR_GOOD,
    Layer,
    parse_layers,
    stacked,
    status_of,
)

NOON = datetime.datetime(2026, 11, 27, 12).timestamp()      # a Friday
MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.fixture
def begin(tmp_path):
    """Start with an empty or an existing store, opened only when *restore* is set."""
    made, clock = [], ManualClock(NOON)

    def begin(restore=True):
        stop()
        store = EventStore(tmp_path / "events.db", clock)
        made.append((store, Arming(store, clock)))
        if restore:
            restore_from(*made[-1])
        return made[-1]

    def stop():
        for store, _ in made:
            store.stop()
            assert store.join(60)
        made.clear()
    begin.clock = clock
    yield begin
    stop()


class Seen(list):
    """The states that one camera was given."""

    def __init__(self, arming, name="front", **settings):
        super().__init__()
        self.settings = CameraSettings(name=name, source="demo", **settings)
        arming.add(self.settings, self.append)


def restore_from(store, arming):
    store.open()
    assert store.flush(60)      # what was set before must not be read as stored
    arming.restore()


def kinds(store):
    assert store.flush(60)
    with store.reading() as reader:
        return [f"{event.kind} {event.note}".strip() for event in reader.page(limit=9)[0]][::-1]


def test_disarming_survives_a_restart_and_is_an_event(begin):
    _, arming = begin()
    before = Seen(arming)
    arming.set_mode("off")
    arming.set_mode("off")
    store, arming = begin()
    assert (before, Seen(arming)) == ([True, False], [False])
    assert not arming.armed
    assert kinds(store) == ["disarmed"]


@pytest.mark.parametrize(("stored", "chosen"), [("away", "off"), ("off", "away")])
def test_choice_before_the_store_opens_replaces_the_stored_one(begin, stored, chosen):
    store, arming = begin()
    arming.set_mode(stored)
    store, arming = begin(restore=False)
    arming.set_mode(chosen)
    restore_from(store, arming)
    assert arming.mode.mode == chosen
    assert begin()[1].mode.mode == chosen


def test_state_restored_late_reaches_the_cameras(begin):
    _, arming = begin()
    arming.set_mode("off")
    store, arming = begin(restore=False)
    states = Seen(arming)
    restore_from(store, arming)
    assert states == [True, False]


def test_mode_for_a_time_ends_by_itself(begin):
    store, arming = begin()
    states = Seen(arming)
    arming.set_mode("off", NOON + 30 * MINUTE)
    assert arming.mode == ("off", NOON + 30 * MINUTE, "away")
    assert arming.camera("front") == (False, "mode off", NOON + 30 * MINUTE)
    begin.clock.now += 30 * MINUTE - 0.1
    arming.tick()
    assert not arming.armed
    begin.clock.now += 0.1
    arming.tick()
    assert arming.mode == ("away", None, "")
    assert states == [True, False, True]
    assert kinds(store) == ["disarmed until 12:30", "armed"]


def test_mode_for_a_time_survives_a_restart(begin):
    _, arming = begin()
    arming.set_mode("home")
    arming.set_mode("off", NOON + 2 * HOUR)
    arming.set_mode("away", NOON + HOUR)
    _, arming = begin()
    assert arming.mode == ("away", NOON + HOUR, "off")
    begin.clock.now += 90 * MINUTE
    _, arming = begin()
    assert arming.mode == ("off", NOON + 2 * HOUR, "home")
    begin.clock.now += HOUR
    store, arming = begin()     # ended while the program did not run
    assert arming.mode == ("home", None, "")
    assert kinds(store) == ["armed home", "disarmed until 14:00", "armed until 13:00",
                            "disarmed until 14:00", "armed home"]


def test_mode_set_before_the_store_opens_keeps_the_one_below(begin):
    _, arming = begin()
    arming.set_mode("home")
    store, arming = begin(restore=False)
    arming.set_mode("off", NOON + HOUR)
    restore_from(store, arming)
    assert arming.mode == ("off", NOON + HOUR, "home")
    assert begin()[1].mode == ("off", NOON + HOUR, "home")


@pytest.mark.parametrize(("stored", "mode"), [("yes", "away"), ("no", "off")])
def test_state_of_older_versions_is_read(begin, stored, mode):
    store, _ = begin()
    store.remember("armed", stored)
    assert begin()[1].mode == (mode, None, "")


@pytest.mark.parametrize("stored", [
    "", "[", "[]", "[1]", '[["away"]]', '[["night", null]]', '[["off", 5.0]]',
    '[["off", null], ["away", null]]', '[["off", null], ["away", "5"]]', '[["off", null], ["away", Infinity]]',
    '{"mode": "off"}', '"off"', "null", "7", "[" * 9999, '[[["off"], null]]'])
def test_damaged_state_is_armed(stored, caplog):
    assert parse_layers(stored) == AWAY_FOR_GOOD
    assert caplog.messages == ["the stored mode is damaged; the mode is away"]


def test_same_mode_for_a_shorter_time_replaces_the_longer_one(begin):
    _, arming = begin()
    for minutes in (90, 60, 30):
        arming.set_mode("off", NOON + minutes * MINUTE)
    assert arming.mode == ("off", NOON + 30 * MINUTE, "away")


MODES = st.sampled_from(["away", "home", "off"])


@given(st.lists(st.tuples(MODES, st.none() | st.floats(1, 1e9)), max_size=12))
def test_layers_end_one_after_the_other(changes):
    layers = AWAY_FOR_GOOD
    for mode, until in changes:
        layers = stacked(layers, Layer(mode, until))
        shown = status_of(layers)
        assert (layers[-1], shown.mode) == ((mode, until), mode), "the newest one is in force"
        assert shown.then != mode, "a change that is shown is one"
        assert shown.until in (until, None)
    ends = [each.until for each in layers]
    assert ends[0] is None
    assert ends[1:] == sorted(set(ends[1:]), reverse=True)
    assert len(layers) <= 4
    assert parse_layers(json.dumps(layers)) == layers


@pytest.mark.parametrize(("mode", "until", "wrong"), [
    ("night", None, "mode is 'night'"), ("", None, "mode is ''"), ("off", NOON, "until is"),
    ("off", NOON - 1, "until is"), ("off", NOON + 367 * DAY, "until is"),
    ("off", float("nan"), "until is nan"), ("off", float("inf"), "until is inf")])
def test_wrong_mode_or_end_changes_nothing(begin, mode, until, wrong):
    _, arming = begin()
    with pytest.raises(SettingsError, match=wrong):
        arming.set_mode(mode, until)
    assert arming.mode == ("away", None, "")


def test_home_arms_only_the_cameras_for_it(begin):
    _, arming = begin()
    front, hall = Seen(arming), Seen(arming, "hall", armed_home=False)
    for mode in ("home", "off", "home", "away"):
        arming.set_mode(mode)
    assert (front, hall) == ([True, False, True], [True, False, True])
    arming.set_mode("home")
    assert arming.camera("hall") == (False, "only in mode away", None)
    assert arming.camera("front") == (True, "mode home", None)


def test_hours_arm_and_disarm_one_camera(begin):
    store, arming = begin()
    front, yard = Seen(arming), Seen(arming, "yard", armed_hours="Fri 22:00-06:00")
    assert arming.camera("yard") == (False, "outside its hours", NOON + 10 * HOUR)
    for _ in range(24 * 60):
        begin.clock.now += MINUTE
        arming.tick()
        if begin.clock.now == NOON + 11 * HOUR:
            assert arming.camera("yard") == (
                True, "mode away, within its hours", NOON + 18 * HOUR)
    assert (front, yard) == ([True], [False, True, False])
    assert kinds(store) == []


def test_until_is_when_mode_and_hours_together_change(begin):
    _, arming = begin()
    Seen(arming, armed_hours="22:00-06:00", armed_home=False)
    for until in (2, 11):
        arming.set_mode("off", NOON + until * HOUR)
        assert arming.camera("front").until == NOON + max(10, until) * HOUR
    arming.set_mode("off", NOON + 20 * HOUR)    # ends when it is outside its hours
    assert arming.camera("front").until == NOON + 34 * HOUR
    arming.set_mode("off")
    assert arming.camera("front").until is None
    arming.set_mode("home")
    assert arming.camera("front").until is None


def test_new_hours_count_at_once(begin):
    _, arming = begin()
    seen = Seen(arming)
    arming.apply(CameraSettings(name="front", source="demo", armed_hours="22:00-06:00"))
    arming.apply(CameraSettings(name="front", source="demo"))
    assert seen == [True, False, True]


def test_hours_of_a_clock_that_is_not_set_do_not_count(begin):
    begin.clock.now = 5 * HOUR      # 1970
    _, arming = begin()
    seen = Seen(arming, armed_hours="Sat 22:00-22:01")
    begin.clock.ahead = NOON
    arming.tick()
    assert seen == [True, False]


@pytest.mark.parametrize("jump", [10 * HOUR, -14 * HOUR])
def test_hours_follow_a_clock_that_jumps(begin, jump):
    _, arming = begin()
    seen = Seen(arming, armed_hours="22:00-06:00")
    begin.clock.ahead = jump
    arming.tick()
    assert seen == [False, True]


def test_hours_follow_the_time_zone(begin, monkeypatch):
    _, arming = begin()
    seen = Seen(arming, armed_hours="22:00-06:00")
    try:
        monkeypatch.setenv("TZ", "Etc/GMT-11")
        time.tzset()
        begin.clock.now += MINUTE
        arming.tick()
        assert seen == [False, datetime.datetime.fromtimestamp(NOON).hour >= 22]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_tick_costs_little_while_nothing_changes(begin):
    _, arming = begin()
    Seen(arming, armed_hours="22:00-06:00")
    state = arming.camera("front")
    for _ in range(59):
        begin.clock.now += MINUTE
        arming.tick()
    assert arming.camera("front") is state, "it was not computed again"
