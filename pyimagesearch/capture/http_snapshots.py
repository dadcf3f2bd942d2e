"""HTTP cameras that give single pictures, requested one by one."""

import threading

from pyimagesearch.clock import Clock
from pyimagesearch.errors import CameraLost, LoginRefused, PollFailed
from pyimagesearch.frames import Picture
from pyimagesearch.jpeg import JpegDecoder, JpegScanner

from .http_body import HttpBody
from .http_client import HttpClient
from .limits import MAX_PICTURE_BYTES, Allowance
from .pace import Pace
from .picture import read_picture

POLLS_PER_SECOND = 5.0      # without --fps


class SnapshotSource:
    """
    Request single pictures *fps* times a second; the *first* was read before.

    They take memory of the *allowance*.
    """

    read_timeout = 5.0

    def __init__(self, client: HttpClient, first: bytes, fps: float,
                 allowance: Allowance, closing: threading.Event, clock: Clock) -> None:
        self.granted = f"single pictures over HTTP, {fps:g} a second"
        self._client = client
        self._first = first
        self._allowance = allowance
        self._closing = closing
        self._clock = clock
        self._decoder = JpegDecoder()
        self._pace = Pace(fps, closing, clock)

    def read(self) -> Picture:
        self._pace.tick()
        try:
            data, self._first = self._first or self._poll(), b""
        except LoginRefused:
            raise
        except CameraLost as lost:
            raise PollFailed(str(lost)) from None
        return read_picture(data, self._decoder, self._allowance)

    def close(self) -> None:
        """Do nothing: each picture's connection is closed at once."""

    def _poll(self) -> bytes:
        response = self._client.get(self._closing)
        with HttpBody(self._client.url, response, self._closing, self._clock) as body:
            body.limit(self._client.longest_response)
            return read_still(body, self._allowance)


def read_still(body: HttpBody, allowance: Allowance, first: bytes = b"") -> bytes:
    """
    Return *first* and the rest of the picture that *body* gives, at most 16 MB.

    A JPEG is over at its end marker, whatever its length is said to be, and however
    long the camera keeps the connection open. Raises :exc:`CameraLost`, and
    :exc:`BadPicture` if it takes more memory than the *allowance* has.
    """
    data, scanner = bytearray(first), JpegScanner()
    while len(data) < MAX_PICTURE_BYTES and not scanner.find_end(data):
        piece = body.read()
        if not piece:
            break
        data += piece
        allowance.receive(len(data))
    allowance.receive(0)        # it is counted with the picture from now on
    return bytes(data)
