"""A camera's own packets as live video: what a viewer receives, and when there is none."""

import contextlib
import functools
import io
import itertools
import json
import re
import time
import urllib.error
import urllib.request
from fractions import Fraction
from types import SimpleNamespace

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import DEADLINE, eventually
from product import Product
from pyimagesearch.capture.camera_packets import CameraPackets
from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.privacy.mask import PrivacyMask
from pyimagesearch.streaming import camera_video
from pyimagesearch.streaming.camera_video import CameraVideo
from pyimagesearch.streaming.fragments import NTP_EPOCH
from pyimagesearch.streaming.nal_framing import UnitFraming, codec_string, units_of
from rtsp_server import RtspServer

FPS, GROUP = 10, 10
MASK = PrivacyMask(("0,0 1000,0 1000,1000",))


@functools.cache
def encoded(size=(160, 120), encoder="libx264", frames=2 * GROUP, **options):
    """Return the packets of a video, as (data, is_key, pts, dts) [frames]."""
    scene, packets = DemoScene(size, FPS), []
    with av.open("nowhere", "w", format="null") as container:
        stream = container.add_stream(encoder, rate=FPS)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.options = {
            "preset": "ultrafast", "x265-params": "log-level=none:bframes=0",
            "x264-params": "scenecut=0:rc-lookahead=0:aud=1", "bf": "0", **options}
        stream.codec_context.gop_size = GROUP
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(scene.picture(number), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            packets += stream.encode(frame)
        packets += stream.encode(None)
    return [(bytes(packet), packet.is_keyframe, packet.pts, packet.dts) for packet in packets]


class Camera:
    """A camera that sends packets to *video*."""

    def __init__(self, video, clock, codec="h264"):
        self.video, self.clock, self.codec, self.sent = video, clock, codec, 0
        self.connect()

    def connect(self):
        context = SimpleNamespace(
            codec=SimpleNamespace(canonical_name=self.codec), extradata=b"")
        self.packets = CameraPackets(
            SimpleNamespace(codec_context=context), self.video, self.clock)

    def send(self, packets):
        begin = round(self.clock.monotonic() * FPS) + 1
        for number, (data, is_key, pts, dts) in enumerate(packets):
            self.clock.now += 1 / FPS
            packet = av.Packet(data)
            packet.is_keyframe = is_key
            packet.dts = (begin + number) * 90_000 // FPS
            packet.pts = packet.dts + (pts - dts) * 90_000 // FPS
            self.packets.put(packet)


class Viewer:
    """A viewer that keeps up, and stores what it is sent."""

    def __init__(self, video):
        self.video, self.received, self.seen, self.header = video, io.BytesIO(), 0, b""
        video.add_listener(self.take)

    def __enter__(self):
        self.place = self.video.watching()
        self.place.__enter__()
        self.take()
        return self

    def __exit__(self, *_):
        self.place.__exit__(None, None, None)

    def take(self):
        for fragment in self.video.group:
            if fragment.number > self.seen:
                self.seen = fragment.number
                self.received.write(b"" if fragment.header is self.header else fragment.header)
                self.header = fragment.header
                self.received.write(fragment.data)

    def frames(self):
        with av.open(io.BytesIO(self.received.getvalue())) as container:
            return [(round(float(frame.time), 3), frame.width) for frame in container.decode(video=0)]


@pytest.fixture
def video(clock):
    return CameraVideo(clock)


def test_viewer_in_mid_group_begins_with_its_key_frame(video, clock):
    camera = Camera(video, clock)
    camera.send(encoded()[:7])
    assert video.group == ()        # nothing is done without viewers
    with Viewer(video) as viewer:
        camera.send(encoded()[7:])
    moments = [moment for moment, _ in viewer.frames()]
    assert len(moments) == len(encoded())
    assert {round(b - a, 3) for a, b in itertools.pairwise(moments[1:])} == {0.1}
    assert video.group == ()


def test_first_fragment_is_the_newest_key_frame(video, clock):
    camera = Camera(video, clock)
    camera.send(encoded()[:GROUP + 2])
    with Viewer(video), Viewer(video) as viewer:
        assert len(viewer.frames()) == 2
        assert [fragment.is_key for fragment in video.group] == [True, False]
        assert video.number == 2        # made once for both


def test_next_viewer_gets_the_group_at_its_own_pace(video, clock):
    camera = Camera(video, clock)
    with Viewer(video):
        camera.send(encoded()[:5])
    with Viewer(video) as viewer:
        camera.send(encoded()[5:])
    moments = [moment for moment, _ in viewer.frames()]
    assert moments[0] == 0
    assert {round(b - a, 3) for a, b in itertools.pairwise(moments[1:])} == {0.1}


def test_frames_that_are_reordered_keep_their_order(video, clock):
    camera = Camera(video, clock)
    packets = encoded(bf="2", preset="fast")
    assert any(pts > dts for _, _, pts, dts in packets)
    with Viewer(video) as viewer:
        camera.send(packets)
    moments = [moment for moment, _ in viewer.frames()]
    assert len(moments) == len(packets)
    assert moments == sorted(moments)
    assert max(b - a for a, b in itertools.pairwise(moments[1:])) < 0.11


def test_resolution_changes_in_mid_stream(video, clock):
    camera = Camera(video, clock)
    with Viewer(video) as viewer:
        camera.send(encoded())
        before = viewer.received.tell()
        camera.send(encoded(size=(320, 240)))
    assert {wide for _, wide in viewer.frames()[:5]} == {160}
    viewer.received = io.BytesIO(viewer.received.getvalue()[before:])
    assert viewer.received.getvalue()[4:8] == b"ftyp"
    assert {wide for _, wide in viewer.frames()} == {320}


def test_camera_that_reconnects_goes_on_in_the_same_stream(video, clock):
    camera = Camera(video, clock)
    with Viewer(video) as viewer:
        camera.send(encoded()[:GROUP + 4])
        clock.now += 7.0
        camera.connect()
        camera.send(encoded()[4:])
    assert len(viewer.frames()) == GROUP + 4 + GROUP
    assert viewer.received.getvalue().count(b"moov") == 1


def test_h265_has_the_codec_that_browsers_ask_for(video, clock):
    camera = Camera(video, clock, codec="hevc")
    with Viewer(video) as viewer:
        camera.send(encoded(encoder="libx265"))
    assert len(viewer.frames()) == len(encoded())
    assert video.content_type == 'video/mp4; codecs="hvc1.1.6.L30.90"'
    assert b"hvc1" in video._framing.header


def test_h264_has_the_codec_that_browsers_ask_for(video, clock):
    assert video.why_not == camera_video.NO_VIDEO
    Camera(video, clock).send(encoded())
    assert video.why_not == ""
    assert video.content_type == 'video/mp4; codecs="avc1.42c00a"'
    assert codec_string(b"....avcC\1\x64\0\x1f") == "avc1.64001f"


@pytest.mark.parametrize(("hide", "show"), [
    (lambda video: video.set_mask(MASK), lambda video: video.set_mask(PrivacyMask())),
    (lambda video: video.switch(7.0), lambda video: video.switch(None))], ids=["mask", "switch"])
def test_nothing_from_before_is_given_out_once_hidden(video, clock, hide, show):
    camera = Camera(video, clock)
    with Viewer(video) as viewer:
        camera.send(encoded()[:5])
        hide(video)
        assert video.closed
        assert video.why_not
        assert video.group == ()
        assert video.hidden == viewer.seen
        size = viewer.received.tell()
        camera.send(encoded()[5:])
        assert viewer.received.tell() == size
    show(video)
    assert not video.closed
    with Viewer(video) as viewer:
        assert viewer.received.getvalue() == b""
        camera.send(encoded()[3:])
    assert len(viewer.frames()) == GROUP


def test_masked_and_switched_off_needs_both_undone(video, clock):
    Camera(video, clock).send(encoded())
    video.set_mask(MASK)
    video.switch(7.0)
    video.switch(None)
    assert video.why_not == camera_video.MASKED


def test_silent_camera_cannot_be_joined(video, clock):
    Camera(video, clock).send(encoded())
    clock.now += 60
    assert video.why_not == "the camera has sent nothing for 60 seconds"


def test_packets_with_nothing_to_show_are_left_out(video, clock):
    camera = Camera(video, clock)
    with Viewer(video) as viewer:
        camera.send(encoded()[:5])
        camera.send([(b"\0\0\0\1\x09\xf0", False, 0, 0)])       # a delimiter alone
        assert video.number == 5
        camera.send(encoded()[5:])
    assert len(viewer.frames()) == len(encoded())


def test_tiny_packets_are_bounded_in_number(video, clock):
    camera = Camera(video, clock)
    camera.send(encoded()[:1])
    for _ in range(camera_video.MAX_GROUP_PACKETS):
        assert video.why_not == ""
        video.put(b"", 0.0, clock.now, key=False, pts=0, dts=0)
    assert video.why_not == camera_video.FAR_KEYS


def test_key_frames_too_far_apart(video, clock, monkeypatch):
    size = sum(len(data) for data, *_ in encoded())
    monkeypatch.setattr(camera_video, "MAX_GROUP_BYTES", size - 1)
    camera, keyless = Camera(video, clock), [(*packet[:1], False, *packet[2:]) for packet in encoded()]
    camera.send(encoded()[:1])
    camera.send(keyless)
    assert video.why_not == camera_video.FAR_KEYS
    camera.send(encoded()[:GROUP])
    assert video.why_not
    camera.send(encoded())
    assert video.why_not == ""


def test_codec_that_is_not_copied_ends_the_streams(video, clock):
    camera = Camera(video, clock)
    camera.send(encoded())
    camera.codec = "mjpeg"
    camera.connect()
    assert video.closed
    assert "mjpeg" in video.why_not


@given(st.lists(st.binary(max_size=30), max_size=6))
def test_units_have_their_length_in_front(units):
    data = b"".join(b"\0\0\1" + unit for unit in units)
    sample, kept = UnitFraming(b"avcC").with_lengths(data), []
    while sample:
        size = int.from_bytes(sample[:4], "big")
        kept.append(sample[4:4 + size])
        sample = sample[4 + size:]
    assert kept == [unit for unit in units_of(data) if unit[0] & 31 not in range(9, 13)]


@pytest.fixture(scope="module")
def product():
    """The program with an RTSP camera, and one that has no video of its own."""
    with RtspServer(fps=25) as server, contextlib.closing(Product(
            "--source", f"front={server.url}", "--source", "yard=demo:160x120@10",
            "--no-record")) as running:
        eventually(lambda: refusal(running, "/live/front.mp4?from=camera") == "")
        yield running


def opened(product, path):
    return urllib.request.urlopen(product.url + path, timeout=DEADLINE)


def refusal(product, path, status=409):
    """Return the sentence with which *path* is refused with *status*; empty if it is not."""
    try:
        opened(product, path).close()
    except urllib.error.HTTPError as error:
        return json.loads(error.read())["error"] if error.code == status else str(error)
    return ""


def test_stream_is_what_the_camera_sends(product):
    with opened(product, "/live/front.mp4?from=camera") as answer:
        assert answer.headers["Content-Type"] == 'video/mp4; codecs="avc1.42c00a"'
        with av.open(answer) as container:
            assert len(container.streams) == 1      # no sound
            frames = list(itertools.islice(container.decode(video=0), 12))
            assert product.camera["video_viewers"] == 1
    assert {(frame.width, frame.height) for frame in frames} == {(160, 120)}


def test_what_cannot_be_streamed_is_refused_in_a_sentence(product):
    assert refusal(product, "/live/yard.mp4?from=camera") == (
        "Only the own video of an rtsp:// camera can be streamed; leave from=camera out.")
    assert refusal(product, "/live/mosaic.mp4?from=camera")
    assert "must be camera" in refusal(product, "/live/front.mp4?from=disk", 400)


@pytest.mark.parametrize(("hide", "show", "why"), [
    (("PUT", "/api/cameras/front/mask", {"drawn": ["0,0 1000,0 1000,1000"]}),
     ("PUT", "/api/cameras/front/mask", {"drawn": []}), "has a privacy mask"),
    (("POST", "/api/power", {"on": False}), ("POST", "/api/power", {"on": True}),
     "is switched off")], ids=["mask", "switch"])
def test_hiding_ends_streams_and_allows_no_new_ones(product, hide, show, why):
    path = "/live/front.mp4?from=camera"
    eventually(lambda: refusal(product, path) == "")
    with opened(product, path) as answer:
        begun = answer.read(100)
        product.send(*hide[:2], **hide[2])
        hidden = time.time()
        assert refusal(product, path).startswith(
            f"The camera's own video cannot be streamed: the camera {why}")
        received = begun + answer.read()    # to its end
    times = [int.from_bytes(stamp, "big") / 2**32 - NTP_EPOCH
             for stamp in re.findall(rb"prft.{8}(.{8})", received, re.DOTALL)]
    assert len(times) > 0
    assert max(times) < hidden
    product.send(*show[:2], **show[2])
    eventually(lambda: refusal(product, path) == "")
