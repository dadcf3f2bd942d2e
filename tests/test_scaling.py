"""Scaling between the given picture and the model's."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.frames import size_of
from pyimagesearch.motion_detection.adaptive.scaling import Scaling, doubled


@given(st.integers(1, 2000), st.integers(1, 1200))
def test_masks_and_boxes_come_back_at_the_given_size(width, height):
    scaling = Scaling((height, width))
    model = scaling.to_model(np.zeros((height, width), np.uint8))
    assert size_of(model) == scaling.size
    assert scaling.size[0] <= 200
    assert size_of(scaling.mask_to_given(model)) == (width, height)
    assert size_of(scaling.to_given(model)) == (width, height)
    right, bottom = scaling.box_to_given((0, 0, *scaling.size))[2:]
    assert right <= width
    assert bottom <= height


def test_doubled_mask_is_what_opencv_makes_of_it():
    mask = np.random.default_rng(1).integers(0, 2, (30, 40), np.uint8) * 255
    smooth = cv2.resize(mask, (80, 60), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(doubled(mask), (smooth > 127) * np.uint8(255))


@pytest.mark.parametrize(("width", "area", "length"), [(1920, 15, 4), (200, 15, 4), (100, 3.75, 2)])
def test_lengths_and_areas_shrink_with_narrow_pictures(width, area, length):
    scaling = Scaling((width * 3 // 4, width))
    assert scaling.area(15) == pytest.approx(area)
    assert scaling.length(4) == pytest.approx(length)
