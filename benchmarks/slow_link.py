"""
Age of the frames on a link that is too slow for the stream.

    python -m benchmarks.slow_link [SECONDS]

One viewer reads 200 kB/s of a 48 kB x 30 fps stream through a receive buffer of 16 kB,
beside ten fast ones. Measured is the age of each frame when its first bytes reach the
slow viewer, over the second half. Met: median at most 0.35 s, worst at most 0.6 s, the
fast viewers get 30 fps. Beside it, the same with the kernel's default send buffer
(without TCP_NOTSENT_LOWAT).
"""

import json
import re
import socket
import statistics
import sys
import time
from urllib.parse import urlsplit

from benchmarks.processes import main_guard, running, viewers

RATE, BUFFER, STEP = 200_000, 16 * 1024, 0.02
STAMP = re.compile(rb"X-Timestamp: ([\d.]+)\r\n")


def read_slowly(url: str, seconds: float) -> list[float]:
    """Read *url* at ``RATE`` [bytes/s]; return the age of each frame [s]."""
    parts = urlsplit(url)
    viewer = socket.socket()
    viewer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    viewer.connect((parts.hostname, parts.port))
    viewer.sendall(b"GET /video_feed HTTP/1.1\r\nHost: localhost\r\n\r\n")
    ages, tail, allowance = [], b"", 0.0
    start = last = time.monotonic()
    while (now := time.monotonic()) < start + seconds:
        allowance = min(allowance + (now - last) * RATE, 2 * RATE * STEP)
        last = now
        if allowance < 1:
            time.sleep(STEP)
            continue
        data = viewer.recv(int(allowance))
        allowance -= len(data)
        text = tail + data
        end = 0
        for found in STAMP.finditer(text):
            ages.append(time.time() - float(found[1]))
            end = found.end()
        tail = text[max(end, len(text) - 40):]
        time.sleep(STEP)
    viewer.close()
    return ages


def main(seconds: float) -> None:
    """Measure with and without the limit on unsent bytes; print both."""
    print("                   median [s]   worst [s]   frames   fast viewers [fps]")
    results = {}
    for name in ("ours", "unlimited"):
        with (running("-m", "benchmarks.fanout", name) as server,
              viewers(server.url + "video_feed", 10, seconds) as output):
            ages = read_slowly(server.url, seconds)
            fast = min(viewer["fps"] for viewer in json.loads(output.readline()))
        second = ages[len(ages) // 2:]
        results[name] = (statistics.median(second), max(second), fast)
        median, worst, fast = results[name]
        print(f"{name:16}   {median:10.2f}   {worst:9.2f}   {len(ages):6}   {fast:.1f}",
              flush=True)
    median, worst, fast = results["ours"]
    print(f"\nratio of the medians: {median / results['unlimited'][0]:.3f}")
    ok = median <= 0.35 and worst <= 0.6 and fast >= 29.5
    print("must: median <= 0.35 s, worst <= 0.6 s, fast viewers 30 fps:",
          "met" if ok else "MISSED")
    main_guard(ok)


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 20)
