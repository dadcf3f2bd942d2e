"""JPEG: sizes, decoding as far as needed, bounds, and the lazy overlay."""

import contextlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filming import Counted
from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.capture.jpegpicture import JpegPicture
from pyimagesearch.errors import BadPicture
from pyimagesearch.frames import scaled_size, size_of
from pyimagesearch.jpeg import JpegDecoder, LazyJpeg, encode, jpeg_size
from pyimagesearch.motion_detection.preprocessing import for_detection

JPEG = cv2.imencode(".jpg", DemoScene((640, 480), 10).picture(3))[1].tobytes()


def test_size_is_read_from_the_header():
    assert jpeg_size(JPEG) == (640, 480)
    assert jpeg_size(JPEG + b"\r\n\0\0") == (640, 480)


def test_headers_are_read_once_and_their_changes_seen():
    decoder, smaller = JpegDecoder(), cv2.imencode(".jpg", np.zeros((60, 80, 3), np.uint8))[1].tobytes()
    for jpeg in (JPEG, JPEG, smaller, JPEG, smaller, smaller):
        assert decoder.size_of(jpeg) == jpeg_size(jpeg)
    many_scans = encoded(cv2.IMWRITE_JPEG_PROGRESSIVE, 1)[:-2] + b"\xff\xda" * 70 + b"\xff\xd9"
    for broken in (JPEG[:9000], JPEG[:300] + b"\xff\xd9", many_scans, b"x" * 700):
        decoder.size_of(JPEG)
        with pytest.raises(BadPicture):
            decoder.size_of(broken)


@given(st.binary(max_size=300), st.integers(0, len(JPEG)))
def test_broken_jpegs_are_refused_and_never_crash(garbage, cut):
    decoder = JpegDecoder()
    for data in (garbage, b"\xff\xd8" + garbage + b"\xff\xd9", JPEG[:cut] + garbage):
        with contextlib.suppress(BadPicture):
            picture = JpegPicture(data, decoder)
            picture.grey()
            picture.colour()


def test_cut_jpeg_is_refused():
    decoder = JpegDecoder()
    JpegPicture(JPEG, decoder).grey()
    with pytest.raises(BadPicture):
        JpegPicture(JPEG[:9000], decoder).grey()


def test_camera_that_always_sends_cut_jpegs_is_shown():
    decoder = JpegDecoder()
    for _ in range(2):
        cut = JpegPicture(JPEG[:9000] + b"\xff\xd9", decoder)
        assert np.ptp(cut.grey()[:40]) > 50
    JpegPicture(JPEG, decoder).grey()
    with pytest.raises(BadPicture, match="premature end"):
        JpegPicture(JPEG[:9000] + b"\xff\xd9", decoder).grey()


def test_bytes_before_the_end_marker_do_no_harm():
    decoder = JpegDecoder()
    for jpeg in (JPEG, JPEG[:-2] + bytes(200) + JPEG[-2:]):
        assert JpegPicture(jpeg, decoder).colour().shape == (480, 640, 3)


@pytest.mark.parametrize(("size", "grey"), [
    ((640, 480), (240, 320)), ((320, 240), (240, 320)), ((1280, 720), (180, 320)),
    ((1920, 1080), (270, 480)), ((637, 479), (479, 637)), ((2561, 1441), (181, 321))])
def test_brightness_is_decoded_no_larger_than_needed(size, grey):
    image = DemoScene(size, 10).picture(3)
    jpeg = cv2.imencode(".jpg", image)[1].tobytes()
    picture = JpegPicture(jpeg, JpegDecoder())
    assert picture.size == size
    assert picture.grey().shape == grey
    assert picture.colour().shape == (size[1], size[0], 3)


@pytest.mark.parametrize("size", [(640, 480), (800, 600), (1280, 720), (1920, 1080)])
def test_detector_sees_the_same_with_and_without_viewers(size):
    jpeg = cv2.imencode(".jpg", DemoScene(size, 10).picture(70))[1].tobytes()
    unwatched = for_detection(JpegPicture(jpeg, JpegDecoder()).grey()).astype(int)
    watched = JpegPicture(jpeg, JpegDecoder())
    watched.colour()
    difference = np.abs(for_detection(watched.grey()) - unwatched)
    assert difference.max() <= 6        # of 255, and --threshold is 25


def segments(jpeg):
    """Return the parts of a JPEG: each marker with what follows it."""
    parts, at = [], 2
    while jpeg[at + 1] != 0xD9:
        end = at + 2 + int.from_bytes(jpeg[at + 2:at + 4], "big")
        if jpeg[at + 1] == 0xDA:
            while jpeg[end] != 0xFF or jpeg[end + 1] == 0:
                end += 1
        parts.append(jpeg[at:end])
        at = end
    return parts


def with_scans(jpeg, count):
    """Return *jpeg* with its last scan *count* times more."""
    parts = segments(jpeg)
    return b"\xff\xd8" + b"".join(parts) + parts[-1] * count + b"\xff\xd9"


def encoded(*options):
    return cv2.imencode(".jpg", np.full((64, 80, 3), 90, np.uint8), options)[1].tobytes()


@pytest.mark.parametrize(("size", "reduced"), [
    ((1920, 1080), (540, 960)), ((1280, 720), (360, 640)), ((1278, 720), (720, 1278)),
    ((640, 480), (480, 640)), ((320, 240), (240, 320))])
def test_picture_is_decoded_no_larger_than_it_is_shown(size, reduced):
    picture = JpegPicture(encode(np.zeros((size[1], size[0], 3), np.uint8)), JpegDecoder())
    shown = picture.colour(640)
    assert shown.shape == (*reduced, 3)
    assert picture.colour(320) is shown
    assert picture.colour().shape == (size[1], size[0], 3)
    assert picture.colour(640).shape == (size[1], size[0], 3)     # it is there already


def test_jpeg_of_a_thousand_scans_is_refused():
    """411 kB of it held the camera loop for a minute, and so the whole program."""
    decoder = JpegDecoder()
    progressive = encoded(cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    for fine in (encoded(), progressive, with_scans(progressive, 40), with_scans(encoded(), 999)):
        assert JpegPicture(fine, decoder).size == (80, 64)      # one scan is all that is read
    with pytest.raises(BadPicture, match="a JPEG of 1010 scans"):
        JpegPicture(with_scans(progressive, 1000), decoder)


@pytest.mark.parametrize("alone", [0x00, 0x01, 0xD0, 0xD7, 0xD8])
def test_fake_header_in_a_comment_is_not_believed(alone):
    fake = segments(encoded())      # of one scan, behind a marker that has no length
    padding = b"\xff\xfe\xfd\xe8" + bytes(65_000 - 2)
    comment = b"".join(part for part in fake if part[1] in (0xC0, 0xDA))
    comment = b"\xff\xfe" + (len(comment) + 2 + 530).to_bytes(2, "big") + bytes(530) + comment
    real = with_scans(encoded(cv2.IMWRITE_JPEG_PROGRESSIVE, 1), 1000)[2:]
    with pytest.raises(BadPicture):
        JpegPicture(b"\xff\xd8\xff" + bytes([alone]) + padding + comment + real, JpegDecoder())


def test_embedded_thumbnail_is_no_scan_of_the_picture():
    thumbnail = encoded()
    comment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    many = encoded(cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    assert jpeg_size(JPEG[:2] + comment + JPEG[2:]) == (640, 480)
    with pytest.raises(BadPicture, match="scans"):
        jpeg_size(JPEG[:2] + comment + with_scans(many, 1000)[2:])


def test_grey_jpeg_is_a_single_scan():
    grey = cv2.imencode(".jpg", np.full((64, 80), 90, np.uint8))[1].tobytes()
    assert jpeg_size(with_scans(grey, 1000)) == (80, 64)


def test_large_picture_may_have_few_scans():
    progressive = encoded(cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    at = progressive.index(b"\xff\xc2") + 5
    for size, fits in (((4096, 4096), True), ((8192, 8192), False)):
        dimensions = b"".join(side.to_bytes(2, "big") for side in size)
        jpeg = progressive[:at] + dimensions + progressive[at + 4:]
        if fits:
            assert JpegPicture(jpeg, JpegDecoder()).size == size
        else:
            with pytest.raises(BadPicture, match="a JPEG of 10 scans"):
                JpegPicture(jpeg, JpegDecoder())


def test_scans_of_a_single_colour_are_counted_too():
    whole = segments(encoded())
    scan = bytearray(whole[-1])
    scan[2:14] = b"\0\x08\x01\x01\0\0\x3f\0" + bytes(scan[14:18])
    several = b"\xff\xd8" + b"".join(whole[:-1]) + bytes(scan) * 1000 + b"\xff\xd9"
    with pytest.raises(BadPicture, match="a JPEG of 1000 scans"):
        JpegPicture(several, JpegDecoder())


@given(st.binary(max_size=60), st.integers(0, 300))
def test_any_header_is_judged(tail, cut):
    jpeg = encoded(cv2.IMWRITE_JPEG_PROGRESSIVE, 1)[:200 + cut] + tail + b"\xff\xd9"
    with contextlib.suppress(BadPicture):
        JpegPicture(jpeg, JpegDecoder())


def test_lazy_jpeg_without_an_overlay_is_its_data():
    assert LazyJpeg(JPEG, (640, 480)).bytes() is JPEG


def test_lazy_jpeg_draws_its_overlay_each_time_it_is_needed():
    overlay = Counted()
    jpeg = LazyJpeg(JPEG, (640, 480), overlay, quality=30)
    assert overlay.drawings == 0
    assert len(jpeg.bytes()) < len(JPEG)
    assert jpeg_size(jpeg.bytes()) == jpeg.size
    assert jpeg.image().shape == (480, 640, 3)
    assert overlay.drawings == 3


@pytest.mark.parametrize("width", [640, 639, 320, 200])
def test_lazy_jpeg_of_a_wider_picture_is_scaled(width):
    size = scaled_size((640, 480), width)
    image = LazyJpeg(JPEG, size, given=(640, 480)).image()
    whole = LazyJpeg(JPEG, (640, 480)).image()
    assert size_of(image) == size
    assert np.abs(image - cv2.resize(whole, size, interpolation=cv2.INTER_AREA).astype(int)
                  ).mean() < 8
    assert jpeg_size(LazyJpeg(JPEG, size, given=(640, 480)).bytes()) == size


def test_broken_lazy_jpeg_raises_bad_picture():
    for overlay in (None, Counted()):
        with pytest.raises(BadPicture):
            LazyJpeg(JPEG[:300], (640, 480), overlay).image()
