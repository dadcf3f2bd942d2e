"""Wake a thread that waits for a file descriptor."""

import os
import select
import threading


class WakeUp:
    """
    A file descriptor that can be read from :meth:`set` until :meth:`clear`.

    :meth:`set` may be called from any thread, also after :meth:`close`; it never waits.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()       # guards is_closed
        self._is_closed = False
        self.number = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def set(self) -> None:
        """Wake the thread, or let its next wait end at once."""
        with self._lock:
            if not self._is_closed:
                os.eventfd_write(self.number, 1)

    @property
    def is_set(self) -> bool:
        """Whether it can be read."""
        poll = select.poll()
        poll.register(self.number, select.POLLIN)
        return bool(poll.poll(0))

    def clear(self) -> None:
        """Let the next wait block until :meth:`set` is called."""
        try:
            os.eventfd_read(self.number)
        except BlockingIOError:
            return

    def close(self) -> None:
        """Close the descriptor."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                os.close(self.number)
