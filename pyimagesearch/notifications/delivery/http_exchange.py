"""One HTTP request and its answer, with a deadline for the whole exchange."""

import contextlib
import http.client
import itertools
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from email.message import Message
from typing import Any, NamedTuple

from ..channel import DeliveryFailed
from .http_receiver import HttpReceiver

MAX_BODY_BYTES = 4096       # that are read of an answer
MAX_INTERIM_ANSWERS = 20    # before the one that counts
MAX_ADDRESSES = 4           # of one host, that are tried
SPARE_SECONDS = 5.0         # in which close() ends what its deadline passed


class HttpRequest(NamedTuple):
    """What is sent to a receiver."""

    method: str
    body: bytes
    headers: Mapping[str, str]


class HttpAnswer(NamedTuple):
    """What a receiver answered; the *body* only of errors, and only its beginning."""

    status: int
    headers: Message
    body: bytes = b""


class HttpExchange(threading.Thread):
    """
    Send *request* to *receiver* within *seconds* from now, on a thread of its own.

    The lookup of a host name cannot be interrupted, and a receiver may send one byte a
    second: so the caller stops waiting at the deadline, and :meth:`close` shuts the
    connection, which ends everything but the lookup. Of several addresses of the host,
    *preferred* is tried first. :attr:`answer` is set once its head has been read.
    """

    def __init__(self, receiver: HttpReceiver, request: HttpRequest, seconds: float,
                 preferred: str = "") -> None:
        super().__init__(name="alert-send", daemon=True)
        self.is_looking_up = False
        self.address = preferred        # the one that it connected to
        self._receiver = receiver
        self._request = request
        self._deadline = time.monotonic() + seconds
        self._over = threading.Event()
        self._lock = threading.Lock()       # guards the next two
        self._closed = False
        self._socket: socket.socket | None = None
        self.answer: HttpAnswer | None = None
        self._error: Exception | None = None

    def result(self) -> HttpAnswer | None:
        """
        Return the answer, ``None`` if there was none in time.

        Raises what the connection raised: an :exc:`OSError`, an HTTPException, a
        DeliveryFailed, or a :exc:`ValueError` for a host or an answer that is invalid.
        """
        self._over.wait(self._remaining)
        answer, error = self.answer, self._error
        if self._closed:
            error = DeliveryFailed("the request was ended before its answer")
        self.close()
        try:
            if answer is None and error:
                raise error
            return answer
        finally:
            # its traceback refers to this, and so to almost 1 MB of certificates
            self._error = error = None

    def close(self) -> None:
        """End the exchange; any thread may call this."""
        with self._lock:
            self._closed = True
            if self._socket:
                shut(self._socket)
        self._over.set()

    def run(self) -> None:
        """Send the request and read the answer."""
        try:
            self._send()
        except Exception as error:
            if not self._closed:
                self._error = error     # raised in the thread that waits
        finally:
            self._over.set()
            with self._lock:
                self._socket = None

    @property
    def _remaining(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def _send(self) -> None:
        connection, target, headers = self._prepare()
        with contextlib.closing(connection):
            connection.connect()
            # a receiver that refuses may answer, and close, before it has read all
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(self._request.method, target, self._request.body,
                                   headers)
            with connection.getresponse() as response:
                self.answer = HttpAnswer(response.status, response.headers)
                if response.status >= 300:
                    with contextlib.suppress(OSError, http.client.HTTPException,
                                             ValueError):
                        body = response.read(MAX_BODY_BYTES)
                        self.answer = self.answer._replace(body=body)

    def _prepare(self) -> "tuple[ReceiverConnection, str, dict[str, str]]":
        """Return a connection that is not open yet, and what to request by it."""
        receiver, headers = self._receiver, dict(self._request.headers)
        target, proxy = receiver.target, receiver.proxy()
        connection = ReceiverConnection(self, proxy or receiver)
        connection.tls_name = receiver.host if receiver.is_secure else ""
        login = {"Proxy-Authorization": proxy.authorization} if (
            proxy and proxy.authorization) else {}
        if proxy and receiver.is_secure:
            connection.set_tunnel(*receiver.place, login)
        elif proxy:
            target = f"http://{receiver.authority}{target}"
            headers |= login
        headers["Host"] = receiver.authority.encode("idna").decode()
        return connection, target, headers

    def dial(self, to: HttpReceiver) -> socket.socket:
        """Return a connection to the host of *to*; raises :exc:`OSError`."""
        found = in_turns([each for each in self._look_up(*to.place)
                          if to.admits(str(each[4][0]))])
        found.sort(key=lambda each: str(each[4][0]) != self.address)
        failure = OSError(0, "the host has no address that alerts may go to")
        for number, (family, kind, protocol, _, address) in enumerate(found):
            connection = socket.socket(family, kind, protocol)
            connection.settimeout(max(0.01, self._remaining / (len(found) - number)))
            try:
                self.watch(connection)
                connection.connect(address)
            except OSError as error:
                connection.close()
                failure = error
            else:
                connection.settimeout(self._remaining + SPARE_SECONDS)
                self.address = str(address[0])
                return connection
        raise failure

    def _look_up(self, host: str, port: int) -> list[tuple[Any, ...]]:
        """Return the addresses of *host*, which may take a minute; raises OSError."""
        self.is_looking_up = True
        try:
            return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        finally:
            self.is_looking_up = False

    def watch(self, connection: socket.socket) -> None:
        """Let :meth:`close` shut *connection*, at once if it was called already."""
        with self._lock:
            self._socket = connection
            if self._closed:
                shut(connection)
                raise TimeoutError


class FinalAnswer(http.client.HTTPResponse):
    """The answer after those that only precede it, such as 103 (RFC 9110, 15.2)."""

    _interim = 0

    def _read_status(self) -> tuple[str, int, str]:
        """Read a status; that of an interim answer as 100, which is skipped."""
        version, status, reason = super()._read_status()  # type: ignore[misc]
        if not 100 <= status < 200:
            return version, status, reason
        self._interim += 1
        if self._interim > MAX_INTERIM_ANSWERS:
            raise http.client.HTTPException("too many interim answers")
        return version, http.client.CONTINUE, reason


class ReceiverConnection(http.client.HTTPConnection):
    """
    The connection of an *exchange* *to* a receiver, or to the proxy before it.

    With :attr:`tls_name`, by TLS to a receiver with a certificate for that name.
    """

    tls_name = ""
    response_class = FinalAnswer

    def __init__(self, exchange: HttpExchange, to: HttpReceiver) -> None:
        super().__init__(*to.place)
        self._exchange = exchange
        self._create_connection = lambda *_: exchange.dial(to)  # of http.client

    def connect(self) -> None:
        """Connect, by the proxy if there is one; raises :exc:`OSError`."""
        super().connect()
        if not self.tls_name:
            return
        # made for each request: it holds no memory, and knows new authorities at once
        context = ssl.create_default_context()
        self.sock = context.wrap_socket(self.sock, server_hostname=self.tls_name,
                                        do_handshake_on_connect=False)
        self._exchange.watch(self.sock)
        self.sock.do_handshake()


def in_turns(addresses: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return the first *addresses*, IPv6 and IPv4 in turns: one may lead nowhere."""
    first = [each for each in addresses if each[0] == addresses[0][0]]
    others = [each for each in addresses if each[0] != addresses[0][0]]
    mixed = itertools.chain.from_iterable(itertools.zip_longest(first, others))
    return [each for each in mixed if each][:MAX_ADDRESSES]


def shut(connection: socket.socket) -> None:
    """Shut *connection* down; of a TLS connection, only the TCP connection."""
    with contextlib.suppress(OSError):      # it has ended already, or is not there yet
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
