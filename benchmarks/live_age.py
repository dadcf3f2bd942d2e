"""
Age of the live picture on the LAN, H.264 against MJPEG, and joining viewers.

    python -m benchmarks.live_age [TURNS]

Chromium shows the page of a marked camera 640x480 at 30 fps, *sharp* (MJPEG) and
*saving data* (H.264) in turns of ten seconds. Then the page is loaded 20 times while
another viewer watches: the time from the request of the video until its first picture
is shown, and the age of that. Met: H.264 at most 40 ms older in the median; each of 20
first pictures within 150 ms, and at most 150 ms old.
"""

import random
import socket
import statistics
import sys
import threading
import time

from benchmarks.browser import LivePage, Seen, live_page, summary
from benchmarks.live_stream import opened
from benchmarks.processes import main_guard, product, running

TURN_SECONDS, SETTLE_SECONDS, JOINS = 10.0, 4.0, 20


def ages(page: LivePage, url: str, turns: int) -> float:
    """Print the ages of both; return how much older H.264 is [s]."""
    seen: dict[str, list[Seen]] = {"sharp": [], "saving": []}
    medians: dict[str, list[float]] = {"sharp": [], "saving": []}
    for _ in range(turns):
        for choice in seen:
            page.open(url, choice)
            time.sleep(SETTLE_SECONDS)
            turn = page.seen_for(TURN_SECONDS)
            assert all(each.is_video == (choice == "saving") for each in turn)
            medians[choice].append(summary(turn).age)
            print(f"  {choice:8} {summary(turn)}", flush=True)
    more = [video - image for image, video in zip(*medians.values(), strict=True)]
    print(f"H.264 is older by {1000 * statistics.median(more):.0f} ms (median of turns;"
          f" {1000 * min(more):.0f} to {1000 * max(more):.0f} ms)")
    return float(statistics.median(more))


def joins(page: LivePage, url: str) -> tuple[float, float]:
    """Print and return the worst time until a first picture [s], and age of one [s]."""
    waits, first_ages = [], []
    with opened(url + "live.mp4") as (other, _):
        threading.Thread(target=drain, args=(other,), daemon=True).start()
        for _ in range(JOINS):
            time.sleep(random.uniform(0.2, 1.5))
            page.open(url)
            page.wait(lambda: [each for each in page.seen() if each.is_video])
            first = next(each for each in page.seen() if each.is_video)
            waits.append(first.at - max(at for at in page.fetched("live")
                                        if at < first.at))
            first_ages.append(first.age)
    for name, each in (("first picture after", waits), ("its age", first_ages)):
        print(f"{name}: median {1000 * statistics.median(each):.0f} ms, worst"
              f" {1000 * max(each):.0f} ms of {JOINS} joins")
    return max(waits), max(first_ages)


def drain(other: socket.socket) -> None:
    """Receive what comes, until the socket is closed."""
    try:
        while other.recv(1 << 18):
            pass
    except OSError:
        pass


def main(turns: int) -> None:
    """Measure and print."""
    with (running("-m", "benchmarks.marked_camera") as camera,
          product("--source", camera.url, "--no-record") as server,
          live_page() as page):
        older = ages(page, server.url, turns)
        wait, age = joins(page, server.url)
    ok = older <= 0.04 and wait <= 0.15 and age <= 0.15
    print("\nmust: <= 40 ms older; first pictures <= 150 ms, and <= 150 ms old:",
          "met" if ok else "MISSED")
    main_guard(ok)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 3)
