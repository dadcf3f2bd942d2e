"""
Alerts: how soon they are sent, how many, and what they cost the cameras.

    python -m benchmarks.alerts [delay|hour|hanging ...]

``delay``: from an event's begin to the request at a receiver on this machine, for each
channel but MQTT. Met: at most 1.5 s, by Apprise 3 s. ``hour``: 1,000 events in an hour,
by an injected clock. Met: at most 12 messages, then one digest. ``hanging``: the age of
the frames of a demo camera at a viewer while each channel hangs, against no channel, in
turns. Met: 99th percentile at most 1.1 times that. See ``benchmarks.mqtt`` for MQTT,
and for memory.
"""

import re
import socket
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.processes import Server, main_guard, measure, product
from pyimagesearch.events.event import MOTION
from pyimagesearch.events.store import EventStore
from pyimagesearch.notifications.alert import Alert
from pyimagesearch.notifications.alert_sources import AlertSources
from pyimagesearch.notifications.notifier import Notifier
from pyimagesearch.settings.settings import Settings
from tests.receiver import HANG, Receiver

CAMERAS = ("--source", "one=demo:640x480@30", "--source", "two=demo:640x480@15",
           "--post-roll", "2")
DELAY_SECONDS, HANGING_SECONDS, TURNS = 90.0, 30.0, 4
MAX_DELAY_SECONDS = {"apprise": 3.0}
OTHER_DELAY_SECONDS = 1.5
SCRIPT = '#!/bin/sh\necho "$ALERT_TYPE $ALERT_ID $(date +%s.%N)" >> "{log}"\n{after}\n'
EVENT_PATTERN = re.compile(r"events/(\d+)")


# --- how soon

def delay() -> bool:
    """Measure each channel."""
    with tempfile.TemporaryDirectory() as name, Receiver() as receiver:
        folder = Path(name)
        with product(*CAMERAS, "--config", configured(folder, receiver.url)):
            time.sleep(DELAY_SECONDS)
        begins, found = {}, dict[str, dict[str, float]]()
        offset = time.time() - time.monotonic()
        for each in receiver.received:
            channel = each.path.strip("/").partition("/")[0]
            if channel == "webhook" and each.json()["type"] == "begin":
                begins[str(each.json()["id"])] = each.json()["begin"]
            head = "\n".join(map(str, each.headers.values()))
            if match := EVENT_PATTERN.search(head + each.body.decode("latin-1")):
                found.setdefault(channel, {}).setdefault(match[1], each.at + offset)
        for line in (folder / "log").read_text().splitlines():
            kind, id, at = line.split()
            if kind == "begin":
                found.setdefault("command", {}).setdefault(id, float(at))
    results = [report(channel, [when - begins[id] for id, when in times.items()
                                if id in begins])
               for channel, times in sorted(found.items())]
    return all(results) and len(found) == 4


def report(channel: str, delays: list[float]) -> bool:
    """Print the *delays* [s] of *channel*; return whether all are short enough."""
    most = MAX_DELAY_SECONDS.get(channel, OTHER_DELAY_SECONDS)
    print(f"{channel:8} {len(delays):3} events, begin to request: median "
          f"{statistics.median(delays):.2f} s, worst {max(delays):.2f} s "
          f"(must: <= {most} s)", flush=True)
    return max(delays) <= most


def configured(folder: Path, url: str, after: str = "", webhooks: int = 1,
               more: str = "") -> str:
    """Write a settings file with all channels into *folder*; return its path."""
    program = folder / "command"
    program.write_text(SCRIPT.format(log=folder / "log", after=after))
    program.chmod(0o755)
    hooks = ", ".join(f'"{url}/webhook/{number}"' for number in range(webhooks))
    path = folder / "settings.toml"
    path.write_text(
        f'webhook = [{hooks}]\nntfy = ["{url}/ntfy/topic"]\n'
        f'apprise = ["{url.replace("http", "json")}/apprise"]\n'
        f'alert_command = "{program}"\nalert_quiet = 0\nalert_most = 3600\n{more}')
    return str(path)


# --- how many

class FastClock:
    """A clock that jumps."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now - 1_700_000_000.0

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.now += max(0.0, seconds)
        return event.is_set()


class Counter:
    """A channel that keeps what is sent."""

    name, key, takes_updates = "counter", "alerts counter", True

    def __init__(self) -> None:
        self.sent: list[Alert] = []

    def send(self, alert: Alert) -> None:
        self.sent.append(alert)

    def close(self) -> None:
        """There is nothing to end."""


def hour() -> bool:
    """Let 1,000 events happen in an hour, then wait for the digest."""
    clock, channel, ready = FastClock(), Counter(), threading.Event()
    ready.set()
    settings = Settings(source=("front=demo",))
    with tempfile.TemporaryDirectory() as folder:
        store = EventStore(Path(folder) / "events.db", clock)
        store.open()
        notifier = Notifier(channel, AlertSources(
            store=store, settings=settings, camera=settings.common,
            armed=lambda camera: True, trouble=str, objects_off="off",
            still=lambda event: None, ready=ready, url="http://host/", clock=clock))
        notifier.run_once()
        used = time.process_time()
        for _ in range(1000):
            event = store.add(MOTION, clock.now, None, "front")
            look(notifier, store, clock, 2.0)
            store.end(event.id, clock.now, 4.0, None)
            look(notifier, store, clock, 1.6)
        used = time.process_time() - used
        first = [each for each in channel.sent if each.type != "end"]
        look(notifier, store, clock, 3700.0)
        store.stop()
        store.join(5.0)
    others = [each for each in channel.sent if each.type != "end"][len(first):]
    counted = sum((each.type == "begin") + each.more for each in channel.sent)
    print(f"hour     1000 events: {len(first)} messages, then {len(others)} "
          f"({', '.join(each.title for each in others)}); {counted} counted, "
          f"{used:.2f} ms of CPU an event (must: <= 12, 1)")
    return len(first) <= 12 and len(others) == 1 and counted == 1000


def look(notifier: Notifier, store: EventStore, clock: FastClock, seconds: float
         ) -> None:
    """Let *seconds* pass."""
    until = clock.now + seconds
    while clock.now < until:
        store.flush(5.0)
        clock.now = min(until, clock.now + notifier.run_once())


# --- what it costs

def hanging() -> bool:
    """Compare the age of frames with and without channels that hang."""
    found: dict[bool, list[float]] = {True: [], False: []}
    with tempfile.TemporaryDirectory() as folder, Receiver(HANG) as receiver, \
            socket.create_server(("127.0.0.1", 0)) as deaf:
        config = configured(
            Path(folder), receiver.url, "sleep 60", webhooks=3,
            more=f'mqtt = "mqtt://127.0.0.1:{deaf.getsockname()[1]}"\n')
        for turn in range(2 * TURNS):
            with_channels = bool(turn % 2)
            more = ("--config", config) if with_channels else ()
            with product(*CAMERAS, *more) as server:
                time.sleep(12)      # until the first event
                found[with_channels].append(age(server))
    without, hung = statistics.median(found[False]), statistics.median(found[True])
    print(f"hanging  age of frames at 99 %, median of {TURNS} runs: "
          f"{1000 * hung:.1f} ms with 7 channels that hang, {1000 * without:.1f} ms "
          f"without: {hung / without:.2f} x (must: <= 1.1 x)")
    return hung <= 1.1 * without


def age(server: Server) -> float:
    """Return the age of a camera's frames at a viewer, 99th percentile [s]."""
    reports = measure(server, 1, HANGING_SECONDS, "stamped", path="video_feed/one")[1]
    ages: list[float] = [each for report in reports for each in report["ages"]]
    return statistics.quantiles(ages, n=100)[98]


PARTS = {each.__name__: each for each in (delay, hour, hanging)}

if __name__ == "__main__":
    results = [PARTS[name]() for name in sys.argv[1:] or PARTS]
    main_guard(all(results))
