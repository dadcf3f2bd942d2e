"""Encode pictures as H.264 for slow links: capped, and without any delay."""

import io
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np

from pyimagesearch.errors import EncoderFailed
from pyimagesearch.frames import Image, Size, i420_size, size_of

from .fragments import TICKS_PER_SECOND, header_of

CODEC_NAME = "libx264"      # of FFmpeg
GLOBAL_HEADER = 0x400000    # AV_CODEC_FLAG_GLOBAL_HEADER: parameter sets not in band
HEADER_OPTIONS = {"movflags": "empty_moov+default_base_moof+skip_trailer"}
TIME_BASE = Fraction(1, TICKS_PER_SECOND)
# Units with their length, as MP4 has them, and parameter sets in band, too, for
# programs that ignore a second header; the colours of cv2.COLOR_BGR2YUV_I420. Motion by
# whole pixels costs 0.01 of SSIM at most, and saves a sixth of the time.
X264_PARAMS = ("annexb=0:repeat-headers=1:scenecut=0:subme=0:"
               "colormatrix=smpte170m:range=tv")


class LiveEncoder:
    """
    Encode *fps* pictures of one size a second, at most *rate* [kbit/s]; one thread.

    Without delay, x264 spreads the rate over pictures, not over time, and some players
    take *fps* for the duration of each. Half a second of *rate* may come at once, for a
    key frame. Odd sizes lose a line. Raises :exc:`EncoderFailed`.
    """

    def __init__(self, size: Size, rate: int, fps: float) -> None:
        self.size, self.fps = size, fps
        self._even = i420_size(size)
        self._nowhere = av.open("nowhere", "w", format="null")
        self._stream = self._add_stream(fps)
        self._stream.width, self._stream.height = self._even
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.time_base = TIME_BASE
        context.thread_count = 1
        context.gop_size = 1_000_000    # key frames are made by demand only
        context.flags |= GLOBAL_HEADER
        context.options = {
            "preset": "superfast", "tune": "zerolatency", "crf": "28",
            "maxrate": f"{rate}k", "bufsize": f"{rate // 2}k", "forced-idr": "1",
            "x264-params": X264_PARAMS}
        try:
            self._nowhere.start_encoding()
        except av.FFmpegError as error:
            raise EncoderFailed(f"x264 takes no pictures of {size[0]}x{size[1]}: "
                                f"{error.strerror}") from None
        self.header = self._make_header()   # ftyp and moov, of all that it encodes
        self._yuv: Any = np.empty((self._even[1] * 3 // 2, self._even[0]), np.uint8)
        self._frame: Any = av.VideoFrame.from_numpy_buffer(self._yuv, format="yuv420p")
        self._frame.time_base = TIME_BASE

    def encode(self, image: Image, tick: int, *, is_key: bool) -> bytes:
        """Return *image*, BGR and of our size, as a sample at *tick*, at once."""
        assert size_of(image) == self.size
        width, height = self._even
        cv2.cvtColor(image[:height, :width], cv2.COLOR_BGR2YUV_I420, dst=self._yuv)
        self._frame.pts, self._frame.pict_type = tick, 1 if is_key else 0
        try:
            return b"".join(map(bytes, self._stream.encode(self._frame)))
        except av.FFmpegError as error:
            raise EncoderFailed(f"x264 failed: {error.strerror}") from None

    def close(self) -> None:
        """Free the memory now, rather than when the garbage collector runs."""
        self._nowhere.close()

    def _add_stream(self, fps: float) -> Any:
        try:
            return self._nowhere.add_stream(
                CODEC_NAME, rate=Fraction(fps).limit_denominator(100))
        except ValueError:
            raise EncoderFailed("this FFmpeg was built without x264") from None

    def _make_header(self) -> bytes:
        memory = io.BytesIO()
        with av.open(memory, "w", format="mp4", options=HEADER_OPTIONS
                     ) as mp4:
            template: Any = mp4.add_stream_from_template(self._stream)
            template.codec_context.extradata = self._stream.codec_context.extradata
            mp4.start_encoding()
        return header_of(memory.getvalue())
