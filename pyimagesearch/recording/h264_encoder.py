"""JPEGs made H.264, by encoders that outlast the clip they were made for."""

import math
from fractions import Fraction
from typing import Any, NamedTuple

import cv2

from pyimagesearch.errors import BadPicture
from pyimagesearch.frames import Size

from .preroll import EncodedFrame

TICKS = 90_000          # a second, in time stamps of ours
KEY_EVERY = 2.0         # seconds between key frames: where a player can seek to
GLOBAL_HEADER = 0x400000    # AV_CODEC_FLAG_GLOBAL_HEADER: once, as MP4 has it
KEEP = 120.0            # seconds for which an encoder waits for another clip
MOST = 2                # that wait
UNCLEAR: Size = (0, 0)  # of what is no JPEG
OPTIONS = {"preset": "ultrafast", "tune": "zerolatency", "crf": "25"}


class Encoder:
    """
    Encode pictures of *size* as H.264: constrained baseline, yuv420p, even sizes.

    One clip after the other; each begins with a key frame and at the time 0. Raises
    what PyAV does, and then is :attr:`broken`. Belongs to one thread.
    """

    def __init__(self, size: Size) -> None:
        import av
        from av.video.reformatter import VideoReformatter
        self.size = size
        self.broken = False
        self._even = size[0] & ~1, size[1] & ~1
        self._decoder: Any = av.CodecContext.create("mjpeg", "r")
        self._decoder.thread_count = 1
        self._reformatter = VideoReformatter()
        self._nowhere = av.open("nowhere", "w", format="null")
        self.stream: Any = self._nowhere.add_stream("libx264", rate=30)
        self.stream.width, self.stream.height = self._even
        self.stream.pix_fmt = "yuv420p"
        context = self.stream.codec_context
        context.time_base = Fraction(1, TICKS)
        context.thread_count = 1
        context.gop_size = 10_000       # key frames are set by time, not by count
        context.options = OPTIONS
        context.flags |= GLOBAL_HEADER
        self._nowhere.start_encoding()
        self._last = -1         # tick of the newest frame, over all clips
        self.begin(0.0)

    def begin(self, at: float) -> None:
        """Begin a clip whose first frame is captured *at* [s, monotonic]."""
        self._at = at
        self._begin = self._next_key = self._last + 1

    def encode(self, piece: EncodedFrame) -> list[Any]:
        """Return *piece* as packets of its clip; none if it is garbled."""
        import av
        self.broken = True      # until it has done its work
        try:
            frame = self._picture(piece)
        except (av.InvalidDataError, BadPicture):
            self.broken = False
            return []           # a garbled picture is not worth a clip
        frame.pts = max(self._last + 1,
                        self._begin + round((piece.at - self._at) * TICKS))
        frame.time_base = Fraction(1, TICKS)
        is_key = frame.pts >= self._next_key
        frame.pict_type = 1 if is_key else 0
        self._next_key += round(KEY_EVERY * TICKS) if is_key else 0
        self._last = frame.pts
        packets = self.stream.encode(frame)     # at once: nothing is held back
        self.broken = False
        for packet in packets:
            packet.pts -= self._begin
            packet.dts = packet.pts
        return list(packets)

    def close(self) -> None:
        """Free the memory, which Python would do only when it looks for circles."""
        self._nowhere.close()

    def _picture(self, piece: EncodedFrame) -> Any:
        """Return *piece* as the encoder wants it."""
        import av
        width, height = self._even
        if piece.undrawn:
            yuv: Any = cv2.cvtColor(piece.undrawn.drawn(piece.data)[:height, :width],
                                    cv2.COLOR_BGR2YUV_I420)
            return av.VideoFrame.from_ndarray(yuv, format="yuv420p")
        frame = self._decoder.decode(av.Packet(piece.data))[0]
        return self._reformatter.reformat(
            frame, width, height, "yuv420p",
            src_color_range="JPEG", dst_color_range="MPEG", threads=1)


class Waiting(NamedTuple):
    """An encoder that waits for a clip."""

    encoder: Encoder
    since: float        # [s, monotonic]


class Encoders:
    """
    The encoders of one recorder: made when needed, kept for the next clip.

    Each takes some 8 MB in many pieces. Made anew for every clip, they leave the
    memory in holes, and the program grows; so up to *most* wait for two minutes.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._waiting: list[Waiting] = []

    def take(self, size: Size) -> Encoder:
        """Return an encoder for pictures of *size*; raises what PyAV does."""
        for each in self._waiting:
            if each.encoder.size == size:
                self._waiting.remove(each)
                return each.encoder
        return Encoder(size)

    def give(self, encoder: Encoder, now: float) -> None:
        """Take *encoder* back, whose clip is over *now* [s, monotonic]."""
        if encoder.broken:
            encoder.close()
            return
        self._waiting.append(Waiting(encoder, now))
        while len(self._waiting) > self._most:
            self._waiting.pop(0).encoder.close()

    def dismiss(self, now: float) -> None:
        """Let go of those that wait in vain."""
        old = [each for each in self._waiting if now - each.since >= KEEP]
        for each in old:
            self._waiting.remove(each)
            each.encoder.close()

    def close(self) -> None:
        """Let go of all that wait."""
        self.dismiss(math.inf)


def size_of(piece: EncodedFrame) -> Size:
    """Return ``(width, height)`` of *piece*, if it is a picture."""
    return piece.undrawn.size if piece.undrawn else jpeg_size(piece.data)


def jpeg_size(jpeg: bytes) -> Size:
    """Return ``(width, height)`` of a JPEG as OpenCV writes it, or :data:`UNCLEAR`."""
    at = jpeg.find(b"\xff\xc0\x00\x11\x08", 0, 4096)
    if at < 0:
        return UNCLEAR
    return (int.from_bytes(jpeg[at + 7:at + 9], "big"),
            int.from_bytes(jpeg[at + 5:at + 7], "big"))
