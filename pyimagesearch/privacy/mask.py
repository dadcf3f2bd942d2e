"""Privacy masks: what is burnt black before anybody, the detector included, sees it."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from pyimagesearch.frames import Grey, Image, Picture, Size

MOST_SIZES = 4  # of pictures, for which is remembered what is black

Outlines = Sequence[np.ndarray[Any, Any]]


class PrivacyMask:
    """
    Polygons that are burnt black; without any, pictures stay as they are.

    Each is written as the attribute ``points`` of SVG has it, in per mille of the
    picture: so it fits every resolution, and a smaller copy of the picture as well.
    """

    def __init__(self, polygons: Sequence[str] = ()) -> None:
        self.polygons = tuple(polygons)
        self._corners = [
            np.array([point.split(",") for point in polygon.split()], np.float64)
            for polygon in polygons]
        self._outlines: dict[Size, Outlines] = {}   # of all that is black, by size

    def __bool__(self) -> bool:
        return bool(self.polygons)

    def over(self, picture: Picture) -> Picture:
        """Return *picture* as everybody is to see it."""
        return MaskedPicture(picture, self) if self else picture

    def burnt(self, image: Image | Grey) -> Image | Grey:
        """
        Return a copy of *image*, ``uint8``, grey or BGR, with the polygons black.

        So is all that one encloses that crosses itself, as the middle of a star.
        """
        copy = image.copy()     # it may be memory that the camera's decoder builds on
        # one by one: where two overlap is black too
        for outline in self._outlined((image.shape[1], image.shape[0])):
            cv2.fillPoly(copy, [outline], (0, 0, 0))
        return copy

    def _outlined(self, size: Size) -> Outlines:
        found = self._outlines.get(size)
        if found is None:
            if len(self._outlines) >= MOST_SIZES:
                self._outlines.clear()
            found = self._outlines[size] = [
                outline for corners in self._corners
                for outline in outlines(corners, size)]
        return found


def outlines(corners: np.ndarray[Any, Any], size: Size) -> Outlines:
    """Return around what in a picture of *size* the polygon of *corners* goes."""
    width, height = size
    points = np.rint(corners * ((width - 1) / 1000, (height - 1) / 1000))
    drawn = np.zeros((height, width), np.uint8)
    cv2.fillPoly(drawn, [points.astype(np.int32)], (255,))
    return cv2.findContours(drawn, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]


class MaskedPicture:
    """A :class:`~.frames.Picture` of which nobody gets what *mask* hides."""

    def __init__(self, picture: Picture, mask: PrivacyMask) -> None:
        self.captured = picture.captured
        self._picture = picture
        self._mask = mask
        self._colour: Image | None = None

    @property
    def size(self) -> Size:
        return self._picture.size

    def grey(self) -> Grey:
        return self._mask.burnt(self._picture.grey())

    def colour(self) -> Image:
        if self._colour is None:
            self._colour = self._mask.burnt(self._picture.colour())
        return self._colour

    def jpeg(self) -> None:
        return None     # the camera's own shows what is to be hidden
