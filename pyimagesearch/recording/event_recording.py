"""The recording of one event: from its pre-roll to its post-roll, clip by clip."""

import logging
import math
from collections.abc import Callable
from pathlib import Path

from pyimagesearch.clock import Clock
from pyimagesearch.errors import RecordingError, reason
from pyimagesearch.events.event import (
    BROKEN,
    CLIP,
    COMPLETE,
    OPEN,
    UNFINISHED,
    KeptFile,
)

from .clip import Clip, finish
from .clip_metadata import ClipMetadata
from .h264_encoder import Encoders
from .ledger import RETRY_SECONDS, Ledger
from .paths import JOURNAL, PART, WHOLE, kept_path, with_kind
from .preroll import EncodedFrame, Packet, Preroll
from .preroll_journal import Journal

log = logging.getLogger(__name__)

GAP = 15.0          # seconds without a picture that end a clip, but not the event
GRACE = 1.0         # seconds to wait for pictures that should still come
BEHIND = 3.0        # seconds by which encoding may lag before pictures are left out
TRIES = 3           # to finish a clip, before that is left to the next start
THINNEST = 16       # of how many pictures at least one is kept


class EventRecording:
    """
    Write the clips of one event, from piece *first* of *preroll* on.

    *reserve* gives a place on the disk for what was captured at a time. A new clip
    begins after *max_clip* seconds, after a gap, and when the picture
    changes its size; no piece is lost between two. What cannot be written is told
    in :attr:`trouble` and tried again. Belongs to the recorder's thread.
    """

    def __init__(self, metadata: ClipMetadata, reserve: Callable[[float], Path],
                 preroll: Preroll, ledger: Ledger, clock: Clock, encoders: Encoders, *,
                 first: int, max_clip: float) -> None:
        self.metadata = metadata
        self.places: list[Path] = []
        self.trouble = ""
        self.over = False
        self.clips = 0
        self._reserve = reserve     # a place for what was captured at a time
        self._preroll = preroll
        self._ledger = ledger
        self._clock = clock
        self._encoders = encoders
        self._max_clip = max_clip
        self._cursor = first
        self._until = math.inf
        self._clip: Clip | None = None
        self._journal: Journal | None = None    # of the clip that is open
        self._retry_at = -math.inf
        self._unfinished: list[Clip] = []
        self._allowed = preroll.behind(first) + BEHIND     # seconds of pieces not taken
        self._step = 1          # every how many-th picture is kept
        self._checked = 0.0

    @property
    def writing(self) -> bool:
        """Whether a clip is open."""
        return self._clip is not None

    @property
    def size(self) -> int:
        """Bytes of what is not finished yet."""
        clip = self._clip
        return (clip.size if clip else 0) + sum(part.size for part in self._unfinished)

    @property
    def cursor(self) -> float:
        """Number of the first piece that the preroll must hold for us."""
        return math.inf if self._retry_at > self._clock.monotonic() else self._cursor

    def place(self) -> Path:
        """Return where the first clip lies, or will; raises :exc:`OSError`."""
        if not self.places:
            ahead = self._preroll.after(self._cursor, 1)
            self.places.append(self._reserve(
                ahead[0].captured if ahead else self.metadata.begin))
        return self.places[0]

    def end(self, metadata: ClipMetadata, until: float) -> None:
        """Record no longer than *until* [s, monotonic]; *metadata* is the whole one."""
        self.metadata, self._until = metadata, until

    def take(self, obstacle: str) -> None:
        """Write all pieces there are, unless there is an *obstacle*."""
        now = self._clock.monotonic()
        if now >= self._retry_at:
            try:
                self._check(obstacle)
                self._write_all(now)
            except (RecordingError, OSError) as error:
                self._fail(error, now)
        if now > self._until + GRACE:
            self.close()

    def close(self) -> None:
        """Finish what is open, if possible; the rest is left to recovery."""
        self.over = True
        try:
            self._close_clip()
            self._finish_rest()
        except (RecordingError, OSError) as error:
            log.warning("%s: a clip is not finished: %s", self.metadata.camera, error)
            for clip in self._unfinished:
                self._note(clip, UNFINISHED, clip.size)

    def _check(self, obstacle: str) -> None:
        if obstacle:
            raise RecordingError(obstacle)
        if self._clip and not self._clip.path.exists():
            raise RecordingError(f"{self._clip.path.parent} has gone")
        self._finish_rest()
        if self.trouble and self._step == 1:
            log.info("%s: recording goes on", self.metadata.camera)
            self.trouble = ""
            self._allowed = self._preroll.behind(self._cursor) + BEHIND

    def _write_all(self, now: float) -> None:
        while not self.over and (pieces := self._preroll.after(self._cursor)):
            self._thin(now)
            if self._journal:
                self._journal.update()
            for piece in pieces:
                self._cursor = piece.number + 1
                if piece.at > self._until:
                    self.close()
                    return
                if piece.number % self._step == 0 or isinstance(
                        piece.content, Packet):
                    self._write(piece)
        if self._clip and self._journal:
            self._journal.settle(self._clip.last_at)
        if self._clip and self._clip.frames and now - self._clip.last_at > GAP:
            self._close_clip()

    def _write(self, piece: EncodedFrame) -> None:
        if self._clip and self._must_cut(self._clip, piece):
            self._close_clip()
        if self._clip is None:
            self._open_clip(piece)
        assert self._clip
        self._clip.add(piece)

    def _must_cut(self, clip: Clip, piece: EncodedFrame) -> bool:
        if not clip.frames:
            return False
        return (not clip.fits(piece) or piece.at - clip.last_at > GAP
                or (piece.key and piece.at - clip.first_at >= self._max_clip))

    def _open_clip(self, piece: EncodedFrame) -> None:
        if self.clips or not self.places:
            self.places.append(self._reserve(piece.captured))
        self.clips += 1
        path = with_kind(self.places[-1], PART)
        metadata = self.metadata.extended(first=piece.captured, last=piece.captured)
        journal = None if isinstance(piece.content, Packet) else Journal(
            with_kind(self.places[-1], JOURNAL), metadata, self._preroll, piece.number)
        try:
            self._clip = clip = Clip(path, metadata, self._encoders)
        except RecordingError:
            if journal:
                journal.remove()
            raise
        self._journal = journal
        self._note(clip, OPEN)

    def _close_clip(self) -> None:
        clip, self._clip = self._clip, None
        if clip is not None:
            clip.metadata = self.metadata.extended(first=clip.metadata.first,
                                             last=clip.metadata.last)
            self._unfinished.append(clip)
            self._close_safely(clip)
            self._finish_rest()

    def _close_safely(self, clip: Clip) -> None:
        """Close *clip*; only then is what it was made of needed no more."""
        journal, self._journal = self._journal, None
        try:
            clip.close()
        except (RecordingError, OSError):
            if journal:
                journal.leave()
            raise
        if journal:
            journal.remove()

    def _finish_rest(self) -> None:
        """Finish what is closed; a clip that cannot be is left to the next start."""
        while self._unfinished:
            clip = self._unfinished[0]
            if clip.frames and clip.path.exists():
                self._finish(clip)
            else:
                clip.path.unlink(missing_ok=True)
                self._note(clip, BROKEN)
            self._unfinished.pop(0)

    def _finish(self, clip: Clip) -> None:
        try:
            whole = finish(clip.path, clip.metadata)
            self._note(clip, COMPLETE, whole.stat().st_size)
        except RecordingError as error:
            clip.tries += 1
            if clip.tries < TRIES:
                raise
            log.warning("%s cannot be finished now: %s", clip.path, error)
            self._note(clip, UNFINISHED, clip.size)

    def _note(self, clip: Clip, state: str, size: int = 0) -> None:
        whole = clip.path.with_name(clip.path.name.replace(PART, WHOLE))
        self._ledger.keep(self.metadata.event, KeptFile(
            kept_path(whole), CLIP, clip.metadata.first, clip.metadata.last, size,
            state))

    def _thin(self, now: float) -> None:
        """Leave pictures out while encoding cannot keep up; say so."""
        if now - self._checked < 1.0:
            return
        self._checked = now
        behind = self._preroll.behind(self._cursor)
        if behind > self._allowed and self._step < THINNEST:
            self._step *= 2
        elif behind < 1.0 and self._step > 1:
            self._step //= 2
        else:
            return
        self.trouble = "" if self._step == 1 else (
            f"encoding cannot keep up, so one of {self._step} pictures is kept")
        log.warning("%s: %s", self.metadata.camera,
                    self.trouble or "encoding keeps up again")

    def _fail(self, error: Exception, now: float) -> None:
        told = f"cannot record: {reason(error)}"
        if told != self.trouble:
            log.warning("%s: %s", self.metadata.camera, told)
        self.trouble, self._retry_at = told, now + RETRY_SECONDS
        try:
            self._close_clip()
        except (RecordingError, OSError) as again:
            log.debug("%s: the clip stays unfinished: %s", self.metadata.camera, again)
