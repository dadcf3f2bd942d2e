"""The protocols between a camera, its reader and the recorder of its packets."""

import threading
from collections.abc import Callable
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from pyimagesearch.errors import CameraLost
from pyimagesearch.frames import Image, Picture, Size, VideoHeader

from .certificates import BY_AUTHORITY, Trust
from .limits import Allowance
from .url import CameraUrl

OPEN_SECONDS = 8.0      # for a camera to open and give its first frame


class Source(Protocol):
    """
    An open camera. One thread owns it: reads it, then closes it.

    *read_timeout* is how long it may give no frame [seconds] before it counts as
    frozen; *granted* describes the format it agreed to, for logs and pages.
    """

    read_timeout: float
    granted: str

    def read(self) -> Picture:
        """
        Wait for the next picture and return it.

        Raises :exc:`BadPicture` for data that are none, after which the next may be
        read, :exc:`CameraLost` when the camera may come back, and :exc:`SourceEnded`
        after the last picture of a file.
        """

    def close(self) -> None:
        """Release the device, the connection or the file."""


class PacketSink(Protocol):
    """A receiver of a camera's encoded video, packet by packet."""

    def begin(self, header: VideoHeader) -> None:
        """Start a new video."""

    def put(self, data: bytes, captured: float, at: float, *, key: bool, pts: int,
            dts: int) -> None:
        """
        Take a packet received at *captured* [s since the epoch], *at* [s, monotonic].

        *pts* and *dts* are when to show and to decode it, in 1/90000 s: the camera's
        own time stamps, repaired and moved to the monotonic clock. Must not block.
        """

    def end(self, why: str) -> None:
        """Expect no packets of use before the next video, as *why* says."""


class CaptureRequest(NamedTuple):
    """
    What to request from a camera, and how to connect to it.

    The camera may grant another format.
    """

    resolution: Size | None = None      # (width, height) [pixels]
    fps: float | None = None
    trust: Trust = BY_AUTHORITY         # over TLS
    proxy: CameraUrl | None = None      # of HTTP and HTTPS cameras
    transport: str = "auto"     # of RTSP cameras: auto, tcp or udp
    allowance: Allowance = Allowance()      # of memory


Opener = Callable[[threading.Event], Source]
"""Open a source, giving up early once the event is set. Raises :exc:`CameraLost`."""


def as_bgr(image: object) -> Image:
    """
    Return *image* as ``uint8`` BGR of shape ``(height, width, 3)``.

    Grey and BGRA pictures are converted. Raises :exc:`CameraLost` for anything else:
    a garbled frame ends the connection, not the program.
    """
    if isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.size:
        if image.ndim == 3 and image.shape[2] == 3:
            return image
        if image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 1):
            return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
        if image.ndim == 3 and image.shape[2] == 4:
            return cv2.cvtColor(image, cv2.COLOR_BGRA2BGR)
    what = (f"{image.dtype} of shape {image.shape}" if isinstance(image, np.ndarray)
            else type(image).__name__)
    raise CameraLost(f"the camera gave something that is no picture ({what})")
