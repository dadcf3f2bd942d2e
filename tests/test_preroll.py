"""The pre-roll: bounded in seconds and bytes, and always starting with a key frame."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.frames import VideoHeader
from pyimagesearch.recording.preroll import Packet, Preroll


def packet(data, key=True):
    return Packet(data, VideoHeader(b"", b""), key, 0, 0)


def fill(preroll, count, fps=10.0, size=100, group=1, first=0):
    for number in range(first, first + count):
        preroll.put(packet(b"x" * size, number % group == 0), 1e9 + number / fps,
                    number / fps)


def test_pre_roll_keeps_its_seconds_and_no_more():
    preroll = Preroll(5.0)
    fill(preroll, 200)
    frames = preroll.after(0, 1000)
    assert frames[0].at <= 19.9 - 5.0 < frames[1].at
    assert preroll.bytes == 100 * len(frames)


def test_clip_begins_at_the_asked_moment():
    preroll = Preroll(5.0)
    fill(preroll, 200)
    (first, *_) = preroll.after(preroll.start_for(19.9 - 3.0))
    assert 16.8 <= first.at <= 16.9


def test_possible_event_keeps_its_whole_pre_roll():
    preroll = Preroll(5.0)
    fill(preroll, 200)
    for late in range(10):
        preroll.put(packet(b"y"), 0, 20 + late / 10, since=20.0)
    assert preroll.after(preroll.start_for(15.0))[0].at <= 15.0


def test_clip_of_packets_begins_with_a_key_packet_before():
    preroll = Preroll(5.0)
    fill(preroll, 200, group=25)
    (first, *_) = preroll.after(preroll.start_for(14.9))
    assert first.key
    assert first.at == 12.5


def test_bytes_are_bounded_even_if_nothing_is_taken():
    preroll = Preroll(60.0, max_bytes=10_000)
    preroll.hold(50)
    fill(preroll, 1000)
    assert preroll.bytes <= 10_000
    assert preroll.lost == 1000 - 100 - 49


def test_frame_that_was_not_taken_stays():
    preroll = Preroll(1.0)
    fill(preroll, 20)
    preroll.hold(20)
    fill(preroll, 100, first=20)
    assert preroll.after(20)[0].number == 20
    preroll.hold(float("inf"))
    fill(preroll, 1, first=120)
    assert preroll.after(0)[0].at <= 12.0 - 1.0


def test_frames_are_taken_once_each_and_in_order():
    preroll, taken, cursor = Preroll(5.0), [], 0
    for round_ in range(20):
        fill(preroll, 7, first=7 * round_)
        while frames := preroll.after(cursor, 3):
            taken += [frame.number for frame in frames]
            cursor = frames[-1].number + 1
    assert taken == list(range(1, 141))


@given(st.lists(st.tuples(st.floats(0.001, 3), st.booleans(), st.integers(1, 500)),
                min_size=1, max_size=60), st.floats(0, 8), st.integers(500, 5000))
def test_pre_roll_starts_with_a_key_frame_unless_it_is_full(puts, seconds, most):
    preroll, now = Preroll(seconds, most), 0.0
    for number, (pause, key, size) in enumerate(puts):
        now += pause
        preroll.put(packet(b"z" * size, key or number == 0), now, now)
    frames = preroll.after(0, 1000)
    assert preroll.bytes == sum(len(frame.content.data) for frame in frames) <= most
    if sum(size for _, _, size in puts) <= most:
        assert frames[0].key
        assert frames[0].at <= max(now - seconds, puts[0][0])


@pytest.mark.parametrize(("group", "gone"), [(1, 7.0), (1, 80.0), (10, 7.0), (10, 80.0)])
def test_clip_does_not_begin_with_what_came_before_a_loss(group, gone):
    # after cameras off and on, a clip began with a frame of 78 seconds before
    preroll, back = Preroll(5.0), 10.0 + gone
    fill(preroll, 100, group=group)
    for number in range(20):
        preroll.put(packet(b"y", number % group == 0), 0, back + number / 10)
    assert preroll.after(preroll.start_for(back + 1.9 - 5.0), 1)[0].at == back
    slow = Preroll(5.0)
    fill(slow, 20, fps=0.5)
    assert slow.after(slow.start_for(33.0), 1)[0].at == 32.0
