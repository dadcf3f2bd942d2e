"""Tell whole files from what a power cut left: empty, cut off, or ending in zeros."""

import os
from pathlib import Path

from pyimagesearch.events.event import CLIP, KeptFile

START_MARKER, END_MARKER = b"\xff\xd8", b"\xff\xd9"    # ITU-T T.81, B.1.1.3
TAIL_BYTES = 4096       # in which the end marker must be; some cameras add zeros


def is_whole_picture(path: Path) -> bool:
    """Return whether the file at *path* begins and ends as a JPEG; raises OSError."""
    with open(path, "rb") as file:
        start = file.read(len(START_MARKER))
        file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
        tail = file.read()
    return start == START_MARKER and tail.rstrip(b"\0").endswith(END_MARKER)


def is_as_kept(path: Path, kept: KeptFile) -> bool:
    """
    Return whether the file at *path* is still as *kept* says; raises :exc:`OSError`.

    A thumbnail may have been replaced by a newer one.
    """
    size = path.stat().st_size
    return size > 0 and (size == kept.bytes
                         or (kept.media != CLIP and is_whole_picture(path)))
