"""systemd's notifications and watchdog, fed by the loops that must not hang."""

import logging
import os
import socket
import threading
from collections.abc import Iterable, Mapping

from pyimagesearch.clock import Clock

log = logging.getLogger(__name__)

FEEDS_PER_TIMEOUT = 4       # so that one may be late


class ServiceManager:
    """
    Send notifications to systemd if it started the program (sd_notify(3)).

    Otherwise nothing is sent. May be used from any thread; never blocks.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        if address and address[0] not in "/@":
            log.warning("NOTIFY_SOCKET is %r, but must be a path or begin with @",
                        address)
            address = ""
        self._address = "\0" + address[1:] if address[:1] == "@" else address
        self._warned = False
        self.watchdog_seconds = watchdog_seconds(environ) if address else None

    def notify(self, *assignments: str) -> bool:
        """Send *assignments* such as ``READY=1``; return whether they were sent."""
        if not self._address:
            return False
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
        try:
            with socket.socket(socket.AF_UNIX, kind) as sender:
                sender.setblocking(False)
                sender.sendto("\n".join(assignments).encode(), self._address)
        except OSError as error:
            if not self._warned:
                log.warning("cannot notify systemd: %s", error)
            self._warned = True
            return False
        return True


def watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    """Return after how many seconds without a sign of life systemd restarts us."""
    try:
        microseconds = int(environ.get("WATCHDOG_USEC", "0"))
        pid = int(environ.get("WATCHDOG_PID", os.getpid()))
    except ValueError:
        log.warning("WATCHDOG_USEC and WATCHDOG_PID are ignored: not numbers")
        return None
    return microseconds / 1e6 if microseconds > 0 and pid == os.getpid() else None


class Watchdog:
    """
    Feed systemd's watchdog whenever all *loops* have sent a heartbeat.

    Each loop calls :meth:`heartbeat` with its name from its own thread, and the last
    one of them feeds the watchdog. No thread or timer does, so a single loop that
    hangs is noticed. A lost camera causes no restart, as its loop keeps running.
    """

    def __init__(self, manager: ServiceManager, loops: Iterable[str],
                 clock: Clock) -> None:
        self._manager = manager
        self._clock = clock
        self._loops = set(loops)
        self._awaited = set(self._loops)
        self._interval = (manager.watchdog_seconds or 0.0) / FEEDS_PER_TIMEOUT
        self._due = clock.monotonic()
        self._lock = threading.Lock()       # guards _loops, _awaited and _due

    def add(self, loop: str) -> None:
        """Expect heartbeats of *loop* from now on."""
        with self._lock:
            self._loops.add(loop)

    def remove(self, loop: str) -> None:
        """Expect no heartbeats of *loop* any more."""
        with self._lock:
            self._loops.discard(loop)
            self._awaited.discard(loop)

    def heartbeat(self, loop: str) -> None:
        """Note that *loop* has completed a turn."""
        if not self._interval:
            return
        with self._lock:
            self._awaited.discard(loop)
            now = self._clock.monotonic()
            if self._awaited or now < self._due:
                return
            if self._manager.notify("WATCHDOG=1"):
                self._awaited |= self._loops
                self._due = now + self._interval
