"""Privacy masks: regions blackened before anything else sees the picture."""

import functools
import threading
from collections.abc import Sequence

import cv2

from pyimagesearch.frames import Grey, Image, Picture, Size, size_of
from pyimagesearch.outlines import Outlines, corners_of, outlines

MAX_CACHED_SIZES = 4    # picture sizes for which the outlines are kept


class PrivacyMask:
    """
    Polygons to blacken; without any, pictures stay as they are.

    A polygon is written like the attribute ``points`` in SVG, in per mille of the
    picture, so that it fits every resolution.
    """

    def __init__(self, polygons: Sequence[str] = ()) -> None:
        self.polygons = tuple(polygons)
        self._corners = [corners_of(polygon) for polygon in polygons]
        self._outlines = functools.lru_cache(MAX_CACHED_SIZES)(self._find_outlines)

    def __bool__(self) -> bool:
        return bool(self.polygons)

    def apply(self, picture: Picture) -> Picture:
        """Return *picture* with the mask applied when it is decoded."""
        return MaskedPicture(picture, self) if self else picture

    def blacken(self, image: Image | Grey) -> Image | Grey:
        """
        Return a copy of *image*, ``uint8``, grey or BGR, with the polygons black.

        Everything inside the outline of a polygon that crosses itself is black, too.
        """
        copy = image.copy()     # the decoder may need the original for the next frame
        # one by one: in a single call, overlaps would not be filled
        for outline in self._outlines(size_of(image)):
            cv2.fillPoly(copy, [outline], (0, 0, 0))
        return copy

    def _find_outlines(self, size: Size) -> Outlines:
        return [outline for corners in self._corners
                for outline in outlines(corners, size)]


class MaskInForce:
    """
    The mask that was set, and the one used for the newest frame.

    *lock* guards a change of *wanted*, and what is shown of a frame.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.wanted = self.applied = PrivacyMask()

    @property
    def is_current(self) -> bool:
        """Whether the newest frame shows nothing that is hidden by now."""
        return self.applied is self.wanted


class MaskedPicture:
    """A :class:`~.frames.Picture` with a privacy mask applied."""

    def __init__(self, picture: Picture, mask: PrivacyMask) -> None:
        self.captured = picture.captured
        self._picture = picture
        self._mask = mask
        self._colour: Image | None = None

    @property
    def size(self) -> Size:
        return self._picture.size

    def grey(self) -> Grey:
        return self._mask.blacken(self._picture.grey())

    def colour(self, least: int | None = None) -> Image:
        if self._colour is None:    # whole, so that no pixel is a mean of hidden ones
            self._colour = self._mask.blacken(self._picture.colour())
        return self._colour

    def writable(self, least: int | None = None) -> Image:
        image, self._colour = self.colour(least), None
        return image

    def jpeg(self) -> None:
        """Return nothing: the camera's own JPEG is not masked."""
