"""The thread that sends alerts by one channel, over real lists of events."""

import contextlib
import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

import killed_notifier
from harness import PATIENCE, InBackground, ManualClock, eventually
from pyimagesearch.clock import SystemClock
from pyimagesearch.events.event import (
    COMPLETE,
    LOST,
    MOTION,
    THUMBNAIL,
    Event,
    KeptFile,
)
from pyimagesearch.events.store import EventStore
from pyimagesearch.jpeg import JpegDecoder, encode, jpeg_size
from pyimagesearch.notifications.alert_stills import AlertStills
from pyimagesearch.notifications.channel import ChannelClosed, DeliveryFailed
from pyimagesearch.notifications.notifier import Notifier
from recording_channel import RecordingChannel, Rig, make_sources


@pytest.fixture
def store(tmp_path):
    with contextlib.closing(Opened(tmp_path, ManualClock())) as opened:
        yield opened.store


class Opened:
    """A list of events that is written."""

    def __init__(self, folder, clock):
        self.store = EventStore(folder / "events.db", clock)
        self.store.open()

    @classmethod
    def of(cls, store):
        """Return one whose *store* was opened already."""
        opened = cls.__new__(cls)
        opened.store = store
        return opened

    def close(self):
        self.store.stop()
        self.store.join(5.0)


def test_event_is_reported_when_it_begins_and_ends(store):
    rig = Rig(store)
    event = rig.begin()
    rig.wait(1.2)
    assert rig.sent == [("begin", event.id)]
    rig.wait(8)
    rig.end(event)
    rig.wait(2)
    begin, end = rig.channel.sent
    assert (begin.end, end.end) == (None, pytest.approx(event.begin + 9.2))
    assert (end.key, end.tag, end.peak_area) == (f"{event.id}-end", begin.tag, 4.2)
    assert begin.url == end.url == f"http://host:8000/events/{event.id}"


def test_first_name_is_sent_at_once_and_late_ones_with_the_end(store):
    rig = Rig(store, objects_off="", record=False)
    named, late = rig.begin(), rig.begin(camera="yard")
    rig.wait(3)
    rig.recognise(named, "person")
    rig.wait(0.7)
    assert rig.sent == [("begin", named.id), ("begin", late.id), ("update", named.id)]
    rig.end(named)
    rig.end(late)
    rig.wait(4)
    rig.recognise(late, "animal")
    rig.wait(1.2)
    rig.wait(30)
    assert [(each.type, each.title) for each in rig.channel.sent[2:]] == [
        ("update", "Person at front"), ("end", "Person at front"), ("end", "Animal at yard")]


def test_end_waits_five_seconds_for_a_name(store):
    rig = Rig(store, objects_off="", record=False)
    event = rig.begin()
    rig.wait(3)
    rig.end(event)
    rig.wait(4.5)
    assert rig.sent == [("begin", event.id)]
    assert rig.look() <= 1.0
    rig.wait(1.6)
    assert rig.sent == [("begin", event.id), ("end", event.id)]


def test_new_channel_begins_now(store):
    old = store.add(MOTION, store._clock.time() - 5, None, "front")
    assert store.flush(5.0)
    rig = Rig(store)
    rig.clock.now += 1
    new = rig.begin(camera="yard")
    rig.end(old)
    recovered = Event(id=1, camera="front", kind=MOTION, begin=old.begin, end=None)
    store.adopt(recovered)
    rig.wait(60)
    assert rig.sent == [("begin", new.id)]


def test_new_channel_knows_what_happened_since_the_start(store):
    clock, channel = store._clock, RecordingChannel()
    store.add(MOTION, clock.time() - 1, None, "front")
    notifier = Notifier(channel, make_sources(clock, store))
    clock.now += 0.1
    event = store.add(MOTION, clock.time(), None, "front")
    clock.now += 0.1
    rig = Rig(store, channel, notifier=notifier)
    rig.wait(2)
    assert rig.sent == [("begin", event.id)]


def test_clock_set_forward_makes_no_loss_longer(store):
    rig = Rig(store)
    lost = rig.begin(LOST)
    rig.wait(5)
    rig.clock.ahead = 7200
    rig.wait(5)
    assert not rig.sent
    rig.wait(25)
    assert rig.sent == [("begin", lost.id)]


def test_restart_repeats_nothing_and_goes_on(store):
    rig = Rig(store)
    first = rig.begin()
    rig.wait(2)
    rig.end(first)
    rig.start()
    second = rig.begin(camera="yard")
    rig.start()
    rig.wait(5)
    assert sorted(rig.sent) == sorted(
        [("begin", first.id), ("end", first.id), ("begin", second.id)])


def test_retries_follow_after_1_2_4_up_to_300_seconds(store):
    rig = Rig(store, RecordingChannel(failures=[DeliveryFailed("no route")] * 11))
    event, pauses = rig.begin(), []
    while len(rig.channel.failures) > 10:
        rig.wait(0.1)
    while rig.channel.failures:
        pauses.append(rig.notifier.run_once())
        rig.clock.now += pauses[-1]
        rig.notifier.run_once()
    assert [round(each) for each in pauses] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert rig.notifier.status().trouble == "no route"
    rig.clock.now += 300
    rig.look()
    assert rig.sent == [("begin", event.id)]
    status = rig.notifier.status()
    assert (status.delivered, status.failed, status.trouble) == (1, 11, "")
    assert (status.last_success, status.next_try) == (rig.clock.time(), None)


def test_settings_hold_for_what_happens_after_their_change(store):
    rig = Rig(store, RecordingChannel(failures=[DeliveryFailed("no route")] * 5))
    waits = rig.begin(lasts=3)
    rig.wait(2)
    later = rig.begin(camera="yard", lasts=3)       # while a retry is awaited
    rig.look()
    object.__setattr__(rig.sources, "camera", replace(rig.sources.settings, alerts=False).common)
    rig.begin(camera="yard", lasts=3)
    rig.wait(200)
    assert [each for each in rig.sent if each[0] == "begin"] == [
        ("begin", waits.id), ("begin", later.id)]


def test_pause_by_the_hourly_limit_is_shown_and_logged(store, caplog):
    caplog.set_level("INFO")
    rig = Rig(store, alert_most=2)
    for camera in ("front", "yard"):
        assert rig.notifier.status().paused_until is None
        event = rig.begin(camera=camera, lasts=1)
        rig.wait(3)
    status = rig.notifier.status()
    assert status.paused_until == pytest.approx(event.begin + 3597, abs=5)
    assert status.trouble == ""
    begun = [each for each in caplog.messages if "hourly limit (--alert-most)" in each]
    assert len(begun) == 1
    rig.wait(3600)
    assert rig.notifier.status().paused_until is None


def test_receiver_can_ask_for_a_later_retry(store):
    rig = Rig(store, RecordingChannel(failures=[DeliveryFailed("busy", 90.0)]))
    rig.begin()
    rig.wait(1.0)
    assert rig.notifier.status().next_try == pytest.approx(rig.clock.time() + 90, abs=1)
    rig.wait(85)
    assert not rig.sent
    rig.start()
    rig.wait(1.5)
    assert not rig.sent
    rig.wait(10)
    assert len(rig.sent) == 1
    assert rig.notifier.status().trouble == ""


def test_closed_channel_stays_closed_until_a_test_succeeds(store):
    rig = Rig(store, RecordingChannel(failures=[ChannelClosed("the receiver is gone")]))
    rig.begin()
    rig.wait(2)
    rig.start()
    rig.begin(camera="yard")
    rig.wait(60)
    assert (rig.sent, rig.notifier.status().closed) == ([], True)
    rig.channel.failures.append(DeliveryFailed("no route"))
    for trouble in ("no route", ""):
        test = InBackground(rig.notifier.test)
        eventually(lambda sent=not trouble: rig.look() and len(rig.channel.sent) == sent
                   and not rig.channel.failures)
        assert (test.result().trouble, rig.notifier.status().trouble) == (trouble, trouble)
    rig.begin(lasts=1)
    rig.wait(2)
    assert [each.type for each in rig.channel.sent] == ["test", "begin"]
    assert not rig.notifier.status().closed


def test_begin_waits_for_the_picture_and_is_sent_without(store, tmp_path):
    rig = Rig(store, still=AlertStills(tmp_path, lambda camera: (), bool).of)
    event = rig.begin()
    rig.wait(0.3)
    (tmp_path / "1.jpg").write_bytes(noise(1920, 1080))
    store.keep(event.id, KeptFile("1.jpg", THUMBNAIL, rig.clock.time(), rig.clock.time(),
                                  3, COMPLETE))
    rig.wait(0.7)
    (with_still,) = rig.channel.sent
    assert jpeg_size(with_still.still)
    assert len(with_still.still) <= 200_000
    rig.begin(camera="yard")
    rig.wait(0.9)
    assert len(rig.channel.sent) == 1
    rig.wait(0.3)
    assert rig.channel.sent[1].still is None


def test_still_of_before_a_mask_shows_nothing_that_it_hides(tmp_path):
    (tmp_path / "1.jpg").write_bytes(encode(np.full((240, 320, 3), 200, np.uint8), 90))
    hidden, off = {}, []
    stills = AlertStills(tmp_path, lambda camera: hidden.get(camera, ()), lambda: bool(off))
    file = KeptFile("1.jpg", THUMBNAIL, 1.0, 1.0, 3, COMPLETE)
    event = Event(id=1, camera="front", kind=MOTION, begin=1.0, end=None, files=(file,))
    assert stills.of(event) == (tmp_path / "1.jpg").read_bytes()
    hidden["front"] = ("0,0 500,0 500,1000 0,1000",)
    image = JpegDecoder().decode(stills.of(event), "BGR", (320, 240))
    assert image[:, :150].max() < 20
    assert image[:, 170:].min() > 180
    off.append(True)
    assert stills.of(event) is None


def test_slow_channel_gets_ready_while_the_picture_is_awaited(store):
    class SlowChannel(RecordingChannel):
        def prepare(self):
            done.append(len(self.sent))

    done = []
    rig = Rig(store, SlowChannel())
    rig.begin()
    rig.look()
    assert done == [0]
    rig.wait(1.2)
    assert len(rig.sent) == 1


def test_stills_stay_at_home_if_wished(store, tmp_path):
    rig = Rig(store, still=lambda event: b"jpeg", alert_stills=False)
    rig.begin()
    rig.look()
    assert [each.still for each in rig.channel.sent] == [None]


def test_full_disk_raises_one_alert_a_day(store):
    trouble = []
    rig = Rig(store, trouble=lambda: "".join(trouble))
    rig.wait(60)
    for _ in range(3):
        trouble.append("the disk is full")
        rig.wait(20)
        assert len(rig.sent) <= 1
        rig.wait(20)
        trouble.clear()
        rig.wait(20)
    trouble.append("the disk is full")
    for _ in range(47):
        rig.wait(12)
        rig.clock.now += 3588
    assert [each.kind for each in rig.channel.sent] == ["disk", "disk"]
    rig.clock.now += 7200
    rig.wait(60)
    assert len({each.key for each in rig.channel.sent}) == 3
    assert "the disk is full" in rig.channel.sent[0].text


def test_disk_that_is_missing_at_the_start_raises_an_alert(tmp_path):
    clock, trouble = ManualClock(), ["there is no such folder"]
    store = EventStore(tmp_path / "later" / "events.db", clock)
    channel = RecordingChannel()
    sources = make_sources(clock, store, trouble=lambda: "".join(trouble))
    sources.ready.clear()
    notifier = Notifier(channel, sources)
    for _ in range(40):
        notifier.run_once()
        clock.now += 1
    assert [each.kind for each in channel.sent] == ["disk"]
    test = InBackground(notifier.test)
    eventually(lambda: notifier.run_once() and len(channel.sent) > 1)
    assert test.result().trouble == ""
    trouble.clear()
    (tmp_path / "later").mkdir()
    store.open()
    sources.ready.set()
    with contextlib.closing(Opened.of(store)):
        rig = Rig(store, channel, trouble=lambda: "".join(trouble), notifier=notifier)
        trouble.append("the disk is full")
        rig.wait(60)
        rig.begin(lasts=1)
        rig.wait(2)
    assert [each.kind for each in channel.sent] == ["disk", "test", MOTION]


def test_end_before_the_list_is_read_keeps_the_state(store):
    store.remember("alerts recording", "as it was")
    sources = make_sources(SystemClock(), store)
    sources.ready.clear()
    notifier = Notifier(RecordingChannel(), sources)
    notifier.start()
    notifier.stop()
    assert notifier.join(PATIENCE)
    assert store.flush(5.0)
    with store.reading() as reader:
        assert reader.remembered("alerts recording") == "as it was"


def test_secret_in_an_unexpected_error_is_not_logged(store, caplog):
    rig = Rig(store, RecordingChannel(failures=[ValueError("https://user:geheim@host")]))
    rig.begin()
    thread = rig.notifier
    thread.start()
    eventually(lambda: thread.status().failed)
    thread.stop()
    assert thread.join(PATIENCE)
    assert "ValueError" in caplog.text
    assert "geheim" not in caplog.text


def test_damaged_state_starts_over(store, caplog):
    store.remember("alerts recording", '{"cursor": []}')
    rig = Rig(store)
    event = rig.begin()
    rig.wait(2)
    assert rig.sent == [("begin", event.id)]
    assert "is damaged" in caplog.text


def test_deleted_event_is_not_reported(store):
    rig = Rig(store, RecordingChannel(failures=[DeliveryFailed("down")]))
    event = rig.begin()
    rig.wait(1)
    store.delete([event.id], rig.clock.time())
    rig.wait(60)
    assert not rig.sent


def test_outage_of_many_events_becomes_one_digest(store):
    channel = RecordingChannel(failures=[DeliveryFailed("down")])
    rig = Rig(store, channel)
    rig.begin(lasts=1)
    rig.wait(1)
    for _ in range(1200):
        rig.begin(camera="yard", lasts=1)
    rig.clock.now += 3600
    rig.start()
    assert [(each.type, each.counts) for each in channel.sent] == [
        ("digest", {"front": 1, "yard": 1200})]


class PickyChannel(RecordingChannel):
    """Refuse the alerts of which *refuses* is true."""

    def __init__(self, refuses):
        super().__init__()
        self.refuses, self.tries = refuses, []

    def send(self, alert):
        if self.refuses(alert):
            self.tries.append(alert.key)
            raise DeliveryFailed("not this one", is_refusal=True)
        super().send(alert)


def test_alert_that_is_refused_delays_no_other(store):
    rig = Rig(store, PickyChannel(lambda alert: alert.camera == "front"))
    refused = rig.begin()
    rig.wait(200)
    assert len(rig.channel.tries) == 8      # after 0, 1, 3, 7 … 127 s
    other = rig.begin(camera="yard", lasts=1)
    rig.wait(1.2)
    assert rig.sent == [("begin", other.id)]
    assert len(rig.channel.tries) == 9      # once more, as the receiver works
    assert rig.notifier.status().trouble == "not this one"
    rig.end(refused)
    rig.clock.now += 900
    rig.begin(camera="yard")
    rig.wait(5)
    assert rig.notifier.status().trouble == ""


def test_receiver_that_works_again_gets_what_it_refused(store):
    rig = Rig(store, PickyChannel(lambda alert: True))
    refused = rig.begin()
    rig.wait(300)
    rig.channel.refuses = lambda alert: False
    other = rig.begin(camera="yard")
    rig.wait(2)
    assert rig.sent == [("begin", other.id), ("begin", refused.id)]
    assert rig.notifier.status().trouble == ""


def test_end_that_is_refused_is_given_up(store):
    rig = Rig(store, PickyChannel(lambda alert: alert.type == "end"))
    event = rig.begin()
    rig.wait(5)
    rig.end(event)
    rig.wait(30)
    other = rig.begin(camera="yard", lasts=1)
    rig.wait(1.2)
    assert rig.sent == [("begin", event.id), ("begin", other.id)]
    rig.wait(1200)
    tries = len(rig.channel.tries)
    rig.wait(1200)
    assert len(rig.channel.tries) == tries < 14


def test_digest_that_is_refused_holds_nothing_up(store):
    rig = Rig(store, PickyChannel(lambda alert: alert.type == "digest"))
    rig.begin(lasts=5)
    rig.clock.now += 3600
    rig.wait(100)
    assert rig.channel.tries
    event = rig.begin(camera="yard", lasts=1)
    rig.wait(1.2)
    assert [(each.id, each.more) for each in rig.channel.sent] == [(event.id, 1)]


def test_list_that_is_moved_away_is_followed(store, tmp_path):
    rig = Rig(store)
    for _ in range(5):
        rig.begin(lasts=1)
    rig.wait(120)
    rig.channel.sent.clear()
    (tmp_path / "events.db").rename(tmp_path / "old.db")
    new = [rig.begin(camera=camera, lasts=1) for camera in ("front", "yard")]
    rig.wait(2)
    rig.start()
    assert rig.sent == [("begin", each.id) for each in new]


def test_event_cut_off_by_a_crash_is_not_said_to_last(tmp_path):
    clock, channel = ManualClock(), RecordingChannel(failures=[DeliveryFailed("down")])
    with contextlib.closing(Opened(tmp_path, clock)) as before:
        rig = Rig(before.store, channel)
        event = rig.begin()
        rig.wait(1.2)
    clock.now += 3600
    with contextlib.closing(Opened(tmp_path, clock)) as opened:
        rig = Rig(opened.store, channel)
        rig.wait(5)
        assert not rig.sent
        opened.store.end(event.id, event.begin + 10, 4.2, None)     # as recovery does
        rig.wait(2)
        assert rig.sent == [("digest", event.id)]


def noise(width, height):
    """Return a picture that is hard to encode, as a JPEG."""
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    return encode(pixels, 90)


def test_outage_with_kills_repeats_and_loses_nothing(tmp_path):
    subprocess.run([sys.executable, killed_notifier.__file__, tmp_path], check=True,
                   timeout=PATIENCE)
    lines = (tmp_path / "delivered").read_text().splitlines()
    keys = [json.loads(line)["key"] for line in lines]
    # killed after a delivery, before that was noted: once more, with the same key
    (repeated,) = [key for key, count in Counter(keys).items() if count > 1]
    assert keys.count(repeated) == 2
    alerts = {json.loads(line)["key"]: json.loads(line) for line in lines}.values()
    assert [each["type"] for each in alerts].count("digest") == 1
    begins = sum(each["type"] == "begin" for each in alerts)
    assert begins + sum(each["more"] for each in alerts) == killed_notifier.EVENTS
