"""What recordings should show, by marks of the owner."""

import datetime

import pytest

from pyimagesearch.errors import SettingsError
from pyimagesearch.events.event import CLIP, COMPLETE, GONE, UNFINISHED, Event, KeptFile
from pyimagesearch.folders import DataFolder
from pyimagesearch.recording.clip_metadata import ClipMetadata
from pyimagesearch.replay.marks import (
    Span,
    by_archive,
    whole_archive,
)
from pyimagesearch.replay.recordings import Recording
from videos import film

NOON = datetime.datetime(2026, 11, 20, 12).timestamp()


def clip(number=1, camera="front", kind="motion", end=NOON + 2.0):
    return ClipMetadata(event=number, camera=camera, kind=kind, begin=NOON, end=end,
                        first=NOON - 1.0, last=NOON + 3.0)


def recording(metadata=None):
    return Recording((), "clip.mp4", 4.0, (metadata,) if metadata else ())


def keep(sample, number, camera="front", state=COMPLETE, **marks):
    """Add an event with a clip to the archive."""
    path = f"{camera}/{number}.mp4"
    (sample.clips / camera).mkdir(exist_ok=True)
    film(sample.clips / path, 2, moving=(), comment=clip(number, camera).as_comment())
    file = KeptFile(path, CLIP, NOON - 1, NOON + 3, 9, state)
    sample.add(Event(id=number, camera=camera, kind="motion", begin=NOON, end=NOON + 2,
                     files=(file,), **marks))


@pytest.fixture
def data(tmp_path):
    return DataFolder(str(tmp_path))


def test_clips_are_real_events_unless_marked(sample, data):
    keep(sample, 1, not_event=True)
    keep(sample, 2)
    found = by_archive([recording(clip(number)) for number in (1, 2, 3)], data)
    assert [each.real for each in found] == [None, Span(1.0, 3.0), Span(1.0, 3.0)]


def test_clips_need_no_list_of_events(tmp_path):
    (found,) = by_archive([recording(clip(end=None))], DataFolder(str(tmp_path / "none")))
    assert found.real == Span(1.0, 4.0)    # an event that lasts longer than its clip


@pytest.mark.parametrize("metadata", [None, clip(kind="manual")])
def test_other_videos_have_no_marks(data, metadata):
    with pytest.raises(SettingsError, match=r"clips of motion events, and clip\.mp4 is none"):
        by_archive([recording(metadata)], data)


def test_whole_archive_has_the_marked_events_of_a_camera(sample, data):
    keep(sample, 1, starred=True)
    keep(sample, 2, not_event=True, starred=True)
    keep(sample, 3)
    keep(sample, 4, camera="yard", not_event=True)
    keep(sample, 5, starred=True, state=GONE)
    found, lacking = whole_archive(data, "front")
    assert [(each.recording.clips[0].event, each.real is not None) for each in found] == [
        (1, True), (2, False)]
    assert lacking == 0     # retention removed it: it is not among the marked ones
    with pytest.raises(SettingsError, match="marked events of front, yard; choose one"):
        whole_archive(data, None)


def test_marked_event_whose_clip_cannot_be_read_is_counted(sample, data):
    keep(sample, 1, starred=True)
    keep(sample, 2, starred=True)
    (sample.clips / "front/2.mp4").write_bytes(b"")
    found, lacking = whole_archive(data, None)
    assert [each.recording.clips[0].event for each in found] == [1]
    assert lacking == 1


def test_clip_that_is_not_complete_is_not_replayed(sample, data):
    keep(sample, 1, starred=True)
    keep(sample, 2, starred=True, state=UNFINISHED)
    found, lacking = whole_archive(data, None)
    assert ([each.recording.clips[0].event for each in found], lacking) == ([1], 1)


def test_archive_without_marks_says_how_to_mark(sample, data, tmp_path):
    keep(sample, 1)
    with pytest.raises(SettingsError, match="no event is marked; mark false alarms"):
        whole_archive(data, None)
    with pytest.raises(SettingsError, match="there is no list of events"):
        whole_archive(DataFolder(str(tmp_path / "none")), None)
