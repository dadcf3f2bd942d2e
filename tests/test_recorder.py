"""Clips: what is in them, whatever happens while they are written."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from fractions import Fraction

import cv2
import pytest

from conftest import keeping
from harness import ROOT, needs
from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.jpeg import LazyJpeg, jpeg_size
from pyimagesearch.recording import (
    clip as mp4,
)
from pyimagesearch.recording import (
    h264_encoder as encoder,
)
from pyimagesearch.recording import (
    stills,
)
from pyimagesearch.recording.clip import finish, read_clip
from pyimagesearch.recording.clip_metadata import ClipMetadata, read_metadata
from pyimagesearch.recording.paths import JOURNAL, new_stem
from pyimagesearch.recording.preroll import Packet
from pyimagesearch.recording.recorder import be_nice
from pyimagesearch.settings.settings import Settings

BEGAN = 1_800_000_000.0


def jpegs(count, size=(160, 120), fps=10):
    scene = DemoScene(size, fps)
    return [cv2.imencode(".jpg", scene.picture(number))[1].tobytes() for number in range(count)]


SMALL = jpegs(64)


@pytest.fixture
def keep(tmp_path, clock):
    def make(folder=tmp_path, **options):
        (wanted,) = Settings(source=("front=demo",), **options).cameras()
        return keeping(wanted, clock, folder, obstacle=lambda: make.obstacle)
    make.obstacle = ""
    return make


def lazy(jpeg):
    return LazyJpeg(jpeg, jpeg_size(jpeg))


def film(kept, clock, seconds, fps=10.0, pictures=SMALL, crank=True):
    """Put pictures on the preroll, as the camera loop does, and turn the crank."""
    for _ in range(round(seconds * fps)):
        clock.now += 1 / fps
        film.number += 1
        kept.recorder.preroll.put(lazy(pictures[film.number % len(pictures)]),
                                  clock.time(), clock.monotonic())
        if crank:
            kept.recorder.run_once()


film.number = 0


def told(begin, **more):
    return ClipMetadata(event=7, camera="front", kind="motion", begin=begin, **more)


def record(kept, clock, seconds, before=8.0, **more):
    """Film an event of *seconds* with its pre-roll of 5 s; return when it began."""
    film(kept, clock, before)
    begin = clock.time()
    kept.recorder.begin(told(begin), clock.monotonic() - 5.0)
    film(kept, clock, seconds, **more)
    kept.recorder.end(told(begin, end=clock.time(), peak_area=12.5, peak_box=(1, 2, 3, 4)),
                      clock.monotonic())
    film(kept, clock, 1.5)
    return begin


def probe(path, *what):
    printed = subprocess.run(
        [needs("ffprobe", "ffmpeg"), "-v", "error", "-of", "json", *what, str(path)],
        check=True, capture_output=True, text=True)
    assert printed.stderr == ""
    return json.loads(printed.stdout)


def times(path):
    """Return when each frame of a clip is shown [s], and whether it is a key frame."""
    import av
    with av.open(str(path)) as container:
        return [(float(packet.pts * packet.time_base), packet.is_keyframe)
                for packet in container.demux(video=0) if packet.size]


def width(path):
    import av
    with av.open(str(path)) as container:
        return container.streams.video[0].width


def test_finished_clip_is_logged_with_its_length_and_size(keep, clock, caplog):
    caplog.set_level("INFO")
    kept = keep()
    record(kept, clock, 4)
    (clip,) = kept.files()
    size = clip.stat().st_size / 1e6
    assert f"front: clip {clip}, 9.0 s, {size:.1f} MB" in caplog.text


def test_clip_is_what_every_phone_plays(keep, clock):
    kept = keep()
    record(kept, clock, 4)
    (clip,) = kept.files()
    (stream,) = probe(clip, "-show_streams")["streams"]
    assert stream["codec_name"] == "h264"
    assert stream["profile"] == "Constrained Baseline"
    assert stream["pix_fmt"] == "yuv420p"
    assert (stream["width"], stream["height"]) == (160, 120)
    content = clip.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_odd_sizes_become_even(keep, clock):
    kept = keep()
    film(kept, clock, 3, pictures=jpegs(9, (161, 121)))
    kept.recorder.begin(told(clock.time()), clock.monotonic() - 5)
    film(kept, clock, 1, pictures=jpegs(9, (161, 121)))
    kept.recorder.start()
    kept.recorder.stop()
    assert kept.recorder.join(60)
    (clip,) = kept.files()
    assert width(clip) == 160


@pytest.mark.parametrize("fps", [3.0, 10.0, 30.0])
def test_pre_roll_is_five_seconds(keep, clock, fps):
    kept = keep()
    film(kept, clock, 9, fps=fps)
    begin = clock.time()
    kept.recorder.begin(told(begin), clock.monotonic() - 5.0)
    film(kept, clock, 2, fps=fps)
    kept.recorder.end(told(begin, end=clock.time()), clock.monotonic())
    film(kept, clock, 2, fps=fps)
    (clip,) = kept.files()
    metadata, seconds = read_clip(clip)
    assert 4.99 <= begin - metadata.first <= 5.01 + 1 / fps
    assert seconds == pytest.approx(7.0 + 1 / fps, abs=1.1 / fps)


def test_wavering_rate_plays_in_real_time(keep, clock):
    kept, moments = keep(), []
    kept.recorder.begin(told(clock.time()), clock.monotonic() + 0.01)
    for pause in (0.1, 0.03, 0.9, 0.2, 0.05, 1.5, 0.1, 0.1):
        film(kept, clock, pause, fps=1 / pause)
        moments.append(clock.monotonic())
    kept.recorder.end(told(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    shown = [at for at, _ in times(kept.files()[0])]
    assert shown == pytest.approx([at - moments[0] for at in moments], abs=0.001)


def test_clip_tells_its_whole_story(keep, clock):
    kept = keep()
    begin = record(kept, clock, 2)
    metadata, _ = read_clip(kept.files()[0])
    assert (metadata.event, metadata.camera, metadata.kind, metadata.begin) == (7, "front", "motion", begin)
    assert metadata.end == pytest.approx(begin + 2)
    assert (metadata.peak_area, metadata.peak_box) == (12.5, (1, 2, 3, 4))


def test_story_of_somebody_else_is_none():
    for comment in ("", "hello", "[]", "{}", '{"webstreaming clip": 1}',
                    '{"webstreaming clip": 1, "event": 1, "camera": 3, "kind": "", "begin": 0}'):
        assert read_metadata(comment) is None


def test_long_event_is_cut_without_losing_a_frame(keep, clock):
    kept = keep(max_clip=5)
    record(kept, clock, 14)
    clips = kept.files()
    assert len(clips) == 4
    frames = [times(clip) for clip in clips]
    assert sum(map(len, frames)) == (5 + 14) * 10 + 1
    stories = [read_clip(clip)[0] for clip in clips]
    for before, after in itertools.pairwise(stories):
        assert after.first - before.last == pytest.approx(0.1, abs=0.001)
    assert all(shown[0] == (0.0, True) for shown in frames)


def test_gap_and_new_size_begin_a_new_clip(keep, clock):
    kept = keep()
    kept.recorder.begin(told(clock.time()), clock.monotonic())
    film(kept, clock, 2)
    clock.now += 30
    film(kept, clock, 2)
    film(kept, clock, 2, pictures=jpegs(9, (80, 60)))
    kept.recorder.end(told(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    assert [width(clip) for clip in kept.files()] == [160, 160, 80]
    assert max(read_clip(clip)[1] for clip in kept.files()) < 2.2


def test_slow_camera_has_one_clip(keep, clock):
    kept = keep()
    kept.recorder.begin(told(clock.time()), clock.monotonic())
    film(kept, clock, 60, fps=0.2)
    kept.recorder.end(told(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    (clip,) = kept.files()
    assert read_clip(clip)[1] == pytest.approx(55, abs=6)


def test_two_events_at_once_have_a_clip_each(keep, clock):
    kept = keep()
    film(kept, clock, 6)
    kept.recorder.begin(told(clock.time()), clock.monotonic() - 5)
    film(kept, clock, 2)
    manual = ClipMetadata(event=8, camera="front", kind="manual", begin=clock.time())
    kept.recorder.begin(manual, clock.monotonic())
    film(kept, clock, 2)
    kept.recorder.end(told(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    kept.recorder.end(manual, clock.monotonic())
    film(kept, clock, 2)
    lengths = {metadata.kind: seconds for metadata, seconds in map(read_clip, kept.files())}
    assert lengths == {"motion": pytest.approx(9, abs=0.2), "manual": pytest.approx(4, abs=0.2)}


def test_full_disk_is_told_and_recording_resumes(keep, clock):
    kept = keep()
    film(kept, clock, 6)
    kept.recorder.begin(told(clock.time()), clock.monotonic() - 5)
    film(kept, clock, 2)
    keep.obstacle = "there is no room"
    film(kept, clock, 3)
    assert kept.recorder.trouble == "cannot record: there is no room"
    assert not kept.recorder.recording
    assert len(kept.files()) == 1      # what was complete is whole
    keep.obstacle = ""
    film(kept, clock, 6)
    assert kept.recorder.trouble == ""
    kept.recorder.end(told(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    assert len(kept.files()) == 2
    assert read_clip(kept.files()[1])[1] > 5        # with what was kept on the preroll


def test_what_waited_for_the_disk_is_no_backlog(keep, clock, caplog):
    kept = keep()
    film(kept, clock, 6)
    keep.obstacle = "there is no room"
    kept.recorder.begin(told(clock.time()), clock.monotonic())
    film(kept, clock, 2)
    keep.obstacle = ""
    film(kept, clock, 8)
    kept.recorder.end(told(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    assert "cannot keep up" not in caplog.text
    assert len(times(*kept.files())) == pytest.approx(100, abs=2)


def test_folder_that_goes_and_returns(keep, clock, tmp_path):
    kept = keep()
    film(kept, clock, 6)
    kept.recorder.begin(told(clock.time()), clock.monotonic() - 5)
    film(kept, clock, 2)
    shutil.rmtree(tmp_path / "clips")
    (tmp_path / "clips").write_text("a file in its place")
    film(kept, clock, 0.2)
    assert kept.recorder.trouble.startswith("cannot record: ")
    (tmp_path / "clips").unlink()
    film(kept, clock, 6)
    kept.recorder.end(told(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    assert kept.files()
    assert kept.recorder.trouble == ""


def test_folder_that_is_not_there_yet_is_told_once_something_is_to_be_kept(keep, clock):
    kept = keep()
    ready = kept.recorder._ready
    ready.clear()
    keep.obstacle = "the stick is not there"
    assert kept.recorder.trouble == ""
    kept.recorder.begin(told(clock.time()), clock.monotonic())
    assert kept.recorder.trouble == "cannot record: the stick is not there"
    ready.set()
    keep.obstacle = ""
    film(kept, clock, 2)
    assert kept.recorder.trouble == ""
    assert kept.recorder.recording


def test_slow_encoder_leaves_pictures_out_and_says_so(keep, clock):
    kept = keep()
    film(kept, clock, 6)
    kept.recorder.begin(told(clock.time()), clock.monotonic() - 5)
    kept.recorder.run_once()
    film(kept, clock, 9, crank=False)       # nine seconds pass before it is asked again
    kept.recorder.run_once()
    assert kept.recorder.trouble == "encoding cannot keep up, so one of 2 pictures is kept"
    film(kept, clock, 4)
    assert kept.recorder.trouble == ""
    kept.recorder.end(told(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    assert 100 < len(times(kept.files()[0])) < 190
    assert read_clip(kept.files()[0])[1] == pytest.approx(18, abs=0.3)


@pytest.fixture
def encoders(monkeypatch):
    """Count the encoders that are made."""
    made = []

    class Counted(encoder.Encoder):
        def __init__(self, size):
            made.append(size)
            super().__init__(size)

    monkeypatch.setattr(encoder, "Encoder", Counted)
    return made


def test_encoder_outlasts_its_clip_and_each_clip_begins_anew(keep, clock, encoders):
    kept = keep()
    for _ in range(3):
        record(kept, clock, 3)
    assert encoders == [(160, 120)]
    for clip in kept.files():
        shown = times(clip)
        assert shown[0] == (0.0, True)
        assert [now for now, key in shown if key] == pytest.approx([0.0, 2.0, 4.0, 6.0], abs=0.1)
        assert len(shown) == 81
        assert probe(clip, "-count_frames", "-show_streams")["streams"][0]["nb_read_frames"] == "81"


def test_clips_at_the_same_time_have_an_encoder_each(keep, clock, encoders):
    kept = keep()
    film(kept, clock, 6)
    for event in (7, 8):
        begin = ClipMetadata(event=event, camera="front", kind="motion", begin=clock.time())
        kept.recorder.begin(begin, clock.monotonic() - 5.0)
    film(kept, clock, 3)
    for event in (7, 8):
        kept.recorder.end(ClipMetadata(event=event, camera="front", kind="motion", begin=BEGAN),
                          clock.monotonic())
    film(kept, clock, 2)
    assert len(encoders) == 2
    assert [len(times(clip)) for clip in kept.files()] == [81, 81]


def test_encoder_that_waits_in_vain_is_let_go(keep, clock, encoders):
    kept = keep()
    record(kept, clock, 3)
    clock.now += encoder.IDLE_SECONDS + 1
    kept.recorder.run_once()
    record(kept, clock, 3)
    assert len(encoders) == 2


def test_encoder_that_failed_is_not_used_again_but_a_full_disk_is_not_its_fault(
        keep, clock, encoders, monkeypatch):
    kept = keep()
    film(kept, clock, 6)
    kept.recorder.begin(told(clock.time()), clock.monotonic() - 5.0)
    film(kept, clock, 1)
    keep.obstacle = "no room"
    film(kept, clock, 2)
    keep.obstacle = ""
    film(kept, clock, 8)
    assert (kept.recorder.trouble, len(encoders)) == ("", 1)
    with monkeypatch.context() as broken:
        broken.setattr(encoder.Encoder, "_decode", lambda *_: (_ for _ in ()).throw(OSError(5, "?")))
        film(kept, clock, 2)
    assert kept.recorder.trouble == "cannot record: ?"
    film(kept, clock, 8)
    assert (kept.recorder.trouble, len(encoders)) == ("", 2)


class Counted:
    """An overlay that counts how often it was drawn."""

    boxes = ()

    def __init__(self):
        self.drawings = 0

    def draw(self, image):
        self.drawings += 1


def put(kept, clock, jpeg, count=1):
    for _ in range(count):
        clock.now += 0.1
        kept.recorder.preroll.put(jpeg, clock.time(), clock.monotonic())
        kept.recorder.run_once()


def test_overlays_are_drawn_once_and_only_for_a_clip(keep, clock):
    kept = keep()
    unused, used, garbled = Counted(), Counted(), Counted()
    put(kept, clock, LazyJpeg(SMALL[1], (160, 120), unused))
    film(kept, clock, 4)
    kept.recorder.begin(told(clock.time()), clock.monotonic() - 1.0)
    put(kept, clock, LazyJpeg(SMALL[2], (160, 120), used), 10)
    put(kept, clock, LazyJpeg(SMALL[3][:40], (160, 120), garbled), 2)
    film(kept, clock, 1)
    kept.recorder.end(told(clock.time()), clock.monotonic())
    film(kept, clock, 2)
    assert (unused.drawings, used.drawings) == (0, 10)
    assert garbled.drawings == 0
    (clip,) = kept.files()      # with and without overlay fit; garbled ones are left out
    assert len(times(clip)) in range(30, 33)


def test_overlay_on_another_size_begins_another_clip(keep, clock):
    kept = keep()
    kept.recorder.begin(told(clock.time()), clock.monotonic())
    for size in ((160, 120), (161, 91)):
        put(kept, clock, LazyJpeg(*jpegs(1, size), size, Counted()), 10)
    kept.recorder.end(told(clock.time()), clock.monotonic())
    film(kept, clock, 2)
    assert [width(clip) for clip in kept.files()] == [160, 160]
    assert len(kept.files()) == 2


def test_still_is_drawn_when_it_is_written(keep, clock):
    kept, overlay = keep(), Counted()
    jpeg = LazyJpeg(SMALL[1], (160, 120), overlay)
    kept.recorder.keep_still(7, clock.time(), jpeg, "still")
    kept.recorder.keep_still(8, clock.time(), jpeg._replace(data=SMALL[1][:40]), "still")
    assert overlay.drawings == 0
    kept.recorder.run_once()
    (still,) = kept.files("*.jpg")      # a garbled one is left out
    assert overlay.drawings == 1
    assert still.read_bytes() == jpeg.bytes()
    assert kept.recorder.trouble == ""


def test_still_lies_beside_its_clip(keep, clock):
    kept = keep()
    film(kept, clock, 6)
    kept.recorder.begin(told(clock.time()), clock.monotonic() - 5)
    kept.recorder.keep_still(7, clock.time(), lazy(SMALL[0]), "thumbnail")
    film(kept, clock, 1)
    kept.recorder.keep_still(9, clock.time(), lazy(SMALL[0]), "still")
    kept.recorder.end(told(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    (clip,) = kept.files()
    assert clip.with_suffix(".jpg").read_bytes() == SMALL[0]
    assert len(kept.files("*.jpg")) == 2


def test_still_that_the_disk_refuses_is_kept_as_soon_as_it_can_be(keep, clock, caplog):
    kept = keep()
    film(kept, clock, 6)
    keep.obstacle = "there is no room"
    kept.recorder.begin(told(clock.time()), clock.monotonic() - 5)
    for jpeg in SMALL[:3]:      # the newest thumbnail of an event is the one that counts
        kept.recorder.keep_still(7, clock.time(), lazy(jpeg), "thumbnail")
    kept.recorder.end(told(BEGAN), clock.monotonic())
    film(kept, clock, 3)
    assert kept.recorder.trouble == "cannot record: there is no room"
    keep.obstacle = ""
    kept.folder.mkdir(exist_ok=True)
    (kept.folder / "front").write_text("no folder")
    film(kept, clock, 6)
    assert kept.recorder.trouble == "cannot keep a still: Not a directory"
    (kept.folder / "front").unlink()
    film(kept, clock, 6)
    assert kept.recorder.trouble == ""
    (still,) = kept.files("*.jpg")
    assert still.read_bytes() == SMALL[2]
    assert caplog.text.count("cannot record: there is no room") == 1
    assert caplog.text.count("cannot keep a still") == 1


def test_stills_that_the_disk_refused_are_forgotten_where_a_part_is_to_be_hidden(keep, clock):
    kept = keep()
    kept.recorder.keep_still(1, clock.time(), lazy(SMALL[0]), "still")    # it was only new
    kept.evidence.start_over(True)
    kept.recorder.run_once()
    keep.obstacle = "there is no room"
    kept.recorder.keep_still(2, clock.time(), lazy(SMALL[1]), "still")
    kept.recorder.run_once()
    kept.evidence.start_over(True)
    kept.recorder.run_once()
    keep.obstacle = ""
    film(kept, clock, 6)
    assert [path.read_bytes() for path in kept.files("*.jpg")] == [SMALL[0]]
    assert kept.recorder.trouble == ""


def test_only_so_many_stills_wait(keep, clock, caplog):
    kept = keep()
    keep.obstacle = "there is no room"
    for number in range(stills.MAX_WAITING + 2):
        kept.recorder.keep_still(number, clock.time(), lazy(SMALL[0]), "still")
        kept.recorder.run_once()
    keep.obstacle = ""
    film(kept, clock, 6)
    assert len(kept.files("*.jpg")) == stills.MAX_WAITING
    assert caplog.text.count("a still is lost: cannot record: there is no room") == 2


def test_places_are_by_camera_day_and_time_and_never_taken_twice(tmp_path):
    first = new_stem(tmp_path, "front", BEGAN)
    assert first.relative_to(tmp_path).parts[0] == "front"
    first.with_name(first.name + ".part.mp4").touch()
    second = new_stem(tmp_path, "front", BEGAN)
    assert second.name == first.name + "_2"
    assert new_stem(tmp_path, "front", BEGAN, {second}).name == first.name + "_3"


def packets_of(seconds, fps=25, group=25, size=(320, 240)):
    """Return a header and H.264 packets, as a camera sends them."""
    import av

    from pyimagesearch.capture.rtsp import describe
    scene, packets = DemoScene(size, fps), []
    with av.open("nowhere", "w", format="null") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.options = {"preset": "ultrafast", "tune": "zerolatency"}
        stream.codec_context.gop_size = group
        stream.codec_context.flags |= 0x400000      # the header apart, as RTSP tells it
        container.start_encoding()
        for number in range(round(seconds * fps)):
            frame = av.VideoFrame.from_ndarray(scene.picture(number), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            packets += [(bytes(packet), packet.is_keyframe) for packet in stream.encode(frame)]
        return describe(stream), packets


def test_packets_of_a_camera_are_copied_from_a_key_frame_on(keep, clock):
    kept = keep()
    header, packets = packets_of(12)
    for number, (data, key) in enumerate(packets):
        clock.now += 0.04
        if number == 200:
            begin = clock.time()
            kept.recorder.begin(told(begin), clock.monotonic() - 5.0)
        ticks = 5000 + number * 3600
        kept.recorder.preroll.put(Packet(data, header, key, ticks, ticks), clock.time(),
                                  clock.monotonic())
        kept.recorder.run_once()
    kept.recorder.end(told(begin, end=clock.time()), clock.monotonic())
    clock.now += 2
    kept.recorder.run_once()
    (clip,) = kept.files()
    metadata, seconds = read_clip(clip)
    assert 4.99 <= begin - metadata.first < 6.05
    shown = probe(clip, "-show_packets", "-count_frames", "-show_streams")
    assert len(shown["packets"]) == int(shown["streams"][0]["nb_read_frames"])
    assert len(shown["packets"]) >= 225
    assert seconds == pytest.approx(len(shown["packets"]) / 25, abs=0.01)


KILLED = """
import sys, cv2, threading, time
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
from pyimagesearch.recording.clip import Clip
from pyimagesearch.recording.clip_metadata import ClipMetadata
from pyimagesearch.jpeg import LazyJpeg
from pyimagesearch.recording.preroll import EncodedFrame
from pyimagesearch.capture.demo import DemoScene
pictures = [cv2.imencode(".jpg", DemoScene((160, 120), 30).picture(n))[1].tobytes() for n in range(9)]
clip = Clip(Path(sys.argv[1]), ClipMetadata(event=3, camera="front", kind="motion", begin=0.0))
for number in range(10_000):
    clip.add(EncodedFrame(number, 1e9 + number / 30, number / 30,
                          LazyJpeg(pictures[number % 9], (160, 120))))
    if number == 100:
        print("under way", flush=True)
    print(number, file=sys.stderr, flush=True)
    time.sleep(0.002)
"""


def test_killed_process_loses_half_a_second_of_its_clip(tmp_path):
    part = tmp_path / "14-03-22.part.mp4"
    script = KILLED.format(root=str(ROOT), tests=str(ROOT / "tests"))
    process = subprocess.Popen([sys.executable, "-c", script, str(part)], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    written = int(process.communicate()[1].split()[-1]) + 1
    whole = finish(part)
    assert not part.exists()
    metadata, seconds = read_clip(whole)
    assert metadata.event == 3
    assert 0 <= written / 30 - seconds <= 0.5


def test_recorder_leaves_no_journal_behind(keep, clock):
    kept = keep()
    film(kept, clock, 8)
    kept.recorder.begin(told(clock.time()), clock.monotonic() - 5.0)
    film(kept, clock, 0.1, crank=False)
    kept.recorder.run_once()
    assert len(kept.files(f"*{JOURNAL}")) == 1
    film(kept, clock, 3)
    assert kept.files(f"*{JOURNAL}") == []
    kept.recorder.end(told(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    assert len(kept.files("*")) == 3        # the clip and its folders


def test_journal_stays_where_the_clip_could_not_be_closed(keep, clock, monkeypatch):
    kept = keep()
    film(kept, clock, 8)
    kept.recorder.begin(told(clock.time()), clock.monotonic() - 5.0)
    kept.recorder.run_once()
    with monkeypatch.context() as broken:
        broken.setattr(mp4.SyncedFile, "sync", lambda file: (_ for _ in ()).throw(OSError(5, "no disk")))
        kept.recorder.stop()
        kept.recorder.run()
    assert len(kept.files(f"*{JOURNAL}")) == 1
    assert kept.files("??-??-??.mp4") == []


def test_clip_without_a_picture_leaves_nothing(keep, clock):
    kept = keep()
    kept.recorder.begin(told(clock.time()), clock.monotonic())
    kept.recorder.run_once()
    kept.recorder.end(told(BEGAN), clock.monotonic())
    clock.now += 3
    kept.recorder.run_once()
    assert kept.files("*") == []


@pytest.mark.parametrize(("before", "after"), [(0, 5), (10, 10)])
def test_recorder_is_nicer_than_the_camera_and_never_less_than_it_was(monkeypatch, before, after):
    """What was started with "nice" may not be less nice, and need not."""
    given = []
    monkeypatch.setattr("os.getpriority", lambda which, number: before)
    monkeypatch.setattr("os.setpriority", lambda which, number, value: given.append(value))
    be_nice()
    assert given == [after]


def test_recorder_that_may_not_be_nicer_records_all_the_same(monkeypatch):
    def refused(which, number, value):
        raise PermissionError(13, "Permission denied")
    monkeypatch.setattr("os.setpriority", refused)
    be_nice()
