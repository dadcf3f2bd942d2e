"""Pools of threads for blocking work, and waiting for frames without any."""

import contextlib
import http.client
import json
import os
import threading
import time
from functools import partial

import gevent
import pytest

from harness import DEADLINE, eventually, open_access
from network import visited
from pyimagesearch.errors import ServerBusy
from pyimagesearch.serving.mjpeg_fanout import MjpegFanout
from pyimagesearch.serving.request_cost import REQUEST_COST, RequestCost
from pyimagesearch.serving.server import LiveServer
from pyimagesearch.serving.thread_pools import (
    MAX_WAITING,
    MAX_WAITING_PER_NETWORK,
    FairPool,
)
from pyimagesearch.web import Feed, Services, create_app
from sample_archive import STATUS


class Held:
    """Work that goes on when the test says so, and the order in which it was begun."""

    def __init__(self, pool):
        self.pool, self.begun, self.go_on = pool, [], threading.Event()
        self.greenlets = []

    def add(self, network, count=1):
        """Have *network* ask for so many pieces of work."""
        for _ in range(count):
            self.greenlets.append(gevent.spawn(self._ask, network))
        gevent.sleep(0)

    def _ask(self, network):
        REQUEST_COST.set(RequestCost(network, time.thread_time()))
        self.pool.run_admitted(partial(self._work, network))

    def _work(self, network):
        self.begun.append(network)
        assert self.go_on.wait(DEADLINE)

    def finish(self):
        self.go_on.set()
        gevent.joinall(self.greenlets, DEADLINE, raise_error=True)

    def wait_for(self, count):
        while len(self.begun) < count:
            gevent.sleep(0.001)


@pytest.fixture
def hold():
    held = []
    yield lambda pool: held.append(Held(pool)) or held[-1]
    for each in held:
        each.finish()


def test_networks_take_turns(hold):
    work = hold(FairPool(1))
    work.add("a", 40)
    work.add("b")
    work.add("c", 2)
    work.finish()
    assert work.begun[:6] == ["a", "a", "b", "c", "a", "c"]
    assert len(work.begun) == 43


def threads():
    return len(os.listdir("/proc/self/task"))


def test_one_network_leaves_a_thread_to_others(hold):
    before = threads()
    work = hold(FairPool(3))
    assert threads() == before      # they are started when they are needed
    work.add("a", 40)
    work.wait_for(2)
    work.add("b")
    work.wait_for(3)
    assert work.begun == ["a", "a", "b"]
    assert threads() == before + 3


def test_too_much_waiting_work_is_refused(hold):
    pool = FairPool(1)
    work = hold(pool)
    work.add("a", 1 + MAX_WAITING_PER_NETWORK)
    assert refuses(pool, "a")
    assert not refuses(pool, "b")
    for number in range(MAX_WAITING - MAX_WAITING_PER_NETWORK):
        work.add(str(number))
    assert refuses(pool, "b")
    work.add("b")       # of a request that was admitted before
    work.finish()
    assert "b" in work.begun


def refuses(pool, network):
    """Return whether *pool*, whose threads are busy, refuses more work of *network*."""
    def ask():
        REQUEST_COST.set(RequestCost(network, time.thread_time()))
        with pytest.raises(ServerBusy):
            pool.run(int)
        return True
    asking = gevent.spawn(ask)
    gevent.sleep(0)
    asking.kill()
    return asking.value is True


def test_ended_request_gives_its_thread_to_the_next(hold):
    work = hold(FairPool(1))
    work.add("a", 4)
    work.wait_for(1)
    work.greenlets[0].kill()    # its work goes on, and so does that of the others
    work.greenlets[2].kill()
    work.finish()
    assert work.begun == ["a", "a", "a"]


def test_work_raises_its_own_errors():
    with pytest.raises(ZeroDivisionError):
        FairPool(1).run(lambda: 1 / 0)


def spend(seconds):
    """Keep this thread busy for so long."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_only_its_own_time_counts_for_a_request(broadcaster):
    """Forty requests that waited were charged forty times for what others did."""
    def ask():
        cost = RequestCost("a", time.thread_time())
        REQUEST_COST.set(cost)
        FairPool(1).run(partial(spend, 0.02))       # counts
        MjpegFanout(broadcaster, stalled=30).wait_for_frame(DEADLINE)
        return cost.seconds()
    asking = gevent.spawn(ask)
    until = gevent.spawn_later(0.1, broadcaster.publish, b"a picture")
    while not until.ready():
        spend(0.01)         # does not
        gevent.sleep(0)
    assert 0.02 <= asking.get() < 0.07


# --- a real server


class Client:
    """A client of the server in this process, on a thread of its own."""

    def __init__(self, port):
        self.port = port

    def ask(self, path):
        """Send a request; return its connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        connection.request("GET", path)
        return connection

    def get(self, path):
        """Return status, headers and body of one response."""
        with contextlib.closing(self.ask(path)) as connection:
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()


class Server(LiveServer):
    """A server in this process, on a free port, with one camera and an archive."""

    def __init__(self, archive, broadcaster):
        super().__init__("127.0.0.1", 0)
        self.broadcaster = broadcaster
        self.app = create_app(Services(
            {"camera": Feed(broadcaster, lambda: STATUS)}, open_access(), self.pools,
            archive=archive, fresh_seconds=DEADLINE, wait_for_frame=self.wait_for_frame))

    def run_for(self, visitor):
        """Serve while *visitor* is called on another thread; return what it returns."""
        return visited(self, self.app, lambda: visitor(Client(self.address[1])),
                       self.broadcaster.close)


@pytest.fixture
def server(sample, broadcaster):
    return Server(sample, broadcaster)


def test_waiting_for_a_frame_takes_no_thread(server, broadcaster):
    """Forty stills of a slow camera made every page wait."""
    def visitor(client):
        assert client.get("/events")[0] == 200
        before = threads()
        waiting = [client.ask("/snapshot.jpg") for _ in range(40)]
        eventually(lambda: broadcaster.viewers == 40)
        assert client.get("/events")[0] == 200
        assert threads() <= before
        broadcaster.publish(b"a picture", 1.5)
        answers = [each.getresponse() for each in waiting]
        assert {(each.status, each.read()) for each in answers} == {(200, b"a picture")}
        assert client.get("/snapshot.jpg")[2] == b"a picture"
        for each in waiting:
            each.close()
    server.run_for(visitor)
    assert broadcaster.viewers == 0


@pytest.mark.parametrize("kind", ["passwords", "files", "changes"])
def test_held_threads_delay_no_other_work(server, hold, kind):
    hold(getattr(server.pools, kind)).add("198.51.100.1", 40)
    assert server.run_for(lambda client: client.get("/events"))[0] == 200


def test_full_pool_is_503_with_one_sentence(server, hold):
    hold(server.pools.database).add("127.0.0.1", 2 + MAX_WAITING_PER_NETWORK)
    status, headers, body = server.run_for(lambda client: client.get("/api/events"))
    assert (status, headers["Retry-After"]) == (503, "2")
    assert json.loads(body) == {"error": "Too many requests wait for the same part of the "
                                         "server; try again in a moment."}
