"""
Alerts by ntfy, at a server that understands what ntfy's documentation says.

No ntfy server can be installed by pip, apt or npm, so its answers are copied from its
source: server/errors.go of 2.x.
"""

import json
from dataclasses import replace
from email.header import decode_header, make_header

import pytest

from pyimagesearch.notifications.alert import BEGIN, DIGEST, END, TEST, Alert
from pyimagesearch.notifications.channel import DeliveryFailed
from pyimagesearch.notifications.delivery.http_receiver import HttpReceiver
from pyimagesearch.notifications.delivery.ntfy import Ntfy
from receiver import Answer, Receiver

ALERT = Alert(type=BEGIN, id=17, camera="front", kind="motion", begin=1_800_000_000.0,
              url="https://cam.example/base/events/17", still=b"\xff\xd8 still")
SILENT = replace(ALERT, still=None)


@pytest.fixture
def receiver():
    with Receiver(Answer(200, {"Content-Type": "application/json"}, b'{"id":"x","event":"message"}')) as found:
        yield found


def topic(receiver, login="", token=None):
    url = receiver.url.replace("://", f"://{login}") + "/door"
    return Ntfy(HttpReceiver(url, "ntfy"), "alerts ntfy 1", token)


def fields(request):
    """Return the headers of *request* as ntfy decodes them."""
    return {name: str(make_header(decode_header(value))) for name, value in request.headers.items()}


def sent(receiver, *alerts):
    for alert in alerts:
        topic(receiver).send(alert)
    return receiver.received


def test_still_is_attached_and_words_are_headers(receiver):
    (request,) = sent(receiver, ALERT)
    assert (request.method, request.path, request.body) == ("PUT", "/door", ALERT.still)
    found = fields(request)
    assert (found["Title"], found["Message"]) == (ALERT.title, ALERT.text)
    assert found["Filename"] == "front-17.jpg"
    assert found["Click"] == ALERT.url


def test_words_are_the_body_without_a_still(receiver):
    (request,) = sent(receiver, SILENT)
    assert request.body.decode() == ALERT.text
    assert "Filename" not in request.headers


def test_end_replaces_the_message_of_the_begin(receiver):
    begin, end, other = sent(receiver, ALERT, replace(ALERT, type=END, end=1_800_000_009.0), replace(ALERT, id=18))
    assert begin.headers["X-Sequence-ID"] == end.headers["X-Sequence-ID"] == "event-17"
    assert other.headers["X-Sequence-ID"] == "event-18"
    assert (begin.headers["X-Priority"], end.headers["X-Priority"]) == ("high", "low")


def test_buttons_are_links(receiver):
    event, server, none = sent(receiver, ALERT, replace(ALERT, type=TEST, camera="", url="https://cam.example/"),
                               replace(ALERT, url=""))
    assert [(each["action"], each["url"]) for each in json.loads(event.headers["Actions"])] == [
        ("view", "https://cam.example/base/events/17"), ("view", "https://cam.example/base/camera/front")]
    assert [each["url"] for each in json.loads(server.headers["Actions"])] == ["https://cam.example/"]
    assert "Actions" not in none.headers


@pytest.mark.parametrize(("changes", "emoji"), [
    ({}, "movie_camera"), ({"kind": "lost"}, "no_entry"), ({"kind": "disk"}, "floppy_disk"),
    ({"type": DIGEST}, "newspaper"), ({"type": TEST}, "bell"), ({"kind": "something new"}, "movie_camera")])
def test_tag_shows_the_kind(receiver, changes, emoji):
    (request,) = sent(receiver, replace(ALERT, **changes))
    assert request.headers["Tags"] == emoji


def test_any_text_fits_into_headers(receiver, monkeypatch):
    text = "Mülltonne 🗑 umgefallen\nX-Priority: min\r\n" + "ß" * 2000
    monkeypatch.setattr(Alert, "text", text)
    monkeypatch.setattr(Alert, "title", "Тест \x1b[31m")
    (request,) = sent(receiver, ALERT)
    found = fields(request)
    assert found["Message"] == text[:1000]
    assert found["Title"] == "Тест \x1b[31m"
    assert found["X-Priority"] == "high"


@pytest.mark.parametrize(("login", "token", "header"), [
    ("", None, None), ("", "tk_1", "Bearer tk_1"), ("me:pass@", None, "Basic bWU6cGFzcw=="),
    ("me:pass@", "tk_1", "Basic bWU6cGFzcw==")])
def test_login_of_the_url_precedes_the_token(receiver, login, token, header):
    topic(receiver, login, token).send(ALERT)
    assert receiver.received[0].headers["Authorization"] == header


def error(status, code):
    return Answer(status, {"Content-Type": "application/json"},
                  json.dumps({"code": code, "http": status, "error": "door: no"}).encode())


def refuse_stills(answer):
    return lambda request: answer if request.headers["Filename"] else 200


@pytest.mark.parametrize("answer", [error(413, 41301), error(429, 42905), Answer(413, {}, b"<html>nginx</html>")])
def test_refused_still_is_left_out_once(receiver, answer):
    receiver.answer = refuse_stills(answer)
    channel = topic(receiver)
    channel.send(ALERT)
    channel.send(ALERT)
    assert [request.body for request in receiver.received] == [ALERT.still, ALERT.text.encode()] * 2


def test_server_without_attachments_is_sent_no_more(receiver, caplog):
    receiver.answer = refuse_stills(error(400, 40014))
    channel = topic(receiver)
    channel.send(ALERT)
    channel.send(ALERT)
    assert [request.body for request in receiver.received] == [
        ALERT.still, ALERT.text.encode(), ALERT.text.encode()]
    assert "accepts no attachments" in caplog.text
    assert "door" not in caplog.text


@pytest.mark.parametrize(("answer", "words"), [
    (error(403, 40301), "forbids"), (error(429, 42901), "too many"), (error(507, 50701), "507"),
    (Answer(400, {}, b"[1]"), "does not understand"), (Answer(400, {}, b'{"code": {}}'), "does not understand")])
def test_other_refusals_fail(receiver, answer, words):
    receiver.answer = answer
    with pytest.raises(DeliveryFailed, match=words) as failed:
        topic(receiver).send(ALERT)
    assert "door" not in str(failed.value)
    assert len(receiver.received) == 1
