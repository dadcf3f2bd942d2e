"""Smaller variants of a picture: encoded once each, at their own rate, for viewers only."""

import cv2
import numpy as np
import pytest

from harness import open_access
from pyimagesearch.errors import TooManyViewers
from pyimagesearch.frames import ArrayPicture, Frame
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.publisher import Publisher
from pyimagesearch.streaming.variants import CHOICES, MAX_WATCHED, VariantOf, Variants
from pyimagesearch.web import Feed, Services, create_app
from sample_archive import STATUS

PICTURE = np.random.default_rng(1).integers(0, 255, (360, 640, 3), np.uint8)


@pytest.fixture
def variants():
    return Variants(quality=75)


def film(variants, seconds, fps=30):
    return [number for number in range(round(seconds * fps))
            if variants.show(PICTURE, 7.0, number / fps)]


def test_variant_is_as_wide_and_as_small_as_asked(variants):
    small, plain = (variants.stream(wanted) for wanted in (VariantOf(320, 30), VariantOf(fps=15)))
    with small.watching(), plain.watching():
        film(variants, 0.1)
        assert cv2.imdecode(np.frombuffer(small.latest.jpeg, np.uint8), 1).shape == (180, 320, 3)
        assert cv2.imdecode(np.frombuffer(plain.latest.jpeg, np.uint8), 1).shape == (360, 640, 3)
        assert len(small.latest.jpeg) < len(plain.latest.jpeg) / 4


def test_picture_is_never_enlarged(variants):
    stream = variants.stream(VariantOf(640))
    with stream.watching():
        variants.show(PICTURE[:, :100], 7.0, 0.0)
        assert cv2.imdecode(np.frombuffer(stream.latest.jpeg, np.uint8), 1).shape == (360, 100, 3)


@pytest.mark.parametrize("fps", CHOICES["fps"])
def test_rate_is_the_one_asked_for(variants, fps):
    with variants.stream(VariantOf(160, fps=fps)).watching():
        assert len(film(variants, 4)) == pytest.approx(4 * fps, abs=1)


def test_nothing_is_encoded_without_viewers(variants):
    stream = variants.stream(VariantOf(160, 30, 1))
    assert film(variants, 2) == []
    assert not variants.are_due(3.0)
    with stream.watching():
        assert variants.are_due(3.0)
        assert variants.wait


def test_later_viewer_is_not_shown_an_old_picture(variants):
    stream = variants.stream(VariantOf(160))
    with stream.watching():
        variants.show(PICTURE, 7.0, 0.0)
    assert not stream.stale
    variants.withdraw()
    assert stream.stale


def test_variant_is_encoded_once_for_all_viewers(variants):
    wanted = VariantOf(160, 30, 1)
    with variants.stream(wanted).watching(), variants.stream(wanted).watching():
        assert variants.viewers == 2
        assert variants.show(PICTURE, 7.0, 0.0) == 1
        assert not variants.are_due(0.1)


def test_hidden_picture_is_shown_to_no_viewer_any_more(variants):
    stream = variants.stream(VariantOf(160, fps=1))
    with stream.watching():
        variants.show(PICTURE, 7.0, 0.0)
        assert not stream.stale
        variants.withdraw()
        assert not stream.stale     # it is the newest at this rate
        variants.hide()
        assert stream.stale
        assert variants.are_due(0.1)
    variants.show(PICTURE, 7.0, 0.2)
    assert stream.stale


def test_only_so_many_variants_are_watched_at_a_time(variants):
    watched = [variants.stream(VariantOf(160, fps=fps)) for fps in CHOICES["fps"]]
    watched.append(variants.stream(VariantOf(320)))
    assert len(watched) == MAX_WATCHED
    places = [stream.watching() for stream in watched]
    for place in places:
        place.__enter__()
    with pytest.raises(TooManyViewers, match="6 other variants of this picture are watched"):
        variants.stream(VariantOf(640))
    assert variants.stream(VariantOf(320)) is watched[-1]
    places.pop().__exit__(None, None, None)
    variants.stream(VariantOf(640))


def test_closed_variants_end_their_streams(variants):
    stream = variants.stream(VariantOf(160))
    variants.close()
    assert list(stream.frames()) == list(variants.stream(VariantOf(320)).frames()) == []


@pytest.fixture
def publisher():
    return Publisher("front", LatestFrameBroadcaster(), None, width=640, quality=75)


def frame(number):
    return Frame(number, ArrayPicture(PICTURE), 7.0, number / 30)


def test_frames_for_slow_variants_alone_are_not_drawn_between(publisher):
    with publisher.variants.stream(VariantOf(160, fps=5)).watching():
        assert publisher.viewers == 1
        wanted = 0
        for number in range(30):
            wanted += publisher.needs_image(frame(number))
            publisher.show(frame(number), (), (640, 360))
    assert publisher.encoded == wanted == pytest.approx(5, abs=1)


def test_card_and_last_picture_are_shown_to_who_comes_later(publisher):
    stream = publisher.variants.stream(VariantOf(160))
    publisher.show(frame(1), (), (640, 360))
    with stream.watching():
        publisher.catch_up(0.5)
        assert stream.latest.number == 1
        publisher.show_card("NO SIGNAL", "", 9.0, 0.6)
        assert stream.latest.captured == 9.0
    other = publisher.variants.stream(VariantOf(320))
    with other.watching():
        publisher.catch_up(0.7)
        assert other.latest.captured == 9.0


def test_frame_that_was_not_drawn_makes_the_last_one_too_old(publisher):
    stream = publisher.variants.stream(VariantOf(160))
    with stream.watching():
        publisher.show(frame(1), (), (640, 360))
    assert not stream.stale
    publisher.show(frame(2), (), (640, 360))
    assert stream.stale


def test_picture_that_is_hidden_now_is_withdrawn(publisher):
    stream = publisher.variants.stream(VariantOf(160))
    with stream.watching():
        publisher.show(frame(1), (), (640, 360))
        publisher.hide()
        assert stream.stale


@pytest.fixture
def client(variants):
    services = Services({"front": Feed(
        LatestFrameBroadcaster(), lambda: STATUS, variants=variants)}, open_access())
    return create_app(services).test_client()


def test_address_names_the_variant(client, variants):
    client.get("/video_feed?width=320&quality=30&fps=5").close()
    assert list(variants._variants) == [VariantOf(320, 30, 5)]
    client.get("/video_feed/front?width=&viewer=1234567890123456").close()
    assert len(variants._variants) == 1     # the picture as it is


@pytest.mark.parametrize(("query", "allowed"), [
    ("width=161", "160, 320, 480, 640, 960, 1280, 1920, 2560"), ("quality=100", "30, 50, 75"), ("fps=x", "1, 2, 5, 10, 15")])
def test_variant_that_is_not_offered_is_refused(client, query, allowed):
    answer = client.get(f"/video_feed?{query}")
    assert answer.status_code == 400
    name, _, value = query.partition("=")
    assert answer.json == {"error": f"{name} is '{value}', but must be one of {allowed}."}


def test_too_many_variants_are_a_503(client, variants):
    for fps in CHOICES["fps"]:
        variants.stream(VariantOf(160, fps=fps)).viewers += 1
    variants.stream(VariantOf(320)).viewers += 1
    answer = client.get("/video_feed?width=640")
    assert answer.status_code == 503
    assert "6 other variants of this picture are watched" in answer.json["error"]
    assert answer.headers["Retry-After"]
