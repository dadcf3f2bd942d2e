"""A thread of ours that died: told in full, and the program ends to be started anew."""

import logging
import signal
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

GRACE = 15      # seconds for an orderly end, before a signal makes it a quick one


class LastWords:
    """
    Log the error that a thread dies of, and call *end*, which must be thread-safe.

    The loops of our threads try again after what they know; what gets out of them
    is a defect, or memory that is short. Going on without them would look like
    watching. :attr:`status` is what the program is to end with.
    """

    def __init__(self, end: Callable[[], object]) -> None:
        self.status = 0
        self._end = end

    def listen(self) -> None:
        """Hear of every thread that dies, from now on."""
        threading.excepthook = self._note

    def _note(self, death: threading.ExceptHookArgs) -> None:
        if issubclass(death.exc_type, SystemExit):
            return
        self.status = 1
        signal.alarm(GRACE)     # its default is death, and no memory is needed for it
        try:
            error = death.exc_value or death.exc_type()
            log.critical("%s died; the program ends",
                         death.thread.name if death.thread else "a thread",
                         exc_info=(death.exc_type, error, death.exc_traceback))
        finally:
            self._end()
