"""
CPU of a server with many viewers of H.264, against as many of MJPEG.

    python -m benchmarks.live_cost [SECONDS] [TURNS]

An MJPEG camera 640x480 at 30 fps, recording off; 1 and 100 viewers of `/live.mp4` and
of `/video_feed`, in turns on one server. Met: 100 viewers of H.264 take at most 1.15
times the CPU of those of MJPEG in the median of the turns; each gets 29 fps.
"""

import statistics
import sys
import time

from benchmarks.processes import main_guard, measure, product, running

PATHS = ("video_feed", "live.mp4")
SETTLE_SECONDS, CPU_RATIO = 5.0, 1.15


def main(seconds: float, turns: int) -> None:
    """Measure and print the table."""
    ok = True
    print("viewers   MJPEG [cores]   H.264 [cores]   ratio   slowest viewers [fps]")
    with (running("-m", "benchmarks.http_camera") as camera,
          product("--source", camera.url, "--no-record") as server):
        time.sleep(SETTLE_SECONDS)
        for count in (1, 100):
            ratios = []
            for _ in range(turns):
                cores, slowest = [], []
                for path in PATHS:
                    used, report = measure(server, count, seconds, path=path)
                    cores.append(used / seconds)
                    slowest.append(min(each["fps"] for each in report))
                ratios.append(cores[1] / cores[0])
                print(f"{count:7}   {cores[0]:13.3f}   {cores[1]:13.3f}"
                      f"   {ratios[-1]:5.2f}   {slowest[0]:.1f} and {slowest[1]:.1f}",
                      flush=True)
                ok &= slowest[1] >= 29
            print(f"{count:7}   median ratio {statistics.median(ratios):.2f}")
    ok &= statistics.median(ratios) <= CPU_RATIO
    print("\nmust: <= 1.15 x with 100 viewers, each >= 29 fps:",
          "met" if ok else "MISSED")
    main_guard(ok)


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 6,
         int(sys.argv[2]) if sys.argv[2:] else 3)
