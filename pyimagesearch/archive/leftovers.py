"""Finish the clips that a crash cut off."""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from pyimagesearch.errors import RecordingError
from pyimagesearch.folders import sync_folder
from pyimagesearch.recording.clip_metadata import ClipMetadata
from pyimagesearch.recording.paths import (
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

log = logging.getLogger(__name__)

# PyAV takes 17 MB and 80 ms, so it is imported only where there is a clip to work on

SAME_END_SECONDS = 0.01     # by which equal ends of two clips may differ
MAX_EMPTY_BYTES = 2_000     # of a clip without a picture: its header alone
LEFTOVER_SUFFIXES = (NEW_JOURNAL_SUFFIX, JOURNAL_SUFFIX, PART_SUFFIX, DRAFT_SUFFIX,
                     STILL_DRAFT_SUFFIX)


def finish_clips(folder: Path, names: Iterable[str]) -> Iterator[None]:
    """Finish the clips of which files with these *names* in *folder* are parts."""
    for place in sorted({folder / stem(name) for name in names}):
        finish_clip(place)
        yield


def finish_clip(place: Path) -> None:
    """Finish the clip at *place*, a path without suffix, from what a crash left."""
    new, journal, part, *drafts = (place.with_name(place.name + suffix)
                                   for suffix in LEFTOVER_SUFFIXES)
    for draft in drafts:                # what they were made of is still there
        draft.unlink(missing_ok=True)
    if new.exists():
        new.rename(journal)             # written in part
    if journal.exists():
        recover_journal(journal)
    if part.exists():                   # also one that was made of the journal
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
        log.debug("finished %s", finish(part))      # it is logged with its event
    except RecordingError as error:
        if part.stat().st_size < MAX_EMPTY_BYTES:
            part.unlink()
            return
        log.warning("%s cannot be finished: %s", part, error)
