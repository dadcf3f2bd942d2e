"""HTTP cameras that give single pictures, requested one by one."""

import http.client
import threading
from typing import Any

from pyimagesearch.clock import Clock
from pyimagesearch.errors import BadPicture, CameraLost
from pyimagesearch.frames import Picture
from pyimagesearch.jpeg import JpegDecoder

from .http_client import explain, request
from .jpegpicture import JpegPicture
from .multipart import MAX_PART_BYTES
from .pace import Pace
from .url import CameraUrl

POLLS_PER_SECOND = 5.0      # without --fps


class SnapshotSource:
    """Request a single JPEG *fps* times a second."""

    read_timeout = 5.0

    def __init__(self, url: CameraUrl, response: Any, fps: float,
                 closing: threading.Event, clock: Clock) -> None:
        self.granted = f"single JPEGs over HTTP, {fps:g} a second"
        self._url = url
        self._response: Any = response
        self._decoder = JpegDecoder()
        self._pace = Pace(fps, closing, clock)

    def read(self) -> Picture:
        self._pace.tick()
        response, self._response = self._response or request(self._url), None
        with response:
            try:
                return JpegPicture(response.read(MAX_PART_BYTES), self._decoder)
            except BadPicture as error:
                raise CameraLost(f"{self._url} gave {error}") from None
            except (OSError, http.client.HTTPException) as error:
                raise CameraLost(f"{self._url} failed: {explain(error)}") from None

    def close(self) -> None:
        if self._response is not None:
            self._response.close()


