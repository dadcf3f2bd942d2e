"""All that is kept: the folder, the list of events, and what goes to make room."""

import contextlib
import logging
import shutil
import sqlite3
import threading
from collections.abc import Callable, Sequence

from pyimagesearch.clock import Clock
from pyimagesearch.errors import SurveillanceError, reason
from pyimagesearch.events.event import ARMED, DISARMED, GONE, MISSING, Event
from pyimagesearch.events.store import EventStore
from pyimagesearch.folders import DataFolder
from pyimagesearch.recording.recorder import Recorder
from pyimagesearch.settings.option import format_bytes
from pyimagesearch.settings.settings import Settings
from pyimagesearch.status import ArchiveStatus
from pyimagesearch.threads import Worker

from .recovery import mark_missing, protect, salvage, unfinished
from .retention import DAY, Holding, days_kept, plan, room

log = logging.getLogger(__name__)

SWEEP = 2.0         # seconds between two looks at the space that is left
RETRY = 5.0         # seconds until a folder that refused is tried again
TIDY = 600.0        # seconds between two looks for files that were moved away
LISTED = 400        # days for which events without a clip or star stay in the list
AHEAD = 2           # sweeps for which there must be room ahead
LEAST_AHEAD = 256_000       # bytes, at least


class Archive(Worker):
    """
    Keep the folder of clips and the list of events in order, for months.

    The thread ``archive`` opens the folder as soon as that can be, salvages what a
    crash left, sets :attr:`ready`, and then makes room before it runs out. All else
    may be called from anywhere.
    """

    def __init__(self, folder: DataFolder, settings: Settings, clock: Clock) -> None:
        super().__init__("archive")
        self.ready = threading.Event()      # the recorders may write
        self.clips = folder.clips
        self.store = EventStore(folder.database, clock)
        self.recorders: list[Recorder] = []
        self.armed = True
        self._wish: bool | None = None      # what was said of that since the start
        self._arming = threading.Lock()
        self._folder = folder
        self._settings = settings
        self._clock = clock
        self._on_arm: list[Callable[[bool], None]] = []
        self._trouble = ""
        self._used = self._cap = self._free = self._keep = 0
        self._days: float | None = None
        self._open_before = self._growth = 0
        self._tidied = -TIDY

    def claim(self) -> None:
        """
        Keep other servers out of the folder; if it is not there yet, later.

        Raises :exc:`FolderError` if another server has it.
        """
        try:
            self._folder.claim()
        except OSError as error:
            self._fare(reason(error))

    def obstacle(self) -> str:
        """Return why nothing may be recorded now; empty if it may."""
        return self._trouble

    def status(self) -> ArchiveStatus:
        """Return what is kept, and what may be."""
        return ArchiveStatus(
            folder=str(self._folder.path), used=self._used, cap=self._cap,
            free=self._free, days=self._days,
            trouble=self._trouble or self.store.trouble, armed=self.armed)

    def on_arm(self, tell: Callable[[bool], None]) -> None:
        """Have *tell* called when motion is to make events, or no longer."""
        self._on_arm.append(tell)
        tell(self.armed)

    def arm(self, armed: bool) -> None:
        """Have motion make events, or not; that outlasts a restart."""
        with self._arming:
            before, self._wish = self.armed, armed
            if armed != before:
                self._set_armed(armed)
        if armed != before or not self.ready.is_set():
            self.store.remember("armed", "yes" if armed else "no")
        if armed == before:
            return
        now = self._clock.time()
        self.store.begin(Event(id=self.store.new_id(), camera="", begin=now, end=now,
                               kind=ARMED if armed else DISARMED))

    def star(self, ids: Sequence[int], starred: bool) -> int:
        """
        Protect events from being removed, or no longer; return how many there were.

        Waits for the disk; raises :exc:`SurveillanceError` if it cannot be written.
        """
        count = self.store.star(ids, starred)
        with self.store.reading() as reader:
            files = [file for event in reader.events(ids) for file in event.files]
        for file in files:
            with contextlib.suppress(OSError):  # the database knows it all the same
                protect(self.clips / file.path, starred)
        return count

    def run(self) -> None:
        """Open, salvage, then sweep until :meth:`stop`; nothing dies quietly."""
        while not self.stopping.is_set():
            try:
                if not self.ready.is_set():
                    self._open()
                self.sweep()
                self._fare("")
            except (OSError, sqlite3.Error, SurveillanceError) as error:
                self._fare(reason(error))
            except Exception as error:
                log.exception("the archive failed")
                self._fare(f"the archive failed ({type(error).__name__})")
            self._clock.wait(self.stopping, SWEEP if self.ready.is_set() else RETRY)

    def sweep(self) -> None:
        """Remove what must go; raises :exc:`SurveillanceError` if it is not enough."""
        self.clips.mkdir(parents=True, exist_ok=True)
        now = self._clock.time()
        for path in self.store.erase(now):
            self._unlink(path)
            self._unlink_unfinished(path)
        self._measure()
        excess = self._used + self._ahead() - self._cap
        due = self._clock.monotonic() - self._tidied >= TIDY
        if due:
            self._tidied = self._clock.monotonic()
            mark_missing(self.clips, self.store)
            self.store.forget(now - LISTED * DAY)
        if due or excess > 0:
            self._make_room(excess, now)
        if self._used + self._ahead() > self._cap:
            raise SurveillanceError(self._explain_lack())

    def _make_room(self, excess: int, now: float) -> None:
        """Remove *excess* bytes, and what is too old."""
        with self.store.reading() as reader:
            holdings = [Holding(*row) for row in reader.holdings()]
        days = self._settings.keep_days
        for holding in plan(holdings, excess=excess,
                            oldest=now - days * DAY if days else 0.0):
            self._remove(holding)
        self._days = days_kept(holdings, self._cap, now)

    def _open(self) -> None:
        self._folder.claim()
        self.clips.mkdir(parents=True, exist_ok=True)
        aside = self.store.open()
        if aside:
            log.warning("the list of events was damaged and is made anew from the "
                        "clips; the old one is %s", aside)
        with self.store.reading() as reader:
            kept, armed = reader.remembered("keep"), reader.remembered("armed")
        with self._arming:      # what was said meanwhile is newer, and on its way there
            self._set_armed(armed != "no" if self._wish is None else self._wish)
        self._keep = self._settings.keep_bytes or int(kept or self._half_of_the_disk())
        salvage(self.clips, self.store)
        self.ready.set()

    def _half_of_the_disk(self) -> int:
        half = shutil.disk_usage(self.clips).free // 2
        self.store.remember("keep", str(half))
        return half

    def _measure(self) -> None:
        """Note what is used, free and allowed [bytes]."""
        opened = sum(recorder.open_bytes for recorder in self.recorders)
        self._growth = max(0, opened - self._open_before)
        self._open_before = opened
        with self.store.reading() as reader:
            self._used = reader.used() + opened
        self._free = shutil.disk_usage(self.clips).free
        self._cap = room(self._keep, self._settings.reserve_bytes, self._used,
                         self._free)

    def _explain_lack(self) -> str:
        kept = f"what is kept ({format_bytes(self._used)}) is starred or new"
        if self._cap < self._keep:
            reserve = format_bytes(self._settings.reserve_bytes)
            return (f"there is no room: {format_bytes(self._free)} are free on the "
                    f"disk, of which {reserve} stay so (--reserve), and {kept}")
        return (f"there is no room: {format_bytes(self._keep)} are allowed (--keep), "
                f"and {kept}")

    def _ahead(self) -> int:
        """Return the bytes that may come until the next sweeps, a copy included."""
        return self._open_before + max(LEAST_AHEAD, AHEAD * self._growth)

    def _remove(self, holding: Holding) -> None:
        """Remove a file, and what would make it again; it may have gone by itself."""
        there = (self.clips / holding.path).exists()
        left = bool(unfinished(self.clips / holding.path))
        if self._unlink(holding.path) and self._unlink_unfinished(holding.path):
            self.store.mark(holding.path, GONE if there or left else MISSING)
            self._used -= holding.bytes
            log.info("removed %s, to make room", holding.path)

    def _unlink_unfinished(self, name: str) -> bool:
        """Remove what would make the clip again at the next start."""
        left = [path.relative_to(self.clips).as_posix()
                for path in unfinished(self.clips / name)]
        return all(map(self._unlink, left))

    def _unlink(self, name: str) -> bool:
        path = self.clips / name
        try:
            path.unlink(missing_ok=True)
            for folder in (path.parent, path.parent.parent):    # a day, a camera
                if not any(folder.iterdir()):
                    folder.rmdir()
        except OSError as error:
            log.warning("%s cannot be removed: %s", path, reason(error))
        return not path.exists()

    def _set_armed(self, armed: bool) -> None:
        self.armed = armed
        for tell in self._on_arm:
            tell(armed)

    def _fare(self, trouble: str) -> None:
        if trouble == self._trouble:
            return
        if trouble:
            log.error("nothing can be kept in %s: %s", self._folder.path, trouble)
        else:
            log.info("everything can be kept again")
        self._trouble = trouble
