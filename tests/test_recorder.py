"""The recorder: orders, several events at once, priority."""

import sys

import pytest

from filming import BEGAN, film, metadata_of, record
from pyimagesearch.recording.clip import read_clip
from pyimagesearch.recording.clip_metadata import ClipMetadata


@pytest.mark.parametrize("fps", [3.0, 10.0, 30.0])
def test_pre_roll_is_five_seconds(keep, clock, fps):
    kept = keep()
    film(kept, clock, 9, fps=fps)
    begin = clock.time()
    kept.recorder.begin(metadata_of(begin), clock.monotonic() - 5.0)
    film(kept, clock, 2, fps=fps)
    kept.recorder.end(metadata_of(begin, end=clock.time()), clock.monotonic())
    film(kept, clock, 2, fps=fps)
    (clip,) = kept.files()
    metadata, seconds = read_clip(clip)
    assert 4.99 <= begin - metadata.first <= 5.01 + 1 / fps
    assert seconds == pytest.approx(7.0 + 1 / fps, abs=1.1 / fps)


def test_clip_holds_the_metadata_of_its_event(keep, clock):
    kept = keep()
    begin = record(kept, clock, 2)
    metadata, _ = read_clip(kept.files()[0])
    assert (metadata.event, metadata.camera, metadata.kind, metadata.begin) == (7, "front", "motion", begin)
    assert metadata.end == pytest.approx(begin + 2)
    assert (metadata.peak_area, metadata.peak_box) == (12.5, (1, 2, 3, 4))


def test_two_events_at_once_have_a_clip_each(keep, clock):
    kept = keep()
    film(kept, clock, 6)
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic() - 5)
    film(kept, clock, 2)
    manual = ClipMetadata(event=8, camera="front", kind="manual", begin=clock.time())
    kept.recorder.begin(manual, clock.monotonic())
    film(kept, clock, 2)
    kept.recorder.end(metadata_of(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    kept.recorder.end(manual, clock.monotonic())
    film(kept, clock, 2)
    lengths = {metadata.kind: seconds for metadata, seconds in map(read_clip, kept.files())}
    assert lengths == {"motion": pytest.approx(9, abs=0.2), "manual": pytest.approx(4, abs=0.2)}


def test_missing_folder_is_reported_once_something_is_recorded(keep, clock):
    kept = keep()
    kept.ready.clear()
    keep.obstacle = "the stick is not there"
    assert kept.recorder.trouble == ""
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic())
    assert kept.recorder.trouble == "cannot record: the stick is not there"
    kept.ready.set()
    keep.obstacle = ""
    film(kept, clock, 2)
    assert kept.recorder.trouble == ""
    assert kept.recorder.recording


def test_recording_begins_once_pyav_can_be_loaded(keep, clock, monkeypatch):
    """Without descriptors left, it cannot be; it is loaded when first needed."""
    kept = keep()
    with monkeypatch.context() as unavailable:
        unavailable.setitem(sys.modules, "pyimagesearch.recording.event_recording", None)
        kept.recorder.begin(metadata_of(clock.time()), clock.monotonic())
        film(kept, clock, 2)
        assert kept.recorder.trouble.startswith("cannot record: ")
        assert not kept.recorder.recording
    film(kept, clock, 2)
    assert kept.recorder.trouble == ""
    assert kept.recorder.recording
