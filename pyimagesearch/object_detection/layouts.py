"""What the output of a detector means, by its shape."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pyimagesearch.errors import ObjectsFailed
from pyimagesearch.frames import Size

STRIDES = 8, 16, 32             # [pixels] between the cells of the three grids
ANCHORS_PER_CELL = 3            # of YOLOv5 and YOLOv7
MAX_EXPONENT = 10.0             # e ** 10 cells are wider than any picture

Floats = NDArray[Any]           # float32


class Candidates(NamedTuple):
    """What a detector considers: *n* boxes, of which many show the same or nothing."""

    boxes: Floats       # (n, 4): minX, minY, maxX, maxY [pixels of the input]
    scores: Floats      # (n,): 0 to 1
    classes: NDArray[Any]   # (n,): integers


class Layout(NamedTuple):
    """What goes into a detector, and how to read what comes out."""

    name: str
    classes: int | None     # None: the output does not show how many there are
    is_rgb: bool            # the input is RGB from 0 to 1; else BGR from 0 to 255
    decode: Callable[[Floats], Candidates]


def layout_of(output: Floats, size: Size) -> Layout:
    """
    Return the layout of *output*, given for a grey picture of *size* [pixels].

    Raises :exc:`ObjectsFailed` for other shapes than known ones, in half a sentence.
    """
    cells = grid(size)
    count = len(cells)
    shape = output.shape
    _, rows, columns = shape if len(shape) == 3 and shape[0] == 1 else (1, 0, 0)
    if rows == count and columns > 5:
        if output[0, :, :2].max() > max(size) / 4:  # raw: from the cell's corner
            return Layout("YOLOX, decoded", columns - 5, False, decode_with_objectness)
        return Layout("YOLOX, raw", columns - 5, False,
                      lambda output: decode_yolox(output, cells))
    if rows == ANCHORS_PER_CELL * count and columns > 5:
        return Layout("YOLOv5 or 7", columns - 5, True, decode_with_objectness)
    if columns == count and rows > 4:
        return Layout("YOLOv8, 9 or 11", rows - 4, True, decode_yolov8)
    if rows and columns == 6:
        return Layout("end-to-end, as YOLOv10", None, True, decode_end_to_end)
    raise ObjectsFailed(
        f"its output has the unknown shape {shape}; known for an input of {size[0]} x "
        f"{size[1]} are (1, {count}, 5 + classes) of YOLOX, (1, 4 + classes, {count}) "
        f"of YOLOv8, 9 and 11, (1, {ANCHORS_PER_CELL * count}, 5 + classes) of YOLOv5 "
        "and 7, and (1, n, 6) of end-to-end models such as YOLOv10")


def grid(size: Size) -> Floats:
    """Return column, row and stride of each cell, for an input of *size* [pixels]."""
    width, height = size
    return np.array([(column, row, stride) for stride in STRIDES
                     for row in range(height // stride)
                     for column in range(width // stride)], np.float32).reshape(-1, 3)


def decode_yolox(output: Floats, cells: Floats) -> Candidates:
    """
    Decode ``(1, cells, 5 + classes)``: centre, logarithm of the extent, objectness.

    All of it is relative to each cell, as ``demo_postprocess`` in YOLOX's own code
    reads it (Ge et al., "YOLOX: Exceeding YOLO Series in 2021").
    """
    rows, strides = output[0], cells[:, 2:]
    centres = (rows[:, :2] + cells[:, :2]) * strides
    extents = np.exp(np.minimum(rows[:, 2:4], MAX_EXPONENT)) * strides
    return best(cornered(centres, extents), rows[:, 4:5] * rows[:, 5:])


def decode_with_objectness(output: Floats) -> Candidates:
    """Decode ``(1, n, 5 + classes)``: centre, extent [pixels], objectness, scores."""
    rows = output[0]
    return best(cornered(rows[:, :2], rows[:, 2:4]), rows[:, 4:5] * rows[:, 5:])


def decode_yolov8(output: Floats) -> Candidates:
    """Decode ``(1, 4 + classes, n)``: centre, extent [pixels], scores."""
    rows = output[0].T
    return best(cornered(rows[:, :2], rows[:, 2:4]), rows[:, 4:])


def decode_end_to_end(output: Floats) -> Candidates:
    """Decode ``(1, n, 6)``: corners [pixels], score, class."""
    rows = output[0]
    classes = np.nan_to_num(rows[:, 5], nan=-1.0).clip(-1, 1e6)
    return Candidates(rows[:, :4], rows[:, 4], classes.astype(int))


def cornered(centres: Floats, extents: Floats) -> Floats:
    """Return boxes by their corners."""
    return np.concatenate([centres - extents / 2, centres + extents / 2], axis=1)


def best(boxes: Floats, scores: Floats) -> Candidates:
    """Return for each box the class with the highest of *scores* ``(n, classes)``."""
    classes = scores.argmax(axis=1)
    return Candidates(boxes, scores[np.arange(len(classes)), classes], classes)
