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
from pyimagesearch.archive.deletion_order import plan, too_old, unnamed_first
from pyimagesearch.archive.retention import DAY_SECONDS, allowed_bytes, days_kept
from pyimagesearch.errors import SurveillanceError
from pyimagesearch.events.event import Event, KeptFile
from pyimagesearch.events.queries import FileRow
from pyimagesearch.surveillance.arming import Arming
from recording_channel import sighting
from test_archive import events_of, keep_event, opened
from test_recovery import leave_journal


def row(sequence, end, size, protected=False):
    return FileRow(1, protected, KeptFile(
        f"{sequence}.mp4", "clip", end, end, size, "complete", sequence))


ROWS = st.lists(st.builds(
    row, st.integers(1, 10**6), st.floats(0, 1e6), st.integers(0, 10**6), st.booleans()),
    max_size=30, unique_by=lambda each: each.sequence).map(
        lambda rows: sorted(rows, key=lambda each: each.sequence))


@given(ROWS, st.integers(-10**6, 10**7), st.floats(0, 1e6))
@hypothesis_settings(max_examples=100)
def test_plan_takes_the_first_recorded_and_no_more_than_needed(rows, excess, before):
    expired = {each.file.path for each in rows if each.file.end < before}
    planned = plan(rows, excess=excess, expired=expired)
    left = [each for each in rows
            if each not in planned and each.file.bytes and not each.is_protected]

    def size(some):
        return sum(each.file.bytes for each in some)
    assert not any(each.is_protected for each in planned)
    assert not any(each.file.path in expired for each in left)
    for_room = [each for each in planned if each.file.path not in expired]
    if size(left + planned) < excess:       # it would not help
        assert not for_room
        return
    if left:
        assert size(planned) >= excess
        assert all(each.sequence < left[0].sequence for each in for_room)
    if for_room:
        assert size(planned) - for_room[-1].file.bytes < excess


def test_room_leaves_the_reserve():
    assert allowed_bytes(keep=10, reserve=5, used=4, free=100) == 10
    assert allowed_bytes(keep=100, reserve=5, used=4, free=20) == 19
    assert allowed_bytes(keep=100, reserve=50, used=4, free=20) == 0


def test_a_little_more_room_is_made_than_must_be(archive):
    kept = opened(archive(keep="559kB", reserve="0B"))
    for number in range(4):     # the first one would be exactly enough
        keep_event(kept, number)
    kept.store.flush(60)
    kept.enforce()
    assert kept.status().used < 303_000


def test_days_follow_from_the_present_rate():
    assert days_kept(7 * DAY_SECONDS, 700, 1500) == pytest.approx(15.0)
    assert days_kept(60, 100, 1500) is None


def test_rate_is_that_of_the_last_days(archive, clock):
    kept = opened(archive())
    begin = clock.now
    for number in range(3):
        keep_event(kept, 60 * 24 * 6 * number)      # each six days after the one before
    clock.now = begin + 12 * DAY_SECONDS + 600
    assert kept.store.flush(60)
    kept.enforce()
    assert kept.status().days == pytest.approx(
        kept.status().cap / 202_000 * (6 * DAY_SECONDS + 570) / DAY_SECONDS, rel=0.01)


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


def test_unnamed_motion_goes_first_once_it_is_a_day_old(archive, clock):
    kept = opened(archive(keep="900kB", reserve="0B", unnamed_first=True))
    clips = [record_clip(kept, clock, name) for name in "abcd"]
    kept.store.sight(min(event.id for event in events_of(kept)), sighting("person"))
    run_for(kept, clock, DAY_SECONDS + 3600)
    clips += [record_clip(kept, clock, "new")]
    kept.enforce()
    assert existing(clips) == ["a", "c", "d", "new"]


def test_unnamed_first_keeps_the_order_otherwise():
    rows = [row(number, 0.0, 1)._replace(event_id=number) for number in range(6)]
    ordered = unnamed_first(rows, {1, 2, 4, 5}, [True, True, True, True, True, False])
    assert [each.event_id for each in ordered] == [1, 2, 4, 0, 3, 5]


def test_starred_events_stay_though_there_is_no_room(archive):
    kept = opened(archive(keep="600kB", reserve="0B"))
    paths = [keep_event(kept, number, starred=number < 4) for number in range(5)]
    kept.store.flush(60)
    with pytest.raises(SurveillanceError, match=re.escape(
            "there is no room: --keep allows 600 kB; what is recorded (505 kB) is starred or new; "
            "give more with --keep, or remove stars")):
        kept.enforce()
    assert [path.exists() for path in paths] == [True] * 5      # the last would not help


def test_lack_of_room_names_what_is_set(archive, monkeypatch):
    kept = opened(archive(keep="600kB", reserve="1GB"))
    usage = shutil.disk_usage(kept.clips)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=950_000_000))
    with pytest.raises(SurveillanceError, match=re.escape(
            "there is no room: the disk has 950 MB left, and --reserve keeps 1 GB free; free some "
            "space, or give a smaller --reserve or another disk with --data")):
        kept.enforce()


def test_oldest_clip_goes_first_also_of_a_running_event(archive):
    # a recording that was forgotten pushed out all others, and then stopped
    kept = opened(archive(keep="700kB", reserve="0B"))
    day = kept.clips / "front" / "2027-01-15"
    lasting = kept.store.new_id()
    kept.store.begin(Event(id=lasting, camera="front", kind="manual", begin=BEGAN, end=None))
    day.mkdir(parents=True)
    for number in range(3):
        path = day / f"08-0{number}-00.mp4"
        path.write_bytes(b"x" * 150_000)
        begin = BEGAN + 10 * number
        kept.store.keep(lasting, KeptFile(
            f"front/2027-01-15/{path.name}", "clip", begin, begin + 10, 150_000, "complete",
            kept.store.new_id()))
        keep_event(kept, number, size=1000, id=kept.store.new_id())
    write_part(day, 20)
    kept.store.keep(lasting, KeptFile("front/2027-01-15/08-03-00.mp4", "clip", BEGAN + 40,
                                      BEGAN + 40, 0, "open", kept.store.new_id()))
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
    with pytest.raises(SurveillanceError, match="keeps 100 TB free"):
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


def record_clip(kept, clock, name, size=150_000):
    """Have a clip that was recorded just now, as the recorder keeps it."""
    path = kept.clips / "front" / "day" / f"{name}.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    now, id = clock.time(), kept.store.new_id()
    kept.store.begin(Event(id=id, camera="front", kind="motion", begin=now, end=now, files=(
        KeptFile(f"front/day/{name}.mp4", "clip", now, now, size, "complete",
                 kept.store.new_id()),)))
    assert kept.store.flush(60)
    return path


def run_for(kept, clock, seconds, step=3600.0):
    """Let time pass, in which the archive looks after its clips."""
    while seconds > 0:
        clock.now += min(step, seconds)
        seconds -= step
        kept.enforce()
    assert kept.store.flush(60)


def existing(paths):
    return [path.stem for path in paths if path.exists()]


@pytest.mark.parametrize("ahead", [-1_800_000_000 + 60, 400 * DAY_SECONDS], ids=["1970", "2028"])
def test_first_recorded_goes_first_whatever_the_clock_shows(archive, clock, ahead):
    kept = opened(archive(keep="900kB", reserve="0B"))
    clips = [record_clip(kept, clock, name) for name in "abc"]
    clock.ahead = ahead
    kept = opened(archive(keep="900kB", reserve="0B"))
    clips += [record_clip(kept, clock, name) for name in "de"]
    kept.enforce()
    assert existing(clips) == ["b", "c", "d", "e"]
    clock.ahead = 0         # set while the program runs
    for name in "fg":
        clips.append(record_clip(kept, clock, name))
        kept.enforce()
    assert existing(clips) == ["d", "e", "f", "g"]


def test_age_counts_over_a_restart_soon_after_the_first_start(archive, clock):
    kept = opened(archive(keep_days=0.1))
    clips = [record_clip(kept, clock, "old")]
    run_for(kept, clock, 2 * 3600)
    clips.append(record_clip(kept, clock, "new"))
    kept = opened(archive(keep_days=0.1))
    run_for(kept, clock, 3600)
    assert existing(clips) == ["new"]


def test_setting_of_the_clock_is_kept_if_the_run_ends_soon_after(archive, clock):
    kept = opened(archive(keep_days=30.0))
    run_for(kept, clock, 2 * DAY_SECONDS)
    clock.now, clock.ahead = clock.now + 60 * DAY_SECONDS, -60 * DAY_SECONDS
    kept = opened(archive(keep_days=30.0))
    kept.enforce()
    clips = [record_clip(kept, clock, "behind")]
    clock.ahead = 0
    run_for(kept, clock, 10)
    kept = opened(archive(keep_days=30.0))
    run_for(kept, clock, 2 * DAY_SECONDS)
    assert existing(clips) == ["behind"]


@pytest.mark.parametrize("while_running", [False, True])
def test_clock_that_is_ahead_for_a_while_deletes_nothing(archive, clock, while_running):
    kept = opened(archive(keep_days=30.0))
    run_for(kept, clock, 40 * DAY_SECONDS, step=DAY_SECONDS)
    clips = [record_clip(kept, clock, "yesterday")]
    run_for(kept, clock, DAY_SECONDS)
    clock.ahead = 400 * DAY_SECONDS
    if not while_running:
        kept = opened(archive(keep_days=30.0))
    clips.append(record_clip(kept, clock, "ahead"))
    run_for(kept, clock, 23 * 3600)
    clock.ahead = 0
    run_for(kept, clock, 2 * DAY_SECONDS)
    clips.append(record_clip(kept, clock, "later"))
    assert existing(clips) == ["yesterday", "ahead", "later"]
    run_for(kept, clock, 26.5 * DAY_SECONDS, step=DAY_SECONDS)
    assert existing(clips) == ["ahead", "later"]
    run_for(kept, clock, 4 * DAY_SECONDS)
    assert existing(clips) == []        # what is dated in the future goes with the next one


def test_clip_from_before_the_clock_was_set_is_as_old_as_it_is(archive, clock):
    # a Pi without battery: it starts months behind, and its network comes later
    kept = opened(archive(keep_days=30.0))
    run_for(kept, clock, 2 * DAY_SECONDS)
    clips = [record_clip(kept, clock, "before")]
    clock.now, clock.ahead = clock.now + 60 * DAY_SECONDS, -60 * DAY_SECONDS
    kept = opened(archive(keep_days=30.0))
    kept.enforce()
    clips.append(record_clip(kept, clock, "behind"))
    clock.ahead = 0
    run_for(kept, clock, 20 * 3600)
    assert existing(clips) == ["before", "behind"]
    run_for(kept, clock, 6 * 3600)
    assert existing(clips) == ["behind"]
    run_for(kept, clock, 27 * DAY_SECONDS, step=6 * 3600.0)
    assert existing(clips) == ["behind"]
    run_for(kept, clock, 3 * DAY_SECONDS)
    assert existing(clips) == []


def test_clips_of_a_few_hours_go_without_waiting_for_the_clock(archive, clock):
    kept = opened(archive(keep_days=0.25))
    clips = [record_clip(kept, clock, "a")]
    clock.ahead = 60 - clock.now        # the age of what this run recorded is sure
    kept.enforce()
    clips.append(record_clip(kept, clock, "b"))
    run_for(kept, clock, 5 * 3600)
    clock.ahead = 0
    clips.append(record_clip(kept, clock, "c"))
    run_for(kept, clock, 0.9 * 3600)
    assert existing(clips) == ["a", "b", "c"]
    run_for(kept, clock, 0.2 * 3600)
    assert existing(clips) == ["c"]
    kept = opened(archive(keep_days=0.25))
    clips.append(record_clip(kept, clock, "d"))
    run_for(kept, clock, 6.5 * 3600)
    assert existing(clips) == []        # and what came before is older


def test_clip_dated_1970_goes_by_age_with_the_next_one(archive, clock):
    kept = opened(archive(keep_days=30.0))
    run_for(kept, clock, 2 * DAY_SECONDS)
    clock.ahead = 60 - clock.now
    kept = opened(archive(keep_days=30.0))
    clips = [record_clip(kept, clock, "1970")]
    run_for(kept, clock, 3600)
    clock.ahead = 0
    kept = opened(archive(keep_days=30.0))
    clips.append(record_clip(kept, clock, "next"))
    run_for(kept, clock, 29 * DAY_SECONDS, step=6 * 3600.0)
    assert existing(clips) == ["1970", "next"]
    run_for(kept, clock, 2 * DAY_SECONDS)
    assert existing(clips) == []


def test_what_is_too_old_is_told_from_what_had_to_make_room(archive, clock):
    kept = opened(archive(keep="900kB", reserve="0B", keep_days=1.0))
    clips = [record_clip(kept, clock, name) for name in "abcde"]
    kept.enforce()
    assert existing(clips) == ["b", "c", "d", "e"]
    run_for(kept, clock, 2 * DAY_SECONDS)
    assert {event.files[0].path[-5]: event.files[0].state for event in events_of(kept)} == {
        "a": "gone", **dict.fromkeys("bcde", "expired")}
    status = kept.status()
    assert (status.deleted_for_room, status.deleted_by_age) == (1, 4)


@given(st.lists(st.none() | st.sampled_from([0.0, 1.0, 2.0, 9.0])))
def test_what_has_no_known_age_is_as_old_as_the_next_one(ages):
    for number, is_old in enumerate(too_old(ages, 1.5)):
        known = [each for each in ages[number:] if each is not None]
        assert is_old == (known[:1] > [1.5])


def test_list_forgets_events_without_files_after_400_days(archive, clock):
    kept = opened(archive())
    Arming(kept.store, clock).set_mode("off")
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


def test_cap_of_a_list_that_was_lost_is_that_of_before(archive):
    # it was half of what the clips had left, so half of them was deleted
    kept = archive()
    kept.clips.mkdir()
    with open(kept.clips / "old clips", "wb") as file:
        file.truncate(10**12)
    opened(kept)
    with kept.store.reading() as reader:
        assert int(reader.remembered("keep")) >= 10**12 / 2


def test_unfinished_clip_is_deleted_when_room_is_needed(archive, monkeypatch):
    folder = leave_journal(opened(archive()))
    monkeypatch.setattr("pyimagesearch.archive.recovery.finish_clips", lambda *_: ())
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
