"""Video files in place of a camera."""


import numpy as np
import pytest

from harness import DEADLINE
from pyimagesearch.capture import videofile
from pyimagesearch.capture.videofile import VideoFileSource
from pyimagesearch.errors import CameraLost, SourceEnded


def test_file_plays_at_its_own_rate_and_ends(recording, closing, clock):
    source, begin = VideoFileSource(str(recording), False, closing, clock), clock.now
    for _ in range(36):
        assert source.read().colour().shape == (240, 320, 3)
    assert clock.now - begin == pytest.approx(35 / 12, abs=0.1)
    with pytest.raises(SourceEnded, match=r"clip.avi has ended"):
        source.read()
    source.close()


def test_looped_file_restarts(recording, closing, clock):
    source = VideoFileSource(str(recording), True, closing, clock)
    first = source.read()
    for _ in range(35):
        source.read()
    np.testing.assert_array_equal(source.read().colour(), first.colour())
    source.close()


def test_missing_file_and_wrong_format_are_errors(tmp_path, closing, clock, monkeypatch):
    monkeypatch.setattr(videofile, "PROBE_SECONDS", DEADLINE)      # not the machine is tested here
    with pytest.raises(CameraLost, match="there is no file"):
        VideoFileSource(str(tmp_path / "none.mp4"), False, closing, clock)
    text = tmp_path / "text.mp4"
    text.write_text("no video" * 100)
    with pytest.raises(CameraLost, match=r"is no video file|holds no picture"):
        VideoFileSource(str(text), False, closing, clock).read()


def test_file_that_crashes_opencv_is_an_error(tmp_path, monkeypatch):
    """A child process opens it first: here one that dies as OpenCV does."""
    monkeypatch.setattr(videofile, "PROBE", "import os; os.abort()")
    video = tmp_path / "x.mp4"
    video.touch()
    with pytest.raises(CameraLost, match="so broken that OpenCV crashes"):
        videofile.probe(str(video))
