"""The measure of a machine that stands still."""

import pytest

from machine import StoodStill


@pytest.mark.parametrize(("ran", "again"), [(10.0, False), (8.5, False), (7.5, True), (0.0, True)])
def test_only_a_machine_that_stood_still_gives_another_chance(ran, again):
    readings = iter([100.0, 110.0]), iter([50.0, 50.0 + ran])
    stood_still = StoodStill(*(one.__next__ for one in readings))
    stood_still.begin()
    assert stood_still() is again
