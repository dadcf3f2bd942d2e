"""Accept connections within their limits and serve each in a greenlet."""

import contextlib
import errno
import functools
import logging
import socket
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import gevent
import gevent.event
from flask import Flask
from gevent.pywsgi import WSGIServer

from pyimagesearch.addresses import network_of
from pyimagesearch.streaming.live_stream import LiveStream, Source

from .connections import Connection, Connections
from .fair_share import MAX_DELAY_SECONDS, FairShare
from .fanout import Fanout
from .request_reader import RequestReader
from .tls import TLS_HANDSHAKE, RedirectToHttps, Tls, shake_hands

log = logging.getLogger(__name__)

UNSENT_BYTES = 16 * 1024    # that may wait in the kernel for a slow viewer
CONNECTION_COST = 5         # times what accepting it takes, until it is closed
PAUSE_SECONDS = 0.25        # without accepting, when no descriptors are left
CLOSED = {errno.EBADF, errno.EINVAL, errno.ENOTSOCK}    # the listener was closed


class Timeouts(NamedTuple):
    """Seconds after which a client that does nothing is disconnected."""

    head: float = 10.0          # for request line and headers, TLS handshake included
    body: float = 10.0          # for the body of a request
    keep_alive: float = 15.0    # for a next request on a kept connection
    send: float = 30.0          # for reading a part of a response
    stalled: float = 30.0       # for reading anything of a live stream


class LiveHandler(RequestReader):
    """
    Answer requests; hand live streams over to the fan-out.

    A live stream is sent without chunks, which would cost a copy of each frame: it
    ends with its connection.
    """

    def process_result(self) -> None:
        """Send the response; of a live stream, until it ends."""
        if not isinstance(self.result, LiveStream):
            super().process_result()
            return
        self.settle_time()
        # otherwise megabytes of old frames queue up in the kernel
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT,
                               UNSENT_BYTES)
        fanout = self.server.fanout(self.result.source)
        self.write(fanout.opening)
        fanout.serve(self.socket, self.result)

    def finalize_headers(self) -> None:
        """Complete the headers; a live stream has no length and no chunks."""
        if not isinstance(self.result, LiveStream):
            super().finalize_headers()
            return
        self.close_connection = True
        self.response_headers.append((b"Connection", b"close"))


class Acceptor(WSGIServer):
    """Accept connections within their limits and serve each in a greenlet."""

    max_accept = 16     # at a time: those evicted for them must be closed, too

    def __init__(self, listener: socket.socket, app: Flask, connections: Connections,
                 tls: Tls | None, timeouts: Timeouts,
                 fanout: Callable[[Source], Fanout[Any]]) -> None:
        self.connections = connections
        self.timeouts = timeouts
        self.fair_share = FairShare()
        self.fanout = fanout
        self.own_cookies = app.extensions["own_cookies"]
        self.throttled_log = ThrottledLog(log.info)
        self._tls = tls
        super().__init__(listener, app, log=None, error_log=log, environ={
            "wsgi.url_scheme": "https" if tls else "http",
            "SERVER_NAME": listener.getsockname()[0]})      # else gevent asks the DNS

    def do_read(self) -> tuple[Any, Any, Connection] | None:
        """Accept one connection, if the limits allow it."""
        begin = time.thread_time()
        try:
            accepted = super().do_read()
        except OSError as error:
            if error.errno in CLOSED:
                raise
            self.throttled_log("cannot accept a connection: %s", error.strerror)
            self._pause(PAUSE_SECONDS)
            return None
        if accepted is None:
            return None
        took = time.thread_time() - begin
        client, address = accepted
        network = network_of(address[0])
        # behind proxies all come from one address; there, requests name their client
        if not self.connections.proxies and not self._may_connect(
                network, CONNECTION_COST * took):
            self.throttled_log("too many requests from %s", address[0])
            client.close()
            return None
        connection = self.connections.admit(address[0], lambda: shut_down(client))
        if connection is None:
            self.throttled_log("no room for a connection from %s", address[0])
            client.close()
            return None
        return client, address, connection

    def _may_connect(self, network: str, seconds: float) -> bool:
        """Charge *seconds* for a connection of *network*; return if it may have it."""
        self.fair_share.charge(network, seconds)
        if delay := self.fair_share.anonymous.connection_delay():
            self._pause(delay)
        return self.fair_share.delay(network) <= MAX_DELAY_SECONDS

    def _pause(self, seconds: float) -> None:
        self.stop_accepting()
        self._timer = self.loop.timer(seconds)
        self._timer.start(self._start_accepting_if_started)

    def handle(self, client: Any, address: Any, connection: Connection) -> None:
        """Serve one connection to its end."""
        head_timer = gevent.Timeout.start_new(self.timeouts.head)
        evicted = gevent.event.Event()
        try:
            client, reader_class = self._begin(client, connection, evicted)
        except (OSError, gevent.Timeout) as error:
            log.debug("no TLS with %s: %s", address[0], error)
            head_timer.close()
            return
        reader = reader_class(client, address, self)
        reader.connection, reader.head_timer = connection, head_timer
        reader.evicted = evicted
        reader.handle()

    def _begin(self, client: Any, connection: Connection, evicted: gevent.event.Event
               ) -> tuple[Any, type[RequestReader]]:
        """Return the socket to read requests from, and the class that reads them."""
        def evict() -> None:
            shut_down(client)
            evicted.set()

        connection.disconnect = evict
        if self._tls is None:
            return client, LiveHandler
        if client.recv(1, socket.MSG_PEEK) != TLS_HANDSHAKE:
            return client, RedirectToHttps
        network = connection.network
        if not (self.connections.proxies
                or self.fair_share.anonymous.wait_for_turn(network, evicted)):
            raise ConnectionAbortedError("too many wait for a handshake")
        client = self._tls.wrap(client)     # the socket that evict() shuts down, too
        shake_hands(client,
                    functools.partial(self.fair_share.charge_handshake, network))
        return client, LiveHandler

    def do_close(self, client: Any, address: Any, connection: Connection) -> None:
        """Close a connection that was served."""
        self.connections.remove(connection)
        client.close()


def shut_down(client: Any) -> None:
    """End *client* in both directions; its reader sees the end of the connection."""
    with contextlib.suppress(OSError):      # it has gone already
        client._sock.shutdown(socket.SHUT_RDWR)


class ThrottledLog:
    """Log at most once a second, with the number of messages since the last one."""

    def __init__(self, write: Callable[..., object],
                 now: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._now = now
        self._due = 0.0
        self._count = 0

    def __call__(self, text: str, *values: object) -> None:
        """Log *text*, unless something was logged within the last second."""
        self._count += 1
        if self._now() < self._due:
            return
        more = f" (the last of {self._count})" if self._count > 1 else ""
        self._due, self._count = self._now() + 1.0, 0
        self._write(text + "%s", *values, more)
