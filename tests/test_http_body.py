"""Bodies are received no faster than a camera may send, and given up at any moment."""

import contextlib
import socket
import threading
import time

import pytest

from harness import DEADLINE, ManualClock, eventually
from pyimagesearch.capture import http_body, http_client
from pyimagesearch.capture.cancellation import Cancellation
from pyimagesearch.capture.certificates import Trust
from pyimagesearch.capture.http_body import HttpBody
from pyimagesearch.capture.http_camera import open_http
from pyimagesearch.capture.http_client import HttpClient
from pyimagesearch.capture.limits import (
    BUSY_READER_SHARE,
    MAX_BYTES_PER_SECOND,
    READER_SHARE,
)
from pyimagesearch.capture.reader import FrameReader
from pyimagesearch.capture.source import CaptureRequest
from pyimagesearch.capture.spare_time import MAX_SAVED_SECONDS, SpareTime
from pyimagesearch.capture.url import parse_url
from pyimagesearch.clock import SystemClock
from socket_camera import SocketCamera

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
STREAM = b"Content-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
BYTES = 40_000_000
WORK_SECONDS = 0.3


@pytest.fixture
def camera():
    """Start a camera that sends *first*, and *rest* again and again."""
    with contextlib.ExitStack() as stack:
        def begin(first, rest=b""):
            def serve(connection):
                connection.recv(4096)
                connection.sendall(first)
                while rest:
                    connection.sendall(rest)
                begin.reached.set()
                connection.recv(1)      # until the other side has had enough
            begin.reached = threading.Event()
            return stack.enter_context(contextlib.closing(SocketCamera(serve)))
        yield begin


@pytest.mark.parametrize("endless", [True, False])
def test_camera_is_not_received_faster_than_the_limit(camera, endless):
    url, clock, closing = parse_url(camera(HEAD + b"\r\n", bytes(1_000_000)).url), ManualClock(), Cancellation()
    begin, size = clock.monotonic(), 0
    with HttpBody(url, HttpClient(url).get(closing), closing, clock) as body:
        if endless:
            body.expect_no_end(None)
        while size < BYTES:
            size += len(body.read())
    assert clock.monotonic() - begin >= BYTES / MAX_BYTES_PER_SECOND - 0.6


def test_rest_of_a_picture_is_received_in_one_piece():
    def serve(connection):
        connection.recv(4096)
        for packet in [HEAD + b"\r\nfirst", *[b"x" * 100] * 50, *[b"y" * 100] * 3]:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(packet)
            time.sleep(0.002)
    with contextlib.closing(SocketCamera(serve)) as camera:
        url, closing = parse_url(camera.url), Cancellation()
        with HttpBody(url, HttpClient(url).get(closing), closing, SystemClock()) as body:
            body.expect_no_end(None)
            start = bytes(body.read())      # what came with the headers, first
            while b"x" not in start:
                start += body.read()
            rest = 5000 - start.count(b"x")
            assert bytes(body.read(rest))[:rest] == b"x" * rest
            end = b""
            while piece := bytes(body.read(1000)):
                end += piece        # less than that, as the body ends
            assert set(end) <= {ord("y")}


@pytest.mark.parametrize(("gives_pictures", "share"), [(True, READER_SHARE), (False, BUSY_READER_SHARE)])
def test_camera_whose_data_take_long_is_held_back(camera, monkeypatch, gives_pictures, share):
    monkeypatch.setattr(http_body, "SPARE_TIME", SpareTime(0.0))
    http_body.SPARE_TIME.take(MAX_SAVED_SECONDS)
    url, clock, closing = parse_url(camera(HEAD + b"\r\n", b"x").url), ManualClock(), Cancellation()
    begin, until = clock.monotonic(), time.thread_time() + WORK_SECONDS
    with HttpBody(url, HttpClient(url).get(closing), closing, clock) as body:
        while time.thread_time() < until:
            body.read()
            if gives_pictures:
                body.on_picture()
            sum(range(100_000))
    waited = clock.monotonic() - begin
    assert 0.8 * WORK_SECONDS / share - 0.5 <= waited <= 2 * WORK_SECONDS / share


@pytest.mark.parametrize("first", [
    b"", HEAD[:6], HEAD, HEAD + b"X: y", HEAD + b"\r\n", HEAD + CHUNKED, HEAD + CHUNKED + b"5\r\nab",
    HEAD + STREAM + b"--b\r\n\r\n\xff\xd8\xff", HEAD + b"Content-Type: image/jpeg\r\nContent-Length: 99\r\n\r\n\xff\xd8\xff",
    HEAD + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b"], ids=repr)
@pytest.mark.parametrize("scheme", ["http", "https", "proxy"])
def test_reader_ends_at_once_whatever_it_waits_for(camera, monkeypatch, first, scheme):
    monkeypatch.setattr(http_client, "TIMEOUT_SECONDS", DEADLINE)
    monkeypatch.setattr(http_client, "RESPONSE_SECONDS", DEADLINE)
    source = camera(first)
    url = parse_url("https://camera.lan/" if scheme == "proxy" else f"{scheme}://127.0.0.1:{source.port}/")
    client = HttpClient(url, Trust(verify=False), parse_url(source.url) if scheme == "proxy" else None)
    reader = FrameReader(lambda closing: open_http(client, CaptureRequest(), closing, SystemClock()),
                         "slow", SystemClock(), open_timeout=DEADLINE)
    eventually(camera.reached.is_set)
    assert reader.close(DEADLINE / 2)
