"""
Half an hour of everything at once: do memory, threads and descriptors stay bounded?

    python -m benchmarks.soak [MINUTES]       30 by default; more for a longer run

Three cameras show the demo scene, one of them over HTTP; 20 viewers come and go at
random; each minute has a manual recording of 20 s, and every two minutes the camera
over HTTP freezes for 10 s. What the server uses is the median of a two-minute round:
the one before minute 5 of 30 (a sixth of the run) is compared with the last one. The
peak of each round is printed beside it.

Met: at the end at most 240 MB of memory (RSS), and at most 1.10 times that of minute 5;
as many threads and descriptors as then; no frame older than 1 s when it reaches a
viewer.
"""

import json
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
STAY_SECONDS = 1.0, 60.0        # of a viewer, at least and at most
RECORD_EVERY, RECORD_SECONDS = 60.0, 20.0
LOSE_EVERY, LOST_SECONDS = 120.0, 10.0
KEEP = "200MB"          # of clips
MAX_RATIO, MAX_MB = 1.10, 240.0
MAX_AGE = 1.0           # seconds, of a frame that reaches a viewer


class Sample(NamedTuple):
    """What the server uses at one moment."""

    seconds: float      # since the start
    rss: float          # MB
    threads: int
    descriptors: int


class Round(NamedTuple):
    """What the server used during two minutes: medians, and the peak of memory."""

    rss: float          # MB
    peak: float         # MB
    threads: float
    descriptors: float


# --- the viewers, in their own process

class PassingViewer(Viewer):
    """A viewer that stays until *until*; *oldest* is the age of its oldest frame."""

    def __init__(self, url: str, until: float) -> None:
        super().__init__(url, stamped=True)
        self.until = until
        self.oldest = 0.0
        self._seen = 0.0

    def count(self) -> None:
        """Note the age of a frame, unless it is the first or a repetition."""
        self.parts += 1
        if self._seen and self.stamp != self._seen:
            self.oldest = max(self.oldest, time.time() - self.stamp)
        self._seen = self.stamp


def run_viewers(urls: Sequence[str], seconds: float) -> None:
    """Let viewers come and go; print the number of frames and the greatest age."""
    chance, begin, frames, oldest = random.Random(2), time.monotonic(), 0, 0.0
    poll = select.epoll()
    viewers: dict[int, PassingViewer] = {}
    while (now := time.monotonic()) < begin + seconds:
        if len(viewers) < VIEWERS:
            until = now + chance.uniform(*STAY_SECONDS)
            viewer = PassingViewer(chance.choice(urls), until)
            viewers[viewer.socket.fileno()] = viewer
            poll.register(viewer.socket.fileno(), select.EPOLLIN)
        for number, _ in poll.poll(0.05):
            if not viewers[number].drain():
                sys.exit("a stream ended")
        for number, viewer in list(viewers.items()):
            if now > viewer.until:
                frames, oldest = frames + viewer.parts, max(oldest, viewer.oldest)
                poll.unregister(number)
                viewers.pop(number).socket.close()
    print(json.dumps([frames + sum(viewer.parts for viewer in viewers.values()),
                      max([oldest, *(viewer.oldest for viewer in viewers.values())])]))


# --- the server

def sample(server: Server, begin: float) -> Sample:
    """Return what *server* uses now."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    threads = re.search(r"Threads:\s+(\d+)", status)
    assert threads
    return Sample(time.monotonic() - begin, server.rss(), int(threads[1]),
                  len(os.listdir(f"/proc/{server.pid}/fd")))


def record(server: Server, on: bool) -> None:
    """Start or stop a manual recording of all cameras."""
    request = urllib.request.Request(
        server.url + "record_status", json.dumps({"status": on}).encode(),
        {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


@contextmanager
def viewers_running(server: Server, names: Sequence[str], seconds: float
                    ) -> Iterator["subprocess.Popen[str]"]:
    """Let viewers come and go in another process."""
    urls = [f"{server.url}video_feed/{name}" for name in names]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.soak", "viewers", str(seconds), *urls,
         server.url + "mosaic_feed"], cwd=ROOT, text=True, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def soak(server: Server, camera: Server, seconds: float) -> Iterator[Sample]:
    """Yield a sample each second, while a camera is lost and clips are recorded."""
    begin, recording, frozen = time.monotonic(), False, False
    while (since := time.monotonic() - begin) < seconds:
        if recording != (wanted := in_the_middle(since, RECORD_EVERY, RECORD_SECONDS)):
            recording = wanted
            record(server, recording)
        if frozen != (wanted := in_the_middle(since, LOSE_EVERY, LOST_SECONDS)):
            frozen = wanted
            os.kill(camera.pid, signal.SIGSTOP if frozen else signal.SIGCONT)
        yield sample(server, begin)
        time.sleep(1.0)
    os.kill(camera.pid, signal.SIGCONT)


def in_the_middle(since: float, every: float, seconds: float) -> bool:
    """Return whether *since* is in the middle *seconds* of a period of *every*."""
    return abs(since % every - every / 2) < seconds / 2


def round_at(samples: Sequence[Sample], end: float) -> Round:
    """Return what the server used during the round that ends after *end* seconds."""
    used = [each for each in samples if end - LOSE_EVERY <= each.seconds <= end]
    return Round(statistics.median(each.rss for each in used),
                 max(each.rss for each in used),
                 statistics.median(each.threads for each in used),
                 statistics.median(each.descriptors for each in used))


def run(seconds: float) -> tuple[list[Sample], list[Any], int]:
    """Return the samples, what the viewers counted, and the interruptions."""
    names = ("front", "yard", "gate")
    with running("-m", "benchmarks.http_camera", "640x480@15") as camera, product(
            "--source", "front=demo:640x480@15", "--source", "yard=demo:640x480@15",
            "--source", f"gate={camera.url}", "--keep", KEEP,
            "--log-level", "error") as server:
        with viewers_running(server, names, seconds + 5) as process:
            samples = list(soak(server, camera, seconds))
            counted = json.loads(process.communicate(timeout=120)[0])
        interruptions = sum(each["losses"] + each["reconnects"]
                            for each in server.status()["cameras"])
    return samples, counted, interruptions


def main(minutes: float) -> None:
    """Run, and print what became of the server."""
    samples, (frames, oldest), interruptions = run(60 * minutes)
    before, after = round_at(samples, 10 * minutes), round_at(samples, 60 * minutes)
    ratio = after.rss / before.rss
    print(f"{minutes:g} minutes, {frames} frames to {VIEWERS} viewers, "
          f"{interruptions} interruptions of a camera\n")
    print(f"after            {minutes / 6:8g} min   {minutes:6g} min")
    print(f"memory           {before.rss:9.1f} MB   {after.rss:7.1f} MB"
          f"   {ratio:.3f} x")
    print(f"its peak         {before.peak:9.1f} MB   {after.peak:7.1f} MB")
    print(f"threads          {before.threads:12g}   {after.threads:10g}")
    print(f"descriptors      {before.descriptors:12g}   {after.descriptors:10g}")
    print(f"oldest frame     {oldest:.2f} s")
    ok = (ratio <= MAX_RATIO and after.rss <= MAX_MB
          and after.threads <= before.threads
          and after.descriptors <= before.descriptors and oldest < MAX_AGE)
    print(f"\nmust: memory <= {MAX_RATIO:g} x and <= {MAX_MB:g} MB, no more threads or "
          f"descriptors, no frame older than {MAX_AGE:g} s:", "met" if ok else "MISSED")
    main_guard(ok)


if __name__ == "__main__":
    if sys.argv[1:2] == ["viewers"]:
        run_viewers(sys.argv[3:], float(sys.argv[2]))
    else:
        main(float(sys.argv[1]) if sys.argv[1:] else 30)
