"""Changes of one camera's whole picture, as events."""

import collections
import logging
from typing import NamedTuple

from pyimagesearch.clock import Clock
from pyimagesearch.events.event import COVERED, MOVED, STILL, UNFOCUSED
from pyimagesearch.events.store import EventStore
from pyimagesearch.frames import Frame
from pyimagesearch.jpeg import LazyJpeg
from pyimagesearch.motion_detection.detection import Detection
from pyimagesearch.recording.recorder import Recorder

from .ongoing_event import OngoingEvent

log = logging.getLogger(__name__)

LASTING_KINDS = (COVERED, UNFOCUSED)
PICTURED_KINDS = (MOVED, COVERED, UNFOCUSED)
PICTURE_SECONDS = 8.0   # between two pictures that may show what was before
MAX_PICTURES = 4        # longer than the camera is watched before it is out of focus
LEAD_SECONDS = 1.5      # of the picture before a change: a hand is not yet in it


class KeptPicture(NamedTuple):
    """A picture of the scene, in case something happens to the camera."""

    frame_at: float     # [s, monotonic]
    captured: float     # [s since the epoch]
    jpeg: LazyJpeg


class SceneEvents:
    """
    Turn changes of the whole picture into events.

    A camera that is moved, covered or put out of focus keeps a still of before and of
    after. :meth:`forget` may be called from any thread, but not during
    :meth:`on_frame`; all else belongs to the camera loop.
    """

    def __init__(self, camera: str, recorder: Recorder, store: EventStore,
                 clock: Clock) -> None:
        self._camera = camera
        self._recorder = recorder
        self._store = store
        self._clock = clock
        self._pictures: collections.deque[KeptPicture] = collections.deque(
            maxlen=MAX_PICTURES)
        self._ongoing: OngoingEvent | None = None
        self._ended_at = 0.0    # [s, monotonic]

    def wants_picture(self, seen: Detection) -> bool:
        """Return whether a frame in which that was *seen* must be encoded."""
        if seen.change in PICTURED_KINDS:
            return not self._lasts(seen.change)
        return not self._pictures or (
            self._clock.monotonic() - self._pictures[-1].frame_at >= PICTURE_SECONDS)

    def on_frame(self, frame: Frame, seen: Detection, jpeg: LazyJpeg | None) -> None:
        """Begin or end an event as the *frame* shows it, encoded as *jpeg* if it is."""
        if self._ongoing and not self._lasts(seen.change):
            self.end(frame.arrived)
        if seen.change and not self._ongoing:
            self._begin(frame, seen, jpeg)
        elif jpeg and not seen.change and self.wants_picture(seen):
            self._pictures.append(KeptPicture(frame.arrived, frame.captured, jpeg))

    def end(self, at: float | None = None) -> None:
        """End the event that lasts, *at* [s, monotonic] or now."""
        if ongoing := self._ongoing:
            self._ended_at = self._clock.monotonic() if at is None else at
            event = ongoing.end(self._store, self._ended_at)
            self._ongoing = None
            log.info("%s: event %d ended: %s", self._camera, event.id, event.kind)

    def forget(self) -> None:
        """Drop all pictures from before now."""
        self._pictures.clear()

    def _lasts(self, kind: str) -> bool:
        return self._ongoing is not None and self._ongoing.event.kind == kind

    def _begin(self, frame: Frame, seen: Detection, jpeg: LazyJpeg | None) -> None:
        kind, at = seen.change, max(seen.scene.began, self._ended_at)
        begin = frame.captured - (frame.arrived - at)
        lasts = kind in LASTING_KINDS
        event = self._store.add(kind, begin, None if lasts else begin, self._camera,
                                seen.scene.note)
        log.info("%s: event %d: %s", self._camera, event.id, kind)
        if lasts:
            self._ongoing = OngoingEvent(event, at)
        if kind in PICTURED_KINDS and jpeg:
            if before := self._before(at):
                self._keep(event.id, before.captured, before.jpeg)
            self._keep(event.id, frame.captured, jpeg)
            self._pictures.clear()

    def _before(self, at: float) -> KeptPicture | None:
        """Return the newest picture from before *at* [s, monotonic]."""
        return next((each for each in reversed(self._pictures)
                     if each.frame_at <= at - LEAD_SECONDS), None)

    def _keep(self, event: int, captured: float, jpeg: LazyJpeg) -> None:
        self._recorder.keep_still(event, captured, jpeg, STILL)
