"""A picture that came as JPEG, decoded once, and no further than needed."""

import cv2

from pyimagesearch.frames import MIN_DETECTION_WIDTH, Grey, Image, Size
from pyimagesearch.jpeg import JpegDecoder


class JpegPicture:
    """
    A :class:`Picture` made of one JPEG; raises :exc:`BadPicture` if it is plainly none.

    Without viewers only its brightness is decoded, at a half, quarter or eighth of its
    size where that leaves 320 px.
    """

    captured: float | None = None

    def __init__(self, jpeg: bytes, decoder: JpegDecoder) -> None:
        self.size: Size = decoder.size_of(jpeg)
        self._jpeg = jpeg
        self._decoder = decoder
        self._colour: Image | None = None

    def grey(self) -> Grey:
        if self._colour is not None:
            return cv2.cvtColor(self._colour, cv2.COLOR_BGR2GRAY)
        width, height = self.size
        factor = next(n for n in (8, 4, 2, 1)
                      if n == 1 or width >= n * MIN_DETECTION_WIDTH)
        smaller = (-(-width // factor), -(-height // factor))
        return self._decoder.decode(self._jpeg, "GRAY", smaller)[:, :, 0]

    def colour(self) -> Image:
        if self._colour is None:
            self._colour = self._decoder.decode(self._jpeg, "BGR", self.size)
        return self._colour

    def jpeg(self) -> bytes:
        return self._jpeg
