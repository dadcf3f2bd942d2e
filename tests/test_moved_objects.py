"""Objects that moved, found in the crops of a look."""

import numpy as np
import pytest

from pyimagesearch.jpeg import LazyJpeg, encode
from pyimagesearch.object_detection.crops import cut
from pyimagesearch.object_detection.look import Crop, FoundObject, Look
from pyimagesearch.object_detection.moved_objects import find_moved

SIZE = 1280, 960        # of the camera's picture; the mask is a quarter as large
CARS = (400, 200, 520, 260), (640, 300, 760, 360)


class BlueCars:
    """Finds blue rectangles of at least *least*, the share of their blue; and counts."""

    def __init__(self):
        self.sizes = []

    def find(self, image, least):
        self.sizes.append(image.shape[:2])
        blue = image[..., 0].astype(int) - image[..., 1] > 100
        if not blue.any():
            return []
        (top, *_, bottom), (left, *_, right) = (np.flatnonzero(blue.any(axis)) for axis in (1, 0))
        return [FoundObject("car", 0.5, (left, top, right + 1, bottom + 1))]


def picture_of(*cars):
    picture = np.full((*SIZE[::-1], 3), 90, np.uint8)
    for left, top, right, bottom in cars:
        picture[top:bottom, left:right] = 255, 60, 60
    return picture


def look_of(picture, before, *parts):
    """Return a look at *parts* of *picture*, of which the upper fifth moved."""
    mask = np.zeros((240, 320), np.uint8)
    mask[::5] = 255
    crops = [Crop(picture[top:bottom:2, left:right:2].copy(), (left, top, right, bottom), (0, 0, 320, 240))
             for left, top, right, bottom in parts]
    return Look(camera="front", event=1, crops=tuple(crops), mask=mask, size=SIZE, captured=1.0,
                least_score=0.4, before=before, small=picture)


class LargeCars(BlueCars):
    """Finds only what is at least a sixth as wide as the image."""

    def find(self, image, least):
        return [each for each in super().find(image, least)
                if each.box[2] - each.box[0] >= image.shape[1] / 6]


def jpeg_of(picture):
    small = picture[::2, ::2].copy()
    return LazyJpeg(encode(small, 90), (640, 480))


PARTS = (320, 160, 560, 320), (600, 240, 840, 400)      # around each of the cars


@pytest.mark.parametrize(("before", "found"), [
    (CARS, ()), (CARS[:1], CARS[1:]), ((), CARS), (None, CARS)])
def test_what_was_there_before_did_not_move(before, found):
    """The light of both parked cars changed, or one has come."""
    jpeg = None if before is None else jpeg_of(picture_of(*before))
    look = look_of(picture_of(*CARS), jpeg, *PARTS)
    assert [each.box for each in find_moved(BlueCars(), look)] == list(found)


def test_same_part_of_the_picture_from_before_is_searched():
    model = BlueCars()
    find_moved(model, look_of(picture_of(*CARS), jpeg_of(picture_of()), *PARTS))
    assert model.sizes == 4 * [(80, 120)]       # crops and before are half as large here


def test_garbled_picture_from_before_is_none():
    """Cameras send their own JPEGs."""
    broken = LazyJpeg(jpeg_of(picture_of(*CARS)).data[:200], (640, 480))
    look = look_of(picture_of(*CARS), broken, *PARTS)
    assert [each.box for each in find_moved(BlueCars(), look)] == list(CARS)


def test_picture_from_before_is_decoded_once():
    decoded = []

    class Counting(LazyJpeg):
        def image(self):
            decoded.append(self.size)
            return super().image()

    find_moved(BlueCars(), look_of(picture_of(*CARS), Counting(*jpeg_of(picture_of())), *PARTS))
    assert len(decoded) == 1


@pytest.mark.parametrize(("width", "sizes"), [
    pytest.param(28, [(160, 160)], id="found-at-once"),
    pytest.param(24, [(160, 160), (128, 128)], id="closer"),
    pytest.param(12, [(160, 160), (128, 128)], id="too-small")])
def test_small_thing_is_looked_at_closer_if_nothing_is_found(width, sizes):
    car = (400, 400, 400 + width, 412)
    mask, region = np.zeros((240, 320), np.uint8), (100, 100, 100 + width // 4, 103)
    mask[region[1]:region[3], region[0]:region[2]] = 255
    picture, model = picture_of(car), LargeCars()
    look = Look(camera="front", event=1, crops=cut(picture, [region], (320, 240)), mask=mask, size=SIZE,
                captured=1.0, least_score=0.4, before=None, small=picture)
    found = find_moved(model, look)
    assert model.sizes == sizes
    assert [each.box for each in found] == ([car] if width > 12 else [])
