"""
Months in half an hour: cameras, viewers, recordings and losses, on and on.

    python -m benchmarks.soak [MINUTES]       30 by default; 60 times as many for hours

Three cameras show the demo scene, one of them over HTTP; 20 viewers come and go at
random; each minute a recording by hand begins, and every two minutes the camera over
HTTP freezes for a while. Must: from the second minute on, memory grows by less than
1 MB an hour (by regression over the last two thirds), threads and descriptors not at
all, and no frame is older than 1 s when it reaches a viewer.

Recordings and losses lie in the middle of their minutes, and the regression is over
whole rounds of both: a recording takes some 20 MB, and at the end of each minute, or
once more in the end than in the beginning, would pass for growth.
"""

import json
import math
import os
import random
import re
import select
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.load import Viewer
from benchmarks.processes import ROOT, Server, main_guard, product, running

VIEWERS = 20
STAY = 1.0, 60.0        # seconds that a viewer stays, at least and at most
RECORD_EVERY, RECORDING = 60.0, 20.0    # seconds
LOSE_EVERY, LOST = 120.0, 10.0          # seconds
SETTLE = 120.0          # seconds at the begin that do not count
CLIPS = "200MB"         # what they may take
GROWTH, OLDEST = 1.0, 1.0       # MB an hour, seconds


class Sample(NamedTuple):
    """What the server takes at one moment."""

    hours: float        # since the begin
    rss: float          # MB
    threads: int
    descriptors: int


# --- the viewers, in a process of their own

class Guest(Viewer):
    """A viewer who stays for a while; *ages* are those of the frames it was sent."""

    def __init__(self, url: str, until: float) -> None:
        super().__init__(url, stamped=True)
        self.until = until
        self.oldest = 0.0
        self._seen = 0.0

    def count(self) -> None:
        """Note the age of a frame, unless it is the first, or the same once more."""
        self.parts += 1
        if self._seen and self.stamp != self._seen:
            self.oldest = max(self.oldest, time.time() - self.stamp)
        self._seen = self.stamp


def visit(urls: Sequence[str], seconds: float) -> None:
    """Have viewers come and go; print how many frames, and how old one was at most."""
    chance, begin, frames, oldest = random.Random(2), time.monotonic(), 0, 0.0
    poll = select.epoll()
    guests: dict[int, Guest] = {}
    while (now := time.monotonic()) < begin + seconds:
        if len(guests) < VIEWERS:
            guest = Guest(chance.choice(urls), now + chance.uniform(*STAY))
            guests[guest.socket.fileno()] = guest
            poll.register(guest.socket.fileno(), select.EPOLLIN)
        for number, _ in poll.poll(0.05):
            if not guests[number].drain():
                sys.exit("a stream ended")
        for number, guest in list(guests.items()):
            if now > guest.until:
                frames, oldest = frames + guest.parts, max(oldest, guest.oldest)
                poll.unregister(number)
                guests.pop(number).socket.close()
    print(json.dumps([frames + sum(guest.parts for guest in guests.values()),
                      max([oldest, *(guest.oldest for guest in guests.values())])]))


# --- what happens to the server

def sample(server: Server, begin: float) -> Sample:
    """Return what *server* takes now."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    threads = re.search(r"Threads:\s+(\d+)", status)
    assert threads
    return Sample((time.monotonic() - begin) / 3600, server.rss(), int(threads[1]),
                  len(os.listdir(f"/proc/{server.pid}/fd")))


def record(server: Server, on: bool) -> None:
    """Begin or end a recording of all cameras."""
    request = urllib.request.Request(
        server.url + "record_status", json.dumps({"status": on}).encode(),
        {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


@contextmanager
def visited(server: Server, names: Sequence[str], seconds: float
            ) -> Iterator["subprocess.Popen[str]"]:
    """Have viewers come and go inside."""
    urls = [f"{server.url}video_feed/{name}" for name in names]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.soak", "visit", str(seconds), *urls,
         server.url + "mosaic_feed"], cwd=ROOT, text=True, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def soak(server: Server, camera: Server, seconds: float) -> Iterator[Sample]:
    """Yield a sample each second, while cameras are lost and clips recorded."""
    begin, recording, frozen = time.monotonic(), False, False
    while (since := time.monotonic() - begin) < seconds:
        if recording != (wanted := in_the_middle(since, RECORD_EVERY, RECORDING)):
            recording = wanted
            record(server, recording)
        if frozen != (wanted := in_the_middle(since, LOSE_EVERY, LOST)):
            frozen = wanted
            os.kill(camera.pid, signal.SIGSTOP if frozen else signal.SIGCONT)
        yield sample(server, begin)
        time.sleep(1.0)
    os.kill(camera.pid, signal.SIGCONT)


def in_the_middle(since: float, every: float, seconds: float) -> bool:
    """Return whether *since* lies in the middle *seconds* of each *every*."""
    return abs(since % every - every / 2) < seconds / 2


def whole_rounds(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Return of *samples* what makes whole rounds; all, if there are none."""
    first = math.ceil(samples[0].hours * 3600 / LOSE_EVERY)
    last = math.floor(samples[-1].hours * 3600 / LOSE_EVERY + 0.01)
    return [each for each in samples
            if first <= each.hours * 3600 / LOSE_EVERY < last] or samples


def slope(samples: Sequence[Sample]) -> float:
    """Return by how much memory grows, by linear regression [MB/h]."""
    return statistics.linear_regression(
        [each.hours for each in samples], [each.rss for each in samples]).slope


def more(values: Sequence[int]) -> float:
    """Return by how much the last third of *values* is more than the first."""
    third = max(1, len(values) // 3)
    return statistics.median(values[-third:]) - statistics.median(values[:third])


def run(seconds: float) -> tuple[list[Sample], list[Any], int]:
    """Return the samples that count, what the viewers saw, and how many losses."""
    names = ("front", "yard", "gate")
    with running("-m", "benchmarks.http_camera", "640x480@15") as camera, product(
            "--source", "front=demo:640x480@15", "--source", "yard=demo:640x480@15",
            "--source", f"gate={camera.url}", "--keep", CLIPS,
            "--log-level", "error") as server:
        with visited(server, names, seconds + 5) as process:
            samples = list(soak(server, camera, seconds))
            seen = json.loads(process.communicate(timeout=120)[0])
        losses = sum(each["losses"] for each in server.status()["cameras"])
    settled = min(SETTLE, seconds / 6) / 3600
    return [each for each in samples if each.hours >= settled], seen, losses


def main(minutes: float) -> None:
    """Soak, and print what became of it."""
    samples, (frames, oldest), losses = run(60 * minutes)
    growth = slope(whole_rounds(samples[len(samples) // 3:]))
    threads = more([each.threads for each in samples])
    descriptors = more([each.descriptors for each in samples])
    first, last = samples[0].rss, samples[-1].rss
    print(f"{minutes:g} minutes, {frames} frames to {VIEWERS} viewers, "
          f"{losses} losses of a camera\n")
    print(f"memory           {first:.1f} MB, then {last:.1f} MB: {last / first:.3f} x")
    print(f"its growth       {growth:+.2f} MB an hour")
    print(f"threads          {samples[-1].threads}, {threads:+g}")
    print(f"descriptors      {samples[-1].descriptors}, {descriptors:+g}")
    print(f"oldest frame     {oldest:.2f} s")
    ok = growth < GROWTH and threads < 1 and descriptors < 3 and oldest < OLDEST
    print(f"\nmust: < {GROWTH:g} MB an hour, no more threads and descriptors, no frame "
          f"older than {OLDEST:g} s:", "met" if ok else "MISSED")
    main_guard(ok)


if __name__ == "__main__":
    if sys.argv[1:2] == ["visit"]:
        visit(sys.argv[3:], float(sys.argv[2]))
    else:
        main(float(sys.argv[1]) if sys.argv[1:] else 30)
