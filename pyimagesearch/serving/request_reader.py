"""Read the requests of one connection: strictly, in time and within their size."""

import contextlib
import errno
import functools
import http.client
import io
import logging
import math
import socket
import ssl
import time
from types import TracebackType
from typing import Any

import gevent
import gevent.event
from gevent.pywsgi import Input, WSGIHandler

from pyimagesearch.addresses import forwarded_address, network_of

from .anonymous_share import TURN_SECONDS
from .connections import Connection
from .cookie_lines import CookieLines
from .fair_share import MAX_DELAY_SECONDS
from .http_syntax import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    BoundedFile,
    HeaderLines,
    RequestRefused,
    as_refused,
    bad_request,
    check_framing,
    is_request_line,
)
from .paced_input import BLOCK_BYTES, PacedInput
from .request_cost import REQUEST_COST, RequestCost

log = logging.getLogger(__name__)

SEND_BYTES = 64 * 1024      # that a client must read within the timeout
YIELD_SECONDS = 1e-6        # between two requests of a connection
LINGER_SECONDS = 1.0        # for a refused client to read why

FAILED = RequestRefused("500 Internal Server Error",
                        "The request could not be answered.")
UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.ENETRESET,
               errno.EHOSTDOWN}


class RequestReader(WSGIHandler):
    """
    Read the requests of one connection and refuse malformed ones.

    gevent's own class waits for ever and takes any size. Here a request has its
    timeouts and limits, is read to the end before the application sees it, and is
    refused if two servers could understand it differently. Reading takes the network's
    turns, too: one for each block, of which the last one is that of the request.
    """

    rfile: io.BufferedReader
    connection: Connection
    head_timer: gevent.Timeout      # started when the connection was accepted
    evicted: gevent.event.Event     # set when it is closed for another connection
    _body = b""
    _served = False
    _network = ""       # unknown before the head of a proxy's request was read
    _cost: RequestCost | None = None    # of what is done in a turn of the network

    def handle(self) -> None:
        """Serve the connection until it ends."""
        self.socket.settimeout(self.server.timeouts.send)
        self.rfile.close()      # gevent's
        self.rfile = io.BufferedReader(
            PacedInput(self.socket, self.settle_time, self._process), BLOCK_BYTES)
        try:
            super().handle()
        except gevent.Timeout as late:
            if late is not self.head_timer:
                raise
            log.debug("%s sent no complete request in time", self.client_address[0])
        except OSError as gone:
            log.debug("%s disconnected: %s", self.client_address[0], gone)
        finally:
            self.head_timer.close()

    def read_requestline(self) -> str:
        """Return the first line of the next request, empty if none comes in time."""
        self._network = "" if self.server.connections.proxies else (
            self.connection.network)
        if self._served and not self._wait_for_next():
            return ""
        self._served = True
        if not self._cost:      # what follows is here already, and has no turn yet
            self._cost = RequestCost("", time.thread_time())
        line: str = super().read_requestline()
        # some send an empty line after a form (RFC 9112, section 2.2)
        return line if line.strip("\r\n") or not line else super().read_requestline()

    def _wait_for_next(self) -> bool:
        # a client that always has another request must not starve the rest: gevent
        # serves its timers and the other sockets only while we wait for a timer, too
        gevent.sleep(YIELD_SECONDS)
        with gevent.Timeout(self.server.timeouts.keep_alive, False):
            if self.rfile.peek(1):
                self.head_timer = gevent.Timeout.start_new(self.server.timeouts.head)
                return True
        return False

    def read_request(self, raw_requestline: str) -> bool:
        """Read headers and body; raises :exc:`RequestRefused`."""
        if not is_request_line(raw_requestline):
            raise bad_request("The request line is not valid HTTP/1.1.")
        super().read_request(raw_requestline)
        self.head_timer.close()
        self._network = self.client_network()
        self._body = self._read_body()
        return True

    def MessageClass(self, *_: Any) -> http.client.HTTPMessage:
        """Return the headers; raises :exc:`RequestRefused` for bad or too many ones."""
        file = CookieLines(self.rfile, self.server.own_cookies)
        lines = HeaderLines(file, MAX_HEAD_BYTES, RequestRefused(
            "431 Request Header Fields Too Large",
            f"The headers are more than {MAX_HEAD_BYTES} bytes."))
        headers: http.client.HTTPMessage = super().MessageClass(lines, 0)
        check_framing(headers, self.request_version)
        return headers

    def _read_body(self) -> bytes:
        chunked = "transfer-encoding" in self.headers
        if not chunked and not self.content_length:
            return b""
        too_large = RequestRefused("413 Content Too Large",
                                   f"The body is more than {MAX_BODY_BYTES} bytes.")
        if (self.content_length or 0) > MAX_BODY_BYTES:
            raise too_large
        waits = self.headers.get("expect", "").lower() == "100-continue"
        body = Input(BoundedFile(self.rfile, 2 * MAX_BODY_BYTES, too_large),
                     self.content_length, self.socket if waits else None, chunked)
        late = RequestRefused("408 Request Timeout", "The body did not come in time.")
        with gevent.Timeout(self.server.timeouts.body, late):
            data: bytes = body.read(MAX_BODY_BYTES + 1)
        if len(data) > MAX_BODY_BYTES:
            raise too_large
        return data

    def get_environ(self) -> dict[str, Any]:
        """Return the WSGI environment, with the body that was read."""
        environ: dict[str, Any] = super().get_environ()
        self.wsgi_input = Input(io.BytesIO(self._body), len(self._body))
        environ["wsgi.input"] = self.wsgi_input
        environ["webstreaming.disconnect"] = self.connection.disconnect
        if environ.pop("HTTP_TRANSFER_ENCODING", None):
            environ["CONTENT_LENGTH"] = str(len(self._body))
        return environ

    def handle_one_response(self) -> None:
        """Answer one request in its turn; meanwhile the connection is busy."""
        connections, network = self.server.connections, self._network
        self.environ["webstreaming.note_login"] = functools.partial(
            self.server.fair_share.anonymous.note_login, network)
        if not self._has_turn(network):
            self.close_connection = True
            return
        connections.mark_busy(self.connection)
        REQUEST_COST.set(self._cost)
        super().handle_one_response()
        self.settle_time()
        connections.release(self.connection)
        connections.mark_waiting(self.connection)

    def _process(self, size: int) -> None:
        """Go on when *size* bytes that were received may be processed."""
        if self.evicted.is_set():
            raise ConnectionAbortedError("closed for another connection")
        self.server.connections.hold(self.connection, size)
        if not self._network:
            self._cost = RequestCost("", time.thread_time())
        elif not self._has_turn(self._network):
            raise ConnectionAbortedError("too many requests")

    def _has_turn(self, network: str) -> bool:
        """Wait for the turn of *network* unless it is; return ``False`` if refused."""
        fair_share = self.server.fair_share
        if self._cost and self._cost.network == network:
            return True
        reading = self._cost.seconds() if self._cost else 0.0
        self._cost = None
        if not (self._waited(fair_share.reserve(network))
                and self._waited_for_turn(network)):
            fair_share.refuse(network, reading)
            return False
        self._cost = RequestCost(network, time.thread_time() - reading)
        return True

    def process_result(self) -> None:
        """Send the application's response."""
        self.settle_time()
        super().process_result()

    def settle_time(self) -> None:
        """Charge the time so far, and end the turn; waiting for the client is free."""
        cost, self._cost = self._cost, None
        if cost and cost.network:
            self.server.fair_share.settle(cost.network, cost.seconds())

    def _waited(self, delay: float) -> bool:
        """Wait for *delay* seconds; return whether the request is to be answered."""
        if delay > MAX_DELAY_SECONDS:
            self._refuse_for_now(delay)
            return False
        if delay:
            log.debug("%s waits %.2f s for its share", self.client_address[0], delay)
        return not (delay and self.evicted.wait(delay))

    def _waited_for_turn(self, network: str) -> bool:
        """Wait for the turn of *network*; return whether the request has it."""
        if self.server.fair_share.anonymous.wait_for_turn(network, self.evicted):
            return True
        if not self.evicted.is_set():
            self._refuse_for_now(TURN_SECONDS)
        return False

    def _refuse_for_now(self, seconds: float) -> None:
        refused = RequestRefused(
            "429 Too Many Requests", "Too many requests; try again later.",
            Retry_After=str(math.ceil(seconds)))
        self.socket.sendall(refused.response())

    def client_network(self) -> str:
        """Return the network that the request comes from, according to our proxies."""
        proxies = self.server.connections.proxies
        lines = self.headers.get_all("x-forwarded-for", [])
        address = forwarded_address(",".join(lines), proxies) if proxies else None
        return network_of(address) if address else self.connection.network

    def _sendall(self, data: bytes) -> None:
        connections = self.server.connections
        for at in range(0, len(data), SEND_BYTES):
            self.connection.sending = True
            connections.mark_waiting(self.connection)   # for the client to read
            super()._sendall(memoryview(data)[at:at + SEND_BYTES])
            connections.mark_busy(self.connection)
            self.connection.sending = False

    def _handle_client_error(self, error: Exception) -> None:
        if is_connection_error(error):
            return
        if not isinstance(error, (ValueError, OSError, http.client.HTTPException)):
            log.error("reading a request failed", exc_info=error)
        refused = error if isinstance(error, RequestRefused) else as_refused(error)
        self.server.throttled_log("refused a request from %s: %s",
                                  self.client_address[0], refused)
        self.socket.sendall(refused.response())
        self.settle_time()
        self._linger()

    def _linger(self) -> None:
        """Wait a little: closing with unread data would discard the response."""
        self.socket._sock.shutdown(socket.SHUT_WR)
        with gevent.Timeout(LINGER_SECONDS, False):
            for _ in range(16):
                if not self.socket.recv(SEND_BYTES):
                    return

    def handle_error(self, kind: type[BaseException], error: BaseException,
                     traceback: TracebackType | None) -> None:
        """Log why answering failed; a client that disconnects is no error."""
        if is_connection_error(error):
            log.debug("%s disconnected: %s", self.client_address[0], error)
            self.close_connection = True
            return
        log.error("answering %r failed", self.path, exc_info=(kind, error, traceback))
        self.close_connection = True
        if not self.response_length:
            with contextlib.suppress(OSError):
                self.socket.sendall(FAILED.response())

    def log_request(self) -> None:
        """Log the request without its query, which may hold secrets."""
        if log.isEnabledFor(logging.DEBUG):
            path = (self.path or "").partition("?")[0]
            log.debug("%s %s %r: %s", self.client_address[0], self.command, path,
                      str(self._orig_status or self.status).split()[0])


def is_connection_error(error: BaseException) -> bool:
    """Return whether *error* only means that the client has gone or does not read."""
    return isinstance(error, (ConnectionError, TimeoutError, ssl.SSLError)) or (
        isinstance(error, OSError) and error.errno in UNREACHABLE)
