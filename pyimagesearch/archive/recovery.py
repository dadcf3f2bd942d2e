"""Bring events and files back in step, after a crash or after changes by hand."""

import contextlib
import logging
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pyimagesearch.errors import EventsError, RecordingError, reason
from pyimagesearch.events.event import (
    BROKEN,
    CLIP,
    COMPLETE,
    MISSING,
    MOTION,
    ON_DISK,
    OPEN,
    SNAPSHOT,
    STILL,
    THUMBNAIL,
    UNFINISHED,
    Event,
    KeptFile,
)
from pyimagesearch.events.ids import as_id
from pyimagesearch.events.queries import FileRow
from pyimagesearch.events.store import EventStore
from pyimagesearch.permissions import is_protected
from pyimagesearch.recording.clip_metadata import ClipMetadata
from pyimagesearch.recording.integrity import is_complete_picture, is_unchanged
from pyimagesearch.recording.paths import CLIP_SUFFIX, STILL_SUFFIX, stem

from .deletion import delete_files, unfinished
from .leftovers import LEFTOVER_SUFFIXES, finish_clips

log = logging.getLogger(__name__)

FLUSH_SECONDS = 60          # for a slow disk to write what was queued
STILL_SERIES = re.compile(r"(.+)_at_\d{4}")


def recover(folder: Path, store: EventStore, is_ours: Callable[[Path], bool],
            stopping: threading.Event) -> Iterator[None]:
    """
    Make *store* and the files below *folder* agree, while the recorders write more.

    Finish clips that a crash cut off, rebuild events from the metadata of clips that
    are in no event, mark files that were moved away, and end events of earlier runs.
    No picture is deleted, but what was to be deleted. Files that this run writes, as
    *is_ours* says, are left alone.

    Yield after each folder, the oldest day first, and each file that takes time: what
    is not done then, or once *stopping* is set, is done at the next start. Raises
    :exc:`EventsError` if *store* cannot be written.
    """
    finish_deletions(folder, store, is_ours, stopping)
    for place in places(folder, store):
        try:
            yield from recover_place(folder, place, store, is_ours)
        except OSError as error:
            log.warning("%s is left for the next start: %s", folder / place,
                        reason(error))
        yield
    store.follow_ids()
    end_events(store)
    flush(store)


def finish_deletions(folder: Path, store: EventStore,
                     is_ours: Callable[[Path], bool], stopping: threading.Event
                     ) -> None:
    """Delete the files whose deletion was cut off."""
    with store.reading() as reader:
        paths = [path for path in reader.deletions() if not is_ours(folder / path)]
    for path in delete_files(folder, store, paths, stopping):
        log.info("deleted %s, as was begun before the last end of the program", path)


def places(folder: Path, store: EventStore) -> list[str]:
    """Return the folders below *folder* that have files or are in *store*, by day."""
    found = set[str]()
    for root, _, _ in os.walk(folder, onerror=lambda error: found.add(error.filename)):
        found.add(root)
    with store.reading() as reader:
        places = {as_place(folder, Path(each)) for each in found} | reader.places()
    return sorted(places, key=lambda place: (Path(place).name, place))


def as_place(folder: Path, path: Path) -> str:
    """Return *path* relative to *folder* as the start of the paths in the list."""
    return "" if path == folder else f"{path.relative_to(folder).as_posix()}/"


def recover_place(folder: Path, place: str, store: EventStore,
                  is_ours: Callable[[Path], bool]) -> Iterator[None]:
    """Recover the files directly in *place*, a folder below *folder*."""
    there = folder / place
    sizes = sizes_in(there)     # before the list, so that it has all of them
    if left := [name for name in sizes
                if name.endswith(LEFTOVER_SUFFIXES) and not is_ours(there / name)]:
        yield from finish_clips(there, left)
        sizes = sizes_in(there)
    with store.reading() as reader:
        known = {row.file.path.removeprefix(place): row
                 for row in reader.files_in(place)}
        given_up = set(reader.deletions())
    reopen_events([row for name, row in known.items()
                   if row.file.state == UNFINISHED and name in sizes], store)
    complete = {name: row.event_id for name, row in known.items()
                if row.file.state == COMPLETE}
    orphans = [there / name for name in sizes if is_kept(name) and name not in complete]
    # by the path, without suffix, of a clip or picture: the event that it belongs to
    adopted = {there / stem(name): event for name, event in complete.items()
               if name in sizes} if orphans else {}
    for path in sorted(orphans, key=lambda path: (path.suffix != CLIP_SUFFIX, path)):
        row = known.get(path.name)
        if not (is_ours(path) or place + path.name in given_up
                or (not row and remove_if_empty(path))):
            adopt(path, place + path.name, store, row, adopted)
            yield
    mark_missing_in(folder, known.values(), sizes, store)
    flush(store)


def flush(store: EventStore) -> None:
    """Wait until all is written; raises :exc:`EventsError` if it cannot be."""
    for _ in range(FLUSH_SECONDS):
        if store.flush(1.0):
            return
        if store.trouble:
            raise EventsError(store.trouble)


def remove_if_empty(path: Path) -> bool:
    """Remove the file at *path*, which is in no event, if a power cut left it empty."""
    is_empty = path.stat().st_size == 0
    if is_empty:
        path.unlink()
        log.info("removed %s, which was empty", path)
    return is_empty


def adopt(path: Path, name: str, store: EventStore, row: FileRow | None,
          adopted: dict[Path, int]) -> None:
    """Add the clip or picture at *path* to *store*, in which *row* may be its entry."""
    if path.suffix == CLIP_SUFFIX:
        adopted[path.with_name(stem(path.name))] = adopt_clip(path, name, store, row)
    else:
        adopt_picture(path, name, store, adopted, row)


def adopt_clip(path: Path, name: str, store: EventStore, row: FileRow | None) -> int:
    """Add the clip at *path* to the event in *row* or a new one; return its id."""
    from pyimagesearch.recording.clip import read_clip
    event = row.event_id if row else None
    size, when = path.stat().st_size, path.stat().st_mtime
    try:
        metadata, seconds = read_clip(path)
    except RecordingError as error:
        log.warning("%s cannot be played: %s", path, error)
        metadata, seconds = None, -1.0
    camera = path.parent.parent.name
    first = when - max(0.0, seconds)
    metadata = metadata or ClipMetadata(
        event=event or store.id_at(first), camera=camera, kind=MOTION, begin=first,
        first=first, last=when)
    # metadata of a clip that was cut off date from before its end was known
    metadata = replace(metadata, last=max(metadata.last, metadata.first + seconds))
    state = BROKEN if seconds < 0 else COMPLETE
    if event is None:
        event = metadata.event
        store.adopt(Event(
            id=event, camera=metadata.camera, kind=metadata.kind, begin=metadata.begin,
            end=metadata.last if metadata.end is None else metadata.end,
            peak_area=metadata.peak_area, peak_box=metadata.peak_box,
            starred=is_protected(path), note="found on the disk"))
    sequence = metadata.sequence or (row.sequence if row else as_id(metadata.first))
    store.keep(event, KeptFile(
        name, CLIP, metadata.first, metadata.last, size, state, sequence))
    if state == COMPLETE:
        log.info("recovered %s" if row else "added %s, which was in no event", name)
    return event


def adopt_picture(path: Path, name: str, store: EventStore,
                  adopted: dict[Path, int], row: FileRow | None = None) -> None:
    """Add the picture at *path* to the event in *row*, of its clip, or to a new one."""
    series = STILL_SERIES.fullmatch(path.stem)
    place = path.with_name(series[1] if series else path.stem)
    when, size = path.stat().st_mtime, path.stat().st_size
    state = COMPLETE if is_complete_picture(path) else BROKEN
    if row:
        store.keep(row.event_id, row.file._replace(bytes=size, state=state))
        return
    media = THUMBNAIL if place in adopted and not series else STILL
    if place not in adopted:
        adopted[place] = store.id_at(when)
        store.adopt(Event(id=adopted[place], camera=path.parent.parent.name,
                          kind=MOTION if series else SNAPSHOT, begin=when, end=when,
                          starred=is_protected(path), note="found on the disk"))
    store.keep(adopted[place], KeptFile(name, media, when, when, size, state))


def mark_missing(folder: Path, store: EventStore, stopping: threading.Event) -> None:
    """Mark files that were moved away, cut off, or are back; until *stopping*."""
    with store.reading() as reader:
        listed = sorted(reader.places())
    for place in listed:
        if stopping.is_set():
            return
        with store.reading() as reader:
            rows = reader.files_in(place)
        try:
            mark_missing_in(folder, rows, sizes_in(folder / place), store)
        except OSError as error:
            log.debug("%s cannot be examined: %s", folder / place, reason(error))


def mark_missing_in(folder: Path, rows: Iterable[FileRow], sizes: Mapping[str, int],
                    store: EventStore) -> None:
    """Mark the files of *rows*, all in a folder of files of these *sizes*, by name."""
    for event_id, _, file in rows:
        name = file.path.rpartition("/")[2]
        if file.state == COMPLETE and 0 < sizes.get(name, 0) == file.bytes:
            continue        # as nearly all
        if file.state not in (*ON_DISK, MISSING) or (
                file.state == OPEN and not store.is_earlier(event_id)):
            continue        # the latter: its recorder owns it
        path = folder / file.path
        exists = path.exists()
        if exists and file.state in (COMPLETE, MISSING) and (
                not is_unchanged(path, file)):
            store.mark_broken(file)
            log.warning("%s is broken", file.path)
        elif exists and file.state == MISSING:
            store.mark(file.path, COMPLETE)
        elif not exists and file.state != MISSING:
            mark_lost(event_id, file, unfinished(path), store)


def mark_lost(event_id: int, file: KeptFile, left: list[Path],
              store: EventStore) -> None:
    """Mark *file*, which does not exist; *left* are its unfinished parts."""
    if left and file.state == OPEN:
        size = sum(path.stat().st_size for path in left)
        store.keep(event_id, file._replace(bytes=size, state=UNFINISHED))
    elif not (left and file.state == UNFINISHED):
        store.mark(file.path, BROKEN if file.state == OPEN else MISSING)
        log.warning("%s is missing", file.path)


def reopen_events(rows: Sequence[FileRow], store: EventStore) -> None:
    """Reopen events that ended early for want of the clips of *rows*, now finished."""
    if not rows:
        return
    with store.reading() as reader:
        late = [event for event in reader.events([row.event_id for row in rows])
                if event.end == event.recorded_until]
    for event in late:
        store.reopen(event.id)


def end_events(store: EventStore) -> None:
    """End the events of earlier runs with their last file."""
    with store.reading() as reader:
        lasting = reader.open_events()
    ended = [event for event in lasting if store.is_earlier(event.id)]
    for event in ended:
        store.end(event.id, event.recorded_until, event.peak_area, event.peak_box)
    if ended:
        log.info("ended the events that lasted until the program stopped: %s",
                 ", ".join(sorted(f"{event.camera or 'all cameras'} ({event.kind})"
                                  for event in ended)))


def sizes_in(folder: Path) -> dict[str, int]:
    """
    Return the sizes [bytes] of the files in *folder*, by name; none if it is gone.

    Raises :exc:`OSError` if it cannot be read.
    """
    sizes: dict[str, int] = {}
    with (contextlib.suppress(FileNotFoundError, NotADirectoryError),
          os.scandir(folder) as entries):
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):    # it was deleted just now
                sizes[entry.name] = entry.stat().st_size
    return sizes


def is_kept(name: str) -> bool:
    """Return whether a file of that *name* is a whole clip or picture."""
    return (name.endswith((CLIP_SUFFIX, STILL_SUFFIX)) and not name.startswith(".")
            and not name.endswith(LEFTOVER_SUFFIXES))
