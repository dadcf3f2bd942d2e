"""Which frames of a camera detection looks at."""

import pytest

from pyimagesearch.motion_detection.look_pace import LookPace


def looks(pace, seconds, fps=30, begin=0.0, every=False):
    """Return the times of the looks at a camera that gives *fps* frames a second."""
    times = [begin + number / fps for number in range(round(seconds * fps))]
    return [at for at in times if pace.admits(at, every=every)]


@pytest.mark.parametrize(("fps", "expected"), [(30, 10), (25, 10), (15, 10), (10, 10), (5, 5)])
def test_quiet_scene_is_looked_at_ten_times_a_second(fps, expected):
    pace = LookPace(10.0)
    assert len(looks(pace, 8.0, fps)) == pytest.approx(8 * expected, abs=1)
    assert pace.fps(8.0) == pytest.approx(expected, rel=0.03)


def test_every_frame_counts_for_a_second_after_a_find():
    pace = LookPace(10.0)
    looks(pace, 4.0)
    pace.on_look(4.0, differs=True)
    seen = looks(pace, 3.0, begin=4.0)
    assert len([at for at in seen if at < 5.0]) == 30
    assert len([at for at in seen if at >= 6.0]) == 10


def test_rate_of_the_looks_is_known_from_the_first_find_on():
    pace = LookPace(10.0)
    looks(pace, 4.0)
    assert pace.fps(4.0) == pytest.approx(10)
    pace.on_look(4.0, differs=True)
    pace.admits(4.0, every=False)
    assert pace.fps(4.0) == pytest.approx(30)


def test_looks_are_limited_even_while_something_differs():
    pace = LookPace(10.0)
    pace.most = 4.0
    assert len(looks(pace, 5.0, every=True)) == pytest.approx(20, abs=1)
    assert pace.fps(5.0) == 4.0
