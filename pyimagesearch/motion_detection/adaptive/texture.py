"""Compare textures: light changes how bright a surface is, not what it looks like."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from pyimagesearch.frames import Grey

Texture = NDArray[np.float32]   # how far each pixel is from the mean around it
SURROUNDING = (7, 7)            # pixels


def texture_of(grey: Grey) -> Texture:
    """Return what is left of *grey* without the brightness of larger surfaces."""
    return grey.astype(np.float32) - cv2.blur(grey, SURROUNDING)


def likeness(one: Texture, other: Texture, where: NDArray[np.bool_],
             contrast: float) -> float | None:
    """
    Return how alike two textures are, from -1 to 1 (normalised cross-correlation).

    Returns ``None`` if they have less than *contrast* [grey levels squared per pixel]
    to compare.
    """
    first, second = one[where], other[where]
    norm = math.sqrt(float(first.dot(first)) * float(second.dot(second)))
    if norm <= contrast * first.size:
        return None
    return float(first.dot(second)) / norm
