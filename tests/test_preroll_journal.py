"""The pictures that a crash would have lost: written down, and taken up again."""

import json
import os
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_recorder import BEGAN, SMALL, probe, told

from pyimagesearch.errors import RecordingError
from pyimagesearch.jpeg import LazyJpeg
from pyimagesearch.recording.clip import Clip, finish, length_of, read_clip
from pyimagesearch.recording.paths import JOURNAL, PART
from pyimagesearch.recording.preroll import EncodedFrame, Preroll
from pyimagesearch.recording.preroll_journal import Journal, read_journal
from pyimagesearch.streaming.overlay import Annotation


def preroll_of(count, fps=10, boxes=None):
    """Return JPEGs; with *boxes*, those and the time are not drawn on them yet."""
    preroll = Preroll(60.0)
    for number in range(count):
        captured = BEGAN + number / fps
        overlay = None if boxes is None else Annotation(boxes, captured)
        jpeg = LazyJpeg(SMALL[number % len(SMALL)], (160, 120), overlay)
        preroll.put(jpeg, captured, number / fps)
    return preroll


def write(folder, count, boxes=None, **options):
    """Leave a journal of *count* pictures as a crash does; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"08-00-00{JOURNAL}"
    Journal(path, told(BEGAN, first=BEGAN, last=BEGAN), preroll_of(count, boxes=boxes), 1,
            **options).leave()
    return path


def write_part(folder, count):
    """Leave a half-written clip of *count* pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    clip = Clip(folder / f"08-00-00{PART}", told(BEGAN, first=BEGAN, last=BEGAN))
    for piece in preroll_of(count).after(1, count):
        clip.add(piece)
    clip.close()
    return clip.path


@pytest.mark.parametrize("boxes", [None, (), ((1, 2, 30, 40),), ((1, 2, 3, 4), (5, 6, 7, 8))])
def test_what_is_written_down_comes_back(tmp_path, boxes):
    metadata, frames = read_journal(write(tmp_path, 50, boxes=boxes), Annotation)
    assert metadata == told(BEGAN, first=BEGAN, last=BEGAN)
    assert frames == preroll_of(50, boxes=boxes).after(1, 50)


def test_there_is_none_where_nothing_waits(tmp_path):
    path = write(tmp_path, 10)      # not more than a second
    assert not path.exists()


def test_there_is_none_where_the_disk_has_little_room(tmp_path):
    path = write(tmp_path, 50, spare_bytes=1 << 60)
    assert not path.exists()
    assert write(tmp_path, 50).exists()


def test_writing_it_takes_no_second_copy_of_all_pictures(tmp_path):
    # three cameras began to record at once, and took 30 MB for a moment
    preroll = Preroll(60.0)
    for number in range(100):
        preroll.put(LazyJpeg(SMALL[0].ljust(50_000, b"x"), (160, 120)), BEGAN + number / 10, number / 10)
    path = tmp_path / f"a{JOURNAL}"
    tracemalloc.start()
    Journal(path, told(BEGAN, first=BEGAN, last=BEGAN), preroll, 1).leave()
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size > 5_000_000
    assert taken < 4_000_000


def test_it_goes_once_the_clip_is_safe_without_it(tmp_path):
    preroll, path = preroll_of(50), tmp_path / f"a{JOURNAL}"
    journal = Journal(path, told(BEGAN), preroll, 1)
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
            lambda told: json.dumps(told).encode()))


@given(st.lists(HEADS, max_size=5), st.integers(0, 10**6))
@settings(max_examples=100, deadline=None)
@example([b"[" * 4000, b"null", b"7"], 0)
def test_whatever_a_broken_disk_makes_of_it_is_read_without_an_error(tmp_path_factory, lines, cut):
    path = write(tmp_path_factory.mktemp("broken"), 20)
    whole = path.read_bytes()
    path.write_bytes(whole[:cut % len(whole)] + b"\n".join(lines))
    _, pieces = read_journal(path, Annotation)
    assert all(isinstance(piece, EncodedFrame) and piece.content.data for piece in pieces)
    assert len(pieces) <= 25


def test_length_is_told_of_what_can_be_read(tmp_path):
    assert length_of(write_part(tmp_path, 31)) == pytest.approx(3.0)
    assert length_of(tmp_path / "nowhere") == -1.0
    (tmp_path / "x").write_bytes(b"x" * 100)
    assert length_of(tmp_path / "x") == -1.0
    with pytest.raises(RecordingError):
        read_clip(tmp_path / "x")


@pytest.mark.parametrize("cut", range(1, 8000, 613))
def test_half_a_packet_is_no_frame(tmp_path, cut):
    # a full disk ends a file anywhere; its last frame was shown grey and torn
    part = write_part(tmp_path, 50)
    os.truncate(part, part.stat().st_size - cut)
    shown = probe(finish(part), "-count_packets", "-count_frames", "-show_entries",
                    "stream=nb_read_packets,nb_read_frames")["streams"][0]
    assert shown["nb_read_packets"] == shown["nb_read_frames"]
    assert 30 <= int(shown["nb_read_frames"]) <= 50
