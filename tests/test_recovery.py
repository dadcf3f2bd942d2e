"""Recovery of clips and events after a crash, or after changes by hand."""

import os
from dataclasses import replace

import pytest

from conftest import keeping
from filming import (
    BEGAN,
    SMALL,
    film,
    metadata_of,
    record,
    times,
    write_journal,
    write_part,
)
from pyimagesearch.archive.recovery import recover
from pyimagesearch.events.event import Event, KeptFile
from pyimagesearch.recording import clip as mp4
from pyimagesearch.recording.clip import read_clip
from pyimagesearch.recording.clip_metadata import ClipMetadata
from pyimagesearch.settings.settings import Settings
from pyimagesearch.streaming.broadcaster import JpegFrame
from test_archive import events_of, opened


def recover_all(kept, is_ours=lambda path: False):
    for _ in recover(kept.clips, kept.store, is_ours, kept.stopping):
        pass


def one_event(tmp_path, clock, archive):
    """Record an event with the real recorder into the archive's folder."""
    (wanted,) = Settings(source=("front=demo",)).cameras()
    kept = keeping(wanted, clock, tmp_path, store=archive.store)
    archive.store.begin(Event(id=7, camera="front", kind="motion", begin=clock.time() + 8, end=None))
    record(kept, clock, 2)
    return kept


def test_event_cut_off_by_a_crash_is_ended_with_its_clip(archive, clock, tmp_path, caplog):
    caplog.set_level("INFO")
    kept = opened(archive())
    (wanted,) = Settings(source=("front=demo",)).cameras()
    recorder = keeping(wanted, clock, tmp_path)
    event = Event(id=kept.store.new_id(), camera="front", kind="motion",
                  begin=clock.time() + 6, end=None)
    kept.store.begin(event)
    kept.store.keep(event.id, KeptFile(f"front/{'x'}.mp4", "clip", 0, 0, 0, "open"))
    film(recorder, clock, 6)
    recorder.recorder.begin(replace(metadata_of(event.begin), event=event.id), clock.monotonic() - 5)
    film(recorder, clock, 4)        # and no more: the process is gone
    assert len(recorder.files("*.part.mp4")) == 1
    kept = opened(archive())
    (found,) = events_of(kept)
    assert found.id == event.id
    assert found.end == pytest.approx(event.begin + 4, abs=0.6)
    assert {file.state for file in found.files} == {"complete", "broken"}
    assert recorder.files("*.part.mp4") == []
    assert "ended the events that lasted until the program stopped: front (motion)" in caplog.text
    (clip,) = recorder.files()
    assert caplog.text.count(clip.name) == 1    # and once, not as finished and as found


def test_empty_part_is_removed_and_garbage_is_left(archive, clock):
    kept = opened(archive())
    day = kept.clips / "front" / "2027-01-15"
    day.mkdir(parents=True)
    (day / "00-00-00.part.mp4").write_bytes(b"ftyp")
    (day / "00-00-01.part.mp4").write_bytes(os.urandom(5000))
    (day / "00-00-02.draft.mp4").write_bytes(b"half a copy")
    opened(archive())
    assert [path.name for path in day.iterdir()] == ["00-00-01.part.mp4"]


def test_corrupt_list_is_rebuilt_from_the_clips(archive, clock, tmp_path):
    kept = opened(archive())
    one_event(tmp_path, clock, kept)
    kept.store.flush(60)
    kept.star([7], True)
    before = events_of(kept)
    kept.store.stop()
    assert kept.store.join(60)
    (tmp_path / "events.db").write_bytes(b"SQLite format 3\0" + os.urandom(8000))
    kept = opened(archive())
    (after,) = events_of(kept)
    assert after.id == before[0].id == 7
    assert (after.camera, after.kind) == ("front", "motion")
    assert after.begin == pytest.approx(before[0].begin, abs=0.001)
    assert after.peak_area == 12.5
    assert after.starred
    assert [file.state for file in after.files] == ["complete"]
    assert len(list(tmp_path.glob("events.corrupt-*.db"))) == 1     # nothing was deleted


def test_rebuilt_list_keeps_the_order_of_recording(archive, clock, tmp_path):
    # neither the clock of the recordings nor that of the rebuilding is right
    (wanted,) = Settings(source=("front=demo",)).cameras()
    kept = opened(archive())
    recorder = keeping(wanted, clock, tmp_path, store=kept.store)
    order = []
    for ahead in (0, 400 * 86_400, 60 - clock.now, -86_400):
        clock.ahead = ahead
        film(recorder, clock, 6)
        event = kept.store.add("motion", clock.time(), None, "front")
        order.insert(0, event.id)
        recorder.recorder.begin(replace(metadata_of(event.begin), event=event.id),
                                clock.monotonic())
        film(recorder, clock, 2)
        recorder.recorder.end(replace(metadata_of(event.begin, end=clock.time()), event=event.id),
                              clock.monotonic())
        film(recorder, clock, 1.5)
    assert kept.store.flush(60)
    with kept.store.reading() as reader:
        before = [(row.file.sequence, row.file.path) for row in reader.files("complete")]
    assert len(before) == 4
    assert sorted(each for each, _ in before) > sorted(order)
    kept.store.stop()
    assert kept.store.join(60)
    (tmp_path / "events.db").unlink()
    clock.ahead = 60 - clock.now
    kept = opened(archive())
    assert [event.id for event in events_of(kept)] == order
    with kept.store.reading() as reader:
        assert [(row.file.sequence, row.file.path)
                for row in reader.files("complete")] == before
    assert kept.store.new_id() > before[-1][0]


def test_clip_is_as_long_as_its_frames_though_the_clock_is_set(archive, clock, tmp_path):
    (wanted,) = Settings(source=("front=demo",)).cameras()
    kept = opened(archive())
    recorder = keeping(wanted, clock, tmp_path, store=kept.store)
    clock.ahead = 60 - clock.now
    begin = clock.time()
    recorder.recorder.begin(metadata_of(begin), clock.monotonic())
    film(recorder, clock, 2)
    clock.ahead = 0
    film(recorder, clock, 2)
    recorder.recorder.end(metadata_of(begin), clock.monotonic())
    film(recorder, clock, 1.5)
    kept.store.begin(Event(id=7, camera="front", kind="motion", begin=begin, end=None))
    assert kept.store.flush(60)
    (event,) = events_of(opened(archive()))     # the program was killed before it ended
    assert event.end - event.begin == pytest.approx(4, abs=0.3)


def test_foreign_clip_is_adopted(archive, clock, tmp_path):
    kept = opened(archive())
    one_event(tmp_path, clock, kept)
    kept.store.flush(60)
    (clip,) = kept.clips.rglob("*.mp4")
    other = kept.clips / "yard" / "2020-02-02" / "12-00-00.mp4"
    other.parent.mkdir(parents=True)
    subclip = clip.read_bytes().replace(b"webstreaming clip", b"another's   clip!")
    other.write_bytes(subclip)
    other.with_suffix(".jpg").write_bytes(SMALL[0])
    kept = opened(archive())
    adopted = next(event for event in events_of(kept) if event.camera == "yard")
    assert adopted.note == "found on the disk"
    assert {file.media for file in adopted.files} == {"clip", "thumbnail"}


def test_metadata_of_a_camera_with_any_name_is_read_back():
    metadata = ClipMetadata(event=1, camera='a "quoted" \u263a', kind="motion", begin=1.5, peak_box=(0, 1, 2, 3))
    from pyimagesearch.recording.clip_metadata import read_metadata
    assert read_metadata(metadata.as_comment()) == metadata


# --- journals

# --- what waited to be encoded

@pytest.mark.parametrize("in_part", [None, 0, 5, 49, 50, 60])
def test_crash_loses_nothing_of_the_journal(archive, in_part):
    kept = opened(archive())
    folder = kept.clips / "front" / "2027-01-15"
    write_journal(folder, 50)
    if in_part is not None:
        write_part(folder, in_part)
    recover_all(kept)
    (clip,) = folder.iterdir()
    assert clip.name == "08-00-00.mp4"
    assert len(times(clip)) == max(50, in_part or 0)
    metadata, _ = read_clip(clip)
    assert (metadata.event, metadata.first) == (7, BEGAN)
    (event,) = events_of(kept)
    assert event.files[0].state == "complete"


def test_full_disk_leaves_all_for_the_next_start(archive, monkeypatch, caplog):
    kept = opened(archive())
    folder = kept.clips / "front" / "2027-01-15"
    write_journal(folder, 50)
    with monkeypatch.context() as full:
        full.setattr(mp4.SyncedFile, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
        recover_all(kept)
    assert "08-00-00.part.jpegs is left for the next start: full" in caplog.text
    recover_all(kept)
    (clip,) = folder.iterdir()
    assert len(times(clip)) == 50


def leave_journal(kept, **more):
    """Leave an event of an earlier run whose clip cannot be finished yet; return its folder."""
    folder = kept.clips / "front" / "2027-01-15"
    write_journal(folder, 50)
    write_part(folder, 20)
    kept.store.begin(Event(
        id=7, camera="front", kind="motion", begin=BEGAN + 1, end=None, files=(KeptFile(
            "front/2027-01-15/08-00-00.mp4", "clip", BEGAN, BEGAN, 0, "open"),), **more))
    kept.store.flush(60)
    return folder


def test_event_with_an_unfinished_clip_ends_with_it_later(archive, monkeypatch):
    # the page said that its file had been moved; and its end stayed at its begin
    folder = leave_journal(opened(archive()))
    with monkeypatch.context() as without:
        without.setattr("pyimagesearch.archive.recovery.finish_clips", lambda *_: ())
        kept = opened(archive())
    (event,) = events_of(kept)
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert (event.end, event.files[0].state, event.files[0].bytes) == (
        BEGAN + 1, "unfinished", size)
    kept.enforce()
    assert kept.status().used == size
    kept = opened(archive())
    (event,) = events_of(kept)
    assert event.files[0].state == "complete"
    assert event.end == pytest.approx(BEGAN + 4.9, abs=0.2)
    assert len(times(folder / "08-00-00.mp4")) == 50


def test_event_that_ended_before_its_clip_keeps_its_end(archive):
    kept = opened(archive())
    leave_journal(kept)
    kept.store.keep(7, KeptFile("front/2027-01-15/08-00-00.mp4", "clip", BEGAN, BEGAN + 4.9, 0,
                                "unfinished"))
    kept.store.end(7, BEGAN + 3, 5.0, None)
    kept.store.flush(60)
    (event,) = events_of(opened(archive()))
    assert (event.end, event.files[0].state) == (BEGAN + 3, "complete")


def test_clip_that_is_being_recorded_stays_open(archive):
    kept = opened(archive())
    event = Event(id=kept.store.new_id(), camera="front", kind="motion", begin=BEGAN, end=None,
                  files=(KeptFile("front/2027-01-15/08-00-00.mp4", "clip", BEGAN, BEGAN, 0,
                                  "open"),))
    write_part(kept.clips / "front" / "2027-01-15", 20)
    kept.store.begin(event)
    kept.store.flush(60)
    kept.enforce()
    kept.store.flush(60)
    assert events_of(kept)[0].files[0].state == "open"


def test_deleted_event_stays_deleted_though_its_clip_waits(archive, clock, monkeypatch):
    # its half-written clip was left, finished later, and the event was back
    kept = opened(archive())
    folder = kept.clips / "front" / "2027-01-15"
    write_journal(folder, 50)
    write_part(folder, 20)
    kept.store.begin(Event(
        id=7, camera="front", kind="motion", begin=BEGAN, end=BEGAN + 5, files=(
            KeptFile("front/2027-01-15/08-00-00.mp4", "clip", BEGAN, BEGAN + 5, 0, "broken"),)))
    kept.store.flush(60)
    kept.store.delete([7], clock.time())
    clock.now += 60
    kept.enforce()
    assert not folder.exists()
    recover_all(kept)
    assert events_of(kept) == []


def test_what_a_power_cut_left_empty_is_never_complete(archive, clock):
    kept = opened(archive())
    day, names = kept.clips / "front" / "2027-01-15", ("08-00-00.mp4", "08-00-01.jpg")
    day.mkdir(parents=True)
    for name in names:
        (day / name).touch()
        kept.store.keep(7, KeptFile(f"front/2027-01-15/{name}", "still", BEGAN, BEGAN, 9, "complete"))
    (day / "09-00-00.jpg").touch()      # three that are in no event
    (day / "09-00-01.jpg").write_bytes(SMALL[0][:-9])
    (day / "09-00-02.jpg").write_bytes(SMALL[0][:-9] + bytes(9))
    (day / "09-00-03.jpg").write_bytes(SMALL[0])
    (day / ".09-00-04.jpg.draft").write_bytes(SMALL[0])
    kept.store.begin(Event(id=7, camera="front", kind="snapshot", begin=BEGAN, end=BEGAN))
    kept.store.flush(60)
    for _ in range(2):      # the next start finds the same
        kept = opened(archive())
        states = {file.path[-12:]: file.state for event in events_of(kept) for file in event.files}
        assert states == {"08-00-00.mp4": "broken", "08-00-01.jpg": "broken",
                          "09-00-01.jpg": "broken", "09-00-02.jpg": "broken",
                          "09-00-03.jpg": "complete"}
    assert not (day / "09-00-00.jpg").exists()
    assert list(day.glob(".*")) == []


# --- beside the recorders

def filmed_meanwhile(archive, clock, tmp_path):
    """Return an archive that is not open yet, and a recorder that writes a clip to it."""
    kept = archive()
    (wanted,) = Settings(source=("front=demo",)).cameras()
    recorder = keeping(wanted, clock, tmp_path, store=kept.store)
    kept.recorders.append(recorder.recorder)
    film(recorder, clock, 6)
    event = kept.store.add("motion", clock.time(), None, "front")
    recorder.recorder.begin(replace(metadata_of(event.begin), event=event.id), clock.monotonic())
    film(recorder, clock, 2)
    return kept, recorder, event


def test_recovery_leaves_alone_what_is_recorded_meanwhile(archive, clock, tmp_path):
    leave_journal(opened(archive()))
    kept, recorder, event = filmed_meanwhile(archive, clock, tmp_path)
    still = recorder.evidence.keep_still(JpegFrame(1, SMALL[0], clock.time(), b"")).event
    film(recorder, clock, 0.2)      # the still is written; the list does not have it yet
    assert len(recorder.files("*.jpg")) == 1
    opened(kept)
    assert len(recorder.files("*.part.mp4")) == 1
    recorder.recorder.end(replace(metadata_of(event.begin, end=clock.time()), event=event.id),
                          clock.monotonic())
    film(recorder, clock, 1.5)
    assert kept.store.flush(60)
    found = {each.id: [file.state for file in each.files] for each in events_of(kept)}
    assert found == {7: ["complete"], event.id: ["complete"], still: ["complete"]}
    assert len(recorder.files("*.mp4")) == 2


def test_recording_begins_before_recovery(archive, monkeypatch):
    kept, seen = archive(), []
    monkeypatch.setattr("pyimagesearch.archive.recovery.places",
                        lambda *_: seen.append(kept.ready.is_set()) or [])
    opened(kept)
    assert seen == [True]


def test_recovery_that_is_stopped_is_done_at_the_next_start(archive, monkeypatch):
    folder = leave_journal(opened(archive()))
    for day in (16, 17):
        write_part(folder.with_name(f"2027-01-{day}"), 5)
    kept = archive()
    with monkeypatch.context() as stopping:
        stopping.setattr("pyimagesearch.archive.leftovers.finish_part", lambda part: kept.stop())
        opened(kept)
    assert len(list(kept.clips.rglob("*.part.mp4"))) == 3
    opened(archive())
    assert len(list(kept.clips.rglob("*-00.mp4"))) == 3
    assert list(kept.clips.rglob("*.part.*")) == []


def test_folder_that_cannot_be_read_is_left_for_the_next_start(archive, caplog):
    kept = opened(archive())
    leave_journal(kept)
    kept.store.begin(Event(id=8, camera="front", kind="motion", begin=BEGAN, end=BEGAN + 5, files=(
        KeptFile("front/2027-01-14/08-00-00.mp4", "clip", BEGAN, BEGAN + 5, 9, "complete"),)))
    loop = kept.clips / "front" / "2027-01-14"
    loop.symlink_to(loop)
    assert kept.store.flush(60)
    kept = opened(archive())
    assert f"{loop} is left for the next start: Too many levels" in caplog.text
    assert [event.files[0].state for event in events_of(kept)] == ["complete", "complete"]


def test_list_knows_the_files_of_one_folder(archive):
    kept = opened(archive())
    paths = ["a.mp4", "front/b.mp4", "front/2027-01-15/c.mp4", "front/2027-01-15/d/e.mp4", "front2/f.mp4"]
    kept.store.begin(Event(id=1, camera="front", kind="motion", begin=BEGAN, end=BEGAN, files=tuple(
        KeptFile(path, "clip", BEGAN, BEGAN, 1, "gone") for path in paths)))
    assert kept.store.flush(60)
    with kept.store.reading() as reader:
        found = {place: [row.file.path for row in reader.files_in(place)] for place in reader.places()}
    assert found == {path.removesuffix(path.rpartition("/")[2]): [path] for path in paths}
