"""
Seconds in which this machine ran: a host that stops a machine stops our watches too.

Deadlines of tests are promises of the product to its user, on a machine of its own.
A virtual machine may stand still for most of a second, again and again, and the clock
goes on; a deadline by that clock would judge the host. A thread that does nothing but
sleep notices: what it oversleeps is not counted.
"""

import collections
import functools
import threading
import time

TICK = 0.05         # seconds between two looks
NOTICED = 0.010     # seconds; what is overslept less than this is the kernel's usual


class _Watch:
    def __init__(self):
        self._stops = collections.deque(maxlen=40_000)     # (when it ended, how long it was)
        self._stopped = 0.0
        self._due = time.monotonic() + TICK
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self):
        while True:
            time.sleep(TICK)
            now = time.monotonic()
            if now - self._due > NOTICED:
                self._stopped += now - self._due
                self._stops.append((time.time(), now - self._due))
            self._due = now + TICK

    def _late(self, now):
        """Return how long the machine has been stopped without our having looked."""
        late = now - self._due
        return late if late > NOTICED else 0.0

    def running(self):
        now = time.monotonic()
        return now - self._stopped - self._late(now)

    def age(self, stamp):
        stopped = sum(long for end, long in list(self._stops) if end > stamp)
        return time.time() - stamp - stopped - self._late(time.monotonic())


_watch = functools.cache(_Watch)     # none where no test runs


def running():
    """Return a clock reading [s] that stands still while the machine does."""
    return _watch().running()


def age(stamp):
    """Return for how many seconds the machine has run since the Unix time *stamp*."""
    return _watch().age(stamp)


def pace(count, other, enough=40):
    """Return by how much *count()* grows for each one that *other()* does, on any load."""
    before, since = count(), other()
    while (grown := other() - since) < enough:
        time.sleep(TICK)
    return (count() - before) / grown


class StoodStill:
    """
    Whether the machine was stopped for much of the time since *begin()*.

    What a test says then it says of the host: processes that should go on together
    went on one at a time, and seconds later.
    """

    MUCH = 0.2      # of the time; a busy machine of one's own is not near it

    def __init__(self, clock=time.monotonic, running=running):
        self._clocks = clock, running

    def begin(self):
        self._begun = [clock() for clock in self._clocks]

    def __call__(self):
        passed, ran = (clock() - begun
                       for clock, begun in zip(self._clocks, self._begun, strict=True))
        return passed - ran > self.MUCH * passed
