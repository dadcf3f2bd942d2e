"""Repairing time stamps: whatever a camera stamps, it plays at the pace of arrival."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyimagesearch.capture.time_stamps import TimeStamps

FPS = 10
HOUR = 3600.0


def play(stamps, arrivals=None):
    """Return ``(arrival, time, stale)`` of packets with these *stamps* [s, or None]."""
    times = TimeStamps()
    arrivals = arrivals or [100 + number / FPS for number in range(len(stamps))]
    return [(now, times.repair(stamp, stamp, now).dts / 90_000, times.stale)
            for stamp, now in zip(stamps, arrivals, strict=True)]


def right(count=100, begin=7.0):
    """Return the stamps of a camera whose clock is right."""
    return [begin + number / FPS for number in range(count)]


def jumping(by, at=50, until=None):
    """Return right stamps, but for those from *at* to *until*, which are *by* off."""
    return [stamp + by * (at <= number < (until or 100))
            for number, stamp in enumerate(right())]


ODD = {
    "right": right(),
    "at zero": right(begin=0.0),
    "near the wrap of 32 bits": right(begin=2**32 / 90_000 - 1),
    "all zero": [0.0] * 100,
    "missing": [None] * 100,
    "half speed": [number / FPS / 2 for number in range(100)],
    "double speed": [number / FPS * 2 for number in range(100)],
    "a tenth of the speed": [number / FPS / 10 for number in range(100)],
    "ten times the speed": [number / FPS * 10 for number in range(100)],
    "backwards": [HOUR - number / FPS for number in range(100)],
    "an hour forwards": jumping(HOUR),
    "an hour back": jumping(-HOUR),
    "two seconds forwards": jumping(2.0),
    "two seconds back": jumping(-2.0),
    "another hour for a while": jumping(HOUR, 30, 60),
    "wrapped without notice": jumping(-2**32 / 90_000),
    "one in twenty ahead": [s + 5 * (n % 20 == 9) for n, s in enumerate(right())],
    "one in twenty behind": [s - 5 * (n % 20 == 9) for n, s in enumerate(right())],
    "one in twenty far off": [s + 9e4 * (n % 20 == 9) for n, s in enumerate(right())],
    "one in twenty zero": [s * (n % 20 != 9) for n, s in enumerate(right())],
    "one in twenty missing": [None if n % 20 == 9 else s for n, s in enumerate(right())],
}


@pytest.mark.parametrize("stamps", ODD.values(), ids=ODD)
def test_odd_stamps_play_right(stamps):
    played = play(stamps)
    assert not any(stale for _, _, stale in played)
    assert all(now - 0.51 <= time <= now + 0.01 for now, time, _ in played)
    assert played[-1][1] - played[0][1] == pytest.approx(9.9, rel=0.1)


@pytest.mark.parametrize(("kind", "settled"), [
    ("all zero", 0), ("missing", 0), ("double speed", 0), ("half speed", 12)])
def test_useless_stamps_play_evenly(kind, settled):
    times = [time for _, time, _ in play(ODD[kind])][settled:]
    steps = [later - time for time, later in itertools.pairwise(times)]
    assert min(steps) > 0.09
    assert max(steps) < 0.11


def test_right_stamps_smooth_the_jitter_of_the_network():
    jitter = [0.0, 0.3, 0.05, 0.2, 0.1]
    arrivals = [100 + number / FPS + jitter[number % 5] for number in range(100)]
    arrivals = list(itertools.accumulate(arrivals, max))
    times = [time for _, time, _ in play(right(), arrivals)]
    steps = [later - time for time, later in itertools.pairwise(times[10:])]
    assert all(abs(step - 0.1) < 0.01 for step in steps)


def test_backlog_after_a_pause_keeps_its_times_and_is_stale():
    arrivals = [100 + number / FPS for number in range(50)]
    arrivals += [110 + number / 1000 for number in range(50)]   # of a pause of 5 s
    played = play(right(), arrivals)
    assert [stale for _, _, stale in played] == [False] * 50 + [True] * 46 + [False] * 4
    steps = [later[1] - time[1] for time, later in itertools.pairwise(played)]
    assert all(abs(step - 0.1) < 0.001 for step in steps[:90])


def test_backlog_is_stale_although_its_reader_stalls_meanwhile():
    arrivals = [100 + number / FPS for number in range(50)]
    arrivals += [110 + number / 1000 + 0.6 * (number > 10) for number in range(50)]
    stale = [stale for _, _, stale in play(right(), arrivals)]
    assert stale[:50] == [False] * 50
    assert all(stale[50:90])


def test_stall_of_the_network_leaves_no_delay_behind():
    arrivals = [100 + max(number, 50) / FPS for number in range(100)]   # 5 s, then all
    played = play(right(), arrivals)
    assert max(now - time for now, time, _ in played[52:]) < 0.01


def test_camera_whose_clock_stood_still_is_shown_again_soon():
    arrivals = [100 + number / FPS + 8 * (number >= 50) for number in range(100)]
    played = play(right(), arrivals)
    assert sum(stale for _, _, stale in played) <= 11
    assert all(now - time < 0.01 for now, time, _ in played[62:])


def test_slow_camera_with_a_useless_clock_is_never_stale():
    arrivals = [100 + 6.0 * number for number in range(100)]
    assert not any(stale for _, _, stale in play(right(), arrivals))


def test_reordered_frames_keep_their_order():
    times = TimeStamps()
    shown = [0, 3, 1, 2, 6, 4, 5]       # as in I P B B P B B
    found = [times.repair(2 / FPS + order / FPS, number / FPS, 100 + number / FPS)
             for number, order in enumerate(shown)]
    assert [sorted(each.pts for each in found).index(each.pts) for each in found] == shown
    assert [each.dts for each in found] == sorted(each.dts for each in found)
    assert all(each.pts >= each.dts for each in found)


STAMPS = st.none() | st.floats(-1e6, 1e6) | st.integers(0, 50).map(lambda n: n / FPS)


@given(st.lists(st.tuples(STAMPS, STAMPS), max_size=60))
def test_any_stamps_give_rising_times_near_their_arrival(stamps):
    times, last = TimeStamps(), -1
    for number, (pts, dts) in enumerate(stamps):
        now = 100 + number / FPS
        found = times.repair(pts, dts, now)
        assert last < found.dts <= found.pts <= found.dts + 5.1 * 90_000
        assert now - 0.501 <= found.dts / 90_000 <= now + 0.001
        assert not times.stale
        last = found.dts


@settings(max_examples=50)
@given(st.lists(st.tuples(STAMPS, st.floats(0, 20)), max_size=60))
def test_whatever_comes_when_it_likes_ends_in_time(packets):
    times, now, last = TimeStamps(), 100.0, -1
    for stamp, pause in packets:
        now += pause
        found = times.repair(stamp, stamp, now)
        assert last < found.dts <= (now + 0.001) * 90_000
        last = found.dts
    for number in range(40):    # once it comes regularly, it is shown
        now += 1 / FPS
        found = times.repair(1e7 + number / FPS, 1e7 + number / FPS, now)
    assert not times.stale
    assert now - 0.501 <= found.dts / 90_000
