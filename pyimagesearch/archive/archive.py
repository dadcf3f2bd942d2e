"""Open, recover and maintain the data folder."""

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence

from pyimagesearch.clock import Clock
from pyimagesearch.errors import EventsError, SurveillanceError, reason
from pyimagesearch.events.event import EXPIRED, GONE
from pyimagesearch.events.store import EventStore
from pyimagesearch.folders import DataFolder
from pyimagesearch.recording.recorder import Recorder
from pyimagesearch.settings.settings import Settings
from pyimagesearch.status import ArchiveStatus
from pyimagesearch.threads import Worker

from .recovery import protect, recover
from .retention import Retention

log = logging.getLogger(__name__)

ENFORCE_SECONDS = 2.0   # between two looks at the space that is left
RETRY_SECONDS = 5.0     # until a folder that could not be opened is tried again


class Archive(Worker):
    """
    Keep the clips and the list of events in order.

    The thread ``archive`` opens the folder as soon as it can, recovers what a crash
    left, sets :attr:`ready`, and then enforces retention. All methods but :meth:`run`
    and what it calls may be called from any thread.
    """

    def __init__(self, folder: DataFolder, settings: Settings, clock: Clock) -> None:
        super().__init__("archive")
        self.ready = threading.Event()      # the recorders may write
        self.clips = folder.clips
        self.store = EventStore(folder.database, clock)
        self.recorders: list[Recorder] = []
        self.on_open: list[Callable[[], object]] = []   # called with an open store
        self._folder = folder
        self._clock = clock
        self._trouble = ""
        self._retention = Retention(self.clips, self.store, settings, clock)

    def claim(self) -> None:
        """
        Lock the folder against other servers, or later if it is not there yet.

        What happens from now on is listed after what is there, whatever the clock
        shows. Raises :exc:`FolderError` if another server holds the folder.
        """
        try:
            self._folder.claim()
        except OSError as error:
            self._set_trouble(reason(error))
            return
        with contextlib.suppress(EventsError):      # no list yet, or a corrupt one
            self.store.follow_ids()

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

    def run(self) -> None:
        """Open and recover the folder, then enforce retention until :meth:`stop`."""
        while not self.stopping.is_set():
            try:
                if not self.ready.is_set():
                    self.open()
                self.enforce()
                self._set_trouble("")
            except (OSError, sqlite3.Error, SurveillanceError) as error:
                self._set_trouble(reason(error))
            except Exception as error:
                log.exception("the archive failed")
                self._set_trouble(f"the archive failed ({type(error).__name__})")
            self._clock.wait(self.stopping, ENFORCE_SECONDS if self.ready.is_set()
                             else RETRY_SECONDS)

    def enforce(self) -> None:
        """Enforce retention; raises :exc:`SurveillanceError` if there is no room."""
        self.clips.mkdir(parents=True, exist_ok=True)
        self._retention.enforce(sum(each.open_bytes for each in self.recorders))

    def open(self) -> None:
        """Open and recover the folder; raises what :meth:`run` retries."""
        self._folder.claim()
        self.clips.mkdir(parents=True, exist_ok=True)
        if aside := self.store.open():
            log.info("rebuilding the list of events from the clips; the corrupt one "
                     "is %s", aside)
        for call in self.on_open:
            call()
        self._retention.open()
        recover(self.clips, self.store)
        self.ready.set()

    def _set_trouble(self, trouble: str) -> None:
        if trouble == self._trouble:
            return
        if trouble:
            log.error("cannot record to %s: %s", self._folder.path, trouble)
        else:
            log.info("can record to %s again", self._folder.path)
        self._trouble = trouble
