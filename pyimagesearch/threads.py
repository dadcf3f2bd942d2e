"""Threads of the program: how they start and stop, and what their death means."""

import logging
import signal
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

GRACE_SECONDS = 15      # for an orderly end, before SIGALRM ends the process


class Worker:
    """
    Run :meth:`run` of a subclass on one daemon thread called *name*.

    :attr:`stopping` is set by :meth:`stop`, and is what :meth:`run` waits on. A
    subclass that waits on something else as well overrides :meth:`stop` to wake it.
    Every method but :meth:`run` may be called from any thread. What :meth:`run` does
    not catch goes to :class:`UncaughtErrors`.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread; may be called once."""
        self._thread.start()

    def stop(self) -> None:
        """Signal the thread to end; returns at once."""
        self.stopping.set()

    def join(self, timeout: float) -> bool:
        """Wait *timeout* seconds for the thread; return whether it has ended."""
        if self._thread.ident is None:      # never started
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def run(self) -> None:
        """Work until :attr:`stopping` is set."""
        raise NotImplementedError


class UncaughtErrors:
    """
    Log what a thread dies of and call *end*, which must be thread-safe.

    The loops of the program retry after every error they know; what they do not
    catch is a defect, or a lack of memory. Without the thread, the program would only
    look as if it still watched. :attr:`status` is the exit status to end with.
    """

    def __init__(self, end: Callable[[], object]) -> None:
        self.status = 0
        self._end = end

    def install(self) -> None:
        """Handle the uncaught exceptions of all threads from now on."""
        threading.excepthook = self._handle

    def _handle(self, death: threading.ExceptHookArgs) -> None:
        if issubclass(death.exc_type, SystemExit):
            return
        self.status = 1
        signal.alarm(GRACE_SECONDS)     # its default action needs no memory
        try:
            error = death.exc_value or death.exc_type()
            log.critical("thread %s died, the program ends",
                         death.thread.name if death.thread else "(unknown)",
                         exc_info=(death.exc_type, error, death.exc_traceback))
        finally:
            self._end()
