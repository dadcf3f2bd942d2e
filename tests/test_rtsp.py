"""RTSP cameras: start, transport, time stamps and refusals, over real connections."""

import contextlib
import itertools
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest

from harness import InBackground, eventually
from network import free_port
from pyimagesearch.capture import ffmpeg_source, rtsp, rtsp_client
from pyimagesearch.capture.cancellation import Cancellation
from pyimagesearch.capture.certificates import Trust
from pyimagesearch.capture.ffmpeg import open_relayed
from pyimagesearch.capture.source import CaptureRequest
from pyimagesearch.capture.url import parse_url
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import CameraLost, LoginRefused
from rtsp_server import RtspServer, h264_units
from socket_camera import Certificate

ODD_STAMPS = {
    "right": lambda number: 1000 + number / 10,
    "all one": lambda number: 1000,
    "half speed": lambda number: 1000 + number / 20,
    "double speed": lambda number: 1000 + number / 5,
    "backwards": lambda number: 5000 - number / 10,
    "one wrong in seven": lambda number: 1000 + number / 10 + 3600 * (number % 7 == 3),
    "a jump that lasts": lambda number: 1000 + number / 10 + 7200 * (number >= 15),
    "a jump back that lasts": lambda number: 9000 + number / 10 - 7200 * (number >= 15),
    "a wrap": lambda number: 2**32 / 90_000 - 1 + number / 10,
}


class Packets:
    """A recorder of packets that only remembers their times."""

    def __init__(self):
        self.times = []

    def begin(self, header):
        pass

    def end(self, why):
        pass

    def put(self, data, captured, at, *, key, pts, dts):
        self.times.append((at, pts / 90_000, dts / 90_000))


def opened(server, packets=None, login="", **wanted):
    url = parse_url(server.url.replace("://", f"://{login}"))
    return rtsp.open_rtsp(url, CaptureRequest(**wanted), threading.Event(), SystemClock(),
                          packets)


def watch(server, seconds):
    """Return the moments and ages of the frames shown in *seconds*, and the packets' times."""
    packets, shown = Packets(), []
    source = opened(server, packets)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        picture = source.read()
        shown.append((time.monotonic(), time.time() - picture.captured))
    source.close()
    return shown, packets.times


@pytest.fixture(scope="module")
def watched():
    """Return what was shown and recorded of one camera for each kind of odd stamps."""
    servers = {name: RtspServer(stamp=stamp) for name, stamp in ODD_STAMPS.items()}
    watching = {name: InBackground(watch, server, 3.5) for name, server in servers.items()}
    found = {name: each.result() for name, each in watching.items()}
    for server in servers.values():
        server.__exit__()
    return found


@pytest.mark.parametrize("kind", ODD_STAMPS)
def test_odd_time_stamps_lose_no_frame_of_the_live_picture(watched, kind):
    shown, packets = watched[kind]
    assert len(shown) >= 0.95 * len(packets)
    assert max(age for _, age in shown) < 1.5


@pytest.mark.parametrize("kind", ODD_STAMPS)
def test_odd_time_stamps_record_as_long_as_the_clock(watched, kind):
    _, packets = watched[kind]
    packets = [each for each in packets if each[0] > packets[0][0] + 1.5]    # settled
    took = packets[-1][0] - packets[0][0]
    assert packets[-1][1] - packets[0][1] == pytest.approx(took, rel=0.1)
    assert all(later[2] > each[2] for each, later in itertools.pairwise(packets))
    assert all(pts >= dts for _, pts, dts in packets)


def test_backlog_after_a_pause_of_the_reader_is_not_shown():
    with RtspServer(fps=20) as server:
        source = opened(server)
        for _ in range(5):
            source.read()
        time.sleep(2)       # a pause in which nothing is read
        shown = [time.time() - source.read().captured for _ in range(12)]
        assert max(shown) < 0.6
        assert min(shown) < 0.06
        source.close()


def test_what_comes_after_closing_is_not_recorded():
    # by then the camera may have been opened again, and its packets be recorded
    with RtspServer() as server:
        packets, closing = Packets(), threading.Event()
        source = rtsp.open_rtsp(parse_url(server.url), CaptureRequest(), closing,
                                SystemClock(), packets)
        source.read()
        recorded = len(packets.times)
        closing.set()
        with pytest.raises(CameraLost, match="ended"):
            source.read()
        assert len(packets.times) == recorded
        source.close()


def test_first_picture_comes_at_once_however_rare_key_frames_are():
    with RtspServer(h264_units(10, group=1000)) as server:
        begin = time.monotonic()
        source = opened(server)
        source.read()
        assert time.monotonic() - begin < 2
        assert source.granted == "h264 160x120"
        source.close()


@pytest.mark.deadline
def test_picture_is_as_new_as_the_frame_before_it():
    """FFmpeg knows a frame to be complete when the next one begins."""
    with RtspServer() as server:
        source = opened(server)
        for number in range(8):
            source.read()
            assert len(server.sent) <= number + 2
        source.close()


def test_camera_amid_its_frames_is_not_shown_before_a_key_frame():
    with RtspServer(h264_units(4, group=20), fps=20, begin=3) as server:
        source = opened(server)
        assert source.granted == "h264, waiting for a key frame"
        source.read()
        assert len(server.sent) >= 18
        assert "waiting" not in source.granted
        source.close()


def test_camera_without_key_frames_is_refused_with_the_reason(monkeypatch):
    monkeypatch.setattr(ffmpeg_source, "KEY_FRAME_SECONDS", 0.5)
    with RtspServer(h264_units(4, group=1000)[1:]) as server, pytest.raises(
            CameraLost, match=r"sends h264, but no key frame for 0\.5 seconds"):
        opened(server).read()


REFUSED_TCP = {"SETUP tcp": "461 Unsupported Transport"}


@pytest.mark.parametrize("status", ["461 Unsupported Transport", "400 Bad Request",
                                    "406 Not Acceptable", "500 Internal Server Error"])
def test_camera_that_refuses_tcp_is_read_by_udp(status):
    with RtspServer(statuses={"SETUP tcp": status}) as server:
        source = opened(server)
        source.read()
        source.read()
        source.close()
    assert [each for each in server.asked if "SETUP" in each] == ["SETUP tcp", "SETUP udp"]


def test_camera_that_answers_tcp_with_udp_is_read_by_udp():
    with RtspServer(tcp_answer="RTP/AVP;unicast;client_port=6000-6001") as server:
        source = opened(server)
        source.read()
        source.close()


def test_camera_may_send_to_a_multicast_group():
    with RtspServer(statuses={"SETUP tcp": "461 No", "SETUP udp": "461 No"},
                    group=("239.255.77.1", free_port() & ~1)) as server:
        source = opened(server)
        assert source.read().size == (160, 120)
        source.close()
    assert [each for each in server.asked if "SETUP" in each] == [
        "SETUP tcp", "SETUP udp", "SETUP multicast"]


@pytest.mark.parametrize("group", ["127.0.0.2", "192.168.1.1", "0.0.0.0", "ff02::1"])
def test_group_that_is_no_multicast_address_is_refused(group):
    with RtspServer(statuses={"SETUP tcp": "461 No", "SETUP udp": "461 No"},
                    group=(group, 5004)) as server, pytest.raises(
            CameraLost, match="offers no transport that"):
        opened(server)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_session_is_kept_alive_and_ended(monkeypatch, transport):
    monkeypatch.setattr(rtsp_client, "MIN_SESSION_SECONDS", 0.2)
    with RtspServer(session="7;timeout=0") as server:
        source = opened(server, transport=transport)
        reading = InBackground(lambda: [source.read() for _ in range(12)])
        eventually(lambda: server.asked.count("OPTIONS") >= 4)
        server.challenges, server.statuses["OPTIONS"] = [MD5], "401 Unauthorized"
        begun = server.asked.count("OPTIONS")
        eventually(lambda: server.asked.count("OPTIONS") >= begun + 4)
        assert len(reading.result()) == 12
        source.close()
        eventually(lambda: server.asked[-1] == "TEARDOWN")


def test_closing_ends_the_session_too():
    with RtspServer() as server:
        closing = Cancellation()
        source = rtsp.open_rtsp(parse_url(server.url), CaptureRequest(), closing, SystemClock())
        source.read()
        closing.set()
        with pytest.raises(CameraLost):
            while source.read():
                pass
        eventually(lambda: server.asked[-1] == "TEARDOWN")
        source.close()


def test_other_programs_get_nothing_from_the_relay():
    with RtspServer() as server:
        relay = rtsp.start_relay(parse_url(server.url), CaptureRequest(), Cancellation(), SystemClock())
        place = urlsplit(relay.address)
        with socket.create_connection((place.hostname, place.port)) as thief:
            thief.sendall(f"DESCRIBE rtsp://127.0.0.1:{place.port}/cam RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
            assert thief.recv(100) == b""
        with contextlib.closing(open_relayed(relay.address)) as container:
            assert next(container.decode(container.streams.video[0])).width == 160
        relay.close()


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_transport_that_is_set_is_the_only_one_asked_for(transport):
    with RtspServer() as server:
        source = opened(server, transport=transport)
        source.read()
        source.close()
    assert [each for each in server.asked if "SETUP" in each] == [f"SETUP {transport}"]


def test_transport_that_is_set_and_refused_is_named():
    with RtspServer(statuses=REFUSED_TCP) as server, pytest.raises(
            CameraLost, match="offers no transport that --rtsp-transport allows"):
        opened(server, transport="tcp")


@pytest.mark.parametrize(("place", "words"), [
    ("nosuch.invalid", "cannot be reached; is the name of the host right?"),
    ("127.0.0.1:9", "refuses the connection; is the camera on, and the port right?")])
@pytest.mark.parametrize("scheme", ["rtsp", "rtsps"])
def test_camera_that_is_not_there_is_reported(scheme, place, words):
    url = parse_url(f"{scheme}://me:s3cret@{place}/cam")
    with pytest.raises(CameraLost) as lost:
        rtsp.open_rtsp(url, CaptureRequest(), threading.Event(), SystemClock())
    assert str(lost.value) == f"{scheme}://{place}/cam {words}"


def test_camera_that_speaks_no_tls_is_reported():
    with RtspServer() as server, pytest.raises(
            CameraLost, match="fails to speak TLS; is the port right"):
        rtsp.open_rtsp(parse_url(server.url.replace("rtsp", "rtsps")),
                       CaptureRequest(trust=Trust(verify=False)), threading.Event(),
                       SystemClock())


@pytest.mark.parametrize(("method", "status", "words"), [
    ("DESCRIBE", "400 Bad Request", "does not accept the request; is the path right?"),
    ("DESCRIBE", "401 Unauthorized", "refuses this user or password"),
    ("DESCRIBE", "403 Forbidden", "forbids this to this user"),
    ("DESCRIBE", "404 Not Found", "has nothing at this path"),
    ("DESCRIBE", "454 Session Not Found", "refuses to play; perhaps it serves only"),
    ("PLAY", "455 Method Not Valid in This State", "refuses to play; perhaps it serves only"),
    ("SETUP", "453 Not Enough Bandwidth", "refuses to play; perhaps it serves only"),
    ("SETUP", "461 Unsupported Transport", "offers no transport that"),
    ("SETUP", "503 Service Unavailable", "reports an internal error")])
def test_refusal_is_told_in_words_without_the_login(method, status, words):
    with RtspServer(statuses={method: status}) as server, pytest.raises(
            CameraLost) as refused:
        opened(server, login="me:s3cret@")
    assert str(refused.value).startswith(f"rtsp://127.0.0.1:{server.port}/cam {words}")
    assert "s3cret" not in str(refused.value)


MD5 = 'Digest realm="camera", nonce="n0nce"'
SHA_256 = 'Digest realm="camera", nonce="n0nce", qop="auth", algorithm=SHA-256'


@pytest.mark.parametrize("challenges", [
    [MD5], [MD5 + ", algorithm=md5"], [SHA_256], [MD5, SHA_256], [SHA_256, MD5],
    ['Basic realm="camera"', SHA_256], ["Negotiate", MD5]], ids=str)
def test_login_may_be_any_that_http_cameras_use(challenges):
    with RtspServer(challenges=challenges) as server:
        source = opened(server, login="me:s3cret@")
        source.read()
        source.read()
        source.close()
        with pytest.raises(LoginRefused, match="refuses this user or password"):
            opened(server, login="me:wr0ng@")


@pytest.mark.parametrize("method", ["OPTIONS", "DESCRIBE"])
def test_wrong_password_is_sent_once_over_a_connection(method):
    refusals = dict.fromkeys((method, "DESCRIBE"), "401 Unauthorized")
    with RtspServer(statuses=refusals) as server:
        with pytest.raises(LoginRefused):
            opened(server, login="me:wr0ng@")
        assert server.asked.count(method) == 2      # once to ask, and once with the login
        assert method == "DESCRIBE" or "DESCRIBE" not in server.asked


def test_login_over_tls_may_be_a_strong_one(tmp_path):
    own = Certificate(tmp_path)
    with RtspServer(challenges=[SHA_256], context=own.context()) as server:
        source = opened(server, login="me:s3cret@", trust=Trust(fingerprint=own.fingerprint))
        source.read()
        source.close()


def test_login_that_is_not_known_is_named():
    unknown = SHA_256.replace("SHA-256", "SHA-9")
    with RtspServer(challenges=["Negotiate", unknown]) as server, pytest.raises(
            CameraLost, match="login that is not supported: Negotiate, Digest SHA-9"):
        opened(server, login="me:s3cret@")


def test_unknown_certificate_is_refused_with_its_fingerprint(tmp_path):
    own = Certificate(tmp_path)
    with RtspServer(context=own.context()) as server, pytest.raises(
            CameraLost, match=f'set fingerprint = "sha256:{own.fingerprint}"'):
        opened(server)


@pytest.mark.parametrize("shape", [{}, {"name": "elsewhere.example"}, {"first": -9, "last": -2}],
                         ids=str)
def test_rtsps_camera_is_read_by_its_fingerprint(tmp_path, shape):
    own = Certificate(tmp_path, **shape)
    with RtspServer(context=own.context()) as server:
        source = opened(server, trust=Trust(fingerprint=own.fingerprint))
        for _ in range(2):
            source.read()
        source.close()


def test_rtsps_camera_is_read_without_verification_if_so_set(tmp_path):
    with RtspServer(context=Certificate(tmp_path).context()) as server:
        source = opened(server, trust=Trust(verify=False))
        source.read()
        source.close()


def test_rtsps_camera_of_another_fingerprint_is_asked_nothing(tmp_path):
    own, other = Certificate(tmp_path), Certificate(tmp_path)
    with RtspServer(context=own.context()) as server, pytest.raises(
            CameraLost, match=f"fingerprint sha256:{own.fingerprint}, but"):
        opened(server, trust=Trust(fingerprint=other.fingerprint))
    assert server.asked == []


def test_rtsps_connection_ends_with_the_source(tmp_path):
    own = Certificate(tmp_path)
    with RtspServer(context=own.context()) as server:
        source = opened(server, trust=Trust(fingerprint=own.fingerprint))
        source.read()
        source.close()
        eventually(lambda: server.over.is_set())
        eventually(lambda: "rtsp-relay" not in {each.name for each in threading.enumerate()})
