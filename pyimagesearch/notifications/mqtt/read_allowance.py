"""A bound on the processor's time that a broker's messages may take."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SHARE = 0.05            # of one processor core, over time
SAVED_SECONDS = 0.5     # of reading that may be done at once, such as acknowledgements
LEAST_SECONDS = 0.005   # of reading that a pause saves up


class ReadAllowance:
    """
    Allow reading a twentieth of the time, so that a flood of messages costs no more.

    While reading pauses, the messages wait in the network, and then in the broker.
    """

    def __init__(self, clock: Callable[[], float],
                 spent: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self._spent = spent
        self._saved, self._at = SAVED_SECONDS, clock()

    @property
    def pause(self) -> float:
        """How long not to read [s]; 0: reading is allowed."""
        now = self._clock()
        self._saved = min(SAVED_SECONDS, self._saved + SHARE * (now - self._at))
        self._at = now
        return 0.0 if self._saved > 0 else (LEAST_SECONDS - self._saved) / SHARE

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Count what is done inside as reading."""
        before = self._spent()
        try:
            yield
        finally:
            self._saved -= self._spent() - before
