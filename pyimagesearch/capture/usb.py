"""USB cameras and the legacy picamera library, through ``imutils.VideoStream``."""

import os
import re
import threading
from pathlib import Path
from typing import Any

import cv2
from imutils.video import VideoStream

from pyimagesearch.clock import Clock
from pyimagesearch.errors import CameraLost
from pyimagesearch.frames import ArrayPicture, Image, Picture

from .limits import Allowance
from .source import CaptureRequest, as_bgr
from .v4l2 import users_of

POLL_SECONDS = 0.004    # between two checks for a new frame
STOP_SECONDS = 2.0      # for imutils' thread to return from its last read


class VideoStreamSource:
    """
    Read ``imutils.video.VideoStream``, and work around its defects.

    imutils 0.5.4 reads the camera on a thread of its own. It returns the same array
    until there is a new one, returns ``None`` once the camera is lost (while its
    thread spins), lets the camera library's errors end its thread, and neither joins
    the thread nor releases the device. Here each array is returned once, ``None`` and
    an error are a loss, and closing joins the thread, then releases the device.
    """

    read_timeout = 2.5

    def __init__(self, stream: VideoStream, granted: str, allowance: Allowance,
                 closing: threading.Event, clock: Clock) -> None:
        self.granted = granted
        self._stream = stream
        self._allowance = allowance
        self._closing = closing
        self._clock = clock
        self._last: Image | None = None
        self._error = ""    # that ended imutils' thread
        # As VideoStream.start() does, but with a thread that can be joined
        self._thread = threading.Thread(
            target=self._update, name="imutils", daemon=True)
        self._thread.start()

    def read(self) -> Picture:
        while not self._closing.is_set():
            if self._error:
                raise CameraLost(f"the camera failed: {self._error}")
            image: Image | None = self._stream.read()
            if image is None and self._last is not None:
                raise CameraLost("the camera was unplugged or failed")
            if image is not None and image is not self._last:
                self._last = image
                picture = ArrayPicture(as_bgr(image))
                self._allowance.check(picture.size)
                return picture
            self._clock.wait(self._closing, POLL_SECONDS)
        raise CameraLost("closing")

    def _update(self) -> None:
        try:
            self._stream.update()
        except Exception as error:      # of OpenCV, or of the legacy library
            self._error = str(error).strip() or type(error).__name__

    def close(self) -> None:
        self._stream.stop()
        self._thread.join(STOP_SECONDS)
        device: Any = getattr(self._stream.stream, "stream", None)
        if not self._thread.is_alive() and hasattr(device, "release"):
            device.release()    # PiVideoStream closes its camera itself


def open_usb(device: int | str, request: CaptureRequest, clock: Clock,
             closing: threading.Event) -> VideoStreamSource:
    """Open *device*, a number or ``/dev/video2``; raises :exc:`CameraLost`."""
    path = Path(f"/dev/video{device}" if isinstance(device, int) else device)
    if not path.exists():
        raise CameraLost(f"there is no camera {path}")
    if not os.access(path, os.R_OK | os.W_OK):
        raise CameraLost(f"no permission to use {path}; "
                         "run: sudo usermod -aG video $USER, and log in again")
    stream = VideoStream(src=device)
    capture = stream.stream.stream
    if stream.read() is None:
        capture.release()
        users = ", ".join(users_of(path))
        raise CameraLost(f"{path} is in use by {users}" if users else
                         f"{path} gives no frames; it may be no camera, or in use")
    return VideoStreamSource(
        stream, negotiate(capture, request), request.allowance, closing, clock)


def negotiate(capture: cv2.VideoCapture, request: CaptureRequest) -> str:
    """
    Request a format of an open camera; return the one it granted, in words.

    MJPG is requested first: raw pictures of 640x480 at 30 fps fill a third of a USB 2
    bus, and a second camera gets none.
    """
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    if request.resolution is not None:
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, request.resolution[0])
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, request.resolution[1])
    if request.fps is not None:
        capture.set(cv2.CAP_PROP_FPS, request.fps)
    width, height, rate, code = (capture.get(key) for key in (
        cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS,
        cv2.CAP_PROP_FOURCC))
    name = int(code).to_bytes(4, "little", signed=False) if code > 0 else b"?"
    codec = re.sub(r"[^\w?]", "", name.decode("latin-1")) or "unknown format"
    return f"{codec} {width:.0f}x{height:.0f} at {rate:g} fps"
