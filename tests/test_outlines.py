"""Polygons become outlines and masks at every size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.frames import ArrayPicture
from pyimagesearch.outlines import corners_of, filled
from pyimagesearch.privacy.mask import PrivacyMask

LEFT, STAR = "0,0 500,0 500,1000 0,1000", "500,0 800,1000 0,350 1000,350 200,1000"
CORNERS = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=3, max_size=9)


@pytest.mark.parametrize("size", [(400, 225), (64, 48), (1, 1), (7, 300)])
def test_mask_covers_its_share_of_pictures_of_any_size(size):
    mask = filled([LEFT], size)
    assert (mask.shape, mask.dtype) == (size[::-1], np.uint8)
    covered = np.count_nonzero(mask) / mask.size
    assert abs(covered - 0.5) <= 1 / size[0]
    assert set(np.unique(mask)) <= {0, 255}


def test_crossing_sides_and_overlaps_leave_no_hole():
    star = filled([STAR], (101, 101))
    assert star[50, 50] == 255      # in the middle, which the sides enclose twice
    assert star[5, 5] == star[95, 50] == 0
    assert np.all(filled([LEFT, "0,0 1000,0 1000,1000 0,1000"], (80, 60)) == 255)
    assert not filled([], (80, 60)).any()


@given(CORNERS)
def test_zones_and_privacy_masks_cover_the_same_pixels(corners):
    polygon = " ".join(f"{x},{y}" for x, y in corners)
    assert corners_of(polygon).tolist() == [list(corner) for corner in corners]
    white = ArrayPicture(np.full((60, 80, 3), 255, np.uint8))
    black = PrivacyMask([polygon]).apply(white).colour()[:, :, 0] == 0
    assert np.array_equal(black, filled([polygon], (80, 60)) == 255)
