"""Connections to hosts: several addresses, names that are looked up for ever, and the end."""

import socket
import threading

import pytest

from harness import DEADLINE, InBackground, eventually
from pyimagesearch.capture.cancellation import Cancellation
from pyimagesearch.capture.host_connector import HostConnector

FULL = 16       # connections that a listener with a backlog of 0 surely does not accept


@pytest.fixture
def closing():
    closing = Cancellation()
    yield closing
    closing.set()


def failure(function, *arguments):
    """Return what *function* raises."""
    try:
        return function(*arguments)
    except OSError as error:
        return error


def lookups():
    return [thread for thread in threading.enumerate() if thread.name.startswith("lookup-")]


def test_lookup_that_never_ends_holds_one_thread_only(closing, monkeypatch):
    answered, real = threading.Event(), socket.getaddrinfo

    def look_up(host, port, *more, flags=0, **options):
        if flags:
            raise socket.gaierror
        answered.wait(DEADLINE)
        return real("127.0.0.1", port, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        hosts, port = HostConnector(), listener.getsockname()[1]
        for _ in range(3):
            given_up = Cancellation()
            waiting = InBackground(
                failure, hosts.connect, "camera.lan", port, DEADLINE, given_up)
            eventually(lookups)
            given_up.set()
            assert isinstance(waiting.result(), TimeoutError)
        assert len(lookups()) == 1
        answered.set()
        hosts.connect("camera.lan", port, DEADLINE, closing).close()
    eventually(lambda: not lookups())


def test_name_that_can_be_none_is_an_error(closing):
    for name in ("a" * 70, "no-such-host.invalid"):
        with pytest.raises((OSError, UnicodeError)):
            HostConnector().connect(name, 1, DEADLINE, closing)


def test_host_that_accepts_nothing_is_left_at_once(closing):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address, others = listener.getsockname(), []
        for _ in range(FULL):
            others.append(socket.socket())
            others[-1].setblocking(False)
            others[-1].connect_ex(address)
        waiting = InBackground(failure, HostConnector().connect, *address, DEADLINE, closing)
        assert not closing.wait(0.1)
        closing.set()
        assert isinstance(waiting.result(), OSError)
        for each in others:
            each.close()


def test_connection_is_shut_at_the_end(closing):
    with (socket.create_server(("127.0.0.1", 0)) as listener,
          HostConnector().connect(*listener.getsockname(), DEADLINE, closing) as connection):
        reading = InBackground(connection.recv, 1)
        closing.set()
        assert reading.result() == b""
