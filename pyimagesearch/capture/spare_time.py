"""CPU time that the readers of all cameras share."""

import threading
import time

MAX_SAVED_SECONDS = 0.5     # of CPU time that was not taken


class SpareTime:
    """
    CPU time for readers that need more than their own, *share* [cores] for all.

    One camera may take all of it; many cannot hold up the rest of the program
    together. Any thread may call :meth:`take`.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._lock = threading.Lock()       # guards the rest
        self._left = MAX_SAVED_SECONDS
        self._at = time.monotonic()

    def take(self, seconds: float) -> bool:
        """Take *seconds* of CPU time that were used; return whether they are left."""
        with self._lock:
            now = time.monotonic()
            gained = (now - self._at) * self._share
            self._left = min(MAX_SAVED_SECONDS, self._left + gained)
            self._at = now
            if self._left < seconds:
                return False
            self._left -= seconds
            return True
