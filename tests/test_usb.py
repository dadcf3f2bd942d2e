"""USB cameras through imutils, with a file in place of a device."""

import os

import cv2
import numpy as np
import pytest

from pyimagesearch.capture.limits import Allowance
from pyimagesearch.capture.source import CaptureRequest
from pyimagesearch.capture.usb import VideoStreamSource, negotiate, open_usb
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import CameraLost


def test_each_array_is_read_once_and_the_end_is_a_loss(recording, closing):
    source = open_usb(str(recording), CaptureRequest(), SystemClock(), closing)
    images = []
    with pytest.raises(CameraLost, match="unplugged"):
        while True:
            images.append(source.read().colour())     # as fast as imutils reads: some are missed
    assert 1 <= len(images) <= 36
    assert len({id(image) for image in images}) == len(images)
    source.close()
    assert not source._thread.is_alive()
    assert not source._stream.stream.stream.isOpened()


def test_repeated_array_is_skipped_and_waited_for(closing, clock):
    first, second = np.zeros((2, 2, 3), np.uint8), np.ones((2, 2, 3), np.uint8)
    answers = [first, first, first, second]

    class Stream:
        """imutils' VideoStream, as far as it is used."""

        stream = None

        def update(self):
            pass

        def stop(self):
            pass

        def read(self):
            return answers.pop(0)

    source = VideoStreamSource(Stream(), "a test", Allowance(), closing, clock)
    assert source.read().colour() is first
    assert source.read().colour() is second
    assert clock.waits == [pytest.approx(0.004)] * 2
    source.close()


def test_error_that_ends_the_imutils_thread_is_a_loss(closing, clock):
    class Stream:
        """A stream whose camera gave a JPEG of no bytes, or legacy picamera's errors."""

        stream = None

        def update(self):
            cv2.imdecode(np.empty(0, np.uint8), cv2.IMREAD_COLOR)

        def stop(self):
            pass

        def read(self):
            return None

    source = VideoStreamSource(Stream(), "a test", Allowance(), closing, clock)
    with pytest.raises(CameraLost, match=r"the camera failed: OpenCV.*imdecode"):
        source.read()
    source.close()


def test_missing_usb_camera_is_an_error(closing, clock):
    assert not os.path.exists("/dev/video77")
    with pytest.raises(CameraLost, match="there is no camera /dev/video77"):
        open_usb(77, CaptureRequest(), clock, closing)


def test_device_without_frames_is_an_error(tmp_path, closing, clock):
    dead = tmp_path / "dead"
    dead.write_bytes(b"")
    with pytest.raises(CameraLost, match="gives no frames"):
        open_usb(str(dead), CaptureRequest(), clock, closing)


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


def test_mjpg_is_requested_first_and_the_grant_is_described():
    capture = Granting()
    assert negotiate(capture, CaptureRequest((1280, 720), 30.0)) == "YUYV 640x480 at 15 fps"
    assert capture.asked == [
        (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
        (cv2.CAP_PROP_FRAME_WIDTH, 1280), (cv2.CAP_PROP_FRAME_HEIGHT, 720),
        (cv2.CAP_PROP_FPS, 30.0)]
