"""Live video in H.264: addresses, roles, and the body for any WSGI server."""

from dataclasses import replace

import pytest

from protected import OURS, VIEWER, ProtectedApp
from pyimagesearch.streaming.stream_tally import StreamTally
from pyimagesearch.streaming.video_broadcaster import VideoBroadcaster
from pyimagesearch.streaming.video_stream import EMPTY_BOX, generate_video
from pyimagesearch.streaming.viewer_limits import ViewerLimits

TOKEN = "a-page-of-the-viewer"


def videos(*names):
    """Return videos that show something to another viewer each."""
    made = {name: VideoBroadcaster() for name in names}
    for name, video in made.items():
        video.viewers = 1
        show(video, name.encode())
    return made


def show(video, data=b"key", *, is_key=True, at=1.0):
    video.publish(b"header ", data, at, at, is_key=is_key)


@pytest.fixture
def protected(tmp_path):
    """Two cameras, which have no video of their own."""
    protected = ProtectedApp(tmp_path / "access", ("front", "yard"))
    for name in protected.feeds:
        protected.feeds[name] = replace(protected.feeds[name], videos=videos("low", "high"))
    protected.app.extensions["services"].mosaic.videos = videos("low", "high")
    return protected


@pytest.fixture
def get(protected):
    def get(path, **more):
        return protected.client().get(path, headers=protected.bearer(VIEWER), **more)
    return get


@pytest.mark.parametrize(("path", "name", "rate"), [
    ("/live.mp4", "front", "low"), ("/live/front.mp4?rate=high", "front", "high"),
    ("/live/yard.mp4?rate=low", "yard", "low"), ("/live/mosaic.mp4", None, "low")])
def test_each_video_has_its_address(protected, get, path, name, rate):
    services = protected.app.extensions["services"]
    video = (services.feeds[name] if name else services.mosaic).videos[rate]
    with get(path) as answer:
        assert answer.mimetype == "video/mp4"
        assert answer.headers["X-Accel-Buffering"] == "no"
        assert answer.headers["Cache-Control"] == "no-store"
        chunks = iter(answer.response)
        assert next(chunks) == b"header " + rate.encode()
        show(video, b"second", is_key=False)
        assert next(chunks) == b"second"
        assert video.viewers == 2
    assert video.viewers == 1


def test_mosaic_of_one_camera_is_that_camera(tmp_path):
    protected = ProtectedApp(tmp_path / "access")
    protected.feeds["camera"] = replace(protected.feeds["camera"], videos=videos("low"))
    with protected.client().get("/live/mosaic.mp4", headers=protected.bearer(VIEWER)) as answer:
        assert next(iter(answer.response)) == b"header low"


@pytest.mark.parametrize(("path", "status", "error"), [
    ("/live.mp4?rate=best", 400, "rate is 'best', but must be low or high."),
    ("/live.mp4?from=disk", 400, "from is 'disk', but must be camera."),
    ("/live.mp4?viewer=me", 400,
     "viewer is 'me', but must be 16 to 64 letters, digits, hyphens and underscores."),
    ("/live/attic.mp4", 404, "There is no camera 'attic'; the cameras are: front, yard."),
    ("/live/yard.mp4?from=camera", 409, "")])
def test_what_cannot_be_streamed_is_one_sentence(get, path, status, error):
    answer = get(path)
    assert answer.status_code == status
    assert answer.json["error"].count(".") == 1
    assert answer.json["error"].startswith(error)


def test_server_without_h264_says_what_to_watch(protected, get):
    protected.feeds["yard"] = replace(protected.feeds["yard"], videos={})
    assert get("/live/yard.mp4").json == {
        "error": "This server has no live video in H.264; watch /video_feed."}


def test_video_that_cannot_be_encoded_says_why(protected, get):
    class BrokenVideo(VideoBroadcaster):
        why_not = "it is broken"
    protected.feeds["front"] = replace(protected.feeds["front"], videos={"low": BrokenVideo()})
    answer = get("/live.mp4")
    assert (answer.status_code, answer.json["error"]) == (
        503, "There is no live video in H.264 now, so watch /video_feed: it is broken.")


def test_video_needs_a_login_or_a_key_for_it(protected, get):
    client = protected.client()
    assert client.get("/live.mp4").status_code == 401
    made = client.post("/api/stream_key", json={"path": "/live.mp4"},
                       headers={**protected.bearer(VIEWER), **OURS}).json
    with client.get(made["url"]) as answer:
        assert answer.status_code == 200
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert client.get(f"/live/yard.mp4?key={made['key']}").status_code == 401


def test_viewers_of_video_count_against_the_limits(protected, get):
    services = protected.app.extensions["services"]
    protected.app.extensions["services"] = replace(services, limits=ViewerLimits(2, 1))
    with get("/live.mp4"):
        assert get("/live/yard.mp4").status_code == 429
        assert get("/video_feed").headers["Retry-After"] == "10"
    with protected.client().head("/live.mp4", headers=protected.bearer(VIEWER)) as answer:
        assert answer.data == b""
    with get("/live.mp4") as answer:
        assert answer.status_code == 200


def test_page_reads_what_its_viewer_was_sent(protected, get):
    video = protected.feeds["front"].videos["low"]
    with get(f"/live.mp4?viewer={TOKEN}") as answer:
        chunks = iter(answer.response)
        next(chunks)
        for second in range(1, 4):
            show(video, is_key=False, at=1.0 + second)
        show(video, at=5.0)
        next(chunks)
        counted = get(f"/api/streams/{TOKEN}").json
        assert (counted["sent"], counted["skipped"]) == (2, 3)
    assert get(f"/api/streams/{TOKEN}").status_code == 404


def test_silence_is_broken_by_boxes_without_meaning(monkeypatch):
    monkeypatch.setattr("pyimagesearch.streaming.video_stream.SILENT_SECONDS", 0.01)
    video = videos("low")["low"]
    chunks = generate_video(video, StreamTally())
    assert [next(chunks) for _ in range(3)] == [b"header low", EMPTY_BOX, EMPTY_BOX]
    video.close()
    assert list(chunks) == []
