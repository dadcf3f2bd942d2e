"""
A machine of a quarter of a core: what is seen, looked at and recorded there.

    python -m benchmarks.pi [SECONDS] [PERCENT ...]

From its start on, the server may use one core, and of that PERCENT (25) of the time:
by its CPU affinity and by the bandwidth control of Linux' control groups, in periods of
10 ms (``cpu.cfs_quota_us``, or ``cpu.max`` of version 2). That needs root. Camera and
viewer are not limited. The camera sends MJPEG 640x480 at 15 fps in which something
always moves, and is recorded; one viewer watches by MJPEG, and in another run by H.264.

Met at 25 percent: at least 12 fps live, 4 looks of detection a second, and the clips
hold all that was processed. With less, it shows what is left out first.
"""

import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.live_stream import pictures
from benchmarks.processes import Server, main_guard, product, running
from pyimagesearch.recording.clip import read_clip
from pyimagesearch.recording.paths import DRAFT_SUFFIX, PART_SUFFIX

CAMERA = "640x480@15"
PERIOD_MICROSECONDS, LEAST_QUOTA_MICROSECONDS = 10_000, 1_000
PATIENCE_SECONDS = 60.0     # for a slow machine to be live, or to finish its clips
SETTLING_SECONDS = 10.0     # until an event has begun and the load is known
LEAST_FPS, LEAST_LOOKS, LEAST_RECORDED = 12.0, 4.0, 0.97


@dataclass
class Run:
    """What came of one run."""

    fps: float              # pictures a second at the viewer
    age: float              # the median of theirs at arrival [s]
    looks: float            # of detection, a second
    recorded: float         # share of the time of the event that is in clips
    clip_fps: float
    status: dict[str, Any]  # of the camera, when the viewer left

    @property
    def is_good(self) -> bool:
        """Whether this is what a quarter of a core must do."""
        return (self.fps >= LEAST_FPS and self.looks >= LEAST_LOOKS
                and self.recorded >= LEAST_RECORDED
                and not self.status["recording_trouble"])


@contextlib.contextmanager
def confined(percent: float) -> Iterator[Sequence[str]]:
    """Yield the command that confines another one to *percent* of a core."""
    first, root = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")
    group = (first if first.is_dir() else root) / f"webstreaming-{time.time_ns()}"
    group.mkdir()
    period = max(PERIOD_MICROSECONDS, round(100 * LEAST_QUOTA_MICROSECONDS / percent))
    quota = round(period * percent / 100)
    if first.is_dir():
        (group / "cpu.cfs_period_us").write_text(str(period))
        (group / "cpu.cfs_quota_us").write_text(str(quota))
    else:
        (group / "cpu.max").write_text(f"{quota} {period}")
    try:
        yield ("sh", "-c", f'echo $$ > {group}/cgroup.procs; exec taskset -c 0 "$@"',
               "sh")
    finally:
        group.rmdir()


def watch(server: Server, path: str, seconds: float) -> tuple[float, float]:
    """Watch *path* of *server*; return pictures a second, and their median age [s]."""
    ages = [each.age for each in pictures(server.url + path, seconds)]
    return len(ages) / seconds, statistics.median(ages)


def camera_status(server: Server) -> dict[str, Any]:
    """Return the status of the only camera."""
    (status,) = server.status()["cameras"]
    return dict(status)


def wait_for(done: Callable[[], bool], what: str) -> None:
    """Wait until *done* returns true; *what* is said if it takes too long."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not done():
        if time.monotonic() > until:
            raise RuntimeError(f"no {what} in {PATIENCE_SECONDS:.0f} s")
        time.sleep(0.5)


def are_finished(data: Path) -> bool:
    """Return whether all clips in *data* are closed."""
    found = [path.name for path in data.rglob("??-??-??*.mp4")]
    return bool(found) and not any(
        name.endswith((PART_SUFFIX, DRAFT_SUFFIX)) for name in found)


def length_of_clips(data: Path) -> tuple[float, float, float]:
    """Return when the first clip in *data* begins, their length, and frames [1/s]."""
    import av
    clips = [(path, *read_clip(path)) for path in sorted(data.rglob("*-??.mp4"))]
    seconds = sum(length for _, _, length in clips)
    frames = 0
    for path, _, _ in clips:
        with av.open(str(path)) as container:
            frames += sum(bool(packet.size) for packet in container.demux(video=0))
    begin = min(metadata.first for _, metadata, _ in clips if metadata)
    return begin, seconds, frames / seconds


def measure(percent: float, path: str, seconds: float) -> Run:
    """Run the server on *percent* of a core, with a viewer of *path*."""
    with (tempfile.TemporaryDirectory() as data, confined(percent) as within,
          running("-m", "benchmarks.http_camera", CAMERA) as camera,
          product("--source", camera.url, "--data", data, "--log-level",
                  "error", within=within) as server):
        wait_for(lambda: camera_status(server)["recording"], "recording")
        time.sleep(SETTLING_SECONDS)
        before, begin = camera_status(server), time.monotonic()
        fps, age = watch(server, path, seconds)
        after = camera_status(server)
        looks = (after["looks"] - before["looks"]) / (time.monotonic() - begin)
        camera.kill()       # which ends the event
        ended = time.time()
        wait_for(lambda: are_finished(Path(data)), "clip")
        first, recorded, clip_fps = length_of_clips(Path(data))
        return Run(fps, age, looks, recorded / (ended - first), clip_fps, after)


def main(seconds: float, percents: Sequence[float]) -> None:
    """Measure and print the table."""
    print("core    viewer   live [fps]   age [ms]   processed   looks   busy   shedding"
          "   recorded   clip [fps]")
    ok = True
    for percent in percents:
        for path in ("video_feed", "live.mp4"):
            run = measure(percent, path, seconds)
            ok &= run.is_good or percent < 25
            print(f"{percent:3g} %   {'H.264' if 'live' in path else 'MJPEG'}"
                  f"   {run.fps:11.1f}   {1000 * run.age:8.0f}"
                  f"   {run.status['fps']:9.1f}   {run.looks:5.1f}"
                  f"   {run.status['busy']:4.2f}   {run.status['shedding']!s:8}"
                  f"   {100 * run.recorded:6.0f} %   {run.clip_fps:10.1f}"
                  f"   {run.status['recording_trouble']}", flush=True)
    print(f"\nmust, at 25 %: live >= {LEAST_FPS:g} fps, >= {LEAST_LOOKS:g} looks/s, "
          f">= {100 * LEAST_RECORDED:g} % recorded:", "met" if ok else "MISSED")
    main_guard(ok)


if __name__ == "__main__":
    numbers = [float(word) for word in sys.argv[1:]]
    main(numbers[0] if numbers else 20, numbers[1:] or [25.0])
