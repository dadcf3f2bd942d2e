"""Clips: what they contain, also after a crash."""

import os
import signal
import subprocess
import sys

import pytest

from filming import SMALL, lazy, metadata_of, packets_of, probe, record, write_part
from harness import ROOT
from pyimagesearch.errors import RecordingError
from pyimagesearch.recording.clip import Clip, finish, length_of, read_clip
from pyimagesearch.recording.preroll import EncodedFrame, Packet


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


def test_packets_of_a_camera_are_copied_from_a_key_frame_on(keep, clock):
    kept = keep()
    header, packets = packets_of(12)
    for number, (data, key) in enumerate(packets):
        clock.now += 0.04
        if number == 200:
            begin = clock.time()
            kept.recorder.begin(metadata_of(begin), clock.monotonic() - 5.0)
        ticks = 5000 + number * 3600
        kept.recorder.preroll.put(Packet(data, header, key, ticks, ticks), clock.time(),
                                  clock.monotonic())
        kept.recorder.run_once()
    kept.recorder.end(metadata_of(begin, end=clock.time()), clock.monotonic())
    clock.now += 2
    kept.recorder.run_once()
    (clip,) = kept.files()
    metadata, seconds = read_clip(clip)
    assert 4.99 <= begin - metadata.first < 6.05
    shown = probe(clip, "-show_packets", "-count_frames", "-show_streams")
    assert len(shown["packets"]) == int(shown["streams"][0]["nb_read_frames"])
    assert len(shown["packets"]) >= 225
    assert seconds == pytest.approx(len(shown["packets"]) / 25, abs=0.01)


def test_packets_out_of_order_are_kept_one_tick_later(tmp_path):
    # as after a reconnection; leaving them out would tear the picture
    header, packets = packets_of(2, fps=10, group=20)
    clip = Clip(tmp_path / "08-00-00.part.mp4", metadata_of(0.0))
    for number, (data, key) in enumerate(packets):
        ticks = 9000 * (number - 3 * (number >= 10))
        clip.add(EncodedFrame(number, number / 10, number / 10, Packet(data, header, key, ticks, ticks)))
    clip.close()
    shown = probe(finish(clip.path), "-count_packets", "-count_frames", "-show_streams")["streams"][0]
    assert shown["nb_read_packets"] == shown["nb_read_frames"] == str(len(packets))


def test_clip_that_begins_with_a_gradual_refresh_is_complete(tmp_path):
    # no picture of it is whole before the refresh is over
    header, packets = packets_of(3, fps=10, group=10, **{"x264-params": "intra-refresh=1"})
    keys = [number for number, (_, key) in enumerate(packets) if key]
    clip = Clip(tmp_path / "08-00-00.part.mp4", metadata_of(0.0))
    for number, (data, key) in enumerate(packets[keys[1]:]):
        clip.add(EncodedFrame(number, number / 10, number / 10,
                              Packet(data, header, key, 9000 * number, 9000 * number)))
    clip.close()
    assert read_clip(finish(clip.path))[1] > 1.5


@pytest.mark.parametrize("kind", ["packets", "pictures"])
def test_last_frame_of_a_slow_camera_lasts_as_long_as_others(tmp_path, kind):
    header, packets = packets_of(1, fps=5, group=1)
    clip = Clip(tmp_path / "08-00-00.part.mp4", metadata_of(0.0))
    for number, (data, key) in enumerate(packets[:5]):
        ticks = 540_000 * number
        content = (Packet(data, header, key, ticks, ticks) if kind == "packets"
                   else lazy(SMALL[number]))
        clip.add(EncodedFrame(number, 6.0 * number, 6.0 * number, content))
    clip.close()
    assert read_clip(finish(clip.path))[1] == pytest.approx(30, abs=0.1)


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


def test_length_is_that_of_the_readable_part(tmp_path):
    assert length_of(write_part(tmp_path, 31)) == pytest.approx(3.0)
    assert length_of(tmp_path / "nowhere") == -1.0
    (tmp_path / "x").write_bytes(b"x" * 100)
    assert length_of(tmp_path / "x") == -1.0
    with pytest.raises(RecordingError):
        read_clip(tmp_path / "x")


@pytest.mark.parametrize("cut", range(1, 8000, 613))
def test_torn_last_packet_is_left_out(tmp_path, cut):
    # a full disk ends a file anywhere; its last frame was shown grey and torn
    part = write_part(tmp_path, 50)
    os.truncate(part, part.stat().st_size - cut)
    shown = probe(finish(part), "-count_packets", "-count_frames", "-show_entries",
                    "stream=nb_read_packets,nb_read_frames")["streams"][0]
    assert shown["nb_read_packets"] == shown["nb_read_frames"]
    assert 30 <= int(shown["nb_read_frames"]) <= 50
