"""A video file in place of a camera, each frame at its own time."""

import subprocess
import sys
import threading
from pathlib import Path

import cv2

from pyimagesearch.clock import Clock
from pyimagesearch.errors import CameraLost, SourceEnded
from pyimagesearch.frames import ArrayPicture, Image, Picture

from .limits import Allowance
from .pace import Pace
from .source import as_bgr

DEFAULT_FPS = 25.0      # for a file without a rate
MAX_INTERVAL_SECONDS = 15.0     # between two frames; more is a broken time stamp
# A broken file can abort the process from inside OpenCV: a child opens it first
PROBE_SECONDS = 15.0
PROBE = """if True:
    import sys, cv2
    capture = cv2.VideoCapture(sys.argv[1])
    sys.exit(3 if not capture.isOpened() else 0 if capture.read()[0] else 4)
    """


class VideoFileSource:
    """
    Read the file at *path*; with *loop*, restart it at its end.

    Each frame comes at the time of its stamp. One without a stamp, or with a stamp
    that is before or far behind the one before, comes at the mean rate.
    """

    read_timeout = MAX_INTERVAL_SECONDS + 5.0

    def __init__(self, path: str, loop: bool, allowance: Allowance,
                 closing: threading.Event, clock: Clock) -> None:
        probe(path)
        self._path = str(Path(path).absolute())     # "cam:1.mp4" is no protocol then
        self._loop = loop
        self._allowance = allowance
        self._capture = cv2.VideoCapture(self._path)
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps = fps if 0.1 <= fps <= 240 else DEFAULT_FPS    # mean rate [1/s]
        self._pace = Pace(self.fps, closing, clock)
        self._frames = 0        # since its beginning
        self._stamp = 0.0       # of the newest frame [s since its beginning]
        width, height = (self._capture.get(key) for key in (
            cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        self.granted = f"file {width:.0f}x{height:.0f} at {fps:g} fps"

    def read(self) -> Picture:
        image = self._next()
        if image is None and self._loop and self._frames:
            self._rewind()
            image = self._next()
        if image is None and not self._frames:
            raise CameraLost(f"{self._path} holds no picture that OpenCV can read")
        if image is None:
            raise SourceEnded(f"{Path(self._path).name} has ended")
        self._pace.tick(self._interval())
        picture = ArrayPicture(as_bgr(image))
        self._allowance.check(picture.size)
        return picture

    def close(self) -> None:
        self._capture.release()

    def _interval(self) -> float | None:
        """Return the time since the last frame [s], ``None`` if it is not known."""
        before, self._stamp = self._stamp, self._capture.get(
            cv2.CAP_PROP_POS_MSEC) / 1000
        self._frames += 1
        since = self._stamp - before
        is_known = self._frames > 1 and 0 < since <= MAX_INTERVAL_SECONDS
        return since if is_known else None

    def _rewind(self) -> None:
        self._frames = 0
        self._capture.release()     # seeking to 0 fails in some containers
        self._capture.open(self._path)

    def _next(self) -> Image | None:
        grabbed, image = self._capture.read()
        return image if grabbed else None


def probe(path: str) -> None:
    """Open *path* in a child process first; raises :exc:`CameraLost` if that fails."""
    if not Path(path).is_file():
        raise CameraLost(f"there is no file {path}")
    try:
        status = subprocess.run(
            [sys.executable, "-P", "-c", PROBE, str(Path(path).absolute())],
            check=False, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=PROBE_SECONDS).returncode
    except subprocess.TimeoutExpired:
        raise CameraLost(f"{path} could not be opened in "
                         f"{PROBE_SECONDS:g} seconds") from None
    reasons = {0: "", 3: "is no video file that OpenCV can read",
               4: "holds no picture that OpenCV can read"}
    if reason := reasons.get(status, "is so broken that OpenCV crashes on it"):
        raise CameraLost(f"{path} {reason}")
