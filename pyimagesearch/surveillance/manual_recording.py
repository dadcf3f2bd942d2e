"""Recording one camera by hand."""

import threading

from pyimagesearch.clock import Clock
from pyimagesearch.events.event import MANUAL, THUMBNAIL
from pyimagesearch.events.store import EventStore
from pyimagesearch.frames import Frame
from pyimagesearch.jpeg import LazyJpeg
from pyimagesearch.recording.recorder import Recorder

from .ongoing_event import OngoingEvent, metadata_of


class ManualRecording:
    """
    Start and stop a recording of one camera. May be used from any thread.

    It is independent of motion events. The first frame becomes its thumbnail.
    """

    def __init__(self, camera: str, recorder: Recorder, store: EventStore,
                 clock: Clock) -> None:
        self._camera = camera
        self._store = store
        self._recorder = recorder
        self._clock = clock
        self._lock = threading.Lock()   # guards the three below
        self._is_allowed = True
        self._ongoing: OngoingEvent | None = None
        self._illustrate: int | None = None     # id of the event without a thumbnail

    @property
    def since(self) -> float | None:
        """When it was started [s since the epoch]; ``None`` if nothing is recorded."""
        ongoing = self._ongoing     # the wall clock may have been set since
        return ongoing and self._clock.time() - (self._clock.monotonic() - ongoing.at)

    @property
    def needs_thumbnail(self) -> bool:
        """Whether a recording has begun and the next frame becomes its thumbnail."""
        return self._ongoing is not None and self._illustrate is not None

    def allow(self, on: bool) -> None:
        """Allow recording; or stop and refuse it, while the camera is switched off."""
        with self._lock:
            self._is_allowed = on
        if not on:
            self.record(False)

    def record(self, on: bool) -> str:
        """Start or stop recording; return the result, ``started`` or ``stopped``."""
        with self._lock:
            now = self._clock.monotonic()
            if on and self._ongoing is None and self._is_allowed:
                event = self._store.add(MANUAL, self._clock.time(), None, self._camera)
                self._ongoing, self._illustrate = OngoingEvent(event, now), event.id
                self._recorder.begin(metadata_of(event), now)
            elif not on and self._ongoing:
                whole = self._ongoing.end(self._store, now)
                self._ongoing = None
                self._recorder.end(metadata_of(whole), now)
            return "started" if self._ongoing else "stopped"

    def on_frame(self, frame: Frame, jpeg: LazyJpeg) -> None:
        """Keep *frame* as thumbnail if that is needed."""
        if self._illustrate is None:
            return
        with self._lock:
            event, self._illustrate = self._illustrate, None
        if event is not None:
            self._recorder.keep_still(event, frame.captured, jpeg, THUMBNAIL)
