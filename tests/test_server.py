"""The real program on a real socket: streaming clients, start and shutdown."""

import contextlib
import errno
import ipaddress
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from harness import DEADLINE, ROOT, eventually, needs
from network import StreamReader
from product import Product, run_program
from pyimagesearch import addresses
from pyimagesearch.addresses import urls
from pyimagesearch.serving.listen import listen

SMALL = ("--source", "demo:320x240@10")


def run(*arguments, **more):
    """Run the program to its end; return its status and its errors."""
    ended = run_program(*arguments, **more)
    return ended.returncode, ended.stderr


# --- streaming


def test_many_viewers_get_the_same_bytes(start, watch):
    product = start(*SMALL, program=("webstreaming.py",))
    seen = []
    for viewer in [watch(product.port) for _ in range(8)]:
        parts = [viewer.part() for _ in range(12)]
        seen.append({headers[b"X-Timestamp"]: jpeg for headers, jpeg in parts})
    common = set.intersection(*(set(parts) for parts in seen))
    assert common
    for stamp in common:
        assert len({parts[stamp] for parts in seen}) == 1


@pytest.mark.deadline
def test_parts_are_pictures_in_order_of_capture(start, watch):
    viewer = watch(start(*SMALL).port)
    stamps = []
    for _ in range(10):
        headers, jpeg = viewer.part()
        assert headers[b"Content-Type"] == b"image/jpeg"
        assert re.fullmatch(rb"\d+\.\d{6}", headers[b"X-Timestamp"])
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert image.shape in {(240, 320, 3), (480, 640, 3)}     # a card at first
        stamps.append(float(headers[b"X-Timestamp"]))
    assert stamps == sorted(stamps)
    assert -0.1 < time.time() - stamps[-1] < 2


def test_stream_is_neither_chunked_nor_cached(start, watch):
    headers = watch(start(*SMALL).port).headers
    assert headers[b"Content-Type"] == b"multipart/x-mixed-replace; boundary=frame"
    assert headers[b"Connection"] == b"close"
    assert headers[b"Cache-Control"] == b"no-store"
    assert b"Transfer-Encoding" not in headers
    assert b"Content-Length" not in headers


def test_http_1_0_clients_can_watch(start, watch):
    assert watch(start(*SMALL).port, version="1.0").part()


@pytest.mark.deadline
def test_stalled_viewer_skips_to_newest_and_delays_no_other(start, watch):
    product = start("--source", "demo:640x480@10", "--quality", "95")
    stalled = socket.socket()
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stalled.connect(("127.0.0.1", product.port))
    stalled.sendall(b"GET /video_feed HTTP/1.1\r\nHost: localhost\r\n\r\n")
    viewer = watch(product.port)
    eventually(lambda: product.camera["viewers"] == 2)
    for _ in range(20):
        headers, _ = viewer.part()
    assert time.time() - float(headers[b"X-Timestamp"]) < 1
    stalled.settimeout(DEADLINE)
    stale = b""
    while stale.count(b"X-Timestamp: ") < 4:
        stale += (more := stalled.recv(65536))
        assert more
    last = float(re.findall(rb"X-Timestamp: ([\d.]+)\r", stale)[-1])
    assert time.time() - last < 1       # not two seconds ago, and then on
    stalled.close()


def test_encoding_stops_with_the_last_viewer(start):
    product = start(*SMALL, "--no-record")
    eventually(lambda: product.camera["frames"] > 3)
    assert product.camera["encoded"] <= 1       # for a still of a change: one in eight seconds
    viewer = StreamReader(product.port)
    viewer.part()
    assert product.camera["viewers"] == 1
    viewer.close()
    eventually(lambda: product.camera["viewers"] == 0, patience=1)
    encoded, frames = product.camera["encoded"], product.camera["frames"]
    eventually(lambda: product.camera["frames"] > frames + 5)
    assert product.camera["encoded"] <= encoded + 1


def test_snapshot_without_viewers_is_fresh(start):
    product = start(*SMALL)
    eventually(lambda: product.camera["frames"] > 1)    # no card any more
    for _ in range(2):
        jpeg = product.get("/snapshot.jpg")
        assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), 1).shape == (240, 320, 3)
    assert product.camera["viewers"] == 0


def test_ffmpeg_reads_the_stream(start, tmp_path):
    product = start(*SMALL)
    product.wait_for("learning")
    out = tmp_path / "out.avi"
    subprocess.run([needs("ffmpeg", "ffmpeg"), "-v", "error", "-f", "mpjpeg", "-i",
                    product.url + "/video_feed", "-frames:v", "20", "-c", "copy", out],
                   check=True, timeout=DEADLINE)
    assert cv2.VideoCapture(str(out)).read()[1].shape == (240, 320, 3)


def test_ffprobe_detects_the_format(start):
    product = start(*SMALL)
    product.wait_for("learning")
    probe = subprocess.run(
        [needs("ffprobe", "ffmpeg"), "-v", "error", "-show_entries",
         "stream=codec_name,width,height", "-of", "json", product.url + "/video_feed"],
        check=True, timeout=DEADLINE, capture_output=True, text=True)
    assert json.loads(probe.stdout)["streams"] == [
        {"codec_name": "mjpeg", "width": 320, "height": 240}]


def test_opencv_reads_the_stream(start):
    product = start(*SMALL)
    product.wait_for("learning")
    capture = cv2.VideoCapture(product.url + "/video_feed")
    assert all(capture.read()[1].shape == (240, 320, 3) for _ in range(10))
    capture.release()


def test_curl_reads_the_stream(start, tmp_path):
    product, out = start(*SMALL), tmp_path / "out"
    with subprocess.Popen([needs("curl", "curl"), "-sN", "-o", out, "-D", tmp_path / "headers",
                           product.url + "/video_feed"]) as curl:
        eventually(lambda: out.exists() and out.read_bytes().count(b"\r\n--frame\r\n") > 10)
        curl.terminate()
    assert (tmp_path / "headers").read_text().startswith("HTTP/1.1 200 OK")


def test_motion_reads_the_stream(start, tmp_path):
    product = start(*SMALL)
    product.wait_for("learning")
    needs("motion", "motion")
    (tmp_path / "motion.conf").write_text(
        f"netcam_url {product.url}/video_feed\nwidth 320\nheight 240\nframerate 15\n"
        "webcontrol_port 0\nstream_port 0\nemulate_motion on\npicture_output first\n"
        f"movie_output off\ntarget_dir {tmp_path}\nlog_level 6\n")
    motion = subprocess.Popen(["motion", "-n", "-c", tmp_path / "motion.conf"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        picture = eventually(lambda: next(tmp_path.glob("*.jpg"), None))
        eventually(lambda: cv2.imread(str(picture)) is not None)
    finally:
        motion.kill()
        motion.wait()


# --- start


def test_start_prints_the_urls_to_open(start):
    product = start(*SMALL, "--ip", "0.0.0.0")
    assert re.match(r"webstreaming \S+: open http://127.0.0.1:\d+/", product.greeting)
    assert product.get("/healthz") == b'{"status":"ok"}\n'


def test_urls_include_the_lan_address():
    for url in urls("0.0.0.0", 80):
        assert re.fullmatch(r"http://([\d.]+|[\w-]+\.local):80/", url)
    assert urls("::1", 8000) == ["http://[::1]:8000/"]
    assert urls("192.0.2.7", 8000) == ["http://192.0.2.7:8000/"]


@pytest.mark.parametrize(("own", "shown"), [
    ({"127.0.0.1", "::1", "192.168.77.5"}, "192.168.77.5"), ({"127.0.0.1", "::1"}, None)])
def test_lan_address_is_found_without_a_default_route(monkeypatch, own, shown):
    class Inside(socket.socket):
        def connect(self, address):
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
    monkeypatch.setattr(socket, "socket", Inside)
    monkeypatch.setattr(addresses, "own_addresses", lambda: set(map(ipaddress.ip_address, own)))
    assert addresses.lan_address() == shown


def test_port_in_use_is_one_sentence():
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        assert run("--port", port) == (1, (
            f"webstreaming: error: port {port} on 127.0.0.1 is in use by another program; "
            "stop that one, or choose another port with --port\n"))


def test_accepted_connections_have_nodelay():
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted = eventually(lambda: accept(listener))
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def accept(listener):
    with contextlib.suppress(BlockingIOError):
        return listener.accept()[0]


def test_foreign_address_is_one_sentence():
    status, told = run("--ip", "192.0.2.1", "--port", "0")
    assert (status, told.count("\n")) == (1, 1)
    assert "192.0.2.1 is not an address of this machine" in told


def test_malformed_address_is_one_sentence():
    status, told = run("--ip", "300.1.2.3.4", "--port", "0")
    assert (status, told.count("\n")) == (2, 1)
    assert "--ip is '300.1.2.3.4', but must be an address" in told
    status, told = run("--ip", "no-such-name.invalid", "--port", "0")
    assert (status, told.count("\n")) == (1, 1)     # it may be known later
    assert "cannot listen on --ip no-such-name.invalid" in told


def test_port_that_needs_root_is_one_sentence():
    limit = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    assert limit > 1
    code = """if True:
        import os, sys
        from pyimagesearch.errors import SurveillanceError
        from pyimagesearch.serving.listen import listen
        listen("127.0.0.1", 0).close()      # imports what it needs while it can
        if os.geteuid() == 0:
            os.setuid(65534)        # like an ordinary user
        try:
            listen("127.0.0.1", int(sys.argv[1]))
        except SurveillanceError as error:
            print(error)"""
    told = subprocess.run([sys.executable, "-c", code, str(limit - 1)], cwd=ROOT,
                          check=True, capture_output=True, text=True).stdout
    assert told.startswith(f"port {limit - 1} needs root privileges")


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["--source", "nonsense"], "--source is 'nonsense', but must be auto, 0 or /dev/video0"),
    (["--port", "x"], "--port is 'x', but must be a whole number from 0 to 65535")])
def test_wrong_setting_is_status_2_and_one_sentence(arguments, sentence):
    status, told = run(*arguments)
    assert status == 2
    assert sentence in told.splitlines()[-1]
    assert "Traceback" not in told


def test_missing_libgl_is_explained(tmp_path):
    (tmp_path / "cv2.py").write_text(
        "raise ImportError('libGL.so.1: cannot open shared object file: "
        "No such file or directory')")
    ended = subprocess.run(
        [sys.executable, "webstreaming.py"], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)})
    status, told = ended.returncode, ended.stderr
    assert (status, told.count("\n")) == (1, 1)
    assert "libGL.so.1" in told
    assert "sudo apt install libgl1 libglib2.0-0" in told


# --- shutdown


@pytest.mark.deadline
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_shutdown_takes_a_second_with_open_streams(start, by):
    product = start(*SMALL)
    viewers = [StreamReader(product.port) for _ in range(5)]
    idle = socket.create_connection(("127.0.0.1", product.port))
    for viewer in viewers:
        viewer.part()
    took, status = product.stop(by)
    assert status == 0
    assert took < 1.0
    assert "Traceback" not in "".join(product.log)
    for viewer in viewers:
        assert viewer.file.read() is not None     # the end, not a hang
        viewer.close()
    idle.close()


@pytest.mark.deadline
def test_ctrl_c_right_after_the_start_ends_the_program():
    product = Product(*SMALL)
    took, status = product.stop(signal.SIGINT)
    assert (status, took < 1.0) == (0, True)
    product.close()
