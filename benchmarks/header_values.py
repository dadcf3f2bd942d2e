"""
A million long header values of strangers, all distinct, and what is kept of them.

    python -m benchmarks.header_values [VALUES]     1,000,000 by default

Requests without a login carry long values in every header, in paths, parameters and
forms, each in one of several SHAPES. First all values are equal, then each is another.
A second server, which gets no requests, shows how memory grows by the camera alone.

Met: by the distinct values, resident memory (RSS) grows by at most 2 MB more than that
of the second server.
"""

import base64
import collections
import re
import socket
import sys
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from benchmarks.processes import Server, main_guard, product

MAX_MB = 2.0
PIPELINED = 20          # requests on one connection
WARM_UP_VALUES = 100_000
STEPS = 5               # rows of the table
OPTIONS = ("--source", "demo:320x240@5", "--no-record", "--trusted-proxies", "1",
           "--log-level", "error")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAGE = {"Accept": "text/html"}
HEADERS = (
    "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Authorization",
    "Cache-Control", "Content-Encoding", "Content-Language", "Content-Type", "Cookie",
    "Date", "Forwarded", "From", "If-Match", "If-Modified-Since", "If-None-Match",
    "If-Range", "If-Unmodified-Since", "Last-Event-ID", "Origin", "Pragma", "Range",
    "Referer", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "TE", "Upgrade",
    "User-Agent", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
    "X-HTTP-Method-Override", "X-Real-IP")


class Sent(NamedTuple):
    """What a request sends."""

    path: str
    headers: Mapping[str, str] = {}
    body: str = ""

    def as_bytes(self, number: int) -> bytes:
        """Return the request from the address that a proxy gives client *number*."""
        fields = {"Host": "localhost", **self.headers,
                  "Content-Length": str(len(self.body))}
        fields.setdefault("X-Forwarded-For", f"192.0.2.{number % 250}")
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        method = "POST" if self.body else "GET"
        return (f"{method} {self.path} HTTP/1.1\r\n{head}\r\n{self.body}").encode()


Shape = Callable[[str], Sent]   # makes a request of a value of 6,000 digits


def every_header(value: str) -> Sent:
    """Return a request with as many headers as there are, of digits."""
    return Sent("/login", dict.fromkeys(HEADERS, value[:700]))


def well_formed(value: str) -> Sent:
    """Return a request whose headers are as their grammar has them."""
    text, number = value[:1000], int(value[:7])
    basic = base64.b64encode(f"tv:{text}".encode()).decode()
    return Sent("/login", {
        "Accept": f"text/html;q=0.1, a/{text}", "Accept-Language": f"{text};q=0.5, en",
        "Authorization": f"Basic {basic}", "Origin": f"http://{text}",
        "Content-Type": f"text/html; charset={text}; x*={text}''x",
        "Cookie": f"session={text}.{text}; {text}=1", "Forwarded": f'for="{text}"',
        "Host": f"[::{number % 10_000}]", "If-None-Match": f'"{text}", W/"{text}"',
        "If-Modified-Since": f"Sat, 29 Oct {number % 9000 + 1000} 19:43:31 GMT",
        "Range": f"bytes={text[:20]}-", "Referer": f"http://localhost/{text}",
        "X-Forwarded-For": f"{text}, 192.0.2.{number % 250}",
        "X-Forwarded-Proto": f"https, {text}"})


def multipart(value: str) -> Sent:
    """Return a form of several parts, apart by *value*."""
    return Sent("/login", {"Content-Type": f"multipart/form-data; boundary={value}"})


def encoded_multipart(value: str) -> Sent:
    """Return the same with a boundary in an encoding of its own."""
    return Sent("/login", {"Content-Type": f"multipart/a; boundary*={value}''x"})


def bearer(value: str) -> Sent:
    """Return a request of a program with a wrong token."""
    return Sent("/api/status", {"Authorization": f"Bearer {value}"})


def foreign_host(value: str) -> Sent:
    """Return a request to another host."""
    return Sent("/login", {"Host": f"{value}.local"})


def name_of_header(value: str) -> Sent:
    """Return a request with a header called so."""
    return Sent("/login", {f"X-{value}": "1"})


def address(value: str) -> Sent:
    """Return a person's request of an address that does not exist."""
    return Sent(f"/{value}", PAGE)


def static_file(value: str) -> Sent:
    """Return a request of a file that does not exist."""
    return Sent(f"/static/{value[:9]}/{value}.{value[:200]}", PAGE)


def parameters(value: str) -> Sent:
    """Return a person's request of the login page, with parameters."""
    text = value[:2500]
    return Sent(f"/login?next=/{text}&{text}=1&wrong={text}", PAGE)


def login_link(value: str) -> Sent:
    """Return a request by a wrong login link."""
    return Sent(f"/login?token={value}", PAGE)


def stream_key(value: str) -> Sent:
    """Return a request with a wrong stream key."""
    return Sent(f"/video_feed?key={value[:7]}.{value}")


def login_form(value: str) -> Sent:
    """Return a login with a wrong password, and fields that are not in the form."""
    text = value[:1200]
    return Sent("/login", FORM, f"password={text}&{text}=1&account={text}")


SHAPES: tuple[Shape, ...] = (
    every_header, well_formed, multipart, encoded_multipart, bearer, foreign_host,
    name_of_header, address, static_file, parameters, login_link, stream_key,
    login_form)


def value_of(number: int) -> str:
    """Return the value with this *number*, below ten million."""
    return f"{number:07}" + "7" * 6000


def send(port: int, requests: list[bytes]) -> list[int]:
    """Send *requests* on as many connections as it takes; return the statuses."""
    statuses: list[int] = []
    while len(statuses) < len(requests):
        got = b""
        with socket.create_connection(("127.0.0.1", port), 60) as connection:
            try:
                connection.sendall(b"".join(requests[len(statuses):]))
                connection.shutdown(socket.SHUT_WR)
                while more := connection.recv(1 << 16):
                    got += more
            except ConnectionError:
                pass        # it was closed after a refusal, with requests unread
        found = re.findall(rb"HTTP/1\.1 (\d{3}) [A-Z]", got)
        statuses += map(int, found or [0])
    return statuses


def send_values(server: Server, count: int, first: int | None) -> str:
    """Send *count* values from *first* on, or equal ones; return the statuses."""
    port = int(server.url.rstrip("/").rpartition(":")[2])
    seen: collections.Counter[int] = collections.Counter()
    sent = number = 0
    while sent < count:
        batch = []
        for _ in range(PIPELINED):
            number += 1
            # the headers are what most values are in: every other request has them all
            shape = SHAPES[number // 2 % len(SHAPES) if number % 2 else 0]
            request = shape(value_of(0 if first is None else first + number))
            sent += len(request.headers)
            batch.append(request.as_bytes(number))
        seen.update(send(port, batch))
    return ", ".join(f"{times} x {status}" for status, times in sorted(seen.items()))


def growth(server: Server, other: Server, count: int, first: int | None) -> float:
    """
    Send *count* values to *server*, and print.

    Returns by how much more its memory grew than that of the *other* server [MB].
    """
    before, size = server.rss() - other.rss(), count // STEPS
    for step in range(STEPS):
        seen = send_values(server, size, None if first is None else first + step * size)
        print((step + 1) * size, first is None, f"{server.rss():.1f}",
              f"{other.rss():.1f}", sep="\t", flush=True)
    print(seen)
    return server.rss() - other.rss() - before


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if sys.argv[1:] else 1_000_000
    with product(*OPTIONS) as server, product(*OPTIONS) as other:
        time.sleep(5)
        send_values(server, WARM_UP_VALUES, None)
        print("values", "equal", "memory [MB]", "without requests", sep="\t")
        equal = growth(server, other, count, None)
        distinct = growth(server, other, count, 0)
    print(f"\nequal values: {equal:+.2f} MB, distinct values: {distinct:+.2f} MB")
    print(f"must: distinct values <= {MAX_MB:+g} MB:",
          "met" if distinct <= MAX_MB else "MISSED")
    main_guard(distinct <= MAX_MB)


if __name__ == "__main__":
    main()
