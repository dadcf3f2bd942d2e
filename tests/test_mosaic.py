"""The mosaic: all cameras in one stream, and never an old picture."""

import threading
import time

import cv2
import numpy as np
import pytest

from harness import ManualClock, eventually
from pyimagesearch.clock import SystemClock
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.mosaic import LOOK_SECONDS, Mosaic, layout
from pyimagesearch.streaming.variants import VariantOf

BRIGHT = np.full((480, 640, 3), 200, np.uint8)
DARK = 60       # brightness below which a tile shows nothing


@pytest.fixture
def mosaic():
    mosaic = Mosaic(["a", "b"], LatestFrameBroadcaster(), 100, ManualClock())
    yield mosaic
    mosaic.stop()


def shown(mosaic):
    """Return what a viewer would see now: tiles a and b, 640x480 each, side by side."""
    mosaic.run_once()
    jpeg = np.frombuffer(mosaic.broadcaster.latest.jpeg, np.uint8)
    return cv2.imdecode(jpeg, cv2.IMREAD_COLOR)


def is_red(pixel):
    blue, green, red = pixel.astype(int)
    return red > 150 and max(blue, green) < 100


@pytest.mark.parametrize("count", [2, 3, 4, 5, 8, 9, 16])
def test_tiles_fill_the_mosaic_without_overlap(count):
    tiles = layout([str(number) for number in range(count)])
    area = {(x, y) for tile in tiles for x in range(tile.x, tile.x + tile.width, 4)
            for y in range(tile.y, tile.y + tile.height, 4)}
    assert len(area) == sum(
        (tile.width // 4) * -(-tile.height // 4) for tile in tiles)
    assert max(tile.x + tile.width for tile in tiles) <= 1280


def test_aspect_ratio_is_kept_and_motion_is_marked(mosaic):
    wide = np.full((100, 400, 3), 200, np.uint8)
    with mosaic.broadcaster.watching():
        mosaic.show("a", wide, motion=False)
        mosaic.show("b", wide, motion=True)
        picture = shown(mosaic)
    assert picture[240, 320].min() > 190
    assert picture[100, 320].max() < DARK           # above the wide picture
    assert is_red(picture[240, 640 + 2])
    assert not is_red(picture[240, 2])


def test_tile_without_viewers_becomes_dark(mosaic):
    with mosaic.broadcaster.watching():
        mosaic.show("a", BRIGHT, motion=False)
        assert shown(mosaic)[240, 320].min() > 190
    mosaic.darken("a")
    assert mosaic.broadcaster.stale
    assert shown(mosaic)[240, 320].max() < DARK


def test_variant_shows_the_same_and_nothing_that_is_hidden(mosaic):
    stream = mosaic.variants.stream(VariantOf(320, fps=5))
    with stream.watching():
        assert mosaic.wanted
        mosaic.show("a", BRIGHT, motion=False)
        mosaic.run_once()
        picture = cv2.imdecode(np.frombuffer(stream.latest.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
        assert picture.shape == (120, 320)
        assert picture[60, 80] > 190
        assert mosaic.broadcaster.stale     # it is not encoded without viewers
        mosaic.hide()
        assert stream.stale
    mosaic.show("a", BRIGHT, motion=False)
    assert stream.stale


def test_tile_that_becomes_dark_while_encoded_is_not_shown(mosaic, monkeypatch):
    def encode_slowly(picture, quality):
        if not encoded:
            owner.start()       # who hides it
        encoded.append(picture[240, 320].max())
        return b"jpeg"
    encoded, owner = [], threading.Thread(target=mosaic.darken, args=["a"])
    monkeypatch.setattr("pyimagesearch.streaming.mosaic.encode", encode_slowly)
    with mosaic.broadcaster.watching():
        mosaic.show("a", BRIGHT, motion=False)
        mosaic.run_once()
        owner.join()
        assert mosaic.broadcaster.stale
        mosaic.start()      # it has been woken to encode again
        eventually(lambda: mosaic.broadcaster.latest.number == 2)
        assert not mosaic.broadcaster.stale
    assert encoded[0] == 200
    assert encoded[1] < DARK


def test_special_state_is_written_beside_the_name(mosaic):
    grey = np.full((480, 640, 3), 90, np.uint8)
    with mosaic.broadcaster.watching():
        mosaic.show("a", grey, motion=False)
        mosaic.show("b", grey, motion=False, note="learning")
        pale = (shown(mosaic)[:24] > 200).all(axis=2)
    assert 0 < pale[:, :60].sum() < pale[:, 640:760].sum()


def test_card_stays_without_viewers(mosaic):
    mosaic.draw("a", BRIGHT, "no signal")
    assert shown(mosaic)[240, 320].min() > 190


def test_new_viewer_sees_cards_if_there_is_nothing_else(mosaic):
    mosaic.start()
    mosaic.draw("a", BRIGHT, "no signal")
    mosaic.draw("b", BRIGHT, "switched off")
    eventually(lambda: not mosaic.broadcaster.stale)
    jpeg = np.frombuffer(mosaic.broadcaster.fresh(0).jpeg, np.uint8)
    assert cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE)[240, 960] > 100
    mosaic.darken("b")        # it is back, without viewers
    assert mosaic.broadcaster.stale


def test_first_picture_awaits_the_tiles_of_all_cameras():
    mosaic = Mosaic(["a", "b"], LatestFrameBroadcaster(), 100, SystemClock())
    mosaic.start()
    mosaic.show("a", BRIGHT, motion=False)      # seen by no viewer yet
    time.sleep(2 * LOOK_SECONDS)    # the thread has found that
    with mosaic.broadcaster.watching():
        mosaic.show("a", BRIGHT, motion=False)
        time.sleep(0.1)
        mosaic.show("b", BRIGHT, motion=False)
        eventually(lambda: mosaic.broadcaster.latest.number)
    jpeg = np.frombuffer(mosaic.broadcaster.latest.jpeg, np.uint8)
    image = cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE)
    assert mosaic.broadcaster.latest.number == 1
    assert min(image[240, 320], image[240, 960]) > 190
    mosaic.stop()
