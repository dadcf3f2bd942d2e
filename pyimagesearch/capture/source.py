"""What every camera looks like from the inside of the program."""

import threading
from collections.abc import Callable
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from pyimagesearch.errors import CameraLost
from pyimagesearch.frames import Image, Picture, Size, VideoHeader

OPEN_SECONDS = 8.0      # seconds for a camera to open and give its first frame


class Source(Protocol):
    """
    A camera that is open. One thread owns it: reads it, then closes it.

    *read_timeout* is how long it may be silent [seconds] before it counts as
    frozen; *granted* says what was opened, for people.
    """

    read_timeout: float
    granted: str

    def read(self) -> Picture:
        """
        Wait for the next new picture and return it.

        Raises :exc:`CameraLost` when there is none but may be again, and
        :exc:`SourceEnded` after the last frame there will ever be.
        """

    def close(self) -> None:
        """Let go of the device, the connection or the file."""


class PacketSink(Protocol):
    """Who wants a camera's video as it comes, before it is decoded."""

    def begin(self, header: VideoHeader) -> None:
        """Hear of a new video."""

    def put(self, data: bytes, captured: float, at: float, *, key: bool, pts: int,
            dts: int) -> None:
        """
        Take a packet that came at *captured* [s since the epoch], *at* [s, monotonic].

        *pts* and *dts* are the camera's own times, in 1/90000 s. Must not wait.
        """


class CaptureRequest(NamedTuple):
    """What a camera is asked for; it may grant something else."""

    resolution: Size | None = None      # (width, height) [pixels]
    fps: float | None = None


Opener = Callable[[threading.Event], Source]
"""Open a source; its waits end early once the event is set. Raises
:exc:`CameraLost` when it is not there."""


def as_bgr(image: object) -> Image:
    """
    Return *image* as ``uint8`` BGR of shape ``(height, width, 3)``.

    Grey and BGRA pictures are converted. Raises :exc:`CameraLost` for
    anything else: a garbled frame ends the connection, not the program.
    """
    if isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.size:
        if image.ndim == 3 and image.shape[2] == 3:
            return image
        if image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 1):
            return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
        if image.ndim == 3 and image.shape[2] == 4:
            return cv2.cvtColor(image, cv2.COLOR_BGRA2BGR)
    told = (f"{image.dtype} of shape {image.shape}" if isinstance(image, np.ndarray)
            else type(image).__name__)
    raise CameraLost(f"the camera gave something that is no picture ({told})")
