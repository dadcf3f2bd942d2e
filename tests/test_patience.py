"""How long a camera may be silent, as learnt from its pictures."""

import pytest

from pyimagesearch.capture.patience import Patience


def after(intervals, **settings):
    """Return the patience with a camera that gave pictures at these intervals."""
    patience, now = Patience(**settings), 100.0
    patience.on_picture(now)
    for interval in intervals:
        now += interval
        patience.on_picture(now)
    return patience


def test_fast_camera_is_frozen_after_two_and_a_half_seconds():
    assert after([1 / 30] * 40).while_open() == 2.5
    assert after([1 / 30] * 40).while_open(least=5.0) == 5.0


@pytest.mark.parametrize("interval", [3.0, 6.0, 20.0])
def test_slow_camera_may_miss_three_of_its_intervals(interval):
    assert after([interval]).while_open() == 3 * interval
    assert after([interval]).while_failing() == 3 * interval


def test_longest_of_the_recent_intervals_counts():
    assert after([3.0, 7.0, 4.0, 3.0]).while_open() == 21.0
    assert after([7.0] + [0.5] * 30).while_open() == 2.5


@pytest.mark.parametrize(("fps", "seconds"), [(0.1, 30.0), (0.15, 20.0), (15.0, 2.5)])
def test_interval_asked_for_counts_from_the_start(fps, seconds):
    assert Patience(fps).while_open() == pytest.approx(seconds)
    assert after([0.03] * 40, fps=fps).while_failing() == pytest.approx(seconds)


def test_first_pictures_at_an_unknown_rate_may_take_long():
    unknown = after([], rate_known=False)
    assert unknown.while_open() == 30.0
    assert unknown.while_failing() == 2.5       # errors do come, so it is not slow
    assert after([0.1, 0.1], rate_known=False).while_open() == 30.0     # a burst
    assert after([0.1, 0.1, 0.1], rate_known=False).while_open() == 2.5
    assert Patience(rate_known=False).while_open() == 2.5


def test_patience_learns_no_more_than_a_minute():
    assert after([300.0]).while_open() == 60.0


def test_silence_is_the_age_of_the_last_picture():
    assert Patience().silence(5.0) is None
    assert after([1.0]).silence(104.0) == 3.0
