"""Send the fragments of a video to every viewer that can take them."""

from typing import Any

from pyimagesearch.streaming.live_stream import LiveStream
from pyimagesearch.streaming.video_broadcaster import VideoBroadcaster
from pyimagesearch.streaming.video_cursor import VideoCursor
from pyimagesearch.streaming.video_stream import EMPTY_BOX

from .fanout import BroadcasterFanout
from .viewer_socket import ViewerSocket


class VideoViewer(ViewerSocket):
    """One socket, and its place in the video."""

    def __init__(self, client: Any, loop: Any, cursor: VideoCursor) -> None:
        super().__init__(client, loop, cursor.tally)
        self._cursor = cursor

    def proceed(self) -> None:
        """Send what comes next, as long as the socket takes it."""
        while self.unsent is None and (data := self._cursor.next()):
            self.send(data)

    @property
    def is_hidden(self) -> bool:
        return self._cursor.is_hidden

    def break_silence(self) -> None:
        """Send a box that means nothing, once the video has begun."""
        if self.unsent is None and self._cursor.has_begun:
            self.send(EMPTY_BOX)


class VideoFanout(BroadcasterFanout[VideoViewer]):
    """
    Write the fragments of *video* to all its viewers (see :class:`.Fanout`).

    They are sent in order; a viewer that is too late goes on with a key frame (see
    :class:`.VideoCursor`).
    """

    def __init__(self, video: VideoBroadcaster, stalled: float) -> None:
        super().__init__(video, stalled)
        self._video = video

    def serve(self, client: Any, stream: LiveStream) -> None:
        """Send the video to *client* until it disconnects."""
        with self._video.watching():
            self._serve(VideoViewer(client, self._loop,
                                    VideoCursor(self._video, stream.tally)))

    def _deliver(self) -> None:
        for viewer in self._viewers:
            if viewer.unsent is None:
                viewer.proceed()

    def _break_silence(self) -> None:
        for viewer in self._viewers:
            viewer.break_silence()
