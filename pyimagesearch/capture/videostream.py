"""USB cameras, and the Raspberry Pi's, through imutils' ``VideoStream``."""

import os
import re
import threading
from pathlib import Path
from typing import Any

from imutils.video import VideoStream

from pyimagesearch.clock import Clock
from pyimagesearch.errors import CameraLost
from pyimagesearch.frames import Image

POLL = 0.004        # seconds between two looks for a new frame
ENDING = 2.0        # seconds that imutils' thread is given to leave its last read


class VideoStreamSource:
    """
    Read ``imutils.video.VideoStream``, and make good what it leaves undone.

    imutils reads the camera on a thread of its own and gives the same array
    again until it has a new one, gives ``None`` for ever once the camera is
    lost (while its thread spins), and neither joins that thread nor releases
    the device (imutils 0.5.4). Here each array is given once, ``None`` is a
    loss, and closing waits for the thread and then releases.
    """

    patience = 2.5

    def __init__(self, stream: VideoStream, closing: threading.Event,
                 clock: Clock) -> None:
        self._stream = stream
        self._closing = closing
        self._clock = clock
        self._last: Image | None = None
        # what VideoStream.start() does, but with a thread that can be joined
        self._thread = threading.Thread(
            target=stream.update, name="imutils", daemon=True)
        self._thread.start()

    def read(self) -> Image:
        while not self._closing.is_set():
            image: Image | None = self._stream.read()
            if image is None and self._last is not None:
                raise CameraLost("the camera was unplugged or failed")
            if image is not None and image is not self._last:
                self._last = image
                return image
            self._clock.wait(self._closing, POLL)
        raise CameraLost("closed")

    def close(self) -> None:
        self._stream.stop()
        self._thread.join(ENDING)
        device: Any = getattr(self._stream.stream, "stream", None)
        if not self._thread.is_alive() and hasattr(device, "release"):
            device.release()    # PiVideoStream closes its camera by itself


def open_usb(device: int | str, closing: threading.Event,
             clock: Clock) -> VideoStreamSource:
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
    if stream.read() is None:
        stream.stream.stream.release()
        raise CameraLost(f"{path} gives no frames; another program may be using it")
    return VideoStreamSource(stream, closing, clock)


def open_picamera(closing: threading.Event, clock: Clock) -> VideoStreamSource:
    """Open the Raspberry Pi's camera through the legacy ``picamera`` library."""
    try:
        stream = VideoStream(usePiCamera=True, resolution=(640, 480))
    except ImportError as error:
        raise CameraLost(f"the picamera library is missing ({error}); "
                         "run: pip install 'picamera[array]'") from None
    except Exception as error:      # picamera's errors cannot be named without it
        raise CameraLost(f"the Pi's camera did not open: {error}") from None
    return VideoStreamSource(stream, closing, clock)


def is_device(spec: str) -> bool:
    """Return whether *spec* names a USB camera."""
    return re.fullmatch(r"\d{1,3}|/dev/.+", spec) is not None
