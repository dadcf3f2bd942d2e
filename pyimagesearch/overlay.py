"""The overlay drawn onto pictures, and the card that stands in for a picture."""

import datetime
import functools
import json
import textwrap
from typing import NamedTuple

import cv2
import numpy as np

from pyimagesearch.drawn_text import Stamp, outlined
from pyimagesearch.frames import DETECTION_WIDTH, Box, Image, Size, scaled

RED = (0, 0, 255)
PALE, DIM, DARK = (235, 235, 235), (165, 165, 165), (38, 34, 32)
WHITE = (255, 255, 255)
LABEL_SCALE = 0.4       # of the font for names, at 400 px of width or less
CORNER_SCALE = 0.25     # of that for names that are at no box, at 400 px of width
FONT = cv2.FONT_HERSHEY_SIMPLEX
KEPT_TEXTS = 16         # that were drawn last; the cameras of one width have the same
NO_CLOCK, BOTTOM_LEFT, TUTORIAL = "off", "bottom-left", "tutorial"
CLOCK_PLACES = (NO_CLOCK, "top-left", "top-right", BOTTOM_LEFT, "bottom-right",
                TUTORIAL)
CLOCK_HEIGHT = 0.032    # of a line, as a share of the picture's width
MIN_CLOCK_HEIGHT = 12   # pixels
ISO_FORMAT = "%Y-%m-%d %H:%M:%S"
TUTORIAL_FORMAT = "%A %d %B %Y %I:%M:%S%p"


class Tag(NamedTuple):
    """Names of what was recognised, such as "person", and where that is."""

    text: str
    box: Box | None     # around it [pixels of the picture]; None = it is at no box now


class ClockStyle(NamedTuple):
    """Where the time is drawn, one of :data:`CLOCK_PLACES`, and how it is written."""

    place: str = BOTTOM_LEFT
    format: str = ISO_FORMAT    # of strftime()

    def words(self, moment: float) -> str:
        """Return the *moment* [s since the epoch] in this machine's time zone."""
        form = TUTORIAL_FORMAT if self.place == TUTORIAL else self.format
        return "" if self.place == NO_CLOCK else datetime.datetime.fromtimestamp(
            moment).strftime(form)


class Annotation(NamedTuple):
    """The overlay of a camera's picture: the time, boxes around what moves, names."""

    boxes: tuple[Box, ...]  # [pixels of the picture]
    captured: float         # wall-clock time [seconds since the epoch]
    tags: tuple[Tag, ...] = ()
    clock: ClockStyle = ClockStyle()

    @property
    def time(self) -> str:
        """The time in words, as the picture shows it; empty if it shows none."""
        return self.clock.words(self.captured)

    def as_json(self) -> str:
        """Return it as one line of ASCII, for a page that draws it."""
        return json.dumps({"time": self.time, "place": self.clock.place,
                           "boxes": self.boxes, "tags": self.tags})

    def scaled(self, of: Size, to: Size) -> "Annotation":
        """Return the overlay of the same picture in size *to* instead of *of*."""
        return self._replace(
            boxes=tuple(scaled(box, of, to) for box in self.boxes),
            tags=tuple(tag._replace(box=tag.box and scaled(tag.box, of, to))
                       for tag in self.tags))

    def draw(self, image: Image) -> None:
        """
        Draw time, boxes and names onto *image*, BGR.

        A name that is at no box is in the upper right corner, smaller, as that of the
        event.
        """
        self._draw_clock(image)
        width = image.shape[1]
        for box in self.boxes:
            cv2.rectangle(image, box[:2], box[2:], RED, 2)
        for tag in self.tags:
            if tag.box:
                _label(image, tag.text, tag.box, RED, LABEL_SCALE)
            else:
                _label(image, f"event: {tag.text}", (width, 0, width, 0), DARK,
                       CORNER_SCALE)

    def _draw_clock(self, image: Image) -> None:
        text, place = self.time, self.clock.place
        if not text:
            return
        if place == TUTORIAL:
            draw_tutorial_clock(image, text)
            return
        height, width = image.shape[:2]
        margin = max(2, width // 100)
        stamp = outlined(text, max(MIN_CLOCK_HEIGHT, round(CLOCK_HEIGHT * width)))
        left = margin if place.endswith("left") else width - margin - stamp.size[0]
        top = margin if place.startswith("top") else height - margin - stamp.size[1]
        stamp.draw(image, left, top)


@functools.lru_cache(KEPT_TEXTS)
def red_text(text: str, scale: float, thickness: int) -> Stamp:
    """
    Return *text*, ASCII, in the font's *scale*; *thickness* of its strokes [pixels].

    Around it is a margin of a pixel more than that.

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
    return Stamp(red, 255 - cover)


def draw_tutorial_clock(image: Image, text: str) -> None:
    """
    Write *text* in red at the lower left, as the tutorial does.

    The font scale is its 0.35 at 400 px of width, and proportional to the width.
    """
    height, width = image.shape[:2]
    scale, thickness = 0.35 * width / DETECTION_WIDTH, max(1, round(width / 800))
    stamp = red_text(text, scale, thickness)
    _, below = cv2.getTextSize(text, FONT, scale, thickness)
    margin = thickness + 1
    stamp.draw(image, 10 - margin, height - 10 - (stamp.size[1] - below - margin))


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
