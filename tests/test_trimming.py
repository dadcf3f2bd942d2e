"""The list of events, which may take a tenth of --keep."""

import sqlite3
from contextlib import closing

import pytest

from pyimagesearch.events.event import Event
from test_archive import keep_event, opened

NOTE = "the camera gave no frame for 2.5 seconds, and then some"


def add_losses(kept, count, begin):
    """Add events that have no files, as a camera without a signal makes them."""
    assert kept.store.flush(60)
    with closing(sqlite3.connect(kept.store._path)) as connection, connection:
        connection.executemany(
            'INSERT INTO events (id, camera, kind, begin, "end", peak_area, note, starred) '
            "VALUES (?, 'front', 'lost', ?, ?, 0, ?, ?)",
            ((int((begin + n) * 1e6), begin + n, begin + n, NOTE, n == 7)
             for n in range(count)))


def events_of(kept):
    with kept.store.reading() as reader:
        return reader.page(limit=20_000)[0]


def enforce(kept, clock, rounds):
    for _ in range(rounds):
        kept.enforce()
        clock.now += 2


@pytest.fixture
def crowded(archive, clock):
    """An archive with 15,000 losses, and a clip from before them."""
    kept = opened(archive(keep="20MB", reserve="0B"))
    keep_event(kept, 0)
    add_losses(kept, 15_000, clock.time())
    return kept


def test_oldest_events_without_files_make_room(crowded, clock, caplog):
    caplog.set_level("INFO")
    losses = events_of(crowded)[:-1]
    enforce(crowded, clock, 8)
    left = events_of(crowded)
    assert left[-1].kind == "motion"        # it has a clip
    assert left[-2].starred
    assert left[:-2] == losses[:len(left) - 2]
    assert 3000 < len(left) < 12_000
    with crowded.store.reading() as reader:
        assert 1_700_000 < reader.size() < 2_000_000
    with closing(sqlite3.connect(crowded.store._path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert crowded.store.disk_bytes < 2_000_000     # the rest is given back to the disk
    assert "oldest events without files and stars, as the list takes more" in caplog.text


def test_list_counts_beyond_its_first_megabyte(crowded, clock):
    enforce(crowded, clock, 8)
    assert crowded.status().used == pytest.approx(200_000 + 1_000_000, abs=150_000)
    assert crowded.status().deleted_for_room == 0


def test_list_of_starred_events_is_not_trimmed_in_vain(archive, clock, caplog):
    kept = opened(archive(keep="1MB", reserve="0B"))
    add_losses(kept, 8000, clock.time())
    with closing(sqlite3.connect(kept.store._path)) as connection, connection:
        connection.execute("UPDATE events SET starred = 1")
    calls = []
    trim = kept.store.trim
    kept.store.trim = lambda share: calls.append(share) or trim(share)
    enforce(kept, clock, 5)
    assert len(calls) == 1
    assert len(events_of(kept)) == 8000


def test_old_levels_of_motion_make_room_as_well(archive, clock):
    kept = opened(archive(keep="1MB", reserve="0B"))
    for minute in range(100):
        kept.store.level("front", minute, 1.0)
    kept.store.begin(Event(id=1, camera="front", kind="lost", begin=1.0, end=1.0))
    assert kept.store.trim(0.5) == 1
    with kept.store.reading() as reader:
        assert next(iter(reader.days.levels(None, 0, 200))) == (50, 1.0)
