"""The thread that reads a camera, and the frames that the loop gets from it."""

import queue
import threading

import numpy as np
import pytest

from harness import InBackground, ManualClock, eventually
from pyimagesearch.capture.limits import MAX_FRAMES_PER_SECOND
from pyimagesearch.capture.reader import FrameReader
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import BadPicture, CameraLost, SourceEnded
from pyimagesearch.frames import ArrayPicture

IMAGE = ArrayPicture(np.zeros((4, 4, 3), np.uint8))


class Script:
    """A camera that gives the pictures and errors of a test."""

    granted = "a test"

    def __init__(self, read_timeout=30.0):
        self.read_timeout = read_timeout
        self.answers = queue.SimpleQueue()
        self.closed = threading.Event()
        self.reads = 0

    def read(self):
        self.reads += 1
        answer = self.answers.get()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self):
        self.closed.set()


@pytest.fixture
def script():
    script = Script()
    yield script
    script.answers.put(CameraLost("the test is over"))


def reader_of(script):
    return FrameReader(lambda closing: script, "test", SystemClock())


def test_slow_loop_gets_the_newest_frame_and_none_twice(script):
    frames = reader_of(script).frames()
    script.answers.put(IMAGE)
    assert next(frames).number == 1
    for _ in range(3):
        script.answers.put(IMAGE)
    eventually(lambda: script.reads == 5)
    assert next(frames).number == 4
    news = InBackground(next, frames)
    with pytest.raises(queue.Empty):
        news.result(timeout=0.1)
    script.answers.put(IMAGE)
    assert news.result().number == 5


@pytest.mark.parametrize("answer", [IMAGE, BadPicture("none")], ids=["pictures", "garbled"])
def test_camera_is_not_read_faster_than_the_limit(script, answer):
    clock, begin = ManualClock(), ManualClock().monotonic()
    reader = FrameReader(lambda closing: script, "test", clock)
    for _ in range(1000):
        script.answers.put(answer)
    eventually(lambda: script.reads == 1001)
    reader.cancel()
    assert clock.monotonic() - begin >= 1000 / MAX_FRAMES_PER_SECOND - 0.5


def test_unreadable_picture_is_a_frame_and_no_loss(script):
    frames = reader_of(script).frames()
    script.answers.put(BadPicture("bytes that are none"))
    frame = next(frames)
    assert (frame.number, frame.picture.jpeg()) == (1, None)
    for decode in (frame.picture.grey, frame.picture.colour):
        with pytest.raises(BadPicture, match="bytes that are none"):
            decode()
    script.answers.put(IMAGE)
    assert next(frames).number == 2


def test_unreadable_data_do_not_replace_a_good_picture(script):
    frames = reader_of(script).frames()
    script.answers.put(IMAGE)
    script.answers.put(BadPicture("text between the pictures"))
    eventually(lambda: script.reads == 3)
    frame = next(frames)
    assert (frame.number, frame.picture) == (1, IMAGE)
    script.answers.put(BadPicture("more text"))
    frame = next(frames)
    assert (frame.number, frame.picture.size) == (3, (0, 0))


def test_last_frame_comes_before_the_error(script):
    frames = reader_of(script).frames()
    script.answers.put(IMAGE)
    script.answers.put(SourceEnded("over"))
    assert next(frames).number == 1
    with pytest.raises(SourceEnded, match="over"):
        next(frames)
    assert script.closed.wait(5)


def test_frozen_camera_is_lost_after_its_read_timeout(script):
    script.read_timeout = 0.1
    reader = reader_of(script)
    script.answers.put(IMAGE)
    frames = reader.frames()
    next(frames)
    with pytest.raises(CameraLost, match=r"gave no frame for 0.1 seconds"):
        next(frames)
    assert reader.close(timeout=0.01) is False
    assert reader.alive
    script.answers.put(IMAGE)       # the read returns at last
    eventually(lambda: not reader.alive)
    assert script.closed.is_set()


def test_waiting_loop_may_do_something_else_meanwhile(script):
    frames, waits = reader_of(script).frames(lambda: waits.append(1) or end(waits)), []

    def end(waits):
        if len(waits) == 2:
            script.answers.put(IMAGE)

    assert next(frames).number == 1
    assert len(waits) in (2, 3)


def test_reason_of_the_last_failure_tells_why_a_camera_is_silent(script):
    tries = []

    def connect(closing):
        tries.append(1)
        if len(tries) == 2:
            closing.wait()      # a connection that is not answered
        return script

    script.read_timeout = 0.3
    reader = FrameReader(connect, "test", SystemClock())
    script.answers.put(IMAGE)
    script.answers.put(CameraLost("ended the stream"))
    frames = reader.frames()
    next(frames)
    with pytest.raises(CameraLost, match="ended the stream"):
        next(frames)
    script.answers.put(IMAGE)
    assert reader.close(5)


def test_cancel_ends_the_loop_while_the_camera_blocks(script):
    reader = reader_of(script)
    rest = InBackground(list, reader.frames())
    reader.cancel()
    assert rest.result() == []


def test_defect_in_a_source_is_logged_and_is_a_loss(script, caplog):
    frames = reader_of(script).frames()
    script.answers.put(ZeroDivisionError("a defect"))
    with pytest.raises(CameraLost, match="ZeroDivisionError"):
        next(frames)
    assert "Traceback" in caplog.text


def test_camera_that_does_not_open_is_a_loss(caplog):
    def refuse(closing):
        raise CameraLost("no such camera")

    with pytest.raises(CameraLost, match="no such camera"):
        next(FrameReader(refuse, "test", SystemClock()).frames())
    assert not caplog.text


def test_error_of_a_library_is_reported_without_its_url():
    def fail(closing):
        raise OSError(5, "Input/output error", "rtsp://me:s3cret@cam/")

    with pytest.raises(CameraLost, match=r"^the camera failed: Input/output error$"):
        next(FrameReader(fail, "test", SystemClock()).frames())
