"""How a camera hangs: its picture is rotated and flipped before anything else."""

import struct
from typing import NamedTuple

import cv2
import numpy as np

from pyimagesearch.frames import Grey, Image, Picture, Size, VideoHeader

ROTATIONS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180,
             270: cv2.ROTATE_90_COUNTERCLOCKWISE}
FLIPS = {"h": 1, "v": 0}        # codes of cv2.flip()
# of a picture's corners from (0, 0) to (1, 1): x' = ax + cy + tx, y' = bx + dy + ty
ROTATED = {0: ((1, 0, 0), (0, 1, 0)), 90: ((0, -1, 1), (1, 0, 0)),
           180: ((-1, 0, 1), (0, -1, 1)), 270: ((0, 1, 0), (-1, 0, 1))}
ONE = 1 << 16                   # 16.16 fixed point, as of the matrix in an MP4
UNIT = 1 << 30                  # 2.30, as of its last number
MATRIX_OFFSETS = (44, 56)       # behind the word "tkhd", by its version


class Orientation(NamedTuple):
    """Degrees clockwise, 0, 90, 180 or 270, and then a *flip*: "h", "v" or none."""

    rotate: int = 0
    flip: str | None = None

    def __bool__(self) -> bool:
        return bool(self.rotate or self.flip)

    def picture(self, picture: Picture) -> Picture:
        """Return *picture* as it is to be seen, itself if nothing is to be done."""
        return TurnedPicture(picture, self) if self else picture

    def size(self, size: Size) -> Size:
        """Return the size of what has *size* before."""
        return size[::-1] if self.rotate in (90, 270) else size

    def image(self, image: Image | Grey) -> Image | Grey:
        """Return a turned copy of *image*, grey or BGR."""
        if self.rotate:
            image = cv2.rotate(image, ROTATIONS[self.rotate])
        return image if self.flip is None else cv2.flip(image, FLIPS[self.flip])

    def header(self, header: VideoHeader) -> VideoHeader:
        """Return *header* with the display matrix that turns its video in players."""
        if not self:
            return header
        content = bytearray(header.mp4)
        at = content.index(b"tkhd")
        begin = at + MATRIX_OFFSETS[content[at + 4]]
        # the size stands behind the matrix, in 16.16 as well
        size = struct.unpack_from(">II", content, begin + 36)
        struct.pack_into(">9i", content, begin, *self.matrix(
            (size[0] // ONE, size[1] // ONE)))
        return header._replace(mp4=bytes(content))

    def matrix(self, size: Size) -> tuple[int, ...]:
        """
        Return the nine numbers of the display matrix of a video of *size* [pixels].

        Source: ISO/IEC 14496-12, 8.3.2 (tkhd) and 6.2.2 (matrix).
        """
        (a, c, tx), (b, d, ty) = self.transform
        width, height = self.size(size)
        return (a * ONE, b * ONE, 0, c * ONE, d * ONE, 0,
                tx * width * ONE, ty * height * ONE, UNIT)

    @property
    def transform(self) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
        """What it does to points of a picture from (0, 0) to (1, 1), as 2 x 3."""
        found = np.array(ROTATED[self.rotate])
        for flip, row in (("h", 0), ("v", 1)):
            if self.flip == flip:
                found[row] = np.array((0, 0, 1)) - found[row]
        return found

    def points(self, text: str, before: "Orientation") -> str:
        """
        Return a polygon, in per mille, that covers the same things as *before*.

        *text* is written like the attribute ``points`` in SVG.
        """
        corners = np.array([[float(part) for part in pair.split(",")]
                            for pair in text.split()]) / 1000
        forth, back = self.transform, before.transform
        there = (corners - back[:, 2]) @ np.linalg.inv(back[:, :2]).T
        turned = (there @ forth[:, :2].T + forth[:, 2]) * 1000
        return " ".join(f"{round(x)},{round(y)}" for x, y in turned)


class TurnedPicture:
    """A :class:`~.frames.Picture` that is turned when it is decoded."""

    def __init__(self, picture: Picture, orientation: Orientation) -> None:
        self.captured = picture.captured
        self._picture = picture
        self._orientation = orientation

    @property
    def size(self) -> Size:
        return self._orientation.size(self._picture.size)

    def grey(self) -> Grey:
        return self._orientation.image(self._picture.grey())

    def colour(self, least: int | None = None) -> Image:
        if least is not None and self._orientation.rotate in (90, 270):
            width, height = self._picture.size
            least = -(-least * width // max(1, height))
        return self._orientation.image(self._picture.colour(least))

    writable = colour

    def jpeg(self) -> None:
        """Return nothing: the camera's own JPEG is not turned."""
