"""Webhooks: what they post, how it is signed, and what their answers mean."""

import hashlib
import hmac
import json
from dataclasses import replace

import pytest

from harness import ROOT
from pages import blocks, prose
from pyimagesearch.notifications.alert import BEGIN, END, Alert
from pyimagesearch.notifications.channel import ChannelClosed, DeliveryFailed
from pyimagesearch.notifications.delivery.http_receiver import HttpReceiver
from pyimagesearch.notifications.delivery.webhook import WEBHOOK_SECONDS, Webhook
from receiver import HANG, Receiver
from recording_channel import sighting

ALERT = Alert(type=BEGIN, id=17, camera="front", kind="motion", sightings=(sighting("person"),), begin=1_800_000_000.5,
              peak_area=4.1, more=3, note="Tür\x00 ✓", url="https://cam.example/events/17", still=b"\xff\xd8 still")


@pytest.fixture
def receiver():
    with Receiver(204) as found:
        yield found


def webhook(receiver, **rules):
    return Webhook(HttpReceiver(receiver.url + "/hook?a=b", "webhook"), "alerts webhook 1", **rules)


def test_alert_is_posted_as_json(receiver):
    webhook(receiver).send(ALERT)
    (request,) = receiver.received
    assert (request.method, request.path) == ("POST", "/hook?a=b")
    assert request.headers["Content-Type"] == "application/json"
    assert request.json() == ALERT.as_json()
    assert request.json()["version"] == 1


def test_repeated_alerts_have_one_key(receiver):
    hook = webhook(receiver)
    for alert in (ALERT, ALERT, replace(ALERT, type=END)):
        hook.send(alert)
    assert [each.headers["Idempotency-Key"] for each in receiver.received] == [
        "17-begin", "17-begin", "17-end"]


@pytest.mark.parametrize("stills", [False, True])
def test_signature_is_that_of_the_whole_body(receiver, stills):
    webhook(receiver, secret="schlüssel", stills=stills).send(ALERT)
    (request,) = receiver.received
    wanted = hmac.new("schlüssel".encode(), request.body, hashlib.sha256).hexdigest()
    assert request.headers["X-Signature"] == f"sha256={wanted}"


def test_nothing_is_signed_without_a_secret(receiver):
    webhook(receiver).send(ALERT)
    assert "X-Signature" not in receiver.received[0].headers


def test_still_is_posted_as_a_form(receiver):
    hook = webhook(receiver, stills=True)
    hook.send(ALERT)
    hook.send(replace(ALERT, still=None))
    with_still, without = [each.parts() for each in receiver.received]
    assert with_still["still"] == ("image/jpeg", ALERT.still)
    assert with_still["alert"][0] == "application/json"
    assert list(without) == ["alert"]


def test_stills_need_a_setting(receiver):
    webhook(receiver).send(ALERT)
    assert b"still" not in receiver.received[0].body


def test_gone_receiver_closes_the_webhook(receiver):
    receiver.answer = 410
    with pytest.raises(ChannelClosed):
        webhook(receiver).send(ALERT)


def test_webhook_gives_up_in_time(receiver):
    assert WEBHOOK_SECONDS == 5
    receiver.answer = HANG
    with pytest.raises(DeliveryFailed, match=r"no answer within 0\.2 seconds"):
        webhook(receiver, seconds=0.2).send(ALERT)


def test_documented_receiver_recognises_the_signature(receiver):
    (code,) = (block for block in blocks("python") if "is_genuine" in block)
    names = {}
    exec(code, names)
    webhook(receiver, secret="schlüssel").send(ALERT)
    (request,) = receiver.received
    assert names["is_genuine"]("schlüssel", request.body, request.headers["X-Signature"])
    assert not names["is_genuine"]("schlüssel", request.body + b" ", request.headers["X-Signature"])


def test_documented_fields_are_those_that_are_sent():
    (documented,) = (block for block in blocks("json") if '"peak_area"' in block)
    assert list(json.loads(documented)) == list(ALERT.as_json())
    section = prose(ROOT / "docs/alerts.md")
    assert all(f"`{name}`" in section for name in ALERT.as_json() if name != "note")
