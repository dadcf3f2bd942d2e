"""The archive: its folder, and stars."""

import contextlib
import os
import sqlite3
import stat
import tempfile
import threading
import time
from pathlib import Path

import pytest

from filming import (
    BEGAN,
)
from harness import HastyClock, eventually
from product import run_program
from pyimagesearch.archive.archive import Archive
from pyimagesearch.errors import EventsError
from pyimagesearch.events.event import Event, KeptFile
from pyimagesearch.events.writer import WriterLimits
from pyimagesearch.folders import DataFolder
from pyimagesearch.settings.settings import Settings


def opened(archive):
    archive.open()
    assert archive.store.flush(60)
    return archive


def events_of(archive):
    with archive.store.reading() as reader:
        return reader.page(limit=100)[0]


def keep_event(archive, number, size=100_000, *, id=None, **more):
    """Have an event with a clip of *size* bytes and a thumbnail, *number* the newer."""
    path = archive.clips / "front" / "2027-01-15" / f"00-{number:02}-00.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    path.with_suffix(".jpg").write_bytes(b"y" * 1000)
    begin = BEGAN + 60 * number
    archive.store.begin(Event(
        id=id or number + 1, camera="front", kind="motion", begin=begin, end=begin + 30, files=tuple(
            KeptFile(f"front/2027-01-15/{name.name}", media, begin, begin + 30, bytes_, "complete")
            for name, media, bytes_ in ((path, "clip", size),
                                        (path.with_suffix(".jpg"), "thumbnail", 1000))), **more))
    return path


def test_star_makes_files_read_only_until_it_is_removed(archive):
    kept = opened(archive())
    path = keep_event(kept, 0)
    kept.store.flush(60)
    assert kept.star([1], True) == 1
    assert not path.stat().st_mode & stat.S_IWUSR
    kept.star([1], False)
    assert path.stat().st_mode & stat.S_IWUSR


def test_list_can_be_read_before_anything_is_recorded(archive):
    kept, ready = archive(), []
    kept.on_open.append(lambda: ready.append((events_of(kept), kept.ready.is_set())))
    opened(kept)
    assert ready == [([], False)]


def test_list_that_cannot_be_opened_is_named_as_the_reason(archive, monkeypatch):
    kept = archive()
    with pytest.raises(EventsError, match="still being checked after the start"):
        kept.confirm()
    with monkeypatch.context() as pulling:
        pulling.setattr(kept.store, "open", lambda: kept.stopping.set() or Path("/x/y").touch())
        kept.run()
    assert kept.ready.is_set()
    with pytest.raises(EventsError, match="No such file or directory"):
        kept.confirm()


def test_events_from_before_opening_follow_those_of_earlier_runs(archive, clock):
    kept = opened(archive())
    before = kept.store.add("lost", clock.time(), clock.time(), "front")
    assert kept.store.flush(60)
    clock.ahead = 60 - clock.now
    kept = archive()
    kept.claim()
    early = kept.store.add("lost", clock.time(), clock.time(), "front")
    opened(kept)
    assert [event.id for event in events_of(kept)] == [early.id, before.id]


def test_slow_list_of_events_stops_no_recording(archive, monkeypatch, caplog):
    kept, released = opened(archive()), threading.Event()
    monkeypatch.setattr(kept.store, "_limits", WriterLimits(answer_seconds=0.1))
    kept.store.enqueue(lambda connection: released.wait(60))
    kept.start()
    eventually(lambda: "did not respond within 0.1 seconds" in caplog.text)
    kept.stop()
    released.set()
    assert kept.join(60)
    assert kept.obstacle() == ""


def test_folder_that_cannot_be_opened_is_tried_again(tmp_path):
    (tmp_path / "stick").write_text("not mounted")
    folder = DataFolder(str(tmp_path / "stick" / "data"))
    archive = Archive(folder, Settings(), HastyClock())
    archive.claim()
    assert archive.status().trouble == "Not a directory"
    archive.start()
    (tmp_path / "stick").unlink()
    eventually(archive.ready.is_set)
    eventually(lambda: archive.status().trouble == "")
    archive.stop()
    assert archive.join(60)
    archive.store.stop()
    assert archive.store.join(60)
    folder.release()
    with contextlib.closing(sqlite3.connect(tmp_path / "stick/data/events.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.deadline
def test_folder_pulled_while_opening_is_opened_later(
        archive, clock, tmp_path, monkeypatch):
    # each step of it waited a minute for a disk that was gone
    kept = archive()
    pulled = tmp_path.with_name("pulled")
    with monkeypatch.context() as pulling:
        pulling.setattr("pyimagesearch.archive.recovery.places", lambda *_: (
            tmp_path.rename(pulled), tmp_path.write_text("nothing is mounted here"),
            kept.store.remember("a", "b"), [])[-1])
        begin = time.monotonic()
        with pytest.raises((EventsError, OSError)):
            kept.open()
    assert time.monotonic() - begin < 30
    tmp_path.unlink()
    pulled.rename(tmp_path)
    eventually(lambda: kept.store.flush(1))
    opened(kept)
    kept.enforce()


# --- other users of the machine

def open_to_all(folder):
    """Return the paths below *folder* that other users have a right to."""
    return [str(path.relative_to(folder)) for path in folder.rglob("*")
            if path.stat().st_mode & 0o077]


def test_what_is_recorded_is_the_owners_alone(start, tmp_path):
    data = tmp_path / "stick"
    data.mkdir()
    data.chmod(0o755)
    product = start("--source", "demo:320x240@10", "--no-record", "--data", str(data))
    product.wait_for("learning")
    product.send("POST", "/record_status", status=True)
    product.send("POST", "/snapshot")
    eventually(lambda: list(data.rglob("*.part.mp4")) and list(data.rglob("*.jpg")))
    assert open_to_all(data) == []
    assert product.stop()[1] == 0
    assert list(data.rglob("*[0-9].mp4"))
    assert open_to_all(data) == []


def test_files_of_older_versions_are_closed(archive, tmp_path):
    kept = opened(archive())
    keep_event(kept, 0)
    keep_event(kept, 1, starred=True).chmod(0o444)
    for path in [*tmp_path.rglob("*"), tmp_path]:
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
    opened(archive())
    assert open_to_all(tmp_path) == []
    assert tmp_path.stat().st_mode & 0o777 == 0o755      # which may be /srv
    assert {oct(path.stat().st_mode)[-3:] for path in kept.clips.rglob("*.mp4")} == {"600", "400"}


def test_file_system_without_permissions_is_reported_once(clock, monkeypatch, caplog):
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        Path(name, "clips").mkdir(0o755)
        # only root could mount one; where chmod has no effect, all is as there
        monkeypatch.setattr("os.chmod", lambda *words, **more: None)
        folder = DataFolder(name)
        kept = opened(Archive(folder, Settings(), clock))
        (sentence,) = [each.getMessage() for each in caplog.records]
        assert sentence.startswith(f"other users of this machine can read the clips in {kept.clips}")
        kept.store.stop()
        assert kept.store.join(60)
        folder.release()


def test_open_clips_in_a_closed_folder_are_no_matter(archive, monkeypatch, caplog):
    monkeypatch.setattr("os.chmod", lambda *words, **more: None)
    opened(archive())
    assert caplog.records == []


# --- links

@pytest.mark.parametrize("target", ["missing", "there"])
def test_camera_folder_that_is_a_link_is_refused_at_the_start(tmp_path, target):
    # clips there were lost to the list, and the space of the other disk was not watched
    for name in ("there", "clips"):
        (tmp_path / name).mkdir()
    link = tmp_path / "clips" / "front"
    link.symlink_to(tmp_path / target)
    ended = run_program("--source", "front=demo", "--port", "0", "--data", str(tmp_path))
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (
        1, f"webstreaming: error: '{link}' is a link, but must be a folder; move its clips back, "
        "or all clips to the other disk, and give that with --data")


def test_folders_that_are_links_are_followed(archive, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "clips").symlink_to(tmp_path / "disk")
    kept = opened(archive())
    keep_event(kept, 0)
    assert kept.store.flush(60)
    kept = opened(archive())
    kept.enforce()
    assert [file.state for file in events_of(kept)[0].files] == ["complete"] * 2
    assert (tmp_path / "disk").stat().st_mode & 0o077 == 0


def test_link_to_a_disk_that_is_missing_is_named(tmp_path, clock):
    (tmp_path / "data").symlink_to(tmp_path / "disk")
    archive = Archive(DataFolder(str(tmp_path / "data")), Settings(), clock)
    archive.claim()
    assert archive.obstacle() == f"{tmp_path}/data is a link to {tmp_path}/disk, which is missing"
