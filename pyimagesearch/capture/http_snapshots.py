"""HTTP cameras that give single pictures, requested one by one."""

import http.client
import threading
from typing import Any

from pyimagesearch.clock import Clock
from pyimagesearch.errors import CameraLost, PollFailed
from pyimagesearch.frames import Picture
from pyimagesearch.jpeg import JpegDecoder, JpegScanner

from .http_client import HttpClient, explain
from .multipart import MAX_PART_BYTES, READ_BYTES
from .pace import Pace
from .picture import read_picture

POLLS_PER_SECOND = 5.0      # without --fps


class SnapshotSource:
    """Request single pictures *fps* times a second; the *first* was read before."""

    read_timeout = 5.0

    def __init__(self, client: HttpClient, first: bytes, fps: float,
                 closing: threading.Event, clock: Clock) -> None:
        self.granted = f"single pictures over HTTP, {fps:g} a second"
        self._client = client
        self._first = first
        self._decoder = JpegDecoder()
        self._pace = Pace(fps, closing, clock)

    def read(self) -> Picture:
        self._pace.tick()
        try:
            data, self._first = self._first or self._poll(), b""
        except CameraLost as lost:
            raise PollFailed(str(lost)) from None
        return read_picture(data, self._decoder)

    def close(self) -> None:
        """Do nothing: each picture's connection is closed at once."""

    def _poll(self) -> bytes:
        with self._client.get() as response:
            try:
                return read_still(response)
            except (OSError, http.client.HTTPException) as error:
                raise CameraLost(
                    f"{self._client.url} failed: {explain(error)}") from None


def read_still(response: Any, first: bytes = b"") -> bytes:
    """
    Return *first* and the rest of the picture that *response* gives, at most 16 MB.

    A JPEG is over at its end marker, whatever its length is said to be, and however
    long the camera keeps the connection open.
    """
    data, scanner = bytearray(first), JpegScanner()
    while len(data) < MAX_PART_BYTES and not scanner.find_end(data):
        piece = response.read1(READ_BYTES)
        if not piece:
            break
        data += piece
    return bytes(data)
