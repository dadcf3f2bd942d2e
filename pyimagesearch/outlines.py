"""Outlines of polygons, which are written in per mille of a picture."""

from collections.abc import Iterable, Sequence
from typing import Any

import cv2
import numpy as np

from .frames import Grey, Size

Corners = np.ndarray[Any, Any]      # float64, shape (corners, 2) [per mille]
Outlines = Sequence[np.ndarray[Any, Any]]


def corners_of(polygon: str) -> Corners:
    """Return the corners of *polygon*, written as in ``settings/polygons.py``."""
    return np.array([point.split(",") for point in polygon.split()], np.float64)


def outlines(corners: Corners, size: Size) -> Outlines:
    """Return the outer outlines of the polygon *corners* in a picture of *size*."""
    width, height = size
    points = np.rint(corners * ((width - 1) / 1000, (height - 1) / 1000))
    drawn = np.zeros((height, width), np.uint8)
    cv2.fillPoly(drawn, [points.astype(np.int32)], (255,))
    return cv2.findContours(drawn, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]


def filled(polygons: Iterable[str], size: Size) -> Grey:
    """Return a mask of *size*: 255 inside of the outlines of *polygons*, 0 outside."""
    mask = np.zeros(size[::-1], np.uint8)
    for polygon in polygons:
        for outline in outlines(corners_of(polygon), size):
            cv2.fillPoly(mask, [outline], (255,))
    return mask
