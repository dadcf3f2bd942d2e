"""The median of the frames that teach, however many these are."""

import numpy as np
import pytest

from pyimagesearch.motion_detection.adaptive.first_frames import (
    KEPT_FRAMES,
    LONGEST_SECONDS,
    FirstFrames,
)


def frame(level):
    return np.full((2, 3), level, np.uint8)


def median_of(levels, fps=25):
    frames = FirstFrames()
    for level in levels:
        frames.add(frame(level), fps)
        assert len(frames._kept) <= KEPT_FRAMES + 1
    return frames.median()


def test_passer_by_is_not_in_the_median():
    assert (median_of([90] * 12 + [255] * 8 + [90] * 12) == 90).all()


@pytest.mark.parametrize("count", [2, 32, 400, 5000])
def test_frames_are_spread_evenly(count):
    levels = np.linspace(50, 200, count).astype(int)
    if count / 25 < LONGEST_SECONDS:
        assert median_of(levels)[0, 0] == pytest.approx(125, abs=80 if count < 9 else 15)
    else:       # older ones may show another light
        assert median_of(levels)[0, 0] > 180


def test_single_frame_has_no_median():
    assert median_of([90]) is None
