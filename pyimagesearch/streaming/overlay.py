"""What is drawn onto a picture before anybody sees it, and the card without one."""

import datetime
import textwrap
from typing import NamedTuple

import cv2
import numpy as np

from pyimagesearch.frames import DETECTION_WIDTH, Box, Decode, Image, Size
from pyimagesearch.jpeg import encode

RED = (0, 0, 255)
PALE, DIM, DARK = (235, 235, 235), (165, 165, 165), (38, 34, 32)
FONT = cv2.FONT_HERSHEY_SIMPLEX
CLOCK = "%A %d %B %Y %I:%M:%S%p"    # the tutorial's


def annotate(image: Image, box: Box | None, when: datetime.datetime) -> None:
    """
    Draw the time *when*, and the motion *box* if there is one, onto *image*.

    The letters are the tutorial's 0.35 at a width of 400 px, and in proportion
    at any other.
    """
    height, width = image.shape[:2]
    scale = 0.35 * width / DETECTION_WIDTH
    cv2.putText(image, f"{when:{CLOCK}}", (10, height - 10), FONT, scale, RED,
                max(1, round(width / 800)), cv2.LINE_AA)
    if box is not None:
        cv2.rectangle(image, box[:2], box[2:], RED, 2)


class Negative(NamedTuple):
    """
    What is not drawn yet on a camera's own JPEG: an :class:`~..frames.Undrawn`.

    Most pictures are kept for a clip that never comes, so that drawing and encoding
    them would be for nobody.
    """

    size: Size
    captured: float     # wall-clock time [seconds since the epoch]
    box: Box | None     # around what moves, in its pixels
    decode: Decode

    def drawn(self, jpeg: bytes) -> Image:
        """Return *jpeg* as a viewer would have seen it; raises :exc:`BadPicture`."""
        image = self.decode(jpeg, self.size)
        annotate(image, self.box, datetime.datetime.fromtimestamp(self.captured))
        return image

    def developed(self, jpeg: bytes) -> bytes:
        """Return the same as JPEG; raises :exc:`BadPicture`."""
        return encode(self.drawn(jpeg))


def card(size: Size, title: str, text: str) -> Image:
    """Return a picture of *size* that says *title* and, in small, lines of *text*."""
    width, height = size
    image: Image = np.full((height, width, 3), DARK, np.uint8)
    unit = width / 640
    y = _centred(image, title, int(0.42 * height), 1.5 * unit, PALE, 2)
    lines = (part for line in text.splitlines() for part in textwrap.wrap(line, 52))
    for line in lines:
        y = _centred(image, line, y, 0.6 * unit, DIM, 1)
    return image


def _centred(image: Image, text: str, y: int, scale: float,
             colour: tuple[int, int, int], thickness: int) -> int:
    """Write *text* with its baseline at *y*; return where the next line goes."""
    text = text.encode("ascii", "replace").decode()     # all that the font has
    thickness = max(1, round(thickness * image.shape[1] / 640))
    (wide, tall), _ = cv2.getTextSize(text, FONT, scale, thickness)
    at = (max(0, (image.shape[1] - wide) // 2), y)
    cv2.putText(image, text, at, FONT, scale, colour, thickness, cv2.LINE_AA)
    return y + int(2.1 * tall) + 4
