"""A server as MQTT shows it, with states that a test sets, and a real store."""

import contextlib
import itertools
import threading
import time

from pyimagesearch.clock import SystemClock
from pyimagesearch.events.event import COMPLETE, MOTION, THUMBNAIL, Event, KeptFile
from pyimagesearch.events.store import EventStore
from pyimagesearch.notifications.alert_sources import AlertSources
from pyimagesearch.notifications.mqtt.broker import broker_of
from pyimagesearch.notifications.mqtt.controlled import (
    ControlledCamera,
    ControlledServer,
)
from pyimagesearch.notifications.mqtt.mqtt_publisher import make_publisher
from pyimagesearch.settings.settings import Settings
from pyimagesearch.status import LIVE, ArchiveStatus, CameraStatus

NUMBERS = itertools.count(1)
JPEG = b"\xff\xd8\xff" + 70_000 * b"still" + b"\xff\xd9"


def camera_status(name, **changes):
    values = dict.fromkeys(("source", "granted", "reason"), "") | dict.fromkeys(
        ("learnt", "frame_count", "width", "height", "frames", "skipped", "losses",
         "garbled", "stuck_reads", "encoded", "viewers"), 0)
    return CameraStatus(**values | {"name": name, "state": LIVE, "motion": False,
                                    "since": 1_800_000_000.0, "fps": 29.97} | changes)


class ShiftedClock(SystemClock):
    """The real clock, and what a test adds to it [s]."""

    ahead = 0.0

    def time(self):
        return time.time() + self.ahead

    def monotonic(self):
        return time.monotonic() + self.ahead

    def wait(self, event, seconds):
        return event.wait(min(seconds, 0.1))    # before another try


class MqttServer:
    """The threads of MQTT beside a store in *folder*; leave the ``with`` to end them."""

    def __init__(self, folder, url, cameras=("front",), objects_off="", **settings):
        self.clock = ShiftedClock()
        self.store = EventStore(folder / "events.db", self.clock)
        self.store.open()
        self.cameras = {name: camera_status(name) for name in cameras}
        self.armed, self.on, self.mode = True, True, "away"
        self.archive = ArchiveStatus(folder=str(folder), used=512_300_000, cap=0, free=0,
                                     days=None, trouble="")
        self.done = []      # commands
        ready = threading.Event()
        ready.set()
        chosen = Settings(source=tuple(f"{each}=demo" for each in cameras), mqtt=url,
                          **settings)
        sources = AlertSources(
            store=self.store, settings=chosen, camera=chosen.common,
            armed=lambda camera: self.armed, trouble=lambda: "",
            objects_off=objects_off, still=lambda event: JPEG, ready=ready, url="http://192.0.2.1:8000/", clock=self.clock)
        self.publisher = make_publisher(broker_of(chosen), sources, self.controlled(), folder)

    def controlled(self):
        return ControlledServer(
            cameras=[ControlledCamera(
                name, lambda name=name: self.cameras[name],
                lambda on, name=name: self.obey(name, "record", on),
                lambda name=name: self.obey(name, "still")) for name in self.cameras],
            archive=lambda: self.archive, mode=lambda: self.mode, is_armed=lambda: self.armed,
            is_camera_armed=lambda name: self.armed, are_cameras_on=lambda: self.on,
            set_mode=self.set_mode,
            switch_cameras=lambda on: self.obey("cameras", on))

    def set_mode(self, mode, until):
        minutes = [] if until is None else [round((until - self.clock.time()) / 60)]
        self.obey("mode", mode, *minutes)

    def obey(self, *command):
        self.done.append(command)

    def begin(self, camera="front", kind=MOTION, picture=True, **fields):
        event = Event(id=self.store.new_id(), camera=camera, kind=kind,
                      begin=self.clock.time(), end=None, **fields)
        self.store.begin(event)
        if picture:
            self.store.keep(event.id, KeptFile(
                f"{event.id}.jpg", THUMBNAIL, event.begin, event.begin, 9, COMPLETE))
        return event

    def pass_time(self, seconds):
        """Let so much time pass for the publisher, and wake it."""
        self.clock.ahead += seconds
        self.store.remember("any", "change")

    def end(self, event):
        self.store.end(event.id, self.clock.time(), 4.1, None)

    def __enter__(self):
        self.publisher.start()
        return self

    def __exit__(self, *error):
        self.publisher.stop()
        assert self.publisher.join(60)
        self.store.stop()
        assert self.store.join(60)


@contextlib.contextmanager
def running(folder, broker, prefix=None, **options):
    """Run MQTT against *broker*; yield the server, with a client that hears its topics."""
    prefix = prefix or f"prefix-{next(NUMBERS)}"
    client = broker.client([f"{prefix}/#", f"discovery-{prefix}/#"])
    options = {"mqtt_prefix": prefix, "mqtt_discovery": f"discovery-{prefix}", **options}
    try:
        with MqttServer(folder, broker.url, **options) as server:
            server.client, server.prefix = client, prefix
            yield server
    finally:
        client.close()
