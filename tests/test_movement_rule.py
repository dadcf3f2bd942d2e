"""Which objects moved, and which only stand where something moves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.object_detection.look import Crop, FoundObject
from pyimagesearch.object_detection.movement_rule import counted

SIZE = 640, 480         # of the picture
OF = 320, 240           # of the mask: half of it
NO_IMAGE = np.zeros((1, 1, 3), np.uint8)


def mask_of(*boxes):
    """Return a mask in which *boxes* [its pixels] moved."""
    mask = np.zeros(OF[::-1], np.uint8)
    for left, top, right, bottom in boxes:
        mask[top:bottom, left:right] = 255
    return mask


def counted_of(found, mask, region, before=()):
    crop = Crop(NO_IMAGE, (0, 0, *SIZE), region)
    return counted(found, crop, mask, SIZE, lambda: before)


def person(*box, label="person", score=0.8):
    return FoundObject(label, score, box)


WALKER = 100, 100, 120, 150         # moved pixels


def test_object_that_holds_the_motion_counts():
    found = [person(200, 200, 240, 300)]
    assert counted_of(found, mask_of(WALKER), WALKER) == found


@pytest.mark.parametrize(("held", "counts"), [(20, False), (24, False), (25, True), (50, True)])
def test_object_holds_the_motion_from_one_half_on(held, counts):
    """Where less than a tenth of its box moved: what *held* of 50 rows of a walker is in it."""
    found = [person(0, 0, 600, 200 + 2 * held)]
    assert counted_of(found, mask_of(WALKER), WALKER, before=found) == (found if counts else [])


def test_what_was_there_before_counts_if_it_holds_the_motion():
    """A man who stood still and walks on."""
    found = [person(200, 200, 240, 300)]
    assert counted_of(found, mask_of(WALKER), WALKER, before=found) == found


def test_object_in_which_a_tenth_moved_counts_if_it_is_new():
    """Two persons walk together: none holds half of the motion of both and a third."""
    moved = [(10, 10, 30, 60), (50, 10, 70, 60), (90, 10, 110, 60)]
    found = [person(*(2 * side for side in box)) for box in moved]
    assert counted_of(found, mask_of(*moved), (10, 10, 110, 60)) == found


def test_parked_car_below_moving_trees_does_not_count():
    tree, car = (0, 0, 320, 60), person(200, 110, 400, 300, label="car")
    assert counted_of([car], mask_of(tree), tree) == []


def test_parked_car_does_not_count_when_light_is_switched_on():
    """Light "moves" a part of everything."""
    car = person(200, 110, 400, 300, label="car")
    moved = mask_of((0, 0, 320, 90), (0, 150, 320, 240))
    assert counted_of([car], moved, (0, 0, 320, 240)) == [car]
    earlier = car._replace(score=0.31, label="truck", box=(205, 112, 400, 305))
    assert counted_of([car], moved, (0, 0, 320, 240), before=[earlier]) == []


@pytest.mark.parametrize("earlier", [
    person(200, 110, 400, 300), person(420, 110, 620, 300, label="car"),
    person(270, 110, 470, 300, label="car")])
def test_other_objects_from_before_do_not_matter(earlier):
    """A person stood there, or a car at another place, or where less than half is the same."""
    car = person(200, 110, 400, 300, label="car")
    moved = mask_of((0, 0, 320, 90))
    assert counted_of([car], moved, (0, 0, 320, 240), before=[earlier]) == [car]


def test_motion_outside_of_the_region_is_not_the_crops():
    other, region = (0, 0, 320, 50), WALKER
    found = [person(200, 200, 240, 300)]
    assert counted_of(found, mask_of(other, WALKER), region) == found


def test_object_does_not_hold_the_motion_of_another_region():
    """A large parked van in front of which someone walks, and behind which another one does."""
    van = person(0, 200, 640, 440, label="car")
    moved = mask_of((100, 0, 120, 110), (200, 120, 215, 200))
    assert counted_of([van], moved, (100, 0, 120, 110)) == []


def test_classes_of_no_group_do_not_count():
    assert counted_of([person(200, 200, 240, 300, label="frisbee")], mask_of(WALKER), WALKER) == []


def test_before_is_not_asked_without_need():
    """It takes a second run of the model."""
    def before():
        pytest.fail("asked")
    crop = Crop(NO_IMAGE, (0, 0, *SIZE), WALKER)
    for found in ([], [person(200, 200, 240, 300)], [person(0, 0, 50, 50)]):
        counted(found, crop, mask_of(WALKER), SIZE, before)


sides = st.integers(-50, 700)


@given(box=st.tuples(sides, sides, sides, sides), region=st.tuples(sides, sides, sides, sides))
def test_boxes_beyond_the_picture_are_no_error(box, region):
    assert len(counted_of([person(*box)], mask_of(WALKER), region)) <= 1
