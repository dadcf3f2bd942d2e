"""Fair sharing of the server thread, and what a request is charged for."""

from email.message import Message
from itertools import pairwise
from time import thread_time
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.serving.acceptor import LiveHandler
from pyimagesearch.serving.connections import Connection, Connections
from pyimagesearch.serving.fair_share import (
    BURST_SECONDS,
    MAX_CHARGE_SECONDS,
    MAX_NETWORKS,
    NETWORK_SHARE,
    REQUEST_SECONDS,
    FairShare,
)
from pyimagesearch.serving.request_cost import RequestCost
from pyimagesearch.serving.request_reader import RequestReader
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.live_stream import LiveStream
from pyimagesearch.streaming.mjpeg import generate
from pyimagesearch.streaming.stream_tally import StreamTally


class Time:
    now = 1000.0

    def __call__(self):
        return self.now


def ask(fair_share, time, network, seconds):
    """Make a request that takes *seconds*; return its delay."""
    delay = fair_share.reserve(network)
    time.now += delay + seconds
    fair_share.settle(network, seconds)
    return delay


@given(st.lists(st.floats(1e-5, MAX_CHARGE_SECONDS), min_size=50, max_size=200))
def test_requests_without_pause_get_their_share(costs):
    time = Time()
    fair_share, begin = FairShare(time), time.now
    for cost in costs:
        ask(fair_share, time, "a", cost)
    spared = (BURST_SECONDS + MAX_CHARGE_SECONDS / NETWORK_SHARE) * NETWORK_SHARE + MAX_CHARGE_SECONDS
    assert sum(costs) <= NETWORK_SHARE * (time.now - begin) + spared


@given(st.lists(st.tuples(st.floats(0.02, 5.0), st.floats(1e-5, 0.005)), max_size=100))
def test_occasional_requests_are_never_delayed(requests):
    time = Time()
    fair_share = FairShare(time)
    for pause, cost in requests:
        time.now += pause
        assert ask(fair_share, time, "a", cost) == 0


def test_page_with_its_pictures_is_not_delayed():
    time = Time()
    fair_share = FairShare(time)
    assert sum(ask(fair_share, time, "a", 0.001) for _ in range(60)) == 0


def test_networks_do_not_delay_each_other():
    time = Time()
    fair_share = FairShare(time)
    for _ in range(100):
        ask(fair_share, time, "a", 0.01)
    assert fair_share.delay("a") > 0
    assert fair_share.delay("b") == 0


def test_charge_for_one_long_request_is_limited():
    time = Time()
    fair_share = FairShare(time)
    ask(fair_share, time, "a", 3600.0)
    assert fair_share.delay("a") <= MAX_CHARGE_SECONDS / NETWORK_SHARE


def test_simultaneous_requests_are_spaced_evenly():
    fair_share = FairShare(Time())
    delays = [fair_share.reserve("a") for _ in range(1000)]
    later = [delay for delay in delays if delay]
    assert len(delays) - len(later) >= BURST_SECONDS * NETWORK_SHARE / REQUEST_SECONDS
    assert all(abs(b - a - REQUEST_SECONDS / NETWORK_SHARE) < 1e-9 for a, b in pairwise(later))
    for _ in delays:
        fair_share.settle("a", 0.0)      # the clients had gone meanwhile
    assert fair_share.delay("a") == 0


def test_connections_and_handshakes_are_charged():
    fair_share = FairShare(Time())
    for _ in range(1000):
        fair_share.charge("a", 0.0001)
    assert fair_share.delay("a") < 1e-9   # within the burst
    fair_share.charge("a", 0.02)
    assert 0.04 < fair_share.delay("a") < 0.06


def test_number_of_remembered_networks_is_limited():
    time = Time()
    fair_share = FairShare(time)
    for number in range(3 * MAX_NETWORKS):
        ask(fair_share, time, str(number), 0.01)
    assert len(fair_share) <= MAX_NETWORKS


def test_debt_outlasts_many_other_networks():
    time = Time()
    fair_share = FairShare(time)
    for _ in range(20):
        fair_share.charge("a", MAX_CHARGE_SECONDS)
    before = fair_share.delay("a")
    for number in range(3 * MAX_NETWORKS):
        fair_share.charge(str(number), 0.001)
    assert fair_share.delay("a") == before > 4


@pytest.mark.parametrize(("proxies", "forwarded", "network"), [
    (0, "198.51.100.7", "127.0.0.1"), (1, "198.51.100.7", "198.51.100.7"),
    (1, "1.2.3.4, 198.51.100.7", "198.51.100.7"), (2, "198.51.100.7, 10.0.0.1", "198.51.100.7"),
    (2, "198.51.100.7", "127.0.0.1"), (1, "", "127.0.0.1"), (1, "2001:db8::9", "2001:db8::/64"),
    (1, "unknown", "127.0.0.1"), (1, "a" * 9000, "127.0.0.1")])
def test_network_is_taken_from_trusted_proxies(proxies, forwarded, network):
    reader = RequestReader.__new__(RequestReader)
    reader.server = SimpleNamespace(connections=Connections(proxies=proxies))
    reader.connection = Connection("127.0.0.1", lambda: None)
    reader.headers = Message()
    for line in filter(None, forwarded.rsplit(", ", 1)):
        reader.headers["X-Forwarded-For"] = line
    assert reader.client_network() == network


@pytest.mark.parametrize(("sent", "status"), [(0, b"HTTP/1.1 500 "), (1, b"")])
def test_failed_request_gets_500_unless_a_response_began(sent, status):
    received = []
    reader = RequestReader.__new__(RequestReader)
    reader.path, reader.response_length = "/", sent
    reader.socket = SimpleNamespace(sendall=received.append)
    reader.handle_error(ValueError, ValueError("a defect"), None)
    assert reader.close_connection
    assert b"".join(received).startswith(status)
    assert bool(received) == bool(status)


def test_duration_of_a_stream_is_not_charged():
    """Twenty viewers of one network that left at once were locked out for seconds."""
    charged, served = [], []
    handler = LiveHandler.__new__(LiveHandler)
    broadcaster = LatestFrameBroadcaster()
    handler.result = LiveStream(broadcaster, generate(broadcaster), StreamTally())
    handler.socket = SimpleNamespace(setsockopt=lambda *_: None)
    handler.write = lambda data: None
    handler.server = SimpleNamespace(
        fair_share=SimpleNamespace(
            settle=lambda network, seconds: charged.append((network, seconds))),
        fanout=lambda _: SimpleNamespace(
            opening=b"", serve=lambda *_: served.append(list(charged))))
    handler._cost = RequestCost("a", thread_time())
    handler.process_result()
    until = thread_time() + 0.05
    while thread_time() < until:
        pass
    handler.settle_time()
    assert len(charged) == 1
    assert served == [charged]
    assert charged[0][0] == "a"
    assert charged[0][1] < 0.05
