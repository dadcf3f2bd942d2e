"""Measure how long it takes to decode a camera's pictures."""

from pyimagesearch.frames import Grey, Image, Picture, Size
from pyimagesearch.rates import Stopwatch


class TimedPicture:
    """A *picture* that adds the time it takes to decode to *stopwatch*."""

    def __init__(self, picture: Picture, stopwatch: Stopwatch) -> None:
        self.captured = picture.captured
        self._picture = picture
        self._stopwatch = stopwatch

    @property
    def size(self) -> Size:
        return self._picture.size

    def grey(self) -> Grey:
        with self._stopwatch:
            return self._picture.grey()

    def colour(self, least: int | None = None) -> Image:
        with self._stopwatch:
            return self._picture.colour(least)

    def writable(self, least: int | None = None) -> Image:
        with self._stopwatch:
            return self._picture.writable(least)

    def jpeg(self) -> bytes | None:
        return self._picture.jpeg()
