"""The flood of requests from one client; see ``flood.py``."""

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

from benchmarks.load import trust_all
from benchmarks.processes import Server, beside, product, viewers

CONNECTIONS, VIEWERS = 3, 10
HANDSHAKES_AT_ONCE = 30     # on each of them
CLIENT = "127.0.0.9"
MIN_FPS, MAX_PAGE_MS = 28.0, 100.0
PAGE_EVERY = 0.25           # seconds
HEAD = " HTTP/1.1\r\nHost: localhost\r\n"
FORM = "a&" * 32_000
NONE, HTTPS, HANDSHAKES = "none", "none, https", "TLS handshakes"
KINDS_OF_REQUEST = (NONE, "forms of 64 kB", "500 at once", "pages", HTTPS, HANDSHAKES)


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


def client_hello() -> bytes:
    """Return a ClientHello, for clients that compute nothing."""
    received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        trust_all().wrap_bio(received, sent).do_handshake()
    return sent.read()


def send_requests(url: str, kind: str, seconds: float) -> None:
    """Send requests of that *kind* as fast as the server takes them."""
    send, data = ((start_tls, client_hello()) if kind == HANDSHAKES
                  else (repeat_request, requests(kind)))
    threads = [threading.Thread(target=send, args=(url, data, seconds))
               for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    print("started", flush=True)
    for thread in threads:
        thread.join()


def repeat_request(url: str, request: bytes, seconds: float) -> None:
    """Send *request* on one connection, and on a new one once that is closed."""
    port, until = urlsplit(url).port, time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(
                ("127.0.0.1", port), 10, (CLIENT, 0)) as connection:
            while time.monotonic() < until:
                connection.sendall(request)
                if not connection.recv(65536):
                    break


def start_tls(url: str, hello: bytes, seconds: float) -> None:
    """Start handshakes on many connections at once, again and again."""
    port, until = urlsplit(url).port, time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            started = [stack.enter_context(socket.create_connection(
                ("127.0.0.1", port), 10, (CLIENT, 0)))
                for _ in range(HANDSHAKES_AT_ONCE)]
            for connection in started:
                connection.sendall(hello)
            for connection in started:
                connection.recv(65536)


@contextlib.contextmanager
def flooded(server: Server, kind: str, seconds: float) -> Iterator[None]:
    """Send requests of that *kind* meanwhile, if any."""
    if kind in (NONE, HTTPS):
        yield
        return
    with beside("benchmarks.flood", "send", server.url, kind, str(seconds)):
        yield


def page(url: str) -> float:
    """Return how long a small page takes on a new connection [ms]."""
    begin, parts = time.monotonic(), urlsplit(url)
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(
            socket.create_connection(("127.0.0.1", parts.port or 80), 10))
        if parts.scheme == "https":
            connection = stack.enter_context(trust_all().wrap_socket(connection))
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
            time.sleep(PAGE_EVERY)
        report = json.loads(output.readline())
    return Row(min(viewer["fps"] for viewer in report), statistics.median(took),
               max(took))


def flood_requests(seconds: float) -> bool:
    """Print the table of requests without pause; return whether it is met."""
    print(f"\n{VIEWERS} viewers at 30 fps, requests on {CONNECTIONS} connections of "
          f"another client, {seconds:g} s each\n")
    print("requests           slowest viewer [fps]   page [ms]   worst")
    ok = True
    for kind in KINDS_OF_REQUEST:
        row = measure(kind, seconds)
        print(f"{kind:16}   {row.slowest:20.1f}   {row.page:9.1f}"
              f"   {row.worst:5.0f}", flush=True)
        ok = ok and row.slowest >= MIN_FPS and row.worst <= MAX_PAGE_MS
    return ok
