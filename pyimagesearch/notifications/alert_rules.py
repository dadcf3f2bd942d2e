"""When an event is reported by a channel: at once, later, with others, or never."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from pyimagesearch.events.event import LOST, RETURNED, UNSTEADY, Event

from .alert import BEGIN, DIGEST, DISK, END, UPDATE, Alert
from .alert_filter import DAILY_KINDS, LOSS_KINDS, URGENT_KINDS, AlertFilter
from .alert_sources import AlertSources
from .alert_waits import AlertWaits
from .channel_state import CLOCK_SECONDS, ChannelState, Daily, LeftOut
from .event_snapshot import Snapshot

HOUR_SECONDS, DAY_SECONDS = 3600.0, 86_400.0
LATE_SECONDS = 600.0    # after which events are only counted
UNSTEADY_SECONDS = 600.0    # at most, until a camera is known to be unsteady
DIGEST_SECONDS = 60.0   # to wait for an event that could report others with it
PAUSE_SECONDS = 300.0   # of a pause due to the limit, from which on it is announced
URGENT_SHARE = 6        # one in so many of an hour's alerts is reserved for urgent ones


class Verdict(Enum):
    """How an event is handled."""

    NEVER = auto()      # it raises no alert
    WAIT = auto()       # that depends on what is still to come
    SOON = auto()       # it is sent once there is a picture, or a name
    COUNT = auto()      # in the next alert: its camera raised one just now
    LIMIT = auto()      # the same, as there were too many in this hour
    LATE = auto()       # the same, as it is long over
    SEND = auto()


@dataclass(frozen=True)
class AlertRules:
    """
    Decide what a channel sends next.

    :meth:`next` settles what needs no alert, and returns the next one;
    :meth:`delivered` is called once that was sent. Both change only the state.
    """

    sources: AlertSources
    takes_updates: bool

    def next(self, state: ChannelState, snapshot: Snapshot) -> Alert | None:
        """Return what is to be sent now, ``None`` if there is nothing yet."""
        state.tidy(snapshot.now, self._quiet_seconds)
        self.judge(state, snapshot)
        first, left = self._settle(state, snapshot), state.left_out
        may_count = snapshot.may_try(DIGEST, left.first)
        if left.is_late and not snapshot.is_whole:
            return None
        if left.is_late and may_count:
            return self._digest(left)
        if first:
            return self._begin(state, first, snapshot.now)
        if ended := self._settle_ends(state, snapshot):
            return self._alert(END, ended)
        if named := self._settle_names(state, snapshot):
            return self._alert(UPDATE, named)
        if may_count and self._is_digest_due(state, snapshot.now):
            return self._digest(left)
        return None

    def judge(self, state: ChannelState, snapshot: Snapshot) -> None:
        """Note which waiting events raise alerts, whatever the settings are later."""
        waiting = [event for id in state.waiting if (event := snapshot.events.get(id))]
        rules = AlertFilter(self.sources)
        state.raising = [event.id for event in waiting if event.id in state.raising
                         or rules.raises(event, snapshot)]

    def is_imminent(self, state: ChannelState, snapshot: Snapshot) -> bool:
        """Return whether an alert only waits for its picture, or a name."""
        return any(self._verdict(state, snapshot.events[id], snapshot) == Verdict.SOON
                   for id in state.waiting if id in snapshot.events)

    def paused_until(self, sent: Sequence[float], now: float) -> float | None:
        """Return until when only urgent alerts follow those *sent*, if it is so [s]."""
        limit = self._limit(DIGEST)
        until = sent[-limit] + HOUR_SECONDS if len(sent) >= limit else now
        return until if until > now else None

    def delivered(self, state: ChannelState, alert: Alert, now: float) -> None:
        """Record that *alert* was sent *now* [s since the epoch]."""
        if alert.is_update:
            state.last_success = now
            if alert.type == UPDATE:
                state.named.append(alert.id)
            else:
                self._close(state, alert.id, alert.end)
            return
        state.note_sent(now, self.sources.settings.alert_most)
        if alert.type == DIGEST:
            state.left_out = LeftOut()
            return
        state.waiting = [id for id in state.waiting if id != alert.id]
        if alert.kind in DAILY_KINDS:
            state.daily[alert.kind] = Daily(now)
        else:
            state.left_out = LeftOut()
        self._follow(state, alert)

    def _follow(self, state: ChannelState, alert: Alert) -> None:
        """Await the end of the event that was reported, and the camera's return."""
        others = [camera for camera in state.losses if camera != alert.camera]
        if alert.kind == RETURNED:
            state.losses = others
        elif alert.kind in (LOST, UNSTEADY) and alert.end is None:
            state.losses = [*others, alert.camera]
        if alert.kind in DAILY_KINDS:
            return
        state.begun[alert.id] = subject_of(alert.camera, alert.kind)
        if alert.sightings:
            state.named.append(alert.id)
        if alert.end is not None:
            self._close(state, alert.id, alert.end)

    def _close(self, state: ChannelState, id: int, end: float | None) -> None:
        """Note that event *id* has ended, and that this needs no other alert."""
        subject = state.begun.pop(id, None)
        state.named = [each for each in state.named if each in state.begun]
        if subject and end is not None:
            until = end + self._quiet_seconds
            state.quiet[subject] = max(until, state.quiet.get(subject, 0.0))

    # --- events that begin

    def _settle(self, state: ChannelState, snapshot: Snapshot) -> Event | None:
        """
        Decide on waiting events, in their order; return the first to be sent.

        That one may silence those after it, which are decided once it was sent. Those
        that were refused come after the others.
        """
        first, fewest = None, math.inf
        for id in list(state.waiting):
            event = snapshot.events.get(id)
            verdict = (Verdict.NEVER if event is None
                       else self._verdict(state, event, snapshot))
            tries = snapshot.tries(BEGIN, id)
            if verdict == Verdict.SEND:
                if tries < fewest and snapshot.may_try(BEGIN, id):
                    first, fewest = event, tries
            elif verdict in (Verdict.NEVER, Verdict.LATE) or (
                    first is None and verdict in (Verdict.COUNT, Verdict.LIMIT)):
                state.waiting.remove(id)
                self._count(state, event, verdict)
        return first

    def _verdict(self, state: ChannelState, event: Event, snapshot: Snapshot
                 ) -> Verdict:
        """Return how *event* is handled now."""
        if event.begin < state.since or (
                event.kind == RETURNED and event.camera not in state.losses):
            return Verdict.NEVER
        raises = event.id in state.raising or (
            AlertFilter(self.sources).raises(event, snapshot))
        if raises is None or (raises and event.id in snapshot.cut_off):
            return Verdict.WAIT
        if not raises:
            return Verdict.NEVER
        if is_late(event, snapshot.now):
            return Verdict.LATE
        if self._is_quiet(state, event, snapshot):      # the disk's lasts
            return Verdict.NEVER if event.kind == DISK else Verdict.COUNT
        if not self._has_room(state, event.kind, snapshot.now):
            return Verdict.LIMIT
        waits = AlertWaits(self.sources, self.takes_updates)
        return Verdict.SOON if waits.before_begin(event, snapshot) else Verdict.SEND

    def _count(self, state: ChannelState, event: Event | None, verdict: Verdict
               ) -> None:
        """Count *event* in the next alert, unless it raises none."""
        if event is None or verdict == Verdict.NEVER:
            return
        if event.kind in state.daily and verdict == Verdict.COUNT:
            state.daily[event.kind].more += 1
            return
        left_out = state.left_out
        left_out.add(event.id, event.camera, event.begin)
        left_out.is_late |= verdict == Verdict.LATE
        left_out.is_limited |= verdict == Verdict.LIMIT

    def _is_quiet(self, state: ChannelState, event: Event, snapshot: Snapshot) -> bool:
        """Return whether the camera has just raised an alert."""
        if event.kind in DAILY_KINDS:
            last = state.daily.get(event.kind)
            return last is not None and snapshot.now - last.at < DAY_SECONDS
        subject, seconds = subject_of(event.camera, event.kind), self._quiet_seconds
        if not subject:
            return False
        others = [other for id, each in state.begun.items()
                  if each == subject and (other := snapshot.events.get(id))]
        if any(other.end is None for other in others):
            return True
        times = [state.quiet.get(subject, -math.inf),
                 *(other.end + seconds for other in others if other.end is not None)]
        # later ones are those of a clock that was set back
        latest = snapshot.now + seconds + CLOCK_SECONDS
        return any(event.begin < each <= latest for each in times)

    @property
    def _quiet_seconds(self) -> float:
        return self.sources.settings.alert_quiet

    def _limit(self, kind: str) -> int:
        """Return how many alerts may be sent in an hour up to one of *kind*."""
        most = self.sources.settings.alert_most
        return most if kind in URGENT_KINDS else most - most // URGENT_SHARE

    def _has_room(self, state: ChannelState, kind: str, now: float) -> bool:
        sent = sum(now - each < HOUR_SECONDS for each in state.sent)
        return sent < self._limit(kind)

    # --- events that end or get a name, and digests

    def _settle_ends(self, state: ChannelState, snapshot: Snapshot) -> Event | None:
        """Return an event whose end is to be sent; close those where it is not."""
        ended, waits = [], AlertWaits(self.sources, self.takes_updates)
        for id in list(state.begun):
            event, tries = snapshot.events.get(id), snapshot.tries(END, id)
            if event is None:       # it was deleted
                del state.begun[id]
            elif event.end is None:
                continue
            elif not self.takes_updates or (tries and is_late(event, snapshot.now)):
                self._close(state, id, event.end)
            elif not waits.before_end(event, snapshot) and snapshot.may_try(END, id):
                ended.append((tries, event.id, event))
        return min(ended)[2] if ended else None

    def _settle_names(self, state: ChannelState, snapshot: Snapshot) -> Event | None:
        """Return an event that lasts and has its first name since it was reported."""
        waits = AlertWaits(self.sources, self.takes_updates)
        for id in state.begun if self.takes_updates else ():
            event = snapshot.events.get(id)
            if (event and event.sightings and event.end is None
                    and id not in state.named and snapshot.may_try(UPDATE, id)
                    and not waits.before_update(event, snapshot)):
                return event
        return None

    def _is_digest_due(self, state: ChannelState, now: float) -> bool:
        """Return whether what the limit left out is to be sent without an event."""
        limit = self._limit(DIGEST)
        if not state.left_out.is_limited:
            return False
        if len(state.sent) < limit:
            return True
        return now - state.sent[-limit] >= HOUR_SECONDS + DIGEST_SECONDS

    # --- alerts

    def _begin(self, state: ChannelState, event: Event, now: float) -> Alert:
        """Return the alert for *event*, with what was left out before it."""
        if event.kind in DAILY_KINDS:
            last = state.daily.get(event.kind)
            more, since = (last.more, last.at) if last else (0, None)
            return self._alert(BEGIN, event, more, since if more else None)
        left = state.left_out
        alert = self._alert(BEGIN, event, left.total,
                            left.since if left.total else None, left.counts)
        return replace(alert, paused_until=self._pause_after(state, event.kind,
                                                               now))

    def _pause_after(self, state: ChannelState, kind: str, now: float) -> float | None:
        """Return until when no other alert of *kind* follows, if that is long."""
        if kind in URGENT_KINDS:
            return None
        until = self.paused_until([*state.sent, now], now)
        return until if until and until - now > PAUSE_SECONDS else None

    def _alert(self, type: str, event: Event, more: int = 0, since: float | None = None,
               counts: Mapping[str, int] | None = None) -> Alert:
        path = "" if event.kind == DISK else f"events/{event.id}"
        return Alert(
            type=type, id=event.id, camera=event.camera, kind=event.kind,
            sightings=event.sightings, zones=event.zones, note=event.note,
            begin=event.begin, end=event.end, peak_area=event.peak_area, more=more,
            more_since=since, counts=dict(counts or {}), url=self.sources.url + path)

    def _digest(self, left: LeftOut) -> Alert:
        """Return the alert that only counts events."""
        camera = next(iter(left.counts)) if len(left.counts) == 1 else ""
        return Alert(type=DIGEST, id=left.first, camera=camera, kind=DIGEST,
                     begin=left.since, end=left.until, more=left.total,
                     more_since=left.since, counts=dict(left.counts),
                     url=f"{self.sources.url}events")


def subject_of(camera: str, kind: str) -> str:
    """Return what an alert silences for a while: a camera, or a kind of its events."""
    if kind in LOSS_KINDS or kind in DAILY_KINDS:
        return ""
    return f"{camera}/{kind}" if kind in URGENT_KINDS else camera


def is_late(event: Event, now: float) -> bool:
    """Return whether *event* is too old for its own alert; one that lasts never is."""
    if event.end is None or event.kind == RETURNED:
        return False
    after = LATE_SECONDS + (UNSTEADY_SECONDS if event.kind == UNSTEADY else 0.0)
    return now - event.end > after
