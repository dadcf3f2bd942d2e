"""Programs read live video as it is, with a device key in the address."""

import contextlib
import os
import subprocess
import tempfile
from pathlib import Path

import av
import cv2
import pytest

from harness import DEADLINE, InBackground, eventually, needs

NOT_ROOT = 65534        # VLC refuses to run as root


@pytest.fixture(scope="module")
def url(protected_server):
    """The address of the video, with a device key."""
    _, _, page = protected_server.request(
        "/device-keys", "POST", b"name=tv", Cookie=protected_server.log_in(),
        Origin=protected_server.url)
    key = page.decode().partition("//tv:")[2].partition("@")[0]
    return protected_server.url.replace("//", f"//tv:{key}@") + "/live.mp4"


@pytest.fixture(scope="module")
def folder():
    """A folder that every user may write to, unlike those that pytest makes."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o777)
        yield Path(name)


@pytest.fixture(scope="module", autouse=True)
def programs(url, folder):
    """All programs at once, as each takes a second or two to look at the stream."""
    scene = ("-I", "dummy", "--no-audio", "--vout=dummy", "--video-filter=scene",
             "--scene-format=png", "--scene-ratio=1", f"--scene-path={folder}")
    with contextlib.ExitStack() as running:
        def start(*command, **more):
            program = running.enter_context(subprocess.Popen(command, **more))
            running.callback(program.kill)
            return program
        yield {
            "ffmpeg": start(needs("ffmpeg", "ffmpeg"), "-v", "error", "-i", url, "-frames:v", "8",
                            "-c", "copy", folder / "clip.mp4"),
            "vlc": start(needs("cvlc", "vlc-bin"), *scene, url, stderr=subprocess.DEVNULL,
                         env={**os.environ, "HOME": str(folder)},
                         user=NOT_ROOT if os.geteuid() == 0 else None),
            "opencv": InBackground(read_by_opencv, url)}


def read_by_opencv(url):
    """Return the shapes of the next pictures."""
    capture = cv2.VideoCapture(url)
    shapes = [capture.read()[1].shape for _ in range(8)]
    capture.release()
    return shapes


def test_ffmpeg_copies_the_stream(programs, folder):
    assert programs["ffmpeg"].wait(DEADLINE) == 0
    with av.open(str(folder / "clip.mp4")) as copied:
        assert [stream.type for stream in copied.streams] == ["video"]      # no sound
        assert {(frame.width, frame.height) for frame in copied.decode()} == {(320, 240)}


def test_opencv_reads_the_stream(programs):
    assert set(programs["opencv"].result()) == {(240, 320, 3)}


def test_vlc_plays_the_stream(folder):
    eventually(lambda: len(list(folder.glob("*.png"))) > 5)
    first = cv2.imread(str(min(folder.glob("*.png"))))
    assert first.shape[1] == 320
    assert first[:240].std() > 10       # it shows something
