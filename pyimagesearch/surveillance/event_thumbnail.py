"""The thumbnail of an event, which two threads may replace."""

import threading

from pyimagesearch.events.event import THUMBNAIL
from pyimagesearch.jpeg import LazyJpeg
from pyimagesearch.recording.recorder import Recorder


class EventThumbnail:
    """
    Keep the thumbnail of the event that lasts: first of peak motion, then of an object.

    Every method may be called from any thread.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._event = 0             # id of the event that lasts, if its clip is kept
        self._shows_object = False
        self._lock = threading.Lock()       # guards all above

    def begin(self, event: int) -> None:
        """Keep pictures for *event* from now on."""
        with self._lock:
            self._event, self._shows_object = event, False

    def end(self) -> None:
        """Keep the thumbnail as it is."""
        with self._lock:
            self._event = 0

    def show_peak(self, captured: float, jpeg: LazyJpeg) -> None:
        """Keep *jpeg*, of peak motion, unless the thumbnail shows an object."""
        with self._lock:
            if self._event and not self._shows_object:
                self._recorder.keep_still(self._event, captured, jpeg, THUMBNAIL)

    def show_object(self, event: int, captured: float, jpeg: LazyJpeg) -> None:
        """Keep *jpeg*, of the best sighting in *event*, if that has not ended."""
        with self._lock:
            if event == self._event:
                self._shows_object = True
                self._recorder.keep_still(event, captured, jpeg, THUMBNAIL)
