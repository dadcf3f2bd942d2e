"""Health checks and the status as JSON."""

import json
from dataclasses import asdict, replace

import pytest

from harness import open_access
from pyimagesearch.access import Role
from pyimagesearch.capture import MemoryBudget
from pyimagesearch.status import ENDED, LIVE, NO_SIGNAL, OFF, STARTING, ObjectsStatus
from pyimagesearch.web import Feed, Services, create_app
from sample_archive import STATUS


@pytest.fixture
def status():
    return [STATUS]


@pytest.fixture
def client(broadcaster, status):
    services = Services({"camera": Feed(broadcaster, lambda: status[0])}, open_access())
    return create_app(services).test_client()


def test_status_describes_the_camera(client):
    answer = json.loads(client.get("/api/status").data)
    assert answer["viewers"] == 1
    assert answer["cameras"][0]["state"] == "live"
    assert answer["cameras"][0]["fps"] == 29.97


def test_status_shows_the_memory_of_the_cameras(broadcaster):
    memory = MemoryBudget(10**9)
    memory.claim("camera", 5_000_000)
    services = Services({"camera": Feed(broadcaster, lambda: STATUS)}, open_access(), camera_memory=memory)
    assert create_app(services).test_client().get("/api/status").json["camera_memory"] == {
        "used": 5_000_000, "total": 10**9}


@pytest.mark.parametrize(("objects", "words"), [
    (ObjectsStatus(model="tiny.onnx", loaded=True, looks=2, seconds=0.12345), ""),
    (ObjectsStatus(model="tiny.onnx", failed=1, trouble="there is too little memory"),
     "Objects are not recognised now: there is too little memory"),
    (ObjectsStatus(model="", off_reason="no model was fetched"),
     "Objects are not recognised: no model was fetched")])
def test_status_describes_the_looks_for_objects(broadcaster, objects, words):
    services = Services({"camera": Feed(broadcaster, lambda: STATUS)}, open_access(),
                        objects=lambda: objects)
    shown = create_app(services).test_client().get("/api/status").json["objects"]
    assert shown == {**asdict(objects), "seconds": round(objects.seconds, 3), "words": words}


@pytest.mark.parametrize(("objects", "words"), [
    (ObjectsStatus(model="", off_reason="no file; run: x.py objects --get --data /home/ann"),
     "Objects are not recognised: no model is in use"),
    (ObjectsStatus(model="tiny.onnx", trouble="/home/ann/tiny.onnx is damaged"),
     "Objects are not recognised now: the last look failed")])
def test_viewer_sees_no_folders_and_commands_of_the_owner(broadcaster, objects, words):
    services = Services({"camera": Feed(broadcaster, lambda: STATUS)}, open_access(Role.VIEWER),
                        objects=lambda: objects)
    response = create_app(services).test_client().get("/api/status")
    assert response.json["objects"]["words"] == words
    assert "ann" not in response.text


def test_healthz_answers(client):
    assert client.get("/healthz").json == {"status": "ok"}


@pytest.mark.parametrize(("state", "age", "reason"), [
    (LIVE, 0.1, ""), (LIVE, 9.9, ""), (NO_SIGNAL, 9.9, ""), (ENDED, 500.0, ""),
    (OFF, 500.0, ""), (OFF, None, ""),
    (LIVE, 10.0, "The last frame of camera camera is 10 seconds old."),
    (NO_SIGNAL, 75.4, "The last frame of camera camera is 75 seconds old."),
    (STARTING, None, "Camera camera has given no frame yet.")])
def test_ready_means_every_camera_has_a_recent_frame(client, status, state, age, reason):
    status[0] = replace(STATUS, state=state, age=age)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (
        (503, {"error": reason}) if reason else (200, {"status": "ready"}))


def test_slow_camera_is_ready_for_as_long_as_it_counts_as_live(client, status):
    status[0] = replace(STATUS, state=LIVE, age=17.0, patience=18.0)
    assert client.get("/readyz").status_code == 200
    status[0] = replace(STATUS, state=NO_SIGNAL, age=17.0, patience=18.0)
    assert client.get("/readyz").status_code == 503


def test_readyz_names_every_late_camera(broadcaster):
    feeds = {name: Feed(broadcaster, lambda name=name, age=age: replace(
        STATUS, name=name, age=age)) for name, age in (("a", 12), ("b", 1.0), ("c", None))}
    assert create_app(Services(feeds, open_access())).test_client().get("/readyz").json["error"] == (
        "The last frame of camera a is 12 seconds old. Camera c has given no frame yet.")
