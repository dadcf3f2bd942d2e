"""--source auto: find a camera."""

import sys
import threading
import types

import pytest

from fake_picamera2 import Picamera2
from pyimagesearch.capture.auto import FirstCamera
from pyimagesearch.capture.source import CaptureRequest
from pyimagesearch.capture.v4l2 import Device
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import CameraLost


@pytest.fixture
def picamera2(monkeypatch):
    Picamera2.made.clear()
    monkeypatch.setitem(sys.modules, "picamera2", types.SimpleNamespace(Picamera2=Picamera2))


def test_auto_opens_the_first_camera_with_frames(
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


def test_missing_camera_is_logged_once(caplog):
    caplog.set_level("INFO")
    find = FirstCamera(CaptureRequest(), SystemClock(), list)
    for _ in range(3):
        with pytest.raises(CameraLost, match="no camera was found"):
            find(threading.Event())
    assert caplog.text.count("auto: not Picamera2") == 1


def test_auto_is_the_default_and_starts_without_a_camera(start):
    status = start().wait_for("no signal")
    assert (status["source"], status["losses"]) == ("auto", 1)
