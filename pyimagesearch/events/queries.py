"""Query the database of events."""

import itertools
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from pyimagesearch.errors import EventsError

from .day_queries import DayReader
from .event import (
    CLIP,
    FILE_STATES,
    MOTION,
    ON_DISK,
    OPEN,
    ZONE,
    Event,
    KeptFile,
    Sighting,
)
from .event_filters import IS_FALSE_ALARM, NO_FILTERS, Filters, selection
from .explanation import Explanation, read_explanation
from .schema import check_current

MAX_OBJECTS = 100       # names that are listed: owners' detectors may number things
BUSY_SECONDS = 2.0      # to wait for the writer, where that is needed
COLUMNS = 'id, camera, kind, begin, "end", peak_area, peak_box, note, starred'

PLACE = "rtrim(path, replace(path, '/', ''))"   # of a file: its path up to the last /


class FileRow(NamedTuple):
    """A file and the event that it belongs to."""

    event_id: int
    starred: bool       # the event's
    file: KeptFile

    @property
    def is_protected(self) -> bool:
        """Whether retention must leave the file: starred, or still being recorded."""
        return self.starred or self.file.state == OPEN

    @property
    def sequence(self) -> int:
        """Its place in the order of recording: never before that of its event."""
        return max(self.file.sequence, self.event_id)


class EventReader:
    """Query a snapshot of the events; belongs to one thread. See :func:`read_only`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.days = DayReader(connection)

    def page(self, limit: int, before: int | None = None, filters: Filters = NO_FILTERS,
             ) -> tuple[list[Event], int | None]:
        """
        Return at most *limit* events that pass *filters*, the highest id first.

        Their ids are lower than *before*. The second value is *before* for the next
        page, or ``None`` if there is none. The order is that of ids, so that a clock
        that is set back does not change it.
        """
        tables, id, wanted, values = selection(filters)
        if before is not None:
            wanted, values = f"{wanted} AND {id} < ?", [*values, before]
        found = self._events(f"WHERE {wanted} ORDER BY {id} DESC LIMIT ?",
                             *values, limit + 1, tables=tables)
        events = found[:limit]
        return events, events[-1].id if events and len(found) > limit else None

    def neighbours(self, event: Event, filters: Filters = NO_FILTERS
                   ) -> tuple[int | None, int | None]:
        """Return the ids of the next newer and next older event that pass *filters*."""
        tables, id, wanted, values = selection(filters)
        newer, older = (self._value(
            f"SELECT id FROM {tables} WHERE {wanted} AND {id} {than} ? "
            f"ORDER BY {id} {order} LIMIT 1", *values, event.id)
            for than, order in ((">", "ASC"), ("<", "DESC")))
        return newer, older

    def event(self, id: int) -> Event | None:
        """Return event *id*, ``None`` if it does not exist or is deleted."""
        return next(iter(self.events([id])), None)

    def events(self, ids: Sequence[int]) -> list[Event]:
        """Return those of *ids* that exist, the oldest first."""
        return self._events("WHERE deleted IS NULL AND id IN (SELECT value FROM "
                            "json_each(?)) ORDER BY id", json.dumps(ids))

    def arrivals(self, after: int, limit: int) -> list[tuple[int, Event]]:
        """
        Return at most *limit* events that were added after the arrival *after*.

        Each with the number of its arrival, in their order, without deleted ones. An
        event may be added minutes after others with higher ids.
        """
        numbers = {event_id: number for number, event_id in self._connection.execute(
            "SELECT sequence, event_id FROM arrivals JOIN events ON id = event_id "
            "WHERE sequence > ? AND deleted IS NULL ORDER BY sequence LIMIT ?",
            [after, limit])}
        return sorted((numbers[event.id], event) for event in self.events([*numbers]))

    def newest_arrival(self) -> int:
        """Return the number of the newest arrival; 0 before the first."""
        return int(self._value(
            "SELECT seq FROM sqlite_sequence WHERE name = 'arrivals'") or 0)

    def unnamed(self) -> set[int]:
        """Return the ids of motion events in which nothing was recognised."""
        return {id for id, in self._connection.execute(
            "SELECT id FROM events WHERE kind = ? AND id NOT IN "
            "(SELECT event_id FROM sightings)", [MOTION])}

    def marked(self) -> list[Event]:
        """Return the events with a clip that an owner judged, the oldest first."""
        return self._events(
            f"WHERE deleted IS NULL AND (starred OR {IS_FALSE_ALARM}) AND EXISTS "
            "(SELECT 1 FROM files WHERE event_id = id AND media = ? "
            "AND state IN (?, ?, ?)) ORDER BY id", CLIP, *ON_DISK)

    def explanations(self, ids: Sequence[int]) -> dict[int, list[Explanation]]:
        """Return why those of *ids* that are not deleted were stored, by event."""
        found: dict[int, list[Explanation]] = {}
        for event_id, text in self._connection.execute(
                "SELECT event_id, text FROM explanations JOIN events ON event_id = id "
                "WHERE deleted IS NULL AND event_id IN (SELECT value FROM "
                "json_each(?)) ORDER BY event_id, moment", [json.dumps(list(ids))]):
            found.setdefault(event_id, []).append(read_explanation(text))
        return found

    def mask(self, id: int, moment: str) -> bytes | None:
        """Return what moved at *moment* of event *id* as a PNG; ``None`` without."""
        mask: bytes | None = self._value(
            "SELECT mask FROM explanations JOIN events ON event_id = id "
            "WHERE deleted IS NULL AND event_id = ? AND moment = ?", id, moment)
        return mask

    def open_events(self) -> list[Event]:
        """Return the events that have not ended, the oldest first."""
        return self._events('WHERE "end" IS NULL ORDER BY id')

    def files(self, *states: str) -> list[FileRow]:
        """Return all files, or those in *states*, in the order of recording."""
        return self._files("state IN (SELECT value FROM json_each(?)) "
                           "ORDER BY max(sequence, event_id), files.begin, path",
                           json.dumps(states or FILE_STATES))

    def places(self) -> set[str]:
        """Return the folders of all files, such as ``front/2026-11-20/``."""
        return {place for place, in self._connection.execute(
            f"SELECT DISTINCT {PLACE} FROM files")}

    def files_in(self, place: str) -> list[FileRow]:
        """Return all files in the folder *place*, but not those in folders below."""
        return self._files(f"path BETWEEN ?1 AND ?1 || char(0x10FFFF) AND {PLACE} = ?1",
                           place)

    def deletions(self) -> list[str]:
        """Return the paths of the files that are to be deleted."""
        return [path for path, in self._connection.execute(
            "SELECT path FROM deletions ORDER BY path")]

    def used(self) -> int:
        """Return the size of all files on the disk [bytes]."""
        return int(self._value("SELECT coalesce(sum(bytes), 0) FROM files "
                               "WHERE state IN (?, ?, ?)", *ON_DISK))

    def size(self) -> int:
        """Return the size of the database without its free pages [bytes]."""
        pages, free, page = (self._value(f"PRAGMA {name}") for name in (
            "page_count", "freelist_count", "page_size"))
        return int((pages - free) * page)

    def newest_end(self) -> float | None:
        """Return when the file ended that was recorded last; ``None`` without any."""
        end: float | None = self._value(
            'SELECT "end" FROM files ORDER BY max(sequence, event_id) DESC, begin DESC')
        return end

    def recorded(self, since: float, until: float) -> tuple[float, int]:
        """Return when the first file on the disk of that time ended, and all sizes."""
        first, size = self._connection.execute(
            'SELECT coalesce(min("end"), 0), coalesce(sum(bytes), 0) FROM files WHERE '
            'state IN (?, ?, ?) AND "end" BETWEEN ? AND ?',
            [*ON_DISK, since, until]).fetchone()
        return float(first), int(size)

    def cameras(self) -> list[str]:
        """Return the names of all cameras that have events."""
        return [*self._distinct("camera", "events")]

    def objects(self) -> list[str]:
        """Return the names of what was recognised in events, the first 100."""
        return [*itertools.islice(self._distinct("name", "sightings"), MAX_OBJECTS)]

    def has(self, id: int) -> bool:
        """Return whether event *id* exists; a deleted one does until it is erased."""
        return bool(self._value("SELECT 1 FROM events WHERE id = ?", id))

    def newest_id(self) -> int:
        """Return the highest id of an event, or sequence of a file; 0 without any."""
        return max(self._value("SELECT max(id) FROM events") or 0,
                   self._value("SELECT max(sequence) FROM files") or 0)

    def remembered(self, key: str) -> str | None:
        """Return the value kept under *key*, or ``None``."""
        value: str | None = self._value("SELECT value FROM state WHERE key = ?", key)
        return value

    def remembered_keys(self, prefix: str) -> list[str]:
        """Return the keys that begin with *prefix*, under which a value is kept."""
        return [key for key, in self._connection.execute(
            "SELECT key FROM state WHERE key BETWEEN ?1 AND ?1 || char(0x10FFFF)",
            [prefix])]

    def _value(self, statement: str, *values: object) -> Any:
        """Return the first value that *statement* finds, ``None`` without any."""
        row = self._connection.execute(statement, values).fetchone()
        return row[0] if row else None

    def _distinct(self, column: str, table: str) -> Iterator[str]:
        """Yield the texts in *column*, in their order, by one index lookup each."""
        text = ""
        while text := self._value(
                f"SELECT min({column}) FROM {table} WHERE {column} > ?", text):
            yield text

    def _files(self, conditions: str, *values: object) -> list[FileRow]:
        """Return the files that meet *conditions*, in SQL."""
        rows = self._connection.execute(
            'SELECT event_id, coalesce(starred, 0), path, media, files.begin, '
            'files."end", bytes, state, sequence FROM files LEFT JOIN events ON '
            f"event_id = id WHERE {conditions}", values)
        return [FileRow(event_id, bool(starred), KeptFile._make(file))
                for event_id, starred, *file in rows]

    def _events(self, conditions: str, *values: object, tables: str = "events",
                ) -> list[Event]:
        """Return the events that meet *conditions*, in SQL, each with its files."""
        rows = self._connection.execute(
            f"SELECT {COLUMNS}, {IS_FALSE_ALARM} FROM {tables} {conditions}", values
            ).fetchall()
        files: dict[int, list[KeptFile]] = {row[0]: [] for row in rows}
        for event_id, *file in self._connection.execute(
                'SELECT event_id, path, media, begin, "end", bytes, state, sequence '
                "FROM files WHERE event_id IN (SELECT value FROM json_each(?)) "
                "ORDER BY sequence, begin, path", [json.dumps(list(files))]):
            files[event_id].append(KeptFile._make(file))
        labels: dict[tuple[int, str], list[str]] = {}
        for event_id, kind, name in self._connection.execute(
                "SELECT event_id, kind, name FROM labels WHERE event_id IN "
                "(SELECT value FROM json_each(?))", [json.dumps(list(files))]):
            labels.setdefault((event_id, kind), []).append(name)
        sightings: dict[int, list[Sighting]] = {}
        for event_id, name, label, score, at, box in self._connection.execute(
                "SELECT event_id, name, label, score, at, box FROM sightings WHERE "
                "event_id IN (SELECT value FROM json_each(?)) ORDER BY score DESC",
                [json.dumps(list(files))]):
            sightings.setdefault(event_id, []).append(
                Sighting(name, label, score, at, tuple(json.loads(box))))
        return [replace(as_event(row, files[row[0]]),
                        zones=tuple(labels.get((row[0], ZONE), ())),
                        sightings=tuple(sightings.get(row[0], ())))
                for row in rows]


@contextmanager
def read_only(path: Path) -> Iterator[EventReader]:
    """Open a snapshot of the database at *path*; raises :exc:`EventsError`."""
    try:
        with closing(sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS,
                isolation_level=None)) as connection:
            connection.execute("BEGIN")
            check_current(connection, path)
            yield EventReader(connection)
    except sqlite3.Error as error:
        raise EventsError(f"the events cannot be read now: {error}") from None


def as_event(row: tuple[Any, ...], files: list[KeptFile]) -> Event:
    """Return *row* of the table of events as an event with *files*."""
    id, camera, kind, begin, end, peak_area, box, note, starred, not_event = row
    return Event(id=id, camera=camera, kind=kind, begin=begin, end=end,
                 peak_area=peak_area, peak_box=tuple(json.loads(box)) if box else None,
                 note=note, starred=bool(starred), not_event=bool(not_event),
                 files=tuple(files))
