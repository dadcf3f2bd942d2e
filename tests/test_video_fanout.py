"""Live video over real sockets: order, slow viewers, hidden pictures, TLS."""

import contextlib
import socket
import struct
import time

import pytest

from benchmarks.load import trust_all
from harness import DEADLINE, eventually, open_access
from network import visited
from pyimagesearch.serving import fanout
from pyimagesearch.serving.acceptor import Timeouts
from pyimagesearch.serving.server import LiveServer
from pyimagesearch.serving.tls import Tls
from pyimagesearch.streaming.video_broadcaster import VideoBroadcaster
from pyimagesearch.streaming.video_stream import EMPTY_BOX
from pyimagesearch.web.app import create_app
from pyimagesearch.web.services import Feed, Services
from sample_archive import STATUS
from test_tls import make

BIG = 4_000_000     # bytes of a picture that no socket takes at once
HEADER = struct.pack(">I4s", 12, b"ftyp") + b"head"


def picture(number, size=1000, fill=b"."):
    """Return picture *number* as a box of *size* bytes."""
    return struct.pack(">I4sI", size, b"mdat", number) + fill * (size - 12)


class Camera:
    """A video, and an app that streams it."""

    def __init__(self, broadcaster):
        self.video = VideoBroadcaster()
        self.app = create_app(Services({"camera": Feed(
            broadcaster, lambda: STATUS, videos={"low": self.video})}, open_access()))

    def show(self, size=1000, *, is_key=False, fill=b".", at=None):
        self.video.publish(HEADER, picture(self.video.number + 1, size, fill), time.time(),
                           time.monotonic() if at is None else at, is_key=is_key)


class Viewer:
    """A viewer that reads boxes from a socket, with TLS if the server has it."""

    def __init__(self, address, tls=False, path="/live.mp4", buffer=None):
        self.socket = socket.socket()
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(address)
        if tls:
            self.socket = trust_all().wrap_socket(self.socket)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.head = b"".join(iter(self.file.readline, b"\r\n")).lower()

    def box(self):
        """Return the next box; cut short at the end of the stream."""
        head = self.file.read(8)
        return head and head + self.file.read(struct.unpack(">I", head[:4])[0] - 8)

    def number(self):
        """Return the number of the next picture, or None for a header."""
        box = self.box()
        return struct.unpack(">I", box[8:12])[0] if box[4:8] == b"mdat" else None

    def close(self):
        self.file.close()
        self.socket.close()


@pytest.fixture
def camera(broadcaster):
    return Camera(broadcaster)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return make(tmp_path_factory.mktemp("tls"), "given")


@pytest.fixture(params=["http", "https"])
def watch(request, camera, pair):
    """Serve the camera while a visitor, given a way to begin to watch, runs."""
    def serve(visitor):
        server = LiveServer("127.0.0.1", 0, tls=Tls(*pair) if request.param == "https" else None)

        def visit():
            with contextlib.ExitStack() as opened:
                def begin(**more):
                    viewers = camera.video.viewers
                    viewer = Viewer(server.address, request.param == "https", **more)
                    opened.callback(viewer.close)
                    eventually(lambda: camera.video.viewers == viewers + 1)
                    return viewer
                return visitor(begin)
        return visited(server, camera.app, visit, camera.video.close)
    return serve


def test_stream_is_neither_chunked_nor_delayed(camera, watch):
    def visitor(begin):
        viewer = begin()
        assert b"content-type: video/mp4\r\n" in viewer.head
        assert b"connection: close\r\n" in viewer.head
        for header in (b"transfer-encoding", b"content-length"):
            assert header not in viewer.head
        camera.show(is_key=True)
        assert viewer.box() == HEADER
        for number in (1, 2, 3):    # each one before the next is there
            assert viewer.number() == number
            camera.show()
    watch(visitor)


def test_viewers_come_and_go_without_harm_to_others(camera, watch):
    def visitor(begin):
        first, second = begin(), begin()
        camera.show(is_key=True)
        assert [each.number() for each in (first, first, second, second)] == [None, 1, None, 1]
        second.close()
        eventually(lambda: camera.video.viewers == 1)
        camera.show()
        third = begin()     # in the group, of which the key frame is fresh
        assert [third.number() for _ in range(3)] == [None, 1, 2]
        camera.show()
        assert (first.number(), first.number(), third.number()) == (2, 3, 3)
    watch(visitor)


def test_slow_viewer_gets_whole_pictures_and_goes_on_with_a_key(camera, watch):
    def visitor(begin):
        slow, begun = begin(buffer=4096), time.monotonic()
        camera.show(BIG, is_key=True, at=begun)
        assert slow.box() == HEADER
        for number in range(1, 21):
            camera.show(at=begun + number / 10)
        assert slow.number() == 1
        eventually(lambda: camera.video.key_wanted)     # as it is two seconds late
        camera.show(is_key=True, at=begun + 2.1)
        camera.show(at=begun + 2.2)
        assert [slow.number() for _ in range(2)] == [22, 23]
    watch(visitor)


def test_stream_ends_in_the_middle_of_a_hidden_picture(camera, watch):
    def visitor(begin):
        slow, quick = begin(buffer=4096), begin()
        camera.show(is_key=True)
        assert [slow.number(), slow.number()] == [None, 1]
        camera.show(BIG, fill=b"u")     # unmasked
        assert [quick.number() for _ in range(3)] == [None, 1, 2]
        camera.video.hide()
        camera.show(is_key=True, fill=b"m")
        camera.show(fill=b"m")
        assert [quick.number() for _ in range(2)] == [3, 4]
        eventually(lambda: camera.video.viewers == 1)
        rest = slow.box()
        assert len(rest) < BIG
        assert set(rest[12:]) <= set(b"u")      # nothing follows
    watch(visitor)


def test_mjpeg_ends_in_the_middle_of_a_hidden_picture(broadcaster):
    """A slow viewer is sent nothing more of it, and begins again with the next."""
    server, camera = LiveServer("127.0.0.1", 0), Camera(broadcaster)
    unmasked, card = b"u" * BIG, b"card"

    def visitor():
        begin = [Viewer(server.address, path="/video_feed", buffer=4096) for _ in range(2)]
        slow, quick = begin
        eventually(lambda: broadcaster.viewers == 2)
        broadcaster.publish(unmasked)
        assert unmasked in parts_of(quick)
        broadcaster.hide()
        eventually(lambda: broadcaster.viewers == 1)
        rest = slow.file.read()
        assert 0 < rest.count(b"u") < BIG / 2
        broadcaster.publish(card)
        broadcaster.hide(but_newest=True)
        assert card in parts_of(quick)
        late = Viewer(server.address, path="/video_feed")
        assert card in parts_of(late)
        for viewer in (*begin, late):
            viewer.close()
    visited(server, camera.app, visitor, broadcaster.close)


def parts_of(viewer):
    """Yield the pictures of an MJPEG stream."""
    while line := viewer.file.readline():
        if line.startswith(b"Content-Length"):
            size = int(line.split()[1])
            while viewer.file.readline().strip():
                pass
            yield viewer.file.read(size)


def test_hidden_picture_is_sent_to_no_new_viewer(camera, watch):
    def visitor(begin):
        begin()
        camera.show(is_key=True, fill=b"u")
        camera.video.hide()
        viewer = begin()
        camera.show(is_key=True, fill=b"m")
        assert viewer.box() == HEADER
        assert viewer.box() == picture(2, fill=b"m")
    watch(visitor)


def test_silent_camera_keeps_its_viewers_connections_alive(camera, watch, monkeypatch):
    monkeypatch.setattr(fanout, "SILENT_SECONDS", 0.05)

    def visitor(begin):
        viewer = begin()
        camera.show(is_key=True)
        assert viewer.box() == HEADER
        assert viewer.number() == 1
        assert [viewer.box(), viewer.box()] == [EMPTY_BOX, EMPTY_BOX]
    watch(visitor)


def test_viewer_that_takes_nothing_is_dropped(camera, monkeypatch):
    monkeypatch.setattr(fanout, "SILENT_SECONDS", 0.05)
    server = LiveServer("127.0.0.1", 0, timeouts=Timeouts(stalled=0.2))

    def visitor():
        with contextlib.closing(Viewer(server.address, buffer=4096)):
            eventually(lambda: camera.video.viewers == 1)
            camera.show(BIG, is_key=True)
            eventually(lambda: camera.video.viewers == 0)
    visited(server, camera.app, visitor, camera.video.close)


def test_closed_video_ends_its_streams(camera, watch):
    def visitor(begin):
        viewer = begin()
        camera.show(is_key=True)
        assert [viewer.number(), viewer.number()] == [None, 1]
        camera.video.close()
        assert viewer.box() == b""
    watch(visitor)
