"""Retention: deleting the oldest clips before there is no room."""

import re
import shutil

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from filming import (
    BEGAN,
    write_part,
)
from pyimagesearch.archive.retention import DAY_SECONDS, allowed_bytes, days_kept, plan
from pyimagesearch.errors import SurveillanceError
from pyimagesearch.events.event import Event, KeptFile
from pyimagesearch.events.queries import FileRow
from pyimagesearch.surveillance.arming import Arming
from test_archive import events_of, keep_event, opened
from test_recovery import leave_journal


def row(event_id, end, size, protected=False):
    return FileRow(event_id, protected, KeptFile("", "clip", end, end, size, "complete"))


ROWS = st.lists(st.builds(
    row, st.integers(1, 10**6), st.floats(0, 1e6), st.integers(0, 10**6), st.booleans()),
    max_size=30, unique_by=lambda each: each.event_id)


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
    Arming(kept.store, clock).arm(False)
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


def test_unfinished_clip_is_deleted_when_room_is_needed(archive, monkeypatch):
    folder = leave_journal(opened(archive()))
    monkeypatch.setattr("pyimagesearch.archive.recovery.finish_parts", lambda folder: None)
    kept = opened(archive(keep="300kB", reserve="0B"))
    kept.enforce()
    kept.store.flush(60)
    assert not folder.exists() or not list(folder.iterdir())
    assert [file.state for file in events_of(kept)[0].files] == ["gone"]


def test_log_says_what_was_deleted_and_why(archive, clock, caplog):
    caplog.set_level("INFO", "pyimagesearch.archive.retention")
    kept = opened(archive(keep="600kB", reserve="0B", keep_days=1.0))
    for number in range(5):
        keep_event(kept, number)
    kept.store.flush(60)
    kept.store.delete([1], clock.time())
    clock.now += 11
    kept.enforce()
    clock.now += 2 * DAY_SECONDS
    kept.store.flush(60)
    kept.enforce()
    day = "front/2027-01-15"
    assert [record.getMessage() for record in caplog.records][1:] == [
        f"deleted {day}/00-00-00.jpg, as its event was deleted",
        f"deleted {day}/00-00-00.mp4, as its event was deleted",
        *(f"deleted {day}/00-0{number}-00.{kind} {why}"
          for number, why in ((1, "to make room"), (2, "after 1 days (--keep-days)"),
                              (3, "after 1 days (--keep-days)"), (4, "after 1 days (--keep-days)"))
          for kind in ("jpg", "mp4"))]
