"""The frame with most motion of an event: its thumbnail, and why it was stored."""

import math
from typing import NamedTuple

from pyimagesearch.events.store import EventStore
from pyimagesearch.frames import Box, Frame, enclosing
from pyimagesearch.jpeg import LazyJpeg
from pyimagesearch.motion_detection.detection import Detection
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.streaming.publisher import Shown

from .event_thumbnail import EventThumbnail
from .explainer import Explainer

EARLY_PEAK_SECONDS = 0.6    # of motion, whose picture alerts show


class Peak(NamedTuple):
    """A frame, and how much moved in it."""

    area: float = 0.0           # per mille of the frame
    box: Box | None = None      # around all motion [pixels of the JPEG]
    jpeg: LazyJpeg | None = None
    captured: float = 0.0
    seen: Detection | None = None


class PeakMotion:
    """
    Find the frame with most motion of each event of one camera, and store it.

    :meth:`forget` may be called from any thread, but not during :meth:`on_frame`; all
    else belongs to the camera loop.
    """

    def __init__(self, store: EventStore, thumbnail: EventThumbnail) -> None:
        self._store = store
        self._thumbnail = thumbnail
        self._explainer = Explainer(store)
        self._peak = Peak()
        self._due = math.inf    # for alerts [s, monotonic]

    @property
    def area(self) -> float:
        """The largest area of motion so far [per mille of the frame]."""
        return self._peak.area

    @property
    def box(self) -> Box | None:
        """The box around all that moved then [pixels of the JPEG]."""
        return self._peak.box

    def on_frame(self, frame: Frame, seen: Detection, shown: Shown) -> None:
        """Note the motion that was *seen* in *frame*, which may be the peak."""
        if seen.area > self._peak.area:
            self._peak = Peak(seen.area, enclosing(shown.boxes),
                              shown.jpeg or self._peak.jpeg, frame.captured, seen)

    def begin(self, event: int, at: float, frame: Frame, seen: Detection,
              settings: CameraSettings) -> None:
        """Store why *event* began *at* [s, monotonic], and its motion so far."""
        self._explainer.begin(event, frame.captured, seen, settings)
        self.store(event, settings)
        self._due = at + EARLY_PEAK_SECONDS

    def store_early(self, event: int, now: float, settings: CameraSettings) -> None:
        """Store the motion so far when alerts need it, as the first is little."""
        if now >= self._due:
            self._due = math.inf
            self.store(event, settings)

    def store(self, event: int, settings: CameraSettings) -> None:
        """Store the largest motion so far of *event*."""
        peak = self._peak       # forget() may take its picture away at any moment
        self._store.set_peak(event, peak.area, peak.box)
        if peak.seen:
            self._explainer.peak(event, peak.captured, peak.seen, settings)
        if peak.jpeg:
            self._thumbnail.show_peak(peak.captured, peak.jpeg)

    def start_over(self) -> None:
        """Look for the peak of the next event."""
        self._peak = Peak()

    def forget(self) -> None:
        """Keep no picture from before now."""
        self._peak = self._peak._replace(jpeg=None, seen=None)
