"""What clients without a login send is kept nowhere: long distinct values (cross-cutting)."""

import gc
import json
import threading
import tracemalloc

import pytest

from benchmarks.header_values import SHAPES, Sent, send, value_of
from harness import DEADLINE
from protected import OWNER, ProtectedApp
from pyimagesearch.serving.connections import Connections
from pyimagesearch.serving.server import LiveServer

pytestmark = pytest.mark.usefixtures("no_fsync")

COUNT = 25                  # distinct values of 6 kB or more
MAX_KEPT_BYTES = 80_000


def filters(value):
    return Sent(f"/api/events?camera={value[:3500]}&day=2026-11-20&kind={value[:3500]}")


def camera(value):
    return Sent(f"/camera/{value}")


def event(value):
    return Sent(f"/events/{value}")


def slashes(value):
    return Sent(f"/api//status/{value}")


def fields_of_json(value):
    return Sent("/api/stream_key", {"Content-Type": "application/json"},
                json.dumps({value: 1, "path": f"/{value}"}))


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """An app that requires a login, behind a proxy, and the port that serves it."""
    protected = ProtectedApp(tmp_path_factory.mktemp("config"), trusted_proxies=1)
    protected.set_password(OWNER)
    ready, servers = threading.Event(), []

    def serve():
        servers.append(LiveServer("127.0.0.1", 0, Connections(proxies=1)))
        ready.set()
        servers[0].run(protected.app, on_stop=lambda: None)
    thread = threading.Thread(target=serve)
    thread.start()
    assert ready.wait(DEADLINE)
    tracemalloc.start()
    yield protected, servers[0].address[1]
    tracemalloc.stop()
    servers[0].stop_soon()
    thread.join(DEADLINE)


def kept(port, shape, login):
    """Return how much memory many requests of *shape* take for good [bytes]."""
    def exchange(numbers):
        sent = [shape(value_of(number)) for number in numbers]
        seen = send(port, [each._replace(headers={**each.headers, **login}).as_bytes(number)
                           for number, each in enumerate(sent)])
        assert max(seen) < 500, seen

    exchange(range(5))
    before = traced_bytes()
    exchange(range(1000, 1000 + COUNT))
    return traced_bytes() - before


def traced_bytes():
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_nothing_sent_without_a_login_is_kept(served, shape):
    _, port = served
    assert kept(port, shape, {}) < MAX_KEPT_BYTES


@pytest.mark.parametrize("shape", [filters, camera, event, slashes, fields_of_json],
                         ids=lambda shape: shape.__name__)
def test_nothing_that_owners_send_is_kept(served, shape):
    protected, port = served
    assert kept(port, shape, protected.bearer(OWNER)) < MAX_KEPT_BYTES
