"""A picture that came as JPEG, decoded once, and no further than needed."""

import cv2

from pyimagesearch.frames import MIN_DETECTION_WIDTH, Grey, Image, Size
from pyimagesearch.jpeg import JpegDecoder, reduced_size


class JpegPicture:
    """
    A :class:`Picture` made of one JPEG; raises :exc:`BadPicture` if it is plainly none.

    It is decoded at a half, quarter or eighth of its size where that is wide enough;
    without viewers, only its brightness is.
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
        size = reduced_size(self.size, MIN_DETECTION_WIDTH)
        return self._decoder.decode(self._jpeg, "GRAY", size)[:, :, 0]

    def colour(self, least: int | None = None) -> Image:
        size = self.size if least is None else reduced_size(self.size, least)
        if self._colour is None or self._colour.shape[1] < size[0]:
            self._colour = self._decoder.decode(self._jpeg, "BGR", size)
        return self._colour

    def writable(self, least: int | None = None) -> Image:
        image, self._colour = self.colour(least), None
        return image

    def jpeg(self) -> bytes:
        return self._jpeg
