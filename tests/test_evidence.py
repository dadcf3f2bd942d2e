"""Events, clips and stills made of one camera's detections."""

from collections import Counter

import av
import cv2
import numpy as np
import pytest

from conftest import keeping
from harness import ManualClock
from pyimagesearch.frames import ArrayPicture, Frame, VideoHeader
from pyimagesearch.jpeg import LazyJpeg
from pyimagesearch.motion_detection.detection import Detection
from pyimagesearch.motion_detection.regions import Region
from pyimagesearch.recording.clip import read_clip
from pyimagesearch.settings.settings import Settings
from pyimagesearch.streaming.broadcaster import JpegFrame
from pyimagesearch.streaming.publisher import Shown

GREY = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1].tobytes()
BRIGHT = cv2.imencode(".jpg", np.full((48, 64, 3), 200, np.uint8))[1].tobytes()


def seen_moving(area, zones=()):
    """Return what is detected when *area* per mille moves in *zones*."""
    if not area:
        return Detection((), 0.0, None, 40)
    box = (1, 2, 3, 4)
    return Detection((box,), area, None, 40, (Region(box, 4, True, "moved", zones=zones),))


class Scene:
    """A camera at ten frames a second, whose motion is set by the test."""

    def __init__(self, clock, folder, **options):
        (wanted,) = Settings(source=("front=demo",), **options).cameras()
        self.clock, self.number = clock, 0
        self.kept = keeping(wanted, clock, folder)
        self.evidence, self.store = self.kept.evidence, self.kept.store
        self.store.open()

    def show(self, seconds, area=0.0, jpeg=GREY, skew=0.0, zones=(),
             looked=True):
        for _ in range(round(seconds * 10)):
            self.clock.now += 0.1
            self.number += 1
            frame = Frame(self.number, ArrayPicture(None), self.clock.time() + skew,
                          self.clock.monotonic())
            moved = seen_moving(area, zones)._replace(looked=looked)
            wanted = self.evidence.wants(moved)
            self.evidence.keep(frame, moved, Shown(
                LazyJpeg(jpeg, (64, 48)) if wanted else None, moved.boxes))
            self.kept.recorder.run_once()

    def lose(self, reason, away):
        """Be without a signal for *away* seconds, asked for it now and then."""
        since, self.clock.now = self.clock.time(), self.clock.now + 2.5
        for _ in range(3):
            self.evidence.lose(since, reason, self.clock.time() - since)
            self.clock.now += (away - 2.5) / 3

    def events(self):
        assert self.store.flush(60)
        with self.store.reading() as reader:
            return reader.page(limit=50)[0]


@pytest.fixture
def scene(tmp_path, clock):
    made = []

    def make(**options):
        made.append(Scene(clock, tmp_path, **options))
        return made[-1]
    yield make
    for each in made:
        each.store.stop()
        assert each.store.join(60)


def test_frames_that_were_not_looked_at_are_only_recorded(scene, clock):
    front = scene(pre_roll=2.0)
    front.show(4.0)
    front.show(0.5, area=8.0, looked=False)
    assert front.evidence.motion_since is None
    assert len(front.kept.recorder.preroll.after(0, 100)) == pytest.approx(20, abs=2)
    front.show(0.3, area=8.0)
    front.show(30.0, looked=False)
    assert front.evidence.motion_since is not None      # nothing says that it has ended


def test_motion_becomes_an_event_with_clip_and_thumbnail(scene, clock):
    seen = scene()
    seen.show(7)
    begin = clock.time() + 0.1
    seen.show(1, area=5.0)
    seen.show(0.1, area=80.0, jpeg=BRIGHT)
    seen.show(2, area=5.0)
    seen.show(8)
    (event,) = seen.events()
    assert (event.kind, event.camera, event.peak_area, event.peak_box) == (
        "motion", "front", 80.0, (1, 2, 3, 4))
    assert event.begin == pytest.approx(begin, abs=0.01)
    assert event.end == pytest.approx(begin + 3.0, abs=0.01)
    assert {(file.media, file.state) for file in event.files} == {
        ("clip", "complete"), ("thumbnail", "complete")}
    (thumbnail,) = seen.kept.files("*.jpg")
    assert thumbnail.read_bytes() == BRIGHT
    (clip,) = seen.kept.files()
    assert clip.stem == thumbnail.stem
    metadata, seconds = read_clip(clip)
    assert event.begin - metadata.first == pytest.approx(5.0, abs=0.11)
    assert metadata.last - event.end == pytest.approx(5.0, abs=0.11)
    assert seconds == pytest.approx(13.0, abs=0.25)


def test_peak_is_better_a_moment_after_motion_began(scene):
    seen = scene()
    seen.show(2)
    seen.show(0.5, area=5.0)
    assert [event.peak_area for event in seen.events()] == [5.0]
    seen.show(0.3, area=80.0, jpeg=BRIGHT)
    (event,) = seen.events()
    (thumbnail,) = seen.kept.files("*.jpg")
    assert (event.end, event.peak_area, thumbnail.read_bytes()) == (None, 80.0, BRIGHT)


def test_motion_below_min_area_is_ignored(scene):
    seen = scene(min_area=10.0)
    seen.show(3, area=9.9)
    seen.show(6)
    assert seen.events() == []
    assert seen.kept.files() == []


def test_disarmed_camera_makes_no_events_and_needs_no_pictures(scene):
    seen = scene()
    seen.evidence.arm(False)
    assert not seen.evidence.wants(seen_moving(500.0))
    seen.show(3, area=100.0)
    seen.evidence.arm(True)
    seen.show(3, area=100.0)
    seen.evidence.arm(False)
    seen.show(3, area=100.0)
    (event,) = seen.events()
    assert event.end - event.begin == pytest.approx(2.9, abs=0.11)


def test_without_recording_events_keep_a_picture_but_no_clip(scene):
    seen = scene(record=False)
    seen.show(3, area=100.0, jpeg=BRIGHT)
    seen.show(6)
    (event,) = seen.events()
    assert [file.media for file in event.files] == ["thumbnail"]
    (thumbnail,) = seen.kept.files("*.jpg")
    assert thumbnail.read_bytes() == BRIGHT
    assert seen.kept.files() == []


def test_manual_recording_runs_beside_a_motion_event(scene):
    seen = scene()
    seen.show(6)
    assert seen.evidence.manual.record(True) == seen.evidence.manual.record(True) == "started"
    seen.show(2)
    assert seen.kept.recorder.recording
    assert seen.evidence.manual.since == pytest.approx(seen.clock.time() - 2, abs=0.1)
    seen.show(2, area=50.0)
    assert seen.evidence.manual.record(False) == seen.evidence.manual.record(False) == "stopped"
    assert seen.evidence.manual.since is None
    seen.show(8)
    assert sorted(event.kind for event in seen.events()) == ["manual", "motion"]
    assert len(seen.kept.files()) == 2
    assert len(seen.kept.files("*.jpg")) == 2
    assert not seen.kept.recorder.recording


def test_manual_recording_works_where_motion_is_not_recorded(scene):
    seen = scene(record=False)
    seen.show(2)
    seen.evidence.manual.record(True)
    seen.show(3)
    seen.evidence.manual.record(False)
    seen.show(2)
    (clip,) = seen.kept.files()
    assert read_clip(clip)[1] == pytest.approx(3.0, abs=0.3)


def test_loss_ends_the_event_and_becomes_events_itself(scene, clock):
    seen = scene()
    seen.show(6)
    seen.show(2, area=50.0)
    gone = clock.time()
    seen.evidence.lose(gone, "unplugged")
    seen.evidence.lose(gone, "still unplugged")
    clock.now += 30
    seen.kept.recorder.run_once()
    assert len(seen.kept.files()) == 1
    seen.show(12)
    events = {event.kind: event for event in seen.events()}
    assert set(events) == {"motion", "lost", "returned"}
    assert events["lost"].end - events["lost"].begin == pytest.approx(30, abs=0.11)
    assert events["returned"].begin == pytest.approx(gone + 30, abs=0.11)
    assert events["lost"].note == "still unplugged"
    assert events["motion"].end == pytest.approx(gone, abs=0.11)


def test_camera_that_comes_and_goes_is_one_event(scene, clock):
    seen = scene()
    seen.show(20)
    for number in range(40):
        seen.lose(f"{number} bytes that are no picture", away=(4, 25)[number % 2])
        seen.show((1, 9)[number % 2])
    assert seen.evidence.losses.unsteady_since
    seen.show(5)
    assert not seen.evidence.losses.unsteady_since
    returned, unsteady, lost = seen.events()
    assert (returned.kind, unsteady.kind, lost.kind) == ("returned", "unsteady", "lost")
    assert lost.end - lost.begin == pytest.approx(4, abs=0.2)
    assert unsteady.begin == pytest.approx(lost.end, abs=0.2)
    assert unsteady.end == returned.begin == pytest.approx(clock.time() - 14, abs=0.2)
    assert (unsteady.note, returned.note) == (
        "lost 40 times", "after being unsteady for 13 minutes, lost 40 times")


def test_loss_before_a_restart_returns_with_the_signal(scene, clock):
    seen = scene(record=False)
    begin = clock.time()
    seen.store.add("lost", begin - 100, begin - 50, "front")
    seen.store.add("motion", begin - 30, begin - 20, "yard")
    seen.show(9)
    assert "returned" not in [event.kind for event in seen.events()]
    seen.show(3)
    returned = {event.kind: event for event in seen.events()}["returned"]
    assert (returned.camera, returned.end) == ("front", returned.begin)
    assert returned.begin == pytest.approx(begin, abs=0.2)


def test_only_a_loss_returns_after_a_restart(scene, clock):
    seen = scene(record=False)
    begin = clock.time()
    for kind, camera in (("lost", "front"), ("returned", "front"), ("lost", "yard")):
        seen.store.add(kind, begin, begin, camera)
    seen.show(12)
    assert len(seen.events()) == 3


def test_loss_that_a_switch_ended_returns_when_on(scene, clock):
    seen = scene(record=False)
    seen.show(20)
    seen.lose("unplugged", away=40)
    seen.evidence.losses.abandon()
    clock.now += 100
    seen.show(12)
    assert sorted(event.kind for event in seen.events()) == ["lost", "returned"]


def test_log_says_that_the_signal_is_back_with_the_event(scene, clock, caplog):
    caplog.set_level("INFO")
    seen = scene(record=False)
    seen.show(20)
    seen.lose("unplugged", away=6)
    seen.show(8)
    assert "signal back" not in caplog.text
    seen.show(4)
    assert caplog.text.count("signal back after 6 s; it has lasted for 10 s") == 1


def test_reasons_that_differ_in_numbers_are_one(scene, clock, caplog):
    seen = scene(record=False)
    seen.show(2)
    for seconds in ("5", "5.1", "5"):
        seen.evidence.lose(clock.time(), f"only garbled pictures for {seconds} seconds")
    assert caplog.text.count("no signal") == 1


@pytest.mark.parametrize("alive", [11, 30, 70])
def test_signal_lost_again_and_again_must_hold_longer(scene, alive):
    seen = scene(record=False)
    for _ in range(20):
        seen.show(alive)
        seen.lose("no signal", away=3)
    kinds = Counter(event.kind for event in seen.events())
    assert kinds["unsteady"] == 1
    assert kinds.total() < 11


def test_motion_of_a_camera_that_comes_and_goes_is_one_event(scene):
    seen = scene()
    for _ in range(2):
        seen.show(3)
        seen.lose("no signal", away=3)
    for _ in range(4):
        seen.show(3, area=30.0)
        seen.lose("no signal", away=9)
    seen.show(6)
    (motion,) = [event for event in seen.events() if event.kind == "motion"]
    assert motion.end - motion.begin == pytest.approx(3 * 12 + 3, abs=0.3)
    (clip,) = motion.clips
    assert clip.state == "complete"
    seen.show(3, area=30.0)
    seen.lose("no signal", away=60)
    assert not seen.evidence.motion_since


def test_wall_clock_that_jumps_changes_no_duration(scene, clock):
    """A Pi without a real-time clock is wrong until its network is up."""
    seen = scene()
    seen.show(6)
    seen.show(2, area=50.0)
    seen.show(2, area=50.0, skew=3600.0)
    seen.show(8, skew=3600.0)
    (event,) = seen.events()
    assert event.end - event.begin == pytest.approx(3.9, abs=0.11)
    assert read_clip(seen.kept.files()[0])[1] == pytest.approx(13.9, abs=0.3)
    (clip,) = event.clips
    assert clip.end - clip.begin == pytest.approx(13.9, abs=0.3)


@pytest.mark.parametrize("hours", [1, -1])
def test_wall_clock_that_jumps_prolongs_no_loss_or_recording(tmp_path, hours):
    clock = ManualClock()
    seen = Scene(clock, tmp_path)
    seen.show(2)
    seen.evidence.manual.record(True)
    seen.evidence.lose(clock.time() - 5, "unplugged", 5.0)
    clock.ahead = hours * 3600
    clock.now += 25
    assert seen.evidence.manual.since == pytest.approx(clock.time() - 25)
    seen.show(11)
    seen.evidence.manual.record(False)
    lengths = {event.kind: event.end - event.begin for event in seen.events()}
    assert lengths == pytest.approx({"lost": 30, "returned": 0, "manual": 36}, abs=0.2)
    seen.store.stop()
    assert seen.store.join(60)


def test_wall_clock_that_jumps_does_not_reorder_events(tmp_path):
    clock = ManualClock()
    seen = Scene(clock, tmp_path)
    expected = []
    for ahead in (0, 3600, 3600, 0, 0, -3600):
        clock.ahead = ahead
        clock.now += 60
        expected.insert(0, seen.evidence.keep_still(JpegFrame(1, GREY, clock.time(), b"")).event)
    found, cursor = [], None
    with seen.store.reading() as reader:
        assert seen.store.flush(60)
    with seen.store.reading() as reader:
        while True:
            page, cursor = reader.page(2, cursor)
            found += page
            if cursor is None:
                break
    assert [event.id for event in found] == expected
    assert [event.begin - clock.now for event in found] == [
        -3600, -60, -120, 3420, 3360, -300]
    with seen.store.reading() as reader:
        for newer, one, older in zip([None, *found], found, [*found[1:], None], strict=False):
            assert reader.neighbours(one) == (newer and newer.id, older and older.id)
    seen.store.stop()
    assert seen.store.join(60)


def test_snapshot_is_kept_as_a_still(scene, clock):
    seen = scene()
    number = seen.evidence.keep_still(JpegFrame(1, BRIGHT, clock.time(), b"")).event
    seen.show(0.1)
    (event,) = seen.events()
    assert (event.id, event.kind) == (number, "snapshot")
    assert event.picture.media == "still"
    assert seen.kept.files("*.jpg")[0].read_bytes() == BRIGHT


def test_largest_motion_of_each_minute_is_stored(scene, clock):
    seen = scene(record=False)
    clock.now = 1_800_000_000.0
    seen.show(30, area=3.0)
    seen.show(20, area=70.0)
    seen.show(70)
    assert seen.store.flush(60)
    with seen.store.reading() as reader:
        levels = reader.days.levels("front", 0, 10**9)
    assert [area for _, area in levels] == [70.0]


def test_packets_want_pictures_only_for_a_higher_peak(scene, clock):
    seen = scene()
    assert seen.evidence.wants(None)
    seen.kept.preroll_input.begin(VideoHeader(b"an MP4", b"extra"))
    seen.kept.preroll_input.put(b"packet", 1.0, clock.monotonic(), key=True, pts=0, dts=0)
    assert not seen.evidence.wants(None)
    assert seen.evidence.wants(seen_moving(20.0))
    seen.show(0.5, area=20.0)
    assert not seen.evidence.wants(seen_moving(20.0))
    assert seen.evidence.wants(seen_moving(20.1))


def test_end_of_the_program_ends_all_events(scene, clock):
    seen = scene()
    seen.show(6)
    seen.show(2, area=50.0)
    seen.evidence.manual.record(True)
    seen.show(1)
    seen.evidence.close()
    clock.now += 2
    seen.kept.recorder.run_once()
    assert all(event.end for event in seen.events())
    assert len(seen.kept.files()) == 2


class SlowScene(Scene):
    """A camera of one picture in *interval* seconds."""

    def show_frames(self, interval, areas):
        for area in areas:
            for _ in range(round(interval * 5)):      # the recorder goes on meanwhile
                self.clock.now += 0.2
                self.kept.recorder.run_once()
            self.clock.now -= 0.1
            self.show(0.1, area)


def frames_in(clip):
    with av.open(str(clip)) as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.mark.parametrize("interval", [3.0, 6.0, 20.0])
def test_slow_camera_records_one_clip_of_lasting_motion(tmp_path, interval):
    clock = ManualClock()
    seen = SlowScene(clock, tmp_path)
    seen.show_frames(interval, [0.0] * 5 + [30.0] * 8 + [0.0] * 5)
    seen.show_frames(1.0, [0.0] * 3)
    (event,) = seen.events()
    assert event.end - event.begin == pytest.approx(7 * interval, abs=0.1)
    (clip,) = seen.kept.files()
    metadata, seconds = read_clip(clip)
    assert metadata.first <= event.begin - interval + 0.1
    assert {file.state for file in event.files} == {"complete"}
    assert frames_in(clip) == round((metadata.last - metadata.first) / interval) + 1
    assert seconds == pytest.approx(metadata.last - metadata.first, abs=interval + 0.1)
    seen.store.stop()
    assert seen.store.join(60)


def test_event_names_the_zones_that_something_moved_in(scene):
    seen = scene()
    seen.show(0.5, area=50.0, zones=("drive",))
    seen.show(0.2, area=0.5, zones=("attic",))      # too little: no motion
    seen.show(0.5, area=50.0, zones=("garden", "drive"))
    seen.show(8)
    seen.show(1, area=50.0)
    assert [event.note for event in seen.events()] == ["", "in drive, garden"]


def test_zone_has_its_own_least_area(scene):
    seen = scene(min_area=10.0)
    box = (1, 2, 3, 4)
    for own, area, motion in ((None, 9.0, False), (5.0, 9.0, True), (5.0, 4.0, False),
                              (20.0, 19.0, False), (None, 10.0, True), (0.0, 0.0, False)):
        moved = Detection((box,), area, None, 40, min_area=own)
        assert moved.is_motion(10.0) == motion
    assert seen.evidence.wants(Detection((box,), 9.0, None, 40, min_area=5.0))
