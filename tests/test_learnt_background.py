"""Files of learnt backgrounds: they hold what was learnt, or they say that they do not."""

import hashlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.errors import BackgroundDamaged
from pyimagesearch.motion_detection.learnt_background import LearntBackground, digest_of

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


@pytest.mark.parametrize("png", [
    b"", b"no PNG",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 40000, 40000)
    + b"\x08\0\0\0\0" + bytes(4)])
def test_file_without_a_sound_picture_is_damaged(png):
    header = (f"background 1 80x61 {digest_of(())} {hashlib.sha256(png).hexdigest()}\n")
    with pytest.raises(BackgroundDamaged, match="holds no background"):
        LearntBackground.from_bytes(header.encode() + png, ())
