"""Create and migrate the database file; set a corrupt one aside."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from pyimagesearch.errors import EventsError

log = logging.getLogger(__name__)

BUSY_SECONDS = 2.0      # to wait for another program that has the file open
WAL_PAGES = 250         # of 4 kB, after which the write-ahead log is merged
CACHE_KB = 300          # of the file that the writer keeps in memory
FIRST_VACUUMED = 5      # version of the file from which on it can shrink
TABLES = {"events", "files", "levels", "state", "explanations", "false_alarms",
          "deletions", "labels", "arrivals", "sightings"}

QUICK_CHECK = "PRAGMA quick_check(1)"
FIRST_CHECK = ("SELECT 'ok' FROM state UNION SELECT 'ok' FROM (SELECT max(id) FROM "
               "events) UNION SELECT 'ok' FROM (SELECT max(sequence) FROM files)")

# Migration N turns a database of version N into one of version N + 1. One that was
# released is never changed.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    ("""CREATE TABLE events (
            id INTEGER PRIMARY KEY, camera TEXT NOT NULL, kind TEXT NOT NULL,
            begin REAL NOT NULL, "end" REAL, peak_area REAL NOT NULL, peak_box TEXT,
            note TEXT NOT NULL, starred INTEGER NOT NULL, deleted REAL)""",
     "CREATE INDEX events_by_time ON events (begin)",
     "CREATE INDEX events_by_camera ON events (camera, begin)",
     "CREATE INDEX events_by_kind ON events (kind, begin)",
     "CREATE INDEX events_starred ON events (begin) WHERE starred",
     'CREATE INDEX events_lasting ON events (begin) WHERE "end" IS NULL',
     "CREATE INDEX events_deleted ON events (deleted) WHERE deleted IS NOT NULL",
     """CREATE TABLE files (
            path TEXT PRIMARY KEY, event_id INTEGER NOT NULL, media TEXT NOT NULL,
            begin REAL NOT NULL, "end" REAL NOT NULL, bytes INTEGER NOT NULL,
            state TEXT NOT NULL) WITHOUT ROWID""",
     "CREATE INDEX files_by_event ON files (event_id, begin)",
     "CREATE INDEX files_by_state ON files (state, begin)",
     """CREATE TABLE levels (
            minute INTEGER, camera TEXT, area REAL NOT NULL,
            PRIMARY KEY (minute, camera)) WITHOUT ROWID""",
     "CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"),
    # for the list, which is ordered by id: each index has it after its column
    ("CREATE INDEX events_of_camera ON events (camera)",
     "CREATE INDEX events_of_kind ON events (kind)",
     "CREATE INDEX events_of_star ON events (id) WHERE starred"),
    # the order of recording; until now there were only times, which may be wrong
    ("ALTER TABLE files ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0",
     "UPDATE files SET sequence = max(event_id, CAST(begin * 1e6 AS INTEGER))",
     "CREATE INDEX files_by_sequence ON files (sequence)"),
    # false alarms, and why each motion event was stored
    ("ALTER TABLE events ADD COLUMN not_event INTEGER NOT NULL DEFAULT 0",
     "CREATE INDEX events_of_not_event ON events (id) WHERE not_event",
     """CREATE TABLE explanations (
            event_id INTEGER NOT NULL, moment TEXT NOT NULL, text TEXT NOT NULL,
            mask BLOB NOT NULL, PRIMARY KEY (event_id, moment))"""),
    # few events are false alarms, so they need no column
    ("CREATE TABLE false_alarms (event_id INTEGER PRIMARY KEY)",
     "INSERT INTO false_alarms SELECT id FROM events WHERE not_event",
     "DROP INDEX events_of_not_event",
     "ALTER TABLE events DROP COLUMN not_event",
     # files that are to be deleted, until they are
     "CREATE TABLE deletions (path TEXT PRIMARY KEY) WITHOUT ROWID"),
    # the zones and objects of an event
    ("""CREATE TABLE labels (
            event_id INTEGER, kind TEXT, name TEXT,
            PRIMARY KEY (event_id, kind, name)) WITHOUT ROWID""",
     # the order in which events were added, for alerts: ids are older than that
     """CREATE TABLE arrivals (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, event_id INTEGER NOT NULL)""",
     "CREATE INDEX arrivals_by_event ON arrivals (event_id)",
     """CREATE TRIGGER event_added AFTER INSERT ON events BEGIN
            INSERT INTO arrivals (event_id) VALUES (NEW.id); END"""),
    # what was recognised in an event: the best sighting of each name
    ("DELETE FROM labels WHERE kind = 'object'",
     """CREATE TABLE sightings (
            event_id INTEGER, name TEXT, label TEXT NOT NULL, score REAL NOT NULL,
            at REAL NOT NULL, box TEXT NOT NULL, PRIMARY KEY (event_id, name))
            WITHOUT ROWID""",
     "CREATE INDEX sightings_by_name ON sightings (name, event_id)",
     "CREATE INDEX sightings_by_label ON sightings (label, event_id)"),
)


def connect(path: Path) -> sqlite3.Connection:
    """
    Return a connection for writing; create or migrate the file if needed.

    Raises :exc:`EventsError` for a file that a newer version has written,
    :exc:`sqlite3.OperationalError` if it cannot be opened now, and another
    :exc:`sqlite3.DatabaseError` if it is corrupt.
    """
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        check_version(connection, path)
        # only for a new file: what is deleted can be given back to the disk
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_PAGES * 4096}")
        # what is committed outlasts a power cut: the log is synced, once a batch
        connection.execute("PRAGMA synchronous = FULL")
        # the default grows to 2 MB with the list; the kernel caches the file as well
        connection.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Raise :exc:`EventsError` if a newer version has written the file."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise EventsError(
            f"{str(path)!r} was written by a newer version of this program "
            f"(format {version}, this one supports up to {len(MIGRATIONS)}); install "
            "that version again, or move the file away")


def check_current(connection: sqlite3.Connection, path: Path) -> None:
    """Raise :exc:`EventsError` if another version has written the file."""
    check_version(connection, path)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        raise EventsError("the list of events is just being created")
    if version < len(MIGRATIONS):
        raise EventsError(
            f"the list of events is that of an older version (format {version}, "
            f"not {len(MIGRATIONS)}); start the program once, which converts it")


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to the current version, all or nothing."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and tables(connection):
            raise sqlite3.DatabaseError("it belongs to another program")
        for migration in MIGRATIONS[version:]:
            for statement in migration:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    if 0 < version < FIRST_VACUUMED:
        make_shrinkable(connection)
    if not tables(connection) >= TABLES:
        raise sqlite3.DatabaseError("tables are missing")


def make_shrinkable(connection: sqlite3.Connection) -> None:
    """Rewrite the file, so that what is deleted can be given back to the disk."""
    try:
        connection.execute("PRAGMA journal_mode = DELETE")  # or it stays as it is
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("VACUUM")
    except sqlite3.OperationalError as error:
        log.info("the list of events stays as large as it is: %s", error)
    connection.execute("PRAGMA journal_mode = WAL")


def tables(connection: sqlite3.Connection) -> set[str]:
    """Return the names of all tables."""
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    return {name for name, in rows}


def replace_if_corrupt(path: Path, stamp: str, check: str) -> Path | None:
    """
    Open or create the file at *path*; replace it by a new one if it is corrupt.

    *check* is the statement that finds that out: ``QUICK_CHECK`` reads all of it,
    ``FIRST_CHECK`` what a start needs. Return where the corrupt one was set aside (its
    name ends in *stamp*), or ``None``. Raises like :func:`connect`, but never for a
    corrupt one.
    """
    try:
        with closing(connect(path)) as connection:
            for verdict, in connection.execute(check):
                if verdict != "ok":
                    raise sqlite3.DatabaseError(verdict)
            return None
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        log.error("%s is corrupt and set aside: %s", path, error)
    aside = set_aside(path, stamp)
    connect(path).close()
    return aside


def set_aside(path: Path, stamp: str) -> Path:
    """Rename the file at *path* with its write-ahead log; delete nothing."""
    aside = path.with_name(f"{path.stem}.corrupt-{stamp}{path.suffix}")
    for ending in ("", "-wal", "-shm"):
        part = path.with_name(path.name + ending)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))
    return aside
