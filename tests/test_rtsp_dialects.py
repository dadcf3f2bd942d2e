"""Cameras that speak RTSP in ways of their own are shown all the same."""

import contextlib
import re
import threading

import pytest

from harness import eventually
from pyimagesearch.capture import rtsp
from pyimagesearch.capture.source import CaptureRequest
from pyimagesearch.capture.url import parse_url
from pyimagesearch.clock import SystemClock
from rtsp_server import RtspServer

VIDEO, CONTROL = b"m=video 0 RTP/AVP 96", b"a=control:track1"
DAHUA = "/cam/realmonitor?channel=1&subtype=0"


def replaced(old, new, name=""):
    """Return an edit that replaces the pattern *old* in the answers to *name*."""
    return lambda method, answer: (
        re.sub(old, new, answer) if method.startswith(name) else answer)


def described(old, new):
    """Return an edit of the description, with the right length."""
    def edit(name, answer):
        head, gap, body = answer.partition(b"\r\n\r\n")
        body = body.replace(old, new)
        return re.sub(rb"(Content-Length: )\d+", rb"\g<1>%d" % len(body), head) + gap + body
    return edit


def shown(server):
    """Return the size of the first picture of *server*."""
    source = rtsp.open_rtsp(parse_url(server.url), CaptureRequest(), threading.Event(), SystemClock())
    with contextlib.closing(source):
        return source.read().size


@pytest.mark.parametrize("edit", [
    described(VIDEO, b"m=video  0  RTP/AVP  96 "), described(VIDEO, b"m=video 0 rtp/avp 96"),
    described(VIDEO, b"m=video 0 UDP/TLS/RTP/SAVPF 96"), described(VIDEO, b"m=video 0 TCP/RTP/AVP 96 97"),
    described(b"\r\n", b"\r\n "), described(b"\r\n", b"\r"), described(b"sprop-parameter-sets=", b"sprop-parameter-sets=!,"),
    described(VIDEO, b"m=audio 0 RTP/AVP 8\r\na=control:t9\r\na=sendonly\r\n" + VIDEO),
    described(VIDEO, b"m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n" + VIDEO),
    replaced(rb"CSeq: \d+", b"CSeq: 77"), replaced(rb"\r\n([A-Z][\w-]+): *", lambda found: b"\r\n%b:" % found[1].lower()),
    replaced(b"^", b"\r\nRTSP/1.0 100 Continue\r\n\r\n")])
def test_answers_may_be_written_in_many_ways(edit):
    with RtspServer(edit=edit) as server:
        assert shown(server) == (160, 120)


@pytest.mark.parametrize("status", ["501 Not Implemented", "405 Method Not Allowed", "455 No", "404 Not Found"])
def test_camera_need_not_know_options(status):
    with RtspServer(statuses={"OPTIONS": status}) as server:
        assert shown(server) == (160, 120)


@pytest.mark.parametrize(("path", "edit", "setup", "play"), [
    (DAHUA, replaced(b"Content-Base: .*\r\n", b""), f"{DAHUA}/track1", DAHUA),
    (DAHUA, None, f"{DAHUA}/track1", f"{DAHUA}/"),
    ("/live/{0-A}", replaced(rb"(Content-Base: \S+)/", rb"\1"), "/live/{0-A}/track1", "/live/{0-A}"),
    ("/cam", replaced(b"Content-Base: .*", b"Content-Location: rtsp://10.0.0.9/x"), "/cam/track1", "/cam"),
    ("/cam", replaced(b"Content-Base: .*", b"Content-Base: rtsp://10.0.0.9:0/x/"),
     "rtsp://10.0.0.9:0/x/track1", "rtsp://10.0.0.9:0/x/"),
    ("/cam", described(CONTROL, b"a=control:rtsp://10.0.0.9:0/x?y"), "rtsp://10.0.0.9:0/x?y", "/cam/"),
    ("/cam", described(b"t=0 0", b"a=control:rtsp://10.0.0.9/x"), "rtsp://10.0.0.9/x/track1", "rtsp://10.0.0.9/x"),
    ("/cam", described(b"t=0 0", b"a=control:*"), "/cam/track1", "/cam/"),
    ("/cam", described(CONTROL, b""), "/cam/", "/cam/")])
def test_targets_are_those_that_ffmpeg_would_ask(path, edit, setup, play):
    with RtspServer(path=path, edit=edit) as server:
        assert shown(server) == (160, 120)
        place = f"rtsp://127.0.0.1:{server.port}"
        for method, wanted in (("SETUP", setup), ("PLAY", play)):
            assert server.targets[method][0].removeprefix(place) == wanted


@pytest.mark.parametrize("session", ["ab cd-$.+;timeout=30", '"a/b="', "7 ; Timeout = 30"])
@pytest.mark.parametrize("named", ["", "DESCRIBE", "SETUP"])
def test_session_may_be_any_text_in_any_answer(session, named):
    with RtspServer(session=session, edit=lambda name, answer: answer if name.startswith(named)
                    else re.sub(b"Session: .*\r\n", b"", answer)) as server:
        assert shown(server) == (160, 120)
        assert server.targets["PLAY"][1] == session.partition(";")[0].rstrip()


def test_next_transport_is_asked_over_the_same_connection():
    with RtspServer(statuses={"SETUP tcp": "461 Unsupported Transport"}) as server:
        assert shown(server) == (160, 120)
        assert server.connections == 1


def test_camera_may_end_the_connection_after_a_refusal():
    def edit(name, answer):
        if name == "SETUP udp" and server.connections == 1:
            raise ValueError    # which closes the connection
        return answer
    with RtspServer(statuses={"SETUP tcp": "461 Unsupported Transport"}, edit=edit) as server:
        assert shown(server) == (160, 120)
        assert server.connections == 2


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", "200"), ("GET_PARAMETER", "200"), ("PAUSE", "501")])
def test_camera_may_ask_whether_its_viewer_is_there(method, status):
    asked = f"{method} * RTSP/1.0\r\nCSeq: 41\r\n\r\n".encode()
    with RtspServer(edit=replaced(b"^", asked, "PLAY")) as server:
        assert shown(server) == (160, 120)
        eventually(lambda: server.targets.get("RTSP/1.0", ("",))[0] == status)
