"""The doctor: what it reports about cameras and machine."""

import http.server
import threading

import numpy as np
import pytest

from product import run_program
from pyimagesearch.capture.cameras import find_camera
from pyimagesearch.capture.imagezmq import ImageHubs
from pyimagesearch.clock import SystemClock
from pyimagesearch.jpeg import encode
from pyimagesearch.settings.settings import Settings
from pyimagesearch.system.doctor import config_folder, objects, watch


@pytest.fixture
def doctor(capsys):
    """Have the doctor watch a camera for half a second; return its judgement and report."""
    def examine(source):
        (wanted,) = Settings(source=(source,)).cameras()
        hubs, clock = ImageHubs(), SystemClock()
        good = watch(find_camera(wanted, clock, hubs), clock, seconds=0.5)
        hubs.close()
        return good, capsys.readouterr().out
    return examine


def test_good_camera_has_no_problem(doctor):
    good, report = doctor("demo:320x240@20")
    assert good
    for words in ("granted     demo 320x240 at 20 fps", "picture     320x240",
                  "frames a second", "ms of CPU a frame", "brightness", "no problem found"):
        assert words in report
    rate = float(report.partition("rate        ")[2].split()[0])
    assert 0 < rate < 30


@pytest.mark.parametrize(("spec", "words"), [
    ("/dev/video99", "PROBLEM: there is no camera /dev/video99"),
    ("http://127.0.0.1:9/x", "it refuses the connection; is the camera on"),
    ("rtsp://me:s3cret@127.0.0.1:9/x", "refuses the connection; is the camera on"),
    ("none.mp4", "PROBLEM: there is no file none.mp4")])
def test_problem_is_one_sentence(doctor, spec, words):
    good, report = doctor(spec)
    assert not good
    assert words in report
    assert "s3cret" not in report


def test_exposed_logins_are_a_problem(tmp_path):
    tmp_path.chmod(0o777)
    path, problem = config_folder(Settings(data=str(tmp_path), config_dir=str(tmp_path)))
    assert path == f"config folder {tmp_path}"
    assert problem.startswith("  PROBLEM: other users of this machine can replace the logins")
    (problem,) = config_folder(Settings(data="~nobody_here/x"))
    assert problem.startswith("PROBLEM: --data is '~nobody_here/x', but there is no such home")


@pytest.mark.parametrize(("given", "line"), [
    ("off", "objects are not recognised: that is switched off"),
    (None, "objects are not recognised: the model has not been fetched; run this, "),
    ("no_model.onnx", "PROBLEM: ")])
def test_doctor_says_what_recognises_objects(tmp_path, given, line):
    assert objects(Settings(objects=given, data=str(tmp_path))).startswith(line)


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


def test_dark_picture_is_a_problem(doctor):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Night) as camera:
        threading.Thread(target=camera.serve_forever, args=(0.01,), daemon=True).start()
        report = doctor(f"http://127.0.0.1:{camera.server_address[1]}/")[1]
        camera.shutdown()
    assert "almost black" in report


def test_cameras_are_searched_for_without_a_source():
    ended = run_program("doctor")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    for words in ("Python 3.", "config folder ", "access: only this machine can watch",
                  "no camera was found", "ONVIF", "\nobjects are "):
        assert words in ended.stdout
