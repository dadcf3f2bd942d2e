"""Publish a camera's pictures: to its own viewers and in the mosaic."""

from collections.abc import Sequence
from typing import NamedTuple

from pyimagesearch.errors import BadPicture
from pyimagesearch.frames import (
    Box,
    Frame,
    Image,
    Picture,
    Size,
    narrowed,
    scaled,
    scaled_size,
)
from pyimagesearch.jpeg import LazyJpeg, encode
from pyimagesearch.overlay import Annotation, ClockStyle, Tag, card
from pyimagesearch.rates import Stopwatch

from .broadcaster import LatestFrameBroadcaster
from .live_videos import LiveVideos
from .mosaic import Mosaic
from .variants import Variants

SERVER, BROWSER, NO_OVERLAY = "server", "browser", "none"    # what draws it


class Shown(NamedTuple):
    """How a frame was shown, or would have been."""

    jpeg: LazyJpeg | None       # None if it was not encoded and has no JPEG of its own
    boxes: tuple[Box, ...]      # around what moves [pixels of the JPEG]
    drawn: Image | None = None  # the JPEG's picture with the overlay, if it was drawn


class Card(NamedTuple):
    """A picture that stands in for the camera."""

    image: Image
    captured: float         # when it was made [seconds since the epoch]
    at: float               # the same moment on the monotonic clock [seconds]


class Publisher:
    """
    Draw, encode and publish the pictures of one camera, if there are viewers.

    Called by the camera loop only, except :meth:`hide`. Pictures are at most *width*
    [pixels] wide and of JPEG *quality* 1 to 100; *videos* are the H.264 videos for slow
    links, by name. *overlay* says what draws time, boxes and names onto the MJPEG:
    SERVER; BROWSER, which gets them with each picture; or NO_OVERLAY. Unless it is the
    server, JPEGs of the camera are published untouched if they are not too wide.
    Mosaic, videos and variants have the overlay drawn by the server, or NO_OVERLAY.
    """

    def __init__(self, name: str, broadcaster: LatestFrameBroadcaster,
                 mosaic: Mosaic | None, *, width: int, quality: int,
                 videos: LiveVideos | None = None,
                 overlay: str = SERVER, clock: ClockStyle | None = None) -> None:
        self.encoded = 0        # pictures
        self.encoding = Stopwatch()    # spent on them
        self.drawing = Stopwatch()     # spent on scaling, and on the overlay
        self.videos = videos or LiveVideos()
        self.variants = Variants(quality, width)
        self._name = name
        self._broadcaster = broadcaster
        self._mosaic = mosaic
        self._width = width
        self._quality = quality
        self._overlay = overlay
        self._clock = clock or ClockStyle()
        self._size: Size = (width, width * 3 // 4)     # of the last picture
        self._card: Card | None = None      # if one was published last
        self._last: tuple[Frame, Sequence[Box], Size, str, Sequence[Tag]
                          ] | None = None

    @property
    def viewers(self) -> int:
        """How many viewers watch this camera alone, picture by picture."""
        return self._broadcaster.viewers + self.variants.viewers

    @property
    def send_seconds(self) -> float:
        """CPU time spent on sending pictures and videos to viewers [s]."""
        return (self._broadcaster.sending.seconds + self.variants.send_seconds
                + self.videos.send_seconds)

    def needs_image(self, frame: Frame) -> bool:
        """Return whether :meth:`show` will decode *frame* for viewers."""
        return self._draws_for_others(frame.arrived) or (
            self._broadcaster.viewers > 0 and not self._passes_on(frame.picture))

    def show(self, frame: Frame, boxes: Sequence[Box], of: Size, note: str = "",
             tags: Sequence[Tag] = (), *, keep: bool = False) -> Shown:
        """
        Publish *frame*, if there are viewers.

        *boxes* were found in a picture of size *of*; *tags* are those of the event that
        lasts. The mosaic shows *note* and their names beside the camera's name. With
        *keep*, the frame is encoded without viewers, too. Raises :exc:`BadPicture`.
        """
        self._last, self._card = (frame, boxes, of, note, tags), None
        self.videos.count(frame.arrived)
        given = frame.picture.size
        size = scaled_size(given, min(self._width, given[0]))
        around = tuple(scaled(box, of, size) for box in boxes)
        overlay = Annotation(around, frame.captured, tuple(tags), self._clock)
        own = frame.picture.jpeg()
        jpeg = LazyJpeg(own, size, overlay, self._quality, given) if own else None
        publishes = keep or self._broadcaster.viewers > 0
        draws_for_others = self._draws_for_others(frame.arrived)
        if not (publishes or draws_for_others):
            self._withdraw()
            self.videos.rest(frame.arrived)
            return Shown(jpeg, overlay.boxes)
        self._size, drawn = size, None
        if self._overlay == SERVER:
            drawn = self._drawn(frame.picture, overlay, self._width)
        if publishes:
            if jpeg is None or keep or not self._passes_on(frame.picture):
                jpeg = self._encoded(frame.picture, drawn, overlay)
            self._broadcaster.publish(jpeg.data, frame.captured,
                                      jpeg if self._overlay == BROWSER else None)
        else:
            self._broadcaster.mark_stale()
        if drawn is None and draws_for_others:      # after others have encoded it
            drawn = self._drawn(frame.picture, overlay, self._width)
        self._show_to_others(drawn, frame, overlay, note)
        return Shown(jpeg, overlay.boxes,
                     None if self._overlay == NO_OVERLAY else drawn)

    def catch_up(self, now: float) -> None:
        """
        Publish the last picture to viewers who came after it: the next may be far.

        A card is repeated in the videos, or players and proxies would end the stream.
        *now* is on the monotonic clock [s].
        """
        self.videos.rest(now)
        if card := self._card:
            self.videos.repeat(card.image, card.captured + now - card.at, now)
            if self.variants.wait:
                self._show_in_variants(card.image, card.captured, now)
        elif self._last and self._has_waiting_viewers(now):
            frame, boxes, of, note, tags = self._last
            try:
                self.show(frame._replace(arrived=now), boxes, of, note, tags)
            except BadPicture:      # its brightness was enough for detection
                self._last = None

    def hide(self) -> None:
        """
        Withdraw the pictures, unless the last one is a card, and all of the videos.

        What is still unsent of them is not sent. May be called from any thread, but not
        during :meth:`show`.
        """
        self._last = None
        self.videos.hide()
        if self._mosaic:
            self._mosaic.hide()
        has_card = self._card is not None
        self._broadcaster.hide(but_newest=has_card)
        self.variants.hide(but_newest=has_card)
        if not has_card:
            self._withdraw()

    def show_card(self, title: str, text: str, captured: float, at: float) -> None:
        """
        Publish a card that stands in for the camera.

        It is made at *captured* [s since the epoch], which is *at* [s, monotonic].
        """
        picture = card(self._size, title, text)
        self._card, self._last = Card(picture, captured, at), None
        self._broadcaster.publish(encode(picture, self._quality), captured)
        self.variants.mark_stale()
        self._show_in_variants(picture, captured, at)
        self.videos.begin(picture, captured, at)
        if self._mosaic:
            self._mosaic.draw(self._name, picture, title.lower())

    def close(self) -> None:
        """End the streams of all viewers."""
        self._broadcaster.close()
        self.variants.close()
        self.videos.close()

    def _draws_for_others(self, at: float) -> bool:
        """Return if what is drawn here has viewers who want the picture of *at* [s]."""
        return bool(self.videos.viewers or (self._mosaic and self._mosaic.wanted)
                    or self.variants.are_due(at))

    def _passes_on(self, picture: Picture) -> bool:
        """Return whether pages get the camera's own JPEG of *picture*."""
        return (self._overlay != SERVER and picture.size[0] <= self._width
                and picture.jpeg() is not None)

    def _drawn_wide(self, frame: Frame, overlay: Annotation) -> Image | None:
        """Return *frame* in the width that variants want, if they are wider."""
        given, wanted = frame.picture.size, self.variants.width_due(frame.arrived)
        width = min(wanted or 0, given[0])
        if width <= self._width:
            return None
        size = scaled_size(given, width)
        return self._drawn(frame.picture, overlay.scaled(self._size, size), width)

    def _drawn(self, picture: Picture, overlay: Annotation, width: int) -> Image:
        """Return *picture*, scaled, with its *overlay* unless there is to be none."""
        colour = picture.colour(width)
        with self.drawing:
            image = narrowed(colour, width)
        if image is colour:
            image = picture.writable(width)
        with self.drawing:
            if self._overlay != NO_OVERLAY:
                overlay.draw(image)
        return image

    def _encoded(self, picture: Picture, drawn: Image | None,
                 overlay: Annotation) -> LazyJpeg:
        """Return *drawn* as JPEG, or without it *picture*, on which pages draw."""
        if drawn is None:
            colour, undrawn = picture.colour(self._width), overlay
            image = narrowed(colour, self._width)
        else:
            image, undrawn = drawn, None
        with self.encoding:
            jpeg = LazyJpeg(encode(image, self._quality), self._size, undrawn,
                            self._quality)
        self.encoded += 1
        return jpeg

    def _has_waiting_viewers(self, now: float) -> bool:
        """Return whether there are viewers who have no picture yet."""
        return bool((self._mosaic and self._mosaic.lacks(self._name))
                    or (self._broadcaster.viewers and self._broadcaster.stale)
                    or self.variants.wait
                    or self.videos.wait(now))

    def _show_to_others(self, drawn: Image | None, frame: Frame, overlay: Annotation,
                        note: str) -> None:
        """Give *frame*, if *drawn*, to variants, videos and, with a *note*, mosaic."""
        if drawn is None:
            self.videos.rest(frame.arrived)
            self.variants.withdraw()
            if self._mosaic:
                self._mosaic.darken(self._name)
            return
        self._show_in_variants(drawn, frame.captured, frame.arrived,
                               self._drawn_wide(frame, overlay))
        self.videos.show(drawn, frame.captured, frame.arrived)
        if self._mosaic:
            self._mosaic.show(self._name, drawn, bool(overlay.boxes), ", ".join(
                filter(None, [note, *(tag.text for tag in overlay.tags)])))

    def _show_in_variants(self, drawn: Image, captured: float, at: float,
                          wide: Image | None = None) -> None:
        with self.encoding:
            self.encoded += self.variants.show(drawn, captured, at, wide)

    def _withdraw(self) -> None:
        """Show the last picture to no viewer any more: there is a newer one."""
        self._broadcaster.mark_stale()
        self.variants.withdraw()
        if self._mosaic:
            self._mosaic.darken(self._name)
