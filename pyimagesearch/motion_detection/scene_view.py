"""A small view of a picture: its edges and its brightness, block by block."""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pyimagesearch.frames import Grey, resized

Values = NDArray[Any]   # float32

VIEW_WIDTH = 160        # pixels: enough for the outlines of things, not for leaves
BLOCK = 8               # pixels of a view
COARSENESS = 4          # pixels of a view for one of its coarse edges
EDGE_POWER = 2.0        # mean square of a block's gradients that makes it structured


class View(NamedTuple):
    """
    One picture, 160 px wide.

    Gradients have the shape ``(2, height, width)``: across and down [grey levels per
    pixel]; the values of blocks have a shape of their own.
    """

    fine: Values        # gradients
    coarse: Values      # gradients of the same at a quarter of the size
    light: Values       # mean brightness of each block
    power: Values       # mean square of the fine gradients of each block
    detail: Values      # mean square of its second derivative, which a blur takes first

    @property
    def structured(self) -> NDArray[np.bool_]:
        """The blocks that show edges."""
        return self.power > EDGE_POWER

    @property
    def brightness(self) -> float:
        """Mean brightness of the view, 0 to 255."""
        return float(self.light.mean())


def glance_at(grey: Grey) -> float:
    """Return about the mean brightness of a picture; costs next to nothing."""
    some = grey[4::16, 4::16] if min(grey.shape) > 4 else grey
    return int(some.sum()) / some.size      # half the time of its mean()


def view_of(grey: Grey) -> View:
    """Return the view of a picture's brightness, at least 160 px wide."""
    small: Values = cv2.GaussianBlur(
        resized(grey, VIEW_WIDTH), (3, 3), 0).astype(np.float32)
    height = max(1, small.shape[0] // BLOCK) * BLOCK
    if height > small.shape[0]:     # a picture of a few rows
        small = cv2.resize(small, (VIEW_WIDTH, height))
    small = small[:height]
    quarter = cv2.resize(small, (VIEW_WIDTH // COARSENESS, height // COARSENESS),
                         interpolation=cv2.INTER_AREA)
    fine = gradients(small)
    detail = cv2.Laplacian(small, cv2.CV_32F)
    return View(fine, gradients(quarter), means(small), means(product(fine, fine)),
                means(detail * detail))


def gradients(image: Values) -> Values:
    """Return the gradients across and down of *image*, of shape ``(2, ...)``."""
    both = np.empty((2, *image.shape), np.float32)
    cv2.Sobel(image, cv2.CV_32F, 1, 0, both[0], scale=0.125)
    cv2.Sobel(image, cv2.CV_32F, 0, 1, both[1], scale=0.125)
    return both


def product(one: Values, other: Values) -> Values:
    """Return the scalar product of two fields of gradients at each pixel."""
    return np.asarray(
        cv2.add(cv2.multiply(one[0], other[0]), cv2.multiply(one[1], other[1])))


def means(values: Values) -> Values:
    """Return the means of *values* over each block of a view."""
    size = values.shape[1] // BLOCK, values.shape[0] // BLOCK
    return cv2.resize(values, size, interpolation=cv2.INTER_AREA)


def likeness(one: View, other: View) -> Values:
    """
    Return how well the edges of two views agree in each block, -1 to 1.

    This is their normalized correlation: it does not change with brightness and
    contrast.
    """
    both = means(product(one.fine, other.fine))
    return np.asarray(both / np.sqrt(one.power * other.power + 1e-6))
