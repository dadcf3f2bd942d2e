"""
Watch a stream with many viewers that only read their sockets and count parts.

    python -m benchmarks.load URL VIEWERS SECONDS [stamped]

Prints "connected" once every viewer has its first bytes, then one JSON list: of each
viewer the number of parts, the longest gap between two [s], and, if ``stamped``, the
ages of the frames when their last byte arrived [s].
"""

import functools
import json
import re
import select
import socket
import ssl
import sys
import time
from urllib.parse import urlsplit

BIG = 1 << 18
BOUNDARY = re.compile(rb"boundary=([\w-]+)")    # in the head of the response
LENGTH = re.compile(rb"(?i)content-length: *(\d+)\r\n(?:[^\r]+\r\n)*\r\n")
UNREAD = bytearray(BIG)     # never written to
HEAD_BYTES = 4096       # read at a time, unless by TLS
STAMP = re.compile(rb"X-Timestamp: ([\d.]+)\r\n")


class Viewer:
    """One socket and what was received through it."""

    def __init__(self, url: str, stamped: bool) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port or 80), 10)
        if parts.scheme == "https":
            self.socket = trust_all().wrap_socket(self.socket)
        wanted = parts.path + (f"?{parts.query}" if parts.query else "")
        self.socket.sendall(f"GET {wanted} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n"
                            .encode())
        self.socket.setblocking(False)
        self.tail = b""
        # of a part: the boundary, once that is known; of MP4 the begin of the next
        self.end = b"moof" if parts.path.endswith(".mp4") else b""
        self.skip = 0           # bytes of a picture that are not read
        self.stamp = 0.0
        self.stamped = stamped      # whether to look for the time of each part
        self.heading = False        # whether the headers of a part come next
        self.begin()

    def begin(self) -> None:
        """Start counting from here."""
        self.parts, self.worst_gap, self.ages = 0, 0.0, [0.0][:0]
        self.last = time.monotonic()

    def drain(self) -> bool:
        """Read what has arrived; return whether the stream goes on."""
        if self.skip and not isinstance(self.socket, ssl.SSLSocket):
            return self.discard()
        data = self.received()
        if data is None:
            return False
        text, at, begin = self.tail + data, 0, 0
        if not self.end and (found := BOUNDARY.search(text)):
            self.end = b"--%b\r\n" % found[1]
        while self.end:
            if self.heading:
                found = STAMP.search(text, at, at + 200)
                if not found:
                    break
                self.stamp, self.heading = float(found[1]), False
            end = text.find(self.end, at)
            if end < 0:
                at = max(at, len(text) - len(self.end) + 1)
                break
            self.count()
            at = begin = end + len(self.end)
            self.heading = self.stamped
        self.tail = text[at:]
        if found := LENGTH.search(text, begin):
            self.skip = max(0, found.end() + int(found[1]) - len(text))
            self.tail = b"" if self.skip else self.tail
        return True

    def discard(self) -> bool:
        """Let the kernel drop what has arrived of a picture, which saves copying it."""
        try:
            size = self.socket.recv_into(UNREAD, min(BIG, self.skip), socket.MSG_TRUNC)
        except BlockingIOError:
            return True
        self.skip -= size
        return size > 0

    def received(self) -> bytes | None:
        """Return what has arrived, ``None`` at the end of the stream."""
        data = b""
        try:
            while True:     # TLS returns one record at a time and keeps the others
                is_plain = not isinstance(self.socket, ssl.SSLSocket)
                more = self.socket.recv(HEAD_BYTES if is_plain else BIG)
                if not more:
                    return data or None
                data += more
                if is_plain:
                    return data
        except (BlockingIOError, ssl.SSLWantReadError):
            return data

    def count(self) -> None:
        """Count a complete part."""
        now = time.monotonic()
        self.parts += 1
        self.worst_gap = max(self.worst_gap, now - self.last)
        self.last = now
        if self.stamp:
            self.ages.append(time.time() - self.stamp)


@functools.cache
def trust_all() -> ssl.SSLContext:
    """Return a context that trusts every server."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def watch(viewers: list[Viewer], seconds: float) -> None:
    """Drain all of *viewers* for *seconds*."""
    poll = select.epoll()
    by_number = {}
    for viewer in viewers:
        by_number[viewer.socket.fileno()] = viewer
        poll.register(viewer.socket.fileno(), select.EPOLLIN)
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        for number, _ in poll.poll(left):
            if not by_number[number].drain():
                sys.exit("a stream ended")
    poll.close()


def main() -> None:
    """Connect, settle for a second, then count."""
    url, count, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    viewers = [Viewer(url, "stamped" in sys.argv) for _ in range(count)]
    watch(viewers, 1.5)
    for viewer in viewers:
        viewer.begin()
    print("connected", flush=True)
    watch(viewers, seconds)
    print(json.dumps([{"parts": viewer.parts, "fps": viewer.parts / seconds,
                       "gap": viewer.worst_gap, "ages": viewer.ages}
                      for viewer in viewers]), flush=True)


if __name__ == "__main__":
    main()
