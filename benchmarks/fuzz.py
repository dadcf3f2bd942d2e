"""
Malformed requests, and what is left of the server after them.

    python -m benchmarks.fuzz [REQUESTS] [SEED]         100,000 by default
    python -m benchmarks.fuzz --api [REQUESTS] [SEED]    10,000 by default

Well-formed requests are cut, doubled, shuffled and mixed with bytes that HTTP does not
allow, then sent to the running program, once a first clip is complete. With ``--api``,
schemathesis makes good and bad requests from the API's own description instead, and
each answer must be as described.

Met: no status of 500, no traceback, no answer that takes 10 s; compared with the first
tenth of the requests, no more threads, at most 2 more descriptors, and at most 1.05
times the memory. Beside it, the time of a page before and after.
"""

import collections
import re
import socket
import sys
import time

from benchmarks.fuzzing import (
    PATIENCE,
    Chance,
    nothing_leaked,
    page_ms,
    resources,
    run,
)
from benchmarks.processes import Server

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
    """Return one request, perhaps mutilated."""
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
    Send *data* and the end of input; return the statuses that were answered.

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
            pass        # closed, with or without an answer: both are correct
    return [int(status)
            for status in re.findall(rb"^HTTP/1\.1 (\d{3}) ", got, re.M)]


def fuzz(server: Server, count: int, chance: Chance) -> bool:
    """Send and count requests, and print; return whether all was well."""
    port = int(server.url.rstrip("/").rpartition(":")[2])
    seen: collections.Counter[int] = collections.Counter()
    time.sleep(3)       # the background is learnt
    before, begin = page_ms(server), time.monotonic()
    print("requests   descriptors   threads   memory [MB]", flush=True)
    rows = []
    for number in range(count + 1):
        if number % (count // 10) == 0:
            time.sleep(0.5)     # the last connections are closed
            rows.append(row := resources(server))
            print(f"{number:8}   {row}", flush=True)
        seen.update(talk(port, request(chance), PATIENCE) or [0])
    rate = count / (time.monotonic() - begin)
    after = page_ms(server)
    statuses = ", ".join(f"{times} x {status or 'closed'}"
                         for status, times in sorted(seen.items()))
    print(f"\n{rate:.0f} a second: {statuses}")
    print(f"page: {before:.1f} ms before, {after:.1f} ms after: {after / before:.2f} x")
    broken = [status for status in seen if status >= 500 and status not in (501, 503)]
    return not broken and nothing_leaked(rows)


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["--api"]:
        from benchmarks.fuzz_api import fuzz_api
        run(fuzz_api, int(words[1]) if words[1:] else 10_000,
            int(words[2]) if words[2:] else 1)
    else:
        run(fuzz, int(words[0]) if words else 100_000,
            int(words[1]) if words[1:] else 1)
