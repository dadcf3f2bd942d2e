"""Delete the files that the list of events has given up, so that none comes back."""

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from pyimagesearch.errors import reason
from pyimagesearch.events.store import EventStore
from pyimagesearch.folders import sync_folder
from pyimagesearch.recording.paths import (
    CLIP_SUFFIX,
    JOURNAL_SUFFIX,
    NEW_JOURNAL_SUFFIX,
    PART_SUFFIX,
    add_suffix,
    stem,
)

log = logging.getLogger(__name__)


def delete_files(clips: Path, store: EventStore, paths: Sequence[str],
                 stopping: threading.Event) -> list[str]:
    """
    Delete the files at *paths* below *clips*; return the paths of those that are gone.

    They are among the deletions of *store* until they are gone for good, even if the
    program or the power fails meanwhile. Those that cannot be deleted now stay there,
    and so do those that are left once *stopping* is set.
    """
    gone = [path for path in paths
            if not stopping.is_set() and delete(clips / path)]
    for folder in {(clips / path).parent for path in gone}:
        while not folder.exists():      # it was empty
            folder = folder.parent
        sync_folder(folder)
    if gone:
        store.forget_deletions(gone)
    return gone


def delete(path: Path) -> bool:
    """Delete the file at *path* and its unfinished parts; return whether it is gone."""
    return all(unlink(each) for each in (path, *unfinished(path)))


def unlink(path: Path) -> bool:
    """Delete *path*, and its folders of a day and a camera once they are empty."""
    try:
        path.unlink(missing_ok=True)
        for folder in (path.parent, path.parent.parent):
            if not any(folder.iterdir()):
                folder.rmdir()
    except FileNotFoundError:
        return True     # its folder has gone
    except OSError as error:
        log.warning("%s cannot be deleted: %s", path, reason(error))
    return not path.exists()


def unfinished(clip: Path) -> list[Path]:
    """Return what a crash left of *clip*, from which it can be recovered."""
    if clip.suffix != CLIP_SUFFIX:
        return []       # a thumbnail; its clip may be being written
    place = clip.with_name(stem(clip.name))
    return [path for kind in (PART_SUFFIX, JOURNAL_SUFFIX, NEW_JOURNAL_SUFFIX)
            if (path := add_suffix(place, kind)).exists()]
