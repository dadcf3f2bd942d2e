"""The live page, streams and snapshots, without a browser."""

from dataclasses import replace

import numpy as np
import pytest

from harness import open_access
from protected import VIEWER
from pyimagesearch.jpeg import LazyJpeg, encode
from pyimagesearch.overlay import Annotation
from pyimagesearch.status import NO_SIGNAL
from pyimagesearch.streaming.mjpeg import generate
from pyimagesearch.streaming.viewer_limits import ViewerLimits
from pyimagesearch.web import Feed, Services, create_app
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


@pytest.mark.parametrize(("fps", "shown"), [(1 / 6, "0.17"), (0.0, "0"), (1.4, "1")])
def test_rate_of_a_slow_camera_is_not_rounded_to_nothing(client, status, fps, shown):
    status[0] = replace(STATUS, fps=fps)
    assert f'<b id="fps">{shown}</b>' in client.get("/").text


def test_index_gives_the_reason_for_no_signal(client, status):
    status[0] = replace(STATUS, state=NO_SIGNAL, reason="it <b>broke</b>")
    assert "it &lt;b&gt;broke&lt;/b&gt;" in client.get("/").text


def test_snapshot_is_the_newest_frame_with_its_time(client, broadcaster):
    broadcaster.publish(b"one", 1.5)
    answer = client.get("/snapshot.jpg")
    assert (answer.data, answer.mimetype) == (b"one", "image/jpeg")
    assert answer.headers["X-Timestamp"] == "1.500000"
    assert answer.headers["Cache-Control"] == "no-store"


def test_snapshot_has_the_overlay_that_the_page_draws(client, broadcaster):
    plain = encode(np.full((240, 320, 3), 200, np.uint8))
    undrawn = LazyJpeg(plain, (320, 240), Annotation(((10, 20, 100, 120),), 1.5))
    broadcaster.publish(plain, 1.5, undrawn)
    assert client.get("/snapshot.jpg").data == undrawn.bytes() != plain


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


def test_addresses_of_mjpg_streamer_work(two_cameras):
    client, more = two_cameras.client(), {"headers": two_cameras.bearer(VIEWER)}
    feeds = list(two_cameras.feeds.values())
    feeds[1].broadcaster.publish(b"the second", 2.5)
    for number, path in enumerate(("/?action=snapshot", "/?action=snapshot_1&n=7",
                                   "/?action=snapshot?1700000000", "/?action=snapshot_1/")):
        answer = client.get(path, **more)
        assert (answer.data, answer.mimetype) == (feeds[number % 2].broadcaster.latest.jpeg, "image/jpeg")
    for number, path in enumerate(("/?action=stream", "/?action=stream_1&dummy=param.mjpg")):
        with client.get(path, **more) as answer:
            assert answer.mimetype == "multipart/x-mixed-replace"
            chunks = iter(answer.response)
            assert [next(chunks), next(chunks)] == [
                b"--frame\r\n", feeds[number].broadcaster.latest.part]
    assert client.get("/?action=stream_2", **more).json == {
        "error": "There is no camera 2; the last one is 1."}
    assert "<html" in client.get("/?action=other", **more).text
    assert client.get("/?action=snapshot").status_code == 401


def test_mjpg_streamer_addresses_count_as_viewers(client, broadcaster):
    services = client.application.extensions["services"]
    client.application.extensions["services"] = replace(services, limits=ViewerLimits(1, 1))
    broadcaster.publish(b"one")
    with client.get("/?action=stream"):
        assert client.get("/?action=stream").status_code in (429, 503)
    with client.get("/?action=stream") as answer:
        assert answer.status_code == 200


def test_head_request_for_the_stream_ends_at_once(client, broadcaster):
    broadcaster.publish(b"one")
    assert client.head("/video_feed").data == b""
    assert broadcaster.viewers == 0
