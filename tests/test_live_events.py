"""Which events are given to a broker, and when."""

import pytest

from harness import ManualClock
from pyimagesearch.events.event import COMPLETE, MOTION, THUMBNAIL, Event, KeptFile
from pyimagesearch.events.store import EventStore
from pyimagesearch.notifications.mqtt.live_events import LiveEvents
from recording_channel import sighting


class Log:
    """A store in which a test makes events, on a clock that it moves."""

    def __init__(self, folder):
        self.clock = ManualClock()
        self.store = EventStore(folder / "events.db", self.clock)
        self.store.open()

    def begin(self, camera="front", picture=True, kind=MOTION):
        event = Event(id=self.store.new_id(), camera=camera, kind=kind,
                      begin=self.clock.time(), end=None, files=(KeptFile(
                          f"{camera}/{self.store.new_id()}.jpg", THUMBNAIL, 0, 0, 9, COMPLETE,
                      ),) if picture else ())
        self.store.begin(event)
        return event

    def end(self, event):
        self.store.end(event.id, self.clock.time(), 1.0, None)

    def read(self, events):
        assert self.store.flush(60)
        return [(change.event.camera, change.change) for change in events.read()]

    def recognise(self, event, name="person"):
        self.store.sight(event.id, sighting(name, self.clock.time()))


@pytest.fixture
def log(tmp_path):
    log = Log(tmp_path)
    yield log
    log.store.stop()
    assert log.store.join(60)


@pytest.fixture
def events(log):
    return LiveEvents(log.store, log.clock)


def test_events_are_given_once_with_begin_and_end(log, events):
    event = log.begin()
    assert log.read(events) == [("front", "")]
    assert events.moving == {"front"}
    assert log.read(events) == []
    log.end(event)
    assert log.read(events) == [("front", "ended")]
    assert log.read(events) == []
    assert not events.moving


def test_short_events_are_given_with_their_end_at_once(log, events):
    log.end(log.begin())
    assert log.read(events) == [("front", ""), ("front", "ended")]


def test_picture_is_waited_for_until_it_is_late(log, events):
    log.begin(picture=False)
    assert log.read(events) == []
    assert events.is_waiting
    log.clock.now += 0.9
    assert log.read(events) == [("front", "")]
    assert not events.is_waiting


def test_old_begin_is_left_out_but_not_the_end(log, events):
    event = log.begin()
    log.clock.now += 31
    assert log.read(events) == []
    assert events.moving == {"front"}
    log.end(event)
    assert log.read(events) == [("front", "ended")]


def test_events_of_an_earlier_run_are_left_out(log, tmp_path):
    log.begin()
    assert log.store.flush(60)
    later = EventStore(tmp_path / "events.db", log.clock)
    events = LiveEvents(later, log.clock)
    assert log.read(events) == []
    assert not events.moving


def test_long_backlog_is_skipped_but_for_what_lasts(log, events):
    log.read(events)
    log.begin("lasting")
    for _ in range(600):
        log.end(log.begin("short"))
    log.clock.now += 31
    assert {camera for camera, _ in log.read(events)} == {"short"}
    assert events.moving == {"lasting"}


def test_event_that_lasts_at_the_first_look_ends_once(log, events):
    event = log.begin(picture=False)
    assert log.read(events) == []
    log.end(event)
    assert log.read(events) == []       # its begin is first
    log.clock.now += 1
    assert log.read(events) == [("front", ""), ("front", "ended")]
    assert log.read(events) == []


def test_deleted_event_ends_its_motion(log, events):
    event = log.begin()
    log.read(events)
    log.store.delete([event.id], log.clock.time())
    assert log.read(events) == [("front", "ended")]


def test_other_kinds_than_those_announced_are_left_out(log, events):
    log.begin(kind="something else")
    assert log.read(events) == []


def test_first_name_is_given_once_with_time_for_its_picture(log, events):
    event = log.begin()
    log.read(events)
    log.recognise(event)
    assert log.read(events) == []
    assert events.is_waiting
    assert events.seen == {"front": {"person"}}
    log.clock.now += 0.9
    assert log.read(events) == [("front", "named")]
    assert not events.is_waiting
    log.recognise(event, "vehicle")
    log.clock.now += 0.9
    assert log.read(events) == []
    assert events.seen == {"front": {"person", "vehicle"}}
    log.end(event)
    assert log.read(events) == [("front", "ended")]
    assert events.seen == {}


def test_name_that_is_known_at_the_begin_is_not_given_again(log, events):
    event = log.begin()
    log.recognise(event)
    log.read(events)
    log.clock.now += 0.9
    assert log.read(events) == []
    assert events.seen == {"front": {"person"}}


def test_name_may_come_just_after_the_end(log, events):
    late, too_late = log.begin(), log.begin("yard")
    log.end(late)
    log.end(too_late)
    log.read(events)
    log.clock.now += 4
    log.recognise(late)
    log.read(events)
    log.clock.now += 1
    assert log.read(events) == [("front", "named")]
    log.recognise(too_late)
    log.clock.now += 1
    assert log.read(events) == []


def test_old_name_is_left_out(log, events):
    event = log.begin()
    log.read(events)
    log.recognise(event)
    log.read(events)
    log.clock.now += 31
    assert log.read(events) == []
