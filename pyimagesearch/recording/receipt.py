"""Report whether a requested still is on the disk."""

import threading

from pyimagesearch.errors import RecordingError


class Receipt:
    """
    The result of saving the still of *event*; may be used from any thread.

    The recorder settles it once: the file is on the disk, or why it is not yet.
    """

    def __init__(self, event: int) -> None:
        self.event = event
        self._settled = threading.Event()
        self._trouble = ""

    def settle(self, trouble: str = "") -> None:
        """Report that the file is on the disk, or the first *trouble* with it."""
        if not self._settled.is_set():
            self._trouble = trouble
            self._settled.set()

    def wait(self, seconds: float) -> None:
        """Wait for the file; raises :exc:`RecordingError` if it is not there then."""
        if not self._settled.wait(seconds):
            raise RecordingError("cannot keep a still: the disk did not respond within "
                                 f"{seconds:g} seconds")
        if self._trouble:
            raise RecordingError(self._trouble)
