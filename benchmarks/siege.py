"""
What viewers notice while strangers try to hold the server.

    python -m benchmarks.siege [connections | logins | requests] [SECONDS]

Connections: ten viewers at 30 fps, and a page opened anew again and again, while 1,000
connections say nothing or one byte a second: all of one address, the viewers' own, and
of ten. Must: no viewer below 28 fps, each page within 100 ms, and no stranger left 12 s
after the siege began. Beside it, the same without strangers.

Logins: ten viewers, and the owner who logs in again and again, while strangers try 200
wrong passwords a second. Must: no viewer below 28 fps, each login within 5 s.

Requests: ten viewers, while a stranger on three connections asks without end: with the
largest forms, 500 requests at once, or pages; or begins with TLS again and again. Must:
no viewer below 28 fps, each page of others within 100 ms.
"""

import contextlib
import json
import os
import selectors
import socket
import statistics
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.processes import Server, beside, main_guard, product, viewers
from benchmarks.siege_logins import LEAST, LONGEST, attack, guessing
from benchmarks.siege_requests import asking, flood

SIEGES = ("connections", "logins", "requests")
STRANGERS, VIEWERS = 1000, 10
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"x" * 1000
AFTERWARDS = 12.0       # seconds: the 10 of a request's head, and some
LIMITS = ("--max-viewers", "100", "--max-viewers-per-address", "20")    # the defaults
EVERY = 0.25            # seconds between two pages


class Row(NamedTuple):
    """What was measured in one siege."""

    slowest: float          # of the viewers [fps]
    page: float             # the median time of a page [ms]
    worst: float            # the longest [ms]
    held: int               # connections at most, all in all
    left: int               # connections afterwards


def besiege(url: str, addresses: int, seconds: float) -> None:
    """Open connections; say nothing in one half, one byte a second in the other."""
    port = urlsplit(url).port
    poll = selectors.EpollSelector()
    slow: list[socket.socket] = []
    for number in range(STRANGERS):
        source = f"127.0.0.{1 + number % addresses}"
        stranger = socket.create_connection(("127.0.0.1", port), 10, (source, 0))
        stranger.setblocking(False)
        poll.register(stranger, selectors.EVENT_READ)
        if number % 2:
            slow.append(stranger)
    print("connected", flush=True)
    until, said = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        for stranger in slow:
            with contextlib.suppress(OSError):      # hung up on already
                stranger.send(REQUEST[said:said + 1])
        said += 1
        due = time.monotonic() + 1
        while (left := due - time.monotonic()) > 0:
            for key, _ in poll.select(left):
                poll.unregister(key.fileobj)        # hung up on now


@contextlib.contextmanager
def strangers(url: str, addresses: int, seconds: float) -> Iterator[None]:
    """Have a siege going on inside; with no *addresses*, peace."""
    if not addresses:
        yield
        return
    with beside("benchmarks.siege", "besiege", url, str(addresses), str(seconds)):
        yield


def connections(server: Server) -> int:
    """Return how many sockets *server* has open, the listening one included."""
    count = 0
    for each in Path(f"/proc/{server.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            count += os.readlink(each).startswith("socket:")
    return count


def pages(server: Server, seconds: float) -> tuple[list[float], int]:
    """Open the page again and again; return the times [ms] and the most sockets."""
    took, held, until = [], 0, time.monotonic() + seconds
    while time.monotonic() < until:
        begin = time.monotonic()
        with urllib.request.urlopen(server.url, timeout=10) as answer:
            answer.read()
        took.append(1000 * (time.monotonic() - begin))
        held = max(held, connections(server))
        time.sleep(EVERY)
    return took, held


def measure(addresses: int, seconds: float) -> Row:
    """Return what viewers notice of strangers with so many *addresses*."""
    with product("--source", "demo:640x480@30", *LIMITS) as server:
        before = connections(server)
        with (strangers(server.url, addresses, seconds + 30),
              viewers(server.url + "video_feed", VIEWERS, seconds) as output):
            took, held = pages(server, seconds)
            report = json.loads(output.readline())
            time.sleep(max(1.0, AFTERWARDS - seconds))
            left = connections(server) - before
        slowest = min(viewer["fps"] for viewer in report)
        return Row(slowest, statistics.median(took), max(took), held, max(0, left))


def silent_and_slow(seconds: float) -> bool:
    """Print the table of connections that say next to nothing; return if it is met."""
    print(f"{VIEWERS} viewers at 30 fps, {STRANGERS} strangers, {seconds:g} s each\n")
    print("strangers of     slowest viewer [fps]   page [ms]   worst   held   left")
    rows = {}
    for name, addresses in (("nobody", 0), ("one address", 1), ("ten addresses", 10)):
        rows[name] = row = measure(addresses, seconds)
        print(f"{name:14}   {row.slowest:20.1f}   {row.page:9.1f}   {row.worst:5.0f}"
              f"   {row.held:4}   {row.left:4}", flush=True)
    peace = rows.pop("nobody")
    ratio = max(row.page for row in rows.values()) / peace.page
    print(f"\na page takes {ratio:.2f} x the time of one in peace")
    return all(row.slowest >= 28 and row.worst <= 100 and not row.left
               for row in rows.values())


def main(which: str, seconds: float | None) -> None:
    """Lay each siege, and print what became of it."""
    met = []
    if which in ("all", "connections"):
        met.append(silent_and_slow(seconds or 20))
        print("must: every viewer >= 28 fps, every page <= 100 ms, nobody left:",
              "met" if met[-1] else "MISSED", flush=True)
    if which in ("all", "logins"):
        met.append(guessing(seconds or 60))
        print(f"must: every viewer >= {LEAST:g} fps, every login <= {LONGEST:g} s:",
              "met" if met[-1] else "MISSED", flush=True)
    if which in ("all", "requests"):
        met.append(asking(seconds or 20))
        print("must: every viewer >= 28 fps, every page <= 100 ms:",
              "met" if met[-1] else "MISSED")
    main_guard(all(met))


if __name__ == "__main__":
    if sys.argv[1:2] == ["besiege"]:
        besiege(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
    elif sys.argv[1:2] == ["attack"]:
        attack(sys.argv[2], float(sys.argv[3]))
    elif sys.argv[1:2] == ["flood"]:
        flood(sys.argv[2], sys.argv[3], float(sys.argv[4]))
    else:
        words = sys.argv[1:]
        chosen = words.pop(0) if words[:1] and words[0] in SIEGES else "all"
        main(chosen, float(words[0]) if words else None)
