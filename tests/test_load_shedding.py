"""What is done less when the machine cannot keep up, in which order."""

import math

import pytest

from harness import ManualClock
from pyimagesearch.motion_detection.look_pace import LookPace
from pyimagesearch.streaming import LatestFrameBroadcaster, Publisher
from pyimagesearch.streaming.live_videos import live_videos
from pyimagesearch.surveillance.frame_counts import FrameCounts
from pyimagesearch.surveillance.load_shedding import LoadShedding

FULL, LEAST = (1, math.inf), (4, 4.0)


class Machine:
    """A camera of 10 frames a second; the test says how much work each of them is."""

    def __init__(self):
        self.clock = ManualClock()
        self.publisher = Publisher("front", LatestFrameBroadcaster(), None, width=640,
                                   quality=75, videos=live_videos(500))
        self.pace = LookPace(10.0)
        self.counts = FrameCounts()
        self.is_recorder_late = False
        self.load = LoadShedding("front", self.publisher, self.pace,
                                 self.counts, lambda: self.is_recorder_late, self.clock)

    @property
    def level(self):
        return self.publisher.videos.step, self.pace.most

    def work(self, seconds, busy):
        """Return each level on the way, and when it was reached; *busy* is a share, or gives it."""
        reached, begin = {self.level: 0.0}, self.clock.now
        for _ in self.load.watch(self._frames(seconds)):
            share = busy(self.level) if callable(busy) else busy
            self.clock.now += 0.1 * share
            self._idle = 0.1 * (1 - share)
            reached.setdefault(self.level, self.clock.now - begin)
        return reached

    def _frames(self, seconds):
        for number in range(round(10 * seconds)):
            yield number
            self.clock.now += self._idle


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def watched(machine):
    with machine.publisher.videos["low"].watching():
        yield machine


def test_videos_of_far_viewers_come_first_then_detection(watched):
    assert list(watched.work(15.0, 0.95)) == [
        FULL, (2, math.inf), (3, math.inf), (4, math.inf), (4, 10.0), (4, 6.0), LEAST]
    assert watched.load.is_shedding
    assert watched.load.busy == pytest.approx(0.95, abs=0.02)


def test_nothing_is_left_out_while_the_machine_keeps_up(watched):
    assert list(watched.work(120.0, 0.8)) == [FULL]
    assert not watched.load.is_shedding


def test_videos_without_viewers_are_not_spared_first(machine):
    assert list(machine.work(4.5, 0.95)) == [FULL, (4, 10.0), (4, 6.0)]
    machine.work(30.0, 0.1)
    assert machine.level == FULL


def test_skipped_frames_count_as_work_not_done(watched):
    for _ in range(15):
        watched.counts.skipped += 5     # of fifteen frames in a second
        watched.work(1.0, 0.6)
    assert watched.load.busy == pytest.approx(0.9, abs=0.05)
    assert watched.level == LEAST


def test_frames_beyond_the_rate_of_the_settings_are_no_work(watched):
    for _ in range(15):     # of a camera of 30 frames a second, with --fps 10
        watched.counts.skipped += 12
        watched.counts.left_out += 8
        watched.work(1.0, 0.6)
    assert watched.load.busy == pytest.approx(0.6, abs=0.05)
    assert watched.level == FULL


def test_single_stall_is_no_overload(watched):
    for _ in range(10):
        watched.counts.skipped += 6     # in half a second of a stall
        watched.work(1.0, 0.5)
        watched.work(7.0, 0.2)
    assert watched.level == FULL


def test_recorder_that_falls_behind_counts_as_busy(watched):
    watched.is_recorder_late = True
    watched.work(2.5, 0.2)
    assert watched.level == (2, math.inf)


def test_all_is_done_again_after_a_busy_time(watched):
    watched.work(15.0, 0.95)
    times = watched.work(40.0, 0.3)
    assert list(times)[-1] == FULL
    assert times[FULL] == pytest.approx(24, abs=4)


def test_what_is_too_much_is_tried_less_and_less_often(watched):
    def busy(level):
        return 0.95 if level == FULL else 0.5
    watched.work(5.0, busy)
    changes = []
    for _ in range(600):
        before = watched.level
        watched.work(1.0, busy)
        changes += [watched.level] if watched.level != before else []
    assert len(changes) <= 2 * 600 / 60 + 8


def test_time_without_frames_is_no_work(watched):
    watched.work(12.0, 0.1)
    watched.clock.now += 60.0
    watched.work(0.5, 1.0)
    assert watched.level == FULL
