"""Motion events, for frames at any rate."""

from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.motion_detection.motionevents import Change, MotionEvents

RHYTHM = st.lists(st.tuples(st.floats(0, 12), st.booleans()), max_size=80)


def play(frames, **settings):
    """Feed (pause, motion) pairs; return the changes, the frames with times, the object."""
    events, now, changes, seen = MotionEvents(**settings), 0.0, [], []
    for pause, motion in frames:
        now += pause
        seen.append((now, motion))
        changes += events.on_frame(now, motion)
    return changes, seen, events


def test_three_of_five_frames_start_an_event_at_the_first():
    changes, _, _ = play([(1, False), (1, True), (1, False), (1, True), (1, True)])
    assert changes == [Change(True, 2.0)]


def test_two_of_five_frames_start_no_event():
    changes, _, events = play([(1, True), (1, False), (1, False), (1, False), (1, True)] * 4)
    assert changes == []
    assert not events.ongoing


def test_other_numbers_hold_from_the_next_frame_on():
    changes, _, events = play([(1, True), (1, False)] * 2)
    assert changes == []
    events.apply(min_frames=2, post_roll=1.0)
    assert events.on_frame(5.0, True) == [Change(True, 1.0)]
    assert events.on_frame(7.5, False) == [Change(False, 5.0)]


def test_time_without_a_signal_does_not_end_an_event():
    events = MotionEvents(min_frames=1, post_roll=5.0)
    assert events.on_frame(1.0, True) == [Change(True, 1.0)]
    assert events.on_frame(3.0, False) == []
    events.pause()
    assert events.on_frame(23.0, False) == []       # 2 seconds without motion so far
    events.pause()
    assert events.on_frame(43.0, False) == []
    assert events.on_frame(46.1, False) == [Change(False, 1.0)]


def test_event_ends_after_the_post_roll_with_its_last_motion():
    changes, _, _ = play([(1, True)] * 4 + [(1, False)] * 5, post_roll=5.0)
    assert changes == [Change(True, 1.0), Change(False, 4.0)]


def test_motion_within_the_post_roll_prolongs_the_event():
    changes, _, events = play([(1, True)] * 3 + ([(1, False)] * 4 + [(0.5, True)]) * 5)
    assert changes == [Change(True, 1.0)]
    assert events.ongoing


def test_pause_longer_than_the_post_roll_ends_the_event():
    changes, _, _ = play([(1, True)] * 3 + [(60, True)], min_frames=1, post_roll=5.0)
    assert changes == [Change(True, 1.0), Change(False, 3.0), Change(True, 63.0)]


def test_event_of_a_slow_camera_lasts_as_long_as_its_motion():
    changes, _, events = play([(6, True)] * 8 + [(6, False), (6, True)] * 3, post_roll=5.0)
    assert changes == [Change(True, 6.0)]
    assert events.ongoing
    changes, _, _ = play([(6, True)] * 4 + [(6, False)] * 3, post_roll=5.0)
    assert changes == [Change(True, 6.0), Change(False, 24.0)]


def test_reset_ends_the_event_and_forgets_the_frames():
    changes, _, events = play([(1, True)] * 3)
    assert events.reset() == [Change(False, 3.0)]
    assert events.reset() == []
    assert events.on_frame(4.0, True) == []
    assert changes == [Change(True, 1.0)]


@given(RHYTHM, st.integers(1, 5), st.floats(0.5, 20))
def test_starts_and_ends_alternate_in_order(frames, min_frames, post_roll):
    changes, _, events = play(frames, min_frames=min_frames, post_roll=post_roll)
    assert [each.started for each in changes] == [
        number % 2 == 0 for number in range(len(changes))]
    assert events.ongoing == bool(len(changes) % 2)
    assert [each.at for each in changes] == sorted(each.at for each in changes)


@given(RHYTHM, st.integers(1, 5), st.floats(0.5, 20))
def test_no_event_without_motion(frames, min_frames, post_roll):
    changes, seen, _ = play(frames, min_frames=min_frames, post_roll=post_roll)
    moved = {at for at, motion in seen if motion}
    assert all(each.at in moved for each in changes)


@given(RHYTHM, st.integers(1, 5), st.floats(0.5, 20))
def test_events_match_an_independent_computation(frames, min_frames, post_roll):
    """A second, slower computation from all frames so far."""
    events, now, past, last = MotionEvents(min_frames=min_frames, post_roll=post_roll), 0.0, [], None
    for pause, motion in frames:
        now += pause
        times = [at for at, _ in past[-5:]]
        slow = 2.5 * (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 0
        if last is not None and now - last >= max(post_roll, slow):
            last, past = None, []
        past.append((now, motion))
        enough = motion and sum(moved for _, moved in past[-5:]) >= min_frames
        if motion and (last is not None or enough):
            last = now
        events.on_frame(now, motion)
        assert events.ongoing == (last is not None)
