"""
Text drawn onto pictures with an outline, so that it is readable on any ground.

OpenCV's own font has strokes only. ``glyphs.png`` holds the printable ASCII characters
of DejaVu Sans Bold 2.37, 44 px high (https://dejavu-fonts.github.io, whose licence
allows that), side by side; in its last row, a white pixel begins each.
"""

import functools
import itertools
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from pyimagesearch.frames import Grey, Image

FIRST = " "              # the others follow as in ASCII
KEPT_TEXTS = 16         # that were drawn last; the cameras of one width have the same
OUTLINE = 0.07          # of the height of a line
WHITE = 255


class Stamp(NamedTuple):
    """A text that was drawn once, to be put into many pictures."""

    text: Image         # uint8 BGR: the text on black
    rest: Image         # the share of a picture that is seen there, 255 = all of it

    @property
    def size(self) -> tuple[int, int]:
        """Return ``(width, height)`` [pixels]."""
        return self.text.shape[1], self.text.shape[0]

    def draw(self, image: Image, left: int, top: int) -> None:
        """Put the text into *image*, BGR, as far as it is inside."""
        rows, columns = self.text.shape[:2]
        seen = (slice(max(0, -top), image.shape[0] - top),
                slice(max(0, -left), image.shape[1] - left))
        below = image[max(0, top):max(0, top + rows),
                      max(0, left):max(0, left + columns)]
        if below.size:
            cv2.multiply(below, self.rest[seen], below, 1 / 255)
            cv2.add(below, self.text[seen], below)


@functools.lru_cache(KEPT_TEXTS)
def outlined(text: str, height: int) -> Stamp:
    """
    Return *text* in white with a dark outline, its line *height* [pixels].

    It is kept: the time is the same in the pictures of a second. Characters that are
    not ASCII become ``?``.
    """
    found = glyphs()
    line = np.hstack([found.get(each, found["?"]) for each in text or FIRST])
    border = max(1, round(OUTLINE * height))
    width = max(1, round(line.shape[1] * height / line.shape[0]))
    inside = cv2.resize(line, (width, height), interpolation=cv2.INTER_AREA)
    inside = cv2.copyMakeBorder(inside, border, border, border, border,
                                cv2.BORDER_CONSTANT, value=0)
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, 2 * (2 * border + 1,))
    around = cv2.dilate(inside, shape)
    return Stamp(cv2.merge([inside] * 3), cv2.merge([255 - around] * 3))


@functools.cache
def glyphs() -> dict[str, Grey]:
    """Return the pictures of the printable ASCII characters, white on black."""
    drawn = cv2.imread(str(Path(__file__).with_name("glyphs.png")),
                       cv2.IMREAD_GRAYSCALE)
    assert drawn is not None, "glyphs.png comes with the program"
    begins = [*np.flatnonzero(drawn[-1] == WHITE), drawn.shape[1]]
    return {chr(ord(FIRST) + number): drawn[:-1, begin:end] for number, (begin, end)
            in enumerate(itertools.pairwise(begins))}
