"""What is drawn onto pictures: the time, boxes, and names of what was recognised."""

import datetime

import numpy as np
import pytest

from pyimagesearch.overlay import RED, Annotation, ClockStyle, Tag

NOON = 1_763_640_000.0
BOX = (200, 150, 300, 350)


def drawn(box, text="", size=(640, 480)):
    """Return a grey picture with *text* at *box*, but for the time at its bottom."""
    image = np.full((size[1], size[0], 3), 128, np.uint8)
    boxes, tags = filter(None, [box]), (Tag(text, box),) if text else ()
    Annotation(tuple(boxes), NOON, tags).draw(image)
    return image[:size[1] * 9 // 10]


def extent(box, text="person", **more):
    """Return left, top, right and bottom of what *text* changes in the picture."""
    changed = (drawn(box, text, **more) != drawn(box, **more)).any(axis=2)
    rows, columns = np.nonzero(changed.any(axis=1))[0], np.nonzero(changed.any(axis=0))[0]
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def test_name_stands_above_its_box():
    left, top, right, bottom = extent(BOX)
    assert left == BOX[0] - 1
    assert BOX[1] - 30 < top < bottom <= BOX[1] + 1
    assert right - left > 60


def test_name_of_a_tall_person_does_not_hide_the_face():
    _, top, _, bottom = extent((200, 4, 300, 350))
    assert 350 <= top < bottom < 390


@pytest.mark.parametrize("width", [320, 640, 1920])
def test_name_is_white_on_red_and_large_enough_to_read(width):
    size = width, width * 3 // 4
    box = (width // 4, width // 4, width // 2, width // 2)
    left, top, right, bottom = extent(box, size=size)
    label = drawn(box, "person", size)[top:bottom - 2, left:right]
    white = (label > 200).all(axis=2)
    assert white.mean() > 0.05
    assert (label == RED).all(axis=2).mean() > 0.4
    assert bottom - top >= max(16, width / 30)


@pytest.mark.parametrize("box", [
    (0, 0, 100, 100), (620, 3, 639, 300), (0, 0, 639, 479), (600, 400, 639, 420)])
def test_name_at_the_edge_stays_in_the_picture(box):
    left, top, right, bottom = extent(box, "person, vehicle")
    inner = extent((250, 250, 251, 251), "person, vehicle")
    assert abs((right - left) - (inner[2] - inner[0])) <= 2    # of the box's own line
    assert abs((bottom - top) - (inner[3] - inner[1])) <= 3


def test_name_without_a_place_is_small_in_the_upper_right_corner():
    left, top, right, bottom = extent(None)
    assert (top, right) == (0, 640)
    assert left > 480
    assert 12 < bottom < 22
    assert not (drawn(None, "person") == RED).all(axis=2).any()


def test_name_may_hold_any_character_and_be_long():
    assert (drawn(BOX, "f\u00fcchse\n") == drawn(BOX, "f?chse\n")).all()
    assert extent(BOX, "x" * 500)[2] == 640


def test_without_names_only_the_box_is_drawn():
    image = drawn(BOX)
    image[149:352, 199:302] = 128
    assert (image == 128).all()


@pytest.mark.parametrize(("place", "rows", "columns"), [
    ("top-left", slice(0, 40), slice(0, 300)), ("top-right", slice(0, 40), slice(340, 640)),
    ("bottom-left", slice(440, 480), slice(0, 300)), ("bottom-right", slice(440, 480), slice(340, 640))])
@pytest.mark.parametrize("ground", [0, 128, 255])
def test_clock_is_readable_where_it_is_wanted(place, rows, columns, ground):
    image = np.full((480, 640, 3), ground, np.uint8)
    Annotation((), NOON, (), ClockStyle(place)).draw(image)
    corner = image[rows, columns].copy()
    assert corner.min() < 20        # a dark outline
    assert corner.max() == 255      # around white
    image[rows, columns] = ground
    assert (image == ground).all()


def test_no_clock_leaves_the_picture_alone():
    image = np.full((480, 640, 3), 90, np.uint8)
    Annotation((), NOON, (), ClockStyle("off")).draw(image)
    assert (image == 90).all()


def test_clock_is_written_as_wanted():
    style = ClockStyle("top-left", "%d.%m.%Y")
    assert style.words(NOON) == f"{datetime.datetime.fromtimestamp(NOON):%d.%m.%Y}"
    assert ClockStyle("tutorial", "%Y").words(NOON).endswith(("AM", "PM"))


def test_clock_of_the_tutorial_is_red_at_the_lower_left():
    image = np.full((480, 640, 3), 90, np.uint8)
    Annotation((), NOON, (), ClockStyle("tutorial")).draw(image)
    red = image[:, :, 2].astype(int) - image[:, :, 0] > 40
    rows, columns = np.nonzero(red.any(axis=1))[0], np.nonzero(red.any(axis=0))[0]
    assert columns[0] < 16
    assert rows[-1] > 465
    assert 200 < columns[-1] - columns[0] < 480
