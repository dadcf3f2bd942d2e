"""Recording, stills and arming, and what the log says of changes."""

import pytest

from harness import InBackground, eventually
from pyimagesearch.events.event import SNAPSHOT
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
    assert client.post("/api/armed", json={"armed": False}).json == {"armed": False}
    assert sample.armed is False
    assert client.get("/api/status").json["archive"]["armed"] is False
    assert client.post("/api/armed", json={}).status_code == 400


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
        f"front: still {still} taken", "disarmed", "2 events starred", "1 event unstarred",
        "1 event deleted", "1 event restored", "1 event exported")]
