"""What is drawn onto pictures: the time, boxes, and names of what was recognised."""

import numpy as np
import pytest

from pyimagesearch.overlay import RED, Annotation

NOON = 1_763_640_000.0
SMALL, LARGE = (10, 200, 30, 220), (200, 150, 300, 350)


def drawn(*boxes, names=(), size=(640, 480)):
    """Return a grey picture with the overlay, but for the time at its bottom."""
    image = np.full((size[1], size[0], 3), 128, np.uint8)
    Annotation(boxes, NOON, names).draw(image)
    return image[:size[1] * 9 // 10]


def extent(image, names=("person",), **more):
    """Return left, top, right and bottom of what *names* change in the picture."""
    changed = (drawn(*image, names=names, **more) != drawn(*image, **more)).any(axis=2)
    rows, columns = np.nonzero(changed.any(axis=1))[0], np.nonzero(changed.any(axis=0))[0]
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def test_name_stands_above_the_largest_box():
    left, top, right, bottom = extent([SMALL, LARGE])
    assert left == LARGE[0] - 1
    assert LARGE[1] - 30 < top < bottom <= LARGE[1] + 1
    assert right - left > 60


@pytest.mark.parametrize("width", [320, 640, 1920])
def test_name_is_white_on_red_and_large_enough_to_read(width):
    size = width, width * 3 // 4
    box = (width // 4, width // 4, width // 2, width // 2)
    left, top, right, bottom = extent([box], size=size)
    label = drawn(box, names=("person",), size=size)[top:bottom - 2, left:right]
    white = (label > 200).all(axis=2)
    assert white.mean() > 0.05
    assert (label == RED).all(axis=2).mean() > 0.4
    assert bottom - top >= max(16, width / 30)


@pytest.mark.parametrize("box", [
    (0, 0, 100, 100), (620, 3, 639, 300), (0, 0, 639, 479), (600, 400, 639, 420)])
def test_name_at_the_edge_stays_in_the_picture(box):
    left, top, right, bottom = extent([box], ("person", "vehicle"))
    inner = extent([(250, 250, 251, 251)], ("person", "vehicle"))
    assert abs((right - left) - (inner[2] - inner[0])) <= 2    # of the box's own line
    assert abs((bottom - top) - (inner[3] - inner[1])) <= 3


def test_name_without_a_box_is_in_the_upper_right_corner():
    left, top, right, _ = extent([])
    assert (top, right) == (0, 640)
    assert left > 500


def test_names_are_listed_and_may_hold_any_character():
    assert (drawn(LARGE, names=("person", "vehicle")) == drawn(
        LARGE, names=("person, vehicle",))).all()
    assert (drawn(LARGE, names=("f\u00fcchse\n",)) == drawn(LARGE, names=("f?chse\n",))).all()
    assert extent([LARGE], ("x" * 500,))[2] == 640


def test_without_names_only_the_box_is_drawn():
    image = drawn(LARGE)
    image[149:352, 199:302] = 128
    assert (image == 128).all()
