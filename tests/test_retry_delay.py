"""How long the camera loop waits before it opens a camera again."""

import pytest

from pyimagesearch.surveillance.retry_delay import RetryDelay


def delays(number, took=0.1, pictures=False, crashed=False, before=None):
    delay = before or RetryDelay()
    return [delay.after(took, pictures=pictures, crashed=crashed) for _ in range(number)]


def test_camera_that_stays_away_is_tried_every_two_seconds():
    assert delays(5) == pytest.approx([0.4, 0.9, 1.9, 1.9, 1.9])


def test_camera_that_never_holds_is_opened_every_ten_seconds():
    assert delays(8, 3.0, pictures=True) == pytest.approx(
        [0.25, 0.25, 0.25, 1.0, 5.0, 7.0, 7.0, 7.0])


def test_camera_that_held_is_opened_again_at_once():
    delay = RetryDelay()
    assert delays(9, 1.0, pictures=True, before=delay)[-1] == 9.0
    assert delays(1, 10.0, pictures=True, before=delay) == [0.25]
    assert delays(1, 0.0, pictures=True, before=delay) == [0.5]


def test_defect_is_tried_again_less_and_less_often():
    assert delays(8, 0.0, pictures=True, crashed=True)[-1] == 10.0
