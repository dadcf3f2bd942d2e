"""One detector with one set of settings, over one recording."""

import numpy as np
import pytest

from pyimagesearch.frames import ArrayPicture
from pyimagesearch.recording.clip_metadata import ClipMetadata
from pyimagesearch.replay.recordings import Recording, VideoFrame
from pyimagesearch.replay.trial import Contender, Trial
from pyimagesearch.settings.camera_settings import CameraSettings
from videos import picture

VIDEO = Recording((), "video", 0.0)


def run(recording=VIDEO, seconds=8, fps=10, moving=((5.0, 6.0),), pictures=False, **options):
    settings = CameraSettings(name="front", source="demo", detector="single", **options)
    trial = Trial(Contender("x", settings), recording, pictures=pictures)
    for number in range(seconds * fps):
        at = number / fps
        trial.on_frame(VideoFrame(at, ArrayPicture(picture(at, moving)), fps))
    return trial.close()


def clip_with(pre_roll):
    return VIDEO._replace(clips=(ClipMetadata(
        event=1, camera="front", kind="motion", begin=100.0 + pre_roll, first=100.0),))


def test_event_is_found_and_explained():
    outcome = run(pictures=True)
    (event,) = outcome.events
    assert event.begin == pytest.approx(5.0, abs=0.15)
    assert event.end == pytest.approx(6.5, abs=0.6)     # the background forgets slowly
    assert event.peak.rule == "differs from the background"
    assert event.peak.boxes
    assert event.peak.size == (400, 300)
    assert event.peak.image.shape == (120, 160, 3)
    assert 0.1 < outcome.motion_share < 0.5
    assert outcome.cpu_milliseconds > 0


def test_pictures_are_kept_for_reports_only():
    outcome = run()
    assert outcome.events[0].peak.image is None
    assert outcome.scene is outcome.heat is None


def test_heat_is_where_something_moved():
    outcome = run(pictures=True)
    assert outcome.heat[:80].sum() == 0     # above the block's path
    assert outcome.heat[110:190].max() >= 1
    np.testing.assert_array_equal(outcome.scene, picture(0.0))


def test_nothing_is_reported_before_the_background_is_learnt():
    outcome = run(moving=((0.5, 2.5),), frame_count=32)
    assert outcome.learnt_at == pytest.approx(3.3)
    assert [level.learning for level in outcome.levels].count(True) == 33
    assert not any(level.area for level in outcome.levels[:33])


def test_too_short_video_is_learnt_from_only():
    outcome = run(seconds=2)
    assert outcome.learnt_at is None
    assert outcome.motion_share == 0.0


def test_clip_is_learnt_from_its_pre_roll_only():
    outcome = run(clip_with(2.0), seconds=4, moving=((2.0, 3.0),))
    assert outcome.frame_count == 19
    assert outcome.learnt_at == pytest.approx(2.0)
    assert len(outcome.events) == 1
    assert run(clip_with(5.0)).frame_count == 32


def test_frame_rate_and_mask_of_the_settings_hold():
    outcome = run(fps=20, mask="0,300 1000,300 1000,700 0,700")
    assert outcome.events == []
    slower = run(clip_with(2.0), fps=20, frame_count=100, **{"mask": None})
    assert (len(slower.levels), slower.frame_count) == (160, 39)


def test_fewer_frames_are_looked_at_with_a_maximum_rate():
    settings = CameraSettings(name="front", source="demo", fps=5.0, frame_count=100)
    trial = Trial(Contender("x", settings), clip_with(2.0))
    for number in range(80):
        trial.on_frame(VideoFrame(number / 20, ArrayPicture(picture(0)), 20.0))
    assert len(trial.outcome.levels) == 20
    assert trial.outcome.frame_count == 9


@pytest.mark.parametrize(("looks", "events"), [(1.0, 0), (10.0, 1)])
def test_frames_are_looked_at_as_often_as_by_a_camera(looks, events):
    settings = CameraSettings(name="front", source="demo", detector="mog2", detect_fps=looks)
    trial = Trial(Contender("x", settings), VIDEO)
    for number in range(60):
        image = picture(number / 10, ((4.3, 4.7),))     # with one look a second, between two
        trial.on_frame(VideoFrame(number / 10, ArrayPicture(image), 10.0))
    assert len(trial.close().events) == events
    assert len(trial.outcome.levels) == 60


@pytest.mark.parametrize("fps", [5, 60])
def test_slow_and_fast_videos_have_their_event(fps):
    outcome = run(fps=fps, frame_count=20)
    assert len(outcome.events) == 1
    assert outcome.events[0].begin == pytest.approx(5.0, abs=0.45)
