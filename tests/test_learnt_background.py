"""Files of learnt backgrounds: they hold what was learnt, or they say that they do not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.errors import BackgroundDamaged
from pyimagesearch.motion_detection.learnt_background import LearntBackground

MASK = ("0,0 500,0 500,500",)


def learnt(mask=()):
    random = np.random.default_rng(1)
    planes = [random.integers(0, 256, (30, 40), np.uint8) for _ in range(3)]
    return LearntBackground((80, 61), *planes, mask)


CONTENT = learnt().to_bytes()


def test_background_is_read_as_it_was_written():
    read = LearntBackground.from_bytes(learnt(MASK).to_bytes(), MASK)
    assert (read.size, read.mask, read.model_size) == ((80, 61), MASK, (40, 30))
    for got, wanted in zip(read[1:4], learnt()[1:4], strict=True):
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize(("before", "now"), [((), MASK), (MASK, ()), (MASK, MASK * 2)])
def test_background_of_another_privacy_mask_is_not_read(before, now):
    assert LearntBackground.from_bytes(learnt(before).to_bytes(), now) is None


@given(st.one_of(
    st.binary(max_size=300),
    st.integers(0, len(CONTENT) - 1).map(lambda size: CONTENT[:size]),
    st.tuples(st.integers(0, len(CONTENT) - 1), st.integers(1, 255)).map(
        lambda at: CONTENT[:at[0]] + bytes([CONTENT[at[0]] ^ at[1]]) + CONTENT[at[0] + 1:])))
def test_damaged_file_is_told_from_a_background(content):
    try:
        read = LearntBackground.from_bytes(content, ())
    except BackgroundDamaged:
        return
    if read:        # only the size of the picture is not part of a digest
        np.testing.assert_array_equal(read.mean, learnt().mean)
