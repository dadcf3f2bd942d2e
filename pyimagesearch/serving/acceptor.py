"""Take connections, within their limits, and have each of them served."""

import contextlib
import errno
import functools
import logging
import socket
import time
from collections.abc import Callable
from typing import Any

import gevent
import gevent.event
from flask import Flask
from gevent.pywsgi import WSGIServer

from pyimagesearch.addresses import network_of
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.mjpeg import BOUNDARY, LiveStream

from .connections import Connection, Connections
from .fair_share import PATIENCE, FairShare
from .fanout import Fanout
from .request_reader import RequestReader, start_head_timer
from .tls import HELLO, Tls, ToHttps, shake_hands

log = logging.getLogger(__name__)

UNSENT = 16 * 1024      # bytes that may wait in the kernel for a slow viewer
PAUSE = 0.25            # seconds without accepting, when there are no descriptors left
CLOSED = {errno.EBADF, errno.EINVAL, errno.ENOTSOCK}    # it is we who ended it


class LiveHandler(RequestReader):
    """
    Answer requests; hand live streams over to the fan-out.

    A live stream is sent without chunks, which would cost a copy of each
    frame: it ends when the connection does.
    """

    def process_result(self) -> None:
        """Send the response; for a live stream, this takes as long as it lasts."""
        if not isinstance(self.result, LiveStream):
            super().process_result()
            return
        self.end_turn()
        self.result.connection = connection = self.socket
        # else megabytes of old frames queue up in the kernel
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
        self.write(BOUNDARY)
        self.server.fanout(self.result.broadcaster).serve(connection)

    def finalize_headers(self) -> None:
        """Complete the headers; a live stream has no length and no chunks."""
        if not isinstance(self.result, LiveStream):
            super().finalize_headers()
            return
        self.close_connection = True
        self.response_headers.append((b"Connection", b"close"))


class Acceptor(WSGIServer):
    """Accept connections within their limits, and have each of them served."""

    max_accept = 16     # at a time: those that must go for them have to be closed, too

    def __init__(self, listener: socket.socket, app: Flask, connections: Connections,
                 tls: Tls | None,
                 fanout: Callable[[LatestFrameBroadcaster], Fanout]) -> None:
        self.connections = connections
        self.turns = FairShare()
        self.fanout = fanout
        self._tls = tls
        self.complain = ThrottledLog(log.info)
        super().__init__(listener, app, log=None, error_log=log, environ={
            "wsgi.url_scheme": "https" if tls else "http",
            "SERVER_NAME": listener.getsockname()[0]})      # else gevent asks the DNS

    def do_read(self) -> tuple[Any, Any, Connection] | None:
        """Accept one connection, if there is one that may be had."""
        try:
            accepted = super().do_read()
        except OSError as error:
            if error.errno in CLOSED:
                raise
            self._pause(error)
            return None
        if accepted is None:
            return None
        client, address = accepted
        network = network_of(address[0])
        self.turns.connected(network)
        # behind proxies all come from one network; there, requests tell whose they are
        if not self.connections.proxies and self.turns.wait(network) > PATIENCE:
            self.complain("%s asks too much", address[0])
            client.close()
            return None
        connection = self.connections.admit(address[0], lambda: disconnect(client))
        if connection is None:
            self.complain("no room for a connection of %s", address[0])
            client.close()
            return None
        return client, address, connection

    def _pause(self, error: OSError) -> None:
        self.complain("cannot accept a connection: %s", error.strerror)
        self.stop_accepting()
        self._timer = self.loop.timer(PAUSE)
        self._timer.start(self._start_accepting_if_started)

    def handle(self, client: Any, address: Any, connection: Connection) -> None:
        """Serve one connection to its end."""
        head_timer = start_head_timer()
        try:
            client, kind = self._begun(client, connection)
        except (OSError, gevent.Timeout) as error:
            log.debug("no TLS with %s: %s", address[0], error)
            head_timer.close()
            return
        reader = kind(client, address, self)
        reader.connection, reader.head_timer = connection, head_timer
        reader.evicted = evicted = gevent.event.Event()

        def evict() -> None:
            disconnect(client)
            evicted.set()

        connection.disconnect = evict
        reader.handle()

    def _begun(self, client: Any, connection: Connection
               ) -> tuple[Any, type[RequestReader]]:
        """Return the socket to read requests from, and who reads them."""
        if self._tls is None:
            return client, LiveHandler
        if client.recv(1, socket.MSG_PEEK) != HELLO:
            return client, ToHttps
        encrypted = self._tls.wrap(client)
        connection.disconnect = lambda: disconnect(encrypted)
        shake_hands(encrypted, functools.partial(self.turns.spent, connection.network))
        return encrypted, LiveHandler

    def do_close(self, client: Any, address: Any, connection: Connection) -> None:
        """Close what is left of a connection."""
        self.connections.leave(connection)
        client.close()


def disconnect(client: Any) -> None:
    """Make whoever reads from *client* see its end."""
    with contextlib.suppress(OSError):      # it has gone already
        client._sock.shutdown(socket.SHUT_RDWR)


class ThrottledLog:
    """Say the same thing at most once a second, with how often it was meant."""

    def __init__(self, say: Callable[..., object],
                 now: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._now = now
        self._due = 0.0
        self._count = 0

    def __call__(self, text: str, *values: object) -> None:
        """Log *text*, unless that was done within the last second."""
        self._count += 1
        if self._now() < self._due:
            return
        more = f" (the last of {self._count})" if self._count > 1 else ""
        self._due, self._count = self._now() + 1.0, 0
        self._say(text + "%s", *values, more)
