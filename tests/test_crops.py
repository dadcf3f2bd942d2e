"""Squares cut around what moved."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.object_detection.crops import closer, cut, part_of

MASK = 320, 240


def picture_of(width, height):
    """Return a picture in which no two places look the same."""
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(("box", "part"), [
    pytest.param((100, 80, 150, 180), (200, 220, 800, 820), id="larger"),
    pytest.param((150, 110, 160, 120), (540, 380, 700, 540), id="160-px-at-least"),
    pytest.param((0, 0, 10, 10), (0, 0, 160, 160), id="in-a-corner"),
    pytest.param((310, 230, 320, 240), (1120, 800, 1280, 960), id="in-the-other-corner"),
    pytest.param((0, 0, 320, 240), (0, 0, 1280, 960), id="everything")])
def test_crop_is_the_square_around_what_moved(box, part):
    (crop,) = cut(picture_of(1280, 960), [box], MASK)
    assert (crop.part, crop.region) == (part, box)


def test_crop_has_the_pixels_of_the_full_size_picture():
    picture = picture_of(1920, 1080)
    (crop,) = cut(picture, [(100, 80, 110, 120)], (400, 225))
    left, top, right, bottom = crop.part
    assert crop.image.shape == (288, 288, 3)
    assert np.array_equal(crop.image, picture[top:bottom, left:right])


def test_crops_stay_valid_when_the_decoder_uses_its_memory_again():
    picture = picture_of(640, 480)
    crops = cut(picture, [(0, 0, 60, 60), (250, 170, 320, 240)], MASK)
    before = [crop.image.copy() for crop in crops]
    picture[:] = 0
    assert all(np.array_equal(crop.image, known) for crop, known in zip(crops, before, strict=True))


def test_large_crop_is_halved_while_it_keeps_512_px():
    (crop,) = cut(np.zeros((2160, 3840, 3), np.uint8), [(0, 0, 400, 225)], (400, 225))
    assert crop.part == (0, 0, 3840, 2160)
    assert crop.image.shape == (540, 960, 3)


def test_near_regions_share_a_crop_and_far_ones_do_not():
    head, body, other = (100, 80, 120, 100), (95, 105, 130, 180), (280, 20, 300, 60)
    crops = cut(picture_of(1280, 960), [head, other, body], MASK)
    assert [crop.region for crop in crops] == [(95, 80, 130, 180), other]


def test_at_most_three_crops_of_the_largest_regions():
    boxes = [(60 * n, 0, 60 * n + 10 + n, 10) for n in range(5)]
    crops = cut(picture_of(1920, 1080), boxes, MASK)
    assert [crop.region for crop in crops] == boxes[:1:-1]


def test_chain_of_regions_becomes_one_crop():
    """Each new one may be near to those that were far from each other."""
    (crop,) = cut(picture_of(640, 480), [(0, 0, 10, 10), (0, 190, 10, 200), (0, 90, 10, 110)], MASK)
    assert crop.region == (0, 0, 10, 200)


@given(st.tuples(st.integers(1, 600), st.integers(1, 400)), st.lists(st.tuples(
    st.integers(0, 319), st.integers(0, 239), st.integers(1, 320), st.integers(1, 240)), max_size=6))
def test_crops_are_within_any_picture_and_hold_their_region(size, corners):
    boxes = [(x, y, min(320, x + w), min(240, y + h)) for x, y, w, h in corners]
    crops = cut(np.zeros((*size[::-1], 3), np.uint8), boxes, MASK)
    assert len(crops) <= 3
    assert bool(crops) == bool(boxes)
    for crop in crops:
        left, top, right, bottom = crop.part
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
        assert 0 < crop.image.size <= 3 * 1023 * 1023


def test_same_part_of_a_smaller_picture_shows_the_same():
    large, small = np.zeros((960, 1280, 3), np.uint8), np.zeros((480, 640, 3), np.uint8)
    large[200:300, 400:600], small[100:150, 200:300] = 255, 255
    part = 400, 200, 600, 300
    assert part_of(large, part, (1280, 960)).all()
    assert part_of(small, part, (1280, 960)).all()
    assert part_of(small, part, (1280, 960)).shape == (50, 100, 3)


def mask_of(*boxes):
    mask = np.zeros(MASK[::-1], np.uint8)
    for left, top, right, bottom in boxes:
        mask[top:bottom, left:right] = 255
    return mask


def test_closer_look_is_at_each_third_of_a_long_region():
    car, dust, picture = (40, 100, 70, 120), (70, 110, 130, 120), picture_of(1280, 960)
    (crop,) = cut(picture, [car, dust], MASK)
    parts = closer(crop, mask_of(car, dust), (1280, 960))
    assert [part.region for part in parts] == [car, (70, 110, 100, 120), (100, 110, 130, 120)]
    for part in parts:
        left, top, right, bottom = part.part
        assert np.array_equal(part.image, picture[top:bottom, left:right])


def test_closer_look_at_something_small_is_at_its_middle():
    region = 150, 110, 160, 120
    (crop,) = cut(picture_of(1280, 960), [region], MASK)
    (part,) = closer(crop, mask_of(region), (1280, 960))
    assert (part.part, part.region) == ((556, 396, 684, 524), region)


@pytest.mark.parametrize("region", [(40, 100, 90, 130), (100, 20, 120, 200)])
def test_nothing_is_gained_by_a_closer_look_at_a_large_region(region):
    (crop,) = cut(picture_of(1280, 960), [region], MASK)
    assert not closer(crop, mask_of(region), (1280, 960))
