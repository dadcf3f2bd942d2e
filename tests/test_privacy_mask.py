"""Masked regions are black at every size and in every kind of picture."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.capture.cameras import gives_packets
from pyimagesearch.capture.ffmpeg_source import DecodedPicture
from pyimagesearch.capture.jpegpicture import JpegPicture
from pyimagesearch.errors import SettingsError
from pyimagesearch.frames import ArrayPicture
from pyimagesearch.jpeg import JpegDecoder
from pyimagesearch.privacy.mask import PrivacyMask
from pyimagesearch.settings.command_line import parse_command_line
from pyimagesearch.settings.option import shortened
from pyimagesearch.settings.polygons import has_no_area, is_polygon, split_polygons
from pyimagesearch.settings.settings import Settings

MIDDLE = "250,250 750,250 750,750 250,750"
CORNER = "0,0 100,0 100,100 0,100"


def scene(width, height):
    return np.random.default_rng(3).integers(60, 250, (height, width, 3), np.uint8)


def inside(image):
    """Return the part that MIDDLE hides."""
    height, width = image.shape[:2]
    return image[height // 4 + 1:height * 3 // 4 - 1, width // 4 + 1:width * 3 // 4 - 1]


def of_array(image):
    return ArrayPicture(image)


def of_jpeg(image):
    return JpegPicture(cv2.imencode(".jpg", image)[1].tobytes(), JpegDecoder())


def of_ffmpeg(image):
    import av
    frame = av.VideoFrame.from_ndarray(image, "bgr24").reformat(format="yuv420p")
    return DecodedPicture(frame, 1.5)


@pytest.mark.parametrize("size", [(640, 480), (320, 240), (1280, 720), (1922, 1082)])
@pytest.mark.parametrize("kind", [of_array, of_jpeg, of_ffmpeg])
def test_region_is_black_and_the_rest_unchanged(kind, size):
    for colour_first in (False, True):
        bare, picture = kind(scene(*size)), PrivacyMask([MIDDLE]).apply(kind(scene(*size)))
        if colour_first:
            picture.colour()
        for shown, without in ((picture.grey(), bare.grey()), (picture.colour(), bare.colour())):
            assert inside(shown).max() == 0
            assert shown.shape[1] in (size[0], -(-size[0] // 2), -(-size[0] // 4))
            border = max(2, shown.shape[0] // 4 - 2)
            if not colour_first:    # else its brightness is made of the colour
                assert np.array_equal(shown[:border], without[:border])
        assert picture.size == size
        assert picture.captured == bare.captured
        assert picture.jpeg() is None      # as it came, it would show all


@pytest.mark.parametrize("kind", [of_array, of_ffmpeg])
def test_original_picture_is_not_written_to(kind):
    """InBackground frames of a video are decoded from earlier ones."""
    image = scene(320, 240)
    bare = kind(image)
    before = bare.grey().copy(), bare.colour().copy()
    masked = PrivacyMask([MIDDLE]).apply(bare)
    masked.grey(), masked.colour()
    assert np.array_equal(bare.grey(), before[0])
    assert np.array_equal(bare.colour(), before[1])


def test_overlap_of_two_regions_is_black():
    shown = PrivacyMask([MIDDLE, "0,0 500,0 500,1000 0,1000"]).blacken(scene(640, 480))
    assert inside(shown).max() == 0
    assert shown[:, :320].max() == 0
    assert shown[:, 485:].min() > 0


@pytest.mark.parametrize("region", [
    "500,100 700,700 150,350 850,350 300,700",      # a star, as a finger draws it
    "100,100 900,100 900,600 100,600 100,100 300,300 700,300 700,500 300,500 300,300"])
def test_middle_of_a_self_crossing_region_is_black(region):
    shown = PrivacyMask([region]).blacken(scene(640, 480))
    assert shown[200:210, 310:330].max() == 0
    assert shown[400:, 480:].min() > 0


def test_picture_between_regions_stays_visible():
    frame = ["0,0 1000,0 1000,100 0,100", "0,900 1000,900 1000,1000 0,1000",
             "0,0 100,0 100,1000 0,1000", "900,0 1000,0 1000,1000 900,1000"]
    shown = PrivacyMask(frame).blacken(scene(640, 480))
    assert shown[60:420, 80:560].min() > 0
    assert max(shown[:40].max(), shown[440:].max(), shown[:, :60].max(), shown[:, 580:].max()) == 0


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=3, max_size=9),
       st.integers(2, 90), st.integers(2, 90))
def test_no_drawn_pixel_stays_visible(corners, width, height):
    shown = PrivacyMask([" ".join(f"{x},{y}" for x, y in corners)]).blacken(
        np.full((height, width), 255, np.uint8))
    drawn = np.full((height, width), 255, np.uint8)
    points = np.rint(np.array(corners) * ((width - 1) / 1000, (height - 1) / 1000))
    cv2.fillPoly(drawn, [points.astype(np.int32)], (0,))
    assert shown[drawn == 0].max(initial=0) == 0


def test_pictures_of_many_sizes_are_masked():
    mask = PrivacyMask([MIDDLE])
    for width in range(64, 96, 4):
        assert inside(mask.blacken(scene(width, 48))).max() == 0
    assert mask._outlines.cache_info().currsize <= 4


def test_whole_picture_can_be_hidden_to_its_last_pixel():
    assert PrivacyMask(["0,0 1000,0 1000,1000 0,1000"]).blacken(scene(641, 479)).max() == 0


def test_mask_without_regions_changes_nothing():
    picture = ArrayPicture(scene(32, 24))
    assert PrivacyMask().apply(picture) is picture


@given(st.integers(2, 300), st.integers(2, 300), st.data())
def test_no_pixel_within_a_region_survives(width, height, data):
    left, top = data.draw(st.integers(0, 998)), data.draw(st.integers(0, 998))
    right, bottom = (data.draw(st.integers(low + 1, 1000)) for low in (left, top))
    mask = PrivacyMask([f"{left},{top} {right},{top} {right},{bottom} {left},{bottom}"])
    shown = mask.blacken(np.full((height, width), 255, np.uint8))
    x, y = (np.arange(side) * 1000 / max(1, side - 1) for side in (width, height))
    within = ((y >= top) & (y <= bottom))[:, None] & ((x >= left) & (x <= right))[None, :]
    assert shown[within].max(initial=0) == 0


# --- the setting

@pytest.mark.parametrize("text", [
    "0,0 300,0 300,250", "0,0 300,0 300,250; 700,0 1000,0 1000,200", " 0,0 1,1\n 2,0;3,3 4,4 5,3 "])
def test_mask_is_a_setting(text):
    settings = parse_command_line(["--mask", text, "--source", "demo"], {}).settings
    (camera,) = settings.cameras()
    assert all(map(is_polygon, split_polygons(camera.mask)))
    assert len(split_polygons(camera.mask)) == text.count(";") + 1


@pytest.mark.parametrize("text", [
    "0,0 300,0", "0,0 300,0 1001,5", "0,0 300,0 -1,5", "0 0 300 0 300 250", "x", "0,0 3,0 3,3;",
    "0,0 3,0 3,.5", " ".join(["1,1"] * 65), ";".join(["0,0 1,1 2,2"] * 33), "٣,0 300,0 300,250"])
def test_invalid_mask_is_one_sentence(text, capsys):
    with pytest.raises(SystemExit):
        parse_command_line(["--mask", text], {})
    error = capsys.readouterr().err.splitlines()[-1]
    assert f"--mask is {shortened(text)}, but must be corners X,Y in per mille" in error


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=3, max_size=9))
def test_only_polygons_without_area_are_flat(corners):
    _, (wide, tall), _ = cv2.minAreaRect(np.array(corners, np.float32))
    polygon = " ".join(f"{x},{y}" for x, y in corners)
    assert has_no_area(polygon) == (min(wide, tall) < 1e-3)


def test_each_camera_has_a_mask_of_its_own(tmp_path):
    file = tmp_path / "s.toml"
    file.write_text(f'[cameras.front]\nsource = "demo"\nmask = "{MIDDLE}; {CORNER}"\n'
                    "[cameras.yard]\nsource = 0\n")
    front, yard = parse_command_line(["--config", str(file)], {}).settings.cameras()
    assert (split_polygons(front.mask), split_polygons(yard.mask)) == ((MIDDLE, CORNER), ())


def test_cameras_own_video_cannot_be_masked():
    wanted = {"source": ("gate=rtsp://h/x",), "mask": MIDDLE}
    with pytest.raises(SettingsError, match=r"but its --mask cannot be burnt"):
        gives_packets(Settings(**wanted, record_from="camera").cameras()[0])
    gives_packets(Settings(**wanted).cameras()[0])
