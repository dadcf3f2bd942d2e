"""Small pictures of what a camera showed before an event."""

import collections

from pyimagesearch.frames import Frame, narrowed, size_of
from pyimagesearch.jpeg import LazyJpeg, encode

LEAD_SECONDS = 1.5      # of the picture before an event: what moves is elsewhere in it
PICTURE_SECONDS = 2.0   # between two pictures; some have to be encoded for this
MAX_PICTURES = 2        # so that one is from before the lead
PICTURE_WIDTH = 640     # pixels at most, of a picture encoded for this
PICTURE_QUALITY = 80    # of its JPEG


class BeforePictures:
    """
    Keep the last pictures in which nothing moved, for the next event.

    :meth:`forget` may be called from any thread, but not during :meth:`keep`; all else
    belongs to the camera loop.
    """

    def __init__(self) -> None:
        self._pictures: collections.deque[tuple[float, LazyJpeg]] = collections.deque(
            maxlen=MAX_PICTURES)

    def wants(self, at: float) -> bool:
        """Return whether to keep the picture of a frame that arrived *at* [s]."""
        return not self._pictures or at - self._pictures[-1][0] >= PICTURE_SECONDS

    def keep(self, frame: Frame, encoded: LazyJpeg | None) -> None:
        """Keep *frame*; as it was *encoded*, if it was. Raises :exc:`BadPicture`."""
        picture = encoded._replace(overlay=None) if encoded else small(frame)
        self._pictures.append((frame.arrived, picture))

    def newest_before(self, at: float) -> LazyJpeg | None:
        """
        Return the newest picture of at least 1.5 s before *at* [s, monotonic].

        Shortly after the start, or after :meth:`forget`, that is the oldest one.
        """
        oldest = self._pictures[0][1] if self._pictures else None
        return next((picture for arrived, picture in reversed(self._pictures)
                     if arrived <= at - LEAD_SECONDS), oldest)

    def forget(self) -> None:
        """Drop all pictures."""
        self._pictures.clear()


def small(frame: Frame) -> LazyJpeg:
    """Return the picture of *frame*, at most 640 px wide."""
    image = narrowed(frame.picture.colour(PICTURE_WIDTH), PICTURE_WIDTH)
    return LazyJpeg(encode(image, PICTURE_QUALITY), size_of(image))
