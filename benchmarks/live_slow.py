"""
Age and rate of the live picture at viewers that take few bytes a second.

    python -m benchmarks.live_slow [SECONDS] [FILM]

A marked camera 640x480 at 30 fps. Viewers with a receive buffer of 16 kB read 60, 120
and 240 kB/s of `/live.mp4`, in turns with `/video_feed`. Counted are the last two
thirds; the age is that at the arrival of a picture's last byte. Met: at 60 kB/s at
least 25 fps and a median of at most 0.7 s, at 120 kB/s 29 fps and 0.1 s.
"""

import statistics
import sys
from itertools import pairwise

from benchmarks.live_stream import pictures
from benchmarks.processes import main_guard, product, running

LIMITS = {60: (25.0, 0.7), 120: (29.0, 0.1)}     # kB/s: fps, age [s]


def watch(url: str, rate: int, seconds: float) -> tuple[float, float]:
    """Read *rate* [kB/s] of *url*; print and return frames a second and median age."""
    seen = list(pictures(url, seconds, rate=1000 * rate))
    end = seen[-1].arrived
    late = [each for each in seen if each.arrived > end - seconds * 2 / 3]
    fps = (len(late) - 1) / (late[-1].arrived - late[0].arrived)
    ages = [each.age for each in late]
    gap = max(after.arrived - before.arrived for before, after in pairwise(late))
    size = statistics.mean(len(each.data) for each in seen)
    print(f"{rate:5}   {'H.264' if '.mp4' in url else 'MJPEG'}   {fps:5.1f}"
          f"   {statistics.median(ages):8.2f}   {max(ages):6.2f}   {gap:8.2f}"
          f"   {size / 1000:6.1f}", flush=True)
    return fps, statistics.median(ages)


def main(seconds: float, film: str) -> None:
    """Measure and print the table."""
    print(" kB/s   stream     fps   age: median    worst   gap [s]   kB a picture")
    ok = True
    more = [f"film={film}"] if film else []
    with (running("-m", "benchmarks.marked_camera", "640x480@30", *more) as camera,
          product("--source", camera.url, "--no-record") as server):
        for rate in (60, 120, 240):
            watch(server.url + "video_feed", rate, seconds)
            fps, age = watch(server.url + "live.mp4", rate, seconds)
            least, most = LIMITS.get(rate, (0.0, 9.0))
            ok &= fps >= least and age <= most
    print("\nmust: 60 kB/s >= 25 fps at <= 0.7 s; 120 kB/s >= 29 fps at <= 0.1 s:",
          "met" if ok else "MISSED")
    main_guard(ok)


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 15,
         sys.argv[2] if sys.argv[2:] else "")
