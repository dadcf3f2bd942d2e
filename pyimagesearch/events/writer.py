"""The one thread that writes the database, and the queue it works off."""

import contextlib
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pyimagesearch.clock import Clock
from pyimagesearch.errors import EventsError, SlowDisk
from pyimagesearch.threads import Worker

from .schema import connect

log = logging.getLogger(__name__)

BATCH_SIZE = 500        # writes in one transaction at most

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class WriterLimits(NamedTuple):
    """How much may wait for the writer, and how long."""

    queue_size: int = 10_000        # writes, while the disk refuses
    retry_seconds: float = 1.0      # between two tries to write
    answer_seconds: float = 5.0     # that a caller waits for its write


class Task:
    """A write in the queue; *done* is set once it is committed or has failed."""

    def __init__(self, work: Work[Any]) -> None:
        self.work = work
        self.result: Any = None
        self.done = threading.Event()
        self.abandoned = False      # the caller has given up: not to be written


class EventWriter(Worker):
    """
    Write to the database at *path*; own the only connection that does.

    Writes are queued from any thread, also before :meth:`start`. They outlast a full
    or missing disk, up to ``queue_size`` of them. :attr:`trouble` says why nothing can
    be written now; it is empty if all is well. What is committed survives the death of
    the process at any moment, and a power cut. Each of :attr:`on_commit` is called
    after every commit, from the thread that writes; it must not block.
    """

    def __init__(self, path: Path, clock: Clock, limits: WriterLimits) -> None:
        super().__init__("store")
        self.trouble = ""
        self.on_commit: list[Callable[[], object]] = []
        self._path = path
        self._clock = clock
        self._limits = limits
        self._queue: queue.Queue[Task | None] = queue.Queue(limits.queue_size)
        self._lock = threading.Lock()       # guards the counters
        self._dropped = 0
        self._reported_at = -limits.retry_seconds

    def stop(self) -> None:
        """End once everything queued is written; returns at once."""
        super().stop()
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            log.debug("the writer is awake: its queue is full")

    def enqueue(self, work: Work[object]) -> None:
        """Run *work* on the connection in due course; never waits."""
        self._put(Task(work))

    def call(self, work: Work[T]) -> T:
        """
        Run *work* and return its result; raises :exc:`EventsError`.

        :exc:`SlowDisk` if it is not done within ``answer_seconds``.
        """
        task, seconds = Task(work), self._limits.answer_seconds
        if self._put(task) and task.done.wait(seconds):
            if isinstance(task.result, Exception):
                raise EventsError(f"the events cannot be written: {task.result}")
            result: T = task.result
            return result
        task.abandoned = True
        raise self._failure(seconds)

    def flush(self, timeout: float) -> bool:
        """Wait *timeout* seconds until all that was queued before is written."""
        task = Task(lambda connection: None)
        return self._put(task) and task.done.wait(timeout)

    def confirm(self) -> None:
        """
        Wait until all that was queued before is on the disk; it will be, once it can.

        Raises :exc:`EventsError` if it is not within ``answer_seconds``, or within
        ``retry_seconds`` while writing fails.
        """
        task, limits, waited = Task(lambda connection: None), self._limits, 0.0
        is_queued = self._put(task)
        while is_queued and waited < limits.answer_seconds:
            if task.done.wait(limits.retry_seconds):
                return
            if self.trouble:
                break
            waited += limits.retry_seconds
        raise self._failure(limits.answer_seconds)

    def run(self) -> None:
        """Write what is queued until :meth:`stop`; retry after each error."""
        connection: sqlite3.Connection | None = None
        batch: list[Task] = []
        while batch or (batch := self._take()):
            try:
                if connection and not self._path.exists():      # moved away by hand
                    close(connection)
                    connection = None
                connection = connection or connect(self._path)
                write(connection, batch)
                for listener in tuple(self.on_commit):
                    listener()
                self._set_trouble("")
                batch = []
            except (sqlite3.Error, OSError, EventsError, MemoryError) as error:
                self._set_trouble("the events cannot be written: "
                                  + (str(error) or type(error).__name__))
                close(connection)
                connection = None       # a disk that was pulled may come back
                if self.stopping.is_set():
                    log.error("%d writes are lost at the end: %s",
                              len(batch) + self._queue.qsize(), error)
                    return
                self._clock.wait(self.stopping, self._limits.retry_seconds)
        close(connection)

    def _failure(self, seconds: float) -> EventsError:
        """Return why a write was not done within so many *seconds*."""
        if self.trouble:
            return EventsError(self.trouble)
        return SlowDisk("the events cannot be written: the disk did not respond within "
                        f"{seconds:g} seconds")

    def _take(self) -> list[Task]:
        """Wait for tasks and return them; none at the end."""
        while not (self.stopping.is_set() and self._queue.empty()):
            batch = [self._queue.get()]
            while len(batch) < BATCH_SIZE and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            if tasks := [task for task in batch if task is not None]:
                return tasks
        return []

    def _put(self, task: Task) -> bool:
        """Queue *task*; drop it and return ``False`` if the queue is full."""
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
            if now - self._reported_at < self._limits.retry_seconds:
                return
            count, self._dropped, self._reported_at = self._dropped, 0, now
        log.error("%d writes dropped, as %d are waiting: %s", count,
                  self._limits.queue_size, self.trouble or "the disk is too slow")

    def _set_trouble(self, trouble: str) -> None:
        if trouble == self.trouble:
            return
        if trouble:
            log.error("%s", trouble)
        else:
            log.info("the events can be written again")
        self.trouble = trouble


def write(connection: sqlite3.Connection, batch: list[Task]) -> None:
    """Write *batch* in one transaction, then wake the callers that wait for it."""
    with connection:    # commits, or rolls back
        connection.execute("BEGIN IMMEDIATE")
        for task in batch:
            if not task.abandoned:
                task.result = attempt(connection, task)
    for task in batch:
        task.done.set()


def attempt(connection: sqlite3.Connection, task: Task) -> Any:
    """Return the result of *task*, or the error that concerns it alone."""
    try:
        return task.work(connection)
    except (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError,
            sqlite3.DataError, OverflowError, ValueError) as error:
        log.exception("this write is invalid and skipped")
        return error


def close(connection: sqlite3.Connection | None) -> None:
    """Close *connection*, if there is one, and merge its write-ahead log."""
    if connection is None:
        return
    with contextlib.closing(connection):
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            log.debug("the write-ahead log stays beside the database: %s", error)
