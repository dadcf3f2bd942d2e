"""The program's threads: start, stop, join, and the end after an uncaught exception."""

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 15       # for an orderly end, before SIGALRM ends the process
WRITING_NICENESS = 5        # the live picture goes before the clip
LOWEST_NICENESS = 19        # of Linux: gets what all others leave of the processor


class Worker:
    """
    Run :meth:`run` of a subclass on one daemon thread called *name*.

    :meth:`stop` sets :attr:`stopping`, on which :meth:`run` waits. A subclass that
    waits for something else as well overrides :meth:`stop` to wake it. Every method
    but :meth:`run` may be called from any thread. Exceptions that :meth:`run` does not
    catch go to :class:`UncaughtErrors`.
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


def be_nice(niceness: int = WRITING_NICENESS) -> None:
    """Lower this thread's priority, unless it is lower already."""
    number = threading.get_native_id()
    with contextlib.suppress(OSError):      # not permitted: no reason to end
        os.setpriority(os.PRIO_PROCESS, number, max(
            niceness, os.getpriority(os.PRIO_PROCESS, number)))


class UncaughtErrors:
    """
    Log an exception that a thread did not catch, and call *end*, from that thread.

    The program's loops retry after every error they know; any other is a defect, or a
    lack of memory. Without its thread, the program would only seem to watch.
    :attr:`status` is the exit status to end with.
    """

    def __init__(self, end: Callable[[], object]) -> None:
        self.status = 0
        self._end = end

    def install(self) -> None:
        """Handle the uncaught exceptions of all threads from now on."""
        threading.excepthook = self._handle

    def _handle(self, uncaught: threading.ExceptHookArgs) -> None:
        if issubclass(uncaught.exc_type, SystemExit):
            return
        self.status = 1
        signal.alarm(SHUTDOWN_SECONDS)      # its default action needs no memory
        try:
            error = uncaught.exc_value or uncaught.exc_type()
            log.critical("thread %s failed, ending the program",
                         uncaught.thread.name if uncaught.thread else "(unknown)",
                         exc_info=(uncaught.exc_type, error, uncaught.exc_traceback))
        finally:
            self._end()
