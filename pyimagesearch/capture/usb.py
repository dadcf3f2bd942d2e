"""USB cameras, and the legacy picamera library, through imutils' ``VideoStream``."""

import logging
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

from .source import CaptureRequest, as_bgr
from .v4l2 import users_of

log = logging.getLogger(__name__)

POLL = 0.004        # seconds between two looks for a new frame
ENDING = 2.0        # seconds that imutils' thread is given to leave its last read


class VideoStreamSource:
    """
    Read ``imutils.video.VideoStream``, and make good what it leaves undone.

    imutils reads the camera on a thread of its own and gives the same array
    again until it has a new one, gives ``None`` for ever once the camera is
    lost (while its thread spins), dies of what the camera's library raises, and
    neither joins that thread nor releases the device (imutils 0.5.4). Here each
    array is given once, ``None`` and an error are a loss, and closing waits for
    the thread and then releases.
    """

    read_timeout = 2.5

    def __init__(self, stream: VideoStream, granted: str, closing: threading.Event,
                 clock: Clock) -> None:
        self.granted = granted
        self._stream = stream
        self._closing = closing
        self._clock = clock
        self._last: Image | None = None
        self._died = ""     # of which error imutils' thread did
        # what VideoStream.start() does, but with a thread that can be joined
        self._thread = threading.Thread(
            target=self._update, name="imutils", daemon=True)
        self._thread.start()

    def read(self) -> Picture:
        while not self._closing.is_set():
            if self._died:
                raise CameraLost(f"the camera failed: {self._died}")
            image: Image | None = self._stream.read()
            if image is None and self._last is not None:
                raise CameraLost("the camera was unplugged or failed")
            if image is not None and image is not self._last:
                self._last = image
                return ArrayPicture(as_bgr(image))
            self._clock.wait(self._closing, POLL)
        raise CameraLost("closing")

    def _update(self) -> None:
        try:
            self._stream.update()
        except Exception as error:      # of OpenCV, or of the legacy library
            self._died = str(error).strip() or type(error).__name__

    def close(self) -> None:
        self._stream.stop()
        self._thread.join(ENDING)
        device: Any = getattr(self._stream.stream, "stream", None)
        if not self._thread.is_alive() and hasattr(device, "release"):
            device.release()    # PiVideoStream closes its camera by itself


def open_usb(device: int | str, wish: CaptureRequest, clock: Clock,
             closing: threading.Event) -> VideoStreamSource:
    """
    Open USB camera *device*, a number or a path such as ``/dev/video2``.

    Raises :exc:`CameraLost`, with the remedy where there is one.
    """
    path = Path(f"/dev/video{device}" if isinstance(device, int) else device)
    if os.name == "posix" and not path.exists():
        raise CameraLost(f"there is no camera {path}")
    if os.name == "posix" and not os.access(path, os.R_OK | os.W_OK):
        raise CameraLost(f"no permission to use {path}; "
                         "run: sudo usermod -aG video $USER, and log in again")
    stream = VideoStream(src=device)
    capture = stream.stream.stream
    if stream.read() is None:
        capture.release()
        users = ", ".join(users_of(path))
        raise CameraLost(f"{path} is in use by {users}" if users else
                         f"{path} gives no frames; it may be no camera, or in use")
    granted = negotiate(capture, wish)
    log.info("%s grants %s", path, granted)
    return VideoStreamSource(stream, granted, closing, clock)


def negotiate(capture: cv2.VideoCapture, wish: CaptureRequest) -> str:
    """
    Ask an open camera for what is wanted; return what it granted, in words.

    MJPG comes first: raw pictures of 640x480 at 30 fps fill a USB 2 bus by a
    third, and a second camera gets none.
    """
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    if wish.resolution is not None:
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, wish.resolution[0])
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, wish.resolution[1])
    if wish.fps is not None:
        capture.set(cv2.CAP_PROP_FPS, wish.fps)
    width, height, rate, code = (capture.get(what) for what in (
        cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS,
        cv2.CAP_PROP_FOURCC))
    name = int(code).to_bytes(4, "little", signed=False) if code > 0 else b"?"
    codec = re.sub(r"[^\w?]", "", name.decode("latin-1")) or "unknown format"
    return f"{codec} {width:.0f}x{height:.0f} at {rate:g} fps"


def is_device(spec: str) -> bool:
    """Return whether *spec* names a USB camera."""
    return re.fullmatch(r"\d{1,3}|/dev/.+", spec) is not None
