"""Live H.264: decodable at once, within its rate, and nothing of what is hidden."""

import cv2
import numpy as np
import pytest

from pyimagesearch.streaming import live_encoder
from pyimagesearch.streaming.live_video import (
    IDLE_SECONDS,
    RETRY_SECONDS,
    LiveVideo,
)
from pyimagesearch.streaming.live_videos import live_videos
from video_viewers import VideoViewer, decoded

WHITE, BLACK = 255, 0


def picture(brightness, size=(64, 48)):
    return np.full((size[1], size[0], 3), brightness, np.uint8)


@pytest.fixture
def video():
    return LiveVideo(500)


@pytest.fixture
def viewer(video):
    with video.watching():
        yield VideoViewer(video)


def show(video, brightnesses, begin=100.0, fps=10):
    for index, brightness in enumerate(brightnesses):
        video.show(picture(brightness), 1.0, begin + index / fps)


def test_each_picture_can_be_decoded_before_the_next_comes(video, viewer):
    for index, brightness in enumerate((30, 90, 200)):
        show(video, [brightness], 100.0 + index)
        pictures = viewer.pictures
        assert len(pictures) == index + 1
        assert abs(pictures[-1].astype(int) - brightness).max() < 6


@pytest.mark.parametrize("height", [48, 50, 51])
def test_colours_arrive_as_they_were(video, viewer, height):
    image = np.zeros((height, 96, 3), np.uint8)
    image[:16], image[16:32], image[32:] = (200, 0, 0), (0, 200, 0), (0, 0, 200)
    video.show(image, 1.0, 1.0)
    seen = viewer.pictures[0][[2, 13, 18, 29, 34, 46], 40].astype(int)
    assert abs(seen.reshape(3, 2, 3) - [[(200, 0, 0)], [(0, 200, 0)], [(0, 0, 200)]]).max() < 12


def test_without_viewers_nothing_is_encoded(video):
    show(video, [1, 2, 3])
    assert (video.encoded, video.group, video.encoding.seconds) == (0, (), 0.0)


def test_encoder_is_freed_some_seconds_after_the_last_viewer(video):
    with video.watching():
        show(video, [1])
    show(video, [2], 100.0 + IDLE_SECONDS - 1)
    assert video._encoder
    show(video, [3], 100.0 + IDLE_SECONDS)
    assert video._encoder is None


def test_key_frames_come_every_two_seconds_and_on_demand(video, viewer):
    show(video, [1] * 50)
    assert viewer.keys == [0, 20, 40]
    video.ask_for_key()
    show(video, [1] * 10, 105.0)
    assert viewer.keys == [0, 20, 40, 50]


def test_many_demands_do_not_make_every_picture_a_key_frame(video, viewer):
    for index in range(30):
        video.ask_for_key()
        show(video, [1], 100.0 + index / 30)
    assert len(viewer.keys) == 4        # in a second


def test_first_viewer_gets_nothing_from_before(video):
    with video.watching():
        show(video, [1, 1])
    with video.watching():
        assert video.group == ()
        show(video, [1], 101.0)
        assert [each.is_key for each in video.group] == [True]


def test_pictures_may_change_their_size(video, viewer):
    show(video, [50])
    video.show(picture(150, (96, 64)), 1.0, 101.0)
    video.show(picture(200, (96, 64)), 1.0, 101.1)
    first, *others = viewer.fragments
    assert [each.is_key for each in others] == [True, False]
    assert first.header != others[0].header
    assert [each.shape[:2] for each in decoded(others)] == [(64, 96), (64, 96)]
    everything = viewer.pictures      # by programs that ignore a second header
    assert abs(everything[-1].astype(int) - 200).max() < 6


@pytest.mark.parametrize("size", [(17, 17), (65, 49), (64, 50)])
def test_odd_sizes_lose_some_lines(video, viewer, size):
    video.show(picture(90, size), 1.0, 1.0)
    assert viewer.pictures[0].shape == (size[1] & ~3, size[0] & ~1, 3)


@pytest.mark.parametrize("fps", [30, 5])
def test_rate_is_used_and_not_exceeded_at_any_frame_rate(fps):
    # noise that the rate does not suffice for
    noise = np.random.default_rng(1).integers(0, 255, (9, 60, 80, 3), np.uint8)
    noise = [cv2.resize(each, (320, 240)) for each in noise]
    videos = live_videos(500)
    viewer = VideoViewer(videos["low"])
    with videos["low"].watching():
        for index in range(6 * fps):
            videos.count(100.0 + index / fps)
            videos.show(noise[index % 9], 1.0, 100.0 + index / fps)
    last = viewer.fragments[viewer.keys[1]:]
    kbits = sum(len(each.data) for each in last) * 8 / 1000 / (len(last) / fps)
    assert 0.5 * 500 < kbits < 1.2 * 500


def test_frame_rate_is_counted_without_pauses():
    videos = live_videos(500)
    assert videos.fps == 30         # as long as nothing is known
    for at in (1.0, 1.2, 1.39, 21.39, 21.6, 21.8):
        videos.count(at)
    assert videos.fps == pytest.approx(5)
    videos.step = 2
    assert videos.fps == pytest.approx(2.5)
    videos.step = 20
    assert videos.fps == 1


def test_encoder_follows_the_frame_rate_at_the_next_key_frame(video, viewer):
    for index in range(50):
        video.show(picture(50), 1.0, 100.0 + index / 10, 30.0 if index < 10 else 10.0)
    assert viewer.keys == [0, 20, 40]
    headers = [each.header for each in viewer.fragments]
    assert headers[0] == headers[19] != headers[20] == headers[49]
    assert len(viewer.pictures) == 50


def test_pictures_from_before_they_were_hidden_are_not_needed(video, viewer):
    show(video, [WHITE] * 5)
    video.hide()
    assert (video.group, video.hidden) == ((), 5)
    show(video, [BLACK] * 3, 101.0)
    after = [each for each in viewer.fragments if each.number > video.hidden]
    assert max(each.max() for each in decoded(after)) < 6


def test_size_that_x264_refuses_is_tried_again_later(video, viewer, caplog):
    for after in (0.0, 1.0, RETRY_SECONDS):
        video.show(np.zeros((16, 16_386, 3), np.uint8), 1.0, 100.0 + after)
    assert not viewer.fragments
    assert caplog.text.count("x264 takes no pictures of 16386x16") == 2
    assert "Traceback" not in caplog.text


def test_missing_x264_is_one_sentence_until_the_next_attempt(video, caplog, monkeypatch):
    monkeypatch.setattr(live_encoder, "CODEC_NAME", "x264-left-out")
    with video.watching():
        show(video, [1, 2, 3])
    assert video.why_not == "this FFmpeg was built without x264"
    assert caplog.messages == [f"no live video of 500 kbit/s: {video.why_not}"]
    video.rest(100.0 + RETRY_SECONDS)
    assert video.why_not == ""


def test_last_picture_is_needed_again_by_those_who_came_after_it(video):
    assert not video.waits(200.0)
    with video.watching():
        assert video.waits(200.0)
        show(video, [1], 200.0)
        assert not video.waits(200.5, is_still=True)
        assert video.waits(201.0, is_still=True)
        assert not video.waits(201.0)
        video.ask_for_key()
        assert video.waits(201.0)


def test_second_video_has_three_times_the_rate():
    assert {name: video._rate for name, video in live_videos(400).items()} == {
        "low": 400, "high": 1200}
