"""Record one event, from its pre-roll to its post-roll, as one clip or several."""

import logging
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pyimagesearch.clock import Clock
from pyimagesearch.errors import RecordingError, reason
from pyimagesearch.events.event import OPEN
from pyimagesearch.events.store import EventStore
from pyimagesearch.frames import Size, area
from pyimagesearch.jpeg import LazyJpeg

from .clip import Clip
from .clip_metadata import ClipMetadata
from .closed_clips import ClosedClips
from .h264_encoder import Encoders
from .paths import JOURNAL_SUFFIX, PART_SUFFIX, add_suffix
from .preroll import EncodedFrame, Packet, Preroll
from .preroll_journal import Journal
from .stills import RETRY_SECONDS
from .thinning import Thinning
from .troubles import Troubles

log = logging.getLogger(__name__)

GAP_SECONDS = 60.0      # without a frame, which end a clip but not the event
SEEN_FRAMES = 300       # by which the size of a clip is chosen
KEEPS_UP_SECONDS = 0.1  # of pictures that are not written, at most, as new ones come
GRACE_SECONDS = 0.5     # to wait for frames that should still come


class OpenClip(NamedTuple):
    """A clip that is being written, and the journal of what it is made of."""

    clip: Clip
    journal: Journal

    def close(self) -> None:
        """Close the clip; only then is its journal not needed any more."""
        try:
            self.clip.close()
        except (RecordingError, OSError):
            self.journal.leave()
            raise
        self.journal.remove()


class ClipStems:
    """The paths, without suffix, of the clips of one event, each from *reserve*."""

    def __init__(self, reserve: Callable[[float], Path]) -> None:
        self.reserved: list[Path] = []
        self._reserve = reserve     # for what was captured at a time
        self._used = 0

    def first(self, captured: float) -> Path:
        """Return the first one, reserved now or before; raises :exc:`OSError`."""
        if not self.reserved:
            self.reserved.append(self._reserve(captured))
        return self.reserved[0]

    def next(self, captured: float) -> Path:
        """Return the one for another clip; raises :exc:`OSError`."""
        if self._used or not self.reserved:
            self.reserved.append(self._reserve(captured))
        self._used += 1
        return self.reserved[-1]


class EventRecording:
    """
    Write the clips of one event, from frame *first* of *preroll* on.

    *reserve* returns an unused path for what was captured at a time. A new clip begins
    after *max_clip* seconds, after a gap, and when the pictures get much larger; no
    frame is lost in between. What the disk refuses is tried again, and the reason is in
    :attr:`trouble`. Belongs to the recorder's thread.
    """

    def __init__(self, metadata: ClipMetadata, reserve: Callable[[float], Path],
                 preroll: Preroll, store: EventStore, clock: Clock,
                 encoders: Encoders, troubles: Troubles, *, first: int,
                 max_clip: float) -> None:
        self.metadata = metadata
        self.over = False
        self.stems = ClipStems(reserve)
        self._preroll = preroll
        self._store = store
        self._clock = clock
        self._encoders = encoders
        self._max_clip = max_clip
        self._cursor = first        # number of the next frame to write
        self._until = math.inf      # [s, monotonic]
        self._open: OpenClip | None = None
        self._closed = ClosedClips(store, troubles)
        self._thinning = Thinning(metadata.camera, preroll.behind(first))
        self._lost_before = preroll.lost
        self._failure = ""
        self._retry_at = -math.inf

    @property
    def writing(self) -> bool:
        """Whether a clip is open."""
        return self._open is not None

    @property
    def trouble(self) -> str:
        """Why not everything is recorded; empty if it is."""
        return self._failure or self._thinning.trouble or self._losses

    @property
    def size(self) -> int:
        """Bytes of the clips that are not finished yet."""
        return (self._open.clip.size if self._open else 0) + self._closed.size

    @property
    def cursor(self) -> float:
        """Number of the first frame that the pre-roll must hold; infinity for none."""
        return math.inf if self._retry_at > self._clock.monotonic() else self._cursor

    @property
    def keeps_up(self) -> bool:
        """Whether a clip of pictures is written, and has nearly all of them."""
        return self._open is not None and self._open.clip.is_encoded and (
            self._preroll.behind(self._cursor) < KEEPS_UP_SECONDS)

    @property
    def _losses(self) -> str:
        """How many frames the pre-roll could not hold until now, if any."""
        count = self._preroll.lost - self._lost_before
        return (f"recording fell behind, so {count} pictures are missing: the disk or "
                "the machine is too slow, or --pre-roll-memory too small"
                ) if count else ""

    def stem(self) -> Path:
        """Return the first clip's path without suffix; raises :exc:`OSError`."""
        ahead = self._preroll.after(self._cursor, 1)
        return self.stems.first(ahead[0].captured if ahead else self.metadata.begin)

    def end(self, metadata: ClipMetadata, until: float) -> None:
        """Record no longer than *until* [s, monotonic]; *metadata* is complete."""
        self.metadata, self._until = metadata, until
        if self._open:      # encoding the rest may take a while
            self._open.journal.update()
            self._open.journal.sync()

    def forget(self) -> None:
        """Leave no picture on the disk that is not in the clip yet."""
        if self._open:
            self._open.journal.remove()

    @property
    def is_late(self) -> bool:
        """Whether the encoding falls behind; may be asked from any thread."""
        return self._thinning.is_late(self._preroll.behind(self._cursor))

    def take(self, obstacle: str, attend: Callable[[], None] = lambda: None) -> None:
        """
        Write all frames there are, unless there is an *obstacle*.

        *attend* is called before each, as encoding all of them may take seconds.
        """
        now = self._clock.monotonic()
        if now >= self._retry_at:
            try:
                self._check(obstacle)
                self._write_all(now, attend)
            except (RecordingError, OSError) as error:
                self._fail(error, now)
        if now > self._until + GRACE_SECONDS:
            self.close()

    def close(self) -> None:
        """Finish all clips, if the disk permits; recovery does the rest."""
        self.over = True
        if self._losses:
            log.warning("%s: %s", self.metadata.camera, self._losses)
        try:
            self._close_clip()
            self._closed.finish()
        except (RecordingError, OSError) as error:
            self._closed.give_up(error)

    def _check(self, obstacle: str) -> None:
        if obstacle:
            raise RecordingError(obstacle)
        if self._open and not self._open.clip.path.exists():
            raise RecordingError(f"{self._open.clip.path.parent} has gone")
        self._closed.finish()
        if self._failure:
            log.info("%s: recording goes on", self.metadata.camera)
            self._failure = ""
            self._thinning.allow(self._preroll.behind(self._cursor))

    def _write_all(self, now: float, attend: Callable[[], None]) -> None:
        while not self.over and (frames := self._preroll.after(self._cursor)):
            self._thinning.update(self._preroll.behind(self._cursor), now)
            if self._open:
                self._open.journal.update()
            for frame in frames:
                attend()
                if frame.number <= self._preroll.forgotten:
                    break       # a mask hides it now, and all before
                is_packet = isinstance(frame.content, Packet)
                if is_packet and frame.number > self._cursor:
                    self._close_clip()      # the next one begins with a key frame
                self._cursor = frame.number + 1
                if frame.at > self._until:
                    self.close()
                    return
                if is_packet or self._thinning.admits(frame.number):
                    self._write(frame)
        if self._open:
            clip = self._open.clip
            self._open.journal.settle(clip.last_at)
            if self._until < math.inf:
                clip.sync()     # soon it is closed; whoever stopped it may be waiting
            if clip.frames and now - clip.last_at > GAP_SECONDS:
                self._close_clip()

    def _write(self, frame: EncodedFrame) -> None:
        if self._open and (why := self._reason_to_cut(self._open.clip, frame)):
            log.debug("%s: a new clip begins: %s", self.metadata.camera, why)
            self._close_clip()
        if self._open is None:
            self._open = self._open_clip(frame)
        self._open.clip.add(frame)

    def _reason_to_cut(self, clip: Clip, frame: EncodedFrame) -> str:
        if not clip.frames:
            return ""
        if not clip.fits(frame):
            return "the video changed"
        if frame.at - clip.last_at > GAP_SECONDS:
            return f"{frame.at - clip.last_at:.0f} s without a frame"
        if frame.key and frame.at - clip.first_at >= self._max_clip:
            return f"{self._max_clip:g} s are the limit of a clip"
        return ""

    def _open_clip(self, frame: EncodedFrame) -> OpenClip:
        stem = self.stems.next(frame.captured)
        metadata = replace(self.metadata, first=frame.captured, last=frame.captured,
                           sequence=self._store.new_id())
        journal = Journal(add_suffix(stem, JOURNAL_SUFFIX), self._preroll)
        if not isinstance(frame.content, Packet):
            journal.begin(metadata, frame.number)
        try:
            clip = Clip(add_suffix(stem, PART_SUFFIX), metadata, self._encoders,
                        self._largest_size(frame.number), self._preroll.drawn)
        except RecordingError:
            journal.remove()
            raise
        self._closed.report(clip, OPEN)
        return OpenClip(clip, journal)

    def _largest_size(self, first: int) -> Size | None:
        """Return that of the pictures in the pre-roll from number *first* on."""
        sizes = [frame.content.size for frame in self._preroll.after(first, SEEN_FRAMES)
                 if isinstance(frame.content, LazyJpeg)]
        return max(sizes, key=area, default=None)

    def _close_clip(self) -> None:
        open_clip, self._open = self._open, None
        if open_clip is None:
            return
        clip = open_clip.clip
        clip.metadata = replace(
            self.metadata, first=clip.metadata.first, last=clip.metadata.last,
            sequence=clip.metadata.sequence)
        self._closed.add(clip)
        open_clip.close()
        self._closed.finish()

    def _fail(self, error: Exception, now: float) -> None:
        failure = f"cannot record: {reason(error)}"
        if failure != self._failure:
            log.warning("%s: %s", self.metadata.camera, failure)
        self._failure, self._retry_at = failure, now + RETRY_SECONDS
        try:
            self._close_clip()
        except (RecordingError, OSError) as again:
            log.debug("%s: the clip stays unfinished: %s", self.metadata.camera, again)
