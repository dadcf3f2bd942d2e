"""IP cameras: anything that FFmpeg opens by URL."""

import os
from urllib.parse import urlsplit, urlunsplit

import cv2

from pyimagesearch.clock import Clock
from pyimagesearch.errors import CameraLost
from pyimagesearch.frames import Image

TIMEOUT = 3000      # milliseconds, for opening and for each read


class NetworkSource:
    """
    Read *url*, ``http://`` or ``rtsp://``, through OpenCV's FFmpeg.

    OpenCV heeds the timeouts only if the back end is named, and a stream that
    timed out once never recovers: each failure is a loss.
    """

    patience = 5.0

    def __init__(self, url: str, clock: Clock) -> None:
        self._clock = clock
        # FFmpeg reads both from the environment and from nowhere else
        os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
        self._told = without_password(url)
        self._capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, TIMEOUT,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC, TIMEOUT])
        if not self._capture.isOpened():
            raise CameraLost(f"{self._told} does not answer with a video stream")

    def read(self) -> Image:
        begin = self._clock.monotonic()
        grabbed, image = self._capture.read()
        # after a timeout OpenCV hands out, one a timeout, what the decoder still held
        timed_out = self._clock.monotonic() - begin > 0.95 * TIMEOUT / 1000
        if timed_out or not grabbed:
            raise CameraLost(f"{self._told} stopped sending")
        return image

    def close(self) -> None:
        self._capture.release()


def without_password(url: str) -> str:
    """Return *url* without user and password, fit for logs and pages."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
