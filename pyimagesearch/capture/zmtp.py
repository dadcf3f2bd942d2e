"""Speak ZMTP 3.0, ZeroMQ's protocol over TCP (https://rfc.zeromq.org/spec/23/)."""

from collections.abc import Callable, Generator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pyimagesearch.errors import SurveillanceError

MAX_SMALL_BYTES = 8 * 1024      # of a command, and of the first part of a message
MAX_ENVELOPE_PARTS = 4          # that proxies may add before the message
MAX_ROUTE_BYTES = 255           # of each of them
SKIPPED_BYTES = 64 * 1024       # of an unwanted part, at once
GREETING = (b"\xff\0\0\0\0\0\0\0\0\x7f" + b"\x03\x00"       # signature and version
            + b"NULL".ljust(20, b"\0") + bytes(32))
START_BYTES = 11                # of the greeting, up to the major version
MORE_FLAG, LONG_FLAG, COMMAND_FLAG = 1, 2, 4
SUBSCRIPTION = b"\x00\x01\x01"  # to everything
PEERS = {"REP": ("REQ", "DEALER"), "SUB": ("PUB", "XPUB")}
END_OF_TURN = 0                 # yielded after each message, command and unwanted part

T = TypeVar("T")
Bytes = NDArray[np.uint8]
Steps = Generator[int, Bytes, T]
"""Yields how many bytes to read next, or END_OF_TURN, and receives them."""
Keep = Callable[[Bytes], object]
Receive = Callable[[bytes, int], Keep | None]
"""
Takes the first part of a message and the size of the second [bytes]. Returns what to do
with the second, or ``None`` to skip it unread.
"""


class PeerRefused(SurveillanceError):
    """A peer does not speak ZMTP 3.0, or sends more than it may."""


class ZmtpPeer:
    """
    The conversation with one peer, as *kind* ``"REP"`` or ``"SUB"``, without a socket.

    *send* takes what to answer. Of each message, *receive* gets the first part, empty
    if it is too large, and decides about the second before it is read; further parts
    are skipped.
    """

    def __init__(self, kind: str, send: Callable[[bytes], object], receive: Receive
                 ) -> None:
        self.is_greeted = False
        self.in_message = True      # or in the handshake: the peer is to send on
        self.messages = 0           # that were read
        self._kind = kind
        self._send = send
        self._receive = receive

    def converse(self) -> Steps[None]:
        """Shake hands, then read messages for ever; raises :exc:`PeerRefused`."""
        yield from self._greet()
        self.is_greeted = True
        while True:
            self.in_message = False
            yield END_OF_TURN
            yield from self._read_message()
            self.messages += 1

    def _greet(self) -> Steps[None]:
        self._send(GREETING)
        start = (yield START_BYTES).tobytes()
        if start[0] != 0xFF or not start[9] & 1:
            raise PeerRefused("speaks another protocol than ZeroMQ's")
        if start[10] < 3:
            raise PeerRefused("speaks a ZeroMQ older than version 4")
        rest = (yield len(GREETING) - START_BYTES).tobytes()
        if (mechanism := rest[1:21].rstrip(b"\0")) != b"NULL":
            raise PeerRefused(f"wants the login {text(mechanism)}")
        self._send(command(b"READY", b"\x0bSocket-Type" + len(self._kind).to_bytes(
            4, "big") + self._kind.encode()))
        flags, size = yield from read_head()
        name, about = split_command((yield from take(size, MAX_SMALL_BYTES)))
        if name == b"ERROR":
            raise PeerRefused(f"refuses us: {text(about[1:])}")
        if not flags & COMMAND_FLAG or name != b"READY":
            raise PeerRefused("does not complete the handshake")
        if (theirs := text(socket_type(about))) not in map(repr, PEERS[self._kind]):
            raise PeerRefused(f"is a socket of type {theirs}, "
                              f"but must be {PEERS[self._kind][0]}")
        if self._kind == "SUB":
            self._send(SUBSCRIPTION)

    def _read_message(self) -> Steps[None]:
        size, more = yield from self._next_part()
        self.in_message, route = True, b""
        if self._kind == "REP":
            route = yield from self._read_route(size, more)
            size, more = yield from self._next_part()
        first = b""
        if size <= MAX_SMALL_BYTES:
            first = yield from take(size, MAX_SMALL_BYTES)
        else:
            yield from skip(size)
        size, more = (yield from self._next_part()) if more else (0, False)
        if keep := self._receive(first, size):
            keep((yield size) if size else np.empty(0, np.uint8))
        else:
            yield from skip(size)
        while more:
            yield END_OF_TURN
            size, more = yield from self._next_part()
            yield from skip(size)
        if self._kind == "REP":
            self._send(route + frame(b"OK"))

    def _read_route(self, size: int, more: bool) -> Steps[bytes]:
        """Read the parts up to the empty one; return them as they lead the reply."""
        route = b""
        for _ in range(MAX_ENVELOPE_PARTS):
            if not more:
                break
            part = yield from take(size, MAX_ROUTE_BYTES)
            route += frame(part, MORE_FLAG)
            if not part:
                return route
            size, more = yield from self._next_part()
        raise PeerRefused("sends a message that is no request")

    def _next_part(self) -> Steps[tuple[int, bool]]:
        """Return size and "more follow" of the next part; answer commands before it."""
        while True:
            flags, size = yield from read_head()
            if not flags & COMMAND_FLAG:
                return size, bool(flags & MORE_FLAG)
            name, about = split_command((yield from take(size, MAX_SMALL_BYTES)))
            if name == b"PING":     # of ZMTP 3.1: time to live, context
                self._send(command(b"PONG", about[2:18]))
            elif name == b"ERROR":
                raise PeerRefused(f"ends with the error {text(about[1:])}")
            yield END_OF_TURN


def read_head() -> Steps[tuple[int, int]]:
    """Read flags and size [bytes] of a frame."""
    flags, size = (yield 2).tolist()
    if flags > MORE_FLAG | LONG_FLAG | COMMAND_FLAG:
        raise PeerRefused(f"sends a frame with the unknown flags {flags:#x}")
    if flags & LONG_FLAG:
        size = int.from_bytes(bytes([size]) + (yield 7).tobytes(), "big")
    return flags, size


def take(size: int, most: int) -> Steps[bytes]:
    """Read a part of *size* bytes; raises :exc:`PeerRefused` if that exceeds *most*."""
    if size > most:
        raise PeerRefused(f"sends a part of {size} bytes where {most} are allowed")
    return (yield size).tobytes() if size else b""


def skip(size: int) -> Steps[None]:
    """Read and drop *size* bytes."""
    while size:
        piece = min(size, SKIPPED_BYTES)
        yield piece
        size -= piece


def frame(data: bytes, flags: int = 0) -> bytes:
    """Return *data*, at most 255 bytes, as a frame."""
    return bytes([flags, len(data)]) + data


def command(name: bytes, about: bytes) -> bytes:
    """Return a command as a frame."""
    return frame(bytes([len(name)]) + name + about, COMMAND_FLAG)


def split_command(body: bytes) -> tuple[bytes, bytes]:
    """Return the name of a command, and what follows it."""
    end = 1 + body[0] if body else 0
    return body[1:end], body[end:]


def socket_type(ready: bytes) -> bytes:
    """Return the Socket-Type among the properties of READY; empty without one."""
    at = 0
    while at < len(ready):
        end = at + 1 + ready[at]
        size = int.from_bytes(ready[end:end + 4], "big")
        if ready[at + 1:end].lower() == b"socket-type":
            return ready[end + 4:end + 4 + size]
        at = end + 4 + size
    return b""


def text(data: bytes) -> str:
    """Return what a peer sent for a log line: short and escaped."""
    return repr(data[:64].decode(errors="replace"))
