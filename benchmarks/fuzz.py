"""
Malformed requests by the hundred thousand, and what is left of the server after them.

    python -m benchmarks.fuzz [REQUESTS] [SEED]
    python -m benchmarks.fuzz --api [REQUESTS] [SEED]

Well-formed requests are cut, doubled, shuffled and strewn with bytes that HTTP does
not want, then sent to the running program, once a first clip is whole. Must: no status
of 500, no traceback, no hang of 10 s; after the first tenth no more threads, not over 2
descriptors and 2 MB of memory more. Beside it, the time of a page before and after.

With ``--api``, schemathesis makes the requests from the API's own description instead,
good ones and bad ones; besides, each answer must be as described.
"""

import collections
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.processes import ROOT, Server, main_guard

Chance = random.Random
Row = tuple[int, int, float]    # descriptors, threads, memory [MB]
Send = Callable[[Server, int, Chance], bool]     # whether the server is as it was
PATIENCE = 10.0     # seconds after which an answer counts as none
SETTLE = 120.0      # seconds in which a first clip must be whole
FILES = 2           # that SQLite may keep open for the next of several readers at once
METHODS = [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"get",
    b"", b"G\xc3\x89T", b"CONNECT", b"PRI", b"X" * 30]
PATHS = [b"/", b"/healthz", b"/video_feed", b"/api/status", b"/api/status/camera",
    b"/snapshot.jpg", b"/static/live.js", b"/camera/camera", b"/camera/%00",
    b"/static/../webstreaming.py", b"/static/%2e%2e/%2e%2e/etc/passwd", b"//", b"/%",
    b"/%ff%fe", b"/\xff\xfe", b"/?a=%zz", b"/?" + b"a=b&" * 500, b"*", b"http://x/",
    b"", b"/" + b"a" * 9000, b"/a b", b"/\x00"]
VERSIONS = [b"HTTP/1.1"] * 8 + [b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.",
    b"HTTP/x.y", b"", b"HTTP/1.1 x", b"HTTP/11", b"http/1.1"]
HEADERS = [b"Host: localhost", b"Host: localhost", b"Host: a, b", b"Connection: close",
    b"Connection: keep-alive", b"Connection: upgrade", b"Upgrade: websocket",
    b"Content-Length: 5", b"Content-Length: 0", b"Content-Length: -5",
    b"Content-Length: 5x", b"Content-Length: 99999999999999999999",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip",
    b"Transfer-Encoding : chunked", b"Expect: 100-continue", b"Expect: x",
    b"Range: bytes=0-1", b"Range: bytes=5-1", b"Range: x", b"Range: bytes=-",
    b"If-Modified-Since: never", b"If-None-Match: \"\xff\"", b"Cookie: a=\xff; =; ;;",
    b"Accept: */*;q=x, text/html;q=9", b"Accept: \xe4", b"Content-Type: a/b; c=\"",
    b"Content-Type: application/json", b"Content-Type: multipart/form-data",
    b"Authorization: Basic \xff\xff", b"X-Forwarded-For: a, b", b"no colon", b": x",
    b" folded", b"A\x00: b", b"A: \x00", b"A: b\rC: d", b"A" * 300 + b": b",
    b"A: " + b"b" * 9000, b"Origin: null", b"Accept-Encoding: gzip;q=nan"]
BODIES = [b"", b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n", b"-1\r\nx\r\n",
    b"fffffffff\r\nx", b"5;a=b\r\nhello\r\n0\r\nT: x\r\n\r\n", b"{\"a\": ",
    b"\x00" * 50]
ENDS = [b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"", b"\r\n\r\n"]


def request(chance: Chance) -> bytes:
    """Return one request, or what is left of it."""
    methods = METHODS[:3] if chance.random() < 0.7 else METHODS
    lines = [b" ".join((chance.choice(methods), chance.choice(PATHS),
                        chance.choice(VERSIONS)))]
    lines += chance.choices(HEADERS, k=chance.choice([0, 1, 1, 2, 3, 5]))
    data = b"".join(
        line + chance.choice(ENDS if chance.random() < 0.2 else ENDS[:5])
        for line in lines)
    data += b"\r\n" + chance.choice(BODIES)
    if chance.random() < 0.15:
        data = data[:chance.randrange(len(data) + 1)]
    if chance.random() < 0.15:
        at = chance.randrange(len(data) + 1)
        data = data[:at] + chance.randbytes(chance.choice([1, 2, 20])) + data[at:]
    if chance.random() < 0.1:
        data += request(chance)
    return data


def talk(port: int, data: bytes, patience: float) -> list[int]:
    """
    Send *data*, then the end; return the statuses of what was answered.

    Raises :exc:`TimeoutError` if the server neither answers nor closes.
    """
    got = b""
    with socket.create_connection(("127.0.0.1", port), patience) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while more := connection.recv(1 << 16):
                got += more
        except TimeoutError:
            raise TimeoutError(repr(data)) from None
        except (ConnectionError, BrokenPipeError):
            pass        # closed, with or without an answer: both are right
    return [int(status)
            for status in re.findall(rb"^HTTP/1\.1 (\d{3}) ", got, re.M)]


def held(server: Server) -> tuple[int, int]:
    """Return how many descriptors and threads *server* has."""
    process = Path(f"/proc/{server.pid}")
    return (len(list((process / "fd").iterdir())),
            len(list((process / "task").iterdir())))


def as_before(rows: Sequence[Row]) -> bool:
    """Return whether the last of *rows* holds no more than that of the first tenth."""
    descriptors, threads, memory = (
        last - first for first, last in zip(rows[1], rows[-1], strict=True))
    return descriptors <= FILES and threads <= 0 and memory < 2


def page(server: Server) -> float:
    """Return how long the page takes [ms], the best of five."""
    took = []
    for _ in range(5):
        begin = time.monotonic()
        with urllib.request.urlopen(server.url, timeout=PATIENCE) as answer:
            answer.read()
        took.append(1000 * (time.monotonic() - begin))
    return min(took)


def settle(server: Server) -> None:
    """Wait for a first complete clip: the libraries for it are loaded once, 3 MB."""
    until = time.monotonic() + SETTLE
    while time.monotonic() < until:
        time.sleep(1.0)
        try:
            with urllib.request.urlopen(server.url + "api/events", timeout=10) as told:
                events = json.load(told)["events"]
        except urllib.error.HTTPError as error:
            error.close()       # the list of events is not open yet
            continue
        clips = [clip for event in events for clip in event["clips"]]
        if any(clip["state"] == "complete" for clip in clips):
            return
    raise RuntimeError(f"no clip was whole within {SETTLE:g} s")


def main(send: Send, count: int, seed: int) -> None:
    """Have *send* make *count* requests, and print what became of the server."""
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "webstreaming.py", "--port", "0", "--source",
             "demo:320x240@30", "--data", data, "--config-dir", data],
            cwd=ROOT, text=True, env={**os.environ, "PYTHONFAULTHANDLER": "1"},
            stdout=subprocess.PIPE, stderr=log)
        assert process.stdout
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        server = Server(found[0], process.pid)
        try:
            settle(server)
            ok = send(server, count, Chance(seed))
            ok &= process.poll() is None
        except TimeoutError as hang:
            process.send_signal(signal.SIGABRT)     # it writes where it is
            print(f"\nno answer within {PATIENCE:g} s: {hang}")
            ok = False
        finally:
            process.terminate()
            process.wait(10)
        log.seek(0)
        text = log.read()
    ok &= "Traceback" not in text
    first = text[max(0, text.find("Traceback") - 500):]
    print("" if ok else "\n".join(first.splitlines()[:80]))
    print(f"log: {len(text.splitlines())} lines, {text.count('Traceback')} tracebacks")
    print("\nmust: no 500, no traceback, no hang, nothing held, < 2 MB more:",
          "met" if ok else "MISSED")
    main_guard(ok)


def fuzz(server: Server, count: int, chance: Chance) -> bool:
    """Send, count and print; return whether the server is as it was."""
    port = int(server.url.rstrip("/").rpartition(":")[2])
    seen: collections.Counter[int] = collections.Counter()
    time.sleep(3)       # the camera has been learnt
    before, begin = page(server), time.monotonic()
    print("requests   descriptors   threads   memory [MB]", flush=True)
    rows = []
    for number in range(count + 1):
        if number % (count // 10) == 0:
            time.sleep(0.5)     # the last ones are closed
            rows.append((*held(server), server.rss()))
            descriptors, threads, memory = rows[-1]
            print(f"{number:8}   {descriptors:11}   {threads:7}   {memory:.1f}",
                  flush=True)
        seen.update(talk(port, request(chance), PATIENCE) or [0])
    rate = count / (time.monotonic() - begin)
    after = page(server)
    told = ", ".join(f"{times} x {status or 'closed'}"
                     for status, times in sorted(seen.items()))
    print(f"\n{rate:.0f} a second: {told}")
    print(f"page: {before:.1f} ms before, {after:.1f} ms after: {after / before:.2f} x")
    broken = [status for status in seen if status >= 500 and status not in (501, 503)]
    return not broken and as_before(rows)


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["--api"]:
        from benchmarks.fuzz_api import fuzz_api
        main(fuzz_api, int(words[1]) if words[1:] else 10_000,
             int(words[2]) if words[2:] else 1)
    else:
        main(fuzz, int(words[0]) if words else 100_000,
             int(words[1]) if words[1:] else 1)
