"""RTSP cameras that send anything at all: one sentence, and nothing stays behind."""

import contextlib
import functools
import itertools
import os
import re
import socket
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import eventually
from pyimagesearch.capture.cancellation import Cancellation
from pyimagesearch.capture.rtsp import open_rtsp
from pyimagesearch.capture.rtsp_description import parse_description
from pyimagesearch.capture.rtsp_messages import MAX_BODY_BYTES
from pyimagesearch.capture.source import CaptureRequest
from pyimagesearch.capture.url import parse_url
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import BadPicture, CameraLost
from rtsp_server import RtspServer, h264_units, payloads, rtp_packet
from socket_camera import SocketCamera, read_head

SDP = (b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=cam\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
       b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n")
GOOD = [b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: DESCRIBE, SETUP, PLAY\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n" % len(SDP)
        + SDP,
        b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: 7;timeout=60\r\n"
        b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n"]
URL = "rtsp://me:s3cret@127.0.0.1:{}/cam"


class ScriptedCamera(SocketCamera):
    """A camera that sends one of *answers* for each request, then the *tail*, and hangs up."""

    def __init__(self, answers, tail=b"", hold=False):
        self.answers, self.tail, self.hold, self.over = list(answers), tail, hold, threading.Event()
        super().__init__(self.converse)

    def converse(self, connection):
        connection.settimeout(0.1)     # no request, as the answer is no whole one
        for answer in self.answers:
            if not read_head(connection):
                return
            connection.sendall(answer)
        connection.settimeout(20)
        pieces = [self.tail] if isinstance(self.tail, bytes) else self.tail
        for piece in pieces:
            connection.sendall(piece)
        if self.hold:
            self.over.wait(20)


def frames(units):
    """Return the RTP packets of *units* as they are sent between the messages."""
    packets = [rtp_packet(piece, number) for number, piece in enumerate(
        piece for frame in units for unit in frame for piece in payloads(unit))]
    return b"".join(map(frame, packets))


def frame(packet):
    """Return an RTP *packet* as it is sent between the messages."""
    return b"$\0" + len(packet).to_bytes(2, "big") + packet


def attempt(camera, closing=None):
    """Read all pictures of *camera*; return how many, and the sentence at their end."""
    read = 0
    try:
        with contextlib.closing(open_rtsp(
                parse_url(URL.format(camera.port)), CaptureRequest(transport="tcp"),
                closing or Cancellation(), SystemClock())) as source:
            while True:
                with contextlib.suppress(BadPicture):
                    source.read()
                    read += 1
    except CameraLost as lost:
        return read, str(lost)


def check_sentence(sentence):
    assert sentence.startswith("rtsp://127.0.0.1:")
    assert len(sentence) < 300
    assert "\n" not in sentence
    assert "s3cret" not in sentence


def held():
    relays = [each for each in threading.enumerate() if each.name == "rtsp-relay"]
    return len(os.listdir("/proc/self/fd")), len(relays)


@functools.cache
def video():
    return frames(h264_units(1))


JUNK = st.binary(max_size=12) | st.sampled_from([
    b"\r\n", b"\n", b"\0", b"$", b"$\0\xff\xff", b"Content-Length: 99999999\r\n", b"\xff\xfe",
    b"RTSP/1.0 302 X\r\nLocation: rtsp://127.0.0.2:1/x\r\n\r\n", b"Session: \xe9\x80;timeout=-1\r\n",
    b"WWW-Authenticate: Digest nonce=\"\xff\", realm=\r\n", b"Content-Base: rtsp://[::1/\r\n",
    b"RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n", b"a=rtpmap:96 JPEG/90000\r\n",
    b"a=fmtp:96 sprop-parameter-sets=////,\xff\r\n", b"m=video 0 RTP/AVP 33\r\n", b"a=rtpmap:96 MP2T/0\r\n",
    b"a=control:rtsp://[zz]/%\r\n", b"CSeq: -1\r\n", b"Content-Length: \xb2\r\n"])
CHANGES = st.none() | st.tuples(st.integers(0, 400), JUNK, st.integers(0, 30))


def changed(data, change):
    """Return *data*, or with bytes at a place replaced by others."""
    if change is None:
        return data
    place, junk, cut = change
    at = len(data) * place // 400
    return data[:at] + junk + data[at + cut:]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.tuples(*[CHANGES] * 5), tail=st.none() | st.binary(max_size=200))
def test_whatever_a_camera_answers_is_one_sentence(changes, tail):
    answers = map(changed, GOOD, changes)
    sent = changed(video(), changes[-1]) if tail is None else tail
    with contextlib.closing(ScriptedCamera(answers, sent)) as camera:
        _, sentence = attempt(camera)
    check_sentence(sentence)


def test_answers_of_every_kind_leave_nothing_behind():
    before = held()
    for answers, words in [
            ([], "closed the connection"), (GOOD[:1], "closed the connection"),
            (GOOD[:3], "closed the connection"), ([b"HTTP/1.0 400 Bad\r\n\r\n"], "closed the connection"),
            (GOOD, "ended the stream"),
            ([b"RTSP/1.0 200 OK\r\n" + b"a: b\r\n" * 20_000], "sends a head of more than 64 kB"),
            ([b"RTSP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n"], "sends a body of '999999999' bytes"),
            ([GOOD[0], GOOD[0]], "has no video"),
            ([*GOOD[:2], GOOD[2].replace(b"/TCP;unicast;interleaved=0-1", b"")], "it sends by UDP only"),
            ([b"RTSP/1.0 401 No\r\nWWW-Authenticate: Magic\r\n\r\n"], "login that is not supported: Magic"),
            ([b"RTSP/1.0 302 X\r\nLocation: rtsp://[\r\n\r\n"], "redirects to what is no URL")]:
        with contextlib.closing(ScriptedCamera(answers)) as camera:
            read, sentence = attempt(camera)
        check_sentence(sentence)
        assert words in sentence
        assert read == 0
    eventually(lambda: held() <= before)


@pytest.mark.parametrize("method", [0, 1, 2, 3])
def test_redirect_to_another_host_is_refused_at_any_step(method):
    asked = []
    with socket.create_server(("127.0.0.2", 0)) as other:
        other.settimeout(0)
        there = b"rtsp://127.0.0.2:%d/inner" % other.getsockname()[1]
        moved = b"RTSP/1.0 302 Moved\r\nCSeq: 1\r\nLocation: %b\r\n\r\n" % there
        with contextlib.closing(ScriptedCamera([*GOOD[:method], moved])) as camera:
            _, sentence = attempt(camera)
        with contextlib.suppress(BlockingIOError):
            asked.append(other.accept())
    assert "redirects to another host, rtsp://127.0.0.2" in sentence
    assert asked == []


def test_redirect_on_the_same_host_is_followed():
    with RtspServer() as server:
        moved = b"RTSP/1.0 302 Moved\r\nLocation: %b\r\n\r\n" % server.url.encode()
        with contextlib.closing(ScriptedCamera([moved])) as camera, contextlib.closing(open_rtsp(
                parse_url(URL.format(camera.port)), CaptureRequest(), Cancellation(), SystemClock())) as source:
            assert source.read().size == (160, 120)


@pytest.mark.parametrize("answers", [[], GOOD[:1], GOOD[:2], GOOD[:3]], ids=len)
def test_camera_that_is_silent_is_left_at_once(answers):
    """However far the dialog came: closing shuts the connection."""
    def drip(connection):
        with contextlib.suppress(OSError):
            for answer in answers:
                connection.recv(4096)
                connection.sendall(answer)
            while True:
                connection.sendall(b"R")
                time.sleep(0.1)
    with contextlib.closing(SocketCamera(drip)) as camera:
        closing = Cancellation()
        threading.Timer(0.3, closing.set).start()
        begin = time.monotonic()
        attempt(camera, closing)
        assert time.monotonic() - begin < 4


@pytest.mark.parametrize("piece", [
    b"$\0\4\0" + bytes(1024) + b"$\5\0\4abcd", b"$\0\0\0" * 999, b"\n" * 999, b"RTSP/1.0 200 OK\r\n\r\n",
    b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n" * 99], ids=lambda piece: repr(piece[:20]))
def test_camera_that_floods_is_left_at_once(piece):
    flood = itertools.repeat(piece)
    before = held()
    with contextlib.closing(ScriptedCamera(GOOD, flood)) as camera:
        closing = Cancellation()
        threading.Timer(0.5, closing.set).start()
        begin = time.monotonic()
        read, _ = attempt(camera, closing)
        assert time.monotonic() - begin < 4
    assert read == 0
    eventually(lambda: held() <= before)


@pytest.mark.parametrize("count", range(4))
def test_frames_instead_of_a_reply_are_the_end(count):
    flood = itertools.repeat(b"$\0\4\0" + bytes(1024))
    with contextlib.closing(ScriptedCamera(GOOD[:count], flood)) as camera:
        _, sentence = attempt(camera)
    assert sentence.endswith("sends data, but no reply")


def test_frame_that_is_never_complete_is_the_end():
    start = rtp_packet(b"\x7c\x85" + bytes(1000), 0)
    endless = (b"".join(b"$\0" + len(each).to_bytes(2, "big") + each for each in [
        rtp_packet(b"\x7c\x05" + bytes(1000), number + base) for number in range(1000)])
        for base in itertools.count(1, 1000))
    whole = itertools.chain([frames(h264_units(1)), b"$\0" + len(start).to_bytes(2, "big") + start], endless)
    with contextlib.closing(ScriptedCamera(GOOD, whole)) as camera:
        _, sentence = attempt(camera)
    assert re.search("sent 13 MB, or 3072 NAL units, without a complete frame|sends a frame of 1. MB", sentence)


@pytest.mark.parametrize("payload", [
    b"\x60\1" + b"\0\2\x4c\1" * 300, b"\x4c\1" + b"\0\0\1\x4c\1" * 300, b"\x4c\1"])
def test_flood_of_tiny_units_of_hevc_is_the_end(payload):
    """FFmpeg's parser would take 4 kB for each: gigabytes."""
    sdp = SDP.replace(b"H264", b"H265")
    packets = itertools.count(1)
    with contextlib.closing(ScriptedCamera(
            [each.replace(SDP, sdp) for each in GOOD],
            (frame(rtp_packet(payload, next(packets))) for _ in itertools.repeat(0)))) as camera:
        _, sentence = attempt(camera)
    assert sentence.endswith("3072 NAL units, without a complete frame")


@pytest.mark.parametrize("text", ["\n", "\r\n", "\n ", "\nm=", " "])
def test_description_of_blanks_takes_no_time(text):
    # what searches it again and again would take minutes
    assert parse_description(text * (MAX_BODY_BYTES // len(text))) is None


def test_description_names_no_other_host_to_ffmpeg():
    sdp = SDP.replace(b"0.0.0.0", b"127.0.0.2").replace(b"s=cam", b"s=cam\r\na=control:rtsp://127.0.0.2:1/s") + (
        b"a=source-filter: incl IN IP4 127.0.0.2 127.0.0.3\r\n"
        + b"m=video 9 RTP/AVP 97\r\na=control:rtsp://127.0.0.2:9/x\r\n" * 1000)
    shown = parse_description(sdp.decode()).sdp()
    assert b"127.0.0" not in shown
    assert shown.count(b"m=video") == 1
