"""Find the videos to replay, and read their frames as fast as they are decoded."""

import os
import time

import cv2
import pytest

from pyimagesearch.recording.clip_metadata import ClipMetadata
from pyimagesearch.replay.recordings import (
    NoVideo,
    Recording,
    find_videos,
    frames_of,
    group,
)
from videos import film, picture


def recording_of(path):
    (recording,) = group([path])
    return recording


def clip(path, event, first, last, **fields):
    return film(path, last - first, comment=ClipMetadata(**{
        "event": event, "camera": "front", "kind": "motion", "begin": 103.0, "first": first,
        "last": last, **fields}).as_comment())


def test_frames_come_at_the_times_of_their_stamps(tmp_path):
    stamps = [0.0, 0.1, 0.5, 0.6, 2.0, 2.04, 4.0, 9.0]
    path = film(tmp_path / "odd.mp4", stamps=stamps)
    begin = time.monotonic()
    shown = [frame.at for frame in frames_of(recording_of(path))]
    assert time.monotonic() - begin < 5.0       # nothing is paced
    assert shown == pytest.approx(stamps, abs=0.02)


def test_frame_rate_of_a_file_is_known(tmp_path):
    frames = list(frames_of(recording_of(film(tmp_path / "x.mp4", 1, 60))))
    assert len(frames) == 60
    assert frames[0].fps == pytest.approx(60, rel=0.02)
    assert frames[-1].at == pytest.approx(1 - 1 / 60, abs=0.01)


def test_consecutive_clips_of_an_event_are_one_recording(tmp_path):
    paths = [clip(tmp_path / f"{number}.mp4", event, first, last)
             for number, (event, first, last) in enumerate([
                 (7, 100.0, 101.0), (7, 101.1, 102.1), (8, 102.2, 103.2), (8, 110.0, 111.0)])]
    found = group([*paths, film(tmp_path / "other.mp4", 1)])
    assert [len(each.paths) for each in found] == [2, 1, 1, 1]
    times = [frame.at for frame in frames_of(found[0])]
    assert len(times) == 20
    assert times[10] == pytest.approx(1.1, abs=0.01)
    assert found[0].length == pytest.approx(2.0, abs=0.1)


def test_only_clips_of_motion_have_a_pre_roll_to_learn_from(tmp_path):
    motion = recording_of(clip(tmp_path / "a.mp4", 1, 100.0, 101.0))
    manual = recording_of(clip(tmp_path / "b.mp4", 1, 100.0, 101.0, kind="manual"))
    later = recording_of(clip(tmp_path / "c.mp4", 1, 104.0, 105.0))     # a second part alone
    assert [each.learning_seconds for each in (motion, manual, later)] == [3.0, None, None]
    assert motion.camera == "front"


def test_folders_are_searched_for_complete_videos(tmp_path):
    for name in ("front/b.mp4", "front/a.AVI", "c.part.mp4", "front/a.jpg", "z.mkv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    (tmp_path / "empty").mkdir()
    found, wrong = find_videos([str(tmp_path), *map(str, (tmp_path / "front").iterdir()), "none.mp4"])
    assert [path.name for path in found] == ["a.AVI", "b.mp4", "z.mkv", "none.mp4"]
    assert wrong == []
    assert find_videos([str(tmp_path / "empty")]) == (
        [], [f"{tmp_path}/empty is a folder without videos"])


@pytest.mark.parametrize(("name", "content", "reason"), [
    ("none\n.mp4", None, "there is no file"), ("empty.mp4", b"", "no video file"),
    ("cut.mp4", b"\0\0\0\x18ftypmp42" + bytes(999), "no video file")])
def test_what_is_no_video_is_an_error_in_one_line(tmp_path, name, content, reason):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NoVideo, match=reason) as failed:
        list(frames_of(recording_of(path)))
    assert "\n" not in str(failed.value)
    assert path.name.replace("\n", "\\n") in str(failed.value)


def test_video_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path):
    path = film(tmp_path / "cut.ts", container="mpegts")
    whole = path.read_bytes()
    path.write_bytes(whole[:len(whole) // 2] + b"\xff" * 400)
    assert 10 < len(list(frames_of(recording_of(path)))) < 60


def test_still_picture_is_a_video_of_one_frame(tmp_path):
    path = tmp_path / "still.png"
    cv2.imwrite(str(path), picture(0.0))
    (frame,) = frames_of(recording_of(path))
    assert (frame.at, frame.picture.size) == (0.0, (160, 120))


def test_odd_names_are_shown_in_one_line_and_read(tmp_path):
    path = film(tmp_path / "a\"'<b>\n%d.mp4", 1)
    recording = recording_of(path)
    assert recording.name == f"{tmp_path}/a\"'<b>\\n%d.mp4"
    assert len(list(frames_of(recording))) == 10


def test_names_that_are_not_utf_8_are_errors(tmp_path):
    name = os.fsdecode(b"x\xff.mp4")
    film(tmp_path / name, 1)
    for given in (tmp_path / name, tmp_path):
        paths, (sentence,) = find_videos([str(given)])
        assert paths == []
        assert sentence.startswith(str(tmp_path))
        sentence.encode()


def test_recordings_without_files_have_no_camera(tmp_path):
    assert Recording((tmp_path,), "x", 0.0).camera == ""
