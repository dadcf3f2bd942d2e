"""
Memory: at start, with a camera, per viewer, after viewers came and went, and recording.

    python -m benchmarks.memory [MINUTES]

Must: at most 120 MB with one camera and --no-record, at most 60 kB a viewer (400 of
them), no growth while groups of viewers come and go. The ratio is to a process that
has only imported the libraries. Beside it, the same camera while it is recorded, after
80 seconds, when all has been loaded.
"""

import random
import statistics
import sys
import time

from benchmarks.processes import Server, main_guard, measure, product, running, viewers

IMPORTS = ("import cv2, flask, gevent.pywsgi, imutils.video, sys; "
           "print('http://none/', flush=True); sys.stdin.read()")


def main(minutes: float) -> None:
    """Measure and print."""
    with running("-c", IMPORTS) as bare:
        libraries = bare.rss()
    print(f"libraries alone        {libraries:7.1f} MB")
    with product("--source", "0", "--log-level", "error") as server:
        print(f"without a camera       {server.rss():7.1f} MB")
    with product("--source", "demo:640x480@30") as server:
        measure(server, 1, 80)
        recording = server.rss()
    print(f"one camera, recorded   {recording:7.1f} MB"
          f"   ({recording / libraries:.2f} x the libraries)", flush=True)
    with product("--source", "demo:640x480@30", "--no-record") as server:
        measure(server, 1, 3)
        one = server.rss()
        print(f"one camera, no record  {one:7.1f} MB"
              f"   ({one / libraries:.2f} x the libraries)")
        with viewers(server.url + "video_feed", 400, 4):
            time.sleep(3)
            each = (server.rss() - one) / 400 * 1000
        print(f"each of 400 viewers    {each:7.1f} kB", flush=True)
        growth = come_and_go(server, minutes * 60)
    print(f"growth over {minutes:g} min    {growth:7.2f} MB")
    ok = one <= 120 and each <= 60 and growth < 2
    print("\nmust: <= 120 MB, <= 60 kB a viewer, no growth (< 2 MB):",
          "met" if ok else "MISSED")
    main_guard(ok)


def come_and_go(server: Server, seconds: float) -> float:
    """Return by how much memory [MB] grew from the first to the last third."""
    chance, seen, until = random.Random(1), [], time.monotonic() + seconds
    while time.monotonic() < until:
        measure(server, chance.randint(1, 60), 0.5)
        seen.append(server.rss())
    third = max(1, len(seen) // 3)
    return statistics.median(seen[-third:]) - statistics.median(seen[:third])


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 5)
