"""Video files in place of a camera."""

from fractions import Fraction

import av
import numpy as np
import pytest

from harness import DEADLINE
from pyimagesearch.capture import videofile
from pyimagesearch.capture.cameras import find_camera
from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.capture.imagezmq import ImageHubs
from pyimagesearch.capture.limits import Allowance
from pyimagesearch.capture.videofile import VideoFileSource
from pyimagesearch.errors import CameraLost, SourceEnded
from pyimagesearch.settings.settings import Settings


def write_video(path, stamps, b_frames=0):
    """Write a video with a frame at each of *stamps* [s]."""
    scene = DemoScene((160, 120), 10)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 90_000)
        stream.codec_context.max_b_frames = b_frames
        for number, stamp in enumerate(stamps):
            frame = av.VideoFrame.from_ndarray(scene.picture(number), format="bgr24")
            frame.pts, frame.time_base = round(stamp * 90_000), Fraction(1, 90_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_file_plays_at_its_own_rate_and_ends(recording, closing, clock):
    source, begin = VideoFileSource(str(recording), False, Allowance(), closing, clock), clock.now
    for _ in range(36):
        assert source.read().colour().shape == (240, 320, 3)
    assert clock.now - begin == pytest.approx(35 / 12, abs=0.1)
    with pytest.raises(SourceEnded, match=r"clip.avi has ended"):
        source.read()
    source.close()


def test_looped_file_restarts(recording, closing, clock):
    source = VideoFileSource(str(recording), True, Allowance(), closing, clock)
    first = source.read()
    for _ in range(35):
        source.read()
    np.testing.assert_array_equal(source.read().colour(), first.colour())
    source.close()


def test_missing_file_and_wrong_format_are_errors(tmp_path, closing, clock, monkeypatch):
    monkeypatch.setattr(videofile, "PROBE_SECONDS", DEADLINE)      # not the machine is tested here
    with pytest.raises(CameraLost, match="there is no file"):
        VideoFileSource(str(tmp_path / "none.mp4"), False, Allowance(), closing, clock)
    text = tmp_path / "text.mp4"
    text.write_text("no video" * 100)
    with pytest.raises(CameraLost, match=r"is no video file|holds no picture"):
        VideoFileSource(str(text), False, Allowance(), closing, clock).read()


def test_file_that_crashes_opencv_is_an_error(tmp_path, monkeypatch):
    """A child process opens it first: here one that dies as OpenCV does."""
    monkeypatch.setattr(videofile, "PROBE", "import os; os.abort()")
    video = tmp_path / "x.mp4"
    video.touch()
    with pytest.raises(CameraLost, match="so broken that OpenCV crashes"):
        videofile.probe(str(video))


def play(path, clock, closing, count):
    """Return when each of the first *count* frames of a file is shown [s]."""
    source, begin = VideoFileSource(str(path), False, Allowance(), closing, clock), clock.now
    shown = []
    for _ in range(count):
        source.read()
        shown.append(round(clock.now - begin, 2))
    source.close()
    return shown


@pytest.mark.parametrize("b_frames", [0, 3])
def test_each_frame_is_shown_at_its_own_time(tmp_path, closing, clock, b_frames):
    # as phones film, and as a camera of one picture in ten seconds is recorded
    stamps = [0.0, 0.1, 0.2, 0.25, 2.25, 2.3, 12.3, 12.4]
    write_video(tmp_path / "phone.mp4", stamps, b_frames)
    assert play(tmp_path / "phone.mp4", clock, closing, len(stamps)) == stamps


@pytest.mark.parametrize("stamps", [
    [0.0, 0.1, 0.2, 7200.0, 7200.1, 7200.2],        # an hour's jump in the middle
    [0.0, 0.1, 0.2, 0.2 + 1e-5, 0.2 + 2e-5, 0.3]])      # standing still
def test_wrong_time_stamp_does_not_stop_a_file(tmp_path, closing, clock, stamps):
    write_video(tmp_path / "odd.mp4", stamps)
    shown = play(tmp_path / "odd.mp4", clock, closing, len(stamps))
    assert shown == sorted(shown)
    assert shown[-1] < 1.0


def test_file_without_time_stamps_plays_at_its_rate(tmp_path, closing, clock):
    write_video(tmp_path / "bare.h264", [number / 25 for number in range(26)])
    assert play(tmp_path / "bare.h264", clock, closing, 26)[-1] == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("name", ["a:b.mp4", "http:x.mp4", "-f.mp4", "at 14:03@gate.mp4",
                                  "clip%03d.mp4", "a?b#c.mp4", "ü\n.mp4", "noending"])
def test_any_name_of_a_video_file_will_do(tmp_path, closing, clock, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "plain.mp4", [0.0, 0.1])
    (tmp_path / "plain.mp4").rename(tmp_path / name)
    (wanted,) = Settings(source=(name,)).cameras()
    source = find_camera(wanted, clock, ImageHubs()).open(closing)
    assert source.read().size == (160, 120)
    source.close()
