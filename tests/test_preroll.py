"""The pre-roll: bounded in seconds and bytes, and always begun by a key picture."""

import mmap
import random
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.recording.preroll import CHUNK, Tape


def fill(tape, count, fps=10.0, size=100, group=1, first=0):
    for number in range(first, first + count):
        tape.put(b"x" * size, 1e9 + number / fps, number / fps, key=number % group == 0)


def test_tape_keeps_its_seconds_and_no_more():
    tape = Tape(5.0)
    fill(tape, 200)
    pieces = tape.after(0, 1000)
    assert pieces[0].at <= 19.9 - 5.0 < pieces[1].at
    assert tape.bytes == 100 * len(pieces)


def test_clip_begins_at_the_asked_moment():
    tape = Tape(5.0)
    fill(tape, 200)
    (first, *_) = tape.after(tape.start_for(19.9 - 3.0))
    assert 16.8 <= first.at <= 16.9


def test_possible_event_keeps_its_whole_pre_roll():
    tape = Tape(5.0)
    fill(tape, 200)
    for late in range(10):
        tape.put(b"y", 0, 20 + late / 10, since=20.0)
    assert tape.after(tape.start_for(15.0))[0].at <= 15.0


def test_clip_of_packets_begins_with_a_key_packet_before_the_moment():
    tape = Tape(5.0)
    fill(tape, 200, group=25)
    (first, *_) = tape.after(tape.start_for(14.9))
    assert first.key
    assert first.at == 12.5


def test_bytes_are_bounded_even_if_nothing_is_taken():
    tape = Tape(60.0, most_bytes=10_000)
    tape.hold(50)
    fill(tape, 1000)
    assert tape.bytes <= 10_000
    assert tape.lost == 1000 - 100 - 49


def test_piece_that_was_not_taken_stays():
    tape = Tape(1.0)
    fill(tape, 20)
    tape.hold(20)
    fill(tape, 100, first=20)
    assert tape.after(20)[0].number == 20
    tape.hold(float("inf"))
    fill(tape, 1, first=120)
    assert tape.after(0)[0].at <= 12.0 - 1.0


def test_pieces_are_taken_each_once_and_in_order():
    tape, taken, cursor = Tape(5.0), [], 0
    for round_ in range(20):
        fill(tape, 7, first=7 * round_)
        while pieces := tape.after(cursor, 3):
            taken += [piece.number for piece in pieces]
            cursor = pieces[-1].number + 1
    assert taken == list(range(1, 141))


@given(st.lists(st.tuples(st.floats(0.001, 3), st.booleans(), st.integers(1, 500)),
                min_size=1, max_size=60), st.floats(0, 8), st.integers(500, 5000))
def test_tape_starts_with_a_key_unless_bytes_forced_it_otherwise(puts, seconds, most):
    tape, now = Tape(seconds, most), 0.0
    for number, (pause, key, size) in enumerate(puts):
        now += pause
        tape.put(b"z" * size, now, now, key=key or number == 0)
    pieces = tape.after(0, 1000)
    assert tape.bytes == sum(len(piece.data) for piece in pieces) <= most
    if sum(size for _, _, size in puts) <= most:
        assert pieces[0].key
        assert pieces[0].at <= max(now - seconds, puts[0][0])


@pytest.mark.parametrize(("group", "gone"), [(1, 7.0), (1, 80.0), (10, 7.0), (10, 80.0)])
def test_clip_does_not_begin_with_what_came_before_a_loss(group, gone):
    # after cameras off and on, a clip began with a frame of 78 seconds before
    tape, back = Tape(5.0), 10.0 + gone
    fill(tape, 100, group=group)
    for number in range(20):
        tape.put(b"y", 0, back + number / 10, key=number % group == 0)
    assert tape.after(tape.start_for(back + 1.9 - 5.0), 1)[0].at == back
    slow = Tape(5.0)
    fill(slow, 20, fps=0.5)
    assert slow.after(slow.start_for(33.0), 1)[0].at == 32.0


def test_what_was_laid_away_comes_back_and_its_memory_goes_when_it_is_forgotten(monkeypatch):
    chunks = weakref.WeakSet()

    class Counted(mmap.mmap):
        def __init__(self, *_, **__):
            chunks.add(self)

    monkeypatch.setattr(mmap, "mmap", Counted)
    tape, chance = Tape(60.0, most_bytes=10**9), random.Random(3)
    sizes = [1, 30_000, 70_000, CHUNK, CHUNK + 1]
    laid = [chance.randbytes(chance.choice(sizes)) for _ in range(200)]
    for number, data in enumerate(laid):
        tape.put(data, number, number / 10)
    assert [tape.after(number + 1, 1)[0].data for number in range(200)] == laid
    assert len(chunks) > 50
    tape.clear()
    tape.put(b"x", 0, 30.0)
    assert len(chunks) <= 2
