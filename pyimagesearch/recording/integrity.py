"""Distinguish complete files from those that a power cut left empty or cut off."""

import os
from pathlib import Path

from pyimagesearch.events.event import CLIP, KeptFile
from pyimagesearch.jpeg import END_MARKER, START_MARKER

TAIL_BYTES = 4096       # in which the end marker must be; some cameras add zeros


def is_complete_picture(path: Path) -> bool:
    """Return whether the file at *path* begins and ends as a JPEG; raises OSError."""
    with open(path, "rb") as file:
        begins = file.read(len(START_MARKER)) == START_MARKER
        file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
        return begins and file.read().rstrip(b"\0").endswith(END_MARKER)


def is_unchanged(path: Path, kept: KeptFile) -> bool:
    """
    Return whether the file at *path* is still as *kept* says; raises :exc:`OSError`.

    A thumbnail may have been replaced by a newer one.
    """
    size = path.stat().st_size
    return size > 0 and (size == kept.bytes
                         or (kept.media != CLIP and is_complete_picture(path)))
