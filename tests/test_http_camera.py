"""HTTP cameras: a scripted one for each dialect, and the real ones available."""

import base64
import contextlib
import hashlib
import os
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import pytest

from harness import DEADLINE, eventually, needs
from network import free_port
from pyimagesearch.capture import http_camera
from pyimagesearch.capture import http_client as http
from pyimagesearch.capture.cancellation import Cancellation
from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.capture.http_camera import open_http
from pyimagesearch.capture.http_client import HttpClient
from pyimagesearch.capture.source import CaptureRequest
from pyimagesearch.capture.url import parse_url
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import BadPicture, CameraLost

JPEG = cv2.imencode(".jpg", DemoScene((320, 240), 10).picture(3))[1].tobytes()
HUGE = 17 * 1024 * 1024


class Camera(BaseHTTPRequestHandler):
    """A camera with one behaviour for each path."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def begin(self, kind, status=200, **headers):
        self.send_response(status)
        for name, value in {"Content-Type": kind, **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def do_GET(self):
        self.close_connection = True
        getattr(self, "give_" + self.path.strip("/").partition("?")[0], self.give_404)()

    def give_404(self):
        self.begin("text/plain", 404, Content_Length="0")

    def give_page(self):
        self.begin("text/html", Content_Length="2")
        self.wfile.write(b"hi")

    def give_elsewhere(self):
        self.begin("text/plain", 302, Location="http://localhost:1/still?pwd=x", Content_Length="0")

    def give_moved(self):
        self.begin("text/plain", 302, Location="/still", Content_Length="0")

    def give_still(self):
        self.begin("image/jpeg", Content_Length=str(len(JPEG)))
        self.wfile.write(JPEG)

    def stream(self, parts, boundary="b"):
        self.begin(f"multipart/x-mixed-replace; boundary={boundary}", Connection="close")
        with contextlib.suppress(ConnectionError):      # the reader has left
            for part in parts:
                self.wfile.write(part)

    def part(self, jpeg=JPEG):
        return b"--b\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(jpeg), jpeg)

    def give_stream(self):
        self.stream(self.part() for _ in range(50))

    def give_nolength(self):
        self.stream([b"--b\r\nContent-Type: image/jpeg\r\n\r\n%b\r\n" % JPEG] * 50)

    def give_garbage(self):
        bad = [b"", os.urandom(500), JPEG[:900], b"\xff\xd8\xff\xd9"]
        self.stream([*map(self.part, bad), b"Content-Length: x\r\n\r\n",
                     self.part(bytes(HUGE)), self.part()])

    def give_esp32(self):
        self.begin("multipart/x-mixed-replace;boundary=b", Transfer_Encoding="chunked")
        for _ in range(20):
            for piece in (b"\r\n--b\r\n", b"Content-Type: image/jpeg\r\nContent-Length: "
                          b"%d\r\n\r\n" % len(JPEG), JPEG):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))

    def give_basic(self):
        wanted = "Basic " + base64.b64encode(b"me:s3cret").decode()
        if self.headers.get("Authorization") != wanted:
            self.begin("text/plain", 401, WWW_Authenticate='Basic realm="cam"',
                       Content_Length="0")
            return
        self.give_stream()

    def give_digest(self):
        given = self.headers.get("Authorization", "")
        fields = urllib_parse(given.removeprefix("Digest "))
        hashed = [hashlib.md5(text.encode()).hexdigest()
                  for text in ("me:cam:s3cret", "GET:/digest")]
        expected = hashlib.md5(":".join(
            [hashed[0], "n0nce", fields.get("nc", ""), fields.get("cnonce", ""),
             fields.get("qop", ""), hashed[1]]).encode()).hexdigest()
        if fields.get("response") != expected:
            self.begin("text/plain", 401, Content_Length="0", WWW_Authenticate=(
                'Digest realm="cam", nonce="n0nce", qop="auth", algorithm=MD5'))
            return
        self.give_stream()


def urllib_parse(text):
    """Return the fields of a digest header."""
    import urllib.request
    return urllib.request.parse_keqv_list(urllib.request.parse_http_list(text))


@pytest.fixture(scope="module")
def camera():
    with ThreadingHTTPServer(("127.0.0.1", 0), Camera) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def opened(monkeypatch):
    """Open a URL as the program does; closed with the test."""
    monkeypatch.setattr(http, "RESPONSE_SECONDS", DEADLINE)
    monkeypatch.setattr(http, "TIMEOUT_SECONDS", DEADLINE)     # a busy machine is not a broken camera
    sources, closing = [], Cancellation()

    def begin(url, fps=None):
        sources.append(open_http(HttpClient(parse_url(url)), CaptureRequest(fps=fps), closing, SystemClock()))
        return sources[-1]
    yield begin
    closing.set()
    for source in sources:
        source.close()


def first_good(source):
    """Return the first picture of *source* that is one."""
    while True:
        with contextlib.suppress(BadPicture):
            picture = source.read()
            picture.grey()
            return picture


@pytest.mark.parametrize("path", ["stream", "nolength", "esp32", "still", "garbage"])
def test_every_dialect_gives_pictures(camera, opened, path):
    source = opened(f"http://{camera}/{path}", fps=50)
    picture = first_good(source)
    assert picture.grey().shape == (240, 320)
    assert picture.colour().shape == (240, 320, 3)


@pytest.fixture
def answering(opened):
    """Open a camera that sends the pieces of a test, and goes away or waits then."""
    with contextlib.ExitStack() as stack:
        def begin(kind, *pieces, headers="", waits=False):
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            head = f"HTTP/1.0 200 OK\r\n{headers}" + (f"Content-Type: {kind}\r\n" if kind else "")
            def answer():
                with contextlib.suppress(OSError):
                    while True:
                        client = stack.enter_context(listener.accept()[0])
                        with contextlib.suppress(ConnectionError):      # it may have read enough
                            client.recv(4096)
                            for piece in (head.encode() + b"\r\n", *pieces):
                                client.sendall(piece)
                        if not waits:
                            client.close()
            threading.Thread(target=answer, daemon=True).start()
            return opened(f"http://127.0.0.1:{listener.getsockname()[1]}/", fps=50)
        yield begin


STILLS = {"png": ".png", "webp": ".webp", "bmp": ".bmp", "gif": ".gif", "jpeg": ".jpg"}
LENGTH = f"Content-Length: {len(JPEG)}\r\n"
PART = b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(JPEG), JPEG)


@pytest.mark.parametrize("kind", ["image/jpg", "image/pjpeg", "application/octet-stream", "text/plain",
                                  "text/html", "video/x", "", "nonsense"])
@pytest.mark.parametrize("headers", [LENGTH, "", "Content-Length: 999999\r\n", "Content-Length: 0\r\n"])
def test_still_is_polled_whatever_its_headers_say(answering, kind, headers):
    source = answering(kind, JPEG, headers=headers)
    assert [source.read().size for _ in range(3)] == [(320, 240)] * 3
    assert source.granted == "single pictures over HTTP, 50 a second"


@pytest.mark.parametrize("format", STILLS)
@pytest.mark.parametrize("kind", ["image/{}", "application/octet-stream"])
def test_still_of_every_format_is_polled(answering, format, kind):
    image = DemoScene((320, 240), 10).picture(3)
    data = cv2.imencode(STILLS[format], image)[1].tobytes()
    source = answering(kind.format(format), data[:9], data[9:])
    assert [source.read().colour().shape for _ in range(2)] == [(240, 320, 3)] * 2


def test_still_is_not_waited_for_once_it_is_whole(answering):
    for headers in (LENGTH, "Content-Length: 999999\r\n"):
        source = answering("image/jpeg", JPEG, headers=headers, waits=True)
        assert source.read().size == (320, 240)


@pytest.mark.parametrize("pieces", [[JPEG], [JPEG[:100], JPEG[100:]]])
def test_still_that_neither_ends_nor_has_a_length_is_polled(answering, monkeypatch, pieces):
    for module in (http, http_camera):
        monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.3)
    source = answering("image/jpeg", *pieces, waits=True)
    assert [source.read().size for _ in range(3)] == [(320, 240)] * 3
    assert source.granted == "single pictures over HTTP, 50 a second"


@pytest.mark.parametrize("kind", ["video/mjpeg", "video/x-motion-jpeg", "application/octet-stream",
                                  "image/jpeg", ""])
@pytest.mark.parametrize("headers", ["", "Content-Length: 99999999999\r\n"])
def test_jpegs_in_a_row_are_a_stream(answering, kind, headers):
    source = answering(kind, *[JPEG] * 4, headers=headers)
    assert [source.read().size for _ in range(4)] == [(320, 240)] * 4
    assert source.granted == "MJPEG over HTTP"
    with pytest.raises(CameraLost, match="ended the stream"):
        source.read()


@pytest.mark.parametrize("kind", ["", "text/html", "text/plain", "image/jpeg", "image/jpeg; boundary=b",
                                  "application/octet-stream", "multipart/mixed", "x-mixed-replace;boundary=b",
                                  "multipart/x-mixed-replace; boundary = b", "Multipart/X;BOUNDARY='b'"])
@pytest.mark.parametrize("first", [b"", b"\r\n\r\n", PART[5:]])
def test_multipart_is_recognised_by_its_first_bytes(answering, kind, first):
    source = answering(kind, first, *[PART] * 3)
    assert [source.read().size for _ in range(3)] == [(320, 240)] * 3
    assert source.granted == "MJPEG over HTTP"


@pytest.fixture(scope="module")
def videos(recording, tmp_path_factory):
    """The bytes of a short video in several containers."""
    folder, needed = tmp_path_factory.mktemp("videos"), needs("ffmpeg", "ffmpeg")
    for name in ("x.ts", "x.flv", "x.mkv", "x.avi"):
        subprocess.run([needed, "-v", "error", "-i", recording, "-c:v", "mpeg4" if name != "x.flv" else "flv",
                        folder / name], check=True)
    return {path.suffix: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("suffix", [".ts", ".flv", ".mkv", ".avi"])
@pytest.mark.parametrize("kind", ["application/octet-stream", "", "text/plain"])
def test_other_video_goes_to_ffmpeg_whatever_its_type(answering, videos, suffix, kind):
    source = answering(kind, videos[suffix])
    assert source.read().size == (320, 240)
    assert "MJPEG over HTTP" not in source.granted


@pytest.mark.parametrize(("kind", "body", "sentence"), [
    ("text/html", b"<html>", "gives text/html and no video; is the path right"),
    ("application/octet-stream", b"<!DOCTYPE html>" * 9, "no video; is the path right"),
    ("", b"{}", "gives text and no video; is the path right"), ("image/jpeg", b"", "an empty response"),
    ("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "no video that FFmpeg understands")])
def test_answer_without_a_picture_says_what_it_is(answering, kind, body, sentence):
    with pytest.raises(CameraLost, match=sentence):
        answering(kind, body)


@pytest.mark.parametrize("kind", ["image/jpeg", "multipart/x-mixed-replace; boundary=b"])
@pytest.mark.parametrize("body", [b"<html>busy", b"--b\r\nContent-Length: 10\r\n\r\n<html>busy\r\n"])
def test_what_came_instead_of_a_picture_is_reported(answering, kind, body):
    source = answering(kind, body)
    with pytest.raises((BadPicture, CameraLost), match="not JPEG, first bytes 3c 68 74 6d"):
        source.read()


@pytest.mark.parametrize("path", ["basic", "digest"])
def test_camera_with_a_login_is_read(camera, opened, path):
    assert opened(f"http://me:s3cret@{camera}/{path}").read().size == (320, 240)


@pytest.mark.parametrize(("path", "sentence"), [
    ("basic", "refuses this user or password"), ("digest", "refuses this user"),
    ("none", "has nothing at this path"), ("page", "gives text/html and no video")])
def test_refused_login_is_reported_without_the_password(camera, opened, path, sentence):
    with pytest.raises(CameraLost, match=sentence) as lost:
        opened(f"http://me:wr0ng@{camera}/{path}")
    assert "wr0ng" not in str(lost.value)


def test_redirect_is_followed_to_the_same_host_only(camera, opened):
    assert opened(f"http://{camera}/moved").read().size == (320, 240)
    with pytest.raises(CameraLost, match=r"redirects to another host, http://localhost:1/still"
                                         r"\?pwd=\*\*\*; use that as the source"):
        opened(f"http://{camera}/elsewhere")


def test_end_of_the_stream_is_a_loss(camera, opened):
    source = opened(f"http://{camera}/stream")
    with pytest.raises(CameraLost, match=r"ended the stream|failed"):
        for _ in range(51):
            source.read()


@pytest.mark.parametrize(("url", "sentence"), [
    ("http://127.0.0.1:9/", "refuses the connection"),
    ("http://no-such-host.invalid/", "there is no host of that name")])
def test_unreachable_camera_is_reported(opened, url, sentence):
    with pytest.raises(CameraLost, match=sentence):
        opened(url)


def test_server_without_http_is_reported(opened):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def babble():
            client = listener.accept()[0]
            client.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")
            client.close()
        threading.Thread(target=babble, daemon=True).start()
        with pytest.raises(CameraLost, match="the response is not valid HTTP"):
            opened(f"http://127.0.0.1:{listener.getsockname()[1]}/")


# --- real cameras

@pytest.mark.deadline
def test_own_stream_and_still_are_cameras(start):
    first = start("--source", "demo:320x240@10", "--no-record")
    first.wait_for("learning")
    for path in ("/video_feed", "/snapshot.jpg"):
        second = start("--source", first.url + path)
        status = eventually(lambda second=second: (now := second.camera)["width"] == 320
                            and now["state"] in ("learning", "live") and now)
        assert status["losses"] == 0
    assert "MJPEG over HTTP" in start("--source", first.url + "/video_feed").wait_for(
        "learning")["granted"]


def test_motions_stream_with_digest_login_is_a_camera(start, tmp_path, recording):
    needs("motion", "motion")
    needs("ffmpeg", "ffmpeg")
    clip, port = tmp_path / "clip.mp4", free_port()
    subprocess.run(["ffmpeg", "-v", "error", "-stream_loop", "9", "-i", recording,
                    "-pix_fmt", "yuv420p", "-preset", "ultrafast", clip], check=True)
    (tmp_path / "motion.conf").write_text(
        f"netcam_url file://{clip}\nwidth 320\nheight 240\nframerate 12\n"
        f"webcontrol_port 0\nstream_port {port}\nstream_localhost on\nstream_maxrate 12\n"
        "stream_auth_method 2\nstream_authentication me:s3cret\n"
        f"picture_output off\nmovie_output off\ntarget_dir {tmp_path}\nlog_level 6\n")
    motion = subprocess.Popen(["motion", "-n", "-c", tmp_path / "motion.conf"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        product = start("--source", f"http://me:s3cret@127.0.0.1:{port}/")
        status = eventually(lambda: (now := product.camera)["frames"] > 5 and now)
        assert (status["width"], status["height"]) == (320, 240)
        assert "s3cret" not in str(status) + "".join(product.log)
    finally:
        motion.kill()
        motion.wait()


def test_ustreamer_is_a_camera(start):
    port = free_port()
    streamer = subprocess.Popen(
        [needs("ustreamer", "ustreamer"), "--device", "/dev/none", "--host", "127.0.0.1",
         "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        product = start("--source", f"http://127.0.0.1:{port}/stream")
        eventually(lambda: product.camera["frames"] > 0)
    finally:
        streamer.kill()
        streamer.wait()


def test_mpeg_over_http_is_read_by_ffmpeg(start, tmp_path, recording):
    port = free_port()
    server = subprocess.Popen(
        [needs("ffmpeg", "ffmpeg"), "-v", "error", "-re", "-stream_loop", "-1", "-i",
         recording, "-c:v", "mpeg4", "-f", "mpegts", "-content_type", "video/mp2t",
         "-listen", "1", f"http://127.0.0.1:{port}/x.ts"], stdin=subprocess.DEVNULL)
    try:
        product = start("--source", f"http://127.0.0.1:{port}/x.ts")
        # ffmpeg serves one client only, and reading the type was that one
        eventually(lambda: product.camera["reason"] or product.camera["frames"])
        assert "Traceback" not in "".join(product.log)
    finally:
        server.kill()
        server.wait()
