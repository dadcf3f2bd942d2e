"""Tell systemd how the program is doing, and have it started anew if that is badly."""

import logging
import os
import socket
import threading
from collections.abc import Iterable, Mapping

from pyimagesearch.clock import Clock

log = logging.getLogger(__name__)

OFTEN = 4       # times that the watchdog is fed in its time, so that one may be late


class ServiceManager:
    """
    Send notes to who started the program, if that is systemd (sd_notify(3)).

    Without one, nothing is sent. May be used from any thread, and never waits.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        if address and address[0] not in "/@":
            log.warning("NOTIFY_SOCKET is %r, but must be a path or begin with @",
                        address)
            address = ""
        self._address = "\0" + address[1:] if address[:1] == "@" else address
        self._complained = False
        self.patience = patience(environ) if address else None

    def notify(self, *notes: str) -> bool:
        """Send *notes*, such as ``READY=1``; return whether they went off."""
        if not self._address:
            return False
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
        try:
            with socket.socket(socket.AF_UNIX, kind) as sender:
                sender.setblocking(False)
                sender.sendto("\n".join(notes).encode(), self._address)
        except OSError as error:
            if not self._complained:
                log.warning("the service manager cannot be told: %s", error)
            self._complained = True
            return False
        return True


def patience(environ: Mapping[str, str]) -> float | None:
    """Return after how long [s] systemd wants a sign of life; ``None`` = never."""
    try:
        microseconds = int(environ.get("WATCHDOG_USEC", "0"))
        meant = int(environ.get("WATCHDOG_PID", os.getpid()))
    except ValueError:
        log.warning("WATCHDOG_USEC and WATCHDOG_PID are no numbers: not heeded")
        return None
    return microseconds / 1e6 if microseconds > 0 and meant == os.getpid() else None


class Watchdog:
    """
    Give a sign of life whenever all *loops* have turned since the last one.

    Each loop calls :meth:`heartbeat` with its own name, from its own thread, and the
    last one of them sends the sign: no thread and no timer does it beside them, so
    that a single loop which hangs is noticed. A camera that is lost is no reason
    to start anew, as its loop goes on turning.
    """

    def __init__(self, manager: ServiceManager, loops: Iterable[str],
                 clock: Clock) -> None:
        self._manager = manager
        self._clock = clock
        self._loops = frozenset(loops)
        self._awaited = set(self._loops)
        self._every = (manager.patience or 0.0) / OFTEN
        self._due = clock.monotonic()
        self._lock = threading.Lock()       # guards what is awaited, and due

    def heartbeat(self, loop: str) -> None:
        """Note that *loop* has turned."""
        if not self._every:
            return
        with self._lock:
            self._awaited.discard(loop)
            now = self._clock.monotonic()
            if self._awaited or now < self._due:
                return
            if self._manager.notify("WATCHDOG=1"):
                self._awaited |= self._loops
                self._due = now + self._every
