"""
CPU of the whole job beside Motion, on the same camera, with 0, 1, 50 and 200 viewers.

    python -m benchmarks.whole_job [--seconds 5] [--turns 3] [--job 640 ...] [OPTION]

An MJPEG camera over HTTP, recording armed. Both programs run all the time and look at
each picture; the viewers watch one of them, then the other one, in turns, and that
one's CPU time is counted. Each ratio is the median of the turns; where the machine is
too slow for all viewers, it is that of the CPU for a delivered picture. An OPTION is
for ours.

Met: in a still scene at most 0.7, 1.0, 0.6 and 0.4 times Motion's CPU; while something
always moves, and both record it, at most 1.0 times. With the tutorial's loop as well
(``--tutorial``), which records nothing: at most a tenth of its CPU with one viewer.
"""

import argparse
import contextlib
import statistics
import time
from dataclasses import dataclass
from typing import Any

from benchmarks.motion import Motion, motion
from benchmarks.processes import Server, main_guard, measure, product, running

SETTLE_SECONDS = 10.0   # to learn the background, and to end what the start began
MOST = {0: 0.7, 1: 1.0, 50: 0.6, 200: 0.4}      # by viewers, of Motion's CPU
MOST_MOVING = 1.0
MOST_OF_TUTORIAL = 0.1


@dataclass(frozen=True)
class Job:
    """A camera, and how wide our pictures of it are; Motion's are full size."""

    name: str
    size: tuple[int, int]
    fps: int
    width: int

    @property
    def camera(self) -> str:
        """The camera as ``640x480@30``."""
        return f"{self.size[0]}x{self.size[1]}@{self.fps}"


JOBS = (Job("640", (640, 480), 30, 640),
        Job("1080", (1920, 1080), 15, 1920),
        Job("1080-narrow", (1920, 1080), 15, 640))


@dataclass(frozen=True)
class Turn:
    """What one program used and delivered with some viewers, in one turn."""

    cores: float
    fps: float      # of the slowest viewer; 0 without viewers
    delivered: float    # pictures a second to all viewers together; 1 without

    def by(self, other: "Turn") -> float:
        """Return the CPU time of a delivered picture by that of *other*."""
        return (self.cores / self.delivered) / (other.cores / other.delivered)


def take_turn(server: Server, path: str, count: int, seconds: float) -> Turn:
    """Measure *server* with *count* viewers of *path* during *seconds*."""
    used, report = measure(server, count, seconds, path=path)
    rates = [each["fps"] for each in report]
    return Turn(used / seconds, min(rates, default=0.0), sum(rates) or 1.0)


def compare(job: Job, moving: bool, arguments: argparse.Namespace) -> bool:
    """Measure one *job* and print its table; return whether it is met."""
    words = [job.camera, *([] if moving else ["still"])]
    print(f"\n{job.camera}, ours {job.width} px wide, "
          f"{'always moving, recorded' if moving else 'nothing moves'}\n"
          "viewers   ours [cores]   Motion [cores]   ratio   most"
          "   slowest viewer [fps]", flush=True)
    ok = True
    options = ["--width", str(job.width), *arguments.options]
    with (running("-m", "benchmarks.http_camera", *words) as camera,
          product("--source", camera.url, *options) as ours,
          motion(camera.url, job.size, job.fps) as theirs):
        time.sleep(SETTLE_SECONDS)
        for count in arguments.viewers:
            ok &= compare_viewers(job, moving, count, ours, theirs, arguments)
        check_recording(ours, theirs, moving)
    return ok


def compare_viewers(job: Job, moving: bool, count: int, ours: Server, theirs: Motion,
                    arguments: argparse.Namespace) -> bool:
    """Measure both programs in turns with *count* viewers; print a line."""
    turns = [(take_turn(ours, "video_feed", count, arguments.seconds),
              take_turn(theirs, "", count, arguments.seconds))
             for _ in range(arguments.turns)]
    ratio = statistics.median(our.by(their) for our, their in turns)
    most = MOST_MOVING if moving else MOST[count]
    our, their = (statistics.median(turn.cores for turn in side)
                  for side in zip(*turns, strict=True))
    slowest = "   -" if not count else " and ".join(
        f"{min(turn.fps for turn in side):.1f}" for side in zip(*turns, strict=True))
    print(f"{count:7}   {our:12.3f}   {their:14.3f}   {ratio:5.2f}   {most:4.1f}   "
          f"{slowest}{'' if ratio <= most else '   MISSED'}", flush=True)
    return ratio <= most


def check_recording(ours: Server, theirs: Motion, moving: bool) -> None:
    """Raise unless both, or neither, record now."""
    before = theirs.recorded()
    time.sleep(4)       # the file is written in large pieces
    state: Any = ours.status()["cameras"][0]
    records = state["recording"], theirs.recorded() > before
    if records != (moving, moving):
        raise RuntimeError(f"ours and Motion recording: {records}, instead of {moving}")


def compare_tutorial(seconds: float) -> bool:
    """Measure ours and the tutorial's loop with one viewer; neither records."""
    with contextlib.ExitStack() as stack:
        camera = stack.enter_context(running("-m", "benchmarks.http_camera"))
        ours = stack.enter_context(product("--source", camera.url, "--no-record"))
        time.sleep(SETTLE_SECONDS)
        our = take_turn(ours, "video_feed", 1, seconds).cores
    with running("-m", "benchmarks.http_camera") as camera, running(
            "-m", "benchmarks.tutorial", camera.url) as tutorial:
        time.sleep(SETTLE_SECONDS)
        their = take_turn(tutorial, "video_feed", 1, seconds).cores
    print(f"\none viewer, nothing recorded: ours {our:.3f}, the tutorial's {their:.3f} "
          f"core: {our / their:.3f} times, at most {MOST_OF_TUTORIAL}")
    return our / their <= MOST_OF_TUTORIAL


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--viewers", type=int, nargs="+", default=list(MOST),
                        choices=MOST)
    parser.add_argument("--job", nargs="+", choices=[job.name for job in JOBS],
                        default=["640", "1080"])
    parser.add_argument("--scene", nargs="+", choices=["still", "moving"],
                        default=["still", "moving"])
    parser.add_argument("--tutorial", action="store_true")
    arguments, options = parser.parse_known_args()
    arguments.options = options
    ok = [compare(job, scene == "moving", arguments) for job in JOBS
          for scene in arguments.scene if job.name in arguments.job]
    if arguments.tutorial:
        ok.append(compare_tutorial(arguments.seconds))
    print("\nmust:", "met" if all(ok) else "MISSED")
    main_guard(all(ok))


if __name__ == "__main__":
    main()
