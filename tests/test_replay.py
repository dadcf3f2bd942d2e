"""``webstreaming replay`` as users run it."""

import contextlib
import json
import re

import pytest

from product import run_program
from pyimagesearch.recording.clip_metadata import ClipMetadata
from pyimagesearch.replay.command import OutputFailed, say
from videos import film


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    return str(film(tmp_path_factory.mktemp("videos") / "yard.mp4"))


def replay(*words, status=0, env=None):
    ended = run_program("replay", *words, env=env)
    assert (ended.returncode, "Traceback" in ended.stderr) == (status, False), ended.stderr
    return ended


def test_events_are_printed_one_a_line(yard):
    ended = replay(yard)
    video, note, event, summary = ended.stdout.splitlines()
    assert video == f"{yard}: 0:05.9, 60 frames at 10 fps"
    assert note == ("  note: its first 3.3 of 5.9 seconds only teach the background "
                    "(--frame-count)")
    assert re.fullmatch(r"  0:04\.\d to 0:0[45]\.\d    [01]\.\d s  peak \d\.\d % \([\d.]+ ‰\) at "
                        r"0:04\.\d  has travelled far enough", event)
    assert re.fullmatch(r"1 event, motion in \d\d\.\d % of the frames after learning; 0:05.9 of "
                        r"video in \d+\.\d s, \d+\.\d times real time", summary)
    assert ended.stderr == ""


def test_unreadable_files_do_not_keep_others_from_being_replayed(yard, tmp_path):
    (tmp_path / "empty.mp4").touch()
    ended = replay(str(tmp_path / "empty.mp4"), yard, str(tmp_path / "none.mp4"), status=1)
    assert ended.stdout.count(" has travelled far enough") == 1
    assert [line.rpartition("/")[2] for line in ended.stderr.splitlines()] == [
        "empty.mp4 is no video file that OpenCV can read", "none.mp4"]


def test_json_has_everything_for_machines(yard):
    result = json.loads(replay(yard, "--json", "--compare", "single threshold=90",
                               "--detector", "single").stdout)
    assert result["errors"] == []
    (video,) = result["videos"]
    assert video["files"] == [yard]
    assert [each["label"] for each in video["results"]] == [
        "present settings", "single threshold=90"]
    first, second = video["results"]
    assert second["settings"] == first["settings"] | {"threshold": 90}
    (event,) = first["events"]
    assert event["begin"] == pytest.approx(4.0, abs=0.2)
    assert event["rule"] == "differs from the background"


def test_contenders_are_compared_and_reported(yard, tmp_path):
    report = tmp_path / "report.html"
    shown = replay(yard, "--compare", "single,mog2", "--compare", "knn", "--min-area", "2",
                   "--report", str(report)).stdout
    assert f"<h2>{yard}</h2>" in report.read_text()
    rows = re.findall(r"^  (\w+) +(\d+) +(\d+\.\d) % +(\d+\.\d\d) ms$", shown, re.M)
    assert [row[0] for row in rows] == ["single", "mog2", "knn"]
    assert rows[0][1] == "1"
    assert re.search(r"^  mog2: \d event", shown, re.M)


def test_too_short_video_says_what_it_lacks(yard):
    shown = replay(yard, "--frame-count", "90").stdout
    assert ("note: 60 frames are too few: the first 90 teach the background (--frame-count)"
            in shown)


def test_clip_is_replayed_with_its_cameras_settings(tmp_path):
    path = film(tmp_path / "clip.mp4", 3, moving=((2.0, 3.0),), comment=ClipMetadata(
        event=1, camera="yard", kind="motion", begin=1002.0, first=1000.0).as_comment())
    config = tmp_path / "cameras.toml"
    config.write_text('[cameras.front]\nsource = "0"\n[cameras.yard]\nsource = "1"\nmin_area = 900\n')
    assert "0 events" in replay(str(path), "--config", str(config)).stdout
    assert "1 event" in replay(str(path), "--config", str(config), "--min-area", "1").stdout


@pytest.mark.parametrize(("words", "sentence"), [
    ([], "replay needs a video, or a folder of videos"),
    (["x.jpg"], "replay needs a video, or a folder of videos"),
    (["x.mp4", "--camera", "yard"], "--camera is 'yard', but must be camera"),
    (["x.mp4", "--compare", "x"], "detector in --compare is 'x', but must be"),
    (["x.mp4", "--report", "/none/x.html"], "--report is '/none/x.html', which cannot be written"),
    (["--report", "x.mp4", "y.mp4"], "--report is 'x.mp4', but must end in .html"),
    (["x.mp4", "--suggest", "--compare", "single"], "--suggest compares settings by itself"),
    (["x.mp4", "--suggest"], "--suggest takes clips of motion events, and x.mp4 is none")])
def test_wrong_requests_are_one_sentence(words, sentence):
    ended = replay(*words, status=2)
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"webstreaming: error: {sentence}")


@pytest.mark.parametrize("more", [(), ("--suggest",)])
def test_cameras_are_not_replayed(more):
    ended = replay("rtsp://me:key@1.2.3.4/x", *more, status=1)
    assert ended.stderr == ("webstreaming: error: replay reads video files only, and cannot "
                            "read from rtsp:// URLs\n")


def test_output_that_cannot_be_written_is_one_sentence(monkeypatch):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr("sys.stdout", full)
        with pytest.raises(OutputFailed, match="the output cannot be written: No space left"):
            say("a line")
        monkeypatch.undo()
        with contextlib.suppress(OSError):
            full.close()


def test_progress_is_shown_on_a_terminal_only(terminal, tmp_path):
    path = film(tmp_path / "long.mp4", 12, 25, size=(320, 240))
    status, shown = terminal("replay", str(path))
    assert status == 0
    assert re.search(r"\r\[#* *\] +\d+%  \d+\.\dx  ", shown)
    assert shown.splitlines()[-1].startswith("1 event, motion in ")


def test_settings_are_suggested_for_clips(tmp_path):
    real = film(tmp_path / "real.mp4", moving=((4.0, 6.0),), size=(320, 240),
                comment=ClipMetadata(event=1, camera="yard", kind="motion", begin=1004.0,
                                     end=1006.0, first=1000.0, last=1006.0).as_comment())
    ended = replay(str(real), "--suggest", "--detector", "single", "--min-area", "400",
                   "--data", str(tmp_path))
    assert "present settings: keep 0 of 1 real events, report 0 false alarms" in ended.stdout
    assert "suggested:        keep 1 of 1 real events, report 0 false alarms" in ended.stdout
    assert re.search(r"^  --min-area [\d.]+$", ended.stdout, re.M)
    assert f"kept: {real}" in ended.stdout


def test_marked_events_of_the_archive_are_replayed(sample, tmp_path):
    from test_marks import keep
    keep(sample, 1, starred=True)
    keep(sample, 2, not_event=True)
    sample.close()
    ended = replay("--suggest", "--data", str(tmp_path), "--json")
    suggestion = json.loads(ended.stdout)["suggestion"]
    assert (len(suggestion["videos"]), suggestion["wanted"]) == (2, 1)
    assert suggestion["tried"] > 100


def test_cameras_need_no_source_for_a_suggestion(sample, tmp_path):
    from test_marks import keep
    keep(sample, 1, camera="front", starred=True)
    keep(sample, 2, camera="tree", starred=True)
    keep(sample, 3, camera="tree", not_event=True)
    sample.close()
    config = tmp_path / "config"
    config.mkdir(mode=0o700)
    (config / "settings.toml").write_text(
        "[cameras.tree]\nmin_area = 444\n[cameras.yard]\nmin_frames = 5\n")
    folders = "--data", str(tmp_path), "--config-dir", str(config)
    assert "choose one" in replay("--suggest", *folders, status=2).stderr
    ended = replay("--suggest", "--camera", "tree", "--json", *folders)
    assert ended.stderr == ""
    suggestion = json.loads(ended.stdout)["suggestion"]
    assert len(suggestion["videos"]) == 2
    assert suggestion["present"]["settings"]["min_area"] == 444
    assert replay("--suggest", "--camera", "front", *folders).stderr == ""
    (line,) = replay("--suggest", "--camera", "nosuch", *folders, status=2).stderr.splitlines()
    assert line.endswith("--camera is 'nosuch', but must be one of camera, tree, yard, front")
