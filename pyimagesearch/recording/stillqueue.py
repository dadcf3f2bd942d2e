"""Stills that are to be kept, until the disk takes them."""

import collections
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pyimagesearch.clock import Clock
from pyimagesearch.errors import reason

from .ledger import COMPLETE, RETRY, Ledger
from .paths import STILL, save_still, with_kind

log = logging.getLogger(__name__)

MOST = 32           # that may wait


class Still(NamedTuple):
    """A picture that is to be kept by itself."""

    event: int
    captured: float     # wall-clock time [seconds since the epoch]
    jpeg: bytes
    media: str
    place: Callable[[], Path]   # where it is to lie; raises OSError


class StillQueue:
    """
    Write stills of *camera*, and tell *ledger*; those that cannot be written wait.

    What stands in their way is :attr:`trouble`. Belongs to the recorder's thread.
    """

    def __init__(self, camera: str, ledger: Ledger, clock: Clock) -> None:
        self.trouble = ""
        self._camera = camera
        self._ledger = ledger
        self._clock = clock
        self._waiting: collections.deque[Still] = collections.deque()
        self._retry_at = -math.inf

    def add(self, still: Still) -> None:
        """Have *still* wait its turn, in the place of an older one of its kind."""
        self._waiting = collections.deque(
            each for each in self._waiting
            if (each.event, each.media) != (still.event, still.media))
        self._waiting.append(still)
        if len(self._waiting) > MOST:
            self._waiting.popleft()
            log.warning("%s: a still is lost: %s", self._camera, self.trouble)

    def save_all(self, obstacle: Callable[[], str], told: str) -> None:
        """
        Write all that wait, unless *obstacle* says why not; then try again later.

        That is logged, unless it has been *told* already.
        """
        now = self._clock.monotonic()
        while self._waiting and now >= self._retry_at:
            if why := self._save(self._waiting[0], obstacle()):
                if why not in (self.trouble, told):
                    log.warning("%s: %s", self._camera, why)
                self.trouble, self._retry_at = why, now + RETRY
                return
            self._waiting.popleft()
        if not self._waiting:
            self.trouble = ""

    def forget(self) -> None:
        """Let go of what waits, as it shows what is to be hidden now."""
        self._waiting.clear()
        self.trouble = ""

    def _save(self, still: Still, obstacle: str) -> str:
        """Keep *still*; return why that cannot be, or nothing."""
        if obstacle:
            return f"cannot record: {obstacle}"
        try:
            path = with_kind(still.place(), STILL)
            save_still(path, still.jpeg)
        except OSError as error:
            return f"cannot keep a still: {reason(error)}"
        self._ledger.file(still.event, path, still.media, still.captured,
                          still.captured, len(still.jpeg), COMPLETE)
        return ""
