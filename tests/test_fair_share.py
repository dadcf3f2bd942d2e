"""Whose turn it is: nobody has the server's one thread to himself."""

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
    AHEAD,
    EXPECTED,
    LONGEST,
    MOST,
    SHARE,
    FairShare,
)
from pyimagesearch.serving.request_reader import RequestReader
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.mjpeg import LiveStream


class Time:
    now = 1000.0

    def __call__(self):
        return self.now


def ask(turns, time, network, seconds):
    """Wait for a turn, and take *seconds*; return how long it took to begin."""
    waited = turns.queue(network)
    time.now += waited + seconds
    turns.took(network, seconds)
    return waited


@given(st.lists(st.floats(1e-5, LONGEST), min_size=50, max_size=200))
def test_who_asks_without_end_has_his_share(costs):
    time = Time()
    turns, begin = FairShare(time), time.now
    for cost in costs:
        ask(turns, time, "a", cost)
    spared = (AHEAD + LONGEST / SHARE) * SHARE + LONGEST
    assert sum(costs) <= SHARE * (time.now - begin) + spared


@given(st.lists(st.tuples(st.floats(0.02, 5.0), st.floats(1e-5, 0.005)), max_size=100))
def test_who_asks_now_and_then_never_waits(visits):
    time = Time()
    turns = FairShare(time)
    for pause, cost in visits:
        time.now += pause
        assert ask(turns, time, "a", cost) == 0


def test_page_with_all_its_pictures_comes_at_once():
    time = Time()
    turns = FairShare(time)
    assert sum(ask(turns, time, "a", 0.001) for _ in range(60)) == 0


def test_places_do_not_wait_for_each_other():
    time = Time()
    turns = FairShare(time)
    for _ in range(100):
        ask(turns, time, "a", 0.01)
    assert turns.wait("a") > 0
    assert turns.wait("b") == 0


def test_long_waiting_for_a_disk_is_not_held_against_anybody_for_long():
    time = Time()
    turns = FairShare(time)
    ask(turns, time, "a", 3600.0)
    assert turns.wait("a") <= LONGEST / SHARE


def test_those_who_come_at_once_have_their_turns_one_after_the_other():
    turns = FairShare(Time())
    waits = [turns.queue("a") for _ in range(1000)]
    later = [wait for wait in waits if wait]
    assert len(waits) - len(later) >= AHEAD * SHARE / EXPECTED
    assert all(abs(b - a - EXPECTED / SHARE) < 1e-9 for a, b in pairwise(later))
    for _ in waits:
        turns.took("a", 0.0)        # they had gone meanwhile
    assert turns.wait("a") == 0


def test_connections_and_what_is_no_request_count():
    turns = FairShare(Time())
    for _ in range(1000):
        turns.connected("a")
    assert turns.wait("a") < 1e-9   # as many as may come at once
    turns.spent("a", 0.02)
    assert 0.04 < turns.wait("a") < 0.06


def test_few_places_are_remembered():
    time = Time()
    turns = FairShare(time)
    for number in range(3 * MOST):
        ask(turns, time, str(number), 0.01)
    assert len(turns._free) <= MOST


@pytest.mark.parametrize(("proxies", "told", "network"), [
    (0, "198.51.100.7", "127.0.0.1"), (1, "198.51.100.7", "198.51.100.7"),
    (1, "1.2.3.4, 198.51.100.7", "198.51.100.7"), (2, "198.51.100.7, 10.0.0.1", "198.51.100.7"),
    (2, "198.51.100.7", "127.0.0.1"), (1, "", "127.0.0.1"), (1, "2001:db8::9", "2001:db8::/64")])
def test_behind_proxies_each_visitor_has_turns_of_his_own(proxies, told, network):
    reader = RequestReader.__new__(RequestReader)
    reader.server = SimpleNamespace(connections=Connections(proxies=proxies))
    reader.connection = Connection("127.0.0.1", lambda: None)
    reader.headers = Message()
    for line in filter(None, told.rsplit(", ", 1)):
        reader.headers["X-Forwarded-For"] = line
    assert reader._network() == network


@pytest.mark.parametrize(("sent", "told"), [(0, b"HTTP/1.1 500 "), (1, b"")])
def test_answer_that_fails_is_a_sentence_unless_some_of_it_was_sent(sent, told):
    heard = []
    reader = RequestReader.__new__(RequestReader)
    reader.path, reader.response_length = "/", sent
    reader.socket = SimpleNamespace(sendall=heard.append)
    reader.handle_error(ValueError, ValueError("a defect"), None)
    assert reader.close_connection
    assert b"".join(heard).startswith(told)
    assert bool(heard) == bool(told)


def test_time_of_a_stream_is_not_held_against_who_watches():
    """Twenty viewers of one house who left at once shut it out for seconds."""
    took, served = [], []
    handler = LiveHandler.__new__(LiveHandler)
    handler.result = LiveStream(LatestFrameBroadcaster())
    handler.socket = SimpleNamespace(setsockopt=lambda *_: None)
    handler.write = lambda data: None
    handler.server = SimpleNamespace(
        turns=SimpleNamespace(took=lambda network, seconds: took.append((network, seconds))),
        fanout=lambda _: SimpleNamespace(serve=lambda _: served.append(list(took))))
    handler._turn = "a", thread_time()
    handler.process_result()
    until = thread_time() + 0.05
    while thread_time() < until:
        pass
    handler.end_turn()
    assert len(took) == 1
    assert served == [took]
    assert took[0][0] == "a"
    assert took[0][1] < 0.05
