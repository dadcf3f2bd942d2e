"""One event: its clips, where they are cut, and what the disk refuses."""

import itertools
import shutil

import av
import pytest

from filming import (
    BEGAN,
    Counted,
    film,
    jpegs,
    metadata_of,
    packets_of,
    probe,
    put,
    record,
    times,
    width,
)
from pyimagesearch.events.event import COMPLETE, UNFINISHED
from pyimagesearch.jpeg import LazyJpeg
from pyimagesearch.recording import clip as clips
from pyimagesearch.recording.clip import read_clip
from pyimagesearch.recording.paths import JOURNAL_SUFFIX
from pyimagesearch.recording.preroll import Packet


def test_finished_clip_is_logged_with_its_length_and_size(keep, clock, caplog):
    caplog.set_level("INFO")
    kept = keep()
    record(kept, clock, 4)
    (clip,) = kept.files()
    size = clip.stat().st_size / 1e6
    assert f"front: clip {clip}, 9.0 s, {size:.1f} MB" in caplog.text


def test_long_event_is_cut_without_losing_a_frame(keep, clock):
    kept = keep(max_clip=5)
    record(kept, clock, 14)
    clips = kept.files()
    assert len(clips) == 4
    frames = [times(clip) for clip in clips]
    assert sum(map(len, frames)) == (5 + 14) * 10 + 1
    described = [read_clip(clip)[0] for clip in clips]
    for before, after in itertools.pairwise(described):
        assert after.first - before.last == pytest.approx(0.1, abs=0.001)
    assert all(shown[0] == (0.0, True) for shown in frames)


def test_gap_and_much_larger_pictures_begin_a_new_clip(keep, clock):
    kept = keep()
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic())
    film(kept, clock, 2)
    clock.now += 90
    film(kept, clock, 2)
    film(kept, clock, 2, pictures=jpegs(9, (320, 240)))
    kept.recorder.end(metadata_of(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    assert [width(clip) for clip in kept.files()] == [160, 160, 320]
    assert max(read_clip(clip)[1] for clip in kept.files()) < 2.2


def test_slow_camera_has_one_clip(keep, clock):
    kept = keep()
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic())
    film(kept, clock, 60, fps=0.2)
    kept.recorder.end(metadata_of(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    (clip,) = kept.files()
    assert read_clip(clip)[1] == pytest.approx(55, abs=6)


def test_full_disk_is_reported_and_recording_resumes(keep, clock):
    kept = keep()
    film(kept, clock, 6)
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic() - 5)
    film(kept, clock, 2)
    keep.obstacle = "there is no room"
    film(kept, clock, 3)
    assert kept.recorder.trouble == "cannot record: there is no room"
    assert not kept.recorder.recording
    assert len(kept.files()) == 1      # what was complete is whole
    keep.obstacle = ""
    film(kept, clock, 6)
    assert kept.recorder.trouble == ""
    kept.recorder.end(metadata_of(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    assert len(kept.files()) == 2
    assert read_clip(kept.files()[1])[1] > 5        # with what was kept in the pre-roll


def test_recording_resumes_when_its_folder_returns(keep, clock, tmp_path):
    kept = keep()
    film(kept, clock, 6)
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic() - 5)
    film(kept, clock, 2)
    shutil.rmtree(tmp_path / "clips")
    (tmp_path / "clips").write_text("a file in its place")
    film(kept, clock, 0.2)
    assert kept.recorder.trouble.startswith("cannot record: ")
    (tmp_path / "clips").unlink()
    film(kept, clock, 6)
    kept.recorder.end(metadata_of(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    assert kept.files()
    assert kept.recorder.trouble == ""


@pytest.mark.parametrize("drawn", [False, True])
def test_camera_that_changes_its_size_has_one_clip(keep, clock, drawn):
    kept, sizes = keep(), [(160, 120), (320, 240), (161, 91), (90, 200)]
    pictures = {size: jpegs(1, size)[0] for size in sizes}

    def show(seconds):
        for number in range(seconds):
            size = sizes[number % 4]
            put(kept, clock, LazyJpeg(pictures[size], size, Counted() if drawn else None), 10)
    show(4)
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic() - 5)
    show(12)
    kept.recorder.end(metadata_of(clock.time()), clock.monotonic())
    film(kept, clock, 2)
    (clip,) = kept.files()
    assert width(clip) == 320
    assert read_clip(clip)[1] == pytest.approx(16, abs=0.2)
    with av.open(str(clip)) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(frames) == 160
    bars = frames[35][:, :100], frames[35][:, 106:214]      # of the tall pictures
    assert bars[0].max() < 20 < bars[1].mean()


def test_finished_clip_leaves_no_journal(keep, clock):
    kept = keep()
    film(kept, clock, 8)
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic() - 5.0)
    film(kept, clock, 0.1, run=False)
    kept.recorder.run_once()
    assert len(kept.files(f"*{JOURNAL_SUFFIX}")) == 1
    film(kept, clock, 3)
    assert kept.files(f"*{JOURNAL_SUFFIX}") == []
    kept.recorder.end(metadata_of(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    assert len(kept.files("*")) == 3        # the clip and its folders


def test_journal_stays_if_the_clip_cannot_be_closed(keep, clock, monkeypatch):
    kept = keep()
    film(kept, clock, 8)
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic() - 5.0)
    kept.recorder.run_once()
    with monkeypatch.context() as broken:
        broken.setattr(clips.SyncedFile, "sync", lambda file: (_ for _ in ()).throw(OSError(5, "no disk")))
        kept.recorder.stop()
        kept.recorder.run()
    assert len(kept.files(f"*{JOURNAL_SUFFIX}")) == 1
    assert kept.files("??-??-??.mp4") == []


def record_rubbish(kept, clock):
    """Record an event whose packets do not decode."""
    (header, _), rubbish = packets_of(1), b"\0\0\0\1\x65" + b"x" * 500
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic())
    for number in range(20):
        clock.now += 0.1
        packet = Packet(rubbish, header, True, 9000 * number, 9000 * number)
        kept.recorder.preroll.put(packet, clock.time(), clock.monotonic())
        kept.recorder.run_once()
    kept.recorder.end(metadata_of(BEGAN), clock.monotonic())
    clock.now += 2
    kept.recorder.run_once()


def files_in(store):
    assert store.flush(60)
    with store.reading() as reader:
        return [row.file for row in reader.files()]


def test_clip_that_does_not_decode_is_trouble(keep, clock, caplog):
    kept = keep()
    kept.store.open()
    record_rubbish(kept, clock)
    (part,) = kept.files()      # nothing is deleted, the next start tries again
    assert part.name.endswith(".part.mp4")
    assert kept.recorder.trouble == (
        f"the clip {part.name} is not finished: its beginning cannot be decoded")
    assert caplog.text.count(kept.recorder.trouble) == 1
    assert [file.state for file in files_in(kept.store)] == [UNFINISHED]
    record(kept, clock, 2)
    assert kept.recorder.trouble == ""
    assert [file.state for file in files_in(kept.store)] == [UNFINISHED, COMPLETE]
    kept.store.stop()
    assert kept.store.join(60)


def test_clip_that_cannot_be_closed_is_trouble(keep, clock, monkeypatch):
    kept = keep()
    film(kept, clock, 6)
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic() - 5)
    film(kept, clock, 2)
    kept.recorder.end(metadata_of(BEGAN), clock.monotonic())
    with monkeypatch.context() as full:
        full.setattr("pyimagesearch.recording.clip.os.fsync",
                     lambda file: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        film(kept, clock, 2)
    assert kept.recorder.trouble.endswith(".part.mp4 is not finished: No space left on device")
    record(kept, clock, 2)
    assert kept.recorder.trouble == ""


def test_frames_that_a_slow_disk_loses_are_trouble(keep, clock, caplog):
    kept = keep()
    header, packets = packets_of(8, fps=10, group=10)
    kept.recorder.preroll._max_bytes = sum(len(data) for data, _ in packets[:30])
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic())
    for number, (data, key) in enumerate(packets):
        clock.now += 0.1
        kept.recorder.preroll.put(Packet(data, header, key, 9000 * number, 9000 * number),
                                  clock.time(), clock.monotonic())
        if not 20 < number < 60:        # the disk is busy
            kept.recorder.run_once()
    assert kept.recorder.trouble.startswith("recording fell behind, so ")
    kept.recorder.end(metadata_of(BEGAN), clock.monotonic())
    clock.now += 2
    kept.recorder.run_once()
    assert "front: recording fell behind, so " in caplog.text
    assert kept.recorder.trouble == ""
    for clip in kept.files():       # each begins with a key frame, so that all of it decodes
        shown = probe(clip, "-count_packets", "-count_frames", "-show_streams")["streams"][0]
        assert shown["nb_read_packets"] == shown["nb_read_frames"]
    assert len(kept.files()) == 2


def test_event_without_a_frame_leaves_nothing(keep, clock):
    kept = keep()
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic())
    kept.recorder.run_once()
    kept.recorder.end(metadata_of(BEGAN), clock.monotonic())
    clock.now += 3
    kept.recorder.run_once()
    assert kept.files("*") == []


def test_pictures_that_were_taken_before_a_mask_are_not_written(keep, clock):
    class MaskDrawn(Counted):
        """A picture during whose encoding a mask is drawn."""

        def draw(self, image):
            kept.recorder.forget()
    kept = keep()
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic())
    film(kept, clock, 1)
    jpeg = kept.recorder.preroll.after(1)[-1].content
    kept.recorder.preroll.put(jpeg._replace(overlay=MaskDrawn()), clock.time(),
                              clock.monotonic())
    film(kept, clock, 1, run=False)
    kept.recorder.run_once()
    kept.recorder.end(metadata_of(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    assert sum(len(times(clip)) for clip in kept.files()) == 11
