"""What one channel reads of the events, and the state that it keeps beside them."""

import contextlib
import logging

from pyimagesearch.errors import EventsError
from pyimagesearch.events.event import Event

from .alert import DIGEST, DISK, Alert
from .alert_filter import LOSS_KINDS
from .alert_sources import AlertSources
from .channel_state import ChannelState, read_state
from .disk_watch import DiskWatch
from .event_snapshot import Snapshot
from .milestones import ENDED, NAMED, SEEN, Milestones

log = logging.getLogger(__name__)

BATCH_SIZE = 500        # new events at a time
RECENT_COUNT = 100      # events that may be of after a channel was made
SAVE_SECONDS = 30.0     # between two writes of the state while nothing is sent
YOUNG_SECONDS = 1.5     # in which a picture, or the last one, is awaited
YOUNG_PAUSE_SECONDS, WAITING_PAUSE_SECONDS, PAUSE_SECONDS = 0.1, 1.0, 10.0


class EventFeed:
    """
    Read the events that the channel with the state *key* is concerned with.

    Belongs to the thread of the channel; :meth:`forget` may be called from any.
    """

    def __init__(self, key: str, sources: AlertSources) -> None:
        self.state = ChannelState(cursor=0, since=0.0)      # until it is open
        self.is_open = False
        self._key = key
        self._sources = sources
        self._made_at = sources.clock.time()
        self._is_forgotten = False
        self._is_kept = False       # the state is in the file that was read last
        self._looked_at = 0.0       # when that was [s since the epoch]
        self._is_behind = False     # more events are there than were read
        self._saved, self._saved_at = "", 0.0   # the state, and when [s, monotonic]
        self._events: dict[int, Event] = {}
        self._milestones = Milestones(sources.clock)
        self._disk = DiskWatch(sources)

    def open(self) -> None:
        """
        Read the state; a new channel begins now. Blocks.

        Raises :exc:`EventsError` if the events cannot be read, or not written, as then
        nothing may be sent but that.
        """
        before = self.state
        with self._sources.store.reading() as reader:
            text, newest = reader.remembered(self._key), reader.newest_arrival()
        self._looked_at = self._sources.clock.time()
        try:
            self.state = read_state(text) if text else self._new_state(newest)
        except ValueError as error:
            log.warning("%s: the state is damaged, starting over: %s", self._key, error)
            self.state = self._new_state(newest)
        self.state.take_over(before)
        self.is_open = True
        self.save()
        try:
            self._sources.store.confirm()
        except EventsError:
            if not self._sources.trouble():
                raise

    def start_over(self) -> None:
        """Begin now, as with a new channel; raises :exc:`EventsError`."""
        with self._sources.store.reading() as reader:
            newest = reader.newest_arrival()
        self._made_at = self._sources.clock.time()
        self.state = self._new_state(newest)
        self.save()

    def look_at_disk(self) -> Snapshot:
        """Return what is known while the list cannot be opened: why, if that lasts."""
        was_known = self._disk.event is not None
        self._disk.look()
        trouble = self._disk.event
        if trouble and not was_known:
            self._read_former_state()
        self._events = {trouble.id: trouble} if trouble else {}
        self.state.waiting = [*self._events]
        return Snapshot(self._sources.clock.time(), self._events)

    def _read_former_state(self) -> None:
        """Read what was sent before, if that is possible now."""
        with (contextlib.suppress(EventsError, ValueError),
              self._sources.store.reading() as reader):
            self.state.take_over(read_state(reader.remembered(self._key) or "{}"))

    def read(self) -> Snapshot:
        """Return the events as they are now; raises :exc:`EventsError`."""
        self._disk.look()
        try:
            self._read()
        except EventsError:
            if self._disk.event is None:
                raise
        if trouble := self._disk.event:
            self._events[trouble.id] = trouble
            if trouble.id not in self.state.waiting:
                self.state.waiting.append(trouble.id)
        self._milestones.note(self._events.values())
        if self._sources.clock.monotonic() - self._saved_at >= SAVE_SECONDS:
            self.save()
        ages = self._milestones.ages
        return Snapshot(self._sources.clock.time(), self._events, ages(SEEN),
                        ages(ENDED), ages(NAMED), is_whole=not self._is_behind,
                        cut_off=self._cut_off())

    @property
    def pause(self) -> float:
        """When to look again, although nothing happens [s]."""
        if self._is_behind:
            return 0.0
        if self._milestones.newest_age < YOUNG_SECONDS:
            return YOUNG_PAUSE_SECONDS
        ended = self.state.begun.keys() & self._milestones.ages(ENDED).keys()
        waits = self.state.waiting or ended or self.state.left_out.is_limited
        return WAITING_PAUSE_SECONDS if waits else PAUSE_SECONDS

    def still_of(self, alert: Alert) -> bytes | None:
        """Return the picture for *alert*, ``None`` without."""
        event = self._events.get(alert.id)
        if (event is None or alert.type == DIGEST or alert.kind in (*LOSS_KINDS, DISK)
                or not self._sources.settings.alert_stills):
            return None
        return self._sources.still(event)

    def save(self, *, wait: bool = False) -> None:
        """Keep the state, if it has changed; *wait* until it is on the disk."""
        text = self.state.as_text()
        self._saved_at = self._sources.clock.monotonic()
        if text == self._saved or self._is_forgotten or not self.is_open:
            return
        self._saved = text
        self._sources.store.remember(self._key, text)
        if wait:
            try:
                self._sources.store.confirm()
            except EventsError as error:
                log.debug("%s: the state is not on the disk yet: %s", self._key, error)

    def forget(self) -> None:
        """Keep the state no longer: the channel is gone."""
        self._is_forgotten = True
        self._sources.store.forget_value(self._key)

    def _new_state(self, newest: int) -> ChannelState:
        """Return the state of a channel that begins when this was made."""
        return ChannelState(cursor=max(0, newest - RECENT_COUNT), since=self._made_at)

    def _read(self) -> None:
        state = self.state
        with self._sources.store.reading() as reader:
            is_kept = reader.remembered(self._key) is not None
            if reader.newest_arrival() < state.cursor or self._is_kept > is_kept:
                self._follow_new_file()
            self._is_kept = is_kept
            arrivals = reader.arrivals(state.cursor, BATCH_SIZE)
            known = reader.events([*state.waiting, *state.begun])
        self._events = {event.id: event for event in known}
        for number, event in arrivals:
            self._events[event.id] = event
            state.waiting.append(event.id)
            state.cursor = number
        self._is_behind = len(arrivals) == BATCH_SIZE
        self._looked_at = self._sources.clock.time()

    def _follow_new_file(self) -> None:
        """Start over with the list that replaced the former one during this run."""
        log.info("%s: the list of events was replaced", self._key)
        self.state.cursor, self.state.since = 0, self._looked_at
        self._saved = ""
        self.save()

    def _cut_off(self) -> frozenset[int]:
        """Return the events of an earlier run that are still to be ended."""
        return frozenset(id for id in self.state.waiting
                         if (event := self._events.get(id)) and event.end is None
                         and self._sources.store.is_earlier(id))
