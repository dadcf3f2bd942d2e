"""Write the clips and stills of one camera, on a thread that may wait for the disk."""

import collections
import logging
import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pyimagesearch.clock import Clock
from pyimagesearch.errors import reason
from pyimagesearch.events.store import EventStore
from pyimagesearch.jpeg import LazyJpeg
from pyimagesearch.rates import Stopwatch
from pyimagesearch.threads import Worker, be_nice

from .clip_metadata import ClipMetadata
from .paths import ClipPaths
from .preroll import Preroll
from .receipt import Receipt
from .stills import Still, StillQueue
from .troubles import Troubles

if TYPE_CHECKING:
    from .event_recording import EventRecording
    from .h264_encoder import Encoders

log = logging.getLogger(__name__)

MAX_ORDERS = 256        # that may wait for a slow disk
BATCH_SECONDS = 0.15    # of frames that are written at a time
IDLE_SECONDS = 5.0      # between two rounds while nothing is recorded


class Recorder(Worker):
    """
    Keep clips and stills of one camera below *folder*.

    The camera loop puts frames into :attr:`preroll` and gives orders: :meth:`begin`,
    :meth:`end`, :meth:`keep_still`; they return at once, from any thread. The
    thread ``recorder-NAME`` owns all files. It waits for *ready* before it writes
    anything; *obstacle* returns why it may not, such as a full disk, or "".
    Several events may be recorded at once, each into clips of its own.
    """

    def __init__(self, name: str, folder: Path, preroll: Preroll, store: EventStore,
                 clock: Clock, *, max_clip: float, ready: threading.Event,
                 obstacle: Callable[[], str]) -> None:
        super().__init__(f"recorder-{name}")
        self.preroll = preroll
        self.dropped_orders = 0
        self.recordings = 0     # begun since the start
        self.working = Stopwatch()  # spent on writing, and on what is needed for it
        self.paths = ClipPaths(folder, name)
        self._store = store
        self._clock = clock
        self._max_clip = max_clip
        self._ready = ready
        self._obstacle = obstacle
        self._orders: collections.deque[Callable[[], None]] = collections.deque()
        self._active: dict[int, EventRecording] = {}    # by event
        self._encoders: Encoders | None = None
        self._stills = StillQueue(name, store, clock)
        self._troubles = Troubles()
        self._woken = threading.Event()

    @property
    def recording(self) -> bool:
        """Whether a clip is being written."""
        return any(each.writing for each in tuple(self._active.values()))

    @property
    def trouble(self) -> str:
        """Why not everything is recorded; empty if it is."""
        if self._orders and not self._ready.is_set() and (why := self._obstacle()):
            return f"cannot record: {why}"
        troubles = (each.trouble for each in tuple(self._active.values()))
        return (self._troubles.loading or next(filter(None, troubles), "")
                or self._stills.trouble or self._troubles.finishing)

    @property
    def is_late(self) -> bool:
        """Whether the encoding of a clip falls behind."""
        return any(each.is_late for each in tuple(self._active.values()))

    @property
    def open_bytes(self) -> int:
        """The bytes of clips that are being written."""
        return sum(each.size for each in tuple(self._active.values()))

    def stop(self) -> None:
        """Signal the thread to close its clips and end; returns at once."""
        super().stop()
        self._woken.set()

    def begin(self, metadata: ClipMetadata, at: float) -> None:
        """Record an event from *at* [s, monotonic] on, as far as the pre-roll goes."""
        self._order(lambda: self._begin(metadata, at))

    def end(self, metadata: ClipMetadata, until: float) -> None:
        """Stop recording an event at *until* [s, monotonic]; *metadata* is complete."""
        self._order(lambda: self._end(metadata, until))

    def keep_still(self, event: int, captured: float, jpeg: LazyJpeg,
                   media: str) -> Receipt:
        """Keep *jpeg* as the event's thumbnail or as a still, as *media* says."""
        receipt = Receipt(event)
        if not self._order(lambda: self._keep_still(receipt, captured, jpeg, media)):
            receipt.settle("cannot keep a still: the disk is too slow")
        elif not self._ready.is_set() and (why := self._obstacle()):
            receipt.settle(f"cannot record: {why}")
        elif why := self._troubles.loading:
            receipt.settle(why)
        return receipt

    def forget(self) -> None:
        """Drop the pre-roll and waiting stills, as they show what must be hidden."""
        self.preroll.clear()
        self._order(self._forget)

    def run(self) -> None:
        """Write until :meth:`stop`; then close what is open."""
        be_nice()
        while not self.stopping.is_set():
            if self._ready.is_set():
                with self.working:
                    self.run_once()
            busy = self._active or self._orders
            self._clock.wait(self._woken, BATCH_SECONDS if busy else IDLE_SECONDS)
            self._woken.clear()     # after stop(), the loop ends without it
        if self._ready.is_set():
            self.run_once()
            for each in self._active.values():
                each.close()
        if self._encoders:
            self._encoders.dismiss(math.inf)

    def run_once(self) -> None:
        """Carry out the orders there are, and write the frames there are."""
        try:
            self._carry_out_orders()
            if not self._obstacle():    # which the clips report first
                self._stills.save_all(self._obstacle, self.trouble)     # for alerts
            for each in tuple(self._active.values()):
                each.take(self._obstacle(), self._attend)
            self._stills.save_all(self._obstacle, self.trouble)
            self._active = {event: each for event, each in self._active.items()
                            if not each.over}
            if self._encoders:
                self._encoders.dismiss(self._clock.monotonic())
        except Exception:
            log.exception("%s failed", self.name)   # and records the next event
            for each in self._active.values():
                each.close()
            self._active.clear()
        active = self._active.values()
        self.preroll.hold(min((each.cursor for each in active), default=math.inf))
        self.preroll.drawn.want(any(each.keeps_up for each in active))

    def _attend(self) -> None:
        """Carry out the orders that came while frames are written."""
        if self._orders:    # a person may wait for a still
            self._carry_out_orders()
            self._stills.save_all(self._obstacle, self.trouble)

    def _carry_out_orders(self) -> None:
        while self._orders:
            order = self._orders.popleft()
            try:
                order()
            except (OSError, ImportError) as error:     # PyAV cannot be loaded now
                self._orders.appendleft(order)
                failure = f"cannot record: {reason(error)}"
                if failure != self._troubles.loading:
                    log.warning("%s: %s", self.paths.camera, failure)
                self._troubles.loading = failure
                return
            self._troubles.loading = ""

    def _order(self, order: Callable[[], None]) -> bool:
        """Queue *order*; drop it and return ``False`` if too many wait."""
        if len(self._orders) >= MAX_ORDERS:
            self.dropped_orders += 1
            log.warning("%s: the disk is too slow, %d orders were dropped",
                        self.name, self.dropped_orders)
            return False
        self._orders.append(order)
        self._woken.set()
        return True

    def _begin(self, metadata: ClipMetadata, at: float) -> None:
        # PyAV takes 16 MB and 50 ms: imported when something is recorded
        from .event_recording import EventRecording
        from .h264_encoder import Encoders
        self.recordings += 1
        self._encoders = self._encoders or Encoders()
        self._active[metadata.event] = EventRecording(
            metadata, self._reserve, self.preroll, self._store, self._clock,
            self._encoders, self._troubles, first=self.preroll.start_for(at),
            max_clip=self._max_clip)

    def _reserve(self, captured: float) -> Path:
        reserved = {stem for each in self._active.values()
                    for stem in each.stems.reserved}
        return self.paths.reserve(captured, reserved)

    def _end(self, metadata: ClipMetadata, until: float) -> None:
        if recording := self._active.get(metadata.event):
            recording.end(metadata, until)

    def _forget(self) -> None:
        for each in self._active.values():
            each.forget()
        self._stills.save_all(self._obstacle, self.trouble)     # those only just queued
        self._stills.forget()

    def _keep_still(self, receipt: Receipt, captured: float, jpeg: LazyJpeg,
                    media: str) -> None:
        recording = self._active.get(receipt.event)
        stem = recording.stem if recording else lambda: self._reserve(captured)
        self._stills.add(Still(receipt.event, captured, jpeg, media, stem, receipt))
