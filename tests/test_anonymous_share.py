"""What clients without a login take together, and in which order they get it."""

import contextlib
import heapq
import http.client
import itertools

import pytest
from gevent.event import Event

from harness import DEADLINE
from network import exhaust_by_one_answer, visited
from protected import OWNER
from pyimagesearch.addresses import network_of
from pyimagesearch.serving import anonymous_share
from pyimagesearch.serving.anonymous_share import (
    ANONYMOUS_SHARE,
    BURST_SECONDS,
    LOGIN_SECONDS,
    MAX_NETWORKS,
    MAX_USAGE_SECONDS,
    AnonymousShare,
)
from pyimagesearch.serving.server import LiveServer

HUNDRED = [f"127.0.0.{2 + number}" for number in range(100)]
ANSWER_SECONDS = 0.002      # that a request takes


class SimulatedThread:
    """
    The server's thread without a server: it answers requests when their turn comes.

    Each network always has as many requests waiting as it has connections.
    """

    def __init__(self):
        self.now, self.busy = 1000.0, 0.0
        self._due, self._numbers = [], itertools.count()
        self._waiting = []
        self.answered = []
        self.share = AnonymousShare(lambda: self.now, self._call_later)

    def _call_later(self, seconds, function):
        heapq.heappush(self._due, (self.now + seconds, next(self._numbers), function))

    def ask(self, network):
        self._waiting.append((network, self.share.enter(network)))

    def run(self, seconds, floods=True, answer=ANSWER_SECONDS):
        """Answer requests; a network that got an answer sends the next request."""
        until = self.now + seconds
        while self.now < until:
            ready = [each for each in self._waiting if each[1].is_set()]
            self._waiting = [each for each in self._waiting if not each[1].is_set()]
            for network, _ in ready:
                self.now += answer
                self.busy += answer
                self.answered.append(network)
                self.share.charge(network, answer - 0.001)
                if floods:
                    self.ask(network)
            if not ready:
                self.now, _, resume = heapq.heappop(self._due)
                resume()


@pytest.fixture
def thread():
    return SimulatedThread()


def flood(thread, connections=2):
    for network in HUNDRED * connections:
        thread.ask(network)


def test_hundred_addresses_get_at_most_half_of_the_time(thread):
    flood(thread)
    thread.run(10)
    assert 0.2 < thread.busy / 10 <= 0.5


def test_addresses_of_a_flood_get_the_same(thread):
    flood(thread, 1)
    for _ in range(19):
        thread.ask(HUNDRED[0])      # on many more connections
    thread.run(10)
    counts = [thread.answered.count(network) for network in HUNDRED]
    assert max(counts) - min(counts) <= 2


def test_person_who_logs_in_passes_a_flood(thread):
    flood(thread)
    thread.run(20)
    del thread.answered[:]
    for _ in range(8):      # the pages and pictures until the login
        thread.ask("198.51.100.7")
        while "198.51.100.7" not in thread.answered:
            thread.run(0.001)
        assert len(thread.answered) <= 3
        del thread.answered[:]


def test_first_answer_that_takes_long_hardly_counts(thread):
    flood(thread)
    thread.run(10)
    thread.share.charge("198.51.100.7", 0.5)      # templates were compiled
    thread.share.charge("198.51.100.8", MAX_USAGE_SECONDS)
    del thread.answered[:]
    thread.ask("198.51.100.8")
    thread.ask("198.51.100.7")
    thread.run(3)
    assert thread.answered.index("198.51.100.7") - thread.answered.index("198.51.100.8") <= 2


def test_usage_outlasts_that_of_many_other_addresses(thread):
    thread.share.charge("a", 0.01)
    for number in range(3 * MAX_NETWORKS):
        thread.share.charge(str(number), 0.0001)
    flood(thread, 1)
    thread.ask("a")
    while len(thread.answered) <= len(HUNDRED):
        thread.run(0.001, floods=False)
    assert thread.answered[-1] == "a"


def test_network_with_a_login_needs_no_turn(thread):
    flood(thread)
    thread.run(1)
    assert thread.share.is_anonymous("a")
    thread.share.note_login("a")
    assert thread.share.wait_for_turn("a", Event())
    before = thread.share._all.delay(thread.now)
    thread.share.charge("a", 10.0)
    thread.share.charge_connection("a", 10.0)
    assert thread.share._all.delay(thread.now) == before
    assert thread.share.connection_delay() == 0
    thread.now += LOGIN_SECONDS + 1
    assert thread.share.is_anonymous("a")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_program_on_this_machine_needs_no_turn(thread, address):
    assert not thread.share.is_anonymous(network_of(address))


def test_connection_that_ended_leaves_the_queue(thread):
    flood(thread)
    ended = Event()
    ended.set()
    assert not thread.share.wait_for_turn("a", ended)
    thread.run(3)
    assert "a" not in thread.answered


def test_connections_without_a_login_are_delayed(thread):
    assert thread.share.connection_delay() == 0
    for _ in range(2000):
        thread.share.charge_connection("a", 0.0001)
    assert thread.share.connection_delay() == pytest.approx(0.2 / ANONYMOUS_SHARE - BURST_SECONDS)
    thread.now += 0.5
    assert thread.share.connection_delay() == 0


def test_connections_leave_requests_most_of_the_time(thread):
    """A flood of connections must not use up what requests wait for."""
    flood(thread)
    connected, begin = 0.0, thread.now
    while thread.now < begin + 10:
        while not thread.share.connection_delay():
            thread.share.charge_connection("a", 0.0001)
            connected += 0.0001
        thread.run(0.01)
    assert 0.5 < connected < 1.3
    assert 2.0 < thread.busy < 3.0


# --- a real server


class Client:
    """Send requests to a server in this process, from an address."""

    def __init__(self, port, source):
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", port, DEADLINE, (source, 0))

    def get(self, path, headers=()):
        self.connection.request("GET", path, headers=dict(headers))
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()


def test_owner_is_answered_while_anonymous_clients_wait(protected, monkeypatch):
    exhaust_by_one_answer(monkeypatch)
    monkeypatch.setattr(anonymous_share, "TURN_SECONDS", 0.5)
    server = LiveServer("127.0.0.1", 0)
    owner, stranger = (Client(server.address[1], f"127.0.0.{each}") for each in (2, 3))
    bearer = protected.bearer(OWNER)

    def visitor():
        assert owner.get("/", bearer)[0] == 200
        stranger.connection.request("GET", "/login")
        for _ in range(5):
            assert owner.get("/", bearer)[0] == 200
        refused = stranger.connection.getresponse()
        return refused.status, refused.headers["Retry-After"], refused.read()
    with contextlib.closing(owner.connection), contextlib.closing(stranger.connection):
        assert visited(server, protected.app, visitor) == (
            429, "8", b"Too many requests; try again later.\n")
