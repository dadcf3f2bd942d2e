"""Read one request after the other: strictly, in time, and not too much of it."""

import contextlib
import errno
import http.client
import io
import logging
import socket
import ssl
import time
from types import TracebackType
from typing import Any

import gevent
import gevent.event
from gevent.pywsgi import Input, WSGIHandler

from pyimagesearch.addresses import network_of

from .connections import Connection
from .fair_share import PATIENCE
from .http_syntax import (
    MOST_BODY,
    MOST_HEAD,
    Bounded,
    HeaderLines,
    Refused,
    as_refused,
    check_framing,
    is_request,
    malformed,
)

log = logging.getLogger(__name__)

HEAD, BODY = 10.0, 10.0         # seconds for request line and headers, and for a body
IDLE = 15.0                     # seconds without a next request on a kept connection
SENDING = 30.0                  # seconds that a client may take nothing of an answer
PIECE = 64 * 1024               # bytes that a client must take within SENDING
BREATH = 1e-6                   # seconds between two requests of a connection
LINGER = 1.0                    # seconds for a refused client to read why

FAILED = Refused("500 Internal Server Error", "The request could not be answered.")
UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.ENETRESET,
               errno.EHOSTDOWN}


class RequestReader(WSGIHandler):
    """
    Read requests of one connection, and refuse those that are not proper.

    gevent's own class waits for ever and takes whatever comes. Here a request
    has its time and its size, is read to the end before the application sees
    it, and what two servers could understand differently is refused.
    """

    connection: Connection
    head_timer: gevent.Timeout      # started when the connection was accepted
    evicted: gevent.event.Event     # set when it must go for another connection
    _body = b""
    _begun = 0.0        # when the head of a request was there [s of the thread]
    _served = False
    _turn: tuple[str, float] | None = None      # whose it is, and when it began

    def handle(self) -> None:
        """Serve the connection until it ends."""
        self.socket.settimeout(SENDING)
        try:
            super().handle()
        except gevent.Timeout as late:
            if late is not self.head_timer:
                raise
            log.debug("%s said too little for too long", self.client_address[0])
        except OSError as gone:
            log.debug("%s is gone: %s", self.client_address[0], gone)
        finally:
            self.head_timer.close()

    def read_requestline(self) -> str:
        """Wait for the next request, but not for ever; return its first line."""
        if self._served and not self._is_asked_again():
            return ""
        self._served, self._begun = True, 0.0
        line: str = super().read_requestline()
        # some send an empty line behind a form (RFC 9112, section 2.2)
        return line if line.strip("\r\n") or not line else super().read_requestline()

    def _is_asked_again(self) -> bool:
        # one who always has more to ask must not keep the rest: what is due by the
        # clock, and the sockets, have their turn only if we wait for the clock too
        gevent.sleep(BREATH)
        with gevent.Timeout(IDLE, False):
            if self.rfile.peek(1):
                self.head_timer = start_head_timer()
                return True
        return False

    def read_request(self, raw_requestline: str) -> bool:
        """Read headers and body; raises :exc:`Refused`."""
        if not is_request(raw_requestline):
            raise malformed("The request line is not as HTTP/1.1 has it.")
        self._begun = time.thread_time()
        super().read_request(raw_requestline)
        self.head_timer.close()
        self._body = self._read_body()
        return True

    def MessageClass(self, *_: Any) -> http.client.HTTPMessage:
        """Return the headers; raises :exc:`Refused` for bad or too many ones."""
        lines = HeaderLines(self.rfile, MOST_HEAD, Refused(
            "431 Request Header Fields Too Large",
            f"The headers are more than {MOST_HEAD} bytes."))
        headers: http.client.HTTPMessage = super().MessageClass(lines, 0)
        check_framing(headers, self.request_version)
        return headers

    def _read_body(self) -> bytes:
        chunked = "transfer-encoding" in self.headers
        if not chunked and not self.content_length:
            return b""
        too_much = Refused("413 Content Too Large",
                           f"The body is more than {MOST_BODY} bytes.")
        if (self.content_length or 0) > MOST_BODY:
            raise too_much
        waits = self.headers.get("expect", "").lower() == "100-continue"
        body = Input(Bounded(self.rfile, 2 * MOST_BODY, too_much), self.content_length,
                     self.socket if waits else None, chunked)
        with gevent.Timeout(BODY, Refused("408 Request Timeout", "The body is late.")):
            data: bytes = body.read(MOST_BODY + 1)
        if len(data) > MOST_BODY:
            raise too_much
        return data

    def get_environ(self) -> dict[str, Any]:
        """Return what the application may know of the request."""
        environ: dict[str, Any] = super().get_environ()
        self.wsgi_input = Input(io.BytesIO(self._body), len(self._body))
        environ["wsgi.input"] = self.wsgi_input
        environ["webstreaming.disconnect"] = self.connection.disconnect
        if environ.pop("HTTP_TRANSFER_ENCODING", None):
            environ["CONTENT_LENGTH"] = str(len(self._body))
        return environ

    def handle_one_response(self) -> None:
        """Answer one request in its turn; that long, the connection is no idle one."""
        connections, network = self.server.connections, self._network()
        read = time.thread_time() - self._begun
        if not self._has_turn(self.server.turns.queue(network)):
            self.server.turns.took(network, read)
            self.close_connection = True
            return
        connections.work(self.connection)
        self._turn = network, time.thread_time() - read
        super().handle_one_response()
        self.end_turn()
        connections.rest(self.connection)

    def process_result(self) -> None:
        """Send what the application answered."""
        self.end_turn()
        super().process_result()

    def end_turn(self) -> None:
        """Count the time so far: waiting for who reads the answer takes none of it."""
        if self._turn:
            (network, begin), self._turn = self._turn, None
            self.server.turns.took(network, time.thread_time() - begin)

    def _has_turn(self, wait: float) -> bool:
        """Wait for the turn of this request; return whether it is to be answered."""
        if wait > PATIENCE:
            busy = Refused("503 Service Unavailable", "You ask too much; try later.")
            self.socket.sendall(busy.answer())
            return False
        return not (wait and self.evicted.wait(wait))

    def _network(self) -> str:
        """Return where this request comes from, as the proxies before us say."""
        proxies = self.server.connections.proxies
        lines = self.headers.get_all("x-forwarded-for", []) if proxies else []
        told = [each.strip() for line in lines for each in line.split(",")]
        behind = proxies and len(told) >= proxies
        return network_of(told[-proxies]) if behind else self.connection.network

    def _sendall(self, data: bytes) -> None:
        connections = self.server.connections
        for at in range(0, len(data), PIECE):
            self.connection.sending = True
            connections.rest(self.connection)       # who does not take it only waits
            super()._sendall(memoryview(data)[at:at + PIECE])
            connections.work(self.connection)
            self.connection.sending = False

    def _handle_client_error(self, error: Exception) -> None:
        if is_network(error):
            return
        if not isinstance(error, (ValueError, OSError, http.client.HTTPException)):
            log.error("reading a request failed", exc_info=error)
        refused = error if isinstance(error, Refused) else as_refused(error)
        now = time.thread_time()
        self.server.turns.spent(self.connection.network, now - (self._begun or now))
        self.server.complain("refused a request of %s: %s",
                             self.client_address[0], refused)
        self.socket.sendall(refused.answer())
        self._let_read()

    def _let_read(self) -> None:
        """Wait a little: closing with unread data would destroy what was answered."""
        self.socket._sock.shutdown(socket.SHUT_WR)
        with gevent.Timeout(LINGER, False):
            for _ in range(16):
                if not self.socket.recv(PIECE):
                    return

    def handle_error(self, kind: type[BaseException], error: BaseException,
                     traceback: TracebackType | None) -> None:
        """Log what went wrong in answering; that the client has gone is no error."""
        if is_network(error):
            log.debug("%s is gone: %s", self.client_address[0], error)
            self.close_connection = True
            return
        log.error("answering %r failed", self.path, exc_info=(kind, error, traceback))
        self.close_connection = True
        if not self.response_length:
            with contextlib.suppress(OSError):
                self.socket.sendall(FAILED.answer())

    def log_request(self) -> None:
        """Log the request, without what may be secret in its query."""
        if log.isEnabledFor(logging.DEBUG):
            path = (self.path or "").partition("?")[0]
            log.debug("%s %s %r: %s", self.client_address[0], self.command, path,
                      str(self._orig_status or self.status).split()[0])


def start_head_timer() -> gevent.Timeout:
    """Return what ends the waiting for the head of a request, in this greenlet."""
    return gevent.Timeout.start_new(HEAD)


def is_network(error: BaseException) -> bool:
    """Return whether *error* only says that the client has gone, or takes nothing."""
    return isinstance(error, (ConnectionError, TimeoutError, ssl.SSLError)) or (
        isinstance(error, OSError) and error.errno in UNREACHABLE)
