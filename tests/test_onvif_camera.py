"""ONVIF cameras: their streams, logins and clocks, and what hostile ones answer."""

import contextlib
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_onvif import MEDIA2, FakeOnvif, fault, soap
from pyimagesearch.capture import soap_client
from pyimagesearch.capture.cancellation import Cancellation
from pyimagesearch.capture.onvif_camera import OnvifCamera, OnvifStream
from pyimagesearch.capture.onvif_discovery import OnvifDevice
from pyimagesearch.capture.soap_client import LoginMissing, SoapClient
from pyimagesearch.capture.url import CameraUrl
from pyimagesearch.errors import CameraLost, LoginRefused
from socket_camera import Certificate, SocketCamera

HERE = "127.0.0.1"
STREAMS = [
    OnvifStream(f"rtsp://{HERE}:554/Streaming/Channels/101?transportmode=unicast&profile=Profile_1",
                2560, 1440, "H264"),
    OnvifStream(f"rtsp://{HERE}:554/Streaming/Channels/102", 640, 360, "H264")]


@pytest.fixture
def fake():
    with contextlib.ExitStack() as stack:
        yield lambda *args, **more: stack.enter_context(contextlib.closing(FakeOnvif(*args, **more)))


def receive(connection):
    """Return a whole request: what is not read would reset the connection."""
    asked = b""
    while b"Envelope>" not in asked and (piece := connection.recv(9000)):
        asked += piece
    return asked


def camera(url, user="", password="", closing=None):
    return OnvifCamera(OnvifDevice(HERE, url), user, password, closing or threading.Event())


@pytest.mark.parametrize("kind", [
    {}, {"ahead": 7200.0}, {"ahead": -1e9}, {"digest": True}, {"media": MEDIA2},
    {"host": "192.0.2.77"}, {"password": "p<ä&> word"}], ids=str)
def test_streams_are_found_after_a_login(fake, kind):
    one = fake(**kind)
    assert camera(one.url, one.user, one.password).streams() == STREAMS
    assert one.refused <= 1     # the challenge of HTTP


def test_camera_without_a_login_says_its_streams(fake):
    assert camera(fake(user="").url).streams() == STREAMS


@pytest.mark.parametrize("digest", [False, True])
def test_missing_and_wrong_login_are_told_apart(fake, digest):
    one = fake(digest=digest)
    with pytest.raises(LoginMissing, match=r"asks for a login$"):
        camera(one.url).streams()
    assert one.refused == 1
    with pytest.raises(LoginRefused, match=r"refuses this user or password$") as caught:
        camera(one.url, "admin", "wr0ng").streams()
    assert "wr0ng" not in str(caught.value)
    assert one.refused <= 3     # few tries, as many cameras lock a user after some


def test_wrong_date_of_a_camera_is_no_obstacle(fake):
    one = fake(user="")
    for date in ("", "<t:UTCDateTime/>",
                 "<t:UTCDateTime><t:Year>999999999</t:Year><t:Month>99</t:Month></t:UTCDateTime>"):
        one.date = lambda date=date: date
        assert camera(one.url).streams() == STREAMS


BOMB = ('<!DOCTYPE s:Envelope [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
        f"{soap('<t:Media>&b;</t:Media>').decode().partition('?>')[2]}")


@pytest.mark.parametrize(("answer", "why"), [
    (f'<?xml version="1.0"?>{BOMB}'.encode(), "sends no answer of ONVIF: it has a document type"),
    (f'<?xml version="1.0" encoding="utf-16"?>{BOMB}'.encode("utf-16"), "it has a document type"),
    (b"", "it is not XML"), (b"<html>", "it is not XML"), (b"<Envelope/>", "it is no envelope"),
    (b'<?xml version="1.0" encoding="no"?><x/>', "it is not XML"), (b"\xff\xfe<", "it is not XML"),
    (b"<x:Envelope xmlns:x='y'>" + b"<a>" * 150_000, "it is not XML"),
    (soap("<a>" * 60_000 + "</a>" * 60_000), "has no video, as far as ONVIF says"),
    # 32 kB that would take 50 MB
    (soap(f"<y xmlns:p='{'n' * 16_000}'>{''.join(f'<p:a{each}/>' for each in range(3000))}</y>"),
     "it has a namespace of more than 200 characters"),
    (soap("x" * 600_000), "sends more than 512 kB as an answer of ONVIF"),
    (soap("<t:Media><t:XAddr>http://[/</t:XAddr></t:Media>"), "has no video, as far as ONVIF says"),
    (fault("ter:ActionNotSupported", "\x1b[31mOptional\nAction"), "it is not XML"),
    (fault("ter:ActionNotSupported", "Optional &#x202e;Action"), r"refuses a request of ONVIF: Optional \\u202e"),
], ids=range(14))
def test_hostile_answer_is_one_sentence(fake, answer, why):
    with pytest.raises(CameraLost, match=why) as caught:
        camera(fake(answer=answer).url).streams()
    assert str(caught.value).isprintable()


@given(st.binary(max_size=60) | st.recursive(st.just("") | st.text("ab<>&", max_size=3), lambda inner: st.builds(
    "<t:{0}>{1}</t:{0}>".format, st.sampled_from(
        ["Media", "XAddr", "UTCDateTime", "Year", "Fault", "Text", "Service", "Namespace"]), inner)).map(soap))
def test_any_answer_is_an_error_of_the_camera(data):
    client = SoapClient(CameraUrl("http://127.0.0.1:9/", "", ""), threading.Event())
    client._post = lambda place, message: soap_client.Answer(200, [], data)
    one = camera("http://127.0.0.1:9/")
    one._client = client
    with contextlib.suppress(CameraLost):
        assert one.streams() == []


@pytest.mark.parametrize("url", [
    "file:///etc/passwd", "rtsp://192.0.2.1/\x1b[31m", "javascript:alert(1)", "rtsp:///x", "http://[::1/", ""])
def test_url_that_is_none_is_left_out(fake, url):
    one = fake(user="")
    one.GetStreamUri = lambda body: f"<t:Uri>{url.replace(chr(27), '')}ä</t:Uri>"
    assert camera(one.url).streams() == []


def test_login_that_a_camera_names_is_not_kept(fake):
    one = fake(user="")
    one.GetStreamUri = lambda body: "<t:Uri>rtsp://root:s3cret@192.0.2.1/one</t:Uri>"
    assert camera(one.url).streams() == [OnvifStream(f"rtsp://{HERE}/one", 2560, 1440, "H264")]


def test_camera_that_trickles_is_given_up(monkeypatch):
    def trickle(connection):
        receive(connection)
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"x")
                if given_up.wait(0.01):
                    return
    given_up = threading.Event()
    monkeypatch.setattr(soap_client, "ANSWER_SECONDS", 0.2)
    slow = SocketCamera(trickle)
    with pytest.raises(CameraLost, match=r"there was no response in time|not valid HTTP"):
        camera(f"{slow.url}/").streams()
    given_up.set()


def test_closing_ends_a_camera_that_is_silent():
    closing, asked = Cancellation(), threading.Event()

    def be_silent(connection):
        receive(connection)
        closing.set()
        asked.wait()
    silent = SocketCamera(be_silent)
    with pytest.raises(CameraLost):
        camera(f"{silent.url}/", closing=closing).streams()
    asked.set()


def test_certificate_of_any_camera_is_accepted(tmp_path):
    def answer(connection):
        receive(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + fault("ter:Any", "spoke TLS"))
    encrypted = SocketCamera(answer, Certificate(tmp_path).context())
    with pytest.raises(CameraLost, match=r"refuses a request of ONVIF: spoke TLS$"):
        camera(f"{encrypted.url}/").streams()


def test_redirect_is_not_followed():
    asked = []

    def redirect(connection):
        asked.append(receive(connection))
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\n\r\n")
    with pytest.raises(CameraLost, match=r"responded with the error 302$"):
        camera(f"{SocketCamera(redirect).url}/").streams()
    assert len(asked) == 2
