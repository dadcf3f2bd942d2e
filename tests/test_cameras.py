"""Which camera a --source means, and which are refused."""

import pytest

from pyimagesearch.capture.cameras import find_camera, parse_demo
from pyimagesearch.capture.imagezmq import ImageHubs
from pyimagesearch.capture.source import CaptureRequest
from pyimagesearch.errors import SettingsError
from pyimagesearch.settings.settings import Settings


def find(spec, clock, **more):
    (wanted,) = Settings(source=(spec,), **more).cameras()
    return find_camera(wanted, clock, ImageHubs())


@pytest.mark.parametrize("spec", ["nonsense", "demo:", "demo:0x0", "demo:9999x9999",
                                  "demo@x", "demo:640x480@0", "ftp://x/y", "http://", "-1",
                                  "imagezmq://0.0.0.0:0/pi", "imagezmq://0.0.0.0:99999/pi"])
def test_impossible_source_is_refused_with_the_valid_forms(clock, spec):
    with pytest.raises(SettingsError, match="--source is"):
        find(spec, clock)


@pytest.mark.parametrize("spec", [
    "gopher://me:secret@host/", "me:secret@192.168.1.20/video.mjpg",
    "rtsp:/me:secret@192.168.1.20/live.sdp", "rtsp://me:a/secret@/stream", "imagezmq://me:1/secret@host:5555/pi",
    "rtsp://me:secret"])
def test_refusal_shows_no_password(clock, spec):
    with pytest.raises(SettingsError) as refusal:
        find(spec, clock)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(("spec", "label"), [
    ("0", "0"), ("/dev/video2", "/dev/video2"), ("picamera", "picamera"),
    ("a/clip.mp4", "clip.mp4"), ("file:///a/the%20clip.mp4", "the clip.mp4"), ("demo:320x240@5", "demo:320x240@5"),
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
def test_label_shows_the_source_without_its_password(clock, spec, label):
    assert find(spec, clock).label == label


def test_demo_spec_takes_precedence_over_size_and_rate():
    assert parse_demo("demo", CaptureRequest()) == ((640, 480), 30)
    assert parse_demo("demo", CaptureRequest((320, 200), 5)) == ((320, 200), 5)
    assert parse_demo("demo:1280x720@15", CaptureRequest((320, 200), 5)) == ((1280, 720), 15)
