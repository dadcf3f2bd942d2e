"""H.264 over HTTP: an endless fragmented MP4, one picture per fragment."""

import struct
from collections.abc import Generator

from .stream_tally import StreamTally
from .video_broadcaster import VideoBroadcaster
from .video_cursor import VideoCursor

VIDEO_MIMETYPE = "video/mp4"
EMPTY_BOX = struct.pack(">I4s", 8, b"free")     # players skip it (ISO 14496-12, 8.1.2)
SILENT_SECONDS = 1.0    # after which it is sent, to notice who has gone


def generate_video(video: VideoBroadcaster, tally: StreamTally
                   ) -> Generator[bytes, None, None]:
    """Yield the fragments of *video* for one viewer, until it is closed; blocks."""
    with video.watching():
        cursor = VideoCursor(video, tally)
        while not video.closed:
            newest = video.number
            if data := cursor.next():
                yield data
            elif not video.wait_for_newer(newest, SILENT_SECONDS) and cursor.has_begun:
                yield EMPTY_BOX
