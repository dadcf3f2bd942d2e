"""What a detector has learnt of a scene, and the file in which it is kept."""

import hashlib
import re
from typing import NamedTuple

import cv2
import numpy as np

from pyimagesearch.errors import BackgroundDamaged
from pyimagesearch.frames import Grey, Size, size_of

HEADER = re.compile(
    rb"background 1 (\d{1,5})x(\d{1,5}) ([0-9a-f]{64}) ([0-9a-f]{64})\n")
NEWER_HEADER = re.compile(rb"background (?!1 )\d+ ")
LONGEST_HEADER = 200        # bytes

Mask = tuple[str, ...]      # polygons of a privacy mask


class LearntBackground(NamedTuple):
    """
    A learnt background; all planes are ``uint8`` and of one shape.

    *size* is that of the pictures given to the detector, *mask* what was black in them.
    """

    size: Size
    mean: Grey      # grey levels
    stray: Grey     # mean deviation [quarters of a grey level]
    blink: Grey     # blink rate, 255 = in every frame
    mask: Mask = ()

    def to_bytes(self) -> bytes:
        """Return the content of a file: a line with digests, and the planes as PNG."""
        planes = np.vstack([self.mean, self.stray, self.blink])
        png = cv2.imencode(".png", planes)[1].tobytes()
        width, height = self.size
        line = (f"background 1 {width}x{height} {digest_of(self.mask)} "
                f"{hashlib.sha256(png).hexdigest()}\n")
        return line.encode() + png

    @classmethod
    def from_bytes(cls, content: bytes, mask: Mask) -> "LearntBackground | None":
        """
        Read the *content* of a file; ``None`` if it was learnt by another *mask*.

        Raises :exc:`BackgroundDamaged`.
        """
        header = HEADER.match(content[:LONGEST_HEADER])
        png = content[header.end():] if header else b""
        if NEWER_HEADER.match(content):
            raise BackgroundDamaged("a newer version of this program has written it")
        if not header or hashlib.sha256(png).hexdigest().encode() != header[4]:
            raise BackgroundDamaged("it is not as it was written")
        if header[3].decode() != digest_of(mask):
            return None
        try:
            planes = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
        except cv2.error:       # no picture at all, or one of a gigapixel
            planes = None
        if planes is None or planes.shape[0] % 3:
            raise BackgroundDamaged("it holds no background")
        mean, stray, blink = np.split(planes, 3)
        return cls((int(header[1]), int(header[2])), mean, stray, blink, mask)

    @property
    def model_size(self) -> Size:
        """Size of the planes."""
        return size_of(self.mean)


def digest_of(mask: Mask) -> str:
    """Return a digest that differs from mask to mask, and shows none."""
    return hashlib.sha256("\n".join(mask).encode()).hexdigest()
