"""The list of events, in real SQLite files."""

import contextlib
import datetime
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import PATIENCE, ROOT, eventually
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import EventsError
from pyimagesearch.events import schema, writer
from pyimagesearch.events.event import (
    BROKEN,
    CLIP,
    COMPLETE,
    EXPIRED,
    GONE,
    LOST,
    MISSING,
    MOTION,
    OPEN,
    STILL,
    THUMBNAIL,
    Event,
    KeptFile,
    Sighting,
)
from pyimagesearch.events.event_filters import Filters
from pyimagesearch.events.explanation import BEGIN, PEAK, ExplainedRegion, Explanation
from pyimagesearch.events.queries import EventReader, read_only
from pyimagesearch.events.store import EventStore
from pyimagesearch.events.writer import WriterLimits

NOON = datetime.datetime(2026, 11, 20, 12).timestamp()


def event(id, begin=NOON, camera="front", kind=MOTION, end=NOON + 9, **more):
    return Event(id=id, camera=camera, kind=kind, begin=begin, end=end, **more)


def clip(path="front/2026-11-20/12-00-00.mp4", begin=NOON, state=COMPLETE, media=CLIP,
         size=1000):
    return KeptFile(path, media, begin, begin + 9, size, state)


@contextlib.contextmanager
def opened(path, clock=None, **limits):
    events = EventStore(path, clock or SystemClock(), limits=WriterLimits(**limits))
    events.open()
    try:
        yield events
    finally:
        events.stop()
        assert events.join(60)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.db"


@pytest.fixture
def events(path):
    with opened(path) as events:
        yield events


def is_sound(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def written(events):
    """Return a reader's context, once all that was queued is written."""
    assert events.flush(60)
    return events.reading()


# --- what is written is found again

def test_event_comes_back_as_it_was(events):
    thumbnail = clip("front/2026-11-20/12-00-00.jpg", NOON + 3, media=THUMBNAIL)
    second = clip("front/2026-11-20/12-05-00.mp4", NOON + 300)
    whole = event(7, peak_area=12.5, peak_box=(1, 2, 30, 40), note="a fox", starred=True,
                  files=(clip(), thumbnail, second))
    events.begin(whole)
    with written(events) as reader:
        assert reader.event(7) == whole
        assert reader.event(8) is None
    assert whole.clips == (clip(), second)
    assert whole.picture == thumbnail


def test_event_lasts_until_it_ends(events):
    events.begin(event(7, end=None))
    events.begin(event(8))
    with written(events) as reader:
        assert [one.id for one in reader.open_events()] == [7]
    events.end(7, NOON + 4, 3.5, (1, 2, 3, 4))
    events.note(7, "cut off")
    with written(events) as reader:
        assert reader.open_events() == []
        ended = reader.event(7)
    assert (ended.end, ended.peak_area, ended.peak_box, ended.note) == (
        NOON + 4, 3.5, (1, 2, 3, 4), "cut off")


def test_numpy_numbers_are_stored_as_plain_ones(events):
    import numpy
    events.begin(event(7, end=None))
    events.end(7, NOON + 1, numpy.float32(2.5), tuple(numpy.array([1, 2, 3, 4])))
    with written(events) as reader:
        assert (reader.event(7).peak_area, reader.event(7).peak_box) == (2.5, (1, 2, 3, 4))


def test_files_change_state_and_their_size_is_counted(events):
    events.begin(event(7, starred=True))
    events.keep(7, clip(state=OPEN, size=0))
    events.keep(7, clip(state=COMPLETE, size=500))
    events.keep(7, clip("a.jpg", NOON - 1, media=STILL, size=30))
    events.keep(99, clip("orphan.mp4", NOON + 1, size=7))
    with written(events) as reader:
        assert reader.used() == 537
        assert [(row.file.path, row.event_id, row.starred) for row in reader.files()] == [
            ("a.jpg", 7, True), (clip().path, 7, True), ("orphan.mp4", 99, False)]
    events.mark(clip().path, GONE)
    events.mark("orphan.mp4", BROKEN)
    with written(events) as reader:
        assert reader.used() == 30
        assert [row.file.path for row in reader.files(GONE)] == [clip().path]
        assert reader.event(7).clips[0].state == GONE


def test_level_of_a_minute_is_the_highest(events):
    for minute, camera, area in ((5, "a", 1), (5, "a", 3), (5, "a", 2), (5, "b", 9),
                                 (6, "b", 4), (9, "a", 1)):
        events.level(camera, minute, area)
    with written(events) as reader:
        assert reader.days.levels("a", 5, 8) == [(5, 3)]
        assert reader.days.levels(None, 5, 9) == [(5, 9), (6, 4), (9, 1)]


def test_old_events_without_file_or_star_are_forgotten(events):
    for number, more in enumerate((
            {}, {"starred": True}, {"end": None}, {"files": (clip("kept.mp4"),)},
            {"files": (clip("gone.mp4", state=GONE), clip("gone.jpg", state=GONE))},
            {"files": (clip("moved.mp4", state=MISSING),)}, {"begin": NOON + 1}), 1):
        events.begin(event(number, **more))
    for minute in (4, 5, 6):
        events.level("a", int(NOON // 60) - 5 + minute, 1)
    events.forget(NOON + 0.5, NOON + 100)
    with written(events) as reader:
        assert [number for number in range(1, 8) if reader.event(number)] == [2, 3, 4, 6, 7]
        assert [row.file.path for row in reader.files()] == ["kept.mp4", "moved.mp4"]
        minutes = [minute for minute, _ in reader.days.levels(None, 0, int(NOON // 60) + 9)]
    assert minutes == [int(NOON // 60), int(NOON // 60) + 1]


@pytest.mark.parametrize("wrong", [60.0, NOON + 400 * 86_400], ids=["1970", "next year"])
def test_event_of_a_wrong_clock_leaves_with_the_next_one(events, wrong):
    for number, begin in enumerate((wrong, NOON, wrong, NOON + 100), 1):
        events.begin(event(number, begin))
    events.forget(NOON + 50, NOON + 200)
    with written(events) as reader:
        assert [number for number in range(1, 5) if reader.has(number)] == [3, 4]
    events.forget(NOON + 150, NOON + 200)
    with written(events) as reader:
        assert not any(map(reader.has, range(1, 5)))


def test_parts_of_an_event_stay_in_order_if_the_clock_is_set(events):
    parts = [clip(f"{begin}.mp4", NOON + begin)._replace(sequence=8 + number)
             for number, begin in enumerate((0, -86_400, 10))]
    events.begin(event(7, files=(parts[2], parts[0], parts[1])))
    with written(events) as reader:
        assert list(reader.event(7).clips) == parts
        assert [row.file for row in reader.files()] == parts


def test_days_are_those_of_local_time(events):
    for number, hours in enumerate((0, 1, 11.9, 12.1, 40 * 24)):
        events.begin(event(number + 1, NOON + 3600 * hours))
    first, second, last = (datetime.date(2026, 11, 20), datetime.date(2026, 11, 21),
                           datetime.date(2026, 12, 30))
    with written(events) as reader:
        assert reader.days.days_beside(first) == (None, second)
        assert reader.days.days_beside(second) == (first, last)
        assert reader.days.days_beside(last) == (second, None)
        assert len(reader.page(9, filters=Filters(day=first))[0]) == 3


def test_cameras_are_listed_by_name(events):
    for number, name in enumerate(("yard", "front", "yard", "Öl", "a b")):
        events.begin(event(number + 1, camera=name))
    with written(events) as reader:
        assert reader.cameras() == ["a b", "front", "yard", "Öl"]


def test_only_events_of_this_run_are_counted(events):
    for number, (camera, kind) in enumerate([("a", MOTION), ("a", MOTION), ("b", LOST)], 1):
        events.begin(event(number, camera=camera, kind=kind))
    events.adopt(event(9, camera="a"))
    assert events.counts.begun() == {("a", MOTION): 2, ("b", LOST): 1}
    with written(events) as reader:
        assert reader.event(9).camera == "a"


def sighting(name="person", score=0.7, label=""):
    return Sighting(name, label or name, score, NOON + score, (1, 2, 30, 40))


def test_last_sighting_of_each_name_comes_back(events):
    events.begin(event(1))
    for each in (sighting(), sighting("animal", 0.7, "cat"), sighting(score=0.9),
                 sighting("animal", 0.8, "dog"), sighting(score=0.6)):
        events.sight(1, each)
    with written(events) as reader:
        assert reader.event(1).sightings == (sighting("animal", 0.8, "dog"), sighting(score=0.6))
        assert reader.objects() == ["animal", "person"]


def test_label_finds_each_event_once_whoever_gave_it(events):
    """Model and detector may give the same label to different names."""
    seen = {1: [sighting("animal", 0.7, "dog"), sighting("dog", 0.8)], 2: [sighting("dog", 0.8)],
            3: [sighting("animal", 0.7, "cat")], 4: [sighting("person", 0.7, "animal")]}
    for number, sightings in seen.items():
        events.begin(event(number, NOON + number, sightings=tuple(sightings)))
    with written(events) as reader:
        def found(name, **more):
            return [each.id for each in reader.page(9, None, Filters(object=name, **more))[0]]
        assert (found("dog"), found("dog", day=datetime.date(2026, 11, 20))) == ([2, 1], [2, 1])
        assert (found("animal"), found("fox")) == ([3, 1], [])


def test_only_motion_lacks_a_name(events):
    events.begin(event(1, kind=LOST))
    events.begin(event(2))
    events.begin(event(3, sightings=(sighting(),)))
    with written(events) as reader:
        assert [each.id for each in reader.page(9, None, Filters(object=""))[0]] == [2]


def test_late_sighting_is_kept_but_not_of_an_erased_event(events, path):
    events.begin(event(1))
    events.begin(event(2))
    events.delete([2], NOON)
    events.erase(NOON + 60)
    for number in (1, 2, 3):
        events.sight(number, sighting())
    with written(events) as reader:
        assert reader.event(1).objects == ("person",)
    assert rows(path, "sightings") == 1
    events.delete([1], NOON)
    events.erase(NOON + 60)
    assert rows(path, "sightings") == 0


def test_event_is_counted_once_for_each_of_its_names(events):
    for number in (1, 2):
        events.begin(event(number))
        for each in (sighting(), sighting(score=0.9), sighting("animal", 0.8)):
            events.sight(number, each)
    events.begin(event(3, camera="yard"))
    events.sight(3, sighting())
    events.sight(4, sighting())     # there is no such event
    assert events.flush(60)
    assert events.counts.recognised() == {
        ("front", "person"): 2, ("front", "animal"): 2, ("yard", "person"): 1}


def test_names_without_end_are_counted_and_listed_up_to_a_limit(events):
    for number in (1, 2):
        events.begin(event(number))
        for label in range(60 * number):
            events.sight(number, sighting(f"person {label:03}"))
    with written(events) as reader:
        assert reader.objects() == [f"person {label:03}" for label in range(100)]
    assert events.counts.recognised() == {
        ("front", "other"): 2, **{("front", f"person {label:03}"): 2 for label in range(50)}}


def test_small_values_are_remembered(path):
    with opened(path) as events:
        events.remember("keep", "10")
        events.remember("keep", "11")
    with opened(path) as events, events.reading() as reader:
        assert reader.remembered("keep") == "11"
        assert reader.remembered("other") is None


# --- paging

KINDS = st.sampled_from([MOTION, LOST, "of another kind"])
SOME = st.lists(st.tuples(st.integers(0, 40), st.sampled_from("ab"), KINDS, st.booleans(),
                          st.booleans()), max_size=40)


@settings(max_examples=25, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SOME, st.integers(1, 7), st.sampled_from([None, "a"]), st.none() | KINDS,
       st.booleans(), st.booleans(), st.sampled_from([None, "", "person", "fox"]))
def test_pages_hold_each_matching_event_once_and_in_order(
        events, path, some, limit, camera, kind, starred, by_day, name_of_object):
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM events")
        connection.execute("DELETE FROM sightings")
    connection.close()
    day = datetime.date(2026, 11, 20) if by_day else None
    kept = []
    for number, (hours, name, what, star, gone) in enumerate(some, 1):
        seen = (sighting(), sighting("animal", 0.6))[:hours % 3]
        one = event(number, NOON + 3600 * hours, name, what, starred=star, sightings=seen)
        events.begin(one)
        if gone and not star:
            events.delete([number], NOON)
        elif ((camera, kind) in ((None, None), (name, None), (None, what), (name, what))
              and (star or not starred) and (hours < 12 or not by_day)
              and (name_of_object is None or name_of_object in one.objects
                   or (name_of_object == "" and what == MOTION and not seen))):
            kept.append(one)
    kept.reverse()
    chosen = Filters(camera, kind, day, starred, object=name_of_object)
    found, cursor = [], None
    with written(events) as reader:
        while True:
            page, cursor = reader.page(limit, cursor, chosen)
            assert len(page) <= limit
            found += page
            if cursor is None:
                break
        assert found == kept
        for newer, one, older in zip([None, *kept], kept, [*kept[1:], None], strict=False):
            assert reader.neighbours(one, chosen) == (
                newer and newer.id, older and older.id)


@pytest.mark.parametrize("filters", [
    {}, {"camera": "front"}, {"kind": MOTION}, {"starred": True}, {"object": "person"},
    {"object": "person", "camera": "front"}, {"object": "dog"}, {"object": "person", "starred": True},
    {"object": "person", "not_event": False}, {"object": "person", "kind": LOST},
    {"object": "person", "day": datetime.date(2026, 11, 20)},
    {"not_event": True}, {"not_event": False},
    {"day": datetime.date(2026, 11, 20)}, {"camera": "front", "kind": MOTION}], ids=str)
def test_no_page_scans_all_events(events, path, filters):
    statements = []
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.set_trace_callback(statements.append)
        EventReader(connection).page(5, 5, Filters(**filters))
        connection.set_trace_callback(None)
        page = next(each for each in statements if each.startswith("SELECT id, camera"))
        rows = connection.execute("EXPLAIN QUERY PLAN " + page).fetchall()
    plan = "; ".join(row[3] for row in rows)
    assert plan.startswith("SEARCH")
    assert ("TEMP B-TREE" in plan) == ("day" in filters)     # only those of the day
    assert "events_by_time" in plan or "day" not in filters
    index = "sightings_by_label" if filters.get("object") == "dog" else "sightings_by_name"
    assert (index in plan) == ("object" in filters and not (
        {"day", "starred"} & filters.keys() or filters.get("kind")))
    assert ("FOR IN-OPERATOR" in plan) == bool(filters.get("not_event"))


# --- why they were stored

def explanation(moment=BEGIN, at=NOON, **more):
    regions = (ExplainedRegion((1, 2, 31, 42), 700, True, "has travelled far enough", 1.2, 30.0,
                               4.0, 0.8, ((16, 22), (40, 22))),
               ExplainedRegion((90, 2, 95, 9), 30, False, "is only a patch of light"))
    return Explanation(**{
        "moment": moment, "at": at, "size": (400, 300), "area": 5.8, "min_area": 1.0, "fps": 9.9,
        "settings": {"detector": "single", "min_frames": 3}, "regions": regions, "left_out": 2,
        **more})


def explained(events):
    """Return the moments of the explanations of each event; all have masks."""
    with written(events) as reader:
        found = {id: [each.moment for each in some]
                 for id, some in reader.explanations(range(1, 10)).items()}
        masks = {id for id in range(1, 10) if reader.mask(id, BEGIN)}
    assert masks == set(found)
    return found


def rows(path, table):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_explanation_comes_back_as_it_was(events):
    events.begin(event(7))
    events.explain(7, explanation(), b"a mask")
    events.explain(7, explanation(PEAK, area=9.0), b"smaller")
    events.explain(7, explanation(PEAK, NOON + 2), b"larger")
    with written(events) as reader:
        assert reader.explanations([7, 8]) == {7: [explanation(), explanation(PEAK, NOON + 2)]}
        assert (reader.mask(7, BEGIN), reader.mask(7, PEAK)) == (b"a mask", b"larger")
        assert reader.mask(8, BEGIN) is None


def test_explanation_is_hidden_and_erased_with_its_event(events, path):
    for number in (1, 2):
        events.begin(event(number))
        events.explain(number, explanation(), b"a mask")
    events.delete([1, 2], NOON)
    assert explained(events) == {}
    events.restore([2])
    assert explained(events) == {2: [BEGIN]}
    events.erase(NOON + 60)
    assert explained(events) == {2: [BEGIN]}
    assert rows(path, "explanations") == 1


def test_explanation_of_an_erased_event_is_not_kept(events, path):
    events.begin(event(1, end=None))
    events.delete([1], NOON)
    events.end(1, NOON + 3, 1, None)
    events.erase(NOON + 60)
    events.explain(1, explanation(PEAK), b"a mask")
    assert events.flush(60)
    assert rows(path, "explanations") == 0


@pytest.mark.parametrize("state", [GONE, EXPIRED])
def test_explanation_goes_with_the_last_file_of_its_event(events, state):
    events.begin(event(1, files=(clip("1.mp4"), clip("1.jpg", media=THUMBNAIL))))
    events.begin(event(2, files=(clip("2.mp4"),)))
    for number in (1, 2):
        events.explain(number, explanation(), b"a mask")
    events.mark("2.mp4", MISSING)       # it may come back
    events.remove({"1.mp4": state})
    assert explained(events) == {1: [BEGIN], 2: [BEGIN]}
    events.remove({"1.jpg": state})
    assert explained(events) == {2: [BEGIN]}


def test_explanation_leaves_with_an_old_event(events, path):
    events.begin(event(1))
    events.explain(1, explanation(), b"a mask")
    events.begin(event(2, NOON + 60))
    events.forget(NOON + 1, NOON + 100)
    assert explained(events) == {}
    assert rows(path, "explanations") == 0


# --- false alarms

def test_false_alarm_is_marked_kept_and_unmarked(events):
    for number in (1, 2, 3):
        events.begin(event(number))
    assert events.mark_not_event([1, 2, 99], True) == 2
    with written(events) as reader:
        assert [one.not_event for one in reader.events([1, 2, 3])] == [True, True, False]
        assert [one.id for one in reader.page(9, None, Filters(not_event=True))[0]] == [2, 1]
        assert [one.id for one in reader.page(9, None, Filters(not_event=False))[0]] == [3]
    assert events.mark_not_event([1], False) == 1
    with written(events) as reader:
        assert [one.id for one in reader.page(9, None, Filters(not_event=True))[0]] == [2]


def test_judged_events_are_those_with_a_mark_and_a_clip(events):
    judged = [event(1, starred=True, files=(clip("1.mp4"),)),
              event(2, not_event=True, files=(clip("2.mp4"),))]
    for one in (*judged, event(3, files=(clip("3.mp4"),)), event(4, starred=True),
                event(5, not_event=True, files=(clip("5.mp4", state=GONE),)),
                event(6, not_event=True, files=(clip("6.mp4"),))):
        events.begin(one)
    events.delete([6], NOON)
    with written(events) as reader:
        assert reader.marked() == judged


# --- deleting

def test_deleted_event_is_hidden_and_can_be_restored(events):
    for number in (1, 2, 3):
        events.begin(event(number, files=(clip(f"{number}.mp4"),)))
    assert events.delete([1, 2, 99], NOON) == 2
    with written(events) as reader:
        assert [one.id for one in reader.page(limit=9)[0]] == [3]
        assert reader.event(1) is None
    assert events.restore([1, 3]) == 1
    assert events.erase(NOON + events.undo_seconds) == []    # not yet
    for _ in range(2):      # again, until it is gone
        assert events.erase(NOON + events.undo_seconds + 0.1) == ["2.mp4"]
    events.forget_deletions(["2.mp4"])
    assert events.erase(NOON + events.undo_seconds + 0.2) == []
    assert events.restore([2]) == 0
    with written(events) as reader:
        assert [one.id for one in reader.page(limit=9)[0]] == [3, 1]
        assert [row.file.path for row in reader.files()] == ["1.mp4", "3.mp4"]


def test_starred_event_is_not_deleted(events):
    events.begin(event(1))
    assert events.star([1, 2], True) == 1
    assert events.delete([1], NOON) == 0
    assert events.star([1], False) == 1
    assert events.delete([1], NOON) == 1


def test_event_that_is_being_recorded_is_not_erased(events):
    events.begin(event(1, end=None, files=(clip(state=OPEN),)))
    events.delete([1], NOON)
    assert events.erase(NOON + 60) == []
    events.end(1, NOON + 3, 1, None)
    assert events.erase(NOON + 60) == []
    events.mark(clip().path, COMPLETE)
    assert events.erase(NOON + 60) == [clip().path]


def test_deleted_event_is_erased_though_the_clock_is_set_back(events):
    events.begin(event(7))
    events.delete([7], NOON)
    events.erase(NOON - 86_400)
    with written(events) as reader:
        assert not reader.has(7)


def test_deletion_can_be_undone_though_the_clock_was_adjusted(events):
    events.begin(event(7))
    events.delete([7], NOON)
    events.erase(NOON - 3)
    assert events.restore([7]) == 1


def test_retention_leaves_files_of_an_event_starred_meanwhile(events):
    for number in (1, 2):
        events.begin(event(number, files=(clip(f"{number}.mp4"),)))
    events.star([1], True)
    assert events.remove({"1.mp4": GONE, "2.mp4": GONE}) == ["2.mp4"]
    with written(events) as reader:
        assert [row.file.state for row in reader.files()] == [COMPLETE, GONE]
        assert reader.deletions() == ["2.mp4"]


# --- ids

def test_ids_are_unique_and_grow_from_any_thread(path):
    events, found = EventStore(path, SystemClock()), []
    threads = [threading.Thread(target=lambda: found.extend(
        [events.new_id() for _ in range(500)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 2000
    assert events.new_id() > max(found)
    assert max(found) < 2 ** 53     # what JavaScript can count to


def test_clock_that_was_set_back_gives_no_id_twice(path, clock):
    events = EventStore(path, clock)
    events.open()
    first = events.new_id()
    events.begin(event(first))
    events.stop()
    events.join(5)
    clock.now -= 1000
    again = EventStore(path, clock)
    again.open()
    assert again.new_id() == first + 1
    again.stop()
    again.join(5)


# --- trouble

def test_id_of_a_recovered_event_sorts_by_its_time(path, clock):
    with opened(path, clock) as events:
        now = events.new_id()
        first, second = (events.id_at(clock.time() - 100) for _ in range(2))
        assert 0 < first < second < now
        events.begin(event(first))
    with opened(path, clock) as events:
        assert events.id_at(clock.time() - 100) == second       # the other one is taken
        assert events.id_at(-5) == 1


@pytest.mark.parametrize("now", [60.0, 1e11], ids=["1970", "5138"])
def test_new_ids_follow_all_in_the_file_whatever_the_clock(path, clock, now):
    clock.now = now
    with opened(path, clock) as events:
        events.adopt(event(1_700_000_000_000_000, files=(
            clip()._replace(sequence=1_800_000_000_000_000),)))
        assert events.flush(60)
        events.follow_ids()
        first = events.new_id()
        events.begin(event(first))
        assert 1_800_000_000_000_000 < first < events.new_id() < 2 ** 53
        assert [events.is_earlier(id) for id in (1_700_000_000_000_000, first)] == [True, False]
    with opened(path, clock) as events:
        assert events.is_earlier(first)
        assert first < events.new_id()


def test_events_from_before_opening_are_written(path):
    events = EventStore(path, SystemClock())
    number = events.new_id()
    events.begin(event(number))
    with pytest.raises(EventsError, match="cannot be read"), events.reading():
        pass
    assert events.open() is None
    assert events.open() is None    # a second time does nothing
    with written(events) as reader:
        assert reader.event(number)
    events.stop()
    assert events.join(60)


def test_stop_writes_the_queue_and_leaves_one_file(path):
    with opened(path) as events:
        for number in range(1, 2001):
            events.begin(event(number))
    assert [one.name for one in path.parent.iterdir()] == ["events.db"]
    with opened(path) as events, events.reading() as reader:
        assert len(reader.page(limit=5000)[0]) == 2000


def test_disk_that_fails_is_reported_long_before_one_that_hangs(path, monkeypatch):
    with opened(path, retry_seconds=0.05, answer_seconds=PATIENCE) as events:
        def fail(path):
            raise OSError("the disk is gone")
        monkeypatch.setattr(writer, "connect", fail)
        path.rename(path.with_suffix(".moved"))
        began = time.monotonic()
        with pytest.raises(EventsError, match="cannot be written: the disk is gone"):
            events.confirm()
        assert time.monotonic() - began < PATIENCE / 2
        monkeypatch.undo()


def test_full_disk_loses_nothing(path, monkeypatch):
    pages, real = [40], schema.connect

    def small(path):
        connection = real(path)
        connection.execute(f"PRAGMA max_page_count = {pages[0]}")   # a disk of 160 kB
        return connection
    monkeypatch.setattr(writer, "connect", small)
    with opened(path, retry_seconds=0.05, answer_seconds=0.3) as events:
        for number in range(1, 2001):
            events.begin(event(number))
        eventually(lambda: "full" in events.trouble)
        with pytest.raises(EventsError, match=r"cannot be written: .*full"):
            events.star([1], True)
        with events.reading() as reader:    # what there was can be seen
            reader.page(limit=5)
        pages[0] = 100_000
        with written(events) as reader:
            assert len(reader.page(limit=5000)[0]) == 2000
            assert not reader.event(1).starred      # nobody waited for that any more
        assert events.trouble == ""


def test_folder_that_vanishes_and_returns_is_used_again(path):
    disk = path.parent / "disk"
    disk.mkdir()
    with opened(disk / "events.db", retry_seconds=0.05) as events:
        events.begin(event(1))
        assert events.flush(60)
        disk.rename(path.parent / "pulled")
        events.begin(event(2))
        eventually(lambda: "unable to open" in events.trouble)
        (path.parent / "pulled").rename(disk)
        with written(events) as reader:
            assert [one.id for one in reader.page(limit=9)[0]] == [2, 1]
        assert events.trouble == ""


def test_writes_beyond_the_queue_are_dropped_and_counted(path, clock, caplog):
    events = EventStore(path, clock, limits=WriterLimits(queue_size=5))
    for number in range(8):
        events.note(number, "")
    assert [record.getMessage() for record in caplog.records] == [
        "1 writes dropped, as 5 are waiting: the disk is too slow"]
    clock.now += 1
    events.note(9, "")
    assert caplog.records[-1].getMessage().startswith("3 writes dropped")


def test_invalid_write_does_not_stop_the_others(events, caplog):
    events.begin(event(1, camera="\ud800"))
    events.begin(event(2))
    with written(events) as reader:
        assert [one.id for one in reader.page(limit=9)[0]] == [2]
    assert "this write is invalid and skipped" in caplog.text


def damage_nothing_but_text(path):
    path.write_bytes(b"this is no database at all" * 200)


def damage_a_page(path):
    with opened(path) as events:
        for number in range(1, 1000):
            events.begin(event(number, note="x" * 100))
    content = bytearray(path.read_bytes())
    content[8192:8192 + 40_960] = random.Random(1).randbytes(40_960)
    path.write_bytes(content)


def another_program(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE events (id)")


def missing_table(path):
    with opened(path), contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE files")


@pytest.mark.parametrize("damage", [damage_nothing_but_text, damage_a_page, another_program,
                                    missing_table])
def test_corrupt_file_is_set_aside_and_replaced(path, damage, caplog):
    damage(path)
    before = path.read_bytes()
    events = EventStore(path, SystemClock())
    aside = events.open()
    assert aside.name.startswith("events.corrupt-2")
    assert aside.read_bytes()[100:] == before[100:]     # nothing is deleted
    assert "is corrupt and set aside" in caplog.text
    events.begin(event(1))
    with written(events) as reader:
        assert reader.event(1)
    events.stop()
    assert events.join(60)
    assert is_sound(path)


def test_file_of_a_newer_version_is_not_touched(path):
    with opened(path) as events:
        events.begin(event(1))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(EventsError, match="written by a newer version"):
        EventStore(path, SystemClock()).open()
    assert path.read_bytes() == before


def test_file_of_version_1_is_migrated(path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        patch.setattr(schema, "TABLES", {"events", "files", "levels", "state"})
        with contextlib.closing(schema.connect(path)) as connection:
            connection.execute("INSERT INTO events VALUES (1, 'front', 'motion', ?, ?, 0, NULL, "
                               "'', 0, NULL)", [NOON, NOON + 9])
            for name, begin in (("a.mp4", NOON), ("b.mp4", 60.0)):
                connection.execute("INSERT INTO files VALUES (?, 1, 'clip', ?, ?, 5, 'complete')",
                                   [name, begin, begin + 9])
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, (
        "ALTER TABLE events ADD COLUMN weather TEXT", "UPDATE events SET weather = 'rain'")))
    with opened(path) as events, events.reading() as reader:
        assert reader.event(1) == event(1, files=tuple(
            clip(name, begin, size=5)._replace(sequence=int(begin * 1e6))
            for name, begin in (("b.mp4", 60.0), ("a.mp4", NOON))))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT weather FROM events").fetchone() == ("rain",)


def test_file_of_version_3_is_migrated(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript((ROOT / "tests/events_format_3.sql").read_text())
    begin = 1795176000.0
    with pytest.raises(EventsError, match=r"\(format 3, not 7\); start"), read_only(path):
        pass
    with opened(path) as events, events.reading() as reader:
        assert reader.events([7, 9]) == [
            event(7, begin, end=begin + 9, peak_area=12.5, peak_box=(1, 2, 30, 40), starred=True,
                  files=(KeptFile("front/2026-11-20/12-00-00.mp4", CLIP, begin, begin + 9, 1000,
                                  COMPLETE, 7),
                         KeptFile("front/2026-11-20/12-00-00.jpg", THUMBNAIL, begin + 3,
                                  begin + 3, 50, COMPLETE, 8))),
            event(9, begin + 60, "yard", LOST, None, note="no picture for 5 seconds")]
        assert reader.explanations([7, 9]) == {}
        assert events.mark_not_event([7], True) == 1
    with opened(path) as events, events.reading() as reader:
        assert reader.event(7).not_event
        assert events.call(lambda connection: connection.execute(
            "PRAGMA auto_vacuum").fetchone()) == (2,)   # it can give back space


def test_false_alarms_of_version_4_are_kept(path):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for migration in schema.MIGRATIONS[:4]:
            for statement in migration:
                connection.execute(statement)
        connection.execute("PRAGMA user_version = 4")
        for id, not_event in ((1, 0), (2, 1)):
            connection.execute("INSERT INTO events VALUES (?, 'front', 'motion', 1, 2, 3, NULL, '', "
                               "0, NULL, ?)", (id, not_event))
    with opened(path) as events, events.reading() as reader:
        assert [each.not_event for each in reader.events([1, 2])] == [False, True]


def test_migration_that_fails_leaves_the_file_unchanged(path, monkeypatch):
    with opened(path) as events:
        events.begin(event(1))
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, (
            "DELETE FROM events", "ALTER TABLE nothing ADD COLUMN weather TEXT")))
        with pytest.raises(sqlite3.OperationalError):
            EventStore(path, SystemClock()).open()
    with opened(path) as events, events.reading() as reader:
        assert reader.event(1)


WRITER = """
import sys, time
from pathlib import Path
from pyimagesearch.clock import SystemClock
from pyimagesearch.events.event import Event
from pyimagesearch.events.event_filters import Filters
from pyimagesearch.events.queries import EventReader
from pyimagesearch.events.store import UNDO_SECONDS, EventStore
from pyimagesearch.events.writer import WriterLimits
events = EventStore(Path(sys.argv[1]), SystemClock())
events.open()
number = int(sys.argv[2])
while True:
    for _ in range(20):
        number += 1
        events.begin(Event(id=number, camera="front", kind="motion", begin=number, end=None))
        events.level("front", number, 1.0)
    assert events.flush(60)
    print(number, flush=True)
"""


def test_committed_events_survive_being_killed_at_any_moment(path):
    last, dice = 0, random.Random(7)
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, path, str(last)], cwd=ROOT,
                                  stdout=subprocess.PIPE, text=True)
        for _ in range(dice.randrange(1, 12)):
            last = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        last = max([last, *map(int, writer.stdout.read().split("\n")[:-1])])
        writer.wait()
        writer.stdout.close()
    with opened(path) as events, events.reading() as reader:
        ids = {one.id for one in reader.open_events()}
        assert ids >= set(range(1, last + 1))
    assert is_sound(path)
