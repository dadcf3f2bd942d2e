"""MJPEG over HTTP: an endless multipart response, one JPEG per part."""

from collections.abc import Callable, Generator, Iterator

from .broadcaster import LatestFrameBroadcaster

BOUNDARY = b"--frame\r\n"
MIMETYPE = "multipart/x-mixed-replace; boundary=frame"


def generate(broadcaster: LatestFrameBroadcaster) -> Generator[bytes, None, None]:
    """Yield a ``multipart/x-mixed-replace`` stream, each part with its boundary."""
    yield BOUNDARY
    for frame in broadcaster.frames():
        yield frame.part


class LiveStream:
    """
    The body of ``/video_feed``.

    Any WSGI server can iterate it; ours serves all viewers of *broadcaster* from one
    loop instead (see :mod:`pyimagesearch.serving.fanout`). Either way *on_close* is
    called at the end of the stream.
    """

    def __init__(self, broadcaster: LatestFrameBroadcaster,
                 on_close: Callable[[], object] = lambda: None) -> None:
        self.broadcaster = broadcaster
        self._on_close = on_close
        self._chunks = generate(broadcaster)

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        """Release the viewer's place; called by the WSGI server at the end."""
        self._on_close()
        self._chunks.close()
