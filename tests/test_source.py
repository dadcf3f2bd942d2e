"""Pictures of any shape become BGR or a lost camera."""


import cv2
import numpy as np
import pytest

from pyimagesearch.capture.source import as_bgr
from pyimagesearch.errors import CameraLost


def test_grey_and_transparent_pictures_become_bgr():
    grey = np.full((4, 6), 7, np.uint8)
    assert (as_bgr(grey) == 7).all()
    assert as_bgr(grey[:, :, None]).shape == (4, 6, 3)
    assert as_bgr(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGRA)).shape == (4, 6, 3)


@pytest.mark.parametrize("garbage", [
    None, b"x", np.zeros((0, 0, 3), np.uint8), np.zeros((4, 4, 2), np.uint8),
    np.zeros((4, 4, 3), np.float32), np.zeros((2, 4, 4, 3), np.uint8)])
def test_garbage_is_a_lost_camera(garbage):
    with pytest.raises(CameraLost, match="no picture"):
        as_bgr(garbage)
