"""Several cameras in one stream, over real sockets: who is sent what, and never old."""

import contextlib
import re
import socket

import pytest

from harness import DEADLINE, eventually, open_access
from network import visited
from protected import BROWSER, VIEWER, ProtectedApp
from pyimagesearch.serving import fanout, multiplex_fanout
from pyimagesearch.serving.server import LiveServer
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.multiplex import generate_multiplexed
from pyimagesearch.streaming.selection import Selection
from pyimagesearch.streaming.stream_tally import StreamTally
from pyimagesearch.streaming.variants import MAX_WATCHED, VariantOf, Variants
from pyimagesearch.web import Feed, Services, create_app
from pyimagesearch.web.cameras_feed import pictures
from sample_archive import STATUS

TOKEN = "a-page-of-a-viewer"
BIG = b"." * 4_000_000      # no socket takes it at once


class Viewer:
    """A viewer that reads parts from a socket."""

    def __init__(self, address, query=""):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(address)
        self.socket.sendall(f"GET /cameras_feed{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")
        assert b" 200 " in self.file.readline()
        self.head()
        self.file.readline()    # the first boundary

    def head(self):
        return b"".join(iter(lambda: self.file.readline().strip(b"\r\n") + b"\n", b"\n")).decode()

    def part(self):
        """Return the camera and the picture of the next part; nothing at the end."""
        head = self.head()
        if not head:
            return None
        picture = self.file.read(int(re.search(r"Content-Length: (\d+)", head)[1]))
        assert self.file.readline() + self.file.readline() == b"\r\n--frame\r\n"
        return re.search("X-Camera: (.*)", head)[1], picture

    def close(self):
        self.file.close()
        self.socket.close()


@pytest.fixture
def feeds():
    return {name: Feed(LatestFrameBroadcaster(), lambda: STATUS) for name in ("a", "b")}


@pytest.fixture
def watch(feeds, monkeypatch):
    """Serve the cameras while a visitor, given a way to begin to watch, runs."""
    def serve(visitor):
        monkeypatch.setattr(fanout, "SILENT_SECONDS", 0.2)
        monkeypatch.setattr(multiplex_fanout, "FOLLOW_SECONDS", 0.2)
        services = Services(feeds, open_access())
        server = LiveServer("127.0.0.1", 0)
        app = create_app(services)

        def visit():
            with contextlib.ExitStack() as opened:
                def begin(query=""):
                    before = sum(feed.broadcaster.viewers for feed in feeds.values())
                    viewer = Viewer(server.address, query)
                    opened.callback(viewer.close)
                    eventually(lambda: sum(
                        feed.broadcaster.viewers for feed in feeds.values()) > before)
                    return viewer
                return visitor(begin)

        def close():
            for feed in feeds.values():
                feed.broadcaster.close()
        return visited(server, app, visit, close)
    return serve


def publish(feeds, **pictures):
    for name, picture in pictures.items():
        feeds[name].broadcaster.publish(picture)


def test_each_picture_names_its_camera(feeds, watch):
    def visitor(begin):
        viewer = begin()
        for number in (b"1", b"2"):
            publish(feeds, a=b"a" + number, b=b"b" + number)
            assert {viewer.part(), viewer.part()} == {("a", b"a" + number), ("b", b"b" + number)}
    watch(visitor)


def test_slow_viewer_skips_pictures_and_sees_all_cameras(feeds, watch):
    def visitor(begin):
        viewer = begin()
        publish(feeds, a=BIG)
        viewer.file.peek()      # it is being sent
        for number in range(9):
            publish(feeds, a=b"a%d" % number, b=b"b%d" % number)
        assert viewer.part() == ("a", BIG)
        assert [viewer.part(), viewer.part()] == [("b", b"b8"), ("a", b"a8")]
    watch(visitor)


def test_cameras_come_and_go_in_an_open_stream(feeds, watch):
    def visitor(begin):
        viewer = begin()
        feeds["c"] = Feed(LatestFrameBroadcaster(), lambda: STATUS)
        eventually(lambda: feeds["c"].broadcaster.viewers)
        publish(feeds, c=b"new")
        assert viewer.part() == ("c", b"new")
        feeds["a"].broadcaster.close()
        feeds["a"] = Feed(LatestFrameBroadcaster(), lambda: STATUS)     # it was restarted
        eventually(lambda: feeds["a"].broadcaster.viewers)
        publish(feeds, a=b"again")
        while (part := viewer.part())[0] == "c":
            pass        # repeated, as nothing else came
        assert part == ("a", b"again")
    watch(visitor)


def test_stream_ends_when_all_cameras_have_ended(feeds, watch):
    def visitor(begin):
        viewer = begin()
        for feed in feeds.values():
            feed.broadcaster.close()
        assert viewer.part() is None
    watch(visitor)


def test_half_sent_picture_is_not_continued_once_hidden(feeds, watch):
    def visitor(begin):
        viewer = begin()
        publish(feeds, a=BIG)
        viewer.file.read(1000)
        feeds["a"].broadcaster.hide()
        assert len(viewer.file.read()) < len(BIG) - 1000
    watch(visitor)


def test_other_camera_that_is_hidden_ends_no_picture(feeds, watch):
    def visitor(begin):
        viewer = begin()
        publish(feeds, a=BIG)
        viewer.file.peek()
        publish(feeds, b=b"hidden")
        feeds["b"].broadcaster.hide()
        publish(feeds, b=b"card")
        assert [viewer.part(), viewer.part()] == [("a", BIG), ("b", b"card")]
    watch(visitor)


def test_silent_cameras_are_repeated(feeds, watch):
    def visitor(begin):
        viewer = begin("?camera=b")
        publish(feeds, b=b"card")
        assert viewer.part() == viewer.part() == ("b", b"card")
        assert feeds["a"].broadcaster.viewers == 0
    watch(visitor)


@pytest.mark.parametrize("path", ["/cameras_feed", "/video_feed"])
def test_scripts_may_read_the_stream_as_plain_bytes(feeds, path):
    client = create_app(Services(feeds, open_access())).test_client()
    types = []
    for accept in ("application/octet-stream", "*/*", "image/avif,image/*,*/*;q=0.8"):
        with client.get(path, headers={"Accept": accept}) as answer:
            types.append(answer.headers["Content-Type"])
    assert types == ["application/octet-stream", *2 * ["multipart/x-mixed-replace; boundary=frame"]]


# --- the selection


@pytest.fixture
def protected(tmp_path):
    return ProtectedApp(tmp_path / "access", ("front", "yard"))


@pytest.fixture
def stream(protected):
    login = protected.bearer(VIEWER)
    with protected.client().get(f"/cameras_feed?camera=yard&viewer={TOKEN}", headers=login) as answer:
        assert answer.status_code == 200
        yield iter(answer.response)


def change(protected, **fields):
    return protected.client().patch(f"/api/streams/{TOKEN}", json=fields,
                                    headers=protected.bearer(VIEWER))


def test_viewer_changes_the_selection_of_an_open_stream(protected, stream):
    assert next(stream) == b"--frame\r\n"
    assert b"X-Camera: yard\r\n" in next(stream)
    assert change(protected, cameras=["front"], width=320).json == {
        "cameras": ["front"], "width": 320, "fps": None}
    assert b"X-Camera: front\r\n" in next(stream)
    assert change(protected, cameras=None, fps=1).json == {"cameras": None, "width": 320, "fps": 1}


def test_nothing_is_sent_while_nothing_is_selected(protected, stream):
    list(zip(range(2), stream, strict=False))
    change(protected, cameras=[])
    assert all(feed.broadcaster.viewers <= 1 for feed in protected.feeds.values())
    change(protected, cameras=["front"])
    assert b"X-Camera: front\r\n" in next(stream)
    assert protected.feeds["yard"].broadcaster.viewers == 0


@pytest.mark.parametrize(("fields", "sentence"), [
    ({"cameras": ["attic"]}, "camera is 'attic', but must be one of front, yard."),
    ({"cameras": "yard"}, "cameras is 'yard', but must be a list of names, or null for all cameras."),
    ({"width": 100}, "width is 100, but must be one of 160, 320, 480, 640, 960, 1280, 1920, 2560, or null."),
    ({"fps": [1]}, "fps is [1], but must be one of 1, 2, 5, 10, 15, or null.")],
    ids=["unknown", "no-list", "width", "fps"])
def test_odd_selection_is_refused_in_one_sentence(protected, stream, fields, sentence):
    answer = change(protected, **fields)
    assert (answer.status_code, answer.json["error"]) == (400, sentence)


def test_stream_of_one_camera_has_no_selection(protected):
    login = {"headers": protected.bearer(VIEWER)}
    with protected.client().get(f"/video_feed?viewer={TOKEN}", **login):
        assert change(protected, cameras=["front"]).status_code == 409
    assert change(protected, cameras=["front"]).status_code == 404


def test_unknown_camera_is_refused(protected):
    answer = protected.client().get("/cameras_feed?camera=attic",
                                    headers={**protected.bearer(VIEWER), **BROWSER})
    assert answer.status_code == 400


# --- variants


def test_pictures_are_as_wide_as_the_viewer_asks():
    variants = Variants(75)
    services = Services({"a": Feed(LatestFrameBroadcaster(), lambda: STATUS, variants=variants)},
                        open_access())
    wanted = Selection(lambda _: {}, variant=VariantOf(480))
    assert pictures(services, wanted)["a"] is variants.stream(VariantOf(480, fps=15))
    for number in range(MAX_WATCHED):
        variants.stream(VariantOf(160, quality=(30, 50, 75)[number % 3], fps=(1, 2)[number % 2])
                        ).viewers += 1
    assert pictures(services, wanted)["a"] is services.feeds["a"].broadcaster


def test_pictures_that_were_skipped_are_counted():
    broadcaster, tally = LatestFrameBroadcaster(), StreamTally()
    chunks = generate_multiplexed(Selection(lambda _: {"a": broadcaster}), tally)
    next(chunks)
    for count in (1, 3):
        for _ in range(count):
            broadcaster.publish(b"picture")
        next(chunks)
    chunks.close()
    assert (tally.sent, tally.skipped) == (2, 2)
    assert broadcaster.viewers == 0
