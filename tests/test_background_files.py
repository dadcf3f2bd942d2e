"""Learnt backgrounds in the data folder, across restarts of the real program."""

import os
import stat

import numpy as np
import pytest

from harness import eventually
from pyimagesearch.folders import DataFolder
from pyimagesearch.motion_detection import BackgroundFiles
from pyimagesearch.motion_detection.learnt_background import LearntBackground
from test_learnt_background import MASK, learnt


@pytest.fixture
def data(tmp_path):
    return DataFolder(str(tmp_path))


@pytest.fixture
def begin(data, no_fsync):
    """Start the thread, by default in a folder that this server holds."""
    begun = []

    def begin(*cameras, mask=(), opened=True):
        files = BackgroundFiles(data, list(cameras or ["front"]))
        files.set_mask("front", mask)
        begun.append(files)
        files.start()
        if opened:
            files.open()
        return files
    yield begin
    for files in begun:
        end(files)


def end(files):
    files.stop()
    assert files.join(30)


def path_of(data, camera="front"):
    return data.path / "backgrounds" / f"{camera}.background"


def test_what_is_put_is_there_after_a_restart(begin, data):
    files = begin()
    files.put("front", learnt())
    end(files)
    assert stat.S_IMODE(path_of(data).stat().st_mode) == 0o600
    assert stat.S_IMODE(path_of(data).parent.stat().st_mode) == 0o700
    again = begin()
    kept = eventually(lambda: again.kept("front"))
    assert (kept.mean == learnt().mean).all()


def test_file_takes_about_60_kB_at_the_size_of_the_model(data):
    mean, stray, blink = [np.random.default_rng(1).integers(0, most, (150, 200), np.uint8)
                          for most in (256, 20, 8)]      # noise, which hardly compresses
    assert len(LearntBackground((400, 300), mean, stray, blink).to_bytes()) < 70_000


def test_nothing_is_written_before_the_folder_is_held(begin, data):
    files = begin(opened=False)
    files.put("front", learnt())
    end(files)
    assert not path_of(data).exists()


def test_new_mask_removes_the_file_and_what_comes_late(begin, data):
    files = begin()
    files.put("front", learnt())
    eventually(path_of(data).exists)
    files.set_mask("front", MASK)
    files.put("front", learnt())        # by the camera, which has not seen the mask yet
    eventually(lambda: not path_of(data).exists())
    files.put("front", learnt(MASK))
    eventually(path_of(data).exists)


@pytest.mark.parametrize(("before", "now"), [((), MASK), (MASK, ())])
def test_mask_changed_while_off_removes_the_file(begin, data, before, now):
    first = begin(mask=before)
    first.put("front", learnt(before))
    end(first)
    second = begin(mask=now)
    eventually(lambda: not path_of(data).exists())
    assert second.kept("front") is None


def test_forgotten_background_is_removed(begin, data):
    files = begin()
    files.put("front", learnt())
    eventually(path_of(data).exists)
    files.forget("front")
    eventually(lambda: not path_of(data).exists())


def test_file_of_a_camera_that_is_gone_is_removed(begin, data):
    first = begin("front", "back")
    first.put("back", learnt())
    end(first)
    begin("front")
    eventually(lambda: not path_of(data, "back").exists())


def test_corrupt_file_is_one_line_and_a_cold_start(begin, data, caplog):
    path_of(data).parent.mkdir()
    path_of(data).write_bytes(learnt().to_bytes()[:-9])
    files = begin()
    files.put("front", learnt())        # which takes its place
    end(files)
    assert files.kept("front") is None
    (record,) = caplog.records
    assert record.getMessage() == (
        f"front: learning the background again, as {path_of(data)} cannot be used: "
        "it is not as it was written")
    assert path_of(data).read_bytes() == learnt().to_bytes()


def huge(path):
    path.touch()
    os.truncate(path, 2**40)


@pytest.mark.parametrize("make", [huge, os.mkfifo, os.mkdir])
def test_what_is_no_background_file_is_a_cold_start(begin, data, caplog, make):
    path_of(data).parent.mkdir()
    make(path_of(data))
    files = begin("front", "back")
    files.put("back", learnt())
    eventually(path_of(data, "back").exists)
    end(files)
    assert files.kept("front") is None
    assert "front: learning the background again" in caplog.text


def test_folder_among_the_files_is_left_alone(begin, data):
    (data.path / "backgrounds/@eaDir").mkdir(parents=True)      # of a NAS
    files = begin()
    files.put("front", learnt())
    eventually(path_of(data).exists)
    end(files)
    assert (data.path / "backgrounds/@eaDir").exists()


def test_file_that_could_not_be_removed_is_removed_later(begin, data):
    (data.path / "backgrounds").write_bytes(b"no folder")
    files = begin()
    files.put("front", learnt())
    eventually(lambda: files._trouble)
    files.set_mask("front", MASK)
    eventually(lambda: not files._wake.is_set())
    (data.path / "backgrounds").unlink()
    path_of(data).parent.mkdir()
    path_of(data).write_bytes(learnt().to_bytes())      # the disk is back
    end(files)
    assert not path_of(data).exists()


def test_folder_that_cannot_be_written_is_told_once(begin, data, caplog):
    (data.path / "backgrounds").write_bytes(b"no folder")
    files = begin()
    for _ in range(3):
        files.put("front", learnt())
        eventually(lambda: not files._wake.is_set())
    end(files)
    assert len([record for record in caplog.records
                if "cannot be kept in" in record.getMessage()]) == 1


def test_program_goes_on_with_the_background_of_its_last_run(start, tmp_path):
    arguments = ("--source", "demo:320x240@10", "--data", str(tmp_path / "data"),
                 "--config-dir", str(tmp_path / "config"), "--no-record")
    first = start(*arguments, "--frame-count", "5")
    eventually(lambda: first.camera["frames"] > 8)
    eventually(lambda: "clips may take" in "".join(first.log))      # the folder is open
    assert first.stop()[1] == 0
    second = start(*arguments, "--frame-count", "100000")
    second.wait_for("live")
    assert "camera: going on with the background learnt before" in "".join(second.log)
