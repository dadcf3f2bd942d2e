"""Several cameras: names, streams, the mosaic, and that none disturbs another."""

import json
import os
import time
import urllib.error
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from harness import ManualClock, eventually
from product import Product
from pyimagesearch.errors import SettingsError
from pyimagesearch.settings.command_line import parse_command_line
from pyimagesearch.settings.settings import Settings
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.mosaic import Mosaic, layout

RED_FRAME = (0, 0, 255)


def decode(jpeg):
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


# --- settings

def pace(count, other, enough=40):
    """Return by how much count() grows for each one that other() grows by."""
    before, since = count(), other()
    while (grown := other() - since) < enough:
        time.sleep(0.05)
    return (count() - before) / grown


def test_cameras_have_names_or_numbers():
    settings = Settings(source=("front=rtsp://h/x?a=b", "demo", "yard=0"))
    assert [(camera.name, camera.source) for camera in settings.cameras()] == [
        ("front", "rtsp://h/x?a=b"), ("2", "demo"), ("yard", "0")]
    assert Settings(source=("http://h/?x=y",)).cameras()[0].name == "camera"


def test_two_cameras_of_one_name_are_refused():
    with pytest.raises(SettingsError, match="names two cameras 'a'"):
        Settings(source=("a=0", "a=1"))


def test_camera_tables_of_the_file_have_their_own_settings(tmp_path):
    file = tmp_path / "s.toml"
    file.write_text('quality = 60\n[cameras.front]\nsource = "demo"\nthreshold = 40\n'
                    "[cameras.yard]\nsource = 0\nfps = 5\nresolution = \"320x240\"\n")
    front, yard = parse_command_line(["--config", str(file)], {}).settings.cameras()
    assert (front.name, front.source, front.threshold, front.quality) == (
        "front", "demo", 40, 60)
    assert (yard.source, yard.fps, yard.size, yard.threshold) == ("0", 5.0, (320, 240), 25)
    (only,) = parse_command_line(
        ["--config", str(file), "--source", "yard=demo"], {}).settings.cameras()
    assert (only.source, only.fps) == ("demo", 5.0)


@pytest.mark.parametrize(("table", "sentence"), [
    ("[cameras.front]\nfps = 5", "has no source"),
    ("source = 0\n[cameras.front]\nsource = 1", "must be in a table [cameras.NAME]"),
    ("[camera.front]\nsource = 0", "did you mean cameras?"),
    ("[cameras.front]\nsuorce = 0\nsource = 0", "did you mean source?"),
    ("[cameras.front]\nsource = 0\nport = 5", "is not a setting of a single camera"),
    ("[cameras.front]\nsource = 0\nfps = 'x'", "fps in [cameras.front]"),
    ("[cameras.'../x']\nsource = 0", "must be tables [cameras.NAME]"),
    ("cameras = 3", "must be tables [cameras.NAME]")])
def test_wrong_camera_table_is_one_sentence(tmp_path, capsys, table, sentence):
    file = tmp_path / "s.toml"
    file.write_text(table)
    with pytest.raises(SystemExit):
        parse_command_line(["--config", str(file)], {})
    (line,) = capsys.readouterr().err.splitlines()
    assert sentence in line


def test_environment_names_several(monkeypatch):
    settings = parse_command_line([], {"SURVEILLANCE_SOURCE": "a=demo b=0"}).settings
    assert [camera.name for camera in settings.cameras()] == ["a", "b"]


# --- the mosaic itself

@pytest.mark.parametrize("count", [2, 3, 4, 5, 8, 9, 16])
def test_tiles_fill_the_mosaic_without_overlap(count):
    tiles = layout([str(number) for number in range(count)])
    area = {(x, y) for tile in tiles for x in range(tile.x, tile.x + tile.width, 4)
            for y in range(tile.y, tile.y + tile.height, 4)}
    assert len(area) == sum(
        (tile.width // 4) * -(-tile.height // 4) for tile in tiles)
    assert max(tile.x + tile.width for tile in tiles) <= 1280


@pytest.fixture
def mosaic():
    mosaic = Mosaic(["a", "b"], LatestFrameBroadcaster(), 90, ManualClock())
    yield mosaic
    mosaic.stop()


def test_shapes_are_kept_and_motion_is_marked(mosaic):
    wide = np.full((100, 400, 3), 200, np.uint8)
    with mosaic.broadcaster.watching():
        mosaic.show("a", wide, motion=False)
        mosaic.show("b", wide, motion=True)
    left, right = mosaic._canvas[:, :640], mosaic._canvas[:, 640:]
    assert (left[240, 320] == 200).all()
    assert (left[100, 320] < 60).all()              # above the wide picture
    assert tuple(right[240, 2]) == RED_FRAME
    assert tuple(left[240, 2]) != RED_FRAME


def test_new_viewer_never_gets_an_old_tile(mosaic):
    bright = np.full((480, 640, 3), 200, np.uint8)
    with mosaic.broadcaster.watching():
        mosaic.show("a", bright, motion=False)
    mosaic.show("a", None, motion=False)
    assert (mosaic._canvas[240, 320] < 60).all()


def test_tile_hidden_during_encoding_is_never_shown(mosaic, monkeypatch):
    bright = np.full((480, 640, 3), 200, np.uint8)

    def encode_slowly(picture, quality):
        if len(published) == 0:
            mosaic.show("a", None, motion=False)        # as its owner hides it
        published.append(picture[240, 320].max())
        return b"jpeg"
    published = []
    monkeypatch.setattr("pyimagesearch.streaming.mosaic.encode", encode_slowly)
    with mosaic.broadcaster.watching():
        mosaic.show("a", bright, motion=False)
        mosaic._publish()
        assert (mosaic.broadcaster.latest.number, mosaic.broadcaster.stale) == (0, True)
        assert mosaic._changed.is_set()
        mosaic._publish()
        assert (mosaic.broadcaster.latest.number, mosaic.broadcaster.stale) == (1, False)
    assert published[0] == 200
    assert published[1] < 60


def test_state_is_shown_beside_the_name_in_the_mosaic(mosaic):
    grey = np.full((480, 640, 3), 90, np.uint8)
    with mosaic.broadcaster.watching():
        mosaic.show("a", grey, motion=False)
        mosaic.show("b", grey, motion=False, note="learning")
    pale = (mosaic._canvas[:24] > 200).all(axis=2)
    assert 0 < pale[:, :60].sum() < pale[:, 640:760].sum()


def test_card_stays_without_viewers(mosaic):
    mosaic.show_card("a", np.full((480, 640, 3), 120, np.uint8), "no signal")
    assert (mosaic._canvas[240, 320] == 120).all()


def test_new_viewer_of_the_mosaic_gets_cards_at_once(mosaic):
    mosaic.start()
    card = np.full((480, 640, 3), 120, np.uint8)
    mosaic.show_card("a", card, "no signal")
    mosaic.show_card("b", card, "switched off")
    eventually(lambda: not mosaic.broadcaster.stale)
    shown = mosaic.broadcaster.fresh(0).jpeg
    assert cv2.imdecode(np.frombuffer(shown, np.uint8), cv2.IMREAD_GRAYSCALE)[240, 960] > 100
    mosaic.show("b", None, motion=False)        # it is back, and not watched
    assert mosaic.broadcaster.stale


# --- the program

@pytest.fixture(scope="module")
def three():
    product = Product("--no-record", "--source", "a=demo:320x240@10",
                      "--source", "wide=demo:640x200@5", "--source", "lost=/dev/video99")
    yield product
    product.close()


def test_each_camera_has_its_own_stream_still_and_status(three, watch):
    for name, shape in (("a", (240, 320, 3)), ("wide", (200, 640, 3))):
        eventually(lambda name=name: json.loads(
            three.get(f"/api/status/{name}"))["state"] == "live")
        eventually(lambda name=name, shape=shape: still(three, name).shape == shape)
        assert decode(watch(three.port, path=f"/video_feed/{name}").part()[1]).shape == shape
    assert json.loads(three.get("/api/status/lost"))["state"] == "no signal"
    assert decode(watch(three.port).part()[1]).shape == (240, 320, 3)


def still(product, name):
    """Return the newest picture; empty where the machine gave no time for one."""
    try:
        return decode(product.get(f"/snapshot/{name}.jpg"))
    except urllib.error.HTTPError as refusal:
        with refusal:
            if refusal.code != 503:
                raise
        return np.empty(0)


@pytest.mark.parametrize("path", ["/video_feed/x", "/snapshot/x.jpg", "/api/status/x",
                                  "/camera/x"])
def test_unknown_camera_is_404_with_the_known_ones(three, path):
    with pytest.raises(urllib.error.HTTPError) as refusal:
        three.get(path)
    assert refusal.value.code == 404
    assert b"the cameras are: a, wide, lost" in refusal.value.read()
    refusal.value.close()


def test_mosaic_shows_all_and_is_encoded_for_viewers_only(three, watch):
    eventually(lambda: json.loads(three.get("/api/status"))["viewers"] == 0)
    encoded = three.camera["encoded"]
    viewer = watch(three.port, path="/mosaic_feed")
    for _ in range(6):
        picture = decode(viewer.part()[1])
    assert picture.shape == (960, 1280, 3)
    a, wide, lost = picture[:480, :640], picture[:480, 640:], picture[480:, :640]
    assert a.std() > 15
    assert wide[240].std() > 10
    assert (wide[60, 100:-20] < 60).all()   # bars above the wide picture, whose edge motion reddens
    assert (np.abs(lost.astype(int) - 36) < 8).mean() > 0.9     # its card
    status = json.loads(three.get("/api/status"))
    assert (status["viewers"], status["mosaic_viewers"]) == (1, 1)
    assert status["cameras"][0]["encoded"] == encoded


@pytest.mark.deadline
def test_frozen_camera_slows_no_other(start):
    pipe = Path("/dev/shm") / f"frozen-{os.getpid()}"
    os.mkfifo(pipe)
    try:
        demo = "a=demo:320x240@20"
        product, other = start("--source", f"frozen={pipe}", "--source", demo), start("--source", demo)
        frames, unhindered = (
            lambda of=of: json.loads(of.get("/api/status/a"))["frames"] for of in (product, other))
        eventually(lambda: min(frames(), unhindered()) > 10)
        assert 0.75 < pace(frames, unhindered) < 1.33
        took, code = product.stop()
        assert (code, took < 1.0) == (0, True)
    finally:
        pipe.unlink()


def test_settings_of_one_camera_do_not_leak_into_another():
    one, two = Settings(source=("a=0", "b=0"), tables={"a": {"width": 100}}).cameras()
    assert (one.width, replace(one, width=640, name="b")) == (100, two)
