"""Pictures, regions and videos of cameras that hang upside down or on their side."""

import io
import itertools
import json
import subprocess

import av
import cv2
import numpy as np
import pytest

from harness import eventually
from pyimagesearch.frames import ArrayPicture
from pyimagesearch.orientation import Orientation
from pyimagesearch.privacy.mask import PrivacyMask

ALL = [Orientation(*each) for each in itertools.product((0, 90, 180, 270), (None, "h", "v"))]
WIDE = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def name_of(orientation):
    return f"{orientation.rotate}{orientation.flip or ''}"


def expected(image, orientation):
    turned = np.rot90(image, -orientation.rotate // 90)
    return {None: turned, "h": turned[:, ::-1], "v": turned[::-1]}[orientation.flip]


@pytest.mark.parametrize("orientation", ALL, ids=name_of)
def test_picture_is_turned(orientation):
    picture = orientation.picture(ArrayPicture(WIDE.copy(), WIDE[:, :, 0].copy()))
    wanted = expected(WIDE, orientation)
    assert np.array_equal(picture.colour(), wanted)
    assert np.array_equal(picture.writable(), wanted)
    assert np.array_equal(picture.grey(), wanted[:, :, 0])
    assert picture.size == wanted.shape[1::-1]
    assert picture.jpeg() is None


def test_nothing_is_done_to_a_picture_that_hangs_right():
    picture = ArrayPicture(WIDE)
    assert Orientation().picture(picture) is picture


def test_picture_on_its_side_is_decoded_as_large_as_wanted():
    asked = []

    class Sharp(ArrayPicture):
        def colour(self, least=None):
            asked.append(least)
            return self._image

    Orientation(90).picture(Sharp(np.zeros((600, 800, 3), np.uint8))).colour(300)
    assert asked == [400]


@pytest.mark.parametrize("now", ALL, ids=name_of)
@pytest.mark.parametrize("before", ALL, ids=name_of)
def test_regions_stay_over_the_same_things(before, now):
    white = np.full((300, 400, 3), 255, np.uint8)
    polygon = "100,200 400,200 400,500"
    scene = now.picture(ArrayPicture(unturned(before, PrivacyMask([polygon]), white))).colour()
    there = PrivacyMask([now.points(polygon, before)]).blacken(np.full_like(scene, 255))
    assert np.count_nonzero(scene != there) < 3 * 900     # pixels of the outline


def unturned(orientation, mask, white):
    """Return the camera's picture in which *mask* was drawn on the turned one."""
    masked = mask.blacken(np.ascontiguousarray(expected(white, orientation)))
    flipped = {None: masked, "h": masked[:, ::-1], "v": masked[::-1]}[orientation.flip]
    return np.ascontiguousarray(np.rot90(flipped, orientation.rotate // 90))


@pytest.fixture(scope="module")
def header():
    from pyimagesearch.frames import VideoHeader
    memory = io.BytesIO()
    with av.open(memory, "w", format="mp4", options={"movflags": "empty_moov+default_base_moof"}) as made:
        stream = made.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(3):
            picture = np.full((48, 64, 3), 60 * number, np.uint8)
            made.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        made.mux(stream.encode())
    return VideoHeader(memory.getvalue(), b"")


@pytest.mark.parametrize("orientation", [each for each in ALL if each], ids=name_of)
def test_players_turn_the_cameras_own_video(header, orientation, tmp_path):
    file = tmp_path / "clip.mp4"
    file.write_bytes(orientation.header(header).mp4)
    corner = shown(file)
    assert corner == orientation.size((64, 48))


def shown(file):
    """Return the size of the picture as FFmpeg shows it."""
    picture = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", file, "-frames:v", "1", "-f", "image2", "-c:v", "png", "-"],
        capture_output=True, check=True).stdout
    image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    return image.shape[1::-1]


def test_camera_is_turned_everywhere(start):
    product = start("--source", "demo:160x120@10", "--rotate", "90", "--flip", "h", "--no-record")
    product.wait_for("learning")
    eventually(lambda: snapshot_of(product).shape[:2] == (160, 120))
    assert json.loads(product.get("/api/status"))["cameras"][0]["width"] == 120


def snapshot_of(product):
    return cv2.imdecode(np.frombuffer(product.get("/snapshot.jpg"), np.uint8), cv2.IMREAD_COLOR)
