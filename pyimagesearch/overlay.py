"""The overlay drawn onto pictures, and the card that stands in for a picture."""

import datetime
import functools
import json
import textwrap
from typing import NamedTuple

import cv2
import numpy as np

from pyimagesearch.frames import DETECTION_WIDTH, Box, Image, Size, scaled

RED = (0, 0, 255)
PALE, DIM, DARK = (235, 235, 235), (165, 165, 165), (38, 34, 32)
WHITE = (255, 255, 255)
LABEL_SCALE = 0.4       # of the font for names, at 400 px of width or less
CORNER_SCALE = 0.25     # of that for names that are at no box, at 400 px of width
FONT = cv2.FONT_HERSHEY_SIMPLEX
KEPT_TEXTS = 16         # that were drawn last; the cameras of one width have the same
TIME_FORMAT = "%A %d %B %Y %I:%M:%S%p"    # the tutorial's


class Tag(NamedTuple):
    """Names of what was recognised, such as "person", and where that is."""

    text: str
    box: Box | None     # around it [pixels of the picture]; None = it is at no box now


class Annotation(NamedTuple):
    """The overlay of a camera's picture: the time, boxes around what moves, names."""

    boxes: tuple[Box, ...]  # [pixels of the picture]
    captured: float         # wall-clock time [seconds since the epoch]
    tags: tuple[Tag, ...] = ()

    @property
    def time(self) -> str:
        """The time in words, in this machine's time zone."""
        return f"{datetime.datetime.fromtimestamp(self.captured):{TIME_FORMAT}}"

    def as_json(self) -> str:
        """Return it as one line of ASCII, for a page that draws it."""
        return json.dumps({"time": self.time, "boxes": self.boxes, "tags": self.tags})

    def scaled(self, of: Size, to: Size) -> "Annotation":
        """Return the overlay of the same picture in size *to* instead of *of*."""
        return Annotation(
            tuple(scaled(box, of, to) for box in self.boxes), self.captured,
            tuple(tag._replace(box=tag.box and scaled(tag.box, of, to))
                  for tag in self.tags))

    def draw(self, image: Image) -> None:
        """
        Draw time, boxes and names onto *image*, BGR.

        The font scale of the time is the tutorial's 0.35 at 400 px of width, and
        proportional to the width. A name that is at no box is in the upper right
        corner, smaller, as that of the event.
        """
        height, width = image.shape[:2]
        red_text(self.time, 0.35 * width / DETECTION_WIDTH,
                 max(1, round(width / 800))).draw(image, 10, height - 10)
        for box in self.boxes:
            cv2.rectangle(image, box[:2], box[2:], RED, 2)
        for tag in self.tags:
            if tag.box:
                _label(image, tag.text, tag.box, RED, LABEL_SCALE)
            else:
                _label(image, f"event: {tag.text}", (width, 0, width, 0), DARK,
                       CORNER_SCALE)


class RedText(NamedTuple):
    """A text that was drawn once, to be put into many pictures."""

    red: Image          # uint8 BGR: the text on black
    rest: Image         # the share of a picture that is seen there, 255 = all of it
    margin: int         # left of the text [pixels]
    base: int           # the row of its baseline

    def draw(self, image: Image, left: int, base: int) -> None:
        """Put the text into *image*, BGR, with its baseline in the row *base*."""
        (rows, columns), x, y = (self.red.shape[:2], left - self.margin,
                                 base - self.base)
        seen = slice(max(0, -y), image.shape[0] - y), slice(max(0, -x),
                                                            image.shape[1] - x)
        below = image[max(0, y):max(0, y + rows), max(0, x):max(0, x + columns)]
        if below.size:
            cv2.multiply(below, self.rest[seen], below, 1 / 255)
            cv2.add(below, self.red[seen], below)


@functools.lru_cache(KEPT_TEXTS)
def red_text(text: str, scale: float, thickness: int) -> RedText:
    """
    Return *text*, ASCII, in the font's *scale*; *thickness* of its strokes [pixels].

    It is kept: the time is the same in the pictures of a second, and to put it into
    one takes a tenth of the time to draw it at 1920 px.
    """
    (wide, tall), below = cv2.getTextSize(text, FONT, scale, thickness)
    margin = thickness + 1
    cover: Image = np.zeros((tall + below + 2 * margin, wide + 2 * margin, 3), np.uint8)
    cv2.putText(cover, text, (margin, tall + margin), FONT, scale, WHITE, thickness,
                cv2.LINE_AA)
    red = cover.copy()
    red[:, :, :2] = 0
    return RedText(red, 255 - cover, margin, tall + margin)


def card(size: Size, title: str, text: str) -> Image:
    """Return a picture of *size* with *title* and, smaller, the lines of *text*."""
    width, height = size
    image: Image = np.full((height, width, 3), DARK, np.uint8)
    unit = width / 640
    y = _centred(image, title, int(0.42 * height), 1.5 * unit, PALE, 2)
    lines = (part for line in text.splitlines() for part in textwrap.wrap(line, 52))
    for line in lines:
        y = _centred(image, line, y, 0.6 * unit, DIM, 1)
    return image


def _label(image: Image, text: str, box: Box, ground: tuple[int, int, int],
           scale: float) -> None:
    """
    Write *text* on *ground* above *box*, below it, or in it, where there is room.

    *scale* is that of the font at 400 px of width.
    """
    height, width = image.shape[:2]
    scale = max(LABEL_SCALE, scale * width / DETECTION_WIDTH)
    text, thickness = ascii_of(text), round(scale / LABEL_SCALE)
    (wide, tall), below = cv2.getTextSize(text, FONT, scale, thickness)
    margin = below // 2 + 1
    wide, tall = wide + 2 * margin, tall + below + 2 * margin
    left = max(0, min(box[0] - 1, width - wide - 1))
    top = next((top for top in (box[1] - tall, box[3])      # not over the face
                if 0 <= top <= height - 2 * tall), max(0, box[1]))
    cv2.rectangle(image, (left, top), (left + wide, top + tall), ground, cv2.FILLED)
    cv2.putText(image, text, (left + margin, top + tall - below - margin), FONT, scale,
                WHITE, thickness, cv2.LINE_AA)


def _centred(image: Image, text: str, y: int, scale: float,
             colour: tuple[int, int, int], thickness: int) -> int:
    """Write *text* with its baseline at *y*; return the baseline of the next line."""
    text = ascii_of(text)
    thickness = max(1, round(thickness * image.shape[1] / 640))
    (wide, tall), _ = cv2.getTextSize(text, FONT, scale, thickness)
    at = (max(0, (image.shape[1] - wide) // 2), y)
    cv2.putText(image, text, at, FONT, scale, colour, thickness, cv2.LINE_AA)
    return y + int(2.1 * tall) + 4


def ascii_of(text: str) -> str:
    """Return *text* as OpenCV's font can write it, with ``?`` for all else."""
    return text.encode("ascii", "replace").decode()
