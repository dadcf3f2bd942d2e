"""Every kind of source that needs no network, on real files and devices."""

import os
import threading

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import DEADLINE
from pyimagesearch.capture import videofile
from pyimagesearch.capture.cameras import find_camera, parse_demo
from pyimagesearch.capture.demo import DemoScene, DemoSource
from pyimagesearch.capture.imagezmq import ImageHubs
from pyimagesearch.capture.picamera import open_picamera
from pyimagesearch.capture.source import CaptureRequest, as_bgr
from pyimagesearch.capture.url import parse_url, redact_url
from pyimagesearch.capture.usb import VideoStreamSource, open_usb
from pyimagesearch.capture.videofile import VideoFileSource
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import CameraLost, SettingsError, SourceEnded
from pyimagesearch.settings.settings import Settings


@pytest.fixture
def closing():
    return threading.Event()


def find(spec, clock, **more):
    (wanted,) = Settings(source=(spec,), **more).cameras()
    return find_camera(wanted, clock, ImageHubs())


# --- which camera a spec means

@pytest.mark.parametrize("spec", ["nonsense", "demo:", "demo:0x0", "demo:9999x9999",
                                  "demo@x", "demo:640x480@0", "ftp://x/y", "http://", "-1",
                                  "imagezmq://0.0.0.0:0/pi", "imagezmq://0.0.0.0:99999/pi"])
def test_spec_that_can_never_work_is_refused_with_what_can(clock, spec):
    with pytest.raises(SettingsError, match="--source is"):
        find(spec, clock)


@pytest.mark.parametrize("spec", [
    "gopher://me:secret@host/", "me:secret@192.168.1.20/video.mjpg",
    "rtsp:/me:secret@192.168.1.20/live.sdp", "rtsp://me:a/secret@host/stream"])
def test_refusal_shows_no_password(clock, spec):
    with pytest.raises(SettingsError) as refusal:
        find(spec, clock)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(("spec", "label"), [
    ("0", "0"), ("/dev/video2", "/dev/video2"), ("picamera", "picamera"),
    ("a/clip.mp4", "clip.mp4"), ("demo:320x240@5", "demo:320x240@5"),
    ("rtsp://me:secret@host:554/x?channel=1", "rtsp://host:554/x?channel=1"),
    ("http://host/videostream.cgi?user=admin&pwd=hun_ter=2&resolution=8",
     "http://host/videostream.cgi?user=***&pwd=***&resolution=8"),
    ("rtsp://host:554/user=admin_password=hunter3_channel=1_stream=0.sdp",
     "rtsp://host:554/user=***_password=***_channel=1_stream=0.sdp"),
    ("http://host/cgi?loginuse=a&loginpas=b?c", "http://host/cgi?loginuse=***&loginpas=***"),
    ("http://host:8080?user=a&pwd=secret", "http://host:8080?user=***&pwd=***"),
    ("rtsp://host/?channel=1_stream=0_user=admin_password=secret",
     "rtsp://host/?channel=1_stream=0_user=***_password=***"),
    ("rtsp://host/channel=1,user=admin,password=secret", "rtsp://host/channel=1,user=***,password=***"),
    ("http://host/x?mode=x?pwd=secret", "http://host/x?mode=***"),
    ("rtsp://me:1/secret@host/stream", "rtsp://host/stream"),
    ("http://host/x?secret&channel=2", "http://host/x?***&channel=2"),
    ("http://host/video", "http://host/video")])
def test_label_tells_the_source_but_no_password(clock, spec, label):
    assert find(spec, clock).label == label


def test_demo_spec_beats_the_wanted_rate():
    assert parse_demo("demo", CaptureRequest()) == ((640, 480), 30)
    assert parse_demo("demo", CaptureRequest((320, 200), 5)) == ((320, 200), 5)
    assert parse_demo("demo:1280x720@15", CaptureRequest((320, 200), 5)) == ((1280, 720), 15)


def test_password_is_cut_from_a_url_and_known():
    url = parse_url("http://u:p%40ss@h:1/x?y=z")
    assert (url.bare, url.user, url.password) == ("http://h:1/x?y=z", "u", "p@ss")
    assert "p@ss" not in repr(url)


@given(st.text(), st.text(st.characters(exclude_characters="/?#[]@"), min_size=1))
def test_no_text_lets_a_password_out(before, password):
    text = before + "://me:" + password + "secret@host/path"
    assert "secret@" not in redact_url(text) or "://" in before or "/" in before


# --- the demo scene


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (33, 25), (100, 700)])
def test_demo_scene_is_the_same_for_the_same_seed(size):
    one, same, other = (DemoScene(size, 30, seed) for seed in (3, 3, 4))
    for number in (0, 100, 7000):
        picture = one.picture(number)
        assert picture.shape == (size[1], size[0], 3)
        np.testing.assert_array_equal(picture, same.picture(number))
    assert (one.picture(0) != other.picture(0)).any()


def test_demo_scene_has_noise_visitors_and_pauses():
    scene = DemoScene((640, 480), 10)
    still = scene.picture(0).astype(int) - scene.picture(1)
    assert 2 < still.std() < 8
    counts = [len(scene.boxes(number)) for number in range(10 * 120)]
    assert set(counts) == {0, 1, 2}
    assert counts[0] == 0


def test_demo_source_keeps_its_rate(closing, clock):
    source, begin = DemoSource((64, 48), 20, closing, clock), clock.now
    for _ in range(100):
        source.read()
    assert clock.now - begin == pytest.approx(99 / 20, abs=0.06)


def test_demo_source_does_not_race_after_a_pause(closing, clock):
    source = DemoSource((64, 48), 20, closing, clock)
    source.read()
    clock.now += 3600
    resumed = clock.now
    for _ in range(20):
        source.read()
    assert clock.now - resumed == pytest.approx(19 / 20, abs=0.06)


# --- video files


def test_file_is_paced_at_its_own_rate_and_ends(recording, closing, clock):
    source, begin = VideoFileSource(str(recording), False, closing, clock), clock.now
    for _ in range(36):
        assert source.read().colour().shape == (240, 320, 3)
    assert clock.now - begin == pytest.approx(35 / 12, abs=0.1)
    with pytest.raises(SourceEnded, match=r"clip.avi has ended"):
        source.read()
    source.close()


def test_looped_file_goes_on(recording, closing, clock):
    source = VideoFileSource(str(recording), True, closing, clock)
    first = source.read()
    for _ in range(35):
        source.read()
    np.testing.assert_array_equal(source.read().colour(), first.colour())
    source.close()


def test_file_that_is_missing_or_no_video_is_told(tmp_path, closing, clock, monkeypatch):
    monkeypatch.setattr(videofile, "PROBE_SECONDS", DEADLINE)      # not the machine is tested here
    with pytest.raises(CameraLost, match="there is no file"):
        VideoFileSource(str(tmp_path / "none.mp4"), False, closing, clock)
    text = tmp_path / "text.mp4"
    text.write_text("no video" * 100)
    with pytest.raises(CameraLost, match=r"is no video file|holds no picture"):
        VideoFileSource(str(text), False, closing, clock).read()


# --- imutils' VideoStream, on a file in place of a device


def test_each_array_of_imutils_is_given_once_and_its_end_is_a_loss(recording, closing):
    source = open_usb(str(recording), CaptureRequest(), SystemClock(), closing)
    given = []
    with pytest.raises(CameraLost, match="unplugged"):
        while True:
            given.append(source.read().colour())     # as fast as imutils reads: some are missed
    assert 1 <= len(given) <= 36
    assert len({id(image) for image in given}) == len(given)
    source.close()
    assert not source._thread.is_alive()
    assert not source._stream.stream.stream.isOpened()


def test_same_array_again_is_waited_out_and_sleeps(closing, clock):
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

    source = VideoStreamSource(Stream(), "a test", closing, clock)
    assert source.read().colour() is first
    assert source.read().colour() is second
    assert clock.waits == [pytest.approx(0.004)] * 2
    source.close()


def test_error_that_imutils_thread_dies_of_is_a_loss(closing, clock):
    class Stream:
        """A stream whose camera gave a JPEG of no bytes, or legacy picamera's errors."""

        stream = None

        def update(self):
            cv2.imdecode(np.empty(0, np.uint8), cv2.IMREAD_COLOR)

        def stop(self):
            pass

        def read(self):
            return None

    source = VideoStreamSource(Stream(), "a test", closing, clock)
    with pytest.raises(CameraLost, match=r"the camera failed: OpenCV.*imdecode"):
        source.read()
    source.close()


def test_missing_usb_camera_is_told(closing, clock):
    assert not os.path.exists("/dev/video77")
    with pytest.raises(CameraLost, match="there is no camera /dev/video77"):
        open_usb(77, CaptureRequest(), clock, closing)


def test_device_that_gives_nothing_is_told(tmp_path, closing, clock):
    dead = tmp_path / "dead"
    dead.write_bytes(b"")
    with pytest.raises(CameraLost, match="gives no frames"):
        open_usb(str(dead), CaptureRequest(), clock, closing)


def test_missing_picamera_library_is_told_with_its_remedy(closing, clock):
    with pytest.raises(CameraLost, match="sudo apt install python3-picamera2"):
        open_picamera(CaptureRequest(), clock, closing)


# --- whatever a camera gives


def test_grey_and_transparent_pictures_become_bgr():
    grey = np.full((4, 6), 7, np.uint8)
    assert (as_bgr(grey) == 7).all()
    assert as_bgr(grey[:, :, None]).shape == (4, 6, 3)
    assert as_bgr(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGRA)).shape == (4, 6, 3)


@pytest.mark.parametrize("garbage", [
    None, b"x", np.zeros((0, 0, 3), np.uint8), np.zeros((4, 4, 2), np.uint8),
    np.zeros((4, 4, 3), np.float32), np.zeros((2, 4, 4, 3), np.uint8)])
def test_garbage_is_a_loss_and_not_a_crash(garbage):
    with pytest.raises(CameraLost, match="no picture"):
        as_bgr(garbage)


# --- JPEGs that would take minutes


