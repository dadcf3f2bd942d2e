"""A look at what moved in a picture, and what is found there."""

from dataclasses import dataclass
from typing import NamedTuple

from pyimagesearch.frames import Box, Grey, Image, Size
from pyimagesearch.jpeg import LazyJpeg


class FoundObject(NamedTuple):
    """An object that a model found in a picture."""

    label: str      # of the model's classes, such as "dog"
    score: float    # 0 to 1
    box: Box        # [pixels of the picture]


class Crop(NamedTuple):
    """A part of a picture, around one region that moved."""

    image: Image    # BGR; may be smaller than the part
    part: Box       # of the camera's picture that it shows [pixels of that]
    region: Box     # that moved [pixels of the mask]


@dataclass(frozen=True, kw_only=True)
class Look:
    """What is to be recognised: at most three crops of one picture of an event."""

    camera: str
    event: int          # id
    crops: tuple[Crop, ...]
    mask: Grey          # 255 = moved
    size: Size          # of the camera's picture [pixels]
    captured: float     # when it was taken [s since the epoch]
    least_score: float  # of an object that counts
    before: LazyJpeg | None     # a picture from before the event, may be smaller
    small: Image        # the picture as it is streamed, without overlay
