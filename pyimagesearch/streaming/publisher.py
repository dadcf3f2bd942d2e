"""Publish a camera's pictures: to its own viewers and in the mosaic."""

from collections.abc import Sequence
from typing import NamedTuple

from pyimagesearch.errors import BadPicture
from pyimagesearch.frames import Box, Frame, Size, for_stream, scaled, scaled_size
from pyimagesearch.jpeg import LazyJpeg, encode
from pyimagesearch.overlay import Annotation, Tag, card
from pyimagesearch.rates import Stopwatch

from .broadcaster import LatestFrameBroadcaster
from .mosaic import Mosaic


class Shown(NamedTuple):
    """How a frame was shown, or would have been."""

    jpeg: LazyJpeg | None       # None if it was not encoded and has no JPEG of its own
    boxes: tuple[Box, ...]      # around what moves [pixels of the JPEG]


class Publisher:
    """
    Draw, encode and publish the pictures of one camera, if there are viewers.

    Called by the camera loop only, except :meth:`hide`. Pictures are at most *width*
    [pixels] wide and of JPEG *quality* 1 to 100.
    """

    def __init__(self, name: str, broadcaster: LatestFrameBroadcaster,
                 mosaic: Mosaic | None, *, width: int, quality: int) -> None:
        self.encoded = 0        # pictures
        self.encoding = Stopwatch()    # spent on them
        self._name = name
        self._broadcaster = broadcaster
        self._mosaic = mosaic
        self._width = width
        self._quality = quality
        self._size: Size = (width, width * 3 // 4)     # of the last picture
        self._is_card = False       # whether a card was published last
        self._last: tuple[Frame, Sequence[Box], Size, str, Sequence[Tag]
                          ] | None = None

    @property
    def viewers(self) -> int:
        """How many viewers watch this camera alone."""
        return self._broadcaster.viewers

    @property
    def wanted(self) -> bool:
        """Whether there are viewers, of this camera or of the mosaic."""
        return bool(self.viewers or (self._mosaic and self._mosaic.wanted))

    def show(self, frame: Frame, boxes: Sequence[Box], of: Size, note: str = "",
             tags: Sequence[Tag] = (), *, keep: bool = False) -> Shown:
        """
        Publish *frame*, if there are viewers.

        *boxes* were found in a picture of size *of*; *tags* are those of the event that
        lasts. The mosaic shows *note* and their names beside the camera's name. With
        *keep*, the frame is encoded without viewers, too. Raises :exc:`BadPicture`.
        """
        self._last = frame, boxes, of, note, tags
        given = frame.picture.size
        size = scaled_size(given, min(self._width, given[0]))
        around = tuple(scaled(box, of, size) for box in boxes)
        overlay = Annotation(around, frame.captured, tuple(tags))
        own = frame.picture.jpeg()
        jpeg = LazyJpeg(own, size, overlay, self._quality, given) if own else None
        if not (keep or self.wanted):
            self._withdraw()
            return Shown(jpeg, overlay.boxes)
        drawn = for_stream(frame.picture.colour(), self._width)
        overlay.draw(drawn)
        self._size, self._is_card = size, False
        if keep or self.viewers:
            with self.encoding:
                jpeg = LazyJpeg(encode(drawn, self._quality), size)
            self._broadcaster.publish(jpeg.data, frame.captured)
            self.encoded += 1
        else:
            self._broadcaster.mark_stale()
        if self._mosaic:
            self._mosaic.show(self._name, drawn, bool(boxes),
                              ", ".join(filter(None, [
                                  note, *(tag.text for tag in tags)])))
        return Shown(jpeg, overlay.boxes)

    def catch_up(self) -> None:
        """Publish the last frame to viewers who came after it: the next may be far."""
        mosaic_waits = self._mosaic and self._mosaic.lacks(self._name)
        if self._last and (mosaic_waits or (self.viewers and self._broadcaster.stale)):
            try:
                self.show(*self._last)
            except BadPicture:      # its brightness was enough for detection
                self._last = None

    def hide(self) -> None:
        """
        Withdraw the last picture, unless it is a card.

        May be called from any thread, but not during :meth:`show`.
        """
        self._last = None
        if not self._is_card:
            self._withdraw()

    def show_card(self, title: str, text: str, now: float) -> None:
        """Publish a card that stands in for the camera, *now* [s since the epoch]."""
        picture = card(self._size, title, text)
        self._is_card, self._last = True, None
        self._broadcaster.publish(encode(picture, self._quality), now)
        if self._mosaic:
            self._mosaic.draw(self._name, picture, title.lower())

    def close(self) -> None:
        """End the streams of all viewers."""
        self._broadcaster.close()

    def _withdraw(self) -> None:
        """Show the last picture to no viewer any more: there is a newer one."""
        self._broadcaster.mark_stale()
        if self._mosaic:
            self._mosaic.darken(self._name)
