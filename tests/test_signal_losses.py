"""Cameras that are missing, fail, freeze and return, in the real program."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from harness import DEADLINE, ROOT, InBackground, eventually, missing
from network import free_port
from product import Product
from pyimagesearch.capture import ffmpeg, ffmpeg_source, rtsp
from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.capture.source import CaptureRequest
from pyimagesearch.capture.url import parse_url
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import CameraLost
from pyimagesearch.jpeg import encode
from pyimagesearch.surveillance.retry_delay import MAX_RETRY_SECONDS

RTSP = ("sudo apt install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base "
        "gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly")
FROZEN_PIPE = Path("/dev/shm") / f"camera-{os.getpid()}"
HTTP_FPS = 8


class HttpCamera:
    """An MJPEG camera that can be killed, silenced and brought back."""

    def __init__(self, port=0):
        scene = DemoScene((320, 240), HTTP_FPS)
        self.parts = [b"--x\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n"
                      % (len(jpeg), jpeg) for jpeg in
                      (encode(scene.picture(number)) for number in range(30))]
        self.silent = threading.Event()
        self.dead = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/video"
        self.clients = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            self.clients.append(client)
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            client.recv(4096)
            client.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: "
                           b"multipart/x-mixed-replace; boundary=x\r\n\r\n")
            number = 0
            while not self.dead.wait(1 / HTTP_FPS):
                if not self.silent.is_set():
                    client.sendall(self.parts[number % 30])
                    number += 1
        except OSError:
            pass
        client.close()

    def cut(self):
        """End all connections; new ones are welcome."""
        for client in self.clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        self.clients.clear()

    def kill(self):
        self.dead.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for client in self.clients:
            client.close()


@pytest.fixture(scope="module", autouse=True)
def blocked():
    """
    The program with a pipe that has no writer; started first, as it waits for eight seconds.

    Opening it never returns, as with a dead USB driver.
    """
    os.mkfifo(FROZEN_PIPE)
    product = Product("--source", str(FROZEN_PIPE))
    yield product
    product.close()
    FROZEN_PIPE.unlink()


@pytest.fixture
def http_camera():
    cameras = []

    def begin(port=0):
        cameras.append(HttpCamera(port))
        return cameras[-1]
    yield begin
    for camera in cameras:
        if not camera.dead.is_set():
            camera.kill()


@pytest.fixture
def rtsp_camera():
    port, processes = free_port(), []

    def begin(*size):
        if subprocess.run(["/usr/bin/python3", "-c", "import gi; gi.require_version("
                           "'GstRtspServer', '1.0')"], capture_output=True).returncode:
            missing(f"GStreamer's RTSP server is not installed; run: {RTSP}")
        process = subprocess.Popen(
            ["/usr/bin/python3", ROOT / "tests/rtsp_camera.py", str(port), *size],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        processes.append(process)
        assert process.stdout.readline() == "ready\n"
        return process
    begin.url = f"rtsp://127.0.0.1:{port}/cam"
    yield begin
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


def is_card(jpeg):
    """A card is one dark colour with a few pale letters."""
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    return bool((np.abs(image.astype(int) - np.median(image)) < 8).mean() > 0.9)


@pytest.mark.deadline
def test_start_without_a_camera_shows_card_and_hint(start, watch):
    product = start("--source", "/dev/video99")
    status = product.wait_for("no signal")
    assert status["reason"] == "there is no camera /dev/video99"
    assert -0.1 < time.time() - status["since"] < 10
    assert is_card(watch(product.port).part()[1])
    assert is_card(product.get("/snapshot.jpg"))
    hints = [line for line in product.log if "--source demo" in line]
    assert len(hints) == 1
    assert product.stop()[1] == 0


@pytest.mark.deadline
def test_killed_http_camera_is_reported_and_back_within_3_s(start, watch, http_camera):
    camera = http_camera()
    product = start("--source", camera.url)
    product.wait_for("learning")
    viewer = watch(product.port)
    assert not is_card(viewer.part()[1])
    camera.kill()
    killed = time.monotonic()
    status = product.wait_for("no signal", 6)
    assert status["reason"]
    while not is_card(viewer.part()[1]):        # the same connection
        assert time.monotonic() - killed < 6
    time_without()
    http_camera(camera.port)
    back = time.monotonic()
    while is_card(viewer.part()[1]):
        assert time.monotonic() - back < 3
    assert product.camera["learnt"] < 100       # learnt again, without an event


def time_without(seconds=MAX_RETRY_SECONDS):
    """Let the camera be away, by default for the longest wait between two tries."""
    threading.Event().wait(seconds)


def test_silent_http_camera_is_reported_and_comes_back(start, http_camera):
    camera = http_camera()
    product = start("--source", camera.url)
    eventually(lambda: product.camera["frames"] > 3)    # its rate is known
    camera.silent.set()
    status = product.wait_for("no signal", 3.5)     # 3 s, and a look at the status
    assert "gave no frame" in status["reason"]
    assert status["losses"] >= 1        # more where the machine stands still for seconds
    camera.silent.clear()
    eventually(lambda: product.camera["state"] == "learning", 3)


def test_camera_that_comes_and_goes_is_shown_and_reported_once(
        start, watch, http_camera, browser):
    camera = http_camera()
    product = start("--source", camera.url)
    viewer = watch(product.port)
    for losses in (1, 2):
        while is_card(viewer.part()[1]):        # each time it comes, viewers see it
            pass
        wait_for_frames(product, product.camera["frames"] + 4)
        camera.silent.set()
        wait_for_losses(product, losses)
        camera.silent.clear()
    events = json.loads(product.get("/api/events"))["events"]
    assert [event["kind"] for event in events] == ["unsteady", "lost"]
    assert events[0]["begin"] == product.camera["unsteady_since"]
    assert product.camera["words"].endswith(", unsteady")
    browser.get(product.url)
    eventually(lambda: ", unsteady since " in browser.find_element("id", "words").text)
    browser.get("about:blank")
    lines = [line for line in product.log if "gave no frame" in line]
    assert len(lines) == 2
    assert "the signal was lost again after" in lines[1]
    assert len(product.log) <= 9


def wait_for_frames(product, count):
    eventually(lambda: product.camera["frames"] >= count)


def wait_for_losses(product, count):
    eventually(lambda: product.camera["losses"] >= count)


def test_garbled_http_camera_is_a_loss_and_comes_back(start, http_camera):
    camera = http_camera()
    product = start("--source", camera.url)
    product.wait_for("learning")
    good = camera.parts
    camera.parts = [os.urandom(3000)] * 30
    product.wait_for("no signal")
    camera.parts = good
    product.wait_for("learning")
    assert "Traceback" not in "".join(product.log)


def test_rtsp_camera_is_watched_lost_and_found_again(start, watch, rtsp_camera):
    camera = rtsp_camera("480", "360", "8")
    product = start("--source", rtsp_camera.url)
    eventually(lambda: product.camera["frames"] > 15)
    viewer = watch(product.port)
    camera.kill()
    camera.wait()
    product.wait_for("no signal", 6)
    rtsp_camera("320", "240", "8")
    status = eventually(lambda: (now := product.camera)["width"] == 320 and now, 10)
    assert status["state"] in ("learning", "live")
    assert viewer.part()


@pytest.mark.deadline
def test_frozen_rtsp_camera_is_reported_and_back_within_3_s(start, watch, rtsp_camera):
    """The best of three: on a busy machine, decoding starts late."""
    camera = rtsp_camera()
    product = start("--source", rtsp_camera.url)
    eventually(lambda: product.camera["frames"] > 5)    # then its rate is known
    viewer = watch(product.port)
    for _ in range(3):
        reported, back = freeze(camera, product, viewer)
        if reported < 6 and back < 3:
            break
    assert (reported < 6, back < 3) == (True, True), (reported, back)
    assert product.camera["learnt"] < 100


def freeze(camera, product, viewer):
    """Freeze *camera* and thaw it; return after how long the viewer saw each [s]."""
    camera.send_signal(signal.SIGSTOP)
    begin = time.monotonic()
    while not is_card(viewer.part()[1]):
        assert time.monotonic() - begin < DEADLINE
    reported, status = time.monotonic() - begin, product.camera
    assert (status["state"], bool(status["reason"])) == ("no signal", True)
    time_without()
    camera.send_signal(signal.SIGCONT)
    begin = time.monotonic()
    while is_card(viewer.part()[1]):
        assert time.monotonic() - begin < DEADLINE
    return reported, time.monotonic() - begin


SILENT = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=a camera that hangs
t=0 0
m=video 0 RTP/AVP 96
a=rtpmap:96 H264/90000
a=control:stream=0
"""


def answer_and_hang(listener):
    """Answer like an RTSP camera that plays, and send nothing."""
    with (contextlib.suppress(ConnectionError), listener.accept()[0] as connection,
          connection.makefile("rb") as asked):
        first = b""
        for line in asked:
            if line.startswith(b"CSeq"):
                answer = SILENT.replace("\n", "\r\n").encode() if b"DESCRIBE" in first else b""
                connection.sendall(
                    b"RTSP/1.0 200 OK\r\n" + line + b"Session: 1\r\nTransport: RTP/AVP/TCP;"
                    b"unicast;interleaved=0-1\r\nContent-Type: application/sdp\r\n"
                    b"Content-Length: %d\r\n\r\n%b" % (len(answer), answer))
            elif b" RTSP/1.0" in line:
                first = line


@pytest.mark.deadline
def test_rtsp_camera_that_plays_and_sends_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(ffmpeg_source, "FIRST_PACKET_SECONDS", 1.0)
    monkeypatch.setattr(ffmpeg, "TIMEOUT_SECONDS", 0.5)     # to open it
    monkeypatch.setattr(ffmpeg, "LOOK_SECONDS", 0.6)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        camera, begin = InBackground(answer_and_hang, listener), time.monotonic()
        source = rtsp.open_rtsp(
            parse_url(f"rtsp://127.0.0.1:{listener.getsockname()[1]}/cam"),
            CaptureRequest(), threading.Event(), SystemClock())
        with contextlib.closing(source), pytest.raises(
                CameraLost, match="plays, but sent nothing for 1 seconds"):
            source.read()
        assert time.monotonic() - begin < 9
        camera.result()


def test_rtsp_password_is_required_and_never_shown(start, rtsp_camera):
    rtsp_camera("320", "240", "8", "me", "s3cret")
    address = rtsp_camera.url.removeprefix("rtsp://")
    for login, words in (("", "asks for a login; write it"), ("me:wr0ng@", "refuses this user")):
        product = start("--source", f"rtsp://{login}{address}", "--log-level", "debug")
        status = product.wait_for("no signal", 10)
        assert words in status["reason"]
        assert "wr0ng" not in str(status) + "".join(product.log)
    product = start("--source", f"rtsp://me:s3cret@{address}", "--log-level", "debug")
    product.wait_for("learning")
    shown = product.get("/api/status") + product.get("/") + "".join(product.log).encode()
    assert b"s3cret" not in shown


def test_paused_program_skips_the_backlog(start, watch, rtsp_camera):
    rtsp_camera("320", "240", "12")
    product = start("--source", rtsp_camera.url)
    eventually(lambda: product.camera["frames"] > 6)    # its pace is known
    frames = product.camera["frames"]
    product.process.send_signal(signal.SIGSTOP)
    time_without(4)
    product.process.send_signal(signal.SIGCONT)
    begin = time.monotonic()
    eventually(lambda: time.monotonic() - begin > 1.5)
    more, seconds = product.camera["frames"] - frames, time.monotonic() - begin
    assert more < 12 * seconds + 30     # and not four seconds' worth, or 48, more


@pytest.mark.deadline
def test_device_that_blocks_for_ever_is_abandoned(blocked, watch):
    viewer = watch(blocked.port)
    assert is_card(viewer.part()[1])
    status = blocked.wait_for("no signal", 20)
    assert "did not open or gave no frame for 8 seconds" in "".join(blocked.log)
    assert status["stuck_reads"] >= 1
    took, code = blocked.stop()
    assert (code, took < 1.0) == (0, True)


def test_end_of_a_file_is_shown_and_reported(start, watch, recording):
    product = start("--source", str(recording))
    product.wait_for("learning")
    status = product.wait_for("ended")
    assert status["reason"] == "clip.avi has ended"
    assert is_card(watch(product.port).part()[1])
    assert product.stop()[1] == 0


def test_file_on_a_device_path_goes_through_imutils(start, recording):
    """The path of a USB camera, with real frames and a real end."""
    device = Path("/dev/shm") / f"device-{os.getpid()}.avi"
    device.write_bytes(recording.read_bytes())
    try:
        product = start("--source", str(device))
        status = eventually(lambda: (now := product.camera)["reconnects"] > 1 and now)
        assert (status["losses"], status["stuck_reads"]) == (0, 0)
        device.unlink()
        assert product.wait_for("no signal")["reason"] == f"there is no camera {device}"
        device.write_bytes(recording.read_bytes())
        product.wait_for("learning")
    finally:
        device.unlink()


def test_fifty_failures_of_all_kinds_leak_nothing(
        start, recording, http_camera, rtsp_camera, link):
    """
    Threads, descriptors and memory are the same, the first few losses aside.

    A motion event may begin meanwhile, whose clip takes memory once: a leak grows again.
    """
    rtsp_camera("320", "240", "8")
    line = link(int(rtsp_camera.url.split(":")[2].partition("/")[0]))
    camera = http_camera()
    device = Path("/dev/shm") / f"leaky-{os.getpid()}.avi"
    device.write_bytes(recording.read_bytes())
    try:
        product = start("--source", f"usb={device}", "--source", f"http={camera.url}",
                        "--source", f"rtsp={line.url.replace('http', 'rtsp')}cam")
        cuts = {"usb": lambda: None, "http": camera.cut, "rtsp": line.cut}
        some = interrupt(product, 4, cuts)
        threads, descriptors, memory = footprint(product.process.pid)
        for fifties in (1, 2):
            interrupt(product, 12 * fifties, cuts, some + 50 * fifties)
            # once the readers of the last losses have ended: what leaks stays
            now = eventually(lambda: (now := footprint(product.process.pid))[0] <= threads + 3
                             and now[1] <= descriptors + 5 and now)
            growth, memory = now[2] - memory, now[2]
            if growth <= 6:     # MB
                break
    finally:
        device.unlink()
    assert growth <= 6


def interrupt(product, each, cuts, together=0):
    """
    Cut the cameras off whenever they gave frames; return how often they were interrupted.

    That is *each* of them so often at least, and all *together*.
    """
    def all_cameras():
        return json.loads(product.get("/api/status"))["cameras"]

    cameras, given = all_cameras(), Counter()
    while min(times := [interruptions(camera) for camera in cameras]) < each or (
            sum(times) < together):
        for camera in cameras:
            if camera["given"] > given[camera["name"]]:
                given[camera["name"]] = camera["given"]
                cuts[camera["name"]]()
        time_without(0.2)
        cameras = all_cameras()
    return sum(times)


def interruptions(camera):
    return camera["losses"] + camera["reconnects"]


def footprint(pid):
    """Return threads, open descriptors, and resident memory [MB]."""
    status = Path(f"/proc/{pid}/status").read_text()
    return (len(list(Path(f"/proc/{pid}/task").iterdir())),
            len(list(Path(f"/proc/{pid}/fd").iterdir())),
            int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1000)
