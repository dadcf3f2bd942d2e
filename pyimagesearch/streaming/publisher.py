"""Where a camera's pictures go: to its own viewers, and into the mosaic."""

import datetime
from typing import NamedTuple

from pyimagesearch.frames import Box, Image, Size, for_stream, scaled
from pyimagesearch.jpeg import encode
from pyimagesearch.rates import Effort

from .broadcaster import LatestFrameBroadcaster
from .mosaic import Mosaic
from .overlay import annotate, card


class Shown(NamedTuple):
    """What came of a picture that was shown."""

    jpeg: bytes | None      # if one was made
    box: Box | None         # in its pixels


class Publisher:
    """
    Draw, encode and publish the pictures of one camera, for who watches.

    Belongs to the camera loop, but for :meth:`hide`. Pictures are at most *width*
    [pixels] wide and of JPEG *quality* 1 to 100.
    """

    def __init__(self, name: str, broadcaster: LatestFrameBroadcaster,
                 mosaic: Mosaic | None, *, width: int, quality: int) -> None:
        self.encoded = 0        # JPEGs made of pictures
        self.encoding = Effort()    # to make them
        self._name = name
        self._broadcaster = broadcaster
        self._mosaic = mosaic
        self._width = width
        self._quality = quality
        self._size: Size = (width, width * 3 // 4)     # of the card; the last picture's
        self._is_card = False       # whether the newest that was published is one

    @property
    def viewers(self) -> int:
        """How many watch this camera alone."""
        return self._broadcaster.viewers

    @property
    def wanted(self) -> bool:
        """Whether anybody sees what :meth:`show` would draw."""
        return bool(self.viewers or (self._mosaic and self._mosaic.wanted))

    def show(self, image: Image, captured: float, box: Box | None, of: Size,
             note: str, *, keep: bool = False) -> Shown:
        """
        Show *image*, captured at *captured* [s since the epoch].

        *box* was found in a picture of size *of*; *note* is what is special
        about the camera's state, for the mosaic. With *keep*, a JPEG is made
        even if nobody watches.
        """
        self._is_card = False
        drawn, jpeg = for_stream(image, self._width), None
        self._size = drawn.shape[1], drawn.shape[0]
        seen = box and scaled(box, of, self._size)
        annotate(drawn, seen, datetime.datetime.fromtimestamp(captured))
        if keep or self.viewers:
            with self.encoding:
                jpeg = encode(drawn, self._quality)
            self._broadcaster.publish(jpeg, captured)
            self.encoded += 1
        else:
            self._broadcaster.pass_over()
        if self._mosaic:
            self._mosaic.show(self._name, drawn, box is not None, note)
        return Shown(jpeg, seen)

    def pass_over(self) -> None:
        """Note that a picture was not shown, as nobody watches."""
        self._broadcaster.pass_over()
        if self._mosaic:
            self._mosaic.show(self._name, None, motion=False)

    def hide(self) -> None:
        """
        Show nobody any more what was shown, unless it is a card.

        May be called from any thread, while :meth:`show` is not.
        """
        if not self._is_card:
            self.pass_over()

    def show_card(self, title: str, text: str, now: float) -> None:
        """Show a card that stands in for the camera, to all who watch or will."""
        picture = card(self._size, title, text)
        self._is_card = True
        self._broadcaster.publish(encode(picture, self._quality), now)
        if self._mosaic:
            self._mosaic.show_card(self._name, picture, title.lower())

    def close(self) -> None:
        """End the streams of all viewers."""
        self._broadcaster.close()
