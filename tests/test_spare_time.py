"""CPU time that readers share: one may take it all, many not more than that."""

from pyimagesearch.capture.spare_time import MAX_SAVED_SECONDS, SpareTime


def test_spare_time_is_shared_by_all():
    spare = SpareTime(1e-6)
    half = MAX_SAVED_SECONDS / 2
    assert spare.take(half)
    assert spare.take(half - 0.01)
    assert not spare.take(half)
    assert spare.take(0.005)


def test_spare_time_comes_back():
    spare = SpareTime(1e6)
    for _ in range(3):
        assert spare.take(MAX_SAVED_SECONDS)
    assert not spare.take(2 * MAX_SAVED_SECONDS)
