"""Video over HTTP that FFmpeg decodes: one request, one host, within bounds."""

import contextlib
import functools
import io
import threading
import time
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyimagesearch.capture import http_video
from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.capture.http_camera import open_http
from pyimagesearch.capture.http_client import HttpClient
from pyimagesearch.capture.limits import Allowance, MemoryBudget
from pyimagesearch.capture.source import CaptureRequest
from pyimagesearch.capture.url import parse_url
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import BadPicture, CameraLost
from socket_camera import HttpCamera

HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: %b\r\n%b\r\n"


@functools.cache
def encoded(*kind):
    return video(*kind)


def video(container="mpegts", encoder="libx264", size=(160, 120), frames=10, extra=b"", **options):
    """Return the bytes of a video at 10 frames a second; *extra* follows each frame."""
    memory, scene = io.BytesIO(), DemoScene((160, 120), 10)
    with av.open(memory, "w", format=container, options={
            "movflags": "empty_moov+default_base_moof+frag_keyframe"} if container == "mp4" else {}) as made:
        stream = made.add_stream(encoder, rate=10, options=options)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if encoder == "mjpeg" else "yuv420p"
        for number in range(frames):
            picture = (scene.picture(number) if size == (160, 120)
                       else np.zeros((size[1], size[0], 3), np.uint8))
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            mux(made, stream, stream.encode(frame), extra)
        mux(made, stream, stream.encode(None), extra)
    return memory.getvalue()


def mux(container, stream, packets, extra):
    for packet in packets:
        longer = av.Packet(bytes(packet) + extra)
        longer.pts, longer.dts, longer.time_base = packet.pts, packet.dts, packet.time_base
        longer.is_keyframe, longer.stream = packet.is_keyframe, stream
        container.mux(longer)


@pytest.fixture
def serving():
    """Serve a body, or what a function returns; return the camera and how to open it."""
    with contextlib.ExitStack() as opened:
        def serve(body, kind=b"video/mp2t", more=b""):
            answer = body if callable(body) else lambda head, number: HEAD % (kind, more) + body
            camera = opened.enter_context(contextlib.closing(HttpCamera(answer)))

            def open_it(allowance=Allowance()):     # noqa: B008
                source = open_http(HttpClient(parse_url(camera.url + "/x")),
                                   CaptureRequest(allowance=allowance),
                                   threading.Event(), SystemClock())
                return opened.enter_context(contextlib.closing(source))
            return camera, open_it
        yield serve


@pytest.mark.parametrize(("container", "encoder"), [
    ("mpegts", "libx264"), ("mp4", "libx264"), ("matroska", "libx264"), ("flv", "flv"),
    ("avi", "mpeg4"), ("h264", "libx264"), ("mpegts", "mpeg2video"), ("matroska", "mjpeg")])
def test_video_is_read_from_the_first_answer(serving, container, encoder):
    camera, open_it = serving(video(container, encoder))
    source = open_it()
    assert [source.read().size for _ in range(8)] == [(160, 120)] * 8
    assert len(camera.heads) == 1


def test_mp4_with_its_index_at_the_end_is_refused_in_words(serving):
    memory = io.BytesIO()
    with av.open(memory, "w", format="mp4") as made:
        stream = made.add_stream("libx264", rate=10)
        made.mux(stream.encode(av.VideoFrame(160, 120)))
        made.mux(stream.encode(None))
    _, open_it = serving(memory.getvalue(), b"video/mp4")
    with pytest.raises(CameraLost, match=r"is an MP4 file whose index is at its end; move it to the front with ffmpeg"):
        open_it()


@pytest.mark.parametrize("playlist", [
    b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2.0,\n%b/a.ts\n#EXT-X-ENDLIST\n",
    b"v=0\r\nc=IN IP4 127.0.0.1\r\nm=video 9 RTP/AVP 96\r\na=control:%b\r\n",
    b'<?xml version="1.0"?>\n<MPD><BaseURL>%b/</BaseURL></MPD>', b"ffconcat version 1.0\nfile %b/x.ts\n"])
@pytest.mark.parametrize("kind", [b"application/vnd.apple.mpegurl", b"video/mp2t", b""])
def test_playlist_is_refused_and_leads_nowhere(serving, playlist, kind):
    elsewhere, _ = serving(b"")
    camera, open_it = serving(playlist % elsewhere.url.encode(), kind)
    with pytest.raises(CameraLost, match="gives a playlist, which may lead anywhere and is not"):
        open_it()
    assert (len(camera.heads), len(elsewhere.heads)) == (1, 0)


def test_playlist_behind_other_bytes_leads_nowhere(serving):
    elsewhere, _ = serving(b"")
    body = b"\0" * 70 + b"#EXTM3U\n#EXTINF:2.0,\n" + elsewhere.url.encode() + b"/a.ts\n"
    for name in (b"x.m3u8", b"x.mpd", b"x.sdp"):
        _, open_it = serving(body, b"video/x", b"Content-Disposition: attachment; filename=%b\r\n" % name)
        with pytest.raises(CameraLost):
            open_it().read()
    assert elsewhere.heads == []


def test_redirect_is_never_behind_the_first_answer(serving):
    elsewhere, _ = serving(b"")
    moved = b"HTTP/1.0 302 Found\r\nLocation: %b/x\r\n\r\n" % elsewhere.url.replace(
        "127.0.0.1", "localhost").encode()
    camera, open_it = serving(lambda head, number: moved if number > 1 else
                              HEAD % (b"video/mp2t", b"") + b"\0" * 900)
    with pytest.raises(CameraLost, match="no video that FFmpeg understands"):
        open_it()
    assert (len(camera.heads), len(elsewhere.heads)) == (1, 0)


@pytest.mark.parametrize("container", ["mpegts", "matroska", "mp4", "h264"])
def test_frames_of_too_many_pixels_are_not_decoded(serving, monkeypatch, container):
    monkeypatch.setattr("pyimagesearch.capture.ffmpeg.MAX_VIDEO_PIXELS", 200 * 160)
    _, open_it = serving(video(container, size=(320, 240)))
    with pytest.raises(CameraLost, match=r"frames of more than 35 million pixels|no video that"):
        open_it().read()
    _, open_it = serving(video(container))
    assert open_it().read().size == (160, 120)


def test_block_without_an_end_is_the_end(serving, monkeypatch):
    monkeypatch.setattr(http_video, "MAX_UNFRAMED_BYTES", 300_000)
    endless = {"mkv": video("matroska")[:2000].replace(b"\xa3", b"\xec") + b"\xec\x01\0\0\0\x7f\0\0\0",
               "ts": video()[:188 * 3], "mp4": b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + b"\x7f\xff\xff\xffmoov",
               "h264": video("h264")[:4000]}
    for name, begin in endless.items():
        _, open_it = serving(begin + b"\x11" * 3_000_000)
        begun = time.monotonic()
        with pytest.raises(CameraLost), contextlib.closing(open_it()) as source:
            while source.read():
                pass
        assert time.monotonic() - begun < 5, name


@pytest.mark.parametrize("container", ["mp4", "matroska", "flv", "h264", "mpegts"])
def test_frame_of_thousands_of_units_is_the_end(serving, container):
    """FFmpeg's decoder would take 4 kB for each: gigabytes."""
    _, open_it = serving(video(container, extra=b"\0\0\1\x0c\xff\x80" * 2500))
    with pytest.raises(CameraLost, match=r"more than 2048 NAL units|or 3072 NAL units"):
        source = open_it()
        while source.read():
            pass


def test_finished_file_is_shown_at_its_own_speed(serving):
    body = video("mp4", frames=8)
    _, open_it = serving(body, b"video/mp4", b"Content-Length: %d\r\n" % len(body))
    source, begin = open_it(), time.monotonic()
    for _ in range(6):
        source.read()
    assert time.monotonic() - begin > 0.3


def test_title_in_another_encoding_is_no_error(serving):
    body = video("avi", "mpeg4").replace(b"Lavf", b"\xff\xfe\xfc\xfd", 1)
    _, open_it = serving(body, b"video/avi")
    assert open_it().read().size == (160, 120)


def test_memory_of_a_decoder_counts_and_is_bounded(serving, monkeypatch):
    """A stream may refer back to 16 frames, which takes 16 times the memory of one."""
    body = video("matroska", size=(640, 480), frames=20, tune="zerolatency", **{
        "x264-params": "ref=16:bframes=0:scenecut=0:keyint=250"})
    budget = MemoryBudget(100_000_000)
    _, open_it = serving(body)
    source = open_it(Allowance(budget, "yard"))
    claims = []
    with pytest.raises(CameraLost, match="ended the stream"):
        while source.read():
            claims.append(budget.used)
    frame, picture = 640 * 480 * 1.5, 640 * 480 * 5
    assert picture + frame <= claims[0] < picture + 3 * frame
    assert claims[-1] > picture + 15 * frame
    monkeypatch.setattr("pyimagesearch.capture.limits.MAX_DECODER_BYTES", int(8 * frame))
    with pytest.raises(CameraLost, match="video of 640x480 pixels, whose decoder takes 4 MB"):
        source = open_it()
        while source.read():
            pass


BODIES = [("mpegts", "libx264"), ("mp4", "libx264"), ("matroska", "mjpeg"), ("flv", "flv"), ("avi", "mpeg4"),
          ("h264", "libx264"), ("ivf", "libvpx"), ("asf", "msmpeg4")]
PIECES = st.binary(max_size=8) | st.sampled_from([b"\xff" * 4, b"\x7f\xff\xff\xff", bytes(4), b"\0\0\0\1"])


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(kind=st.sampled_from(BODIES), changes=st.lists(
    st.tuples(st.integers(0, 999), PIECES, st.integers(0, 40)), min_size=1, max_size=9))
def test_whatever_a_container_holds_is_one_sentence(kind, changes):
    body = encoded(*kind)
    for place, piece, cut in changes:
        at = place if place < 600 else len(body) * (place - 600) // 400
        body = body[:at] + piece + body[at + cut:]
    with contextlib.closing(HttpCamera(lambda head, number: HEAD % (b"video/x", b"") + body)) as camera:
        with pytest.raises(CameraLost) as lost, contextlib.closing(open_http(
                HttpClient(parse_url(camera.url + "/x")), CaptureRequest(), threading.Event(),
                SystemClock())) as source:
            while True:
                with contextlib.suppress(BadPicture):
                    source.read().colour()
        assert str(lost.value).startswith(camera.url)
        assert len(str(lost.value)) < 300
