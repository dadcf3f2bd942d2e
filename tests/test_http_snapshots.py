"""Cameras that are asked for one picture after the other, over real connections."""

import contextlib
import socket
import struct
import threading
import time

import cv2
import numpy as np
import pytest

from pyimagesearch.capture import http_client
from pyimagesearch.capture.cancellation import Cancellation
from pyimagesearch.capture.http_camera import open_http
from pyimagesearch.capture.http_client import HttpClient
from pyimagesearch.capture.patience import Patience
from pyimagesearch.capture.reader import FrameReader
from pyimagesearch.capture.reopening import ConnectionCounts
from pyimagesearch.capture.source import CaptureRequest
from pyimagesearch.capture.url import parse_url
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import BadPicture, CameraLost, LoginRefused

JPEG = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1].tobytes()
HEAD = b"HTTP/1.1 %s\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
STILL = HEAD % (b"200 OK", len(JPEG)) + JPEG
BUSY = HEAD % (b"503 Service Unavailable", 0)
REFUSED = HEAD % (b"401 Unauthorized", 0)
HALF = STILL[:-len(JPEG) // 2]
PAGE = HEAD % (b"200 OK", 6) + b"<html>"
RESET, HANG = "reset", "hang"
POLLS = 60.0        # a second


class Camera:
    """Gives the *answers* to one request each, after *delay* seconds, then the last for ever."""

    def __init__(self, *answers, delay=0.0):
        self.answers, self.delay, self.polls = list(answers), delay, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/still"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                with client:
                    client.recv(4096)
                    self.answer(client)

    def answer(self, client):
        self.polls += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is HANG:
            client.recv(1)      # until the client gives up
            return
        time.sleep(self.delay)
        if answer is RESET:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            with contextlib.suppress(ConnectionError):
                client.sendall(answer)


@pytest.fixture
def camera():
    made = []

    def begin(*answers, **options):
        made.append(Camera(*answers, **options))
        return made[-1]
    yield begin
    for each in made:
        each.listener.shutdown(socket.SHUT_RDWR)
        each.listener.close()


@pytest.fixture
def read():
    """Read a camera as the program does."""
    readers = []

    def begin(camera, fps=POLLS, login=""):
        url = camera.url.replace("://", f"://{login}")
        client, counts = HttpClient(parse_url(url)), ConnectionCounts()
        readers.append(FrameReader(
            lambda closing: open_http(client, CaptureRequest(fps=fps), closing, SystemClock()),
            "test", SystemClock(), patience=Patience(fps, rate_known=False), counts=counts))
        return readers[-1], counts
    yield begin
    for reader in readers:
        assert reader.close(10)


def pictures(reader, count):
    """Return how many of the next frames are garbled, until *count* are not."""
    garbled = good = 0
    for frame in reader.frames():
        try:
            frame.picture.grey()
            good += 1
        except BadPicture:
            garbled += 1
        if good == count:
            return garbled
    return None


@pytest.mark.parametrize("answer", [BUSY, REFUSED, RESET], ids=["busy", "refused", "reset"])
def test_poll_that_fails_now_and_then_is_counted_only(camera, read, answer):
    reader, counts = read(camera(STILL, STILL, answer, STILL, answer, answer, STILL, STILL))
    assert pictures(reader, 5) == 0
    assert (counts.failed_polls, counts.reconnects) == (3, 0)


def test_changed_password_is_not_sent_with_each_poll(camera, read):
    changed = camera(STILL, STILL, REFUSED)
    reader, _ = read(changed, login="me:s3cret@")
    with pytest.raises(LoginRefused, match="refuses this user or password"):
        pictures(reader, 3)
    assert changed.polls == 2 + 2 * 2       # each without the login, and with it


@pytest.mark.parametrize("answer", [HALF, PAGE], ids=["half a picture", "a page"])
def test_poll_without_a_whole_picture_ends_nothing(camera, read, answer):
    reader, counts = read(camera(STILL, answer, STILL, STILL))
    pictures(reader, 3)
    assert counts.reconnects == 0


@pytest.mark.parametrize(("answer", "reason"), [
    (BUSY, "is busy"), (REFUSED, "login"), (RESET, "reset"), (HEAD % (b"404 Not Found", 0), "path")],
    ids=["busy", "refused", "reset", "not found"])
def test_first_poll_that_fails_tells_why_at_once(camera, read, answer, reason):
    slow_to_fail = camera(answer)
    reader, _ = read(slow_to_fail)
    with pytest.raises(CameraLost, match=reason):
        next(reader.frames())
    assert slow_to_fail.polls <= 2


def test_camera_that_takes_long_for_a_picture_is_waited_for(camera, read, monkeypatch):
    monkeypatch.setattr(http_client, "TIMEOUT_SECONDS", 0.1)
    reader, counts = read(camera(STILL, delay=0.3))
    assert pictures(reader, 3) == 0
    assert counts.failed_polls == 0


def test_first_response_may_take_as_long_as_fps_allows(camera, monkeypatch):
    monkeypatch.setattr(http_client, "RESPONSE_SECONDS", 0.1)
    slow = camera(STILL, delay=0.5)
    with HttpClient(parse_url(slow.url), fps=1.0).get(Cancellation()) as response:
        assert response.status == 200
    with pytest.raises(CameraLost, match="no response in time"):
        HttpClient(parse_url(slow.url)).get(Cancellation())


def test_poll_that_is_never_answered_costs_less_than_patience(camera, read, monkeypatch):
    monkeypatch.setattr(http_client, "TIMEOUT_SECONDS", 0.1)
    reader, counts = read(camera(STILL, STILL, HANG, STILL))
    begin = time.monotonic()
    assert pictures(reader, 3) == 0
    assert counts.failed_polls == 1
    assert time.monotonic() - begin < 5     # and not as long as a first response may take


def test_stills_without_a_length_are_polled(camera, read):
    still = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nConnection: close\r\n\r\n" + JPEG
    reader, counts = read(camera(*[still] * 3, BUSY, still))
    assert pictures(reader, 5) == 0
    assert (counts.failed_polls, counts.reconnects) == (1, 0)
    assert "single pictures" in reader.granted
    assert reader.failing_timeout == 5.0
