"""Delete the oldest clips, so that there is room for the next ones."""

import logging
import math
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pyimagesearch.clock import Clock
from pyimagesearch.errors import SurveillanceError, reason
from pyimagesearch.events.event import GONE, MISSING, ON_DISK, THUMBNAIL
from pyimagesearch.events.queries import FileRow
from pyimagesearch.events.store import EventStore
from pyimagesearch.settings.option import format_bytes
from pyimagesearch.settings.settings import Settings

from .recovery import mark_missing, unfinished

log = logging.getLogger(__name__)

DAY_SECONDS = 86_400.0
TIDY_SECONDS = 600.0    # between two searches for files that are too old or missing
LISTED_DAYS = 400       # for which events without a file or star stay in the list
GROWTH_FACTOR = 2       # of what was written since the last time: room kept free
MIN_AHEAD_BYTES = 256_000       # at least


class Usage(NamedTuple):
    """The space that clips take, and may take."""

    used: int = 0               # bytes of clips and stills
    cap: int = 0                # bytes that they may take; 0 = not known yet
    free: int = 0               # bytes free on the disk
    days: float | None = None   # that the cap lasts at the present rate, if known


class Retention:
    """
    Keep the files below *clips* within ``--keep``, ``--reserve`` and ``--keep-days``.

    Belongs to the archive's thread; :attr:`usage` may be read from any.
    """

    def __init__(self, clips: Path, store: EventStore, settings: Settings,
                 clock: Clock) -> None:
        self.usage = Usage()
        self._clips = clips
        self._store = store
        self._settings = settings
        self._clock = clock
        self._keep = 0          # bytes
        self._open_bytes = 0    # of clips that are being written
        self._ahead = 0         # bytes that may be written until the next time
        self._tidied_at = -math.inf

    def open(self) -> None:
        """Set the cap: ``--keep``, or half of what was free at the first start."""
        with self._store.reading() as reader:
            kept = reader.remembered("keep")
        if kept is None and self._settings.keep_bytes is None:
            kept = str(shutil.disk_usage(self._clips).free // 2)
            self._store.remember("keep", kept)
        self._keep = self._settings.keep_bytes or int(kept or 0)
        log.info("clips may take %s in %s", format_bytes(self._keep), self._clips)

    def enforce(self, open_bytes: int) -> None:
        """
        Delete what must go, with *open_bytes* in clips that are being written.

        Raises :exc:`SurveillanceError` if that does not make enough room.
        """
        now = self._clock.time()
        for path in self._store.erase(now):
            if self._unlink(path):
                log.info("deleted %s, as its event was deleted", path)
        self._measure(open_bytes)
        due = self._clock.monotonic() - self._tidied_at >= TIDY_SECONDS
        if due:
            self._tidied_at = self._clock.monotonic()
            mark_missing(self._clips, self._store)
            self._store.forget(now - LISTED_DAYS * DAY_SECONDS)
        if due or self._excess > 0:
            self._make_room(now)
        if self._excess > 0:
            raise SurveillanceError(self._explain_lack())

    @property
    def _excess(self) -> int:
        return self.usage.used + self._ahead - self.usage.cap

    def _measure(self, open_bytes: int) -> None:
        growth = max(0, open_bytes - self._open_bytes)
        self._open_bytes = open_bytes       # a finished clip is copied: as much again
        self._ahead = open_bytes + max(MIN_AHEAD_BYTES, GROWTH_FACTOR * growth)
        with self._store.reading() as reader:
            used = reader.used() + open_bytes
        free = shutil.disk_usage(self._clips).free
        cap = allowed_bytes(self._keep, self._settings.reserve_bytes, used, free)
        self.usage = Usage(used, cap, free, self.usage.days)

    def _make_room(self, now: float) -> None:
        with self._store.reading() as reader:
            files = with_ends_of_events(reader.files(*ON_DISK))
        days = self._settings.keep_days
        oldest = now - days * DAY_SECONDS if days else -math.inf
        planned = plan(files, excess=self._excess, oldest=oldest)
        log.debug("%d of %d files are to be deleted; excess: %d bytes", len(planned),
                  len(files), self._excess)
        for row in planned:
            self._remove(row, f"after {days:g} days (--keep-days)"
                         if row.file.end < oldest else "to make room")
        self.usage = self.usage._replace(days=days_kept(files, self.usage.cap, now))

    def _remove(self, row: FileRow, why: str) -> None:
        """Delete a file, log why, and mark it in the list."""
        path = self._clips / row.file.path
        existed = path.exists() or bool(unfinished(path))
        if self._unlink(row.file.path):
            self._store.mark(row.file.path, GONE if existed else MISSING)
            self.usage = self.usage._replace(used=self.usage.used - row.file.bytes)
            log.info("deleted %s %s", row.file.path, why)

    def _unlink(self, name: str) -> bool:
        """Delete a file and its unfinished parts; return whether they are gone."""
        path = self._clips / name
        return all(unlink(each) for each in (path, *unfinished(path)))

    def _explain_lack(self) -> str:
        used, cap, free, _ = self.usage
        kept = f"what is kept ({format_bytes(used)}) is starred or new"
        if cap < self._keep:
            reserve = format_bytes(self._settings.reserve_bytes)
            return (f"there is no room: {format_bytes(free)} are free on the "
                    f"disk, of which {reserve} stay so (--reserve), and {kept}")
        return (f"there is no room: {format_bytes(self._keep)} are allowed (--keep), "
                f"and {kept}")


def allowed_bytes(keep: int, reserve: int, used: int, free: int) -> int:
    """Return *keep* [bytes], or less, so that *reserve* bytes of the disk stay free."""
    return max(0, min(keep, used + free - reserve))


def with_ends_of_events(files: list[FileRow]) -> list[FileRow]:
    """Let thumbnails in *files* end with the last file of their event; return it."""
    ends: dict[int, float] = {}
    for id, _, file in files:
        ends[id] = max(ends.get(id, -math.inf), file.end)
    for index, (id, starred, file) in enumerate(files):
        if file.media == THUMBNAIL:     # in place: there may be 100,000
            files[index] = FileRow(id, starred, file._replace(end=ends[id]))
    return files


def plan(files: Iterable[FileRow], *, excess: int, oldest: float) -> list[FileRow]:
    """
    Return what is to be deleted, oldest first; protected files stay.

    All that ended before *oldest* [s since the epoch], and then enough to make up
    *excess* [bytes]. If all the others together would not, none of them goes.
    """
    free = sorted((row for row in files if row.file.bytes and not row.is_protected),
                  key=lambda row: (row.file.end, row.event_id))
    planned = [row for row in free if row.file.end < oldest]
    excess -= sum(row.file.bytes for row in planned)
    rest = free[len(planned):]
    if excess > sum(row.file.bytes for row in rest):
        return planned
    for row in rest:
        if excess <= 0:
            break
        planned.append(row)
        excess -= row.file.bytes
    return planned


def days_kept(files: Iterable[FileRow], cap: int, now: float) -> float | None:
    """
    Return for how many days *cap* bytes suffice at the rate of the last seven days.

    ``None`` before there is an hour to judge by.
    """
    lately = [file for _, _, file in files if file.end >= now - 7 * DAY_SECONDS]
    if not lately:
        return None
    span = now - min(file.end for file in lately)
    size = sum(file.bytes for file in lately)
    return None if span < 3600 or not size else cap / size * span / DAY_SECONDS


def unlink(path: Path) -> bool:
    """Delete *path*, and its folders of a day and a camera once they are empty."""
    try:
        path.unlink(missing_ok=True)
        for folder in (path.parent, path.parent.parent):
            if not any(folder.iterdir()):
                folder.rmdir()
    except OSError as error:
        log.warning("%s cannot be deleted: %s", path, reason(error))
    return not path.exists()
