"""The publisher: encode for viewers and clips, and for nothing else."""

import json

import cv2
import numpy as np
import pytest

from harness import ManualClock
from pyimagesearch.capture.jpegpicture import JpegPicture
from pyimagesearch.frames import ArrayPicture, Frame
from pyimagesearch.jpeg import JpegDecoder, LazyJpeg, jpeg_size
from pyimagesearch.overlay import Annotation, Tag
from pyimagesearch.privacy.mask import PrivacyMask
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.live_videos import live_videos
from pyimagesearch.streaming.mosaic import Mosaic
from pyimagesearch.streaming.publisher import BROWSER, NO_OVERLAY, Publisher
from pyimagesearch.streaming.variants import VariantOf
from video_viewers import VideoViewer

BRIGHT = np.full((480, 640, 3), 200, np.uint8)
JPEG = cv2.imencode(".jpg", BRIGHT)[1].tobytes()
DECODED = Frame(1, ArrayPicture(BRIGHT), 1.0, 1.0)
BOXES = ((10, 20, 30, 40),)
PERSON = Tag("person", BOXES[0])


def compressed():
    return Frame(1, JpegPicture(JPEG, JpegDecoder()), 1.0, 1.0)


@pytest.fixture
def mosaic():
    return Mosaic(["test", "other"], LatestFrameBroadcaster(), 100, ManualClock())


@pytest.fixture
def publish(broadcaster, mosaic):
    """Make the publisher of camera "test", at most *width* pixels wide."""
    return lambda width=640, **more: Publisher(
        "test", broadcaster, mosaic, width=width, quality=75, **more)


def headers(part):
    return dict(line.split(": ", 1) for line in part.split(b"\r\n\r\n")[0].decode().splitlines())


def brightness(mosaic):
    """Return that of the middle of the camera's tile, as a viewer sees it."""
    mosaic.run_once()
    jpeg = np.frombuffer(mosaic.broadcaster.latest.jpeg, np.uint8)
    return cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE)[240, 320]


def test_without_viewers_nothing_is_encoded(publish, broadcaster):
    publisher = publish()
    assert publisher.show(DECODED, (), (640, 480)).jpeg is None
    assert publisher.encoded == 0
    assert broadcaster.stale


def test_cameras_own_jpeg_is_kept_with_an_overlay_to_draw(publish):
    publisher = publish()
    shown = publisher.show(compressed(), BOXES, (320, 240))
    assert (shown.jpeg.data, shown.jpeg.size) == (JPEG, (640, 480))
    assert shown.boxes == ((20, 40, 60, 80),)
    assert shown.jpeg.overlay == Annotation(shown.boxes, 1.0)
    assert publisher.encoded == 0


def test_cameras_own_jpeg_that_is_too_wide_is_scaled_later(publish):
    shown = publish(320).show(compressed(), ((0, 0, 640, 480),), (640, 480))
    assert shown.jpeg.data == JPEG
    assert shown.jpeg.size == (320, 240)
    assert shown.jpeg.overlay.boxes == ((0, 0, 320, 240),)
    assert jpeg_size(shown.jpeg.bytes()) == (320, 240)
    kept = publish(320).show(compressed(), BOXES, (640, 480), keep=True)
    assert kept.boxes == ((5, 10, 15, 20),)
    assert jpeg_size(kept.jpeg.bytes()) == kept.jpeg.size == (320, 240)


def test_viewer_and_clip_share_one_encoded_frame(publish, broadcaster):
    publisher = publish()
    with broadcaster.watching():
        shown = publisher.show(compressed(), (), (640, 480), keep=True)
    assert publisher.encoded == 1
    assert broadcaster.latest.jpeg is shown.jpeg.bytes()
    assert shown.jpeg.overlay is None


def test_overlay_for_the_browser_leaves_the_jpeg_untouched(publish, broadcaster):
    publisher, frame = publish(overlay=BROWSER), compressed()
    with broadcaster.watching():
        assert not publisher.needs_image(frame)
        shown = publisher.show(frame, BOXES, (640, 480), "", (PERSON,))
    sent = broadcaster.latest
    assert sent.jpeg is JPEG
    assert json.loads(headers(sent.part)["X-Overlay"]) == {
        "time": Annotation((), 1.0).time, "place": "bottom-left", "boxes": [[10, 20, 30, 40]],
        "tags": [["person", [10, 20, 30, 40]]]}
    assert shown.jpeg == sent.undrawn == LazyJpeg(
        JPEG, (640, 480), Annotation(BOXES, 1.0, (PERSON,)), 75, (640, 480))
    assert publisher.encoded == 0


def test_without_overlay_nothing_is_drawn_but_on_clips(publish, broadcaster):
    with broadcaster.watching():
        shown = publish(overlay=NO_OVERLAY).show(DECODED, BOXES, (640, 480))
    sent = broadcaster.latest
    assert (np.abs(sent.drawn.image().astype(int) - 200) < 3).all()
    assert "X-Overlay" not in headers(sent.part)
    assert shown.jpeg.data is sent.jpeg
    assert shown.jpeg.overlay.boxes == BOXES


@pytest.mark.parametrize("frame", [compressed(), DECODED], ids=["too wide", "no JPEG"])
def test_overlay_for_the_browser_is_in_pixels_of_the_jpeg(publish, broadcaster, frame):
    with broadcaster.watching():
        shown = publish(320, overlay=BROWSER).show(frame, BOXES, (640, 480))
    sent = broadcaster.latest
    assert jpeg_size(sent.jpeg) == shown.jpeg.size == (320, 240)
    assert json.loads(headers(sent.part)["X-Overlay"])["boxes"] == [[5, 10, 15, 20]]
    assert (np.abs(LazyJpeg(sent.jpeg, (320, 240)).image().astype(int) - 200) < 3).all()
    assert (sent.drawn.image()[12, 5:15] == sent.drawn.image()[15, 5]).any()


def test_masked_picture_for_the_browser_is_encoded(publish, broadcaster):
    masked = PrivacyMask(("0,0 1000,0 1000,1000 0,1000",)).apply(compressed().picture)
    with broadcaster.watching():
        publish(overlay=BROWSER).show(compressed()._replace(picture=masked), (), (640, 480))
    assert broadcaster.latest.jpeg != JPEG
    assert not LazyJpeg(broadcaster.latest.jpeg, (640, 480)).image().any()


def test_mosaic_has_the_overlay_that_a_kept_picture_lacks(publish, broadcaster, mosaic, monkeypatch):
    shown = []
    monkeypatch.setattr(mosaic, "show", lambda name, image, *more: shown.append(image.copy()))
    with broadcaster.watching(), mosaic.broadcaster.watching():
        publish(overlay=BROWSER).show(compressed(), BOXES, (640, 480), keep=True)
    assert (np.abs(cv2.imdecode(np.frombuffer(broadcaster.latest.jpeg, np.uint8), 1).astype(int) - 200) < 5).all()
    assert (shown[0][25:35, 10].astype(int) - 200).any()


@pytest.mark.parametrize(("overlay", "is_drawn"), [(BROWSER, True), (NO_OVERLAY, False)])
def test_mosaic_has_the_overlay_unless_there_is_none(publish, broadcaster, mosaic, overlay, is_drawn):
    publisher = publish(overlay=overlay)
    with broadcaster.watching(), mosaic.broadcaster.watching():
        publisher.show(compressed(), ((200, 200, 400, 400),), (640, 480))
        mosaic.run_once()
    assert broadcaster.latest.jpeg is JPEG
    tile = LazyJpeg(mosaic.broadcaster.latest.jpeg, mosaic.size).image()[110:260, 100:320]
    assert (tile[:, :, 2].astype(int) - tile[:, :, 0] > 60).any() == is_drawn


def test_viewer_of_the_mosaic_alone_needs_no_camera_jpeg(publish, broadcaster, mosaic):
    publisher = publish()
    with mosaic.broadcaster.watching():
        assert publisher.show(DECODED, (), (640, 480)).jpeg is None
        assert brightness(mosaic) > 190
    assert publisher.encoded == 0
    assert broadcaster.stale


def test_hidden_picture_is_withdrawn_and_a_card_is_not(publish, broadcaster, mosaic):
    publisher = publish()
    publisher.show_card("STARTING", "", 0.0, 0.0)
    publisher.hide()
    assert not broadcaster.stale
    with mosaic.broadcaster.watching(), broadcaster.watching():
        publisher.show(DECODED, (), (640, 480))
        assert brightness(mosaic) > 190
        publisher.hide()
        assert brightness(mosaic) < 60
    assert broadcaster.stale


def test_names_are_drawn_and_written_beside_the_camera(publish, broadcaster, mosaic, monkeypatch):
    notes = []
    monkeypatch.setattr(mosaic, "show", lambda name, image, motion, note: notes.append(note))
    publisher = publish()
    with broadcaster.watching(), mosaic.broadcaster.watching():
        plain = publisher.show(DECODED, BOXES, (640, 480)).jpeg
        named = publisher.show(DECODED, BOXES, (640, 480), "unsteady", (PERSON,)).jpeg
    assert notes == ["", "unsteady, person"]
    changed = np.abs(plain.image().astype(int) - named.image()).max(axis=2) > 60
    assert changed[:60, :120].sum() > 500
    assert not changed[80:].any()
    undrawn = publish().show(compressed(), BOXES, (640, 480), "", (PERSON,)).jpeg
    assert undrawn.overlay == Annotation(BOXES, 1.0, (PERSON,))


def test_new_viewer_of_a_slow_camera_gets_its_last_frame(publish, broadcaster):
    publisher = publish()
    publisher.show_card("STARTING", "", 1.0, 1.0)
    publisher.show(DECODED, BOXES, (640, 480))
    publisher.catch_up(9.0)
    assert publisher.encoded == 0           # no viewer asks for it
    with broadcaster.watching():
        publisher.catch_up(9.0)
        assert not broadcaster.stale
        publisher.catch_up(9.0)
    assert publisher.encoded == 1


def test_new_viewer_of_the_mosaic_gets_the_last_frame(publish, mosaic):
    publisher = publish()
    publisher.show(DECODED, (), (640, 480))
    assert brightness(mosaic) < 50
    with mosaic.broadcaster.watching():
        publisher.catch_up(9.0)
        assert not mosaic.lacks("test")
    assert publisher.encoded == 0


def test_what_is_hidden_is_hidden_in_every_stream(publish, broadcaster, mosaic):
    publisher = publish()
    variant = publisher.variants.stream(VariantOf(width=160))
    streams = (broadcaster, variant, mosaic.broadcaster)
    with broadcaster.watching(), variant.watching(), mosaic.broadcaster.watching():
        publisher.show(DECODED, (), (640, 480))
        mosaic.run_once()
        publisher.hide()
        assert [each.hidden for each in streams] == [each.latest.number for each in streams]
        publisher.show_card("NO SIGNAL", "", 2.0, 2.0)
        publisher.hide()
        assert [each.hidden for each in streams[:2]] == [1, 1]
        assert broadcaster.current.number == variant.current.number == 2


@pytest.mark.parametrize("hide", [
    lambda publisher: publisher.hide(), lambda publisher: publisher.show_card("NO SIGNAL", "", 2.0, 2.0)],
    ids=["hidden", "a card"])
def test_frame_that_was_withdrawn_is_never_caught_up(publish, broadcaster, hide):
    publisher = publish()
    publisher.show(DECODED, (), (640, 480))
    hide(publisher)
    newest = broadcaster.latest.number
    with broadcaster.watching():
        publisher.catch_up(9.0)
    assert broadcaster.latest.number == newest


# --- live H.264


@pytest.fixture
def filmed(broadcaster, mosaic):
    """A publisher with videos, and what a viewer of the low one is sent."""
    mosaic.videos = live_videos(500)
    publisher = Publisher("test", broadcaster, mosaic, width=640, quality=75,
                          videos=live_videos(500))
    viewer = VideoViewer(publisher.videos["low"])
    return publisher, viewer


def at(seconds, image=BRIGHT):
    return Frame(1, ArrayPicture(image), seconds, seconds)


def test_viewer_of_a_video_alone_needs_no_jpeg(filmed, broadcaster):
    publisher, viewer = filmed
    assert not publisher.needs_image(at(1.0))
    with publisher.videos["low"].watching():
        assert publisher.needs_image(at(1.0))
        publisher.show(at(1.0), BOXES, (640, 480))
    assert (publisher.encoded, broadcaster.stale, publisher.videos.encoded) == (0, True, 1)
    (picture,) = viewer.pictures
    assert picture[240].min() > 190
    red = picture[16:44, 6:34].astype(int)
    assert (red[..., 2] - red[..., 0] > 60).any()       # the box


def test_machine_is_spared_by_leaving_out_pictures(filmed):
    publisher, viewer = filmed
    publisher.videos.step = 3
    with publisher.videos["low"].watching():
        for index in range(9):
            publisher.show(at(1.0 + index / 30), (), (640, 480))
    assert [each.captured for each in viewer.fragments] == [
        pytest.approx(1.0 + index / 30) for index in (2, 5, 8)]


def test_late_viewer_of_a_video_gets_the_last_picture(filmed):
    publisher, viewer = filmed
    publisher.show(at(1.0), (), (640, 480))
    publisher.catch_up(5.0)
    assert publisher.videos.encoded == 0        # no viewer asks for it
    with publisher.videos["low"].watching():
        publisher.catch_up(5.0)
        publisher.catch_up(7.0)         # not repeated: it is no card
        publisher.videos["low"].ask_for_key()
        publisher.catch_up(8.0)
    assert [(each.captured, each.at, each.is_key) for each in viewer.fragments] == [
        (1.0, 5.0, True), (1.0, 8.0, True)]


def test_card_begins_a_group_and_is_repeated(filmed):
    publisher, viewer = filmed
    with publisher.videos["low"].watching():
        publisher.show(at(1.0), (), (640, 480))
        publisher.show_card("NO SIGNAL", "", 1.1, 1.1)
        assert [each.is_key for each in viewer.fragments] == [True, True]
        for now in (1.5, 2.0, 2.2, 3.2):
            publisher.catch_up(now)
    assert [each.at for each in viewer.fragments[2:]] == [2.2, 3.2]
    assert [each.captured for each in viewer.fragments[2:]] == pytest.approx([2.2, 3.2])
    assert viewer.pictures[-1].mean() < 60


def test_card_is_encoded_for_a_viewer_who_comes_during_it(filmed):
    publisher, viewer = filmed
    publisher.show_card("NO SIGNAL", "", 1.0, 1.0)
    assert publisher.videos.encoded == 0
    with publisher.videos["high"].watching():
        publisher.catch_up(2.0)
    with publisher.videos["low"].watching():
        publisher.catch_up(3.0)
    assert [each.captured for each in viewer.fragments] == [3.0]


def test_hidden_picture_is_withdrawn_from_all_videos(filmed, mosaic):
    publisher, viewer = filmed
    tiles = VideoViewer(mosaic.videos["low"])
    with publisher.videos["low"].watching(), mosaic.videos["low"].watching():
        publisher.show(at(1.0), (), (640, 480))
        mosaic.run_once()
        publisher.hide()
        publisher.show(at(1.1, np.zeros_like(BRIGHT)), (), (640, 480))
        mosaic.run_once()
    for seen, video in ((viewer, publisher.videos["low"]), (tiles, mosaic.videos["low"])):
        assert video.hidden == 1
        assert [each.is_key for each in seen.fragments] == [True, True]
        assert seen.pictures[0][240, 320].min() > 190
        assert seen.pictures[1][240, 320].max() < 16


def test_tile_without_news_is_withdrawn_from_the_mosaics_video(filmed, mosaic):
    publisher, _ = filmed
    tiles = VideoViewer(mosaic.videos["low"])
    with mosaic.videos["low"].watching():
        publisher.show(at(1.0), (), (640, 480))
        mosaic.run_once()
        mosaic.darken("test")
        mosaic.run_once()
    assert mosaic.videos["low"].hidden == 1
    assert tiles.pictures[1][240, 320].max() < 60


@pytest.mark.parametrize("frame", [compressed(), DECODED], ids=["JPEG", "decoded"])
def test_overlay_is_not_in_the_picture_that_others_use(publish, broadcaster, frame):
    with broadcaster.watching():
        shown = publish().show(frame, BOXES, (640, 480))
    assert (shown.jpeg.image()[25:35, 10] - 200).any()
    assert (np.abs(frame.picture.colour().astype(int) - 200) < 3).all()


def test_wide_variant_is_drawn_from_the_whole_picture(publish, broadcaster):
    publisher = publish(width=320)
    wide, small = (publisher.variants.stream(VariantOf(width)) for width in (960, 160))
    with wide.watching(), small.watching(), broadcaster.watching():
        publisher.show(compressed(), BOXES, (640, 480), tags=(Tag("person", (5, 10, 15, 20)),))
    sizes = [jpeg_size(each.latest.jpeg) for each in (wide, small, broadcaster)]
    assert sizes == [(640, 480), (160, 120), (320, 240)]
    drawn = cv2.imdecode(np.frombuffer(wide.latest.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert drawn[30, 10, 2] - int(drawn[30, 10, 0]) > 60     # the box, at its place


def test_nothing_is_drawn_wide_without_its_viewers(publish, broadcaster):
    publisher = publish(width=320)
    publisher.variants.stream(VariantOf(960))
    with broadcaster.watching():
        publisher.show(DECODED, (), (640, 480))
    assert publisher.encoded == 1
