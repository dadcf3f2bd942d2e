"""Encode JPEGs as H.264, with encoders that are used for one clip after another."""

from fractions import Fraction
from typing import Any

import av
import numpy as np

from pyimagesearch.errors import BadPicture
from pyimagesearch.frames import Size, fitted, i420_size
from pyimagesearch.jpeg import JpegDecoder, LazyJpeg

from .drawn_pictures import Yuv, convert

TICKS_PER_SECOND = 90_000          # a second, in our time stamps
KEY_FRAME_SECONDS = 2.0     # between key frames: where a player can seek to
GLOBAL_HEADER = 0x400000    # AV_CODEC_FLAG_GLOBAL_HEADER: once, as MP4 needs it
IDLE_SECONDS = 120.0    # for which an encoder is kept for the next clip
MAX_IDLE = 2            # encoders kept
# Not finer than the JPEGs that it is made of: where little moves, x264 would spend a
# third of the file on their artefacts
X264_OPTIONS = {"preset": "ultrafast", "tune": "zerolatency", "crf": "25", "qmin": "22"}


class Encoder:
    """
    Encode pictures as H.264: constrained baseline, yuv420p, :func:`.i420_size`.

    Those that are not of *size* are scaled to fit. Each clip starts with a key frame
    and at time 0. Raises what PyAV does, and is :attr:`broken` then. Belongs to one
    thread.
    """

    def __init__(self, size: Size) -> None:
        self.size = size
        self.broken = False
        self._even = i420_size(size)
        self._decoder = JpegDecoder()
        self.yuv: Yuv = np.empty((self._even[1] * 3 // 2, self._even[0]), np.uint8)
        self._frame: Any = av.VideoFrame.from_numpy_buffer(self.yuv, "yuv420p")
        self._nowhere = av.open("nowhere", "w", format="null")
        self.stream: Any = self._nowhere.add_stream("libx264", rate=30)
        self.stream.width, self.stream.height = self._even
        self.stream.pix_fmt = "yuv420p"
        context = self.stream.codec_context
        context.time_base = Fraction(1, TICKS_PER_SECOND)
        context.thread_count = 1
        context.gop_size = 10_000       # key frames are set by time, not by count
        context.options = X264_OPTIONS
        context.flags |= GLOBAL_HEADER
        self._nowhere.start_encoding()
        self._last = -1         # tick of the newest frame, over all clips
        self.begin(0.0)

    def begin(self, at: float) -> None:
        """Begin a clip whose first frame was captured *at* [s, monotonic]."""
        self._at = at
        self._begin = self._next_key = self._last + 1

    def encode(self, jpeg: LazyJpeg | None, at: float) -> list[Any]:
        """
        Return *jpeg*, captured *at* [s, monotonic], as packets; none if broken.

        ``None`` stands for the picture that is in :attr:`yuv`.
        """
        self.broken = True      # unless it gets to the end
        try:
            if jpeg:
                convert(fitted(jpeg.image(self._decoder), self.size), self.yuv)
        except BadPicture:
            self.broken = False
            return []
        frame = self._frame
        since = round((at - self._at) * TICKS_PER_SECOND)
        frame.pts = max(self._last + 1, self._begin + since)
        frame.time_base = Fraction(1, TICKS_PER_SECOND)
        is_key = frame.pts >= self._next_key
        frame.pict_type = 1 if is_key else 0
        interval = max(0, frame.pts - max(self._last, self._begin))
        self._next_key += round(KEY_FRAME_SECONDS * TICKS_PER_SECOND) if is_key else 0
        self._last = frame.pts
        packets = self.stream.encode(frame)     # at once: nothing is held back
        self.broken = False
        for packet in packets:
            packet.pts -= self._begin
            packet.dts = packet.pts
            packet.duration = interval      # else the last one has none
        return list(packets)

    def close(self) -> None:
        """Free the memory now, rather than when the garbage collector runs."""
        self._nowhere.close()


class Encoders:
    """
    The encoders of one recorder: made when needed, kept for the next clip.

    Each takes some 8 MB in many pieces. Made for every clip, they fragment the heap
    and the program grows; so up to *max_idle* are kept for two minutes.
    """

    def __init__(self, max_idle: int = MAX_IDLE) -> None:
        self._max_idle = max_idle
        self._idle: list[tuple[float, Encoder]] = []    # since when [s, monotonic]

    def take(self, size: Size) -> Encoder:
        """Return an encoder for pictures of *size*; raises what PyAV does."""
        for since, encoder in self._idle:
            if encoder.size == size:
                self._idle.remove((since, encoder))
                return encoder
        return Encoder(size)

    def give(self, encoder: Encoder, now: float) -> None:
        """Take *encoder* back, whose clip ended *now* [s, monotonic]."""
        if encoder.broken:
            encoder.close()
            return
        self._idle.append((now, encoder))
        while len(self._idle) > self._max_idle:
            self._idle.pop(0)[1].close()

    def dismiss(self, now: float) -> None:
        """Close the encoders that were idle for too long *now* [s, monotonic]."""
        while self._idle and now - self._idle[0][0] >= IDLE_SECONDS:
            self._idle.pop(0)[1].close()
