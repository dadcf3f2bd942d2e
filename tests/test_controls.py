"""Recording, stills and arming, and what the log says of changes."""

import time

import pytest

from harness import InBackground, eventually
from pyimagesearch.events.event import SNAPSHOT
from pyimagesearch.status import ObjectsStatus
from sample_archive import NOON, client_of


def publish_to_first_viewer(broadcaster, jpeg=b"\xff\xd8 still \xff\xd9"):
    eventually(lambda: broadcaster.viewers)
    broadcaster.publish(jpeg, NOON)


@pytest.mark.parametrize("how", ["json", "data"])
@pytest.mark.parametrize(("on", "off"), [("true", "false"), (True, False)])
def test_starting_or_stopping_twice_is_no_error(client, cameras, how, on, off):
    for status, result in ((on, "started"), (on, "started"), (off, "stopped"), (off, "stopped")):
        answer = client.post("/record_status", **{how: {"status": status}})
        assert answer.json == {"result": result}
        assert client.get("/record_status").json["recording"] is (result == "started")
    assert client.get("/record_status").json["since"] is None


def test_one_camera_can_be_recorded_alone(client, cameras):
    client.post("/record_status", json={"status": True, "camera": "yard"})
    assert (cameras["front"].recording_since, cameras["yard"].recording_since is None) == (None, False)
    assert client.get("/record_status?camera=front").json["recording"] is False
    assert client.get("/record_status").json["since"] == cameras["yard"].recording_since
    unknown = client.post("/record_status", json={"status": True, "camera": "attic"},
                          headers={"Accept": "application/json"})
    assert unknown.status_code == 404
    assert "the cameras are: front, yard" in unknown.json["error"]


def test_recording_that_has_no_room_is_202_with_the_reason(client, sample):
    sample.store.trouble = "there is no room: the disk is full"
    answer = client.post("/record_status", json={"status": True})
    assert (answer.status_code, answer.json) == (202, {
        "result": "started", "pending": "Cannot record: there is no room: the disk is full."})
    assert client.post("/record_status", json={"status": False}).json == {"result": "stopped"}


@pytest.mark.parametrize("body", [{}, {"status": "yes please"}, {"status": 1}, {"status": None}])
def test_invalid_record_status_is_refused(client, body):
    answer = client.post("/record_status", json=body, headers={"Accept": "*/*"})
    assert answer.status_code == 400
    assert "must be true or false." in answer.text


def test_still_is_saved_as_an_event(client, sample, broadcaster):
    InBackground(publish_to_first_viewer, broadcaster)
    still = client.post("/snapshot").json
    assert still["url"] == f"/events/{still['event']}"
    assert sample.store.flush(60)
    assert client.get(f"/api/events/{still['event']}").json["kind"] == SNAPSHOT
    assert f"/events/{still['event']}/still.jpg" in client.get(still["url"]).text
    for file in ("still.jpg", "thumbnail.jpg"):
        assert client.get(f"/events/{still['event']}/{file}").data == b"\xff\xd8 still \xff\xd9"


def test_still_without_a_new_frame_is_503(sample, cameras):
    client = client_of(cameras["front"], archive=sample, fresh_seconds=0.01)
    assert client.post("/snapshot").status_code == 503


def test_disarming_reaches_archive_and_status(client, sample):
    assert client.post("/api/armed", json={"armed": False}).json["armed"] is False
    assert sample.arming.armed is False
    status = client.get("/api/status").json
    assert status["archive"]["armed"] is False
    assert status["arming"] == {
        "mode": "off", "until": None, "then": "", "words": "Off: no camera is armed."}
    assert status["cameras"][0]["arming"] == {
        "armed": False, "reason": "mode off", "until": None, "words": "Off: not armed."}


@pytest.mark.parametrize("how", ["json", "data"])
def test_mode_is_set_for_minutes_or_until_a_time(client, how):
    before = time.time()
    answer = client.post("/api/armed", **{how: {"mode": "off", "minutes": "30"}}).json
    assert (answer["mode"], answer["armed"], answer["then"]) == ("off", False, "away")
    assert before <= answer["until"] - 1800 <= time.time()
    assert answer["cameras"]["yard"] == {
        "armed": False, "reason": "mode off", "until": answer["until"],
        "words": answer["words"].replace("no camera is", "not")}
    until = time.time() + 86_400
    client.post("/api/armed", **{how: {"mode": "home", "until": until}})
    assert client.get("/api/armed").json == client.get("/api/armed").json | {
        "armed": True, "mode": "home", "until": until, "then": "away"}
    assert client.post("/api/armed", **{how: {"armed": "true"}}).json["until"] is None


@pytest.mark.parametrize("seconds", [-1, 367 * 86_400])
def test_mode_cannot_end_in_the_past_or_after_years(client, sample, seconds):
    answer = client.post("/api/armed", json={"mode": "off", "until": time.time() + seconds},
                         headers={"Accept": "application/json"})
    assert (answer.status_code, "it must be between" in answer.json["error"]) == (409, True)
    assert sample.arming.mode.mode == "away"


@pytest.mark.parametrize(("body", "reason"), [
    ({}, "One of mode and armed is needed"), ({"mode": "off", "armed": True}, "One of mode and armed"),
    ({"armed": "maybe"}, "armed is 'maybe', but must be true or false"),
    ({"mode": "night"}, "mode is 'night', but must be one of away, home, off"),
    ({"mode": ["off"]}, "mode is ['off'], but must be one of"), ({"mode": None}, "mode is None, but must"),
    ({"mode": "off", "minuets": 30}, "'minuets' is not one of mode, armed, minutes, until."),
    ({"mode": "off", "minutes": 5, "until": 2e9}, "Only one of minutes and until"),
    ({"mode": "off", "minutes": 0}, "minutes is 0, but must be a number from 1 to 527040"),
    ({"mode": "off", "minutes": 1e300}, "minutes is 1e+300"), ({"mode": "off", "minutes": True}, "minutes is True"),
    ({"mode": "off", "minutes": "NaN"}, "minutes is 'NaN'"), ({"mode": "off", "until": [1]}, "until is [1]")])
def test_wrong_mode_is_refused_with_the_reason(client, sample, body, reason):
    answer = client.post("/api/armed", json=body, headers={"Accept": "application/json"})
    assert (answer.status_code, reason in answer.json["error"]) == (400, True), answer.json
    assert sample.arming.mode.mode == "away"


def test_log_says_who_changed_something(client, sample, broadcaster, caplog):
    sample.add(sample.recorded(1), sample.recorded(2, NOON + 60))
    InBackground(publish_to_first_viewer, broadcaster)
    with caplog.at_level("INFO", "pyimagesearch.web"):
        client.post("/record_status", json={"status": True})
        client.post("/record_status", json={"status": False, "camera": "yard"})
        still = client.post("/snapshot").json["event"]
        client.post("/api/armed", json={"armed": False})
        client.post("/api/events/star", json={"ids": [1, 2]})
        client.patch("/api/events/2", json={"starred": False})
        client.delete("/api/events/2")
        client.post("/api/events/restore", json={"ids": [2]})
        client.post("/events/export", data={"ids": "1"})
    assert caplog.messages == [f"{line} by owner from 127.0.0.1" for line in (
        "all cameras: manual recording started", "yard: manual recording stopped",
        f"front: still {still} taken", "mode off", "2 events starred", "1 event unstarred",
        "1 event deleted", "1 event restored", "1 event exported")]


@pytest.mark.parametrize(("objects", "shown"), [
    (ObjectsStatus(model="tiny.onnx"), ""),
    (ObjectsStatus(model="", off_reason="<no>; run: a -b", command="a -b"),
     'Objects are not recognised: &lt;no&gt;; run: <code class="command">a -b</code>'),
    (ObjectsStatus(model="tiny.onnx", trouble="no memory"), "Objects are not recognised now: no memory")])
def test_live_page_says_why_objects_are_not_recognised(sample, cameras, objects, shown):
    client = client_of(cameras["front"], archive=sample, objects=lambda: objects)
    assert f'id="objects">{shown}</p>' in client.get("/").text


def test_live_page_is_quiet_about_objects_that_were_switched_off(sample, cameras):
    objects = ObjectsStatus(model="", off_reason="that is switched off")
    client = client_of(cameras["front"], archive=sample, objects=lambda: objects)
    assert 'id="objects"' not in client.get("/").text
