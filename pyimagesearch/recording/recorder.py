"""Write the clips of one camera, on a thread that may wait for the disk."""

import collections
import contextlib
import logging
import math
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pyimagesearch.clock import Clock
from pyimagesearch.jpeg import LazyJpeg
from pyimagesearch.threads import Worker

from .clip_metadata import ClipMetadata
from .ledger import Ledger
from .paths import place_for
from .preroll import Preroll
from .stills import Still, StillQueue

if TYPE_CHECKING:
    from .event_recording import EventRecording
    from .h264_encoder import Encoders

log = logging.getLogger(__name__)

NICENESS = 5        # the live picture goes before the clip
ORDERS = 256        # that may wait for a slow disk
BATCH = 0.15        # seconds of pieces that are written at a time
IDLE = 5.0          # seconds between two looks while nothing is recorded


class Recorder(Worker):
    """
    Keep clips and stills of one camera below *folder*.

    The camera loop puts pieces on :attr:`preroll` and gives orders: :meth:`begin`,
    :meth:`end`, :meth:`keep_still`; they return at once, from any thread. The
    thread ``recorder-NAME`` owns all files. It waits for *ready* before it writes
    anything, and asks *obstacle* why it may not ("" = it may): no room, no disk.
    Several events may be recorded at once, each into clips of its own.
    """

    def __init__(self, name: str, folder: Path, preroll: Preroll, ledger: Ledger,
                 clock: Clock, *, max_clip: float, ready: threading.Event,
                 obstacle: Callable[[], str]) -> None:
        super().__init__(f"recorder-{name}")
        self.preroll = preroll
        self.dropped_orders = 0
        self.recordings = 0     # begun since the start
        self._camera = name
        self._folder = folder
        self._ledger = ledger
        self._clock = clock
        self._max_clip = max_clip
        self._ready = ready
        self._obstacle = obstacle
        self._orders: collections.deque[Callable[[], None]] = collections.deque()
        self._shots: dict[int, EventRecording] = {}
        self._encoders: Encoders | None = None
        self._stills = StillQueue(name, ledger, clock)
        self._called = threading.Event()

    @property
    def recording(self) -> bool:
        """Whether a clip is being written."""
        return any(shot.writing for shot in tuple(self._shots.values()))

    @property
    def trouble(self) -> str:
        """Why not everything is kept as it should be; empty if it is."""
        if self._orders and not self._ready.is_set() and (why := self._obstacle()):
            return f"cannot record: {why}"
        told = (shot.trouble for shot in tuple(self._shots.values()))
        return next(filter(None, told), self._stills.trouble)

    @property
    def open_bytes(self) -> int:
        """The bytes of clips that are being written."""
        return sum(shot.size for shot in tuple(self._shots.values()))

    def stop(self) -> None:
        """Have the thread close its clips and end; returns at once."""
        super().stop()
        self._called.set()

    def begin(self, metadata: ClipMetadata, at: float) -> None:
        """Record an event, from *at* [s, monotonic] on, as far as there is pre-roll."""
        self._order(lambda: self._begin(metadata, at))

    def end(self, metadata: ClipMetadata, until: float) -> None:
        """Record the event up to *until* [s, monotonic]; *metadata* is whole."""
        self._order(lambda: self._end(metadata, until))

    def keep_still(self, event: int, captured: float, jpeg: LazyJpeg,
                   media: str) -> None:
        """Keep *jpeg*, as the event's thumbnail or as a still of its own."""
        self._order(lambda: self._keep_still(event, captured, jpeg, media))

    def forget(self) -> None:
        """Keep nothing more of what was seen, as parts of it are to be hidden."""
        self.preroll.clear()
        self._order(self._forget_stills)

    def run(self) -> None:
        """Write until :meth:`stop`; then close what is open."""
        be_nice()
        while not self.stopping.is_set():
            if self._ready.is_set():
                self.run_once()
            self._wait()
        if self._ready.is_set():
            self.run_once()
            for shot in self._shots.values():
                shot.close()
        if self._encoders:
            self._encoders.close()

    def run_once(self) -> None:
        """Follow the orders there are, and write the pieces there are."""
        try:
            while self._orders:
                self._orders.popleft()()
            for shot in self._shots.values():
                shot.take(self._obstacle())
            self._stills.save_all(self._obstacle, self.trouble)
            self._shots = {event: shot for event, shot in self._shots.items()
                           if not shot.over}
            if self._encoders:
                self._encoders.dismiss(self._clock.monotonic())
        except Exception:   # nothing dies quietly, and the next event is recorded
            log.exception("%s failed", self.name)
            for shot in self._shots.values():
                shot.close()
            self._shots.clear()
        self.preroll.hold(min((shot.cursor for shot in self._shots.values()),
                           default=math.inf))

    def _wait(self) -> None:
        waiting = self._orders and not self._ready.is_set()
        self._clock.wait(self._called, BATCH if self._shots or waiting else IDLE)
        if not self.stopping.is_set():
            self._called.clear()

    def _order(self, order: Callable[[], None]) -> None:
        if len(self._orders) >= ORDERS:
            self.dropped_orders += 1
            log.warning("%s: the disk is too slow, %d orders were dropped",
                        self.name, self.dropped_orders)
            return
        self._orders.append(order)
        self._called.set()

    def _begin(self, metadata: ClipMetadata, at: float) -> None:
        # PyAV takes 17 MB and 80 ms: loaded when something is recorded
        from .event_recording import EventRecording
        from .h264_encoder import Encoders
        self.recordings += 1
        self._encoders = self._encoders or Encoders()
        self._shots[metadata.event] = EventRecording(
            metadata, self._reserve, self.preroll, self._ledger, self._clock,
            self._encoders,
            first=self.preroll.start_for(at), max_clip=self._max_clip)

    def _reserve(self, captured: float) -> Path:
        reserved = {place for shot in self._shots.values() for place in shot.places}
        return place_for(self._folder, self._camera, captured, reserved)

    def _end(self, metadata: ClipMetadata, until: float) -> None:
        if shot := self._shots.get(metadata.event):
            shot.end(metadata, until)

    def _forget_stills(self) -> None:
        self._stills.save_all(self._obstacle, self.trouble)     # what is only new
        self._stills.forget()

    def _keep_still(self, event: int, captured: float, jpeg: LazyJpeg,
                    media: str) -> None:
        shot = self._shots.get(event)
        place = shot.place if shot else lambda: self._reserve(captured)
        self._stills.add(Still(event, captured, jpeg, media, place))


def be_nice() -> None:
    """Let the other threads go before this one, unless it is nicer already."""
    number = threading.get_native_id()
    with contextlib.suppress(OSError):      # what may not be had is no reason to end
        os.setpriority(os.PRIO_PROCESS, number, max(
            NICENESS, os.getpriority(os.PRIO_PROCESS, number)))
