"""All channels of alerts, started and stopped together."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from .alert_advice import advice
from .alert_sources import AlertSources
from .channel import STATE_PREFIX, Channel, ChannelStatus, TestOutcome
from .notifier import Notifier

log = logging.getLogger(__name__)

LAST_ALERT_SECONDS = 0.5    # for alerts that are being sent when the program stops


class AlertWorker(Protocol):
    """A thread that serves one channel; *key* is that of the channel."""

    name: str
    key: str

    def start(self) -> None:
        """Start the thread."""

    def stop(self) -> None:
        """Signal the thread to end; returns at once."""

    def join(self, timeout: float) -> bool:
        """Wait *timeout* seconds for the thread; return whether it has ended."""

    def forget(self) -> None:
        """Forget what was sent, as the channel is gone."""

    def status(self) -> ChannelStatus:
        """Return how the channel is doing; does not block."""

    def test(self) -> TestOutcome:
        """Send a test alert, within about 30 seconds. Blocks."""


class Alerts:
    """
    Inform the receivers of events: one thread for each channel.

    A channel that hangs delays no other. Every method may be called from any thread;
    only :meth:`test` and :meth:`join` wait.
    """

    def __init__(self, sources: AlertSources) -> None:
        self.sources = sources
        self._workers: dict[str, AlertWorker] = {}      # by key, in order of adding
        self._lock = threading.Lock()       # guards all of these
        self._is_started = False

    def add(self, channel: Channel) -> None:
        """Send alerts by *channel* from now on, unless that is done already."""
        self.attach(Notifier(channel, self.sources))

    def attach(self, worker: AlertWorker) -> None:
        """Start *worker* with the others, or now if these are started."""
        with self._lock:
            if worker.key in self._workers:
                return
            self._workers[worker.key] = worker
            if self._is_started:
                worker.start()

    def remove(self, key: str) -> None:
        """Send no more alerts by the channel with this *key*, and forget its state."""
        with self._lock:
            worker = self._workers.pop(key, None)
        if worker:
            worker.stop()
            worker.forget()

    def forget_others(self) -> None:
        """
        Forget the channels that are not used any more: a new one begins at now.

        Raises :exc:`EventsError` if the store cannot be read.
        """
        store = self.sources.store
        with store.reading() as reader:
            keys = reader.remembered_keys(STATE_PREFIX)
        with self._lock:
            others = [key for key in keys if key not in self._workers]
        for key in others:
            store.forget_value(key)

    def statuses(self) -> list[ChannelStatus]:
        """Return how each channel is doing, in the order in which they were added."""
        return [each.status() for each in self._all()]

    def test(self) -> list[TestOutcome]:
        """Send a test alert by each channel, all at once; takes up to 35 seconds."""
        workers = self._all()
        if not workers:
            return []
        with ThreadPoolExecutor(len(workers), "alert-test") as pool:
            return list(pool.map(lambda worker: worker.test(), workers))

    @property
    def objects_off(self) -> str:
        """Why no objects are recognised; empty if they are."""
        return self.sources.objects_off

    def advice(self) -> list[str]:
        """Return warnings about settings that make alerts useless, as sentences."""
        sources = self.sources
        cameras = [sources.camera(each.name) for each in sources.settings.cameras()]
        found = advice(cameras, sources.url, sources.objects_off)
        return list(found) if self._all() else []

    def start(self) -> None:
        """Start all threads, which wait for the store; log where alerts go."""
        with self._lock:
            self._is_started = True
            for each in self._workers.values():
                each.start()
        if names := [each.name for each in self.statuses()]:
            log.info("alerts go to %s", ", ".join(names))
        for sentence in self.advice():
            log.warning("%s", sentence)

    def stop(self) -> None:
        """Signal all threads to end; returns at once."""
        for each in self._all():
            each.stop()

    def join(self, timeout: float = LAST_ALERT_SECONDS) -> None:
        """Wait *timeout* seconds for all threads; log the names of those that hang."""
        clock = self.sources.clock
        until = clock.monotonic() + timeout
        for each in self._all():
            if not each.join(max(0.0, until - clock.monotonic())):
                log.warning("%s did not stop in time; the alert that it was sending "
                            "may be sent again", each.name)

    def _all(self) -> list[AlertWorker]:
        with self._lock:
            return list(self._workers.values())
