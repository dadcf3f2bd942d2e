"""Finish the clips that one event has closed, and report the state of each."""

import logging

from pyimagesearch.errors import RecordingError, UnplayableClip, reason
from pyimagesearch.events.event import BROKEN, CLIP, COMPLETE, UNFINISHED, KeptFile
from pyimagesearch.events.store import EventStore

from .clip import Clip, finish
from .paths import CLIP_SUFFIX, PART_SUFFIX, kept_path
from .troubles import Troubles

log = logging.getLogger(__name__)

MAX_TRIES = 3           # to finish a clip before that is left to the next start


class ClosedClips:
    """
    Turn closed clips into files that play everywhere; report states to *store*.

    Why the last one could not be finished is in *troubles*. Belongs to the recorder's
    thread.
    """

    def __init__(self, store: EventStore, troubles: Troubles) -> None:
        self._store = store
        self._troubles = troubles
        self._waiting: list[Clip] = []

    @property
    def size(self) -> int:
        """The bytes of the clips that wait."""
        return sum(clip.size for clip in self._waiting)

    def add(self, clip: Clip) -> None:
        """Take over *clip*, which is closed or about to be."""
        self._waiting.append(clip)

    def finish(self) -> None:
        """
        Finish the clips that wait; one without a frame is removed.

        Raises :exc:`RecordingError` or :exc:`OSError` if that can be tried again.
        """
        while self._waiting:
            clip = self._waiting[0]
            if clip.frames and clip.path.exists():
                self._finish(clip)
            else:
                clip.path.unlink(missing_ok=True)
                self.report(clip, BROKEN)
            self._waiting.pop(0)

    def give_up(self, error: Exception) -> None:
        """Leave the clips that wait to the next start, because of *error*."""
        for clip in self._waiting:
            self._leave(clip, error)

    def _finish(self, clip: Clip) -> None:
        try:
            whole = finish(clip.path, clip.metadata)
        except RecordingError as error:
            clip.tries += 1
            if clip.tries < MAX_TRIES and not isinstance(error, UnplayableClip):
                raise
            self._leave(clip, error)
            return
        size = whole.stat().st_size
        log.info("%s: clip %s, %.1f s, %.1f MB", clip.metadata.camera, whole,
                 clip.seconds, size / 1e6)
        self.report(clip, COMPLETE, size)
        self._troubles.finishing = ""

    def _leave(self, clip: Clip, error: Exception) -> None:
        self.report(clip, UNFINISHED, clip.size)
        self._troubles.finishing = (
            f"the clip {clip.path.name} is not finished: {reason(error)}")
        log.warning("%s: %s", clip.metadata.camera, self._troubles.finishing)

    def report(self, clip: Clip, state: str, size: int = 0) -> None:
        """Write the state and the *size* [bytes] of *clip* to the store."""
        whole = clip.path.with_name(clip.path.name.replace(PART_SUFFIX, CLIP_SUFFIX))
        metadata = clip.metadata
        self._store.keep(metadata.event, KeptFile(
            kept_path(whole), CLIP, metadata.first, metadata.last, size, state,
            metadata.sequence))
