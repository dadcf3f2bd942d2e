"""Measure what looking for objects costs, and how soon an event has a name."""

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.clock import SystemClock
from pyimagesearch.events.event import MOTION
from pyimagesearch.object_detection.crops import cut
from pyimagesearch.object_detection.look import Look
from pyimagesearch.object_detection.model_files import FETCHED_SIDE, YOLOX_NANO
from pyimagesearch.object_detection.moved_objects import find_moved
from pyimagesearch.object_detection.object_model import ObjectModel
from pyimagesearch.object_detection.recognizer import ObjectRecognizer

from .processes import ROOT, Server, measure, running

MAX_LOADED, MAX_IDLE = 35.0, 8.0        # added memory [MB]
MAX_CPU, MAX_LATER = 0.03, 1.15         # added CPU [cores]; ratio of the frames' ages
MAX_MEDIAN, MAX_SLOWEST = 2.0, 6.0      # from an event's begin to its name [s]
ROUNDS, LOOKS = 200, 60
CPU_SECONDS = 90.0
TURNS, TURN_SECONDS = 6, 25.0
SETTLE_SECONDS = 8.0    # until the cameras of a server have learnt
DELAY_SECONDS, POLL_SECONDS = 240.0, 0.05
CAMERAS = ("--source", "one=demo:640x480@30", "--source", "two=demo:640x480@30",
           "--post-roll", "2")


def report(what: str, measured: float, limit: float, unit: str) -> bool:
    """Print a figure and its limit; return whether it is met."""
    print(f"{what:58} {measured:8.3f} {unit}   must: <= {limit:g} {unit}: "
          f"{'met' if measured <= limit else 'MISSED'}", flush=True)
    return measured <= limit


# --- CPU and memory of looks

def cost(data: Path) -> bool:
    """Measure the CPU of a look, and of encoding a picture, in turns."""
    picture = DemoScene((640, 480), 30).picture(60)
    model, look = ObjectModel(YOLOX_NANO.path(data), side=FETCHED_SIDE), demo_look()
    times: dict[str, list[float]] = {"encode": [], "look": []}
    for _ in range(ROUNDS):
        for name, work in (("encode", lambda: cv2.imencode(".jpg", picture)),
                           ("look", lambda: find_moved(model, look))):
            begin = time.thread_time()
            work()
            times[name].append(time.thread_time() - begin)
    encode, looked = (1000 * statistics.median(each) for each in times.values())
    print(f"CPU of a look at one region: {looked:.1f} ms; cv2.imencode of a picture of "
          f"640x480: {encode:.2f} ms; ratio {looked / encode:.1f}")
    return True


def demo_look() -> Look:
    """Return a look at a region of the demo camera's picture."""
    picture = DemoScene((640, 480), 30).picture(60)
    mask = np.zeros((300, 400), np.uint8)
    mask[100:200, 150:200] = 255
    return Look(camera="demo", event=1, crops=cut(picture, [(150, 100, 200, 200)],
                                                  (400, 300)),
                mask=mask, size=(640, 480), captured=0.0, least_score=0.4, before=None,
                small=picture)


def memory(data: Path) -> bool:
    """Measure what the model takes in a process of its own."""
    output = subprocess.run([sys.executable, "-m", __spec__.name, str(data)], cwd=ROOT,
                            check=True, capture_output=True, text=True).stdout
    before, loaded, idle = map(float, output.split())
    return all([report("added memory while the model is loaded", loaded - before,
                       MAX_LOADED, "MB"),
                report("added memory when it was released", idle - before, MAX_IDLE,
                       "MB")])


def print_memory(data: Path) -> None:
    """Print the resident memory before, with and after the model [MB]."""
    cv2.setNumThreads(1)
    look = demo_look()
    cv2.imencode(".jpg", look.small)
    recognizer = ObjectRecognizer(
        partial(ObjectModel, YOLOX_NANO.path(data), side=FETCHED_SIDE), SystemClock(),
        "yolox_nano", idle_seconds=1.0)
    recognizer.start()
    print(resident())
    for number in range(LOOKS):
        recognizer.offer(look, lambda *found: None)
        wait_until(partial(has_looked, recognizer, number + 1))
    print(resident())
    wait_until(lambda: not recognizer.status().loaded)
    time.sleep(0.5)
    print(resident())
    recognizer.stop()


def has_looked(recognizer: ObjectRecognizer, times: int) -> bool:
    """Return whether *recognizer* has looked so many *times*."""
    return recognizer.status().looks >= times


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait at most a minute for *condition*."""
    until = time.monotonic() + 60
    while not condition():
        if time.monotonic() > until:
            raise RuntimeError("it did not happen within a minute")
        time.sleep(0.005)


def resident() -> float:
    """Return the resident memory of this process [MB]."""
    return Server("", os.getpid()).rss()


# --- servers

@contextlib.contextmanager
def cameras(data: Path, *, named: bool) -> Iterator[Server]:
    """Run a server with two busy cameras, whose events are *named* or not."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(data / "models", Path(folder) / "models")
        with running("webstreaming.py", "--port", "0", "--log-level", "warning",
                     "--data", folder, "--config-dir", folder, *CAMERAS,
                     "--objects", "on" if named else "off") as server:
            yield server


def busy(data: Path) -> bool:
    """Compare CPU and lateness with names and without."""
    added = added_cpu(data)
    ages: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(TURNS):
        for is_named, found in ages.items():
            with cameras(data, named=is_named) as server:
                time.sleep(SETTLE_SECONDS)
                found.append(age(server))
    without, named = map(min, ages.values())    # other programs only add to it
    print(f"age of frames at a viewer (99 %), least of {TURNS} turns: with names "
          f"{1000 * named:.1f} ms, without {1000 * without:.1f} ms")
    return all([report("added CPU", added, MAX_CPU, "core"),
                report("age of frames, with names by without", named / without,
                       MAX_LATER, "")])


def added_cpu(data: Path) -> float:
    """Return the CPU that names take [cores], of two servers that run together."""
    with cameras(data, named=False) as without, cameras(data, named=True) as named:
        time.sleep(SETTLE_SECONDS)
        before = named.cpu() - without.cpu()
        time.sleep(CPU_SECONDS)
        added = (named.cpu() - without.cpu() - before) / CPU_SECONDS
        print(f"memory with names {named.rss():.0f} MB, without {without.rss():.0f} MB;"
              f" {named.status()['objects']['looks']} looks in {CPU_SECONDS:.0f} s")
        return added


def age(server: Server) -> float:
    """Return the age of a camera's frames at a viewer, 99th percentile [s]."""
    _, reports = measure(server, 1, TURN_SECONDS, "stamped", path="video_feed/one")
    ages: list[float] = reports[0]["ages"]
    return statistics.quantiles(ages, n=100)[98]


def delay(data: Path) -> bool:
    """Measure how soon events have a name in the API."""
    begins, named = dict[int, float](), dict[int, float]()
    with cameras(data, named=True) as server:
        until = time.monotonic() + DELAY_SECONDS
        while time.monotonic() < until:
            now = time.time()
            for event in events_at(server):
                begins[event["id"]] = event["begin"]
                if event["names"]:
                    named.setdefault(event["id"], now)
            time.sleep(POLL_SECONDS)
    delays = sorted(at - begins[id] for id, at in named.items())
    print(f"{len(begins)} motion events, {len(named)} of them with a name")
    return all([report("an event's begin to its name, median",
                       statistics.median(delays), MAX_MEDIAN, "s"),
                report("an event's begin to its name, 95 %",
                       delays[int(0.95 * len(delays))], MAX_SLOWEST, "s")])


def events_at(server: Server) -> Any:
    """Return the newest motion events in the API of *server*, once it is open."""
    url = f"{server.url}api/events?kind={MOTION}&limit=20"
    with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(
            url, timeout=10) as answer:
        return json.load(answer)["events"]
    return []


if __name__ == "__main__":
    print_memory(Path(sys.argv[1]))
