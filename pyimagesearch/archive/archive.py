"""Open, recover and maintain the data folder."""

import contextlib
import itertools
import logging
import math
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pyimagesearch.clock import Clock
from pyimagesearch.errors import EventsError, SlowDisk, SurveillanceError, reason
from pyimagesearch.events.event import EXPIRED, GONE
from pyimagesearch.events.store import EventStore
from pyimagesearch.folders import DataFolder, make_private
from pyimagesearch.permissions import (
    others_can_enter,
    protect,
    restrict,
    restrict_below,
)
from pyimagesearch.recording.recorder import Recorder
from pyimagesearch.settings.settings import Settings
from pyimagesearch.status import ArchiveStatus
from pyimagesearch.threads import Worker, be_nice

from .recovery import recover
from .retention import Retention

log = logging.getLogger(__name__)

ENFORCE_SECONDS = 2.0   # between two looks at the space that is left
LIST_SECONDS = 0.5      # to wait for the list to be checked, before that is said
RETRY_SECONDS = 5.0     # until a folder that could not be opened is tried again


class Archive(Worker):
    """
    Keep the clips and the list of events in order.

    The thread ``archive`` opens the folder as soon as it can, sets :attr:`ready`,
    recovers what a crash left while the recorders write, and enforces retention. All
    methods but :meth:`run` and what it calls may be called from any thread.
    """

    def __init__(self, folder: DataFolder, settings: Settings, clock: Clock) -> None:
        super().__init__("archive")
        self.ready = threading.Event()      # the recorders may write
        self.clips = folder.clips
        self.store = EventStore(folder.database, clock)
        self.recorders: list[Recorder] = []
        self.on_open: list[Callable[[], object]] = []   # once it can be read
        self._folder = folder
        self._clock = clock
        self._trouble = ""
        self._is_writable = threading.Event()       # the list is
        self._is_recovered = False
        self._enforced_at = -math.inf   # [s, monotonic]
        self._retention = Retention(self.clips, self.store, settings, clock,
                                    self.stopping)

    def add(self, recorder: Recorder) -> None:
        """Let *recorder* write to the folder; its thread is started elsewhere."""
        if self._is_recovered:
            recorder.paths.forget()
        self.recorders = [*self.recorders, recorder]

    def remove(self, recorder: Recorder) -> None:
        """Note that *recorder* has ended."""
        self.recorders = [each for each in self.recorders if each is not recorder]

    def claim(self) -> None:
        """
        Lock the folder against other servers, or later if it is not there yet.

        What happens from now on is listed after what is there, whatever the clock
        shows. Raises :exc:`FolderError` if another server holds the folder, or that of
        a camera is a link.
        """
        try:
            self._claim()
        except OSError as error:
            self._set_trouble(reason(error))
            return
        with contextlib.suppress(EventsError):      # no list yet, or a corrupt one
            self.store.follow_ids()

    def follow(self, settings: Settings, renamed: Mapping[str, str]) -> None:
        """Keep clips as other *settings* say from now on."""
        self._retention.follow(settings)

    def obstacle(self) -> str:
        """Return why nothing can be recorded now; empty if it can."""
        return self._trouble

    def status(self) -> ArchiveStatus:
        """Return the state of the folder and its usage."""
        return ArchiveStatus(
            folder=str(self._folder.path), **self._retention.usage._asdict(),
            trouble=self._trouble or self.store.trouble,
            deleted_for_room=self._retention.deleted[GONE],
            deleted_by_age=self._retention.deleted[EXPIRED])

    def star(self, ids: Sequence[int], starred: bool) -> int:
        """
        Protect events from retention, or no longer; return how many exist.

        Waits for the disk; raises :exc:`SurveillanceError` if it cannot be written.
        """
        count = self.store.star(ids, starred)
        with self.store.reading() as reader:
            files = [file for event in reader.events(ids) for file in event.files]
        for file in files:
            with contextlib.suppress(OSError):  # the database has it as well
                protect(self.clips / file.path, starred)
        return count

    def confirm(self) -> None:
        """
        Wait until all that was reported to the list of events before is on the disk.

        Raises :exc:`EventsError` if it is not yet.
        """
        if not self._is_writable.wait(0 if self._trouble else LIST_SECONDS):
            raise EventsError(self._trouble or "the list of events is still "
                              "being checked after the start; nothing is written to it "
                              "before")
        self.store.confirm()

    def run(self) -> None:
        """Open and recover the folder, then enforce retention until :meth:`stop`."""
        be_nice()
        while not self.stopping.is_set():
            try:
                if not self._is_recovered:
                    self.open()
                self.enforce()
                self._set_trouble("")
            except SlowDisk as error:
                log.warning("%s", error)    # the recorders go on, as far as they can
            except (OSError, sqlite3.Error, SurveillanceError) as error:
                self._set_trouble(reason(error))
            except Exception as error:
                log.exception("the archive failed")
                self._set_trouble(f"the archive failed ({type(error).__name__})")
            self._clock.wait(self.stopping, ENFORCE_SECONDS if self._is_recovered
                             else RETRY_SECONDS)

    def enforce(self) -> None:
        """Enforce retention; raises :exc:`SurveillanceError` if there is no room."""
        self._enforced_at = self._clock.monotonic()
        make_private(self.clips)
        self._retention.enforce(sum(each.open_bytes for each in self.recorders),
                                tidy=self._is_recovered)

    def open(self) -> None:
        """Open and recover the folder; raises what :meth:`run` retries."""
        self._claim()
        make_private(self.clips)
        if not self.ready.is_set():
            self._prepare()
        self._report_corrupt(self.store.open())
        self._is_writable.set()
        self._retention.open()
        self._recover()

    def _claim(self) -> None:
        self._folder.claim()
        for recorder in self.recorders:
            recorder.paths.check()

    def _prepare(self) -> None:
        """Do what must be done before anything is recorded; takes no time."""
        self._report_corrupt(self.store.prepare())
        restrict_to_owner(self._folder)
        for call in self.on_open:
            call()
        self._set_trouble("")
        self.ready.set()

    def _report_corrupt(self, aside: Path | None) -> None:
        if aside:
            log.info("rebuilding the list of events from the clips; the corrupt one "
                     "is %s", aside)

    def _recover(self) -> None:
        """Recover the folder, and enforce retention meanwhile."""
        for _ in itertools.chain(
                restrict_below(self.clips),
                recover(self.clips, self.store, self._is_ours, self.stopping)):
            if self.stopping.is_set():
                return
            if self._clock.monotonic() - self._enforced_at >= ENFORCE_SECONDS:
                self._enforce_meanwhile()
        self._is_recovered = True
        for recorder in self.recorders:
            recorder.paths.forget()

    def _enforce_meanwhile(self) -> None:
        """Enforce retention; recovery goes on without room, as it needs little."""
        try:
            self.enforce()
            self._set_trouble("")
        except SlowDisk as error:
            log.warning("%s", error)
        except SurveillanceError as error:
            self._set_trouble(reason(error))

    def _is_ours(self, path: Path) -> bool:
        """Return whether a recorder writes the file at *path*, or wrote it."""
        return any(each.paths.gave(path) for each in self.recorders)

    def _set_trouble(self, trouble: str) -> None:
        if trouble == self._trouble:
            return
        if trouble:
            log.error("cannot record to %s: %s", self._folder.path, trouble)
        else:
            log.info("can record to %s again", self._folder.path)
        self._trouble = trouble


def restrict_to_owner(folder: DataFolder) -> None:
    """Take what older versions left open from other users; log if that fails."""
    for path in (folder.clips, folder.path / "backgrounds", folder.path / "lock",
                 *folder.path.glob("events*.db*")):
        restrict(path)
    if others_can_enter(folder.clips):
        log.warning("other users of this machine can read the clips in %s, as the file "
                    "system there does not keep permissions; mount it with the option "
                    "umask=077, or choose a folder on another disk with --data",
                    folder.clips)
