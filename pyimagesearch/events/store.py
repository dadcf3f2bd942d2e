"""Keep events in one SQLite file with one writer."""

import datetime
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from pyimagesearch.clock import Clock
from pyimagesearch.frames import Box

from .event import (
    BROKEN,
    LOST,
    OPEN,
    REMOVED,
    UNSTEADY,
    ZONE,
    Event,
    KeptFile,
    Sighting,
)
from .event_counts import EventCounts
from .explanation import Explanation
from .ids import EventIds
from .queries import COLUMNS, EventReader, read_only
from .schema import FIRST_CHECK, QUICK_CHECK, replace_if_corrupt
from .trimming import IN_IDS, drop, drop_before, drop_oldest
from .writer import EventWriter, WriterLimits

UNDO_SECONDS = 10.0     # for which a deleted event can be restored
DEFAULT_LIMITS = WriterLimits()


class EventStore(EventWriter):
    """
    Keep events, their files and the levels of motion in the file at *path*.

    Every method but :meth:`run` may be called from any thread. What the cameras report
    is queued for the thread ``store`` and never waits, even before :meth:`open`; what
    the pages change is waited for.
    """

    def __init__(self, path: Path, clock: Clock, *, undo_seconds: float = UNDO_SECONDS,
                 limits: WriterLimits = DEFAULT_LIMITS) -> None:
        super().__init__(path, clock, limits)
        self.undo_seconds = undo_seconds
        self.counts = EventCounts()
        self._ids = EventIds(clock)
        self._is_open = False

    def prepare(self) -> Path | None:
        """
        Create the file, or convert that of an older version, so that it can be read.

        Takes no longer for a long list than for a short one. Return where a corrupt
        one was set aside, if it was. Raises :exc:`OSError` or
        :exc:`sqlite3.OperationalError` if it cannot be opened now, and
        :exc:`EventsError` if a newer version has written it.
        """
        return None if self._is_open else self._replace_if_corrupt(FIRST_CHECK)

    def open(self) -> Path | None:
        """Read the whole file, as :meth:`prepare` does not, and start to write it."""
        if self._is_open:
            return None
        aside = self._replace_if_corrupt(QUICK_CHECK)
        self._is_open = True
        self.start()
        return aside

    def reading(self) -> AbstractContextManager[EventReader]:
        """Open a snapshot of the file for one thread; raises :exc:`EventsError`."""
        return read_only(self._path)

    @property
    def disk_bytes(self) -> int:
        """What the file takes on the disk, with its write-ahead log."""
        parts = (self._path, self._path.with_name(self._path.name + "-wal"))
        return sum(part.stat().st_size for part in parts if part.exists())

    # --- ids

    def new_id(self) -> int:
        """Return an id that no event or file ever had, higher than those before."""
        return self._ids.new()

    def follow_ids(self) -> None:
        """Give only ids higher than those in the file from now on. Reads the file."""
        with self.reading() as reader:
            self._ids.follow(reader.newest_id())

    def id_at(self, when: float) -> int:
        """
        Return an id that no event ever had, for one of *when* [s since the epoch].

        It sorts among the others by that time. Reads the file.
        """
        with self.reading() as reader:
            return self._ids.at(when, reader.has)

    def is_earlier(self, id: int) -> bool:
        """Return whether event *id* comes from an earlier run of the program."""
        return self._ids.is_earlier(id)

    # --- from the cameras: queued, never waits

    def begin(self, event: Event) -> None:
        """Add *event*, which begins now, with its files."""
        self.counts.begin(event.camera, event.kind)
        self.adopt(event)

    def add(self, kind: str, begin: float, end: float | None, camera: str = "",
            note: str = "") -> Event:
        """Add and return an event; *begin* and *end* in seconds since the epoch."""
        event = Event(id=self.new_id(), camera=camera, kind=kind, begin=begin, end=end,
                      note=note)
        self.begin(event)
        return event

    def add_return(self, event: Event) -> None:
        """Add *event*, a return, if a loss is the last that is known of its camera."""
        self._execute(
            f"INSERT INTO events ({COLUMNS}) SELECT ?1, ?2, ?3, ?4, ?4, 0, NULL, '', 0 "
            "WHERE (SELECT kind FROM events WHERE id = (SELECT max(id) FROM events "
            "WHERE +camera = ?2 AND kind IN (?3, ?5, ?6) AND id < ?1)) != ?3",
            event.id, event.camera, event.kind, event.begin, LOST, UNSTEADY)

    def adopt(self, event: Event) -> None:
        """Add *event* of an earlier run, unless it is there."""
        self._execute(
            f"INSERT OR IGNORE INTO events ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
            "?)", event.id, event.camera, event.kind, event.begin, event.end,
            float(event.peak_area), box_as_text(event.peak_box), event.note,
            event.starred)
        if event.not_event:
            self._execute("INSERT OR IGNORE INTO false_alarms VALUES (?)", event.id)
        for file in event.files:
            self.keep(event.id, file)
        self.label(event.id, ZONE, event.zones)
        for sighting in event.sightings:
            self.sight(event.id, sighting)

    def end(self, id: int, end: float, peak_area: float, peak_box: Box | None) -> None:
        """End the event at *end* [seconds since the epoch]."""
        self._execute(
            'UPDATE events SET "end" = ?, peak_area = ?, peak_box = ? WHERE id = ?',
            end, float(peak_area), box_as_text(peak_box), id)

    def set_peak(self, id: int, area: float, box: Box | None) -> None:
        """Set the largest motion so far of the event that lasts."""
        self._execute("UPDATE events SET peak_area = ?, peak_box = ? WHERE id = ?",
                      float(area), box_as_text(box), id)

    def reopen(self, id: int) -> None:
        """Mark the event as not ended, as more of it was found."""
        self._execute('UPDATE events SET "end" = NULL WHERE id = ?', id)

    def note(self, id: int, text: str) -> None:
        """Replace the note of the event."""
        self._execute("UPDATE events SET note = ? WHERE id = ?", text, id)

    def label(self, id: int, kind: str, names: Iterable[str]) -> None:
        """Add *names* of zones, as *kind* says, to the event."""
        for name in names:
            self._execute("INSERT OR IGNORE INTO labels VALUES (?, ?, ?)", id, kind,
                          name)

    def sight(self, id: int, sighting: Sighting) -> None:
        """Replace the event's sighting with that name by *sighting*; at any time."""
        def work(connection: sqlite3.Connection) -> None:
            found = connection.execute("SELECT camera FROM events WHERE id = ?", [id]
                                       ).fetchone()
            if found is None:       # erased meanwhile: nothing is left over of it
                return
            connection.execute(
                "INSERT INTO sightings VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT "
                "DO UPDATE SET label = excluded.label, score = excluded.score, "
                "at = excluded.at, box = excluded.box",
                [id, sighting.name, sighting.label, float(sighting.score), sighting.at,
                 box_as_text(sighting.box)])
            self.counts.recognise(found[0], sighting.name, id)

        self.enqueue(work)

    def keep(self, event_id: int, file: KeptFile) -> None:
        """Add *file* to the event, or replace the entry with the same path."""
        self._execute(
            'INSERT OR REPLACE INTO files (event_id, path, media, begin, "end", bytes, '
            "state, sequence) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", event_id, *file)
        # a new file has the name of one that was to be deleted: that one is
        self._execute("DELETE FROM deletions WHERE path = ?", file.path)

    def explain(self, event_id: int, explanation: Explanation, mask: bytes) -> None:
        """Keep why the event was stored, with the *mask* of what moved as a PNG."""
        # none is left over of an event that was erased meanwhile
        self.enqueue(lambda connection: connection.execute(
            "INSERT OR REPLACE INTO explanations SELECT ?, ?, ?, ? WHERE EXISTS "
            "(SELECT 1 FROM events WHERE id = ?)",
            [event_id, explanation.moment, explanation.as_text(), mask, event_id]))

    def mark(self, path: str, state: str) -> None:
        """Set the state of the file at *path*."""
        self._execute("UPDATE files SET state = ? WHERE path = ?", state, path)

    def mark_broken(self, file: KeptFile) -> None:
        """Mark *file* as broken, unless it was replaced since it was read."""
        self._execute("UPDATE files SET state = ? WHERE path = ? AND bytes = ?",
                      BROKEN, file.path, file.bytes)

    def forget_deletions(self, paths: Sequence[str]) -> None:
        """Note that the files at *paths* are deleted, also after a power cut."""
        self._execute("DELETE FROM deletions WHERE path IN (SELECT value FROM "
                      "json_each(?))", json.dumps(paths))

    def level(self, camera: str, minute: int, area: float) -> None:
        """Raise the level of motion in *minute* (since the epoch) to *area* [‰]."""
        self._execute(
            "INSERT INTO levels (minute, camera, area) VALUES (?, ?, ?) ON CONFLICT "
            "DO UPDATE SET area = max(area, excluded.area)", minute, camera,
            float(area))

    def forget(self, before: float, now: float) -> None:
        """
        Drop levels and events of before that time [s since the epoch], as of *now*.

        Events with a star, or with a file that retention did not remove, stay. One
        with an impossible time, as of a clock that was not set, goes with the next one
        recorded after it.
        """
        self.enqueue(lambda connection: drop_before(connection, before, now))

    def trim(self, share: float) -> int:
        """
        Drop the oldest *share* of the levels and events; return how many events.

        It is less if these are many, have a star, or a file that retention did not
        remove.
        """
        return self.call(lambda connection: drop_oldest(connection, share))

    def remember(self, key: str, value: str) -> None:
        """Keep a small value that outlasts the program."""
        self._execute("INSERT OR REPLACE INTO state (key, value) VALUES (?, ?)",
                      key, value)

    def forget_value(self, key: str) -> None:
        """Drop the value kept under *key*, if there is one."""
        self._execute("DELETE FROM state WHERE key = ?", key)

    # --- from the pages: queued and waited for; raise EventsError

    def star(self, ids: Sequence[int], starred: bool) -> int:
        """Protect events, or no longer; return how many exist."""
        return self._change(f"UPDATE events SET starred = ? WHERE deleted IS NULL "
                            f"AND {IN_IDS}", starred, json.dumps(list(ids)))

    def mark_not_event(self, ids: Sequence[int], not_event: bool) -> int:
        """Mark events as false alarms, or no longer; return how many exist."""
        def work(connection: sqlite3.Connection) -> int:
            existing = [id for id, in connection.execute(
                f"SELECT id FROM events WHERE deleted IS NULL AND {IN_IDS}",
                [json.dumps(list(ids))])]
            connection.executemany(
                "INSERT OR IGNORE INTO false_alarms VALUES (?)" if not_event
                else "DELETE FROM false_alarms WHERE event_id = ?",
                [[id] for id in existing])
            return len(existing)

        return self.call(work)

    def delete(self, ids: Sequence[int], now: float) -> int:
        """
        Hide events at once, except starred ones; return how many.

        :meth:`erase` removes them ``undo_seconds`` after *now* [s since the epoch].
        """
        return self._change(f"UPDATE events SET deleted = ? WHERE deleted IS NULL "
                            f"AND NOT starred AND {IN_IDS}", now, json.dumps(list(ids)))

    def restore(self, ids: Sequence[int]) -> int:
        """Show deleted events again; return how many were still there."""
        return self._change(f"UPDATE events SET deleted = NULL WHERE deleted "
                            f"IS NOT NULL AND {IN_IDS}", json.dumps(list(ids)))

    def remove(self, states: Mapping[str, str]) -> list[str]:
        """
        Mark the files that retention deletes next, with the *states* of their paths.

        Return their paths: all but those of events that were starred meanwhile. They
        are among the deletions until :meth:`forget_deletions`. What explains an event
        shows who moved where, so it goes with its last file.
        """
        def work(connection: sqlite3.Connection) -> list[str]:
            removed = [path for path, state in states.items() if connection.execute(
                "UPDATE files SET state = ? WHERE path = ? AND NOT EXISTS (SELECT 1 "
                "FROM events WHERE id = event_id AND starred)",
                [state, path]).rowcount]
            for path in removed:
                connection.execute(
                    "DELETE FROM explanations WHERE event_id = (SELECT event_id FROM "
                    "files WHERE path = ?) AND NOT EXISTS (SELECT 1 FROM files WHERE "
                    "files.event_id = explanations.event_id AND state NOT IN (?, ?))",
                    [path, *REMOVED])
            list_deletions(connection, removed)
            return removed

        return self.call(work)

    def erase(self, now: float) -> list[str]:
        """
        Remove events that were deleted more than ``undo_seconds`` before *now*.

        Return the paths of all files that are to be deleted: theirs, and those that
        could not be deleted before. An event that is still being recorded waits for its
        end; one deleted long after *now* does not, as the clock was set back.
        """
        def work(connection: sqlite3.Connection) -> list[str]:
            ids = json.dumps([id for id, in connection.execute(
                "SELECT id FROM events WHERE deleted IS NOT NULL AND NOT deleted "
                'BETWEEN ? AND ? AND "end" IS NOT NULL AND NOT EXISTS '
                "(SELECT 1 FROM files WHERE event_id = id AND state = ?)",
                (now - self.undo_seconds, now + self.undo_seconds, OPEN))])
            list_deletions(connection, [path for path, in connection.execute(
                "SELECT path FROM files WHERE state NOT IN (?, ?) AND "
                f"event_{IN_IDS}", (*REMOVED, ids))])
            drop(connection, ids)
            return [path for path, in connection.execute("SELECT path FROM deletions")]

        return self.call(work)

    def _replace_if_corrupt(self, check: str) -> Path | None:
        now = datetime.datetime.fromtimestamp(self._clock.time())
        aside = replace_if_corrupt(self._path, f"{now:%Y%m%d-%H%M%S}", check)
        self.follow_ids()
        return aside

    def _execute(self, statement: str, *values: Any) -> None:
        self.enqueue(lambda connection: connection.execute(statement, values))

    def _change(self, statement: str, *values: Any) -> int:
        """Run *statement* and wait for it; return how many rows it changed."""
        return self.call(
            lambda connection: connection.execute(statement, values).rowcount)


def list_deletions(connection: sqlite3.Connection, paths: Iterable[str]) -> None:
    """Add the files at *paths* to those that are to be deleted."""
    connection.executemany("INSERT OR IGNORE INTO deletions VALUES (?)",
                           [(path,) for path in paths])


def box_as_text(box: Box | None) -> str | None:
    """Return *box* as it is stored."""
    return None if box is None else json.dumps([int(edge) for edge in box])
