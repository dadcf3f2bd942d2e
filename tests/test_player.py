"""Recordings played through the trials of all contenders."""

import io
import re

import pytest

from pyimagesearch.recording.clip_metadata import ClipMetadata
from pyimagesearch.replay.player import play
from pyimagesearch.replay.progress import Progress
from pyimagesearch.replay.recordings import group
from pyimagesearch.replay.trial import Contender
from pyimagesearch.settings.camera_settings import CameraSettings
from videos import film

ONE = (Contender("single", CameraSettings(name="x", source="demo", detector="single")),)


def played(*paths, contenders=ONE):
    (recording,) = group(paths)
    return play(recording, contenders, Progress(0, io.StringIO()), pictures=False)


def test_all_contenders_see_the_same_frames(tmp_path):
    both = [*ONE, Contender("mog2", CameraSettings(name="x", source="demo", detector="mog2"))]
    found = played(film(tmp_path / "a.mp4"), contenders=both)
    first, second = found.outcomes
    assert [level.at for level in first.levels] == [level.at for level in second.levels]
    assert found.seconds == pytest.approx(5.9, abs=0.01)
    assert found.trouble == ""
    assert found.took > 0


@pytest.mark.parametrize(("fps", "notes"), [
    (None, []), (5, ["its first 6.6 of 19.9 seconds only teach the background (--frame-count)"])])
def test_learning_that_takes_much_of_a_video_is_noted(tmp_path, fps, notes):
    slow = Contender("slow", CameraSettings(name="x", source="demo", fps=fps))
    found = played(film(tmp_path / "a.mp4", 20, size=(320, 240)), contenders=[*ONE, slow])
    assert found.notes == notes


def test_short_pre_roll_is_noted(tmp_path):
    clip = ClipMetadata(event=1, camera="front", kind="motion", begin=100.6, first=100.0)
    path = film(tmp_path / "a.mp4", 3, moving=((0.6, 2.0),), comment=clip.as_comment())
    (note,) = played(path).notes
    assert note.startswith("its pre-roll has only 5 frames to learn the background from")


def test_clip_after_which_one_is_missing_is_played_as_far(tmp_path):
    clips = [ClipMetadata(event=1, camera="front", kind="motion", begin=101.0, first=100.0 + part,
                          last=101.0 + part) for part in range(2)]
    paths = [film(tmp_path / f"{part}.mp4", 1, comment=clip.as_comment())
             for part, clip in enumerate(clips)]
    (recording,) = group(paths)
    paths[1].unlink()
    found = play(recording, ONE, Progress(0, io.StringIO()), pictures=False)
    assert found.trouble == f"there is no file {paths[1]}"
    assert len(found.outcomes[0].levels) == 10


def test_video_that_breaks_off_in_the_middle_is_noted(tmp_path):
    path = film(tmp_path / "a.mp4", 12, size=(320, 240))
    whole = path.read_bytes()
    middle = whole.index(b"mdat") + 4, whole.index(b"moov")
    begin = middle[0] + (middle[1] - middle[0]) // 2
    path.write_bytes(whole[:begin] + bytes(middle[1] - begin) + whole[middle[1]:])
    _, note = played(path).notes
    assert re.fullmatch(r"only \d\.\d of its 12\.0 seconds have pictures that can be read", note)
