"""MJPEG over HTTP: an endless multipart response, one JPEG per part."""

import contextlib
import socket
from collections.abc import Callable, Generator, Iterator

from .broadcaster import LatestFrameBroadcaster

BOUNDARY = b"--frame\r\n"
MIMETYPE = "multipart/x-mixed-replace; boundary=frame"


def generate(broadcaster: LatestFrameBroadcaster) -> Generator[bytes, None, None]:
    """
    Yield the stream as ``multipart/x-mixed-replace`` bytes, without end.

    Each part carries the boundary that closes it.
    """
    yield BOUNDARY
    for frame in broadcaster.frames():
        yield frame.part


class LiveStream:
    """
    The body of ``/video_feed``.

    Any WSGI server can iterate it. Ours knows it, and feeds all viewers of
    *broadcaster* from one loop instead (see :mod:`.fanout`). Either way *on_close*
    is called at the end of the stream.
    """

    def __init__(self, broadcaster: LatestFrameBroadcaster,
                 on_close: Callable[[], object] = lambda: None) -> None:
        self.broadcaster = broadcaster
        self.connection: socket.socket | None = None    # over which it is sent
        self._on_close = on_close
        self._chunks = generate(broadcaster)

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def end(self) -> None:
        """Cut the viewer off; in the server's thread, and any number of times."""
        if self.connection is not None:
            with contextlib.suppress(OSError):      # the viewer was faster
                self.connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Leave; called by the WSGI server when the browser has gone."""
        self._on_close()
        self._chunks.close()
