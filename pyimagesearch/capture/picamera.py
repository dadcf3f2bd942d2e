"""The Raspberry Pi's camera module, through Picamera2 or the legacy picamera."""

import threading
from typing import Any, NamedTuple

from imutils.video import VideoStream

from pyimagesearch.clock import Clock
from pyimagesearch.errors import CameraLost
from pyimagesearch.frames import DETECTION_WIDTH, ArrayPicture, Picture, Size

from .source import CaptureRequest, Source
from .usb import VideoStreamSource

DEFAULT_SIZE = (640, 480)
INSTALL_HINT = ("run: sudo apt install python3-picamera2, and create the environment "
                "again with make setup -B VENV_FLAGS=--system-site-packages")


class CameraModule(NamedTuple):
    """A camera on the ribbon cable of a Raspberry Pi."""

    number: int
    model: str


class Picamera2Source:
    """
    Read an open and configured ``Picamera2``.

    Viewers get the main stream; the detector gets the luma plane of the small
    ``lores`` stream, which the hardware scales at no cost. Its rows are padded to the
    hardware's stride.
    """

    read_timeout = 2.5

    def __init__(self, camera: Any, small: Size, granted: str) -> None:
        self.granted = granted
        self._camera = camera
        self._small = small

    def read(self) -> Picture:
        try:
            request = self._camera.capture_request()
            try:
                image = request.make_array("main")
                planes = request.make_array("lores")
            finally:
                request.release()
        except RuntimeError as error:
            raise CameraLost(f"the Pi's camera failed: {error}") from None
        width, height = self._small
        return ArrayPicture(image, planes[:height, :width])

    def close(self) -> None:
        self._camera.stop()
        self._camera.close()


def camera_modules() -> list[CameraModule] | None:
    """Return the cameras that Picamera2 finds; ``None`` if it is not installed."""
    try:
        from picamera2 import Picamera2
    except ImportError:
        return None
    # libcamera lists USB cameras, too
    return [CameraModule(each.get("Num", 0), each.get("Model", "unnamed"))
            for each in Picamera2.global_camera_info()
            if "usb" not in each.get("Id", "").lower()]


def open_picamera2(request: CaptureRequest,
                   closing: threading.Event) -> Picamera2Source:
    """Open the Pi's camera on the libcamera stack; raises :exc:`CameraLost`."""
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        raise CameraLost(f"Picamera2 is missing ({error}); {INSTALL_HINT}") from None
    size = request.resolution or DEFAULT_SIZE
    small = (DETECTION_WIDTH, max(2, DETECTION_WIDTH * size[1] // size[0] // 2 * 2))
    try:
        camera = Picamera2()
        camera.configure(camera.create_video_configuration(
            # libcamera names formats the other way round: BGR in memory
            main={"size": size, "format": "RGB888"},
            lores={"size": small, "format": "YUV420"},
            controls={"FrameRate": request.fps} if request.fps else {}))
        camera.start()
    except (RuntimeError, IndexError) as error:     # IndexError: no camera attached
        raise CameraLost(f"the Pi's camera did not open ({error}); "
                         "is the cable plugged in, and no other program using it?"
                         ) from None
    granted = f"Picamera2 {size[0]}x{size[1]}, detection on {small[0]}x{small[1]}"
    return Picamera2Source(camera, small, granted)


def open_legacy(request: CaptureRequest, clock: Clock,
                closing: threading.Event) -> VideoStreamSource:
    """Open the Pi's camera through ``picamera``, for systems before Bookworm."""
    size = request.resolution or DEFAULT_SIZE
    try:
        stream = VideoStream(usePiCamera=True, resolution=size,
                             framerate=request.fps or 32)
    except ImportError as error:
        raise CameraLost(f"picamera is missing ({error}); it is only for systems "
                         "before Bookworm: pip install 'picamera[array]'") from None
    except Exception as error:      # picamera is not there to name its errors
        raise CameraLost(f"the Pi's camera did not open: {error}") from None
    return VideoStreamSource(stream, f"picamera {size[0]}x{size[1]}", request.allowance,
                             closing, clock)


def open_picamera(request: CaptureRequest, clock: Clock,
                  closing: threading.Event) -> Source:
    """Open the Pi's camera through whichever library is installed."""
    try:
        return open_picamera2(request, closing)
    except CameraLost as lost:
        try:
            return open_legacy(request, clock, closing)
        except CameraLost:
            raise lost from None
