"""A video file as if it were a camera: paced at its own rate."""

import threading
from pathlib import Path

import cv2

from pyimagesearch.clock import Clock
from pyimagesearch.errors import CameraLost, SourceEnded
from pyimagesearch.frames import Image

from .pace import Pace

USUAL_FPS = 25.0    # for a file that does not say


class VideoFileSource:
    """Read the file at *path*; with *loop*, start it again at its end."""

    patience = 5.0

    def __init__(self, path: str, loop: bool, closing: threading.Event,
                 clock: Clock) -> None:
        if not Path(path).is_file():
            raise CameraLost(f"there is no file {path}")
        self._path = path
        self._loop = loop
        self._capture = cv2.VideoCapture(path)
        if not self._capture.isOpened():
            raise CameraLost(f"{path} is no video file that OpenCV can read")
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self._pace = Pace(fps if 0.1 <= fps <= 240 else USUAL_FPS, closing, clock)
        self._given = 0

    def read(self) -> Image:
        image = self._next()
        if image is None and self._loop and self._given:
            self._given = 0
            self._capture.release()     # seeking to 0 fails for some containers
            self._capture.open(self._path)
            image = self._next()
        if image is None and not self._given:
            raise CameraLost(f"{self._path} holds no picture that OpenCV can read")
        if image is None:
            raise SourceEnded(f"{Path(self._path).name} has ended")
        self._given += 1
        self._pace.tick()
        return image

    def close(self) -> None:
        self._capture.release()

    def _next(self) -> Image | None:
        grabbed, image = self._capture.read()
        return image if grabbed else None
