"""Recognise a scene: does a picture still show what the background was learnt of?"""

import cv2
import numpy as np

from pyimagesearch.frames import Grey

from .texture import Texture, texture_of

BLOCKS = 8, 6               # across and down
SMOOTH = 3, 3               # pixels, against noise
LEAST_CONTRAST = 6.0        # grey levels squared, of a block that says something
LEAST_BLOCKS = 6            # that say something
LEAST_LIKENESS = 0.7        # of the block in the middle, from -1 to 1


def is_same_scene(now: Grey, then: Grey) -> bool:
    """
    Return whether two pictures show one scene in about the same light.

    Their textures are compared block by block. The median of all blocks decides, so
    that what stands before a part of the scene does not count. A camera that was
    turned has other textures nearly everywhere; so has a scene by infrared light.
    """
    alike = block_likeness(now, then)
    return alike.size >= LEAST_BLOCKS and float(np.median(alike)) >= LEAST_LIKENESS


def block_likeness(now: Grey, then: Grey) -> Texture:
    """Return the correlation of the textures of each block that has enough of it."""
    first, second = (texture_of(cv2.blur(grey, SMOOTH)) for grey in (now, then))
    both, one, other = (
        cv2.resize(product, BLOCKS, interpolation=cv2.INTER_AREA).astype(np.float32)
        for product in (first * second, first * first, second * second))
    clear = np.maximum(one, other) >= LEAST_CONTRAST
    norm = np.sqrt(np.maximum(one[clear] * other[clear], np.float32(1e-6)))
    alike: Texture = both[clear] / norm
    return alike
