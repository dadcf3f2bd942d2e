"""The motion of the last minutes, in a bounded number of samples."""

from pyimagesearch.surveillance.motion_levels import MAX_SAMPLES, MotionLevels


def test_sample_holds_the_most_of_a_fifth_of_a_second():
    levels = MotionLevels()
    for number in range(10):        # 25 frames a second
        levels.note(100 + number / 25, float(number), None if number < 7 else 2.0)
    assert [tuple(each) for each in levels.since(0)] == [
        (100.0, 4.0, None), (100.2, 9.0, 2.0)]


def test_only_samples_from_a_time_on_are_returned():
    levels = MotionLevels()
    for at in range(100, 110):
        levels.note(at, 1.0)
    assert [each.at for each in levels.since(107)] == [107, 108, 109]


def test_number_of_samples_is_bounded():
    levels = MotionLevels()
    for number in range(2 * MAX_SAMPLES):
        levels.note(number * 0.25, 1.0)
        levels.begin(number * 0.25)
    assert len(levels.since(0)) == MAX_SAMPLES
    assert len(levels.beginnings()) <= 200


def test_beginnings_leave_with_their_samples():
    levels = MotionLevels()
    levels.note(0.0, 1.0)
    levels.begin(0.0)
    for number in range(MAX_SAMPLES):
        levels.note(10 + number, 1.0)
    levels.begin(12.0, tried=True)
    assert [tuple(each) for each in levels.beginnings()] == [(12.0, True)]


def test_clock_that_is_set_back_starts_over():
    levels = MotionLevels()
    levels.note(1000.0, 1.0)
    levels.begin(1000.0)
    levels.note(500.0, 2.0)
    assert [tuple(each) for each in levels.since(0)] == [(500.0, 2.0, None)]
    assert levels.beginnings() == []
