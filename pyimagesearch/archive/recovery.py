"""Bring events and files back in step, after a crash or after changes by hand."""

import logging
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pyimagesearch.errors import EventsError, RecordingError
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
from pyimagesearch.folders import sync_folder
from pyimagesearch.recording.clip_metadata import ClipMetadata
from pyimagesearch.recording.paths import (
    CLIP_SUFFIX,
    DRAFT_SUFFIX,
    JOURNAL_SUFFIX,
    NEW_JOURNAL_SUFFIX,
    PART_SUFFIX,
    STILL_DRAFT_SUFFIX,
    add_suffix,
    stem,
)
from pyimagesearch.recording.preroll import EncodedFrame
from pyimagesearch.recording.preroll_journal import read_journal
from pyimagesearch.recording.wholeness import is_as_kept, is_whole_picture

from .deletion import delete_files, unfinished

log = logging.getLogger(__name__)

# PyAV takes 17 MB and 80 ms, so it is imported only where there is a clip to work on

SAME_END_SECONDS = 0.01     # by which equal ends of two clips may differ
FLUSH_SECONDS = 60          # for a slow disk to write what was queued
MAX_EMPTY_BYTES = 2_000     # of a clip without a picture: its header alone
STILL_SERIES = re.compile(r"(.+)_at_\d{4}")


def recover(folder: Path, store: EventStore) -> None:
    """
    Make *store* and the files below *folder* agree, before anything is recorded.

    Finish clips that a crash cut off, rebuild events from the metadata of clips that
    are in no event, mark files that were moved away, and end events of earlier runs.
    No picture is deleted, but what was to be deleted. Raises :exc:`EventsError` if
    *store* cannot be written.
    """
    finish_deletions(folder, store)
    for suffix in (DRAFT_SUFFIX, STILL_DRAFT_SUFFIX):
        for draft in folder.rglob(f"*{suffix}"):    # a copy; its part is still there
            draft.unlink(missing_ok=True)
    finish_parts(folder)
    reopen_events(folder, store)
    adopt_orphans(folder, store)
    flush(store)
    store.follow_ids()
    mark_missing(folder, store)
    flush(store)
    end_events(store)
    flush(store)


def finish_deletions(folder: Path, store: EventStore) -> None:
    """Delete the files whose deletion was cut off."""
    with store.reading() as reader:
        paths = reader.deletions()
    for path in delete_files(folder, store, paths):
        log.info("deleted %s, as was begun before the last end of the program", path)


def flush(store: EventStore) -> None:
    """Wait until all is written; raises :exc:`EventsError` if it cannot be."""
    for _ in range(FLUSH_SECONDS):
        if store.flush(1.0):
            return
        if store.trouble:
            raise EventsError(store.trouble)


def finish_parts(folder: Path) -> None:
    """Finish all clips below *folder* that a crash cut off."""
    for new in folder.rglob(f"*{NEW_JOURNAL_SUFFIX}"):      # written in part
        new.rename(add_suffix(new.with_name(stem(new.name)), JOURNAL_SUFFIX))
    for journal in sorted(folder.rglob(f"*{JOURNAL_SUFFIX}")):
        recover_journal(journal)
    for part in sorted(folder.rglob(f"*{PART_SUFFIX}")):   # with those made of journals
        finish_part(part)


def recover_journal(journal: Path) -> None:
    """Encode the frames in *journal*, unless their clip has them already."""
    from pyimagesearch.recording.clip import length_of
    place = journal.with_name(stem(journal.name))
    try:
        metadata, frames = read_journal(journal)
        if metadata and frames and (
                length_of(add_suffix(place, PART_SUFFIX))
                < frames[-1].at - frames[0].at - SAME_END_SECONDS):
            encode_again(place, metadata, frames)
        sync_folder(journal.parent)     # the part has its name before this goes
        journal.unlink()
    except (RecordingError, OSError) as error:
        log.warning("%s is left for the next start: %s", journal, error)


def encode_again(place: Path, metadata: ClipMetadata,
                 frames: list[EncodedFrame]) -> None:
    """Write the clip at *place* again; raises :exc:`RecordingError`."""
    from pyimagesearch.recording.clip import Clip
    draft = add_suffix(place, DRAFT_SUFFIX)
    clip = Clip(draft, metadata)
    try:
        for frame in frames:
            if clip.fits(frame):
                clip.add(frame)
    finally:
        clip.close()
    draft.replace(add_suffix(place, PART_SUFFIX))


def finish_part(part: Path) -> None:
    """Finish the clip *part*; delete it if it has no picture."""
    from pyimagesearch.recording.clip import finish
    try:
        log.info("recovered %s", finish(part))
    except RecordingError as error:
        if part.stat().st_size < MAX_EMPTY_BYTES:
            part.unlink()
            return
        log.warning("%s cannot be finished: %s", part, error)


def adopt_orphans(folder: Path, store: EventStore) -> None:
    """Add the clips and pictures below *folder* that *store* does not have."""
    with store.reading() as reader:
        rows, given_up = reader.files(), set(reader.deletions())
    known = {row.file.path: row for row in rows}
    adopted: dict[Path, int] = {}       # events by the path of their clip, without kind
    found = sorted(files_below(folder), key=lambda path: path.suffix != CLIP_SUFFIX)
    for path in found:      # clips first
        name = path.relative_to(folder).as_posix()
        place = path.with_name(stem(path.name))
        row = known.get(name)
        if name in given_up or (not row and was_empty(path)):
            continue
        if row and row.file.state == COMPLETE:
            adopted.setdefault(place, row.event_id)
        elif path.suffix == CLIP_SUFFIX:
            adopted[place] = adopt_clip(path, name, store, row)
        else:
            adopt_picture(path, name, store, adopted, row)


def was_empty(path: Path) -> bool:
    """Remove the file at *path*, which is in no event, if a power cut left it empty."""
    is_empty = path.stat().st_size == 0
    if is_empty:
        path.unlink()
        log.info("removed %s, which was empty", path)
    return is_empty


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
    log.info("adopted %s", name)
    return event


def adopt_picture(path: Path, name: str, store: EventStore,
                  adopted: dict[Path, int], row: FileRow | None = None) -> None:
    """Add the picture at *path* to the event in *row*, of its clip, or to a new one."""
    series = STILL_SERIES.fullmatch(path.stem)
    place = path.with_name(series[1] if series else path.stem)
    when, size = path.stat().st_mtime, path.stat().st_size
    state = COMPLETE if is_whole_picture(path) else BROKEN
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


def mark_missing(folder: Path, store: EventStore) -> None:
    """Mark files that were moved away, cut off by a power cut, or are back."""
    with store.reading() as reader:
        rows = reader.files(*ON_DISK, MISSING)
    for event_id, _, file in rows:
        if file.state == OPEN and not store.is_earlier(event_id):
            continue        # its recorder owns it
        path = folder / file.path
        exists = path.exists()
        if exists and file.state in (COMPLETE, MISSING) and not is_as_kept(path, file):
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


def reopen_events(folder: Path, store: EventStore) -> None:
    """Reopen events that ended early for want of a clip that is finished now."""
    with store.reading() as reader:
        found = {row.event_id for row in reader.files(UNFINISHED)
                 if (folder / row.file.path).exists()}
        late = [event for event in reader.events(list(found))
                if event.end == event.recorded_until]
    for event in late:
        store.reopen(event.id)


def end_events(store: EventStore) -> None:
    """End the events of earlier runs with their last file."""
    with store.reading() as reader:
        lasting = reader.open_events()
    for event in lasting:
        if store.is_earlier(event.id):
            store.end(event.id, event.recorded_until, event.peak_area, event.peak_box)
            log.info("ended event %d, which lasted until the program stopped",
                     event.id)


def files_below(folder: Path) -> Iterator[Path]:
    """Yield every clip and picture below *folder*."""
    for root, _, names in os.walk(folder):
        for name in names:
            if name.endswith((CLIP_SUFFIX, ".jpg")) and not name.startswith(".") and (
                    not name.endswith((PART_SUFFIX, DRAFT_SUFFIX))):
                yield Path(root, name)


def is_protected(path: Path) -> bool:
    """Return whether the file is read-only, as those of starred events are."""
    return not path.stat().st_mode & stat.S_IWUSR


def protect(path: Path, starred: bool) -> None:
    """
    Make the file read-only if its event is *starred*, else writable.

    So a star survives the loss of the database, and a file manager warns.
    """
    mode = path.stat().st_mode
    path.chmod(mode & ~0o222 if starred else mode | stat.S_IWUSR)
