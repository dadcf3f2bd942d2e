"""How long the camera loop waits before it opens a camera again."""

import pytest

from pyimagesearch.surveillance.retry_delay import RetryDelay


def starts(number, took=0.1, pictures=False, crashed=False, before=None, refused=False):
    """Return how long after the begin of each try the next one begins [s]."""
    delay = before or RetryDelay()
    return [took + delay.after(took, pictures=pictures, crashed=crashed, refused=refused)
            for _ in range(number)]


def about(*seconds):
    """Each may be a twentieth less."""
    return pytest.approx([0.975 * each for each in seconds], rel=0.026)


def test_camera_that_stays_away_is_tried_every_two_seconds():
    assert starts(5) == about(0.5, 1, 2, 2, 2)


def test_camera_that_never_holds_is_opened_every_four_seconds():
    assert starts(8, 0.2, pictures=True)[1:] == about(1, 2, 4, 4, 4, 4, 4)


def test_camera_that_held_is_opened_again_at_once():
    delay = RetryDelay()
    assert starts(9, 1.0, pictures=True, before=delay)[-1:] == about(4)
    assert starts(1, 10.0, pictures=True, before=delay) == [10.25]
    assert starts(1, 0.0, pictures=True, before=delay) == about(0.5)


def test_refused_login_is_repeated_less_and_less_often():
    delay = RetryDelay()
    assert starts(7, 0.0, refused=True, before=delay) == about(2, 4, 8, 16, 32, 60, 60)
    starts(1, before=delay)     # it was away meanwhile, and is still locked
    assert starts(1, 0.0, refused=True, before=delay) == about(60)
    starts(1, 20.0, pictures=True, before=delay)
    assert starts(2, 0.0, refused=True, before=delay) == about(2, 4)


def test_defect_is_tried_again_less_and_less_often():
    assert starts(8, 0.0, pictures=True, crashed=True)[-1:] == about(10)


def test_no_rhythm_of_a_camera_is_missed_for_ever():
    delay, at, hits = RetryDelay(), 1.5, 0
    for _ in range(600):        # it is there for one second of four
        hits += at % 4 < 1
        at += 0.01 + delay.after(0.01, pictures=False, crashed=False)
    assert hits > 20
