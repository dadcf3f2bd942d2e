"""The live H.264 videos of one picture, which differ in their rate."""

from collections.abc import Iterator, Mapping

from pyimagesearch.frames import Image

from .live_video import LiveVideo

HIGH_FACTOR = 3     # of the second rate over the first


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

    def __getitem__(self, name: str) -> LiveVideo:
        return self._videos[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._videos)

    def __len__(self) -> int:
        return len(self._videos)

    @property
    def viewers(self) -> int:
        """How many viewers there are."""
        return sum(video.viewers for video in self.values())

    @property
    def encoded(self) -> int:
        """How many pictures were encoded, each once a video."""
        return sum(video.encoded for video in self.values())

    @property
    def encode_seconds(self) -> float:
        """Time spent on them [s]."""
        return sum(video.encoding.seconds for video in self.values())

    def show(self, image: Image, captured: float, at: float) -> None:
        """Encode *image* as :meth:`LiveVideo.show` does, unless it is left out."""
        self._left_out += 1
        if self._left_out >= self.step:
            self._left_out = 0
            for video in self.values():
                video.show(image, captured, at)

    def begin(self, image: Image, captured: float, at: float) -> None:
        """Begin new groups with *image*, which has nothing of those before it."""
        for video in self.values():
            video.drop_group()
            video.show(image, captured, at)

    def repeat(self, image: Image, captured: float, at: float) -> None:
        """Encode a still *image* again where viewers need it."""
        for video in self.values():
            if video.waits(at, is_still=True):
                video.show(image, captured, at)

    def wait(self, now: float, *, is_still: bool = False) -> bool:
        """Return whether some viewers need the last picture again."""
        return any(video.waits(now, is_still=is_still) for video in self.values())

    def rest(self, now: float) -> None:
        """Free the encoders that were not used for some seconds."""
        for video in self.values():
            video.rest(now)

    def hide(self) -> None:
        """Withdraw all fragments, even the rest of those that are being sent."""
        for video in self.values():
            video.hide()

    def close(self) -> None:
        """End the streams of all viewers."""
        for video in self.values():
            video.close()


def live_videos(rate: int) -> LiveVideos:
    """Return the videos called ``low``, of *rate* [kbit/s], and ``high``."""
    return LiveVideos(low=LiveVideo(rate), high=LiveVideo(HIGH_FACTOR * rate))
