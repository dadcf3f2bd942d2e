"""Limits of connections, live streams, time, memory and descriptors of clients."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import DEADLINE, PATIENCE, ROOT, InBackground, eventually
from network import StreamReader
from product import Product
from pyimagesearch.errors import TooManyStreams, TooManyViewers
from pyimagesearch.serving.acceptor import ThrottledLog
from pyimagesearch.serving.connections import (
    MAX_HELD_BYTES,
    Connections,
    connections_for,
)
from pyimagesearch.streaming.viewer_limits import ViewerLimits

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
QUICK = """if True:    # our server with a still picture and short timeouts
    import logging, resource
    from benchmarks import fanout
    from pyimagesearch.serving.acceptor import Timeouts
    logging.basicConfig(level="INFO")
    resource.setrlimit(resource.RLIMIT_NOFILE, ({descriptors}, {descriptors}))
    fanout.serve_ours(timeouts=Timeouts(head=1.5, body=1.5, keep_alive=2.5, send=1.5,
                                        stalled=3.0))"""
CROWDED = """if True:
    import logging
    from benchmarks import fanout
    from pyimagesearch.serving.connections import Connections
    logging.basicConfig(level="INFO")
    fanout.serve_ours(Connections(20, 12))"""
EXHAUSTED = """if True:    # one connection uses up the share of its network for ten seconds
    import logging
    from benchmarks import fanout
    from pyimagesearch.serving import fair_share
    from pyimagesearch.serving.connections import Connections
    logging.basicConfig(level="INFO")
    fair_share.NETWORK_SHARE = 1e-5
    fanout.serve_ours(Connections(proxies={}))"""

HOLDING = """if True:   # 200 kB of requests at a time
    from benchmarks import fanout
    from pyimagesearch.serving import connections
    connections.MAX_HELD_BYTES = 200_000
    fanout.serve_ours()"""
POST = b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 198.51.100.7\r\n"


class SmallServer:
    """A server as a program of a few lines; it prints its address."""

    def __init__(self, program):
        self.log = tempfile.TemporaryFile("w+")      # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-c", program], cwd=ROOT, text=True, stdout=subprocess.PIPE,
            stderr=self.log)
        self.port = int(re.search(r":(\d+)/", self.process.stdout.readline())[1])

    def logged(self):
        """Return what it has logged."""
        self.log.seek(0)
        return self.log.read()

    @property
    def connections(self):
        """The number of open sockets without the listening one."""
        found = []
        for each in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                found.append(os.readlink(each))
        return sum(link.startswith("socket:") for link in found) - 1

    def close(self):
        self.process.kill()
        self.process.communicate()
        self.log.close()


@contextlib.contextmanager
def small(program):
    server = SmallServer(program)
    try:
        yield server
    finally:
        server.close()


def call(port, source="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", port), DEADLINE, (source, 0))


def until_closed(connection):
    """Return what the server sends until it closes."""
    got = b""
    with contextlib.suppress(ConnectionResetError):
        while data := connection.recv(65536):
            got += data
    connection.close()
    return got


def ask(connection):
    """Request /healthz and return the response."""
    connection.sendall(GET)
    got = b""
    while not got.endswith(b"}\n"):
        data = connection.recv(65536)
        assert data, got
        got += data
    return got


def answers(port, source="127.0.0.1"):
    with call(port, source) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(GET)
        return b"200 OK" in connection.recv(65536)


# --- streams


@pytest.fixture(scope="module")
def product():
    product = Product("--source", "demo:320x240@10", "--max-viewers", "3",
                      "--max-viewers-per-address", "2")
    yield product
    product.close()


def refused(product, accept):
    asked = urllib.request.Request(product.url + "/video_feed", headers={"Accept": accept})
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(asked, timeout=DEADLINE)
    with answer.value as error:
        return error.code, error.headers, error.read().decode()


@pytest.fixture
def watch_from(product):
    """Open a stream from a given address; it is closed after the test."""
    viewers = []

    def begin(source):
        viewer = StreamReader.__new__(StreamReader)
        viewer.socket = call(product.port, source)
        viewer.socket.sendall(b"GET /video_feed HTTP/1.1\r\nHost: localhost\r\n\r\n")
        viewer.file = viewer.socket.makefile("rb")
        viewer.status = viewer.file.readline()
        viewers.append(viewer)
        return viewer
    yield begin
    for viewer in viewers:
        viewer.close()
    eventually(lambda: product.camera["viewers"] == 0)


def test_address_with_too_many_streams_gets_429(product, watch_from):
    for _ in range(2):
        assert b"200 OK" in watch_from("127.0.0.1").status
    code, headers, page = refused(product, "text/html")
    assert (code, headers["Retry-After"]) == (429, "10")
    assert headers.get_content_type() == "text/html"
    assert "Your address has 2 live streams open" in page
    code, headers, text = refused(product, "application/json")
    assert code == 429
    assert "2 live streams" in json.loads(text)["error"]


def test_streams_are_limited_over_all_addresses(product, watch_from):
    for source in ("127.0.0.1", "127.0.0.1", "127.0.0.2"):
        assert b"200 OK" in watch_from(source).status
    assert b"503" in watch_from("127.0.0.3").status
    code, headers, page = refused(product, "text/html")
    assert (code, headers["Retry-After"]) == (503, "10")
    assert "All 3 live streams of this server are in use" in page


def test_closed_streams_make_room(product, watch_from):
    for _ in range(5):
        first, second = watch_from("127.0.0.1"), watch_from("127.0.0.1")
        assert b"200" in first.status
        assert b"200" in second.status
        first.close()
        second.close()
        eventually(lambda: product.camera["viewers"] == 0)


def test_head_request_counts_as_no_stream(product, watch_from):
    for _ in range(4):
        asked = urllib.request.Request(product.url + "/video_feed", method="HEAD")
        with urllib.request.urlopen(asked, timeout=DEADLINE) as answer:
            assert answer.status == 200


def test_place_of_a_stream_is_freed_once():
    limits = ViewerLimits(max_viewers=2, per_network=1)
    first = limits.admit("a")
    with pytest.raises(TooManyStreams, match="Your address has 1"):
        limits.admit("a")
    second = limits.admit("b")
    with pytest.raises(TooManyViewers, match="All 2 live streams"):
        limits.admit("c")
    first.close()
    first.close()
    third = limits.admit("c")
    with pytest.raises(TooManyViewers):
        limits.admit("a")
    second.close()
    third.close()
    assert limits.admit("a")


# --- connections


@given(st.lists(st.tuples(st.sampled_from("nnnwrl"), st.integers(0, 30))))
def test_limits_hold_and_only_waiting_connections_are_evicted(steps):
    connections, alive, busy = Connections(max_connections=6, per_network=3), [], set()

    def disconnect(number):
        assert number not in busy
        alive[:] = [each for each in alive if each[0] != number]
    for number, (step, pick) in enumerate(steps):
        if step == "n":
            address = str(pick % 4)
            made = connections.admit(address, lambda number=number: disconnect(number))
            here = [each for each in alive if each[1].network == address]
            if made is None:
                assert len(here) == 3 or len(alive) == 6
                assert {each[0] for each in (here if len(here) == 3 else alive)} <= busy
            else:
                alive.append((number, made))
        elif alive:
            chosen, connection = alive[pick % len(alive)]
            if step == "w":
                connections.mark_busy(connection)
                busy.add(chosen)
            elif step == "r":
                connections.mark_waiting(connection)
                busy.discard(chosen)
            else:
                connections.remove(connection)
                busy.discard(chosen)
                alive = [each for each in alive if each[0] != chosen]
        assert len(connections) == len(alive) <= 6


def test_connection_limit_fits_viewers_and_descriptors():
    few = connections_for(100, 20, 200)
    made = [few.admit(str(number), lambda: None) for number in range(136)]
    for each in made:
        few.mark_busy(each)
    assert all(made)
    assert few.admit("one more", lambda: None) is None


def test_behind_a_proxy_one_address_may_use_all_connections():
    limits = connections_for(300, 20, 4096, proxies=1)
    for _ in range(800):
        limits.mark_busy(limits.admit("127.0.0.1", lambda: None))
    assert limits.admit("127.0.0.1", lambda: None) is None


def test_download_is_evicted_only_as_a_last_resort():
    limits, ended = Connections(max_connections=2), []
    for name in ("download", "silent", "next", "last"):
        made = limits.admit(name, lambda name=name: ended.append(name))
        made.sending = name == "download"
    assert ended == ["silent", "next"]


def test_network_with_most_connections_makes_room():
    """A person who waited longest was disconnected by those who came again and again."""
    limits, ended = Connections(max_connections=4), []
    for name in ("person", "a", "b", "b", "a", "a"):
        limits.admit(name, lambda name=name: ended.append(name))
    assert ended == ["b", "a"]


def test_network_that_sent_most_makes_room_for_other_requests():
    limits, ended = Connections(), []
    for name, size in (("a", 1.5), ("b", 1.0), ("b", 1.0), ("c", 0.5), ("d", 0.25)):
        made = limits.admit(name, lambda name=name: ended.append(name))
        limits.hold(made, int(size * MAX_HELD_BYTES / 4))
        if name == "d":
            limits.release(made)    # it was answered
    assert ended == ["b"]
    limits.hold(made, MAX_HELD_BYTES // 4)
    assert ended == ["b"]
    limits.hold(made, 2)
    assert ended == ["b", "a"]


def test_ipv6_network_counts_as_one_client():
    limits, viewers = Connections(max_connections=9, per_network=2), ViewerLimits(9, 2)
    for number in (1, 2):
        limits.mark_busy(limits.admit(f"2001:db8::{number}", lambda: None))
        viewers.admit(f"2001:db8::{number}")
    assert limits.admit("2001:db8::3", lambda: None) is None
    assert limits.admit("2001:db8:0:1::3", lambda: None)
    with pytest.raises(TooManyStreams):
        viewers.admit("2001:db8::3")
    viewers.admit("2001:db8:0:1::3")


def test_throttled_log_writes_once_a_second_with_the_count():
    logged, now = [], [5.0]
    log = ThrottledLog(lambda text, *values: logged.append(text % values), lambda: now[0])
    for _ in range(5):
        log("no room for %s", "x")
    now[0] += 1.1
    log("no room for %s", "y")
    assert logged == ["no room for x", "no room for y (the last of 5)"]


@pytest.fixture(scope="module")
def quick():
    """A server with short timeouts."""
    with small(QUICK.format(descriptors=1024)) as server:
        yield server


@pytest.mark.deadline
def test_silent_slow_and_idle_connections_time_out(quick):
    silent, slow, body, kept = (call(quick.port) for _ in range(4))
    body.sendall(b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
    assert ask(kept)
    with contextlib.suppress(OSError):
        begin = time.monotonic()
        for byte in GET * 10:
            slow.sendall(bytes([byte]))
            time.sleep(0.1)     # a whole request takes longer than allowed
    assert time.monotonic() - begin > 1
    assert until_closed(slow) == until_closed(silent) == until_closed(kept) == b""
    assert until_closed(body).startswith(b"HTTP/1.1 408 ")


@pytest.mark.deadline
def test_each_request_on_a_kept_connection_has_its_timeout(quick):
    with call(quick.port) as kept:
        for _ in range(4):
            assert ask(kept)
            time.sleep(0.8)     # together longer than any timeout


@pytest.mark.deadline
def test_body_size_is_limited(quick):
    for size, status in ((64 * 1024, b"405"), (64 * 1024 + 1, b"413")):
        for headers, body in (
                (b"Content-Length: %d" % size, b"x" * size),
                (b"Transfer-Encoding: chunked",
                 b"%x\r\n%b\r\n0\r\n\r\n" % (size, b"x" * size))):
            with call(quick.port) as connection:
                connection.sendall(b"POST /healthz HTTP/1.1\r\nHost: localhost\r\n%b\r\n\r\n%b"
                                   % (headers, body))
                assert connection.recv(65536).split()[1] == status, (size, headers)


@pytest.mark.deadline
def test_only_a_viewer_that_reads_nothing_is_dropped(quick):
    eventually(lambda: quick.connections == 0)
    stuck = tiny_buffer(quick.port)
    stuck.sendall(b"GET /video_feed HTTP/1.1\r\nHost: localhost\r\n\r\n")
    reading, until = StreamReader(quick.port), time.monotonic() + PATIENCE
    eventually(lambda: reading.part() and quick.connections == 2)
    while quick.connections == 2:
        reading.part()
        assert time.monotonic() < until
    assert reading.part()
    reading.close()
    stuck.close()


@pytest.mark.deadline
def test_viewer_that_keeps_sending_is_dropped(quick):
    viewer = StreamReader(quick.port)
    viewer.socket.sendall(b"x" * 10_000)
    assert viewer.part()
    viewer.socket.sendall(b"x" * 10_000)
    eventually(lambda: quick.connections == 0)
    viewer.close()


def tiny_buffer(port, source="127.0.0.1"):
    """Return a connection whose receive buffer is tiny."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.bind((source, 0))
    connection.connect(("127.0.0.1", port))
    return connection


@pytest.mark.deadline
def test_client_that_reads_no_responses_is_dropped(quick):
    """Pictures that were requested and never read filled the buffers for ever."""
    eventually(lambda: quick.connections == 0)
    greedy = tiny_buffer(quick.port)
    greedy.settimeout(0.2)
    with contextlib.suppress(TimeoutError):
        while True:
            greedy.sendall(b"GET /snapshot.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
    assert quick.connections == 1
    eventually(lambda: quick.connections == 0)
    greedy.close()


@pytest.fixture(scope="module")
def crowded():
    """A server for 12 connections of an address and 20 in all."""
    with small(CROWDED) as server:
        yield server


@pytest.mark.parametrize(("proxies", "answered"), [(0, False), (1, True)])
def test_exhausted_share_refuses_connections_without_a_proxy(proxies, answered):
    """One client behind a proxy would lock out all the others."""
    with small(EXHAUSTED.format(proxies)) as server, call(server.port) as client:
        with contextlib.suppress(ConnectionError):
            client.sendall(GET.replace(b"Host", b"X-Forwarded-For: 198.51.100.7\r\nHost"))
            assert (b"200 OK" in client.recv(65536)) == answered
        assert ("too many requests from 127.0.0.1" in server.logged()) != answered


def test_body_is_read_in_turns():
    """Bodies in small chunks, from many addresses, took all of the server's thread."""
    with small(EXHAUSTED.format(1)) as server, call(server.port) as client:
        chunks = b"20\r\n" + b"a" * 32 + b"\r\n"
        client.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n" + 400 * chunks)
        assert until_closed(client).startswith(b"HTTP/1.1 429 ")


def test_unfinished_requests_do_not_fill_the_memory():
    with small(HOLDING) as server:
        small_one = call(server.port, "127.0.0.99")
        small_one.sendall(GET[:-2])
        large = [call(server.port, f"127.0.0.{2 + number % 3}") for number in range(12)]
        for each in large:
            with contextlib.suppress(ConnectionError):
                each.sendall(POST + b"Content-Length: 65536\r\n\r\n" + b"a" * 65535)
        eventually(lambda: server.connections <= 4, 5)    # long before they time out
        small_one.sendall(GET[-2:])
        assert b"200 OK" in small_one.recv(65536)
        for each in (small_one, *large):
            each.close()


def test_silent_connections_do_not_block_others(crowded):
    silent = [call(crowded.port) for _ in range(60)]
    assert answers(crowded.port)                # from the very same address
    eventually(lambda: crowded.connections <= 12, 5)    # long before they time out
    silent += [call(crowded.port, f"127.0.0.{2 + number % 10}") for number in range(60)]
    assert answers(crowded.port, "127.0.0.99")
    eventually(lambda: crowded.connections <= 20, 5)
    assert until_closed(silent[0]) == b""
    for each in silent:
        each.close()


def test_clients_that_do_not_read_do_not_block_others(crowded):
    """Clients that requested a lot and read nothing held all connections for 30 s."""
    def fill(number):
        client = tiny_buffer(crowded.port, f"127.0.0.{2 + number % 2}")
        client.settimeout(0.3)
        with contextlib.suppress(TimeoutError, ConnectionError):
            while True:
                client.sendall(b"GET /snapshot.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
        return client
    eventually(lambda: crowded.connections == 0)
    filling = [InBackground(fill, number) for number in range(20)]
    clients = [each.result() for each in filling]
    assert answers(crowded.port, "127.0.0.2")
    assert answers(crowded.port, "127.0.0.99")
    for each in clients:
        each.close()


def test_busy_connections_beyond_the_limit_are_refused(crowded):
    eventually(lambda: crowded.connections == 0)
    watching = [StreamReader(crowded.port) for _ in range(12)]
    assert until_closed(call(crowded.port)) == b""
    assert "no room for a connection from 127.0.0.1" in crowded.logged()
    assert answers(crowded.port, "127.0.0.2")
    for each in watching:
        each.close()
    eventually(lambda: answers(crowded.port))


def test_server_recovers_from_a_lack_of_descriptors():
    with small(QUICK.format(descriptors=40)) as server:
        assert answers(server.port)
        begin = time.monotonic()
        silent = [call(server.port) for _ in range(60)]
        eventually(lambda: "cannot accept" in server.logged())
        for each in silent:
            each.close()
        assert eventually(lambda: answers(server.port))
        took, log = time.monotonic() - begin, server.logged()
    counts = re.findall(r"cannot accept a connection: Too many open files(?: .*last of "
                      r"(\d+))?", log)
    assert 1 <= len(counts) <= took + 1
    assert sum(int(times or 1) for times in counts) <= took / 0.25 + 2    # no busy loop
    assert "Traceback" not in log
