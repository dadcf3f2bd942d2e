"""The body of a response that does not end: a live stream."""

from collections.abc import Callable, Generator, Iterator

from .broadcaster import LatestFrameBroadcaster
from .message_log import Subscription
from .selection import Selection
from .stream_tally import StreamTally
from .video_broadcaster import VideoBroadcaster

Source = LatestFrameBroadcaster | VideoBroadcaster | Selection | Subscription


class LiveStream:
    """
    The body of ``/video_feed``, ``/cameras_feed`` and ``/live.mp4``.

    Any WSGI server can iterate it, which yields *chunks*; ours serves all viewers of
    *source* from one loop instead (see :mod:`pyimagesearch.serving.fanout`) and
    counts in *tally*. Either way *on_close* is called at the end of the stream.
    """

    def __init__(self, source: Source,
                 chunks: Generator[bytes, None, None], tally: StreamTally,
                 on_close: Callable[[], object] = lambda: None) -> None:
        self.source = source
        self.tally = tally
        self._chunks = chunks
        self._on_close = on_close

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        """Release the viewer's place; called by the WSGI server at the end."""
        self._on_close()
        self._chunks.close()
