"""Waiting, clocks, required programs and open access, for all tests."""

import contextlib
import gc
import os
import queue
import shutil
import ssl
import threading
import time
from pathlib import Path

import pytest

from pyimagesearch.access.authenticator import Authenticator
from pyimagesearch.access.refused_logins import RefusedLogins
from pyimagesearch.access.roles import Role
from pyimagesearch.clock import SystemClock
from pyimagesearch.events.store import EventStore
from pyimagesearch.folders import ConfigFolder

ROOT = Path(__file__).parent.parent
PATIENCE = 60.0     # seconds to wait for what must happen; only a failing test waits so long
DEADLINE = 300.0    # seconds after which a call that blocks is given up
# in the environment, so that pip finds no package
OFFLINE = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}


class InBackground:
    """Run *function* on a thread of its own; result() waits for what it returned."""

    def __init__(self, function, *args):
        self._box = queue.SimpleQueue()
        threading.Thread(target=lambda: self._box.put(function(*args)),
                         daemon=True).start()      # a stuck test must still end

    def result(self, timeout=DEADLINE):
        return self._box.get(timeout=timeout)


class ManualClock:
    """
    A clock that only a test moves; waiting on it takes no real time.

    *ahead* sets its wall clock, beside the monotonic one [s].
    """

    def __init__(self, now=1_800_000_000.0):
        self.now = now
        self.ahead = 0.0
        self.waits = []

    def time(self):
        return self.now + self.ahead

    def monotonic(self):
        return self.now - 1_700_000_000.0

    def wait(self, event, seconds):
        self.waits.append(seconds)
        self.now += max(0.0, seconds)
        return event.is_set()


class HastyClock(SystemClock):
    """The machine's clock, on which waits take a twentieth of their time."""

    def wait(self, event, seconds):
        return event.wait(seconds / 20)


def eventually(question, patience=PATIENCE):
    """Wait until *question* has a true answer, and return that."""
    until, pause = time.monotonic() + patience, 0.01
    while not (answer := question()):
        assert time.monotonic() < until, f"not within {patience} s: {question}"
        time.sleep(pause)
        pause = min(1.3 * pause, 0.5)       # asking costs the program time, too
    return answer


def tls_contexts_after(attempt, error):
    """Return how many contexts of TLS are kept by an *attempt* that fails with *error*."""
    def count():
        return sum(isinstance(each, ssl.SSLContext) and each.protocol is ssl.PROTOCOL_TLS_CLIENT
                   for each in gc.get_objects())
    gc.collect()
    gc.disable()    # they are collected only after many other objects, and take 1 MB each
    try:
        before = count()
        with contextlib.suppress(error):
            attempt()
        return count() - before
    finally:
        gc.enable()


def needs(program, package):
    """Return the path of *program*; a machine without it cannot run the test."""
    # Debian has servers where an ordinary user's PATH does not lead
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if not found:
        missing(f"{program} is not installed; run: sudo apt install {package}")
    return found


def missing(sentence):
    """Skip, saying what helps; where everything must be there, fail instead."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(sentence)


def in_this_thread(work):
    """Stand in for the server's in_thread."""
    return work()


def open_access(role=Role.OWNER):
    """Return an authenticator that requires no login for what *role* may do."""
    clock, folder = ManualClock(), ConfigFolder("/nonexistent")
    refused_logins = RefusedLogins(EventStore(folder.path / "events.db", clock), clock)
    return Authenticator(folder, clock, refused_logins, open_to=role, local_only=True,
                         in_thread=in_this_thread, check_in_thread=in_this_thread)
