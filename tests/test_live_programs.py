"""Programs read live video as it is, with a device key in the address."""

import contextlib
import itertools
import os
import re
import subprocess
import tempfile
import urllib.request
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
            "opencv": InBackground(read_by_opencv, url),
            "pyav": InBackground(times_by_pyav, url)}


def read_by_opencv(url):
    """Return the shapes of the next pictures."""
    capture = cv2.VideoCapture(url)
    shapes = [capture.read()[1].shape for _ in range(8)]
    capture.release()
    return shapes


def times_by_pyav(url):
    """Return codec, key frame and decoding time of the next packets, as Home Assistant reads them."""
    with av.open(url, timeout=DEADLINE) as video:
        stream = video.streams.video[0]
        packets = itertools.islice(video.demux(stream), 8)
        return [(stream.codec.name, packet.is_keyframe, packet.dts * packet.time_base)
                for packet in packets]


def test_ffmpeg_copies_the_stream(programs, folder):
    assert programs["ffmpeg"].wait(DEADLINE) == 0
    with av.open(str(folder / "clip.mp4")) as copied:
        assert [stream.type for stream in copied.streams] == ["video"]      # no sound
        assert {(frame.width, frame.height) for frame in copied.decode()} == {(320, 240)}


def test_opencv_reads_the_stream(programs):
    assert set(programs["opencv"].result()) == {(240, 320, 3)}


def test_packets_begin_with_a_key_and_their_times_grow(programs):
    codecs, keys, times = zip(*programs["pyav"].result(), strict=True)
    assert set(codecs) == {"h264"}
    assert keys[0]
    assert all(before < after for before, after in itertools.pairwise(times))


def test_vlc_plays_the_stream(folder):
    eventually(lambda: len(list(folder.glob("*.png"))) > 5)
    first = cv2.imread(str(min(folder.glob("*.png"))))
    assert first.shape[1] == 320
    assert first[:240].std() > 10       # it shows something


def test_revoked_key_ends_its_stream(protected_server, url):
    login = {"Cookie": protected_server.log_in(), "Origin": protected_server.url}
    key = url.partition("//tv:")[2].partition("@")[0]
    watched = urllib.request.Request(protected_server.url + "/live.mp4", None, {
        "Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(watched, timeout=DEADLINE) as stream:
        assert stream.read(8)[4:] == b"ftyp"
        _, _, page = protected_server.request("/sessions", **login)
        (revoke,) = re.findall(r'action="(/device-keys/\w+/revoke)"', page.decode())
        protected_server.request(revoke, "POST", b"", **login)
        while stream.read1():       # to the end
            pass
