"""
What viewers notice while other clients flood the server.

    python -m benchmarks.flood [connections | logins | requests | addresses] [SECONDS]

connections: ten viewers at 30 fps, and a page that is opened again and again, while
1,000 connections send nothing or one byte a second; all from one address, the viewers'
own, and from ten. Met: every viewer gets at least 28 fps, every page takes at most
100 ms, and none of the connections is left after 12 s. Beside it, the same without
flood.

logins: ten viewers, and an owner who logs in again and again, while 200 wrong passwords
a second arrive. Met: every viewer gets at least 28 fps, every login takes at most 5 s.

requests: ten viewers, while a client on three connections sends requests without pause:
the largest forms, 500 at once, or pages; or starts TLS again and again. Met: every
viewer gets at least 28 fps, every page of others takes at most 100 ms.

addresses: ten viewers, an owner who opens /events again and again, and a person who
logs in from a new address, while a hundred addresses without a login flood the server
on 200 connections. Met: every viewer gets at least 28 fps, every page takes at most
100 ms, every login at most 5 s, and the flood half of the time of the server's thread.
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

from benchmarks.flood_addresses import flood_addresses, flood_from_addresses
from benchmarks.flood_logins import flood_logins, try_passwords
from benchmarks.flood_requests import flood_requests, send_requests
from benchmarks.processes import Server, beside, main_guard, product, viewers

KINDS_OF_FLOOD = ("connections", "logins", "requests", "addresses")
CONNECTIONS, VIEWERS = 1000, 10
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"x" * 1000
CLOSED_SECONDS = 12.0   # after which idle connections must be closed: 10, and some
LIMITS = ("--max-viewers", "100", "--max-viewers-per-address", "20")    # the defaults
PAGE_EVERY = 0.25       # seconds
MIN_FPS, MAX_PAGE_MS = 28.0, 100.0


class Row(NamedTuple):
    """What was measured during one flood."""

    slowest: float          # of the viewers [fps]
    page: float             # the median time of a page [ms]
    worst: float            # the longest [ms]
    most: int               # connections at once
    left: int               # connections at the end


def hold_connections(url: str, addresses: int, seconds: float) -> None:
    """Open connections; half of them send nothing, the others one byte a second."""
    port = urlsplit(url).port
    poll = selectors.EpollSelector()
    slow: list[socket.socket] = []
    for number in range(CONNECTIONS):
        source = f"127.0.0.{1 + number % addresses}"
        client = socket.create_connection(("127.0.0.1", port), 10, (source, 0))
        client.setblocking(False)
        poll.register(client, selectors.EVENT_READ)
        if number % 2:
            slow.append(client)
    print("connected", flush=True)
    until, sent = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        for client in slow:
            with contextlib.suppress(OSError):      # closed already
                client.send(REQUEST[sent:sent + 1])
        sent += 1
        due = time.monotonic() + 1
        while (left := due - time.monotonic()) > 0:
            for key, _ in poll.select(left):
                poll.unregister(key.fileobj)        # closed now


@contextlib.contextmanager
def connections_held(url: str, addresses: int, seconds: float) -> Iterator[None]:
    """Hold connections from so many *addresses* meanwhile; none without addresses."""
    if not addresses:
        yield
        return
    with beside("benchmarks.flood", "hold", url, str(addresses), str(seconds)):
        yield


def open_sockets(server: Server) -> int:
    """Return how many sockets *server* has open, the listening one included."""
    count = 0
    for each in Path(f"/proc/{server.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            count += os.readlink(each).startswith("socket:")
    return count


def pages(server: Server, seconds: float) -> tuple[list[float], int]:
    """Open the page again and again; return the times [ms] and the most sockets."""
    took, most, until = [], 0, time.monotonic() + seconds
    while time.monotonic() < until:
        begin = time.monotonic()
        with urllib.request.urlopen(server.url, timeout=10) as answer:
            answer.read()
        took.append(1000 * (time.monotonic() - begin))
        most = max(most, open_sockets(server))
        time.sleep(PAGE_EVERY)
    return took, most


def measure(addresses: int, seconds: float) -> Row:
    """Return what viewers notice of connections from so many *addresses*."""
    with product("--source", "demo:640x480@30", *LIMITS) as server:
        before = open_sockets(server)
        with (connections_held(server.url, addresses, seconds + 30),
              viewers(server.url + "video_feed", VIEWERS, seconds) as output):
            took, most = pages(server, seconds)
            report = json.loads(output.readline())
            time.sleep(max(1.0, CLOSED_SECONDS - seconds))
            left = open_sockets(server) - before
        slowest = min(viewer["fps"] for viewer in report)
        return Row(slowest, statistics.median(took), max(took), most, max(0, left))


def flood_connections(seconds: float) -> bool:
    """Print the table of idle and slow connections; return whether it is met."""
    print(f"{VIEWERS} viewers at 30 fps, {CONNECTIONS} idle and slow connections, "
          f"{seconds:g} s each\n")
    print("connections of   slowest viewer [fps]   page [ms]   worst   most   left")
    rows = {}
    for name, addresses in (("none", 0), ("one address", 1), ("ten addresses", 10)):
        rows[name] = row = measure(addresses, seconds)
        print(f"{name:14}   {row.slowest:20.1f}   {row.page:9.1f}   {row.worst:5.0f}"
              f"   {row.most:4}   {row.left:4}", flush=True)
    without = rows.pop("none")
    ratio = max(row.page for row in rows.values()) / without.page
    print(f"\na page takes {ratio:.2f} x the time of one without flood")
    return all(row.slowest >= MIN_FPS and row.worst <= MAX_PAGE_MS and not row.left
               for row in rows.values())


def main(which: str, seconds: float | None) -> None:
    """Run the floods that were chosen, and print what became of the viewers."""
    met = []
    if which in ("all", "connections"):
        met.append(flood_connections(seconds or 20))
        report("every viewer >= 28 fps, every page <= 100 ms, none left", met[-1])
    if which in ("all", "logins"):
        met.append(flood_logins(seconds or 60))
        report("every viewer >= 28 fps, every login <= 5 s", met[-1])
    if which in ("all", "requests"):
        met.append(flood_requests(seconds or 20))
        report("every viewer >= 28 fps, every page <= 100 ms", met[-1])
    if which in ("all", "addresses"):
        met.append(flood_addresses(seconds or 20))
        report("every viewer >= 28 fps, every page <= 100 ms, every login <= 5 s, "
               "the flood half of the thread", met[-1])
    main_guard(all(met))


def report(must: str, met: bool) -> None:
    """Print whether *must* was *met*."""
    print(f"must: {must}:", "met" if met else "MISSED", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["hold"]:
        hold_connections(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
    elif sys.argv[1:2] == ["try"]:
        try_passwords(sys.argv[2], float(sys.argv[3]))
    elif sys.argv[1:2] == ["send"]:
        send_requests(sys.argv[2], sys.argv[3], float(sys.argv[4]))
    elif sys.argv[1:2] == ["send-from"]:
        flood_from_addresses(sys.argv[2], sys.argv[3], float(sys.argv[4]))
    else:
        words = sys.argv[1:]
        chosen = words.pop(0) if words[:1] and words[0] in KINDS_OF_FLOOD else "all"
        main(chosen, float(words[0]) if words else None)
