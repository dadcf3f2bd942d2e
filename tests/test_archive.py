"""The archive: recovery after a crash, and retention."""

import contextlib
import os
import re
import shutil
import sqlite3
import stat
import time

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from conftest import keeping
from filming import (
    BEGAN,
    SMALL,
    film,
    metadata_of,
    record,
    times,
    write_journal,
    write_part,
)
from harness import eventually
from pyimagesearch.archive.archive import Archive
from pyimagesearch.archive.recovery import recover
from pyimagesearch.archive.retention import DAY_SECONDS, allowed_bytes, days_kept, plan
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import EventsError, SurveillanceError
from pyimagesearch.events.event import Event, KeptFile
from pyimagesearch.events.queries import FileRow
from pyimagesearch.folders import DataFolder
from pyimagesearch.recording import clip as mp4
from pyimagesearch.recording.clip import read_clip
from pyimagesearch.recording.clip_metadata import ClipMetadata
from pyimagesearch.settings.settings import Settings


def row(event_id, end, size, protected=False):
    return FileRow(event_id, protected, KeptFile("", "clip", end, end, size, "complete"))


ROWS = st.lists(st.builds(
    row, st.integers(1, 10**6), st.floats(0, 1e6), st.integers(0, 10**6), st.booleans()),
    max_size=30, unique_by=lambda each: each.event_id)


@pytest.fixture
def archive(tmp_path, clock):
    """Return a function that starts the archive, as after a restart."""
    folder, made = DataFolder(str(tmp_path)), []

    def make(**options):
        if made:
            end(made[-1])
        made.append(Archive(folder, Settings(**options), clock))
        return made[-1]

    def end(archive):
        archive.store.stop()
        assert archive.store.join(60)
        folder.release()
    yield make
    end(made[-1])


def opened(archive):
    archive.open()
    assert archive.store.flush(60)
    return archive


def events_of(archive):
    with archive.store.reading() as reader:
        return reader.page(limit=100)[0]


def keep_event(archive, number, size=100_000, **more):
    """Have an event with a clip and a thumbnail of *size* bytes, *number* the newer."""
    path = archive.clips / "front" / "2027-01-15" / f"00-{number:02}-00.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    path.with_suffix(".jpg").write_bytes(b"y" * 1000)
    begin = BEGAN + 60 * number
    archive.store.begin(Event(
        id=number + 1, camera="front", kind="motion", begin=begin, end=begin + 30, files=tuple(
            KeptFile(f"front/2027-01-15/{name.name}", media, begin, begin + 30, bytes_, "complete")
            for name, media, bytes_ in ((path, "clip", size),
                                        (path.with_suffix(".jpg"), "thumbnail", 1000))), **more))
    return path


@given(ROWS, st.integers(-10**6, 10**7), st.floats(0, 1e6))
@hypothesis_settings(max_examples=100)
def test_plan_takes_the_oldest_first_and_no_more_than_needed(rows, excess, oldest):
    planned = plan(rows, excess=excess, oldest=oldest)
    left = [each for each in rows
            if each not in planned and each.file.bytes and not each.is_protected]

    def size(some):
        return sum(each.file.bytes for each in some)
    if size(left + planned) < excess:       # it would not help
        assert all(each.file.end < oldest for each in planned)
        return
    assert not any(each.is_protected for each in planned)
    assert all(each.file.end >= oldest for each in left)
    if left:
        assert size(planned) >= excess
        assert (max((each.file.end for each in planned), default=0)
                <= min(each.file.end for each in left))
    if planned and planned[-1].file.end >= oldest:
        assert size(planned[:-1]) < excess


def test_room_leaves_the_reserve():
    assert allowed_bytes(keep=10, reserve=5, used=4, free=100) == 10
    assert allowed_bytes(keep=100, reserve=5, used=4, free=20) == 19
    assert allowed_bytes(keep=100, reserve=50, used=4, free=20) == 0


def test_days_follow_from_the_present_rate():
    rows = [row(day, day * DAY_SECONDS, 100) for day in range(30)]
    assert days_kept(rows, 1500, 30 * DAY_SECONDS) == pytest.approx(15.0)
    assert days_kept(rows[-1:], 1500, 29 * DAY_SECONDS + 60) is None


def test_oldest_clips_go_before_the_cap_is_passed(archive):
    kept = opened(archive(keep="600kB", reserve="0B"))
    paths = [keep_event(kept, number) for number in range(5)]
    kept.store.flush(60)
    kept.enforce()
    kept.store.flush(60)
    assert [path.exists() for path in paths] == [False, False, True, True, True]
    events = events_of(kept)
    assert len(events) == 5         # they stay in the list, marked
    assert {file.state for file in events[-1].files} == {"gone"}
    assert kept.status().used <= 600_000
    assert kept.status().cap == 600_000


def test_starred_events_stay_though_there_is_no_room(archive):
    kept = opened(archive(keep="600kB", reserve="0B"))
    paths = [keep_event(kept, number, starred=number < 4) for number in range(5)]
    kept.store.flush(60)
    with pytest.raises(SurveillanceError, match=re.escape(
            "there is no room: 600 kB are allowed (--keep), and what is kept (505 kB) is starred "
            "or new")):
        kept.enforce()
    assert [path.exists() for path in paths] == [True] * 5      # the last would not help


def test_lack_of_room_names_what_is_set(archive, monkeypatch):
    kept = opened(archive(keep="600kB", reserve="1GB"))
    usage = shutil.disk_usage(kept.clips)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=950_000_000))
    with pytest.raises(SurveillanceError, match=re.escape(
            "there is no room: 950 MB are free on the disk, of which 1 GB stay so (--reserve), and "
            "what is kept (0 bytes) is starred or new")):
        kept.enforce()


def test_oldest_clip_goes_first_also_of_a_running_event(archive):
    # a recording that was forgotten pushed out all others, and then stopped
    kept = opened(archive(keep="700kB", reserve="0B"))
    day = kept.clips / "front" / "2027-01-15"
    lasting = kept.store.new_id()
    kept.store.begin(Event(id=lasting, camera="front", kind="manual", begin=BEGAN, end=None))
    for number in range(3):
        keep_event(kept, number, size=1000)
        path = day / f"08-0{number}-00.mp4"
        path.write_bytes(b"x" * 150_000)
        begin = BEGAN + 10 * number
        kept.store.keep(lasting, KeptFile(f"front/2027-01-15/{path.name}", "clip", begin,
                                          begin + 10, 150_000, "complete"))
    write_part(day, 20)
    kept.store.keep(lasting, KeptFile("front/2027-01-15/08-03-00.mp4", "clip", BEGAN + 40,
                                      BEGAN + 40, 0, "open"))
    (day / "08-00-00.part.mp4").rename(day / "08-03-00.part.mp4")
    kept.store.flush(60)
    kept.enforce()
    kept.store.flush(60)
    assert [(day / f"08-0{number}-00.mp4").exists() for number in range(3)] == [False, True, True]
    assert (day / "08-03-00.part.mp4").exists()
    states = [file.state for event in events_of(kept) if event.id == lasting
              for file in event.clips]
    assert states == ["gone", "complete", "complete", "open"]
    assert all((day / f"00-0{number}-00.mp4").exists() for number in range(3))


def test_impossible_reserve_deletes_nothing(archive):
    kept = opened(archive(reserve="100TB"))
    path = keep_event(kept, 0)
    kept.store.flush(60)
    with pytest.raises(SurveillanceError, match="100 TB stay so"):
        kept.enforce()
    assert path.exists()


def test_deleted_thumbnail_leaves_its_running_clip(archive):
    kept = opened(archive(keep="300kB", reserve="0B"))
    day = kept.clips / "front" / "2027-01-15"
    part, still = write_part(day, 20), day / "08-00-00.jpg"
    still.write_bytes(b"x" * 290_000)
    event = kept.store.new_id()
    kept.store.begin(Event(id=event, camera="front", kind="motion", begin=BEGAN, end=None, files=(
        KeptFile("front/2027-01-15/08-00-00.mp4", "clip", BEGAN, BEGAN, 0, "open"),
        KeptFile("front/2027-01-15/08-00-00.jpg", "thumbnail", BEGAN, BEGAN, 290_000, "complete"))))
    kept.store.flush(60)
    kept.enforce()
    assert (part.exists(), still.exists()) == (True, False)


def test_moved_file_is_missing_not_deleted_for_room(archive, tmp_path):
    kept = opened(archive(keep="600kB", reserve="0B"))
    kept.enforce()      # it looks for missing files now, and then every ten minutes
    paths = [keep_event(kept, number) for number in range(5)]
    paths[0].rename(tmp_path / "saved.mp4")
    kept.store.flush(60)
    kept.enforce()
    kept.store.flush(60)
    states = {file.media: file.state for file in events_of(kept)[-1].files}
    assert states == {"clip": "missing", "thumbnail": "gone"}


def test_days_to_keep_are_kept(archive, clock):
    kept = opened(archive(keep_days=1.0))
    old, new = keep_event(kept, 0), keep_event(kept, 50)
    kept.store.flush(60)
    clock.now += DAY_SECONDS + 100
    kept.enforce()
    assert not old.exists()
    assert new.exists()


def test_list_forgets_events_without_files_after_400_days(archive, clock):
    kept = opened(archive())
    kept.arm(False)
    starred = keep_event(kept, 7, starred=True)
    kept.store.flush(60)
    clock.now += 399 * DAY_SECONDS
    kept.enforce()
    assert {event.kind for event in events_of(kept)} == {"disarmed", "motion"}
    clock.now += 2 * DAY_SECONDS
    kept.enforce()
    kept.store.flush(60)
    assert [event.kind for event in events_of(kept)] == ["motion"]
    assert starred.exists()


def test_deleted_files_go_once_undo_is_over(archive, clock):
    kept = opened(archive())
    path = keep_event(kept, 0)
    kept.store.delete([1], clock.time())
    kept.enforce()
    assert path.exists()
    clock.now += 11
    kept.enforce()
    assert not path.exists()
    assert not path.parent.exists()
    assert events_of(kept) == []


def test_moved_file_is_noticed_and_adopted_when_back(archive, clock, tmp_path):
    kept = opened(archive())
    path = keep_event(kept, 0)
    kept.store.flush(60)
    shutil.move(path, tmp_path / "elsewhere")
    clock.now += 601
    kept.enforce()
    kept.store.flush(60)
    assert {file.media: file.state for file in events_of(kept)[0].files} == {
        "clip": "missing", "thumbnail": "complete"}
    shutil.move(tmp_path / "elsewhere", path)
    clock.now += 601
    kept.enforce()
    kept.store.flush(60)
    assert {file.state for file in events_of(kept)[0].files} == {"complete"}


def one_event(tmp_path, clock, archive):
    """Record an event with the real recorder into the archive's folder."""
    (wanted,) = Settings(source=("front=demo",)).cameras()
    kept = keeping(wanted, clock, tmp_path, store=archive.store)
    archive.store.begin(Event(id=7, camera="front", kind="motion", begin=clock.time() + 8, end=None))
    record(kept, clock, 2)
    return kept


def test_event_cut_off_by_a_crash_is_ended_with_its_clip(archive, clock, tmp_path):
    kept = opened(archive())
    (wanted,) = Settings(source=("front=demo",)).cameras()
    recorder = keeping(wanted, clock, tmp_path)
    event = Event(id=kept.store.new_id(), camera="front", kind="motion",
                  begin=clock.time() + 6, end=None)
    kept.store.begin(event)
    kept.store.keep(event.id, KeptFile(f"front/{'x'}.mp4", "clip", 0, 0, 0, "open"))
    film(recorder, clock, 6)
    recorder.recorder.begin(metadata_of(event.begin).extended(event=event.id), clock.monotonic() - 5)
    film(recorder, clock, 4)        # and no more: the process is gone
    assert len(recorder.files("*.part.mp4")) == 1
    kept = opened(archive())
    (found,) = events_of(kept)
    assert found.id == event.id
    assert found.end == pytest.approx(event.begin + 4, abs=0.6)
    assert {file.state for file in found.files} == {"complete", "broken"}
    assert recorder.files("*.part.mp4") == []


def test_empty_part_is_removed_and_garbage_is_left(archive, clock):
    kept = opened(archive())
    day = kept.clips / "front" / "2027-01-15"
    day.mkdir(parents=True)
    (day / "00-00-00.part.mp4").write_bytes(b"ftyp")
    (day / "00-00-01.part.mp4").write_bytes(os.urandom(5000))
    (day / "00-00-02.draft.mp4").write_bytes(b"half a copy")
    opened(archive())
    assert [path.name for path in day.iterdir()] == ["00-00-01.part.mp4"]


def test_corrupt_list_is_rebuilt_from_the_clips(archive, clock, tmp_path):
    kept = opened(archive())
    one_event(tmp_path, clock, kept)
    kept.store.flush(60)
    kept.star([7], True)
    before = events_of(kept)
    kept.store.stop()
    assert kept.store.join(60)
    (tmp_path / "events.db").write_bytes(b"SQLite format 3\0" + os.urandom(8000))
    kept = opened(archive())
    (after,) = events_of(kept)
    assert after.id == before[0].id == 7
    assert (after.camera, after.kind) == ("front", "motion")
    assert after.begin == pytest.approx(before[0].begin, abs=0.001)
    assert after.peak_area == 12.5
    assert after.starred
    assert [file.state for file in after.files] == ["complete"]
    assert len(list(tmp_path.glob("events.corrupt-*.db"))) == 1     # nothing was deleted


def test_foreign_clip_is_adopted(archive, clock, tmp_path):
    kept = opened(archive())
    one_event(tmp_path, clock, kept)
    kept.store.flush(60)
    (clip,) = kept.clips.rglob("*.mp4")
    other = kept.clips / "yard" / "2020-02-02" / "12-00-00.mp4"
    other.parent.mkdir(parents=True)
    subclip = clip.read_bytes().replace(b"webstreaming clip", b"somebody's  clip!")
    other.write_bytes(subclip)
    other.with_suffix(".jpg").write_bytes(SMALL[0])
    kept = opened(archive())
    adopted = next(event for event in events_of(kept) if event.camera == "yard")
    assert adopted.note == "found on the disk"
    assert {file.media for file in adopted.files} == {"clip", "thumbnail"}


def test_star_makes_files_read_only_until_it_is_removed(archive):
    kept = opened(archive())
    path = keep_event(kept, 0)
    kept.store.flush(60)
    assert kept.star([1], True) == 1
    assert not path.stat().st_mode & stat.S_IWUSR
    kept.star([1], False)
    assert path.stat().st_mode & stat.S_IWUSR


def test_cap_stays_half_of_the_space_at_the_first_start(archive):
    kept = opened(archive())
    kept.enforce()
    first = kept.status().cap
    assert 0 < first <= shutil.disk_usage(kept.clips).total
    kept.store.remember("keep", str(first - 12345))
    kept.store.flush(60)
    kept = opened(archive())
    kept.enforce()
    assert kept.status().cap == first - 12345


def test_disarming_outlasts_a_restart_and_is_an_event(archive):
    kept, told_ = opened(archive()), []
    kept.on_arm(told_.append)
    kept.arm(False)
    kept.arm(False)
    kept.store.flush(60)
    kept = opened(archive())
    kept.on_arm(told_.append)
    assert told_ == [True, False, False]
    assert not kept.status().armed
    assert [event.kind for event in events_of(kept)] == ["disarmed"]


@pytest.mark.parametrize("armed", [False, True])
def test_what_is_said_before_the_folder_is_there_counts_more_than_what_it_says(archive, armed):
    kept = opened(archive())
    kept.arm(armed)         # the folder says the opposite of what is wished later
    kept.store.remember("armed", "yes" if not armed else "no")
    kept.store.flush(60)
    kept = archive()
    kept.arm(armed)
    opened(kept)
    assert kept.status().armed == armed
    assert opened(archive()).status().armed == armed


def test_folder_that_cannot_be_opened_is_tried_again(tmp_path):
    (tmp_path / "stick").write_text("not mounted")
    folder = DataFolder(str(tmp_path / "stick" / "data"))
    archive = Archive(folder, Settings(), SystemClock())
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
        pulling.setattr("pyimagesearch.archive.recovery.finish_parts", lambda folder: (
            tmp_path.rename(pulled), tmp_path.write_text("nothing is mounted here"),
            kept.store.remember("a", "b")))
        begin = time.monotonic()
        with pytest.raises((EventsError, OSError)):
            kept.open()
    assert time.monotonic() - begin < 30
    tmp_path.unlink()
    pulled.rename(tmp_path)
    eventually(lambda: kept.store.flush(1))
    opened(kept)
    assert kept.ready.is_set()


def test_story_of_a_camera_with_any_name_is_read_back():
    told_ = ClipMetadata(event=1, camera='a "quoted" \u263a', kind="motion", begin=1.5, peak_box=(0, 1, 2, 3))
    from pyimagesearch.recording.clip_metadata import read_metadata
    assert read_metadata(told_.as_comment()) == told_


# --- what waited to be encoded

@pytest.mark.parametrize("in_part", [None, 0, 5, 49, 50, 60])
def test_crash_loses_nothing_of_the_journal(archive, in_part):
    kept = opened(archive())
    folder = kept.clips / "front" / "2027-01-15"
    write_journal(folder, 50)
    if in_part is not None:
        write_part(folder, in_part)
    recover(kept.clips, kept.store)
    (clip,) = folder.iterdir()
    assert clip.name == "08-00-00.mp4"
    assert len(times(clip)) == max(50, in_part or 0)
    metadata, _ = read_clip(clip)
    assert (metadata.event, metadata.first) == (7, BEGAN)
    (event,) = events_of(kept)
    assert event.files[0].state == "complete"


def test_full_disk_leaves_all_for_the_next_start(archive, monkeypatch, caplog):
    kept = opened(archive())
    folder = kept.clips / "front" / "2027-01-15"
    write_journal(folder, 50)
    with monkeypatch.context() as full:
        full.setattr(mp4.SyncedFile, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
        recover(kept.clips, kept.store)
    assert "08-00-00.part.jpegs is left for the next start: full" in caplog.text
    recover(kept.clips, kept.store)
    (clip,) = folder.iterdir()
    assert len(times(clip)) == 50


def waiting(kept, **more):
    """Leave an event of an earlier run whose clip cannot be finished yet; return its folder."""
    folder = kept.clips / "front" / "2027-01-15"
    write_journal(folder, 50)
    write_part(folder, 20)
    kept.store.begin(Event(
        id=7, camera="front", kind="motion", begin=BEGAN + 1, end=None, files=(KeptFile(
            "front/2027-01-15/08-00-00.mp4", "clip", BEGAN, BEGAN, 0, "open"),), **more))
    kept.store.flush(60)
    return folder


def test_event_with_an_unfinished_clip_ends_with_it_later(archive, monkeypatch):
    # the page said that somebody had moved its file; and its end stayed at its begin
    folder = waiting(opened(archive()))
    with monkeypatch.context() as without:
        without.setattr("pyimagesearch.archive.recovery.finish_parts", lambda folder: None)
        kept = opened(archive())
    (event,) = events_of(kept)
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert (event.end, event.files[0].state, event.files[0].bytes) == (
        BEGAN + 1, "unfinished", size)
    kept.enforce()
    assert kept.status().used == size
    kept = opened(archive())
    (event,) = events_of(kept)
    assert event.files[0].state == "complete"
    assert event.end == pytest.approx(BEGAN + 4.9, abs=0.2)
    assert len(times(folder / "08-00-00.mp4")) == 50


def test_event_that_ended_before_its_clip_keeps_its_end(archive):
    kept = opened(archive())
    waiting(kept)
    kept.store.keep(7, KeptFile("front/2027-01-15/08-00-00.mp4", "clip", BEGAN, BEGAN + 4.9, 0,
                                "unfinished"))
    kept.store.end(7, BEGAN + 3, 5.0, None)
    kept.store.flush(60)
    (event,) = events_of(opened(archive()))
    assert (event.end, event.files[0].state) == (BEGAN + 3, "complete")


def test_unfinished_clip_is_deleted_when_room_is_needed(archive, monkeypatch):
    folder = waiting(opened(archive()))
    monkeypatch.setattr("pyimagesearch.archive.recovery.finish_parts", lambda folder: None)
    kept = opened(archive(keep="300kB", reserve="0B"))
    kept.enforce()
    kept.store.flush(60)
    assert not folder.exists() or not list(folder.iterdir())
    assert [file.state for file in events_of(kept)[0].files] == ["gone"]


def test_clip_that_is_being_recorded_stays_open(archive):
    kept = opened(archive())
    event = Event(id=kept.store.new_id(), camera="front", kind="motion", begin=BEGAN, end=None,
                  files=(KeptFile("front/2027-01-15/08-00-00.mp4", "clip", BEGAN, BEGAN, 0,
                                  "open"),))
    write_part(kept.clips / "front" / "2027-01-15", 20)
    kept.store.begin(event)
    kept.store.flush(60)
    kept.enforce()
    kept.store.flush(60)
    assert events_of(kept)[0].files[0].state == "open"


def test_deleted_event_stays_deleted_though_its_clip_waits(archive, clock, monkeypatch):
    # its half-written clip was left, finished later, and the event was back
    kept = opened(archive())
    folder = kept.clips / "front" / "2027-01-15"
    write_journal(folder, 50)
    write_part(folder, 20)
    kept.store.begin(Event(
        id=7, camera="front", kind="motion", begin=BEGAN, end=BEGAN + 5, files=(
            KeptFile("front/2027-01-15/08-00-00.mp4", "clip", BEGAN, BEGAN + 5, 0, "broken"),)))
    kept.store.flush(60)
    kept.store.delete([7], clock.time())
    clock.now += 60
    kept.enforce()
    assert not folder.exists()
    recover(kept.clips, kept.store)
    assert events_of(kept) == []
