"""Several cameras in one program: streams, mosaic, and that none disturbs another."""

import json
import os
import time
import urllib.error
from pathlib import Path

import cv2
import numpy as np
import pytest

from harness import eventually
from product import Product


def decode(jpeg):
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def pace(count, other, enough=40):
    """Return by how much count() grows for each one that other() grows by."""
    before, since = count(), other()
    while (grown := other() - since) < enough:
        time.sleep(0.05)
    return (count() - before) / grown


@pytest.fixture(scope="module")
def three():
    product = Product("--no-record", "--frame-count", "5", "--source", "a=demo:320x240@10",
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
