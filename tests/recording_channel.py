"""A channel in memory, and what raises alerts in tests, at times that they set."""

import threading
from dataclasses import replace
from types import SimpleNamespace

from harness import PATIENCE
from pyimagesearch.events.event import MOTION, Event, Sighting
from pyimagesearch.notifications.alert_rules import AlertRules
from pyimagesearch.notifications.alert_sources import AlertSources
from pyimagesearch.notifications.channel_state import ChannelState, read_state
from pyimagesearch.notifications.event_snapshot import Snapshot
from pyimagesearch.notifications.notifier import Notifier
from pyimagesearch.settings.settings import Settings

NOON = 1_800_000_000.0
LABELS = {"animal": "dog", "vehicle": "car"}     # of names in tests


def sighting(name, at=NOON, score=0.8):
    """Return what was recognised *at* a time."""
    return Sighting(name, LABELS.get(name, name), score, at, (10, 10, 50, 90))


class RecordingChannel:
    """Keep what is sent; raise the errors in *failures* first, one for each try."""

    def __init__(self, name="recording", *, takes_updates=True, failures=()):
        self.name, self.key, self.takes_updates = name, f"alerts {name}", takes_updates
        self.failures = list(failures)
        self.sent = []
        self._changed = threading.Condition()

    def send(self, alert):
        if self.failures:
            raise self.failures.pop(0)
        with self._changed:
            self.sent.append(alert)
            self._changed.notify_all()

    def close(self):
        pass

    def wait(self, count):
        """Return what was sent once that are *count* alerts."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.sent) >= count, PATIENCE), (
                f"{len(self.sent)} of {count} alerts were sent")
            return list(self.sent)


def make_sources(clock=None, store=None, **options):
    """Return what channels read, for the cameras front and yard, all armed."""
    armed = options.pop("armed", lambda camera: True)
    trouble = options.pop("trouble", str)
    still = options.pop("still", lambda event: None)
    objects_off = options.pop("objects_off", "off")
    url = options.pop("url", "http://host:8000/")
    settings = Settings(**{"source": ("front=demo", "yard=demo"), **options})
    ready = threading.Event()
    ready.set()
    return AlertSources(
        store=store, settings=settings, camera=settings.common, armed=armed,
        trouble=trouble, objects_off=objects_off, still=still, ready=ready, url=url, clock=clock)


class Rig:
    """A notifier over a real list of events, which looks at it when the test says so."""

    def __init__(self, store, channel=None, notifier=None, **options):
        self.store, self.clock = store, store._clock
        self.channel = channel or RecordingChannel()
        self.sources = make_sources(self.clock, store, **options)
        self.start(notifier)

    def start(self, notifier=None):
        """Start the program, over what is in the list."""
        self.notifier = notifier or Notifier(self.channel, self.sources)
        self.look()

    def look(self):
        """Do what the thread does, until there is nothing to do for now."""
        assert self.store.flush(5.0)
        while not (pause := self.notifier.run_once()):
            assert self.store.flush(5.0)
        return pause

    def wait(self, seconds):
        """Let time pass, with all looks that are due meanwhile."""
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.clock.now = min(until, self.clock.now + self.look())
        self.look()

    def begin(self, kind=MOTION, camera="front", lasts=None):
        now = self.clock.time()
        end = None if lasts is None else now + lasts
        return self.store.add(kind, now, end, camera)

    def end(self, event):
        self.store.end(event.id, self.clock.time(), 4.2, (1, 2, 3, 4))

    def recognise(self, event, name):
        self.store.sight(event.id, sighting(name, self.clock.time()))

    @property
    def sent(self):
        return [(each.type, each.id) for each in self.channel.sent]


class Day:
    """Events, and what the rules make of them, at times that the test sets."""

    def __init__(self, *, takes_updates=True, sources=None, **options):
        self.sources = sources or make_sources(**options)
        self.rules = AlertRules(self.sources, takes_updates)
        self.now, self.is_down, self.dies_next = NOON, False, False
        self.events, self.ends, self.sent = {}, {}, []
        self.state = ChannelState(cursor=0, since=NOON - 1)
        self.saved = self.state.as_text()

    def begin(self, kind=MOTION, camera="front", lasts=None, **more):
        """Add an event that begins now, and ends after so many seconds."""
        id = len(self.events) + 1
        self.events[id] = Event(id=id, camera=camera, kind=kind, begin=self.now, end=None,
                                **more)
        if lasts is not None:
            self.ends[id] = self.now + lasts
        self.state.waiting.append(id)
        self.state.cursor = id
        self.look()
        return id

    def end(self, id, **more):
        """End an event now."""
        self.ends[id] = self.now
        self.events[id] = Event(**{**vars(self.events[id]), **more})
        self.look()

    def recognise(self, id, *names):
        """Add objects with these *names*, and a label each, to an event now."""
        seen = [*self.events[id].sightings, *(sighting(name, self.now) for name in names)]
        self.events[id] = replace(self.events[id], sightings=tuple(seen))
        self.look()

    def wait(self, seconds, step=1.0):
        """Let time pass, and look at the events every *step* seconds."""
        until = self.now + seconds
        while self.now < until:
            self.now = min(until, self.now + step)
            self.look()

    def look(self):
        """Send what is due, and save the state after each alert."""
        for id in [id for id, end in self.ends.items() if end <= self.now]:
            self.events[id] = Event(**{**vars(self.events[id]), "end": self.ends.pop(id)})
        while (alert := self.rules.next(self.state, self.snapshot())) and not self.is_down:
            if alert.more:
                self.saved = self.state.as_text()
            self.sent.append(SimpleNamespace(at=self.now, **vars(alert), key=alert.key,
                                             text=alert.text, title=alert.title))
            if self.dies_next:      # before the state is saved
                self.dies_next = False
                self.crash()
                continue
            self.rules.delivered(self.state, alert, self.now)
            self.saved = self.state.as_text()

    def crash(self):
        """Go on with the state that was saved last."""
        self.state = read_state(self.saved)
        self.state.waiting += [id for id in self.events if id > self.state.cursor]
        self.state.cursor = max(self.events, default=0)

    def snapshot(self):
        known = {id: self.events[id] for id in (*self.state.waiting, *self.state.begun)}
        ages = {id: self.now - each.begin for id, each in known.items()}
        ends = {id: self.now - each.end for id, each in known.items()
                if each.end is not None}
        named = {id: self.now - min(seen.at for seen in each.sightings)
                 for id, each in known.items() if each.sightings}
        return Snapshot(self.now, known, ages, ends, named)

    def counted(self):
        """Return how many events were reported, or wait to be; repeats count once."""
        alerts = {(each.type, each.id): each for each in self.sent}.values()
        return self.state.left_out.total + sum(
            (each.type == "begin") + each.more for each in alerts)
