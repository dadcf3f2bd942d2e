"""The thread that looks for objects in what moved, for all cameras."""

import ctypes
import logging
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pyimagesearch.clock import Clock
from pyimagesearch.status import ObjectsStatus
from pyimagesearch.threads import LOWEST_NICENESS, Worker, be_nice

from .look import FoundObject, Look
from .look_health import LookHealth
from .moved_objects import Model, find_moved

log = logging.getLogger(__name__)

IDLE_SECONDS = 600.0        # without a look, after which the model is released

OnFound = Callable[[Look, Sequence[FoundObject]], object]


class Offer(NamedTuple):
    """A look, and what takes its result."""

    look: Look
    on_found: OnFound


class ObjectRecognizer(Worker):
    """
    Look for objects with one model, in the thread ``objects``, one look at a time.

    There is one waiting place. Of the cameras that want it, the one that was looked at
    longest ago gets it. *make_model* is called at the first look, and again at the
    first one after *idle_seconds* without any, when the model was released; *name*
    says which model that is. Every method but :meth:`run` and :meth:`run_once` may be
    called from any thread.
    """

    def __init__(self, make_model: Callable[[], Model], clock: Clock, name: str, *,
                 idle_seconds: float = IDLE_SECONDS) -> None:
        super().__init__("objects")
        self._make_model = make_model
        self._clock = clock
        self._model_name = name
        self._idle_seconds = idle_seconds
        self._model: Model | None = None        # of the thread
        self._health = LookHealth(clock)
        self._woken = threading.Event()
        self._lock = threading.Lock()           # of the following; held for moments
        self._waiting: Offer | None = None
        self._current: Offer | None = None      # None once it is reported or forgotten
        self._turns: dict[str, int] = {}        # numbers of the cameras' last looks

    def wants(self, camera: str) -> bool:
        """Return whether *camera* may offer a look now."""
        with self._lock:
            return self._is_free_for(camera)

    def offer(self, look: Look, on_found: OnFound) -> None:
        """
        Take *look* for the waiting place, unless :meth:`wants` returns ``False``.

        *on_found* is called in the thread ``objects`` with what moved and counts, in
        pixels of the camera's picture; empty if there is nothing. It is called once at
        most: not for a look that another camera's replaces, that is forgotten, or
        that fails.
        """
        with self._lock:
            if not self._is_free_for(look.camera):
                return
            self._waiting = Offer(look, on_found)
        self._woken.set()

    def forget(self, camera: str) -> None:
        """
        Drop the look of *camera* that waits.

        What is being looked at is finished, but not reported; a report that has begun
        goes on.
        """
        with self._lock:
            if self._waiting and self._waiting.look.camera == camera:
                self._waiting = None
            if self._current and self._current.look.camera == camera:
                self._current = None

    def status(self) -> ObjectsStatus:
        """Return how the looks go."""
        health = self._health
        return ObjectsStatus(
            model=self._model_name, loaded=self._model is not None, looks=health.looks,
            failed=health.failed, seconds=health.seconds, trouble=health.trouble)

    def stop(self) -> None:
        """Signal the thread to end; returns at once."""
        super().stop()
        self._woken.set()

    def join(self, timeout: float) -> bool:
        """
        Wait *timeout* seconds for the thread; return whether it has nothing to finish.

        A look that takes longer is abandoned: nothing receives its result.
        """
        return super().join(timeout) or self._take_current()

    def run(self) -> None:
        """Look at what the cameras offer until :meth:`stop`; errors are logged."""
        be_nice(LOWEST_NICENESS)
        while not self.stopping.is_set():
            if self.run_once():
                continue
            is_idle = not self._clock.wait(self._woken, self._idle_seconds)
            self._woken.clear()
            if is_idle and self._model:
                self._release()

    def run_once(self) -> bool:
        """Look at what waits; return whether anything did."""
        offer = self._next_offer()
        if offer is None:
            return False
        try:
            self._look(offer)
        except Exception as error:      # logged, and in the status
            self._take_current()
            self._health.fail(error)
        return True

    def _is_free_for(self, camera: str) -> bool:
        if self.stopping.is_set() or self._health.is_resting:
            return False
        if self._waiting is None:
            return True
        holder = self._waiting.look.camera
        return self._turns.get(camera, 0) < self._turns.get(holder, 0)

    def _next_offer(self) -> Offer | None:
        with self._lock:
            self._current, self._waiting = self._waiting, None
            if self._current:
                last = max(self._turns.values(), default=0)
                self._turns[self._current.look.camera] = last + 1
            return self._current

    def _look(self, offer: Offer) -> None:
        begin = self._clock.monotonic()
        if self._model is None:
            self._model = self._make_model()
        found = find_moved(self._model, offer.look)
        self._health.succeed(self._clock.monotonic() - begin)
        if self._take_current():           # else it was forgotten meanwhile
            offer.on_found(offer.look, found)

    def _take_current(self) -> bool:
        """Return whether the look in progress is still wanted, once."""
        with self._lock:
            current, self._current = self._current, None
            return current is not None

    def _release(self) -> None:
        """Give the memory of the model back to the system."""
        self._model = None
        trim_memory()
        log.debug("the model was released after %.0f s without a look",
                  self._idle_seconds)


def trim_memory() -> bool:
    """Return freed memory to the system, if the C library can; and whether it did."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return False
    return bool(trim(0))
