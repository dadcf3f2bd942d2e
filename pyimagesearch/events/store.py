"""Keep what happened, in one SQLite file with one writer."""

import contextlib
import datetime
import json
import logging
import queue
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from pyimagesearch.clock import Clock
from pyimagesearch.errors import EventsError
from pyimagesearch.frames import Box

from .event import GONE, OPEN, Event, KeptFile
from .queries import EventReader, read_only
from .schema import connect, make_sound

log = logging.getLogger(__name__)

QUEUED = 10_000     # writes that wait at most, when nothing can be written
BATCH = 500         # writes in one transaction at most
RETRY = 1.0         # seconds between two tries to write
ANSWER = 5.0        # seconds that a view waits for its write
UNDO_SECONDS = 10.0     # for which a deleted event can be restored

IN = "id IN (SELECT value FROM json_each(?))"


class Task:
    """Something to write; whoever wants its result waits for *done*."""

    def __init__(self, work: Callable[[sqlite3.Connection], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.done = threading.Event()
        self.abandoned = False      # nobody waits any more: not to be written


class EventStore:
    """
    Keep events, their files, and how much moved, in the file at *path*.

    The thread ``store`` owns the only connection that writes; every method may
    be called from any thread. What the cameras write is queued and never waits,
    even before :meth:`open`; it outlasts a full disk, up to 10,000 writes. What
    is committed survives the death of the process at any moment.
    """

    def __init__(self, path: Path, clock: Clock, *,
                 undo_seconds: float = UNDO_SECONDS) -> None:
        self.undo_seconds = undo_seconds
        self.name = "store"
        self.trouble = ""       # why nothing can be written now; empty = all well
        self._path = path
        self._clock = clock
        self._queue: queue.Queue[Task | None] = queue.Queue(QUEUED)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()       # guards the names below
        self._first_id = self._last_id = 0
        self._past_ids: set[int] = set()
        self._before = self._newest_before = 0      # the last ids before open()
        self._dropped, self._told = 0, -RETRY
        self._begun: Counter[tuple[str, str]] = Counter()

    # --- beginning and end

    def open(self) -> Path | None:
        """
        Open the file, or make it, and begin to write.

        Return where a corrupt one was set aside, if it was. Raises
        :exc:`OSError` or :exc:`sqlite3.OperationalError` if it cannot be opened
        now, and :exc:`EventsError` if a newer version has written it.
        """
        if self._thread is not None:
            return None
        now = datetime.datetime.fromtimestamp(self._clock.time())
        aside = make_sound(self._path, f"{now:%Y%m%d-%H%M%S}")
        with self.reading() as reader:
            newest = reader.newest_id()
        with self._lock:        # a clock that was set back must not give an id twice
            self._before, self._newest_before = self._last_id, newest
            self._last_id = max(self._last_id, newest)
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()
        return aside

    def stop(self) -> None:
        """Have the writer end once everything queued is written; returns at once."""
        self._stopping.set()
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            log.debug("the writer need not be woken: it has enough to do")

    def join(self, timeout: float) -> bool:
        """Wait *timeout* seconds for the writer; return whether it ended."""
        if self._thread is None:
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def new_id(self) -> int:
        """
        Return an id that no event ever had, higher than those before.

        It is the time [microseconds since the epoch], or one more than the last.
        """
        with self._lock:
            self._last_id = max(self._last_id + 1, int(self._clock.time() * 1e6))
            self._first_id = self._first_id or self._last_id
            return self._last_id

    def begun(self) -> dict[tuple[str, str], int]:
        """Return how many events began since the start, by camera and kind."""
        with self._lock:
            return dict(self._begun)

    def id_at(self, when: float) -> int:
        """
        Return an id that no event ever had, for one of *when* [s since the epoch].

        It stands among the others where that was. Looks into the file.
        """
        if when >= self._clock.time():
            return self.new_id()
        with self.reading() as reader, self._lock:
            id = max(1, int(when * 1e6))
            while id in self._past_ids or reader.has(id):
                id += 1
            self._past_ids.add(id)
            return id

    def is_earlier(self, id: int) -> bool:
        """Return whether event *id* comes from an earlier run of the program."""
        before_open = 0 < self._first_id <= id <= self._before
        return id <= self._newest_before and not before_open

    # --- from the cameras: queued, never waits

    def begin(self, event: Event) -> None:
        """Note that *event* began, with all that is known of it and its files."""
        with self._lock:
            self._begun[event.camera, event.kind] += 1
        self.adopt(event)

    def adopt(self, event: Event) -> None:
        """Note *event* of an earlier run, unless it is there."""
        self._queue_sql(
            "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            event.id, event.camera, event.kind, event.begin, event.end,
            float(event.peak_area), as_text(event.peak_box), event.note, event.starred)
        for file in event.files:
            self.keep(event.id, file)

    def end(self, id: int, end: float, peak_area: float, peak_box: Box | None) -> None:
        """Note that the event ended at *end* [seconds since the epoch]."""
        self._queue_sql(
            'UPDATE events SET "end" = ?, peak_area = ?, peak_box = ? WHERE id = ?',
            end, float(peak_area), as_text(peak_box), id)

    def reopen(self, id: int) -> None:
        """Have it that the event has not ended, as more of it is found."""
        self._queue_sql('UPDATE events SET "end" = NULL WHERE id = ?', id)

    def note(self, id: int, text: str) -> None:
        """Say something more about an event."""
        self._queue_sql("UPDATE events SET note = ? WHERE id = ?", text, id)

    def keep(self, id: int, file: KeptFile) -> None:
        """Note *file* as one of event *id*, in the place of what has its path."""
        self._queue_sql(
            'INSERT OR REPLACE INTO files (event_id, path, media, begin, "end", bytes, '
            "state) VALUES (?, ?, ?, ?, ?, ?, ?)", id, *file)

    def mark(self, path: str, state: str) -> None:
        """Note how the file at *path* is now."""
        self._queue_sql("UPDATE files SET state = ? WHERE path = ?", state, path)

    def level(self, camera: str, minute: int, area: float) -> None:
        """Note how much moved in *minute* (since the epoch) [per mille]."""
        self._queue_sql(
            "INSERT INTO levels (minute, camera, area) VALUES (?, ?, ?) ON CONFLICT "
            "DO UPDATE SET area = max(area, excluded.area)", minute, camera,
            float(area))

    def forget(self, before: float) -> None:
        """
        Drop what was *before* that time [seconds since the epoch] and left nothing.

        That is how much moved, and each event without a star that has no file any
        more, nor one that was moved away.
        """
        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM levels WHERE minute < ?", [before // 60])
            ids = json.dumps([id for id, in connection.execute(
                'SELECT id FROM events WHERE begin < ? AND "end" IS NOT NULL AND NOT '
                "starred AND NOT EXISTS (SELECT 1 FROM files WHERE event_id = id AND "
                "state != ?)", [before, GONE])])
            connection.execute(f"DELETE FROM files WHERE event_{IN}", [ids])
            connection.execute(f"DELETE FROM events WHERE {IN}", [ids])

        self._put(Task(work))

    def remember(self, key: str, value: str) -> None:
        """Keep a small thing that outlasts the program."""
        self._queue_sql("INSERT OR REPLACE INTO state (key, value) VALUES (?, ?)",
                        key, value)

    # --- from the views: queued, and waited for

    def star(self, ids: Sequence[int], starred: bool) -> int:
        """
        Protect events, or no longer; return how many there were.

        This and what follows raise :exc:`EventsError` if it cannot be written.
        """
        return self._change(f"UPDATE events SET starred = ? WHERE deleted IS NULL "
                            f"AND {IN}", starred, json.dumps(list(ids)))

    def delete(self, ids: Sequence[int], now: float) -> int:
        """
        Hide events at once; return how many. Starred ones stay.

        They go for good by :meth:`erase`, ``undo_seconds`` after *now* [seconds
        since the epoch].
        """
        return self._change(f"UPDATE events SET deleted = ? WHERE deleted IS NULL "
                            f"AND NOT starred AND {IN}", now, json.dumps(list(ids)))

    def restore(self, ids: Sequence[int]) -> int:
        """Show deleted events again; return how many were still there."""
        return self._change(f"UPDATE events SET deleted = NULL WHERE deleted "
                            f"IS NOT NULL AND {IN}", json.dumps(list(ids)))

    def erase(self, now: float) -> list[str]:
        """
        Remove for good what was deleted more than ``undo_seconds`` before *now*.

        Return the paths of the files that are left over. What is still being
        recorded waits until it has ended.
        """
        def work(connection: sqlite3.Connection) -> list[str]:
            ids = json.dumps([id for id, in connection.execute(
                'SELECT id FROM events WHERE deleted < ? AND "end" IS NOT NULL AND NOT '
                "EXISTS (SELECT 1 FROM files WHERE event_id = id AND state = ?)",
                (now - self.undo_seconds, OPEN))])
            paths = [path for path, in connection.execute(
                f"SELECT path FROM files WHERE state != ? AND event_{IN}", (GONE, ids))]
            connection.execute(f"DELETE FROM files WHERE event_{IN}", [ids])
            connection.execute(f"DELETE FROM events WHERE {IN}", [ids])
            return paths

        paths: list[str] = self._wait_for(work)
        return paths

    def settle(self, timeout: float) -> bool:
        """Wait *timeout* seconds until all that was queued before is written."""
        task = Task(lambda connection: None)
        return self._put(task) and task.done.wait(timeout)

    def reading(self) -> AbstractContextManager[EventReader]:
        """Open a view of what there is, for one thread; raises :exc:`EventsError`."""
        return read_only(self._path)

    # --- the queue

    def _queue_sql(self, statement: str, *values: Any) -> None:
        self._put(Task(lambda connection: connection.execute(statement, values)))

    def _change(self, statement: str, *values: Any) -> int:
        """Run *statement*; return how many rows it changed."""
        count: int = self._wait_for(
            lambda connection: connection.execute(statement, values).rowcount)
        return count

    def _wait_for(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        task = Task(work)
        if self._put(task) and task.done.wait(ANSWER):
            if isinstance(task.result, Exception):
                raise EventsError(f"the events cannot be written: {task.result}")
            return task.result
        task.abandoned = True
        raise EventsError(self.trouble or "the events cannot be written now: the disk "
                          f"did not answer within {ANSWER:g} seconds")

    def _put(self, task: Task) -> bool:
        """Queue *task*, unless the queue is full; return whether it is."""
        try:
            self._queue.put_nowait(task)
            return True
        except queue.Full:
            self._drop()
            return False

    def _drop(self) -> None:
        with self._lock:
            self._dropped += 1
            now = self._clock.monotonic()
            if now - self._told < RETRY:
                return
            count, self._dropped, self._told = self._dropped, 0, now
        log.error("%d writes are lost, as %d wait already: %s", count, QUEUED,
                  self.trouble or "the disk is too slow")

    # --- the writer's thread

    def _run(self) -> None:
        """Write what is queued until :meth:`stop`, whatever the disk does."""
        connection: sqlite3.Connection | None = None
        batch: list[Task] = []
        while batch or (batch := self._take()):
            try:
                if connection and not self._path.exists():      # moved away by hand
                    close(connection)
                    connection = None
                connection = connection or connect(self._path)
                self._write(connection, batch)
                self._fare("")
                batch = []
            except (sqlite3.Error, OSError, EventsError, MemoryError) as error:
                self._fare("the events cannot be written: "
                           + (str(error) or type(error).__name__))
                close(connection)
                connection = None       # a disk that was pulled may come back
                if self._stopping.is_set():
                    log.error("%d writes are lost at the end: %s",
                              len(batch) + self._queue.qsize(), error)
                    return
                self._clock.wait(self._stopping, RETRY)
        close(connection)

    def _take(self) -> list[Task]:
        """Wait for tasks and return them; none at the end."""
        while not (self._stopping.is_set() and self._queue.empty()):
            batch = [self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            if tasks := [task for task in batch if task is not None]:
                return tasks
        return []

    def _write(self, connection: sqlite3.Connection, batch: list[Task]) -> None:
        """Write *batch* in one transaction, then tell those who wait."""
        connection.execute("BEGIN IMMEDIATE")
        try:
            for task in batch:
                if not task.abandoned:
                    task.result = attempt(connection, task)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        for task in batch:
            task.done.set()

    def _fare(self, trouble: str) -> None:
        """Note how writing goes, and log it when that changes."""
        if trouble == self.trouble:
            return
        if trouble:
            log.error("%s", trouble)
        else:
            log.info("the events can be written again")
        self.trouble = trouble


def attempt(connection: sqlite3.Connection, task: Task) -> Any:
    """Return what *task* gives; an error that is its own must not stop the others."""
    try:
        return task.work(connection)
    except (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError,
            sqlite3.DataError, OverflowError, ValueError) as error:
        log.exception("this cannot be written as an event")
        return error


def close(connection: sqlite3.Connection | None) -> None:
    """Close *connection*, if there is one; its log goes into the file."""
    if connection is None:
        return
    with contextlib.closing(connection):
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            log.debug("the log stays beside the database: %s", error)


def as_text(box: Box | None) -> str | None:
    """Return *box* as it is stored."""
    return None if box is None else json.dumps([int(edge) for edge in box])
