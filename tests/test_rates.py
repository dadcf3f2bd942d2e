"""Rates, the stopwatch and the rate limit."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.rates import Rate, RateLimit, Stopwatch


def test_rate_is_measured_over_the_last_times():
    rate = Rate()
    for number in range(100):
        rate.count(1000 + number / 25)
    assert rate.per_second(1004.0) == pytest.approx(25)
    assert rate.per_second(1010.0) == 0      # it has stopped
    rate.reset()
    assert rate.per_second(1010.0) == 0


def test_rate_of_a_slow_camera_is_no_zero_between_two_frames():
    rate = Rate()
    for number in range(4):
        rate.count(1000 + 6 * number)
    assert rate.per_second(1023.9) == pytest.approx(1 / 6)
    assert rate.per_second(1018 + 18.1) == 0


def test_stopwatch_counts_blocks_that_raise_too():
    times = iter([1.0, 1.5, 10.0, 12.0])
    stopwatch = Stopwatch(lambda: next(times))
    with stopwatch:
        pass
    with contextlib.suppress(OSError), stopwatch:
        raise OSError
    assert stopwatch.seconds == 2.5


@pytest.mark.parametrize(("camera", "limit", "expected"), [
    (30, 15, 15), (30, 10, 10), (30, 30, 30), (30, 20, 20), (30, 100, 30), (30, None, 30),
    (7, 30, 7), (60, 1, 1)])
def test_limit_admits_the_frame_rate(camera, limit, expected):
    gate = RateLimit(limit)
    passed = sum(gate.admits(500 + number / camera) for number in range(camera * 20))
    assert passed / 20 == pytest.approx(expected, rel=0.06)


@given(st.lists(st.floats(0.001, 5), min_size=2, max_size=200), st.floats(0.5, 60))
def test_limit_is_kept_for_irregular_frames(gaps, fps):
    gate, now, passed = RateLimit(fps), 0.0, []
    for gap in gaps:
        now += gap
        if gate.admits(now):
            passed.append(now)
    span = passed[-1] - passed[0]
    assert len(passed) - 1 <= span * fps + 1.3
