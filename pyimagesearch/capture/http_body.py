"""Receive the body of an HTTP camera's response, no faster than a camera needs."""

import contextlib
import http.client
import socket
import threading
import time

from pyimagesearch.clock import Clock
from pyimagesearch.errors import CameraLost

from .cancellation import watch
from .http_client import explain, plain_socket
from .http_response import CameraResponse
from .limits import (
    BUSY_READER_SHARE,
    MAX_BYTES_PER_SECOND,
    MAX_PICTURE_BYTES,
    READER_SHARE,
    SPARE_SHARE,
)
from .pace import Pace
from .spare_time import SpareTime
from .url import CameraUrl

PIECE_BYTES = 256 * 1024    # received at once
SMALL_PIECE_BYTES = 8 * 1024        # the same, where searching them takes long:
LONG_SECONDS = 0.02     # during which this thread holds up others
SPARE_TIME = SpareTime(SPARE_SHARE)


class HttpBody:
    """
    The body of one *response* of the camera at *url*, piece by piece.

    A camera that sends more than 64 MB a second, or what takes long to search, is held
    back: the connection's buffers are full then, and it has to wait. One that gives no
    pictures may take less time than others. One thread owns the body; *closing* ends
    its waits.
    """

    def __init__(self, url: CameraUrl, response: CameraResponse,
                 closing: threading.Event, clock: Clock) -> None:
        self.response = response
        self._url = url
        self._closing = closing
        self._connection: socket.socket | None = None   # of an endless body
        self._buffer = memoryview(b"")
        self._is_endless = False
        self._silence: float | None = None
        self._pace = Pace(MAX_BYTES_PER_SECOND, closing, clock)
        self._size = 0      # of the newest piece [bytes]
        self._without_picture = MAX_PICTURE_BYTES   # bytes since the last picture
        self._most = PIECE_BYTES    # for the next one
        self._least = 1     # of the next one, as the connection knows
        self._busy = time.thread_time()     # when it was received

    def limit(self, seconds: float | None) -> None:
        """Let all the rest take *seconds*; None: however long."""
        self.response.limit(seconds)

    def expect_no_end(self, silence: float | None) -> None:
        """Expect no end, whatever the headers say, unless in *silence* [s]."""
        self.response.limit(None, silence)
        self._is_endless, self._silence = True, silence

    def on_picture(self) -> None:
        """Allow the camera the time of one that gives pictures."""
        self._without_picture = 0

    def read(self, least: int = 1) -> bytes | memoryview:
        """
        Wait for the next bytes and return them, none at the end.

        Where that spares work, they are at least *least*, unless the body ends before.
        They are valid until the next call. Raises :exc:`CameraLost`.
        """
        busy = time.thread_time() - self._busy
        self._most = SMALL_PIECE_BYTES if busy > LONG_SECONDS else PIECE_BYTES
        gives_pictures = self._without_picture < MAX_PICTURE_BYTES
        share = (READER_SHARE if gives_pictures or SPARE_TIME.take(busy)
                 else BUSY_READER_SHARE)
        self._pace.tick(max(self._size / MAX_BYTES_PER_SECOND, busy / share))
        self._busy = time.thread_time()
        try:
            piece = self._receive(least)
        except TimeoutError:
            raise CameraLost(f"{self._url} sends nothing, or too slowly") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise CameraLost(f"{self._url} failed: {explain(error)}") from None
        self._size = len(piece)
        self._without_picture += self._size
        return piece

    def __enter__(self) -> "HttpBody":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self.response.close()
        if self._connection is not None:
            self._connection.close()

    def _receive(self, least: int) -> bytes | memoryview:
        if self._connection is not None:
            if self._silence is None:       # else a slow camera would seem silent
                self._wait_for(self._connection, max(1, min(least, self._most)))
            return self._buffer[
                :self._connection.recv_into(self._buffer, self._most)]
        piece = self.response.read1(self._most)
        if self._is_endless and (connection := plain_socket(self.response)):
            connection.settimeout(self._silence)
            watch(self._closing, connection)
            self._connection, self._buffer = connection, memoryview(
                bytearray(PIECE_BYTES))
        return piece

    def _wait_for(self, connection: socket.socket, least: int) -> None:
        """Let the kernel wait for *least* bytes rather than wake us for each packet."""
        if least != self._least:
            self._least = least
            with contextlib.suppress(OSError):      # not by every system
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, least)
