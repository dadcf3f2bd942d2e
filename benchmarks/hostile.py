"""
What a good camera's viewers notice of hostile cameras beside it.

    python -m benchmarks.hostile [--minutes 10] [KIND ...]

A demo camera at 30 fps has ten viewers, for a minute alone, then beside one hostile
camera of each kind in ``benchmarks/hostile_cameras.py`` (or of each KIND given), then
for half a minute after these are gone. All are cameras of the same server from the
start, which cannot connect to the hostile ones at first. Prints the slowest viewer's
rate, the server's memory, threads and descriptors, and what the status says of each
hostile camera. The hostile cameras are a process of its own, which takes a processor
for itself where they send as fast as they can: a viewer also misses that one.

Met: the slowest viewer gets at least 29 fps, the memory grows by at most 60 MB, and
threads and descriptors are as before when the cameras are gone.
"""

import argparse
import json
import os
import socket
import threading
import time
from typing import Any, NamedTuple

from benchmarks.hostile_cameras import HTTP, RTSP
from benchmarks.processes import Server, beside, main_guard, product, viewers

VIEWERS = 10
ALONE_SECONDS, GONE_SECONDS = 60.0, 30.0
SETTLE_SECONDS = 15.0       # after the start, and after the cameras are gone
MIN_FPS, MAX_GROWTH_MB = 29.0, 60.0
SAMPLE_SECONDS = 0.5


class Row(NamedTuple):
    """What was measured in one part of the run."""

    fps: float          # of the slowest viewer
    gap: float          # the longest between two of its frames [s]
    rss: float          # the most [MB]
    threads: int        # the most
    descriptors: int    # the most
    cpu: float          # [cores]


class Samples(threading.Thread):
    """Watch a server's memory, threads and descriptors until stop()."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self.rss, self.threads, self.descriptors = 0.0, 0, 0
        self._server = server
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.wait(SAMPLE_SECONDS):
            at = f"/proc/{self._server.pid}"
            self.rss = max(self.rss, self._server.rss())
            self.threads = max(self.threads, len(os.listdir(f"{at}/task")))
            self.descriptors = max(self.descriptors, len(os.listdir(f"{at}/fd")))

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self.join()


def measure(server: Server, seconds: float) -> Row:
    """Return what the viewers and the server experience during *seconds*."""
    with viewers(server.url + "video_feed/good", VIEWERS, seconds) as output:
        samples, cpu = Samples(server), server.cpu()
        samples.start()
        report = json.loads(output.readline())
        samples.stop()
        return Row(min(each["fps"] for each in report),
                   max(each["gap"] for each in report), samples.rss,
                   samples.threads, samples.descriptors,
                   (server.cpu() - cpu) / seconds)


def sources(first: int, kinds: list[str]) -> list[str]:
    """Return the options for the good camera, and for the hostile ones of *kinds*."""
    schemes = [*((name, "http") for name in HTTP), *((name, "rtsp") for name in RTSP)]
    chosen = ["--source", "good=demo:640x480@30"]
    for number, (name, scheme) in enumerate(schemes):
        if not kinds or name in kinds:
            chosen += ["--source", f"{name}={scheme}://127.0.0.1:{first + number}/"]
    if not kinds or "zmq" in kinds:
        hub = first + len(schemes)
        chosen += ["--source", f"zmq=imagezmq://127.0.0.1:{hub}/zmq"]
    return chosen


def free_ports(count: int) -> int:
    """Return the first of so many free ports in a row."""
    for first in range(20_000, 30_000, count):
        try:
            for port in range(first, first + count):
                socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return first
    raise RuntimeError("no free ports")


def print_row(name: str, row: Row) -> None:
    """Print *row* of the table."""
    print(f"{name:8}   {row.fps:20.1f}   {row.gap:7.2f}   {row.rss:8.1f}   "
          f"{row.threads:7}   {row.descriptors:11}   {row.cpu:10.2f}", flush=True)


def print_cameras(cameras: list[dict[str, Any]]) -> None:
    """Print what the status says of each camera."""
    print()
    for each in cameras:
        print(f"{each['name']:16} {each['state']:10} {each['frames']:7} frames  "
              f"{each['reason']}")
    print(flush=True)


def main() -> None:
    """Measure alone, beside, and after; print the table and what must be met."""
    parser = argparse.ArgumentParser(prog="benchmarks.hostile")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("kinds", nargs="*", metavar="KIND")
    wanted = parser.parse_args()
    first = free_ports(len(HTTP) + len(RTSP) + 1)
    print("           slowest viewer [fps]   gap [s]   RSS [MB]   threads   "
          "descriptors   CPU [core]")
    seconds = 60 * wanted.minutes
    with product("--log-level", "error", *sources(first, wanted.kinds)) as server:
        time.sleep(SETTLE_SECONDS)
        alone = measure(server, min(ALONE_SECONDS, seconds))
        print_row("alone", alone)
        with beside("benchmarks.hostile_cameras", str(first)):
            during = measure(server, seconds)
            print_row("beside", during)
            cameras = server.status()["cameras"]
        time.sleep(SETTLE_SECONDS)
        gone = measure(server, min(GONE_SECONDS, seconds))
        print_row("gone", gone)
    print_cameras(cameras)
    grown = during.rss - alone.rss
    more = (gone.threads - alone.threads, gone.descriptors - alone.descriptors)
    print(f"beside them {during.fps / alone.fps:.2f} x the rate of alone, "
          f"{grown:+.1f} MB; afterwards {more[0]:+} threads, {more[1]:+} descriptors")
    met = during.fps >= MIN_FPS and grown <= MAX_GROWTH_MB and max(more) <= 0
    print(f"must: >= {MIN_FPS:g} fps, <= {MAX_GROWTH_MB:+.0f} MB, threads and "
          "descriptors as before:", "met" if met else "MISSED", flush=True)
    main_guard(met)


if __name__ == "__main__":
    main()
