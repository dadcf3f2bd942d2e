"""MJPEG over HTTP: an endless multipart response, one JPEG per part."""

from collections.abc import Generator

from .broadcaster import LatestFrameBroadcaster

BOUNDARY = b"--frame\r\n"
MIMETYPE = "multipart/x-mixed-replace; boundary=frame"


def generate(broadcaster: LatestFrameBroadcaster) -> Generator[bytes, None, None]:
    """Yield a ``multipart/x-mixed-replace`` stream, each part with its boundary."""
    yield BOUNDARY
    for frame in broadcaster.frames():
        yield frame.part
