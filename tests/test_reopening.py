"""A source that fails and is opened again, on a clock that a test moves."""

import threading

import numpy as np
import pytest

from pyimagesearch.capture.patience import Patience
from pyimagesearch.capture.reopening import ConnectionCounts, ReopeningSource
from pyimagesearch.errors import (
    BadPicture,
    CameraLost,
    LoginRefused,
    PollFailed,
    SourceEnded,
)
from pyimagesearch.frames import ArrayPicture

IMAGE = ArrayPicture(np.zeros((4, 4, 3), np.uint8))
ENDED = CameraLost("ended the stream")
REFUSED = CameraLost("connection refused")
BUSY = PollFailed("is busy")


class Connection:
    """A connection of a scripted camera: its answers come one by one, each *took* later."""

    granted = "a test"

    def __init__(self, camera, answers):
        self.read_timeout = camera.read_timeout
        self.camera, self.answers = camera, iter(answers)

    def read(self):
        self.camera.clock.now += self.camera.took
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self):
        self.camera.open_connections -= 1


class Camera:
    """Each of *connections* is a list of answers, or the error of opening it."""

    def __init__(self, clock, *connections, took=0.04, read_timeout=2.5, **patience):
        self.clock, self.took, self.read_timeout = clock, took, read_timeout
        self.connections = iter(connections)
        self.opened_at, self.open_connections = [], 0
        self.counts, self.closing = ConnectionCounts(), threading.Event()
        self.patience = Patience(**patience)

    def open(self):
        return ReopeningSource(self.connect, "test", self.closing, self.clock, self.patience,
                               self.counts)

    def connect(self, closing):
        self.opened_at.append(self.clock.monotonic())
        connection = next(self.connections)
        if isinstance(connection, Exception):
            raise connection
        self.open_connections += 1
        return Connection(self, connection)


def read_all(source):
    """Return how many pictures come, and the error that ends them."""
    for number in range(10_000):
        try:
            source.read()
        except (CameraLost, SourceEnded) as end:
            return number, str(end)


def test_stream_that_ends_is_opened_again_at_once(clock):
    camera = Camera(clock, [IMAGE] * 50 + [ENDED], [IMAGE] * 50 + [SourceEnded("over")])
    source = camera.open()
    begin = clock.now
    assert read_all(source) == (100, "over")
    assert clock.now - begin == pytest.approx(102 * camera.took)
    assert (camera.counts.reconnects, camera.counts.losses) == (1, 0)
    source.close()
    assert camera.open_connections == 0


def test_stream_of_one_picture_is_opened_four_times_a_second(clock):
    camera = Camera(clock, *[[IMAGE, ENDED]] * 12, [SourceEnded("over")])
    begin = clock.now
    assert read_all(camera.open()) == (12, "over")
    assert clock.now - begin == pytest.approx(12 / 4, abs=0.2)
    slow = Camera(clock, *[[IMAGE, ENDED]] * 4, [SourceEnded("over")], fps=0.1)
    begin = clock.now
    assert read_all(slow.open()) == (4, "over")
    assert clock.now - begin == pytest.approx(40, abs=0.2)


def test_camera_that_restarts_within_a_second_is_no_loss(clock):
    camera = Camera(clock, [IMAGE] * 9 + [ENDED], REFUSED, REFUSED, [IMAGE, SourceEnded("over")])
    source = camera.open()
    assert read_all(source) == (10, "over")
    assert camera.counts.reconnects == 1
    assert source.trouble == ""


def test_slow_stream_of_one_picture_is_no_loss(clock):
    camera = Camera(clock, *[[IMAGE, ENDED]] * 5, [SourceEnded("over")], took=6.0, rate_known=False)
    source = camera.open()
    assert read_all(source) == (5, "over")
    assert camera.counts.reconnects == 4


def test_camera_that_stays_away_is_lost_with_the_reason(clock):
    camera = Camera(clock, [IMAGE] * 9 + [ENDED], *[REFUSED] * 50)
    source = camera.open()
    last = clock.now + 9 * camera.took
    assert read_all(source) == (9, "connection refused")
    assert 2.5 < clock.now - last < 3.1
    tries = np.diff(camera.opened_at[1:])
    assert tries.min() >= 0.25
    assert tries.max() <= 0.5


def test_slow_camera_may_stay_away_for_three_intervals(clock):
    camera = Camera(clock, [IMAGE] * 4 + [ENDED], *[REFUSED] * 90, took=6.0)
    source, begin = camera.open(), clock.now
    assert read_all(source) == (4, "connection refused")
    assert clock.now - begin == pytest.approx(24 + 6 + 18, abs=1)     # it ended 6 s behind the last picture


@pytest.mark.parametrize("first", [REFUSED, [ENDED]])
def test_failure_before_the_first_picture_is_reported_at_once(clock, first):
    camera = Camera(clock, first, [IMAGE] * 9)
    with pytest.raises(CameraLost, match=r"refused|ended"):
        camera.open().read()
    assert len(camera.opened_at) == 1


@pytest.mark.parametrize("refusal", [[ENDED], []], ids=["stream", "polls"])
def test_login_is_sent_twice_only_to_a_camera_that_refuses_it(clock, refusal):
    wrong = LoginRefused("refuses this user or password")
    camera = Camera(clock, [IMAGE] * 9 + (refusal or [wrong]), *[wrong] * (1 + len(refusal)))
    source = camera.open()
    for _ in range(9):
        source.read()
    with pytest.raises(LoginRefused):
        source.read()
    assert len(camera.opened_at) == 2 + len(refusal)
    assert camera.opened_at[-1] >= camera.opened_at[-2] + 1


def test_failed_polls_are_counted_and_no_loss(clock):
    camera = Camera(clock, [IMAGE, BUSY, BUSY, IMAGE, BUSY, IMAGE, SourceEnded("over")], took=0.9,
                    read_timeout=5.0)
    source = camera.open()
    assert read_all(source) == (3, "over")
    assert (camera.counts.failed_polls, camera.counts.reconnects) == (3, 0)
    assert len(camera.opened_at) == 1


def test_polls_that_fail_for_too_long_are_a_loss(clock):
    camera = Camera(clock, [IMAGE] * 3 + [BUSY] * 99, took=0.2, read_timeout=5.0)
    begin = clock.now
    assert read_all(camera.open()) == (3, "is busy")
    assert clock.now - begin == pytest.approx(3 * 0.2 + 5.0, abs=0.3)
    assert camera.counts.failed_polls == 25


def test_garbled_picture_is_passed_on_and_teaches_nothing(clock):
    camera = Camera(clock, [IMAGE, BadPicture("3c 68 74 6d"), IMAGE], took=3.0)
    source = camera.open()
    source.read()
    with pytest.raises(BadPicture):
        source.read()
    source.read()
    assert source.read_timeout == 3 * 6.0


def test_driver_that_fails_is_opened_again(clock):
    camera = Camera(clock, [IMAGE, OSError(19, "no such device")], [IMAGE, SourceEnded("over")])
    assert read_all(camera.open()) == (2, "over")
    assert camera.counts.reconnects == 1


def test_defect_is_never_hidden_by_opening_again(clock):
    camera = Camera(clock, [IMAGE, ZeroDivisionError()], [IMAGE])
    source = camera.open()
    source.read()
    with pytest.raises(ZeroDivisionError):
        source.read()


def test_closing_ends_the_wait_for_the_next_try(clock):
    camera = Camera(clock, [IMAGE, ENDED], [IMAGE])
    source = camera.open()
    source.read()
    clock.wait = lambda event, seconds: event.set() or True
    with pytest.raises(CameraLost, match="closing"):
        source.read()
    assert len(camera.opened_at) == 1


def test_reconnects_in_quick_succession_are_logged_once(clock, caplog):
    caplog.set_level("INFO")
    stream = [IMAGE] * 20 + [ENDED]
    camera = Camera(clock, *[stream] * 4, [IMAGE] * 1300 + [ENDED], [IMAGE, SourceEnded("over")],
                    took=0.05)
    assert read_all(camera.open()) == (1381, "over")
    assert camera.counts.reconnects == 5
    assert caplog.text.count("test: reconnected within 0.1 s, after: ended the stream") == 2
