"""The live H.264 video of one camera: encoded while it is watched, once for all."""

import logging
from typing import TYPE_CHECKING

from pyimagesearch.errors import EncoderFailed
from pyimagesearch.frames import Image, Size, size_of
from pyimagesearch.rates import Stopwatch

from .fragments import Timeline, fragment
from .video_broadcaster import VideoBroadcaster

if TYPE_CHECKING:
    from .live_encoder import LiveEncoder

log = logging.getLogger(__name__)

KEY_SECONDS = 2.0           # between key frames
KEY_DEMAND_SECONDS = 0.3    # at least, between those that viewers ask for
REPEAT_SECONDS = 1.0        # of silence after which a still picture is sent again
IDLE_SECONDS = 10.0         # for which an encoder is kept for the next viewer
RETRY_SECONDS = 10.0        # after the encoder failed
USUAL_FPS = 30.0            # pictures a second, until they were counted
FPS_TOLERANCE = 1.25        # factor by which their rate may differ from the encoder's


class LiveVideo(VideoBroadcaster):
    """
    Encode pictures for viewers, at most *rate* [kbit/s]; without viewers, nothing.

    One thread calls :meth:`show`, :meth:`waits` and :meth:`rest`; times are in seconds,
    those called *now* and *at* on the monotonic clock. The encoder must know how many
    pictures a second come: if that changes much, the next group has a new one.
    """

    def __init__(self, rate: int) -> None:
        super().__init__()
        self.encoded = 0            # pictures
        self.encoding = Stopwatch()     # spent on them
        self._rate = rate
        self._encoder: LiveEncoder | None = None
        self._timeline = Timeline()
        self._shown_at = 0.0
        self._key_at = 0.0      # when the newest key frame was shown
        self._retry_at = 0.0
        self._failure = ""      # of the encoder, at the last attempt

    @property
    def why_not(self) -> str:
        return self._failure

    def show(self, image: Image, captured: float, at: float,
             fps: float = USUAL_FPS) -> None:
        """
        Encode *image*, BGR, if there are viewers.

        It was *captured* then [s since the epoch], and is one of *fps* a second.
        """
        if not self.viewers:
            self.rest(at)
        elif at >= self._retry_at:
            try:
                with self.encoding:
                    self._encode(image, captured, at, fps)
            except (EncoderFailed, MemoryError) as error:
                self._failure = str(error) or "there is not enough memory"
                log.warning("no live video of %d kbit/s: %s", self._rate, self._failure)
                self._retry_at = at + RETRY_SECONDS
                self._free()

    def waits(self, now: float, *, is_still: bool = False) -> bool:
        """Return whether viewers need the last picture again; a still one repeats."""
        since = now - self._shown_at
        return self.viewers > 0 and (
            (self.key_wanted and since >= KEY_DEMAND_SECONDS)
            or (is_still and since >= REPEAT_SECONDS))

    def rest(self, now: float) -> None:
        """Free the encoder some seconds after the last viewer left."""
        if self._failure and now >= self._retry_at:
            self._failure = ""      # the next viewer is an attempt
        if self._encoder and not self.viewers and now - self._shown_at >= IDLE_SECONDS:
            self._free()

    def _encode(self, image: Image, captured: float, at: float, fps: float) -> None:
        since = at - self._key_at
        is_key = not self.group or since >= KEY_SECONDS or (
            self.key_wanted and since >= KEY_DEMAND_SECONDS)
        encoder = self._encoder_for(size_of(image), fps, is_key)
        is_key = is_key or not self.group
        begin, duration = self._timeline.place(at)
        sample = encoder.encode(image, begin, is_key=is_key)
        data = fragment(self.number + 1, begin, duration, sample, captured,
                        is_key=is_key)
        self.publish(encoder.header, data, captured, at, is_key=is_key)
        self.encoded += 1
        self._shown_at = at
        self._failure = ""
        if is_key:
            self._key_at = at

    def _encoder_for(self, size: Size, fps: float, is_key: bool) -> "LiveEncoder":
        """Return an encoder for such pictures; a new one begins a group."""
        encoder = self._encoder
        fits = encoder is not None and encoder.size == size and (
            not is_key or 1 / FPS_TOLERANCE < fps / encoder.fps < FPS_TOLERANCE)
        if encoder is None or not fits:
            from .live_encoder import LiveEncoder  # with av: 16 MB, once it is watched

            self._free()
            self._encoder = encoder = LiveEncoder(size, self._rate, fps)
            self.drop_group()
        return encoder

    def _free(self) -> None:
        if self._encoder:
            self._encoder.close()
        self._encoder = None
