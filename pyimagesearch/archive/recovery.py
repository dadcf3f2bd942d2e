"""Put events and files back in step: after a crash, or when somebody tidied by hand."""

import logging
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from pyimagesearch.errors import EventsError, RecordingError
from pyimagesearch.events.event import (
    BROKEN,
    CLIP,
    COMPLETE,
    MISSING,
    MOTION,
    OPEN,
    SNAPSHOT,
    STILL,
    THUMBNAIL,
    UNFINISHED,
    Event,
    KeptFile,
)
from pyimagesearch.events.queries import FileRow
from pyimagesearch.events.store import EventStore
from pyimagesearch.recording.clip_metadata import ClipMetadata
from pyimagesearch.recording.paths import (
    DRAFT,
    JOURNAL,
    NEW,
    PART,
    WHOLE,
    stem,
    with_kind,
)
from pyimagesearch.recording.preroll import EncodedFrame
from pyimagesearch.recording.preroll_journal import read_journal
from pyimagesearch.streaming.overlay import Annotation

log = logging.getLogger(__name__)

# PyAV takes 17 MB and 80 ms, so it is imported only where there is a clip to work on

FRAME = 0.01        # seconds by which two ends may differ and be the same
PATIENCE = 60       # seconds for a slow disk to write what was queued
EMPTY = 2_000       # bytes of a clip without a picture: its header alone
SERIES = re.compile(r"(.+)_at_\d{4}")


def salvage(folder: Path, store: EventStore) -> None:
    """
    Finish, adopt and mark, until *store* and the clips below *folder* agree.

    To be called before this run records anything: half-written clips are finished,
    events that an end of the program cut off are ended, clips that no event knows
    become events again from what they tell of themselves, and files that were moved
    away are marked. No picture is deleted. Raises :exc:`EventsError` if the list of
    events cannot be written.
    """
    for draft in folder.rglob(f"*{DRAFT}"):
        draft.unlink(missing_ok=True)       # the copy of a part that is still there
    finish_parts(folder)
    reopen_events(folder, store)
    adopt_orphans(folder, store)
    settle(store)
    mark_missing(folder, store)
    settle(store)
    end_events(store)
    settle(store)


def settle(store: EventStore) -> None:
    """Wait until all is written, but not for a disk that has just been pulled."""
    for _ in range(PATIENCE):
        if store.settle(1.0):
            return
        if store.trouble:
            raise EventsError(store.trouble)


def finish_parts(folder: Path) -> None:
    """Make clips of all that a crash left below *folder*, if there is anything."""
    for new in folder.rglob(f"*{NEW}"):     # written in part: as good as it is
        new.rename(with_kind(new.with_name(stem(new.name)), JOURNAL))
    for journal in sorted(folder.rglob(f"*{JOURNAL}")):
        take_up(journal)
    for part in sorted(folder.rglob(f"*{PART}")):   # of the journals, too
        finish_part(part)


def take_up(journal: Path) -> None:
    """Encode what waited for it when a crash came, unless the clip has it already."""
    from pyimagesearch.recording.clip import length_of
    place = journal.with_name(stem(journal.name))
    try:
        metadata, pieces = read_journal(journal, Annotation)
        if metadata and pieces and (length_of(with_kind(place, PART))
                                 < pieces[-1].at - pieces[0].at - FRAME):
            encode_again(place, metadata, pieces)
        journal.unlink()
    except (RecordingError, OSError) as error:
        log.warning("%s is left to the next start: %s", journal, error)


def encode_again(place: Path, metadata: ClipMetadata,
                 pieces: list[EncodedFrame]) -> None:
    """Make the half-written clip at *place* of *pieces*; raises RecordingError."""
    from pyimagesearch.recording.clip import Clip
    draft = with_kind(place, DRAFT)
    clip = Clip(draft, metadata)
    try:
        for piece in pieces:
            if clip.fits(piece):
                clip.add(piece)
    finally:
        clip.close()
    draft.replace(with_kind(place, PART))


def finish_part(part: Path) -> None:
    """Make a clip of what a crash left; without a picture in it, remove it."""
    from pyimagesearch.recording.clip import finish
    try:
        log.info("finished after a crash: %s", finish(part))
    except RecordingError as error:
        if part.stat().st_size < EMPTY:
            part.unlink()
            return
        log.warning("%s cannot be finished: %s", part, error)


def adopt_orphans(folder: Path, store: EventStore) -> None:
    """Have *store* know every clip and picture below *folder*."""
    with store.reading() as reader:
        known = {row.path: row.event_id for row in reader.files()
                 if row.state == COMPLETE}
        events = {row.path: row.event_id for row in reader.files()}
    adopted: dict[Path, int] = {}       # the event at a place, to find pictures' by
    for path in sorted(files_below(folder), key=lambda path: path.suffix != WHOLE):
        name = path.relative_to(folder).as_posix()
        place = path.with_name(stem(path.name))
        if name in known:
            adopted.setdefault(place, known[name])
        elif path.suffix == WHOLE:
            adopted[place] = adopt_clip(path, name, store, events.get(name))
        else:
            adopt_picture(path, name, store, adopted)


def adopt_clip(path: Path, name: str, store: EventStore, event: int | None) -> int:
    """Note the clip at *path*, and its event unless it is *event*; return that."""
    from pyimagesearch.recording.clip import read_clip
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
    # what was cut off has told of itself before it knew how long it would be
    metadata = metadata.extended(last=max(metadata.last, metadata.first + seconds))
    state = BROKEN if seconds < 0 else COMPLETE
    if event is None:
        event = metadata.event
        store.adopt(Event(
            id=event, camera=metadata.camera, kind=metadata.kind, begin=metadata.begin,
            end=metadata.last if metadata.end is None else metadata.end,
            peak_area=metadata.peak_area, peak_box=metadata.peak_box,
            starred=is_protected(path), note="found on the disk"))
    store.keep(event, KeptFile(name, CLIP, metadata.first, metadata.last, size, state))
    log.info("adopted %s", name)
    return event


def adopt_picture(path: Path, name: str, store: EventStore,
                  adopted: dict[Path, int]) -> None:
    """Note the picture at *path*: of the clip beside it, or on its own."""
    series = SERIES.fullmatch(path.stem)
    place = path.with_name(series[1] if series else path.stem)
    when, size = path.stat().st_mtime, path.stat().st_size
    media = THUMBNAIL if place in adopted and not series else STILL
    if place not in adopted:
        adopted[place] = store.id_at(when)
        store.adopt(Event(id=adopted[place], camera=path.parent.parent.name,
                          kind=MOTION if series else SNAPSHOT, begin=when, end=when,
                          starred=is_protected(path), note="found on the disk"))
    store.keep(adopted[place], KeptFile(name, media, when, when, size, COMPLETE))


def mark_missing(folder: Path, store: EventStore) -> None:
    """Mark what was moved away, and what has come back."""
    with store.reading() as reader:
        rows = reader.files(OPEN, COMPLETE, UNFINISHED, MISSING)
    for row in rows:
        if row.state == OPEN and not store.is_earlier(row.event_id):
            continue        # its recorder sees to it
        there = (folder / row.path).exists()
        if there and row.state == MISSING:
            store.mark(row.path, COMPLETE)
        elif not there and row.state != MISSING:
            mark_lost(row, unfinished(folder / row.path), store)


def mark_lost(row: FileRow, left: list[Path], store: EventStore) -> None:
    """Mark a file that is not there; *left* is what a crash left in its place."""
    if left and row.state == OPEN:
        size = sum(path.stat().st_size for path in left)
        store.keep(row.event_id, KeptFile(row.path, row.media, row.begin, row.end, size,
                                          UNFINISHED))
    elif not (left and row.state == UNFINISHED):
        store.mark(row.path, BROKEN if row.state == OPEN else MISSING)
        log.warning("%s is not there any more", row.path)


def unfinished(clip: Path) -> list[Path]:
    """Return what a crash left beside *clip*, and would make the clip again."""
    if clip.suffix != WHOLE:
        return []       # a thumbnail lies beside a clip, perhaps one being written
    place = clip.with_name(stem(clip.name))
    return [path for kind in (PART, JOURNAL, NEW)
            if (path := with_kind(place, kind)).exists()]


def reopen_events(folder: Path, store: EventStore) -> None:
    """Have events not ended of which a clip is finished only now: they end with it."""
    with store.reading() as reader:
        found = {row.event_id for row in reader.files(UNFINISHED)
                 if (folder / row.path).exists()}
        late = [event for event in reader.events(list(found)) if event.end == max(
            [event.begin, *(file.end for file in event.files)])]
    for event in late:      # as it was ended for want of that clip
        store.reopen(event.id)


def end_events(store: EventStore) -> None:
    """End the events that the last run did not."""
    with store.reading() as reader:
        lasting = reader.open_events()
    for event in filter(lambda event: store.is_earlier(event.id), lasting):
        end = max([event.begin, *(file.end for file in event.files)])
        store.end(event.id, end, event.peak_area, event.peak_box)


def files_below(folder: Path) -> Iterator[Path]:
    """Yield every clip and picture below *folder*."""
    for root, _, names in os.walk(folder):
        for name in names:
            if name.endswith((WHOLE, ".jpg")) and not name.startswith(".") and (
                    not name.endswith((PART, DRAFT))):
                yield Path(root, name)


def is_protected(path: Path) -> bool:
    """Return whether the file's mode says that its event is starred."""
    return not path.stat().st_mode & stat.S_IWUSR


def protect(path: Path, starred: bool) -> None:
    """
    Have the file's mode say that its event is *starred*: read-only then.

    So a star outlasts the loss of the database, and a slip in a file manager.
    """
    mode = path.stat().st_mode
    path.chmod(mode & ~0o222 if starred else mode | stat.S_IWUSR)
