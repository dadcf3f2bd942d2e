"""What becomes of what one camera sees: events, clips, levels of motion."""

import logging
import threading
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pyimagesearch.clock import Clock
from pyimagesearch.events.event import (
    LOST,
    MANUAL,
    MOTION,
    RETURNED,
    SNAPSHOT,
    STILL,
    THUMBNAIL,
    Event,
    KeptFile,
)
from pyimagesearch.events.store import EventStore
from pyimagesearch.frames import Box, Frame, enclosing
from pyimagesearch.jpeg import LazyJpeg, jpeg_size
from pyimagesearch.motion_detection.motionevents import Ended, MotionEvents, Started
from pyimagesearch.recording.clip_metadata import ClipMetadata
from pyimagesearch.recording.packet_gate import PacketGate
from pyimagesearch.recording.recorder import Recorder
from pyimagesearch.settings.settings import CameraSettings
from pyimagesearch.streaming.publisher import Shown

log = logging.getLogger(__name__)


class StoreLedger(NamedTuple):
    """Tell the store of the files that a recorder keeps below *folder*."""

    store: EventStore
    folder: Path

    def file(self, event: int, path: Path, media: str, begin: float, end: float,
             size: int, state: str) -> None:
        """Note a file of an event, or its new state."""
        self.store.keep(event, KeptFile(
            path.relative_to(self.folder).as_posix(), media, begin, end, size, state))


class Peak(NamedTuple):
    """The frame of an event in which most moved."""

    area: float             # per mille of the frame
    box: Box | None         # in pixels of the JPEG
    jpeg: LazyJpeg | None
    captured: float


NOTHING = Peak(-1.0, None, None, 0.0)


class Evidence:
    """
    Make events of what the camera loop sees, and have the recorder keep them.

    :meth:`record`, :meth:`keep_still`, :meth:`arm`, :meth:`forget` and
    :meth:`refuse_packets` belong to everybody, all else to the camera loop. With
    *packets*, clips are made of the camera's own video that comes through there, so
    that pictures are wanted for thumbnails only; but not of a camera that is masked.
    """

    def __init__(self, settings: CameraSettings, recorder: Recorder, store: EventStore,
                 clock: Clock, *, packets: PacketGate | None) -> None:
        self._armed = True
        self._masked = False
        self._settings = settings
        self._recorder = recorder
        self._store = store
        self._clock = clock
        self._packets = packets
        self._motion = MotionEvents(min_frames=settings.min_frames,
                                    post_roll=settings.post_roll)
        self._event: Event | None = None        # the motion event that lasts
        self._lost: Event | None = None         # the loss that lasts
        self._lost_at = 0.0                     # when it began [s, monotonic]
        self._peak = NOTHING
        self._minute, self._level = 0, 0.0
        self._lock = threading.Lock()           # guards the three below
        self._off = False
        self._manual: Event | None = None       # the recording that somebody started
        self._manual_at = 0.0                   # when that was [s, monotonic]
        self._untold: int | None = None         # its id, until it has a thumbnail

    @property
    def recording_since(self) -> float | None:
        """When somebody started a recording that still runs [s since the epoch]."""
        manual = self._manual
        return manual.begin if manual else None

    @property
    def recording(self) -> bool:
        """Whether a clip is being written."""
        return self._recorder.recording

    @property
    def recordings(self) -> int:
        """How many events were recorded since the start, the present one included."""
        return self._recorder.recordings

    @property
    def trouble(self) -> str:
        """Why not everything is kept as it should be."""
        return self._recorder.trouble

    def arm(self, armed: bool) -> None:
        """Have motion make events, or not."""
        self._armed = armed

    def refuse_packets(self) -> None:
        """Keep none of the camera's own packets, as something is to be hidden."""
        if self._packets and self._packets.shut():
            log.info("%s: has a privacy mask, so its clips are made of the stream and "
                     "not of the camera's own video", self._settings.name)

    def forget(self) -> None:
        """Keep nothing more of what was seen; not to be called during :meth:`see`."""
        self._peak = self._peak._replace(jpeg=None)
        self._recorder.forget()

    def begin_anew(self, masked: bool) -> None:
        """Forget what was seen, as other parts of the pictures are *masked* now."""
        self.forget()
        self.rest()
        self._masked = masked
        if not masked and self._packets and self._packets.open():
            log.info("%s: has no privacy mask any more, so its clips are made of the "
                     "camera's own video", self._settings.name)

    def switch(self, on: bool) -> None:
        """Note that the camera is switched *on*, or off: then all that lasts ends."""
        with self._lock:
            self._off = not on
        if on:
            return
        self.rest()
        self.record(False)
        if self._lost:
            self._store.end(self._lost.id, self._clock.time(), 0.0, None)
            self._lost = None

    @property
    def _from_packets(self) -> bool:
        """Whether clips are made of the camera's own video."""
        return self._packets is not None and not self._masked

    @property
    def _awaits_motion(self) -> bool:
        return self._armed and self._settings.record

    @property
    def _fills_preroll(self) -> bool:
        """Whether clips are made of the pictures, or may have to be soon."""
        return not self._from_packets and bool(self._manual or self._awaits_motion)

    def wants(self, area: float, own: bytes | None = None) -> bool:
        """
        Return whether a frame, of which *area* per mille moved, must be encoded.

        The camera's *own* JPEG does as well while the pre-roll has room for it.
        """
        if own and self._recorder.preroll.has_room(own):
            return False
        if self._fills_preroll or (self._manual and self._untold):
            return True
        return (self._awaits_motion and 0 < area >= self._settings.min_area
                and area > self._peak.area)

    def see(self, frame: Frame, area: float, shown: Shown) -> None:
        """Take in a frame of which *area* per mille moved, as it was *shown*."""
        self._note_level(frame.captured, area)
        motion = self._armed and 0 < area >= self._settings.min_area
        if not self._armed:
            self._end_motion(self._motion.stop(), frame)
        told = self._motion.see(frame.arrived, motion)
        if motion and area > self._peak.area:
            self._peak = Peak(area, enclosing(shown.boxes),
                              shown.jpeg or self._peak.jpeg, frame.captured)
        if self._fills_preroll and shown.jpeg:
            self._recorder.preroll.put(shown.jpeg, frame.captured, frame.arrived,
                                       since=self._motion.since)
        for change in told:
            if isinstance(change, Started):
                self._begin_motion(change, frame)
            else:
                self._end_motion([change], frame)
        if self._motion.since is None and not self._motion.lasting:
            self._peak = NOTHING
        self._illustrate(frame, shown.jpeg)

    def lost(self, since: float, reason: str, silent: float = 0.0) -> None:
        """Note that the camera has gone, *since* [s, epoch], *silent* seconds ago."""
        self.rest()
        if self._lost is None:
            self._lost_at = self._clock.monotonic() - silent
            self._lost = self._new(LOST, since, reason)
            self._store.begin(self._lost)
        else:
            self._store.note(self._lost.id, reason)

    def returned(self, captured: float) -> None:
        """Note that the camera gives pictures again."""
        if self._lost is None:
            return
        gone, self._lost = self._lost, None
        took = self._clock.monotonic() - self._lost_at
        self._store.end(gone.id, gone.begin + took, 0.0, None)
        back = self._new(RETURNED, captured, f"after {took:.0f} s")
        self._store.begin(ended(back, captured))

    def rest(self) -> None:
        """End the motion event that lasts, as no more frames come."""
        for end in self._motion.stop():
            self._finish_motion(end.at, self._clock.monotonic())

    def close(self) -> None:
        """End everything, as the program ends."""
        self.rest()
        self.record(False)

    def record(self, on: bool) -> str:
        """
        Start or stop a recording by hand; return what is now: started, stopped.

        A camera that is switched off cannot be recorded.
        """
        with self._lock:
            if on and self._manual is None and not self._off:
                self._manual = self._new(MANUAL, self._clock.time())
                self._manual_at = self._clock.monotonic()
                self._untold = self._manual.id
                self._store.begin(self._manual)
                self._recorder.begin(metadata_of(self._manual), self._manual_at)
            elif not on and self._manual:
                whole, self._manual = self._manual, None
                now = self._clock.monotonic()
                end = whole.begin + now - self._manual_at
                self._store.end(whole.id, end, 0.0, None)
                self._recorder.end(metadata_of(ended(whole, end)), now)
            return "started" if self._manual else "stopped"

    def keep_still(self, jpeg: bytes, captured: float) -> int:
        """Keep *jpeg*, captured at *captured* [s since the epoch]; return its event."""
        event = ended(self._new(SNAPSHOT, captured), captured)
        self._store.begin(event)
        self._recorder.keep_still(event.id, captured,
                                  LazyJpeg(jpeg, jpeg_size(jpeg)), STILL)
        return event.id

    def _begin_motion(self, start: Started, frame: Frame) -> None:
        captured = frame.captured - (frame.arrived - start.at)
        self._event = self._new(MOTION, captured)
        self._begin_at = start.at
        self._store.begin(self._event)
        log.info("%s: motion event %d began", self._settings.name, self._event.id)
        if self._settings.record:
            self._recorder.begin(metadata_of(self._event),
                                 start.at - self._settings.pre_roll)
            self._keep_peak(self._event)

    def _end_motion(self, ends: list[Ended], frame: Frame) -> None:
        for end in ends:
            self._finish_motion(end.at, min(frame.arrived,
                                            end.at + self._settings.post_roll))

    def _finish_motion(self, at: float, until: float) -> None:
        event, self._event = self._event, None
        if event is None:
            return
        # by the monotonic clock: the other may have been set meanwhile
        end = event.begin + at - self._begin_at
        self._store.end(event.id, end, self._peak.area, self._peak.box)
        log.info("%s: motion event %d ended after %.1f s, at most %.1f per mille moved",
                 self._settings.name, event.id, end - event.begin, self._peak.area)
        if self._settings.record:
            self._keep_peak(event)
            self._recorder.end(metadata_of(ended(event, end, self._peak)), until)
        self._peak = NOTHING

    def _keep_peak(self, event: Event) -> None:
        peak = self._peak       # whose picture may be forgotten at any moment
        if peak.jpeg:
            self._recorder.keep_still(event.id, peak.captured, peak.jpeg, THUMBNAIL)

    def _illustrate(self, frame: Frame, jpeg: LazyJpeg | None) -> None:
        if not (self._untold and jpeg):
            return
        with self._lock:
            wanted, self._untold = self._untold, None
        if wanted:
            self._recorder.keep_still(wanted, frame.captured, jpeg, THUMBNAIL)

    def _note_level(self, captured: float, area: float) -> None:
        minute = int(captured // 60)
        if minute != self._minute:
            if self._minute:
                self._store.level(self._settings.name, self._minute, self._level)
            self._minute, self._level = minute, 0.0
        self._level = max(self._level, area)

    def _new(self, kind: str, begin: float, note: str = "") -> Event:
        return Event(id=self._store.new_id(), camera=self._settings.name, kind=kind,
                     begin=begin, end=None, note=note)


def ended(event: Event, end: float, peak: Peak = NOTHING) -> Event:
    """Return *event* with its *end* and its *peak*."""
    return replace(event, end=end, peak_area=max(0.0, peak.area), peak_box=peak.box)


def metadata_of(event: Event) -> ClipMetadata:
    """Return what the clips of *event* tell of it."""
    return ClipMetadata(event=event.id, camera=event.camera, kind=event.kind,
                 begin=event.begin, end=event.end, peak_area=event.peak_area,
                 peak_box=event.peak_box)
