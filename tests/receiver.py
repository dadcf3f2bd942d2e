"""
A receiver of alerts: an HTTP server that answers, or fails, as a test says.

It is typed and imports nothing of the tests, so that benchmarks can use it, too.
"""

import contextlib
import email
import email.policy
import http
import json
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from email.message import EmailMessage, Message
from types import TracebackType
from typing import Any, NamedTuple

RECEIVE_SECONDS = 60.0      # to wait for requests; only a failing test waits so long
DRIP_SECONDS = 1.0          # between two bytes of a receiver that drips
MAX_HEAD_BYTES = 65_536


class Received(NamedTuple):
    """One request; *at* is when its body was complete [s, monotonic]."""

    method: str
    path: str
    headers: Message
    body: bytes
    at: float

    def json(self) -> Any:
        return json.loads(self.body)

    def parts(self) -> dict[str, tuple[str, bytes]]:
        """Return type and content of each part of a body of multipart/form-data, by name."""
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        form = email.message_from_bytes(head + self.body, _class=EmailMessage,
                                        policy=email.policy.HTTP)
        return {str(part.get_param("name", header="Content-Disposition")):
                (part.get_content_type(), bytes(part.get_payload(decode=True)))
                for part in form.iter_parts()}


class Answer(NamedTuple):
    """What to send; an *early* one is sent before the body of the request is read."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""
    early: bool = False

    def as_bytes(self) -> bytes:
        phrase = http.HTTPStatus(self.status).phrase
        headers = {"Content-Length": str(len(self.body)), "Connection": "close", **self.headers}
        lines = [f"HTTP/1.1 {self.status} {phrase}", *map(": ".join, headers.items()), "", ""]
        return "\r\n".join(lines).encode() + self.body


HANG = "hang"       # read the request, and never answer
DEAF = "deaf"       # read nothing
DRIP = "drip"       # send one byte of the answer a second
RESET = "reset"     # read the request, then reset the connection
CLOSE = "close"     # read the request, then close the connection
Behaviour = int | str | bytes | Answer      # a status, one of the words above, or raw bytes
Respond = Callable[[Received], Behaviour]


class Receiver:
    """
    An HTTP server on 127.0.0.1; with *context*, it speaks TLS.

    *answer* may be changed at any moment, and may be a function of the request. All
    requests are kept in :attr:`received`. Any thread may call the methods.
    """

    def __init__(self, answer: Behaviour | Respond = 200,
                 context: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.received: list[Received] = []
        self._context = context
        self._news = threading.Condition()      # guards received
        self._closing = threading.Event()
        self._connections: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def wait_for(self, count: int, seconds: float = RECEIVE_SECONDS) -> list[Received]:
        """Wait until *count* requests are there; return all so far."""
        with self._news:
            there = self._news.wait_for(lambda: len(self.received) >= count, seconds)
            assert there, f"{len(self.received)} requests within {seconds} s, not {count}"
            return list(self.received)

    def close(self) -> None:
        """End all connections, also those that hang."""
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def __enter__(self) -> "Receiver":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection = self._listener.accept()[0]
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with plain, contextlib.suppress(OSError, ValueError):
            if self._context is None:
                self._converse(plain)
                return
            with self._context.wrap_socket(plain, server_side=True) as connection:
                self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        self._connections.add(connection)
        try:
            self._answer(connection)
        finally:
            self._connections.discard(connection)

    def _answer(self, connection: socket.socket) -> None:
        if self.answer == DEAF:
            wait_for_end(connection)
            return
        head, body = read_head(connection)
        line, _, fields = head.decode("latin-1").partition("\r\n")
        method, path, _ = line.split(" ")
        headers = email.message_from_string(fields)
        early = isinstance(self.answer, Answer) and self.answer.early
        while not early and len(body) < int(headers.get("Content-Length", "0")):
            if not (piece := connection.recv(65_536)):
                return
            body += piece
        request = Received(method, path, headers, body, time.monotonic())
        with self._news:
            self.received.append(request)
            self._news.notify_all()
        self._respond(connection, self.answer(request) if callable(self.answer)
                      else self.answer)

    def _respond(self, connection: socket.socket, answer: Behaviour) -> None:
        match answer:
            case "hang":
                wait_for_end(connection)
            case "drip":
                for byte in Answer(200).as_bytes():
                    connection.sendall(bytes([byte]))
                    if self._closing.wait(DRIP_SECONDS):
                        return
            case "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                      struct.pack("ii", 1, 0))
            case int():
                connection.sendall(Answer(answer).as_bytes())
            case bytes():
                connection.sendall(answer)
            case Answer():
                connection.sendall(answer.as_bytes())


def wait_for_end(connection: socket.socket) -> None:
    """Read nothing until one of the two ends closes the *connection*."""
    ends = select.poll()
    ends.register(connection, select.POLLRDHUP)
    ends.poll()


def read_head(connection: socket.socket) -> tuple[bytes, bytes]:
    """Return the head of a request, and what came of its body."""
    read = b""
    while b"\r\n\r\n" not in read:
        piece = connection.recv(65_536)
        if not piece or len(read) > MAX_HEAD_BYTES:
            raise ValueError("no head of a request")
        read += piece
    head, _, body = read.partition(b"\r\n\r\n")
    return head, body
