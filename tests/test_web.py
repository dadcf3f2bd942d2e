"""Pages, streams, snapshots and status through Flask's test client."""

import json
from dataclasses import replace

import pytest

from harness import open_access
from pyimagesearch.status import ENDED, LIVE, NO_SIGNAL, OFF, STARTING
from pyimagesearch.streaming.mjpeg import generate
from pyimagesearch.web.app import create_app
from pyimagesearch.web.services import Feed, Services
from sample_archive import STATUS


@pytest.fixture
def status():
    return [STATUS]


@pytest.fixture
def client(broadcaster, status):
    services = Services({"camera": Feed(broadcaster, lambda: status[0])}, open_access())
    return create_app(services).test_client()


def test_index_shows_stream_and_state_without_javascript(client):
    page = client.get("/").text
    assert 'src="/video_feed"' in page
    assert '<span id="words">live</span>' in page
    assert '<b id="fps">30</b>' in page
    assert "<script>" not in page       # none inline
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_index_gives_the_reason_for_no_signal(client, status):
    status[0] = replace(STATUS, state=NO_SIGNAL, reason="it <b>broke</b>")
    assert "it &lt;b&gt;broke&lt;/b&gt;" in client.get("/").text


def test_snapshot_is_the_newest_frame_with_its_time(client, broadcaster):
    broadcaster.publish(b"one", 1.5)
    answer = client.get("/snapshot.jpg")
    assert (answer.data, answer.mimetype) == (b"one", "image/jpeg")
    assert answer.headers["X-Timestamp"] == "1.500000"
    assert answer.headers["Cache-Control"] == "no-store"


def test_snapshot_without_a_new_frame_is_503(broadcaster, status):
    client = create_app(Services({"camera": Feed(broadcaster, lambda: status[0])}, open_access(),
                                 fresh_seconds=0.01)).test_client()
    broadcaster.publish(b"old", 1.5)
    broadcaster.mark_stale()
    answer = client.get("/snapshot.jpg", headers={"Accept": "image/*"})
    assert answer.status_code == 503
    assert answer.json == {"error": "The camera delivered no frame within 0.01 seconds."}


def test_video_feed_sends_one_part_per_frame(client, broadcaster):
    broadcaster.publish(b"card", 1.0)
    with client.get("/video_feed") as answer:
        assert answer.mimetype == "multipart/x-mixed-replace"
        assert answer.mimetype_params["boundary"] == "frame"
        chunks = iter(answer.response)
        assert next(chunks) == b"--frame\r\n"
        assert next(chunks) == broadcaster.latest.part
        broadcaster.publish(b"one", 2.0)
        assert next(chunks) == broadcaster.latest.part
        assert broadcaster.viewers == 1
    assert broadcaster.viewers == 0


def test_generate_yields_the_stream(broadcaster):
    broadcaster.publish(b"one", 2.0)
    chunks = generate(broadcaster)
    assert [next(chunks), next(chunks)] == [b"--frame\r\n", broadcaster.latest.part]
    chunks.close()


def test_status_describes_the_camera(client):
    answer = json.loads(client.get("/api/status").data)
    assert answer["viewers"] == 1
    assert answer["cameras"][0]["state"] == "live"
    assert answer["cameras"][0]["fps"] == 29.97


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


def test_readyz_names_every_late_camera(broadcaster):
    feeds = {name: Feed(broadcaster, lambda name=name, age=age: replace(
        STATUS, name=name, age=age)) for name, age in (("a", 12), ("b", 1.0), ("c", None))}
    assert create_app(Services(feeds, open_access())).test_client().get("/readyz").json["error"] == (
        "The last frame of camera a is 12 seconds old. Camera c has given no frame yet.")


def test_error_is_json_for_programs_and_a_page_for_browsers(client):
    answer = client.get("/api/none")
    assert answer.status_code == 404
    assert "not found" in answer.json["error"]
    assert answer.json["error"].index(".") == len(answer.json["error"]) - 1     # one sentence
    page = client.get("/none", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "<h1>Not Found</h1>" in page.text
    refused = client.post("/video_feed", headers={"Accept": "application/json"})
    assert refused.status_code == 405
    assert "GET" in refused.headers["Allow"]
    assert "error" in refused.json


def test_head_request_for_the_stream_ends_at_once(client, broadcaster):
    broadcaster.publish(b"one")
    assert client.head("/video_feed").data == b""
    assert broadcaster.viewers == 0
