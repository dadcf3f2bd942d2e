"""All channels of alerts together, each with a thread of its own."""

import contextlib
import threading
import time

import pytest

from harness import PATIENCE, InBackground, eventually
from pyimagesearch.clock import SystemClock
from pyimagesearch.events.event import MOTION
from pyimagesearch.events.store import EventStore
from pyimagesearch.notifications import Alerts
from pyimagesearch.notifications.channel import ChannelClosed, DeliveryFailed
from recording_channel import RecordingChannel, make_sources


class HangingChannel(RecordingChannel):
    """Send until the channel is closed."""

    def __init__(self):
        super().__init__("hanging")
        self.is_sending, self._is_closed = threading.Event(), threading.Event()

    def send(self, alert):
        self.is_sending.set()
        assert self._is_closed.wait(PATIENCE)
        raise DeliveryFailed("it was closed")

    def close(self):
        self._is_closed.set()


@contextlib.contextmanager
def sending(folder, *channels, **options):
    """Send alerts by *channels*, in real time."""
    clock = SystemClock()
    store = EventStore(folder / "events.db", clock)
    store.open()
    alerts = Alerts(make_sources(clock, store, **options))
    for channel in channels:
        alerts.add(channel)
    alerts.start()
    eventually(lambda: remembered(store) >= {each.key for each in channels})
    try:
        yield alerts
    finally:
        alerts.stop()
        alerts.join(0.0)
        store.stop()
        assert store.join(PATIENCE)


def remembered(store):
    with store.reading() as reader:
        return set(reader.remembered_keys("alerts "))


def happen(alerts, camera="front"):
    return alerts.sources.store.add(MOTION, time.time(), None, camera)


def test_hanging_channel_delays_no_other_and_no_stop(tmp_path):
    hanging, other = HangingChannel(), RecordingChannel()
    with sending(tmp_path, hanging, other, record=False) as alerts:
        began = time.monotonic()
        happen(alerts)
        other.wait(1)
        assert time.monotonic() - began < 1.5
        assert hanging.is_sending.wait(PATIENCE)
        happen(alerts, "yard")
        other.wait(2)
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 3.0


def test_channels_come_and_go_while_events_happen(tmp_path):
    with sending(tmp_path, record=False) as alerts:
        happen(alerts)
        channel = RecordingChannel(takes_updates=False)
        alerts.add(channel)
        alerts.add(channel)
        eventually(lambda: remembered(alerts.sources.store))
        (status,) = alerts.statuses()
        assert (status.name, status.delivered) == ("recording", 0)
        event = happen(alerts, "yard")
        assert [each.id for each in channel.wait(1)] == [event.id]
        alerts.remove(channel.key)
        alerts.remove(channel.key)
        eventually(lambda: not remembered(alerts.sources.store))
        assert alerts.statuses() == []


def test_channel_can_remove_itself_while_it_sends(tmp_path):
    class Expired(RecordingChannel):
        def send(self, alert):
            alerts.remove(self.key)
            raise ChannelClosed("the subscription is over")

    with sending(tmp_path, Expired(), record=False) as alerts:
        happen(alerts)
        eventually(lambda: not remembered(alerts.sources.store))
        assert alerts.statuses() == []


def test_start_says_where_alerts_go_and_what_keeps_them_from_use(tmp_path, caplog):
    caplog.set_level("INFO")
    with sending(tmp_path, RecordingChannel("one"), RecordingChannel("two"),
                 alert_only="person", objects_off="switched off",
                 url="http://127.0.0.1:8000/") as alerts:
        assert caplog.messages[:1] == ["alerts go to one, two"]
        assert alerts.advice() == [
            "links in alerts lead to http://127.0.0.1:8000/, which opens on this machine "
            'only; set ip = "0.0.0.0" or public_url in the settings file',
            "motion of front, yard raises no alert: alert_only is set, but no objects are "
            "recognised (switched off)"]
        assert set(alerts.advice()) < set(caplog.messages)
    with sending(tmp_path, alert_only="person") as alerts:
        assert alerts.advice() == []
    with sending(tmp_path, RecordingChannel("one"), alert_only="person", objects_off="off",
                 detector="own:Own") as alerts:
        assert alerts.advice() == [
            "motion of front, yard raises an alert only if the camera's own detector labels it "
            "so: alert_only is set, but no model recognises objects (off)"]


def test_all_channels_are_tested_at_once(tmp_path):
    broken = RecordingChannel("broken", failures=[DeliveryFailed("no route to host")])
    fine, hanging = RecordingChannel("fine"), HangingChannel()
    with sending(tmp_path, broken, fine, hanging) as alerts:
        test = InBackground(alerts.test)
        assert fine.wait(1)[0].type == "test"
        assert hanging.is_sending.wait(PATIENCE)
        hanging.close()
        assert [(each.name, each.trouble) for each in test.result()] == [
            ("broken", "no route to host"), ("fine", ""), ("hanging", "it was closed")]
        assert alerts.statuses()[1].last_success == pytest.approx(time.time(), abs=PATIENCE)


def test_state_of_a_channel_that_is_not_set_any_more_is_dropped(tmp_path):
    with sending(tmp_path, RecordingChannel("old"), RecordingChannel("kept")):
        pass
    with sending(tmp_path, RecordingChannel("kept")) as alerts:
        alerts.forget_others()
        eventually(lambda: remembered(alerts.sources.store) == {"alerts kept"})
