"""
An hour without network, in processes that are killed.

``python killed_notifier.py FOLDER`` writes what is delivered to FOLDER/delivered, a
line each. Every step is a process of its own, a fork, that ends by SIGKILL.
"""

import json
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import ManualClock
from pyimagesearch.events.store import EventStore
from pyimagesearch.notifications.channel import DeliveryFailed
from recording_channel import NOON, Rig

EVENTS = 62     # in all


class LossyChannel:
    """Write alerts to the file at *path* while there is a network."""

    name, key, takes_updates = "file", "alerts file", False

    def __init__(self, path):
        self.path = path
        self.is_up = False
        self.dies_after = -1    # alerts

    def send(self, alert):
        if not self.is_up:
            raise DeliveryFailed("no network")
        with open(self.path, "a") as file:
            file.write(json.dumps({"key": alert.key, **alert.as_json()}) + "\n")
        self.dies_after -= 1
        if not self.dies_after:
            die()       # it was delivered, but this was not noted yet


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def main(folder):
    minutes = 0
    for step in (before, first_half, second_half, network_returns, after):
        clock = ManualClock(NOON + 60 * minutes)
        if not (child := os.fork()):
            store = EventStore(folder / "events.db", clock)
            store.open()
            channel = LossyChannel(folder / "delivered")
            step(Rig(store, channel), channel)
            die()
        os.waitpid(child, 0)
        minutes += 1 if step is before else 30 * step.__name__.endswith("half")


def before(rig, channel):
    channel.is_up = True
    happen(rig, 1)


def first_half(rig, channel):
    happen(rig, 30)


def second_half(rig, channel):
    happen(rig, 30)


def network_returns(rig, channel):
    channel.is_up, channel.dies_after = True, 3
    rig.wait(2)


def after(rig, channel):
    channel.is_up = True
    rig.wait(120)
    happen(rig, 1)


def happen(rig, count):
    """Let so many events happen, one a minute."""
    for number in range(count):
        rig.begin(camera=("front", "yard")[number % 3 == 0], lasts=5)
        rig.wait(60)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
