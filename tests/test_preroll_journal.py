"""The journal of JPEGs that a crash would lose."""

import json
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from filming import BEGAN, SMALL, metadata_of, preroll_of, write_journal
from pyimagesearch.jpeg import LazyJpeg
from pyimagesearch.overlay import Annotation, ClockStyle
from pyimagesearch.recording.paths import JOURNAL_SUFFIX
from pyimagesearch.recording.preroll import EncodedFrame, Preroll
from pyimagesearch.recording.preroll_journal import Journal, read_journal


@pytest.mark.parametrize("boxes", [None, (), ((1, 2, 30, 40),), ((1, 2, 3, 4), (5, 6, 7, 8))])
def test_journal_gives_back_what_was_written(tmp_path, boxes):
    metadata, frames = read_journal(write_journal(tmp_path, 50, boxes=boxes))
    assert metadata == metadata_of(BEGAN, first=BEGAN, last=BEGAN)
    assert frames == preroll_of(50, boxes=boxes).after(1, 50)


def test_journal_keeps_size_and_clock_of_the_clip(tmp_path):
    preroll, path = Preroll(60.0), tmp_path / f"a{JOURNAL_SUFFIX}"
    for number in range(20):
        overlay = Annotation((), BEGAN + number / 10, clock=ClockStyle("top-right", "%H:%M"))
        jpeg = LazyJpeg(SMALL[0], (80, 60), overlay, given=(160, 120))
        preroll.put(jpeg, BEGAN + number / 10, number / 10)
    Journal(path, preroll).begin(metadata_of(BEGAN, first=BEGAN, last=BEGAN), 1)
    assert read_journal(path)[1] == preroll.after(1, 20)


def test_journal_ends_at_a_size_that_is_none(tmp_path):
    path = write_journal(tmp_path, 50)
    data = path.read_bytes().split(b"\n", 2)
    for size in ([0, 60], [80], "80x60", None, {}, [1e9, 1e9], ["a", "b"]):
        head = {**json.loads(data[1]), "size": size}
        path.write_bytes(b"\n".join([data[0], json.dumps(head).encode(), data[2]]))
        assert read_journal(path)[1] == []


def test_journal_ends_at_a_clock_that_is_none(tmp_path):
    path = write_journal(tmp_path, 50, boxes=())
    data = path.read_bytes().split(b"\n", 2)
    for clock in (["moon", "%H"], ["off"], None, 1):
        head = {**json.loads(data[1]), "clock": clock}
        path.write_bytes(b"\n".join([data[0], json.dumps(head).encode(), data[2]]))
        assert read_journal(path)[1] == []


def test_no_journal_if_nothing_waits(tmp_path):
    path = write_journal(tmp_path, 10)      # not more than a second
    assert not path.exists()


def test_no_journal_if_the_disk_has_little_room(tmp_path):
    path = write_journal(tmp_path, 50, spare_bytes=1 << 60)
    assert not path.exists()
    assert write_journal(tmp_path, 50).exists()


def test_writing_takes_no_second_copy_of_all_pictures(tmp_path):
    # three cameras began to record at once, and took 30 MB for a moment
    preroll = Preroll(60.0)
    for number in range(100):
        preroll.put(LazyJpeg(SMALL[0].ljust(50_000, b"x"), (160, 120)), BEGAN + number / 10, number / 10)
    path = tmp_path / f"a{JOURNAL_SUFFIX}"
    tracemalloc.start()
    journal = Journal(path, preroll)
    journal.begin(metadata_of(BEGAN, first=BEGAN, last=BEGAN), 1)
    journal.leave()
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size > 5_000_000
    assert taken < 4_000_000


def test_journal_goes_once_the_clip_is_safe_without_it(tmp_path):
    preroll, path = preroll_of(50), tmp_path / f"a{JOURNAL_SUFFIX}"
    journal = Journal(path, preroll)
    journal.begin(metadata_of(BEGAN), 1)
    size = path.stat().st_size
    preroll.put(LazyJpeg(SMALL[0], (160, 120)), BEGAN + 5, 5.0)
    journal.update()
    assert path.stat().st_size > size       # what comes meanwhile waits, too
    journal.settle(5.0)
    size = path.stat().st_size
    preroll.put(LazyJpeg(SMALL[0], (160, 120)), BEGAN + 5.1, 5.1)
    journal.update()
    assert path.stat().st_size == size      # but all is encoded now
    journal.settle(5.9)
    assert path.exists()
    journal.settle(6.1)
    assert not path.exists()


HEADS = st.one_of(
    st.binary(max_size=40),
    st.fixed_dictionaries({}, optional={
        "captured": st.floats() | st.none(), "at": st.floats() | st.text(max_size=3),
        "bytes": st.integers(-9, 99) | st.none() | st.floats(),
        "undrawn": st.none() | st.lists(st.integers(), max_size=9)}).map(
            lambda head: json.dumps(head).encode()))


@given(st.lists(HEADS, max_size=5), st.integers(0, 10**6))
@settings(max_examples=100, deadline=None)
@example([b"[" * 4000, b"null", b"7"], 0)
def test_broken_journal_is_read_without_an_error(tmp_path_factory, lines, cut):
    path = write_journal(tmp_path_factory.mktemp("broken"), 20)
    whole = path.read_bytes()
    path.write_bytes(whole[:cut % len(whole)] + b"\n".join(lines))
    _, frames = read_journal(path)
    assert all(isinstance(frame, EncodedFrame) and frame.content.data for frame in frames)
    assert len(frames) <= 25
