"""Write thumbnails and stills as JPEG files."""

import collections
import logging
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pyimagesearch.clock import Clock
from pyimagesearch.errors import BadPicture, reason
from pyimagesearch.events.event import COMPLETE, THUMBNAIL, KeptFile
from pyimagesearch.events.store import EventStore
from pyimagesearch.folders import sync_folder
from pyimagesearch.jpeg import LazyJpeg

from .paths import STILL_DRAFT_SUFFIX, STILL_SUFFIX, add_suffix, kept_path
from .receipt import Receipt

log = logging.getLogger(__name__)

RETRY_SECONDS = 5.0     # until a disk that refused is tried again
MAX_WAITING = 32    # stills, while the disk refuses


class Still(NamedTuple):
    """A picture to be kept in a file of its own."""

    event: int
    captured: float     # wall-clock time [seconds since the epoch]
    jpeg: LazyJpeg
    media: str
    stem: Callable[[], Path]    # its path without suffix; raises OSError
    receipt: Receipt


class StillQueue:
    """
    Write stills of *camera* and report them to *store*; retry while the disk refuses.

    Why it does is in :attr:`trouble`. Belongs to the recorder's thread.
    """

    def __init__(self, camera: str, store: EventStore, clock: Clock) -> None:
        self.trouble = ""
        self._camera = camera
        self._store = store
        self._clock = clock
        self._waiting: collections.deque[Still] = collections.deque()
        self._retry_at = -math.inf
        self._thumbnail = (0, Path())   # the newest: its event, and its path

    def add(self, still: Still) -> None:
        """Queue *still*; a thumbnail in place of an older one of its event."""
        self._waiting = collections.deque(
            each for each in self._waiting
            if still.media != THUMBNAIL
            or (each.event, each.media) != (still.event, THUMBNAIL))
        self._waiting.append(still)
        if len(self._waiting) > MAX_WAITING:
            why = self.trouble or f"more than {MAX_WAITING} wait for the disk"
            self._waiting.popleft().receipt.settle(f"the still is lost: {why}")
            log.warning("%s: a still is lost: %s", self._camera, why)

    def save_all(self, obstacle: Callable[[], str], logged: str) -> None:
        """
        Write all that wait, unless *obstacle* says why not; then retry later.

        The reason is logged, unless it is the one already *logged*.
        """
        now = self._clock.monotonic()
        while self._waiting and now >= self._retry_at:
            if why := self._save(self._waiting[0], obstacle()):
                if why not in (self.trouble, logged):
                    log.warning("%s: %s", self._camera, why)
                self.trouble, self._retry_at = why, now + RETRY_SECONDS
                break
            self._waiting.popleft().receipt.settle()
        for each in self._waiting:
            each.receipt.settle(self.trouble)
        if not self._waiting:
            self.trouble = ""

    def forget(self) -> None:
        """Drop what waits, as it shows what must be hidden now."""
        for each in self._waiting:
            each.receipt.settle("the still is dropped, as a privacy mask was set or "
                                "the cameras were switched off")
        self._waiting.clear()
        self.trouble = ""

    def _save(self, still: Still, obstacle: str) -> str:
        """Write *still*; return why that failed, or nothing."""
        if obstacle:
            return f"cannot record: {obstacle}"
        try:
            jpeg = still.jpeg.bytes()
            path = self._path_of(still)
            save(path, jpeg)
        except BadPicture as error:
            log.debug("%s: a still is left out: %s", self._camera, error)
            still.receipt.settle(f"the still is left out: {error}")
            return ""
        except OSError as error:
            return f"cannot keep a still: {reason(error)}"
        self._store.keep(still.event, KeptFile(
            kept_path(path), still.media, still.captured, still.captured, len(jpeg),
            COMPLETE))
        if still.media == THUMBNAIL:
            self._thumbnail = still.event, path
        return ""

    def _path_of(self, still: Still) -> Path:
        """Return where *still* is to be kept: a thumbnail in place of an older one."""
        event, path = self._thumbnail
        is_newer = still.media == THUMBNAIL and still.event == event
        return path if is_newer else add_suffix(still.stem(), STILL_SUFFIX)


def save(path: Path, jpeg: bytes) -> None:
    """Write *jpeg* to *path*, wholly and durably or not; raises :exc:`OSError`."""
    draft = path.with_name(f".{path.stem}{STILL_DRAFT_SUFFIX}")
    try:
        with open(draft, "wb") as file:
            file.write(jpeg)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
