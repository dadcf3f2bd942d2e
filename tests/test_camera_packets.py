"""A camera's own packets: which of them make a clip, and headed by what."""

import functools
import itertools
from fractions import Fraction
from types import SimpleNamespace

import av
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from filming import film_source, metadata_of, probe, times, width
from harness import ManualClock
from pyimagesearch.capture.camera_packets import (
    KEY_FRAME_SECONDS,
    SYNTAXES,
    CameraPackets,
    parameter_sets,
)
from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.capture.time_stamps import TimeStamps
from pyimagesearch.errors import CameraLost
from pyimagesearch.recording.clip import read_clip
from pyimagesearch.recording.preroll import Preroll
from pyimagesearch.recording.preroll_input import PrerollInput

FPS, GROUP = 10, 10
RUBBISH = b"\0\0\0\1\x67rubbish\0\0\0\1\x68more"


@functools.cache
def encoded(size=(160, 120), encoder="libx264", frames=2 * GROUP, pixels="yuv420p"):
    """Return a video with parameter sets before each key frame, packet by packet."""
    scene, packets = DemoScene(size, FPS), []
    with av.open("nowhere", "w", format="null") as container:
        stream = container.add_stream(encoder, rate=FPS)
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        stream.codec_context.options = {"preset": "ultrafast", "tune": "zerolatency",
                                        "x265-params": "log-level=none"}
        stream.codec_context.gop_size = GROUP
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(scene.picture(number), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            packets += stream.encode(frame)
        packets += stream.encode(None)
    return [(bytes(packet), packet.is_keyframe) for packet in packets]


def without_sets(packets, codec="h264"):
    """Return *packets* as of a camera that sends the sets in its SDP alone, and these."""
    sets = b"".join(parameter_sets(SYNTAXES[codec], packets[0][0]).values())
    start = b"\0\0\0\1"
    return [(b"".join(start + unit for unit in data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
                      if unit and start + unit not in sets), key) for data, key in packets], sets


class Camera:
    """A camera whose packets go into the pre-roll of *kept*."""

    def __init__(self, kept, clock, extradata=b"", codec="h264", stamp=None):
        context = SimpleNamespace(codec=SimpleNamespace(canonical_name=codec), extradata=extradata)
        self.kept, self.clock = kept, clock
        self.stamp, self.times, self.number = stamp or (lambda number: number / FPS), TimeStamps(), 0
        self.packets = CameraPackets(SimpleNamespace(codec_context=context), kept.preroll_input, clock)

    def send(self, packets):
        for data, key in packets:
            self.clock.now += 1 / FPS
            packet = av.Packet(data)
            packet.is_keyframe = key
            stamp, self.number = self.stamp(self.number), self.number + 1
            packet.pts, packet.dts = self.times.repair(stamp, stamp, self.clock.monotonic())
            self.packets.put(packet)
            self.kept.recorder.run_once()


def clips_of(kept, clock, film):
    """Record what *film* sends; return the clips."""
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic())
    film()
    kept.recorder.end(metadata_of(clock.time()), clock.monotonic())
    clock.now += 2
    kept.recorder.run_once()
    return kept.files()


def pictures_in(clip):
    """Return how many pictures *clip* shows; FFmpeg must not complain about any."""
    return int(probe(clip, "-count_frames", "-show_streams")["streams"][0]["nb_read_frames"])


@pytest.mark.parametrize("extradata", [b"", RUBBISH, b"\0\0\1", b"junk"])
def test_parameter_sets_of_the_stream_take_precedence(keep, clock, extradata):
    kept = keep()
    camera = Camera(kept, clock, extradata)
    (clip,) = clips_of(kept, clock, lambda: camera.send(encoded()))
    assert pictures_in(clip) == len(encoded())
    assert width(clip) == 160


def test_sets_that_only_the_connection_announces_will_do(keep, clock):
    kept = keep()
    bare, sets = without_sets(encoded())
    camera = Camera(kept, clock, sets)
    (clip,) = clips_of(kept, clock, lambda: camera.send(bare))
    assert pictures_in(clip) == len(bare)


def test_sets_in_a_packet_of_their_own_are_found(keep, clock):
    kept = keep()
    bare, sets = without_sets(encoded())
    camera = Camera(kept, clock, RUBBISH)
    (clip,) = clips_of(kept, clock, lambda: camera.send([(sets, False), *bare]))
    assert pictures_in(clip) == len(bare)


def test_camera_that_changes_its_resolution_has_two_clips(keep, clock):
    kept = keep()
    camera, larger = Camera(kept, clock), encoded((320, 240))
    clips = clips_of(kept, clock, lambda: camera.send([*encoded(), *larger, *larger]))
    assert [(width(clip), pictures_in(clip)) for clip in clips] == [(160, 20), (320, 40)]


@pytest.mark.parametrize("stamp", [
    lambda number: 0.0, lambda number: number / FPS / 2, lambda number: number / FPS * 2,
    lambda number: None, lambda number: 9000 - number / FPS,
    lambda number: number / FPS + 7200 * (number >= 30),
    lambda number: number / FPS - 7200 * (number >= 30),
    lambda number: number / FPS + 5 * (number % 20 == 9)],
    ids=["still", "half", "double", "none", "backwards", "jump", "jump back", "one in 20"])
def test_clip_lasts_as_long_as_the_clock_shows(keep, clock, stamp):
    kept = keep()
    camera = Camera(kept, clock, stamp=stamp)
    (clip,) = clips_of(kept, clock, lambda: camera.send(encoded() * 3))
    assert pictures_in(clip) == 3 * len(encoded())
    shown = [moment for moment, _ in times(clip)]
    assert shown == sorted(shown)
    assert max(b - a for a, b in itertools.pairwise(shown)) < 1.5
    assert shown[-1] == pytest.approx((len(shown) - 1) / FPS, rel=0.1)


def test_sets_that_are_sent_twice_begin_no_new_clip(keep, clock):
    kept = keep()
    _, sets = without_sets(encoded())
    camera = Camera(kept, clock)
    (clip,) = clips_of(kept, clock, lambda: camera.send(
        [*encoded(), *((sets + data if key else data, key) for data, key in encoded())]))
    assert pictures_in(clip) == 2 * len(encoded())


def test_h265_clip_is_marked_as_apple_wants_it(keep, clock):
    kept = keep()
    camera, packets = Camera(kept, clock, codec="hevc"), encoded(encoder="libx265")
    (clip,) = clips_of(kept, clock, lambda: camera.send(packets))
    assert pictures_in(clip) == len(packets)
    assert probe(clip, "-show_streams")["streams"][0]["codec_tag_string"] == "hvc1"


def test_packets_before_the_first_key_frame_make_no_clip(keep, clock):
    kept = keep()
    camera = Camera(kept, clock)
    (clip,) = clips_of(kept, clock, lambda: camera.send(encoded()[3:]))
    assert pictures_in(clip) == GROUP


def test_camera_without_key_frames_is_recorded_as_pictures(keep, clock, caplog):
    caplog.set_level("INFO")
    kept = keep()
    camera = Camera(kept, clock)
    camera.send([(data, False) for data, _ in encoded()] * int(KEY_FRAME_SECONDS))
    assert kept.preroll_input.takes_pictures
    assert caplog.text.count("front: the camera has sent no key frame so far, so clips are made of the stream") == 1


def test_video_that_does_not_decode_is_recorded_as_pictures(keep, clock, caplog):
    caplog.set_level("INFO")
    kept = keep()
    bare, _ = without_sets(encoded())
    camera = Camera(kept, clock, RUBBISH)
    camera.send(bare * 3)
    assert kept.preroll_input.takes_pictures
    assert caplog.text.count("does not decode by itself, so clips are made of the stream") == 1
    camera.send([bare[0], *bare[1:GROUP] * 20, bare[0], *bare[1:GROUP] * 20])
    assert len(caplog.records) == 1
    camera.send(encoded())
    assert not kept.preroll_input.takes_pictures
    assert "front: clips are made of the camera's own video" in caplog.text


def test_pixels_that_browsers_do_not_play_are_no_obstacle(keep, clock, caplog):
    caplog.set_level("INFO")
    kept = keep()
    Camera(kept, clock).send(encoded(pixels="yuv422p"))
    assert kept.preroll_input.takes_pictures
    assert "own video is yuv422p, which few browsers play, so clips are made of the" in caplog.text


@pytest.mark.parametrize(("encoder", "name"), [
    ("mjpeg", "film.avi"), ("libvpx", "film.mkv"), ("mpeg4", "film.mp4")])
def test_codec_that_browsers_do_not_play_is_no_obstacle(keep, clock, tmp_path, caplog, encoder, name):
    caplog.set_level("INFO")
    with av.open(str(tmp_path / name), "w") as container:
        stream = container.add_stream(encoder, rate=FPS)
        stream.width, stream.height = 160, 120
        stream.pix_fmt = "yuvj420p" if encoder == "mjpeg" else "yuv420p"
        stream.codec_context.gop_size = 3
        for number in range(9):
            picture = DemoScene((160, 120), FPS).picture(number)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    kept = keep()
    for _ in range(2):      # also when it reconnects
        source = film_source(tmp_path / name, clock, kept.preroll_input)
        assert source.read().size == (160, 120)
        source.close()
    assert kept.preroll_input.takes_pictures
    assert kept.recorder.preroll.after(0) == []
    assert caplog.text.count("and neither H.264 nor H.265, so clips are made of the stream") == 1


def test_video_in_length_prefixed_units_makes_a_clip(keep, clock, tmp_path):
    """As RTMP has it, and MP4."""
    with av.open(str(tmp_path / "film.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.codec_context.gop_size = GROUP
        for number in range(4 * GROUP):
            picture = DemoScene((160, 120), FPS).picture(number)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    kept = keep()

    def film():
        source = film_source(tmp_path / "film.mp4", clock, kept.preroll_input)
        with pytest.raises(CameraLost):
            while source.read():
                clock.now += 1 / FPS
        kept.recorder.run_once()
        source.close()
    (clip,) = clips_of(kept, clock, film)
    assert pictures_in(clip) >= 2 * GROUP
    assert read_clip(clip)[1] > 2


def test_clip_goes_on_when_the_camera_reconnects(keep, clock):
    kept, packets = keep(), encoded(frames=4 * GROUP)

    def film():
        Camera(kept, clock).send(packets[:GROUP + 4])
        clock.now += 1.0
        Camera(kept, clock).send(packets[GROUP + 4:])     # it begins between two key frames
    (clip,) = clips_of(kept, clock, film)
    shown = times(clip)
    assert len(shown) == pictures_in(clip) == 4 * GROUP - 6
    assert max(later - earlier for (earlier, _), (later, _) in itertools.pairwise(shown)) == (
        pytest.approx(1.7, abs=0.05))
    assert read_clip(clip)[1] == pytest.approx(1.0 + 4 * GROUP / FPS, abs=0.3)


@given(st.lists(st.tuples(st.binary(max_size=60), st.booleans()), max_size=8), st.binary(max_size=40))
def test_no_packet_is_an_error(packets, extradata):
    assume(extradata[:1] != b"\1")      # which needs a real stream
    sink = PrerollInput("front", Preroll(5.0))
    context = SimpleNamespace(codec=SimpleNamespace(canonical_name="h264"), extradata=extradata)
    made = CameraPackets(SimpleNamespace(codec_context=context), sink, ManualClock())
    for data, key in packets:
        packet = av.Packet(b"\0\0\1" + data)
        packet.is_keyframe = key
        packet.pts = packet.dts = 0
        made.put(packet)
