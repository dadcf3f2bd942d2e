"""
Requests without end, by a stranger on a few connections, while ten viewers watch.

    python -m benchmarks.siege requests [SECONDS]
"""

import contextlib
import json
import socket
import ssl
import statistics
import threading
import time
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.load import anybody
from benchmarks.processes import Server, beside, product, viewers

CONNECTIONS, VIEWERS = 3, 10
GREETINGS = 30      # handshakes that are begun at once on each of them
STRANGER = "127.0.0.9"
LEAST, LONGEST = 28.0, 100.0    # fps of a viewer, milliseconds of a page
EVERY = 0.25        # seconds between two pages
HEAD = " HTTP/1.1\r\nHost: localhost\r\n"
FORM = "a&" * 32_000
PEACE, HTTPS, HANDSHAKES = "none", "none, https", "TLS handshakes"
KINDS = (PEACE, "forms of 64 kB", "500 at once", "pages", HTTPS, HANDSHAKES)


class Row(NamedTuple):
    """What was measured in one run."""

    slowest: float      # of the viewers [fps]
    page: float         # the median time of a page [ms]
    worst: float        # the longest [ms]


def requests(kind: str) -> bytes:
    """Return what a connection sends again and again."""
    if kind == "forms of 64 kB":
        return (f"POST /login{HEAD}Content-Length: {len(FORM)}\r\nContent-Type: "
                f"application/x-www-form-urlencoded\r\n\r\n{FORM}").encode()
    path = "/login" if kind == "pages" else "/healthz"
    return f"GET {path}{HEAD}\r\n".encode() * (1 if kind == "pages" else 500)


def hello() -> bytes:
    """Return how a client begins with TLS, to be sent by one that computes nothing."""
    heard, said = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        anybody().wrap_bio(heard, said).do_handshake()
    return said.read()


def flood(url: str, kind: str, seconds: float) -> None:
    """Send requests of that *kind* as fast as they are taken."""
    words = (greet, hello()) if kind == HANDSHAKES else (keep_asking, requests(kind))
    threads = [threading.Thread(target=words[0], args=(url, words[1], seconds))
               for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    print("flooding", flush=True)
    for thread in threads:
        thread.join()


def keep_asking(url: str, request: bytes, seconds: float) -> None:
    """Ask on one connection, and on a new one once that is closed."""
    port, until = urlsplit(url).port, time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(
                ("127.0.0.1", port), 10, (STRANGER, 0)) as connection:
            while time.monotonic() < until:
                connection.sendall(request)
                if not connection.recv(65536):
                    break


def greet(url: str, greeting: bytes, seconds: float) -> None:
    """Begin with TLS on many connections at once, compute nothing, and do so again."""
    port, until = urlsplit(url).port, time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            begun = [stack.enter_context(socket.create_connection(
                ("127.0.0.1", port), 10, (STRANGER, 0))) for _ in range(GREETINGS)]
            for connection in begun:
                connection.sendall(greeting)
            for connection in begun:
                connection.recv(65536)


@contextlib.contextmanager
def flooded(server: Server, kind: str, seconds: float) -> Iterator[None]:
    """Have requests of that *kind* come in inside, or have peace."""
    if kind in (PEACE, HTTPS):
        yield
        return
    with beside("benchmarks.siege", "flood", server.url, kind, str(seconds)):
        yield


def page(url: str) -> float:
    """Return how long a small page takes on a new connection [ms]."""
    begin, parts = time.monotonic(), urlsplit(url)
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(
            socket.create_connection(("127.0.0.1", parts.port or 80), 10))
        if parts.scheme == "https":
            connection = stack.enter_context(anybody().wrap_socket(connection))
        connection.sendall(f"GET /healthz{HEAD}Connection: close\r\n\r\n".encode())
        while connection.recv(65536):
            pass
    return 1000 * (time.monotonic() - begin)


def measure(kind: str, seconds: float) -> Row:
    """Return what viewers notice of requests of that *kind*."""
    tls = ("--tls", "self-signed") if kind in (HTTPS, HANDSHAKES) else ()
    with (product("--source", "demo:640x480@30", *tls) as server,
          flooded(server, kind, seconds + 30),
          viewers(server.url + "video_feed", VIEWERS, seconds) as output):
        took, until = [], time.monotonic() + seconds
        while time.monotonic() < until:
            took.append(page(server.url))
            time.sleep(EVERY)
        report = json.loads(output.readline())
    return Row(min(viewer["fps"] for viewer in report), statistics.median(took),
               max(took))


def asking(seconds: float) -> bool:
    """Print the table of requests without end; return whether the viewers kept up."""
    print(f"\n{VIEWERS} viewers at 30 fps, a stranger's requests on {CONNECTIONS} "
          f"connections, {seconds:g} s each\n")
    print("requests           slowest viewer [fps]   page [ms]   worst")
    ok = True
    for kind in KINDS:
        row = measure(kind, seconds)
        print(f"{kind:16}   {row.slowest:20.1f}   {row.page:9.1f}"
              f"   {row.worst:5.0f}", flush=True)
        ok = ok and row.slowest >= LEAST and row.worst <= LONGEST
    return ok
