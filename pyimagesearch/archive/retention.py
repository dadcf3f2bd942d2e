"""Delete the clips that were recorded first, so that there is room for the next."""

import logging
import math
import os
import shutil
import threading
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from pyimagesearch.clock import Clock
from pyimagesearch.errors import SurveillanceError
from pyimagesearch.events.event import EXPIRED, GONE, MISSING, ON_DISK
from pyimagesearch.events.queries import FileRow
from pyimagesearch.events.store import EventStore
from pyimagesearch.settings.option import format_bytes
from pyimagesearch.settings.settings import Settings

from .clock_history import ClockHistory
from .deletion import delete_files, unfinished
from .deletion_order import plan, too_old, unnamed_first, with_their_clips
from .recovery import mark_missing, sizes_in

log = logging.getLogger(__name__)

DAY_SECONDS = 86_400.0
UNNAMED_SECONDS = DAY_SECONDS   # of age, from which on motion without a name goes
                                # first; a day to find a person that was missed
TIDY_SECONDS = 600.0    # between two searches for files that are too old or missing
JUDGED_SECONDS = 7 * DAY_SECONDS    # by which the present rate is judged
LISTED_DAYS = 400       # for which events without a file or star stay in the list
LIST_SHARE = 10         # the part of --keep that the list of events may take
FREE_LIST_BYTES = 1_000_000     # that do not count, and that it may always take
TRIMMED_SHARE = 0.9     # of that, to which it is trimmed
SPARE_SHARE = 1000      # the part of the cap for which more is deleted than must be, as
                        # the list of all files takes seconds to read
BATCH_SIZE = 500        # files that are deleted at a time
GROWTH_FACTOR = 2       # of what was written since the last time: room kept free
MIN_AHEAD_BYTES = 256_000       # at least


class Usage(NamedTuple):
    """The space that clips take, and may take."""

    used: int = 0               # bytes of clips and stills, and of the list
    cap: int = 0                # bytes that they may take; 0 = not known yet
    free: int = 0               # bytes free on the disk
    days: float | None = None   # that the cap lasts at the present rate, if known


class Retention:
    """
    Keep the files below *clips* within ``--keep``, ``--reserve`` and ``--keep-days``.

    The list of events counts, too, and may take a tenth of ``--keep``. The first
    recorded goes first, whatever the clock showed then; with ``--unnamed-first``, that
    of motion in which nothing was recognised, once it is a day old. Belongs to the
    archive's thread; :attr:`usage` and :attr:`deleted` may be read from any.
    """

    def __init__(self, clips: Path, store: EventStore, settings: Settings,
                 clock: Clock, stopping: threading.Event) -> None:
        self.usage = Usage()
        self.deleted: Counter[str] = Counter()      # files since the start, by state
        self._clips = clips
        self._store = store
        self._settings = settings
        self._capped_by: Settings | None = None     # by which the cap was set
        self._clock = clock
        self._stopping = stopping
        self._keep = 0          # bytes
        self._open_bytes = 0    # of clips that are being written
        self._ahead = 0         # bytes that may be written until the next time
        self._tidied_at = self._trim_at = -math.inf     # when, and when again
        self._history: ClockHistory     # once it is open

    def open(self) -> None:
        """Set the cap, and follow the clock."""
        with self._store.reading() as reader:
            history = reader.remembered("clock")
            newest = reader.newest_end() if history is None else None
        self._history = ClockHistory(
            self._clock, history, self._store.new_id, newest)
        self._set_cap()

    def follow(self, settings: Settings) -> None:
        """Keep files as other *settings* say, soon; may be called from any thread."""
        self._settings = settings

    def _set_cap(self) -> None:
        """Set the cap: ``--keep``, or half of what was free at the first start."""
        self._capped_by, self._tidied_at = self._settings, -math.inf
        with self._store.reading() as reader:
            kept = reader.remembered("keep")
        if kept is None and self._settings.keep_bytes is None:
            free = shutil.disk_usage(self._clips).free
            kept = str((free + stored_bytes(self._clips)) // 2)
            self._store.remember("keep", kept)
        self._keep = self._settings.keep_bytes or int(kept or 0)
        log.info("clips may take %s in %s", format_bytes(self._keep), self._clips)

    def enforce(self, open_bytes: int, *, tidy: bool = True) -> None:
        """
        Delete what must go, with *open_bytes* in clips that are being written.

        Now and then also look for what is too old or missing, if *tidy*. Raises
        :exc:`SurveillanceError` if that does not make enough room.
        """
        if self._capped_by is not self._settings:
            self._set_cap()
        if self._history.update():
            self._store.remember("clock", self._history.as_text())
        if paths := self._store.erase(self._clock.time()):
            for path in delete_files(self._clips, self._store, paths, self._stopping):
                log.info("deleted %s, as its event was deleted", path)
        self._trim_list()
        self._measure(open_bytes)
        due = tidy and self._clock.monotonic() - self._tidied_at >= TIDY_SECONDS
        if due:
            self._tidied_at = self._clock.monotonic()
            mark_missing(self._clips, self._store, self._stopping)
            self._store.remember("clock", self._history.as_text())
            if now := self._history.time():
                self._store.forget(now - LISTED_DAYS * DAY_SECONDS, now)
            self._estimate_days()
        if self._excess > 0 or (due and self._settings.keep_days):
            self._make_room()
        if self._excess > 0:
            raise SurveillanceError(self._explain_lack())

    @property
    def _excess(self) -> int:
        return self.usage.used + self._ahead - self.usage.cap

    @property
    def _max_list_bytes(self) -> int:
        """What the list of events may take."""
        return max(FREE_LIST_BYTES, self._keep // LIST_SHARE)

    @property
    def _list_bytes(self) -> int:
        """What the list takes of ``--keep``; no clip goes for more than it may take."""
        taken = min(self._store.disk_bytes, self._max_list_bytes)
        return max(0, taken - FREE_LIST_BYTES)

    def _measure(self, open_bytes: int) -> None:
        growth = max(0, open_bytes - self._open_bytes)
        self._open_bytes = open_bytes       # a finished clip is copied: as much again
        self._ahead = open_bytes + max(MIN_AHEAD_BYTES, GROWTH_FACTOR * growth)
        with self._store.reading() as reader:
            used = reader.used() + open_bytes + self._list_bytes
        free = shutil.disk_usage(self._clips).free
        cap = allowed_bytes(self._keep, self._settings.reserve_bytes, used, free)
        self.usage = Usage(used, cap, free, self.usage.days)

    def _trim_list(self) -> None:
        """Drop old events without files if the list takes more than it may."""
        allowed = self._max_list_bytes
        with self._store.reading() as reader:
            size = reader.size()
        if size <= allowed or self._clock.monotonic() < self._trim_at:
            return
        count = self._store.trim(1 - TRIMMED_SHARE * allowed / size)
        if count:
            log.info("dropped the %d oldest events without files and stars, as the "
                     "list takes more than %s", count, format_bytes(allowed))
        else:
            self._trim_at = self._clock.monotonic() + TIDY_SECONDS

    def _make_room(self) -> None:
        with self._store.reading() as reader:
            files = with_their_clips(reader.files(*ON_DISK))
            unnamed = reader.unnamed() if self._settings.unnamed_first else ()
        expired = self._expired(files)
        if unnamed:
            files = unnamed_first(files, unnamed,
                                  self._are_older(files, UNNAMED_SECONDS))
        spare = self.usage.cap // SPARE_SHARE if self._excess > 0 else 0
        planned = (plan(files, excess=self._excess + spare, expired=expired)
                   or plan(files, excess=self._excess, expired=expired))
        log.debug("%d of %d files are to be deleted; excess: %d bytes", len(planned),
                  len(files), self._excess)
        for first in range(0, len(planned), BATCH_SIZE):
            if self._stopping.is_set():
                break
            self._remove(planned[first:first + BATCH_SIZE], expired)

    def _estimate_days(self) -> None:
        """Estimate for how many days the cap suffices, by those that were recorded."""
        now = self._clock.time()
        with self._store.reading() as reader:
            first, size = reader.recorded(now - JUDGED_SECONDS, now)
        self.usage = self.usage._replace(
            days=days_kept(now - first, size, self.usage.cap) if size else None)

    def _expired(self, files: list[FileRow]) -> set[str]:
        """Return the paths of those of *files* that are too old for ``--keep-days``."""
        if not self._settings.keep_days:
            return set()
        old = self._are_older(files, self._settings.keep_days * DAY_SECONDS)
        return {row.file.path for row, is_old in zip(files, old, strict=True) if is_old}

    def _are_older(self, files: list[FileRow], limit: float) -> list[bool]:
        """Return which of *files*, in the order of recording, are older than that."""
        ages = self._history.ages([(row.sequence, row.file.end) for row in files])
        return too_old(ages, limit)

    def _remove(self, rows: Sequence[FileRow], expired: Collection[str]) -> None:
        """Mark files as *expired* or gone, delete them, and log why."""
        states = {row.file.path: self._state_once_deleted(row.file.path, expired)
                  for row in rows}
        removed = self._store.remove(states)
        for path in delete_files(self._clips, self._store, removed, self._stopping):
            self.deleted[states[path]] += 1
            if states[path] != MISSING:
                log.info("deleted %s %s", path, "to make room" if path not in expired
                         else f"after {self._settings.keep_days:g} days (--keep-days)")
        self.usage = self.usage._replace(
            used=self.usage.used - sum(row.file.bytes for row in rows
                                       if row.file.path in removed))

    def _state_once_deleted(self, name: str, expired: Collection[str]) -> str:
        path = self._clips / name
        if not path.exists() and not unfinished(path):
            return MISSING      # already, by hand
        return EXPIRED if name in expired else GONE

    def _explain_lack(self) -> str:
        used, cap, free, _ = self.usage
        kept = (f" what is recorded ({format_bytes(used)}) is starred or new;"
                if used else "")
        if cap < self._keep:
            reserve = format_bytes(self._settings.reserve_bytes)
            return (f"there is no room: the disk has {format_bytes(free)} left, and "
                    f"--reserve keeps {reserve} free;{kept} free some space, or give a "
                    "smaller --reserve or another disk with --data")
        return (f"there is no room: --keep allows {format_bytes(self._keep)};{kept} "
                "give more with --keep, or remove stars")


def stored_bytes(folder: Path) -> int:
    """Return the size of all files below *folder* [bytes]; raises :exc:`OSError`."""
    return sum(sum(sizes_in(Path(root)).values()) for root, _, _ in os.walk(folder))


def allowed_bytes(keep: int, reserve: int, used: int, free: int) -> int:
    """Return *keep* [bytes], or less, so that *reserve* bytes of the disk stay free."""
    return max(0, min(keep, used + free - reserve))


def days_kept(span: float, size: int, cap: int) -> float | None:
    """
    Return for how many days *cap* bytes suffice if *size* of them came in *span* [s].

    ``None`` before there is an hour to judge by.
    """
    return None if span < 3600 else cap / size * span / DAY_SECONDS
