"""Signing the requests of a client, however they are cut into pieces."""

import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.capture.rtsp_login import RtspLogin, read_response
from pyimagesearch.capture.url import CameraUrl

OPTIONS = b"OPTIONS rtsp://h/cam RTSP/1.0\r\nCSeq: 1\r\n\r\n"
PLAY = b"PLAY rtsp://h/cam RTSP/1.0\r\nCSeq: 2\r\nRange: npt=0.000-\r\n\r\n"
RTCP = b"$\1\0\x08\r\n\r\n\x81\xc9\0\1"
SIGNATURE = b"Authorization: Basic bWU6czNjcmV0\r\n\r\n"      # me:s3cret


@pytest.fixture
def camera():
    ours, camera = socket.socketpair()
    with ours, camera:
        ours.settimeout(0.3)
        yield ours, camera


def signer(ours, camera):
    login = RtspLogin(CameraUrl("rtsp://h/cam", "me", "s3cret"))
    camera.sendall(b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n"
                   b'WWW-Authenticate: Basic realm="cam"\r\nContent-Length: 3\r\n\r\nno!')
    login.take_challenge(ours)
    return login


@given(st.sets(st.integers(1, len(OPTIONS + RTCP + PLAY + RTCP) - 1)))
def test_requests_are_signed_and_nothing_else(cuts):
    sent, signed = OPTIONS + RTCP + PLAY + RTCP, b""
    ours, camera = socket.socketpair()
    with ours, camera:
        login = signer(ours, camera)
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), None], strict=True):
        signed += login.sign(sent[begin:end])
    assert signed == OPTIONS[:-2] + SIGNATURE + RTCP + PLAY[:-2] + SIGNATURE + RTCP


def test_response_is_read_to_the_end_of_its_body(camera):
    ours, other = camera
    signer(ours, other)
    other.sendall(b"more")
    assert ours.recv(9) == b"more"


@pytest.mark.parametrize("response", [
    b"", b"RTSP/1.0 401", b"RTSP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n",
    b"RTSP/1.0 200 OK\r\nContent-Length: x\r\n\r\n", b"x" * 100_000,
    b"RTSP/1.0 200 OK\r\nContent-Length: 999999\r\n\r\n" + b"x" * 80_000])
def test_response_that_never_ends_is_an_error_in_time(camera, response):
    ours, other = camera
    other.sendall(response)
    begin = time.monotonic()
    with pytest.raises((OSError, ValueError)):
        read_response(ours)
    assert time.monotonic() - begin < 2
