"""Finding cameras: V4L2's list, Picamera2, auto, what a camera grants, the doctor."""

import http.server
import subprocess
import sys
import threading
import types

import cv2
import numpy as np
import pytest

from product import run_program
from pyimagesearch.capture.auto import FirstCamera
from pyimagesearch.capture.picamera import open_picamera
from pyimagesearch.capture.source import CaptureRequest
from pyimagesearch.capture.usb import negotiate
from pyimagesearch.capture.v4l2 import Device, capture_devices, users_of
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import CameraLost
from pyimagesearch.jpeg import encode


def doctor(*arguments):
    ended = run_program("doctor", *arguments)
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stdout


# --- V4L2


def test_devices_are_listed_by_number_with_their_names(tmp_path):
    known, devices = tmp_path / "sys", tmp_path / "dev"
    devices.mkdir()
    for number, name in ((10, "HD Webcam"), (2, "USB 2.0 Camera"), (3, "gone")):
        (known / f"video{number}").mkdir(parents=True)
        (known / f"video{number}" / "name").write_text(name + "\n")
        if name != "gone":
            (devices / f"video{number}").touch()    # answers no ioctl: taken for one
    (known / "v4l-subdev0").mkdir()
    assert [(device.path.name, device.name) for device in capture_devices(known, devices)] == [
        ("video2", "USB 2.0 Camera"), ("video10", "HD Webcam")]


def test_machine_without_cameras_has_an_empty_list(tmp_path):
    assert capture_devices(tmp_path / "none", tmp_path) == []


def test_program_that_uses_a_device_is_named(tmp_path):
    device = tmp_path / "video0"
    device.touch()
    with (device.open() as held,
          subprocess.Popen(["sleep", "60"], stdin=held) as other):
        try:
            assert users_of(device) == [f"sleep ({other.pid})"]
        finally:
            other.kill()


class Granting:
    """A cv2.VideoCapture that notes what it is asked, and grants less."""

    def __init__(self):
        self.asked = []

    def set(self, what, value):
        self.asked.append((what, value))

    def get(self, what):
        return {cv2.CAP_PROP_FRAME_WIDTH: 640.0, cv2.CAP_PROP_FRAME_HEIGHT: 480.0,
                cv2.CAP_PROP_FPS: 15.0,
                cv2.CAP_PROP_FOURCC: float(cv2.VideoWriter.fourcc(*"YUYV"))}[what]


def test_mjpg_is_asked_for_first_and_what_is_granted_is_told():
    capture = Granting()
    assert negotiate(capture, CaptureRequest((1280, 720), 30.0)) == "YUYV 640x480 at 15 fps"
    assert capture.asked == [
        (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
        (cv2.CAP_PROP_FRAME_WIDTH, 1280), (cv2.CAP_PROP_FRAME_HEIGHT, 720),
        (cv2.CAP_PROP_FPS, 30.0)]


# --- Picamera2, as its manual describes it


class Picamera2:
    """The hardware's side: rows of the small stream are padded to 64 bytes."""

    made = []

    def __init__(self):
        self.calls = []
        Picamera2.made.append(self)

    def create_video_configuration(self, **wanted):
        return wanted

    def configure(self, wanted):
        self.wanted = wanted

    def start(self):
        self.calls.append("start")

    def capture_request(self):
        self.calls.append("capture")
        return self

    def make_array(self, name):
        width, height = self.wanted[name]["size"]
        if name == "main":
            return np.full((height, width, 3), 9, np.uint8)
        rows = np.full((height * 3 // 2, -(-width // 64) * 64), 99, np.uint8)
        rows[:height, :width] = 50
        return rows

    def release(self):
        self.calls.append("release")

    def stop(self):
        self.calls.append("stop")

    def close(self):
        self.calls.append("close")


@pytest.fixture
def picamera2(monkeypatch):
    Picamera2.made.clear()
    monkeypatch.setitem(sys.modules, "picamera2", types.SimpleNamespace(Picamera2=Picamera2))


def test_picamera2_gives_the_main_stream_and_the_brightness_of_the_small_one(picamera2):
    source = open_picamera(CaptureRequest((1280, 720), 20.0), SystemClock(), threading.Event())
    picture = source.read()
    assert picture.colour().shape == (720, 1280, 3)
    assert picture.grey().shape == (224, 400)
    assert (picture.grey() == 50).all()         # no padding, no colour
    source.close()
    (camera,) = Picamera2.made
    assert camera.calls == ["start", "capture", "release", "stop", "close"]
    assert camera.wanted["controls"] == {"FrameRate": 20.0}
    assert camera.wanted["main"]["format"] == "RGB888"      # BGR in memory
    assert "Picamera2 1280x720" in source.granted


# --- auto


def test_auto_takes_the_first_that_gives_frames_and_says_why_not_others(
        recording, tmp_path, caplog):
    caplog.set_level("INFO")
    dead = tmp_path / "dead"
    dead.touch()
    find = FirstCamera(CaptureRequest(), SystemClock(), lambda: [
        Device(dead, "Broken"), Device(recording, "Good")])
    source = find(threading.Event())
    assert source.read().size == (320, 240)
    source.close()
    lines = [record.message for record in caplog.records if "auto: " in record.message]
    assert [line.split(":")[1].strip() for line in lines] == [
        "not Picamera2", f"not {dead} (Broken)", f"using {recording} (Good)"]


def test_auto_prefers_picamera2(picamera2, caplog):
    caplog.set_level("INFO")
    FirstCamera(CaptureRequest(), SystemClock(), list)(threading.Event()).close()
    assert "auto: using Picamera2" in caplog.text


def test_auto_without_any_camera_is_a_loss_told_once(caplog):
    caplog.set_level("INFO")
    find = FirstCamera(CaptureRequest(), SystemClock(), list)
    for _ in range(3):
        with pytest.raises(CameraLost, match="no camera was found"):
            find(threading.Event())
    assert caplog.text.count("auto: not Picamera2") == 1


def test_auto_is_the_default_and_starts_without_a_camera(start):
    status = start().wait_for("no signal")
    assert (status["source"], status["losses"]) == ("auto", 1)


# --- the doctor


def test_doctor_is_content_with_a_good_camera():
    status, told = doctor("demo:320x240@20")
    assert status == 0
    for words in ("granted     demo 320x240 at 20 fps", "picture     320x240",
                  "frames a second", "ms of CPU a frame", "brightness", "no problem found"):
        assert words in told
    rate = float(told.partition("rate        ")[2].split()[0])
    assert 0 < rate < 21


@pytest.mark.parametrize(("spec", "words"), [
    ("/dev/video99", "PROBLEM: there is no camera /dev/video99"),
    ("http://127.0.0.1:9/x", "connection refused; is the camera on"),
    ("rtsp://me:s3cret@127.0.0.1:9/x", "does not answer; is the camera on"),
    ("none.mp4", "PROBLEM: there is no file none.mp4")])
def test_doctor_says_what_is_wrong_in_one_sentence(spec, words):
    status, told = doctor(spec)
    assert status == 1
    assert words in told
    assert "s3cret" not in told


class Night(http.server.BaseHTTPRequestHandler):
    """A camera that gives single pictures, in the dark."""

    def do_GET(self):
        jpeg = encode(np.full((48, 64, 3), 3, np.uint8))
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(jpeg)))
        self.end_headers()
        self.wfile.write(jpeg)

    def log_message(self, *arguments):
        pass


def test_doctor_sees_that_it_is_dark():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Night) as camera:
        threading.Thread(target=camera.serve_forever, daemon=True).start()
        told = doctor(f"http://127.0.0.1:{camera.server_address[1]}/")[1]
        camera.shutdown()
    assert "almost black" in told


def test_doctor_looks_for_a_camera_by_itself():
    status, told = doctor()
    assert status == 1
    assert "no camera was found" in told


def test_broken_file_that_crashes_opencv_is_a_sentence(tmp_path, monkeypatch):
    """A child process opens it first: here one that dies as OpenCV does."""
    from pyimagesearch.capture import probe_file, videofile
    deadly = tmp_path / "abort.py"
    deadly.write_text("import os; os.abort()")
    monkeypatch.setattr(probe_file, "__file__", str(deadly))
    video = tmp_path / "x.mp4"
    video.touch()
    with pytest.raises(CameraLost, match="so broken that OpenCV crashes"):
        videofile.probe(str(video))
