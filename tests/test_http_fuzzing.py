"""Nothing that an HTTP camera sends is a traceback, a thread, or memory that stays."""

import contextlib
import logging
import socket
import struct
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from harness import DEADLINE, eventually
from http_answers import JPEG, whole_answers
from pyimagesearch.capture.cancellation import Cancellation
from pyimagesearch.capture.http_camera import open_http
from pyimagesearch.capture.http_client import HttpClient
from pyimagesearch.capture.limits import Allowance, MemoryBudget
from pyimagesearch.capture.reader import FrameReader
from pyimagesearch.capture.source import CaptureRequest
from pyimagesearch.capture.url import parse_url
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import BadPicture, CameraLost, PollFailed, SourceEnded
from socket_camera import SocketCamera

HELD_MB = 60        # with PyAV, and what Hypothesis remembers
READS = 6
BUSY = b"HTTP/1.1 200 OK\r\n\r\n"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
STILL = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n"
ODD_TYPE = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x; boundary*" + b"1" * 5000 + b"=b\r\n\r\n"
MANY = settings(max_examples=250, deadline=None,
                suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


class AnsweringCamera(SocketCamera):
    """A camera that sends *sends* to every request, and hangs up, if *rude* with a reset."""

    sends, rude = b"", False

    def __init__(self):
        super().__init__(self.converse)

    def converse(self, connection):
        connection.recv(65536)
        connection.sendall(self.sends)
        if self.rude:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.fixture(scope="module")
def camera():
    with contextlib.closing(AnsweringCamera()) as camera:
        yield camera


@pytest.fixture(autouse=True)
def _nothing_is_left(caplog):
    """No thread, no memory, and no line in the log is left by a test."""
    before, threads = memory(), set(threading.enumerate())
    with caplog.at_level(logging.WARNING):
        yield
    assert not caplog.records
    eventually(lambda: not [each for each in threading.enumerate()
                            if each not in threads and each.name.startswith(("reader-", "lookup-"))])
    assert memory() - before < HELD_MB


def memory():
    """Return the memory of this process [MB]."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def judge(error):
    """Fail unless *error* is one sentence for people."""
    said = str(error)
    assert said
    assert len(said) <= 400
    assert said.isprintable(), ascii(said)


@MANY
@given(whole_answers(), st.booleans())
@example(BUSY, False)
@example(STREAM, False)
@example(STILL + JPEG, True)
@example(ODD_TYPE, False)
def test_every_answer_gives_pictures_or_one_sentence(camera, answer, rude):
    camera.sends, camera.rude = answer, rude
    client, budget = HttpClient(parse_url(f"http://me:s3cret@127.0.0.1:{camera.port}/x")), MemoryBudget()
    wanted, closing = CaptureRequest(fps=200.0, allowance=Allowance(budget, "x")), Cancellation()
    with contextlib.suppress(CameraLost, PollFailed, SourceEnded), reported():
        source = open_http(client, wanted, closing, SystemClock())
        with contextlib.closing(source):
            for _ in range(READS):
                with contextlib.suppress(BadPicture), reported():
                    source.read().colour()
    closing.set()


@contextlib.contextmanager
def reported():
    """Judge the error of the block, whatever it is."""
    try:
        yield
    except (BadPicture, CameraLost, PollFailed, SourceEnded) as error:
        judge(error)
        raise


@settings(MANY, max_examples=80)
@given(whole_answers())
@example(BUSY)
@example(STREAM)
def test_reader_ends_after_every_answer(camera, answer):
    camera.sends, camera.rude = answer, False
    client = HttpClient(parse_url(f"http://me:s3cret@127.0.0.1:{camera.port}/x"))
    reader = FrameReader(lambda closing: open_http(client, CaptureRequest(), closing, SystemClock()),
                         "fuzzed", SystemClock(), open_timeout=DEADLINE)
    with contextlib.suppress(BadPicture, CameraLost, SourceEnded), reported():
        next(reader.frames()).picture.colour()
    assert reader.close(DEADLINE)
