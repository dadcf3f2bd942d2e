"""The live H.264 videos of one picture, which differ in their rate."""

import statistics
from collections import deque
from collections.abc import Iterator, Mapping

from pyimagesearch.frames import Image

from .live_video import USUAL_FPS, LiveVideo

HIGH_FACTOR = 3     # of the second rate over the first
COUNTED_PICTURES = 31       # of which the rate is taken
LEAST_INTERVAL, MOST_INTERVAL = 1 / 120, 1.0    # between pictures [s], for the encoder


class LiveVideos(Mapping[str, LiveVideo]):
    """
    Give pictures to all *videos* of a camera, or of the mosaic, which are by name.

    To be called as each of them: from one thread, except :meth:`hide`, :meth:`close`
    and the properties.
    """

    def __init__(self, **videos: LiveVideo) -> None:
        self.step = 1       # they have only each such picture, to spare the machine
        self._videos = videos
        self._left_out = 0  # pictures since the last one that they had
        self._last_at = 0.0     # when the last picture came [s, monotonic]
        self._intervals: deque[float] = deque(maxlen=COUNTED_PICTURES)

    def __getitem__(self, name: str) -> LiveVideo:
        return self._videos[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._videos)

    def __len__(self) -> int:
        return len(self._videos)

    @property
    def viewers(self) -> int:
        """How many viewers there are."""
        return sum(video.viewers for video in self._videos.values())

    @property
    def encoded(self) -> int:
        """How many pictures were encoded, each once a video."""
        return sum(video.encoded for video in self._videos.values())

    @property
    def encode_seconds(self) -> float:
        """CPU time spent on them [s]."""
        return sum(video.encoding.seconds for video in self._videos.values())

    @property
    def fps(self) -> float:
        """How many pictures a second they get, pauses left aside."""
        if not self._intervals:
            return USUAL_FPS
        usual = statistics.median(self._intervals)
        return 1 / min(max(LEAST_INTERVAL, self.step * usual), MOST_INTERVAL)

    def count(self, at: float) -> None:
        """Count a picture that came *at* [s, monotonic], even without viewers."""
        if self._last_at:
            self._intervals.append(at - self._last_at)
        self._last_at = at

    @property
    def send_seconds(self) -> float:
        """CPU time spent on sending them to viewers [s]."""
        return sum(video.sending.seconds for video in self._videos.values())

    def show(self, image: Image, captured: float, at: float) -> None:
        """Encode *image* as :meth:`LiveVideo.show` does, unless it is left out."""
        self._left_out += 1
        if self._left_out >= self.step:
            self._left_out = 0
            fps = self.fps if self.viewers else USUAL_FPS
            for video in self._videos.values():
                video.show(image, captured, at, fps)

    def begin(self, image: Image, captured: float, at: float) -> None:
        """Begin new groups with *image*, which has nothing of those before it."""
        for video in self._videos.values():
            video.drop_group()
            video.show(image, captured, at)

    def repeat(self, image: Image, captured: float, at: float) -> None:
        """Encode a still *image* again where viewers need it."""
        for video in self._videos.values():
            if video.waits(at, is_still=True):
                video.show(image, captured, at)

    def wait(self, now: float, *, is_still: bool = False) -> bool:
        """Return whether some viewers need the last picture again."""
        return any(video.waits(now, is_still=is_still)
                   for video in self._videos.values())

    def rest(self, now: float) -> None:
        """Free the encoders that were not used for some seconds."""
        for video in self._videos.values():
            video.rest(now)

    def hide(self) -> None:
        """Withdraw all fragments, even the rest of those that are being sent."""
        for video in self._videos.values():
            video.hide()

    def close(self) -> None:
        """End the streams of all viewers."""
        for video in self._videos.values():
            video.close()


def live_videos(rate: int) -> LiveVideos:
    """Return the videos called ``low``, of *rate* [kbit/s], and ``high``."""
    return LiveVideos(low=LiveVideo(rate), high=LiveVideo(HIGH_FACTOR * rate))
