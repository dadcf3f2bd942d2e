"""Scaling of pictures and boxes."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.frames import enclosing, for_stream, halved, resized, scaled
from pyimagesearch.motion_detection.preprocessing import for_detection


@pytest.mark.parametrize(("size", "expected"), [
    ((640, 480), (300, 400)), ((1280, 720), (225, 400)), ((1920, 1080), (225, 400)),
    ((320, 240), (300, 400)), ((401, 10), (9, 400)), ((50, 900), (7200, 400))])
def test_detector_gets_400_pixels_of_every_camera(size, expected):
    assert for_detection(np.zeros((size[1], size[0]), np.uint8)).shape == expected


def test_streamed_picture_is_a_copy_and_never_enlarged():
    image = np.zeros((240, 320, 3), np.uint8)
    copy = for_stream(image, 640)
    assert copy.shape == image.shape
    assert not np.shares_memory(copy, image)
    assert for_stream(image, 160).shape == (120, 160, 3)


def test_large_pictures_shrink_without_aliasing():
    image = DemoScene((1600, 1200), 5).picture(30)
    exact = cv2.resize(image, (400, 300), interpolation=cv2.INTER_AREA)
    assert np.abs(resized(image, 400).astype(int) - exact).mean() < 1.0


@given(st.integers(2, 4000), st.integers(2, 4000), st.data())
def test_scaled_box_stays_inside_and_keeps_its_sides(width, height, data):
    left = data.draw(st.integers(0, 398))
    top = data.draw(st.integers(0, 298))
    box = (left, top, data.draw(st.integers(left + 1, 400)),
           data.draw(st.integers(top + 1, 300)))
    minX, minY, maxX, maxY = scaled(box, (400, 300), (width, height))
    assert 0 <= minX <= maxX <= width
    assert 0 <= minY <= maxY <= height


def test_enclosing_box_holds_all_boxes():
    assert enclosing(()) is None
    assert enclosing([(5, 6, 7, 8)]) == (5, 6, 7, 8)
    assert enclosing([(5, 6, 7, 8), (1, 9, 6, 20)]) == (1, 6, 7, 20)


def test_picture_of_odd_size_is_halved_without_its_last_pixels():
    image = np.arange(7 * 9 * 3, dtype=np.uint8).reshape(7, 9, 3)
    blocks = image[:6, :8].reshape(3, 2, 4, 2, 3).astype(int)
    np.testing.assert_allclose(halved(image, 3), blocks.mean((1, 3)), atol=0.5)
