"""Drop events and levels of motion from the database, inside a transaction."""

import json
import math
import sqlite3

from pyimagesearch.clock import EARLIEST_TIME

from .event import REMOVED

MAX_TRIMMED = 5000      # events at a time

IN_IDS = "id IN (SELECT value FROM json_each(?))"
IS_SPARE = ('"end" IS NOT NULL AND NOT starred AND NOT EXISTS (SELECT 1 FROM files '
            "WHERE event_id = id AND state NOT IN (?, ?))")


def drop(connection: sqlite3.Connection, ids: str) -> None:
    """Delete events by their *ids*, a JSON list, with all that belongs to them."""
    connection.execute(f"DELETE FROM files WHERE event_{IN_IDS}", [ids])
    connection.execute(f"DELETE FROM explanations WHERE event_{IN_IDS}", [ids])
    connection.execute(f"DELETE FROM false_alarms WHERE event_{IN_IDS}", [ids])
    connection.execute(f"DELETE FROM labels WHERE event_{IN_IDS}", [ids])
    connection.execute(f"DELETE FROM sightings WHERE event_{IN_IDS}", [ids])
    connection.execute(f"DELETE FROM arrivals WHERE event_{IN_IDS}", [ids])
    connection.execute(f"DELETE FROM events WHERE {IN_IDS}", [ids])


def drop_before(connection: sqlite3.Connection, before: float, now: float) -> None:
    """Drop what is spare of *before* [s since the epoch]; see ``EventStore.forget``."""
    connection.execute("DELETE FROM levels WHERE minute < ?", [before // 60])
    drop(connection, json.dumps([id for id, in connection.execute(
        "SELECT id FROM events WHERE id <= (SELECT max(id) FROM events WHERE "
        f"begin >= ? AND begin < ?) AND NOT begin BETWEEN ? AND ? AND {IS_SPARE}",
        [EARLIEST_TIME, before, before, now, *REMOVED])]))


def drop_oldest(connection: sqlite3.Connection, share: float) -> int:
    """
    Drop the oldest *share* of the levels, and as many of the events that are spare.

    Give the space back to the disk; return how many events were dropped.
    """
    connection.execute(
        "DELETE FROM levels WHERE minute < (SELECT min(minute) + ? * (max(minute) - "
        "min(minute)) FROM levels)", [share])
    (count,) = connection.execute("SELECT count(*) FROM events").fetchone()
    ids = [id for id, in connection.execute(
        f"SELECT id FROM events WHERE {IS_SPARE} ORDER BY id LIMIT ?",
        [*REMOVED, min(MAX_TRIMMED, math.ceil(share * count))])]
    drop(connection, json.dumps(ids))
    give_back(connection)
    return len(ids)


def give_back(connection: sqlite3.Connection) -> None:
    """Cut free pages off the file; the next merge of its log makes it shorter."""
    (pages,) = connection.execute("PRAGMA freelist_count").fetchone()
    for _ in range(pages):      # Python's module frees one at a time
        connection.execute("PRAGMA incremental_vacuum")
