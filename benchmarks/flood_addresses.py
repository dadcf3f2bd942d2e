"""The flood from a hundred addresses without a login; see ``flood.py``."""

import contextlib
import http.client
import json
import selectors
import socket
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.flood_logins import PASSWORD
from benchmarks.flood_requests import HEAD, client_hello
from benchmarks.load import trust_all
from benchmarks.processes import Server, beside, product, viewers
from pyimagesearch.access.credentials import Credentials, CredentialsFile
from pyimagesearch.access.passwords import hash_password
from pyimagesearch.access.roles import Role
from pyimagesearch.folders import ConfigFolder

ADDRESSES, CONNECTIONS, VIEWERS = 100, 200, 10      # connections in all
OWNER = "127.0.8.1"             # who is logged in
PERSONS = "127.0.9.{}"          # who log in for the first time
PAGE_EVERY, LOGIN_EVERY = 0.25, 2.0     # seconds
MIN_FPS, MAX_PAGE_MS, MAX_LOGIN_SECONDS = 28.0, 100.0, 5.0
MAX_FLOOD_SHARE = 0.5   # of the server thread's time
NONE, HTTPS, HANDSHAKES = "none", "none, https", "TLS handshakes"
FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}
WRONG = "account=owner&password=wrong"


def form(body: str) -> bytes:
    """Return a request that sends *body* to the login page."""
    return (f"POST /login{HEAD}Content-Type: {FORM_TYPE['Content-Type']}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


REQUESTS: dict[str, bytes | None] = {       # empty: connect, and disconnect
    NONE: None, "pages": f"GET /login{HEAD}\r\n".encode(),
    "refused pages": f"GET /events{HEAD}\r\n".encode(), "forms": form("a&" * 2000),
    "wrong logins": form(WRONG), "no HTTP": b"x\r\n\r\n", "connections": b"",
    HTTPS: None, HANDSHAKES: client_hello()}


class Row(NamedTuple):
    """What was measured during one flood."""

    slowest: float      # of the viewers [fps]
    page: float         # the median time of the owner's /events [ms]
    worst: float        # the longest [ms]
    login: float        # the longest first login of a person [s]
    busy: float         # the server's thread [share of the time], viewers included


class Flood:
    """Send *request* again and again on many connections from many addresses."""

    def __init__(self, port: int, request: bytes) -> None:
        self._port = port
        self._request = request
        self._poll = selectors.EpollSelector()
        self._opened = 0

    def run(self, seconds: float) -> None:
        """Flood for so long."""
        for _ in range(CONNECTIONS):
            self._open()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for key, events in self._poll.select(0.1):
                with contextlib.suppress(BlockingIOError):
                    self._go_on(key.fileobj, events)    # type: ignore[arg-type]

    def _open(self) -> None:
        client = socket.socket()
        client.setblocking(False)
        client.bind((f"127.0.2.{1 + self._opened % ADDRESSES}", 0))
        self._opened += 1
        client.connect_ex(("127.0.0.1", self._port))
        self._poll.register(client, selectors.EVENT_WRITE)

    def _go_on(self, client: socket.socket, events: int) -> None:
        try:
            if events & selectors.EVENT_READ:
                if not client.recv(65536):
                    raise ConnectionError
                if self._request[:1] == b"\x16":    # one answer costs the most
                    raise ConnectionError
            if not self._request:
                raise ConnectionError
            client.send(self._request)
            self._poll.modify(client, selectors.EVENT_READ)
        except OSError as error:
            if isinstance(error, BlockingIOError):
                raise
            self._poll.unregister(client)
            client.close()
            self._open()


def flood_from_addresses(url: str, kind: str, seconds: float) -> None:
    """Flood *url* in one of the ways in :data:`REQUESTS`."""
    print("started", flush=True)
    Flood(urlsplit(url).port or 80, REQUESTS[kind] or b"").run(seconds)


def thread_seconds(server: Server) -> float:
    """Return the CPU time that the server's thread has used [s]."""
    path = Path(f"/proc/{server.pid}/task/{server.pid}/schedstat")
    return int(path.read_text().split()[0]) / 1e9


class Browser:
    """A kept connection from address *source*, opened when it is needed."""

    def __init__(self, url: str, source: str = OWNER) -> None:
        parts, near = urlsplit(url), (source, 0)
        self._connection = http.client.HTTPConnection("127.0.0.1", parts.port, 30, near)
        if parts.scheme == "https":
            self._connection = http.client.HTTPSConnection(
                "127.0.0.1", parts.port, timeout=30, source_address=near,
                context=trust_all())

    def ask(self, path: str, wanted: int, body: bytes | None = None, **headers: str
            ) -> bytes:
        """Send one request; return the body of the answer, which must be *wanted*."""
        self._connection.request("POST" if body else "GET", path, body,
                                 {"Host": "localhost", **headers})
        with self._connection.getresponse() as answer:
            assert answer.status == wanted, (path, answer.status)
            return answer.read()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def log_in(url: str, token: str, source: str) -> float:
    """Open the login page and log in from address *source*; return how long [s]."""
    begin = time.monotonic()
    with contextlib.closing(Browser(url, source)) as browser:
        for path in ("/login", "/static/style.css", "/static/login.js"):
            browser.ask(path, 200)
        browser.ask(f"/login?token={token}", 303)
    return time.monotonic() - begin


def timed_pages(url: str, token: str, seconds: float) -> list[float]:
    """Open /events again and again as the owner; return the times [ms]."""
    took, until = [], time.monotonic() + seconds
    with contextlib.closing(Browser(url)) as browser:
        while time.monotonic() < until:
            begin = time.monotonic()
            browser.ask("/events", 200, Authorization=f"Bearer {token}")
            took.append(1000 * (time.monotonic() - begin))
            time.sleep(PAGE_EVERY)
    return took


def measure(kind: str, seconds: float) -> Row:
    """Return what owner, viewers and a person who logs in notice of a flood."""
    found = Credentials.new().with_password(Role.OWNER, hash_password(PASSWORD))
    tls = ("--tls", "self-signed") if kind in (HTTPS, HANDSHAKES) else ()
    with tempfile.TemporaryDirectory() as data:
        CredentialsFile(ConfigFolder(data)).save(found)
        with product("--source", "demo:640x480@30", "--log-level", "error", *tls,
                     "--data", data, "--config-dir", data) as server:
            return measure_server(server, found.tokens[Role.OWNER], kind, seconds)


def measure_server(server: Server, token: str, kind: str, seconds: float) -> Row:
    """Measure with a running *server*."""
    with contextlib.closing(Browser(server.url)) as browser:
        key = browser.ask(
            "/api/stream_key", 200, b'{"path": "/video_feed"}', **{
                "Content-Type": "application/json", "Authorization": f"Bearer {token}"})
    flood = (beside("benchmarks.flood", "send-from", server.url, kind,
                    str(seconds + 30)) if REQUESTS[kind] is not None
             else contextlib.nullcontext())
    with flood, viewers(server.url + json.loads(key)["url"].lstrip("/"), VIEWERS,
                        seconds) as output, ThreadPoolExecutor(2) as pool:
        before, begin = thread_seconds(server), time.monotonic()
        pages = pool.submit(timed_pages, server.url, token, seconds)
        logins = [0.0]
        while time.monotonic() < begin + seconds - LOGIN_EVERY:
            time.sleep(LOGIN_EVERY)
            logins.append(log_in(server.url, token, PERSONS.format(len(logins))))
        took = pages.result()
        share = (thread_seconds(server) - before) / (time.monotonic() - begin)
        report = json.loads(output.readline())
    return Row(min(viewer["fps"] for viewer in report), statistics.median(took),
               max(took), max(logins), share)


def flood_addresses(seconds: float) -> bool:
    """Print the table of floods from many addresses; return whether it is met."""
    print(f"\n{VIEWERS} viewers at 30 fps, {CONNECTIONS} connections from {ADDRESSES} "
          f"addresses without a login, {seconds:g} s each\n")
    print("flood            slowest viewer [fps]   /events [ms]   worst"
          "   first login [s]   busy thread")
    ok, quiet = True, 0.0
    for kind in REQUESTS:
        row = measure(kind, seconds)
        quiet = row.busy if REQUESTS[kind] is None else quiet
        print(f"{kind:16} {row.slowest:21.1f}   {row.page:12.1f}   {row.worst:5.0f}"
              f"   {row.login:15.2f}   {row.busy:10.0%}", flush=True)
        ok = ok and row.slowest >= MIN_FPS and row.worst <= MAX_PAGE_MS and (
            row.login <= MAX_LOGIN_SECONDS and row.busy - quiet <= MAX_FLOOD_SHARE)
    return ok
