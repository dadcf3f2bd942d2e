"""The Raspberry Pi's camera, with a fake Picamera2 as its manual describes it."""

import sys
import threading
import types

import pytest

from fake_picamera2 import Picamera2
from pyimagesearch.capture.picamera import open_picamera
from pyimagesearch.capture.source import CaptureRequest
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import CameraLost


@pytest.fixture
def picamera2(monkeypatch):
    Picamera2.made.clear()
    monkeypatch.setitem(sys.modules, "picamera2", types.SimpleNamespace(Picamera2=Picamera2))


def test_picamera2_gives_the_main_and_the_small_stream(picamera2):
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


def test_missing_picamera_library_is_an_error_with_a_remedy(closing, clock):
    with pytest.raises(CameraLost, match="sudo apt install python3-picamera2"):
        open_picamera(CaptureRequest(), clock, closing)
