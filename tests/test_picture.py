"""What a camera sends becomes a picture, whatever its format; anything else says what it is."""

import contextlib
import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.capture.limits import MAX_STILL_PIXELS, Allowance
from pyimagesearch.capture.picture import read_picture, still_size
from pyimagesearch.capture.png import PASSES
from pyimagesearch.errors import BadPicture
from pyimagesearch.jpeg import JpegDecoder, encode

IMAGE = DemoScene((320, 240), 10).picture(3)
JPEG = encode(IMAGE)
FORMATS = [".png", ".webp", ".bmp", ".gif"]


def encoded(extension, image=IMAGE, *options):
    return cv2.imencode(extension, image, options)[1].tobytes()


def read(data):
    return read_picture(data, JpegDecoder(), Allowance())


@pytest.mark.parametrize("data", [
    JPEG, b"\xff\xd8" + JPEG, b"\xff\xd8" * 3 + JPEG, b"\r\n" + JPEG, b"junk\xff\0" * 99 + JPEG, JPEG[:-2], JPEG + bytes(5000), JPEG + b"x" * 5000,
    JPEG[:-2] + b"\r\n--b"])
def test_bytes_around_a_jpeg_do_no_harm(data):
    picture = read(data)
    assert (picture.size, picture.colour().shape) == ((320, 240), (240, 320, 3))
    assert picture.jpeg()[:len(JPEG) - 2] == JPEG[:-2]
    assert picture.jpeg().endswith(b"\xff\xd9")
    assert len(picture.jpeg()) < len(JPEG) + 10


@pytest.mark.parametrize("extension", FORMATS)
def test_png_webp_bmp_and_gif_are_pictures(extension):
    picture = read(encoded(extension))
    assert (picture.size, picture.colour().shape, picture.jpeg()) == ((320, 240), (240, 320, 3), None)
    assert np.abs(picture.grey().astype(int) - cv2.cvtColor(IMAGE, cv2.COLOR_BGR2GRAY)).mean() < 20


@pytest.mark.parametrize("image", [
    IMAGE.astype(np.uint16) * 256, np.dstack([IMAGE, IMAGE[:, :, 0]]), IMAGE[:, :, 0]])
def test_png_of_every_depth_is_a_picture(image):
    assert read(encoded(".png", image)).colour().shape == (240, 320, 3)


@pytest.mark.parametrize("options", [[cv2.IMWRITE_WEBP_QUALITY, 50], [cv2.IMWRITE_WEBP_QUALITY, 101]])
def test_size_of_a_webp_is_that_of_its_picture(options):
    assert still_size(encoded(".webp", IMAGE[:239, :317], *options)) == (317, 239)


@pytest.mark.parametrize("extension", FORMATS)
def test_picture_of_too_many_pixels_is_never_decoded(extension, monkeypatch):
    bomb = bytearray(encoded(extension, np.zeros((64, 64, 3), np.uint8)))
    monkeypatch.setattr("cv2.imdecode", None)
    for size in ((60_000, 60_000), (MAX_STILL_PIXELS, 2)):
        match extension:
            case ".png":
                bomb[16:24] = b"".join(side.to_bytes(4, "big") for side in size)
            case ".bmp":
                bomb[18:26] = b"".join(side.to_bytes(4, "little") for side in size)
            case ".gif":
                bomb[6:10] = b"".join(min(side, 65535).to_bytes(2, "little") for side in (60_000, 60_000))
            case _:
                bomb[12:30] = b"VP8X" + bytes(8) + b"\xff\xff\xff\xff\xff\xff"
        with pytest.raises(BadPicture, match=r"a picture of \d+x\d+ pixels"):
            read(bytes(bomb))


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(raw, *extra, interlaced=0, size=(100, 100)):
    """Return an RGB PNG that inflates to *raw*, with *extra* chunks before it."""
    header = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", header), *extra, chunk(b"IDAT", zlib.compress(raw)), chunk(b"IEND", b"")])


ROWS = bytes(100 * 301)


@pytest.mark.parametrize("raw", [ROWS[:-1], ROWS + b"x", bytes(50_000_000), b""])
def test_png_that_is_not_as_large_as_it_says_is_refused(raw, capfd):
    with pytest.raises(BadPicture, match="of a broken PNG"):
        read(png(raw))
    assert capfd.readouterr().err == ""


def test_other_chunks_of_a_png_are_left_out(capfd):
    much = zlib.compress(bytes(50_000_000))
    bombs = [chunk(b"zTXt", b"a\0\0" + much), chunk(b"iCCP", b"a\0\0" + much), chunk(b"acTL", b"\0\1" * 4)]
    assert read(png(ROWS, *bombs)).colour().shape == (100, 100, 3)
    assert capfd.readouterr().err == ""


def test_interlaced_png_is_a_picture():
    passes = sum(-(-(100 - top) // down) * (1 + 3 * -(-(100 - left) // across))
                 for left, top, across, down in PASSES)
    assert read(png(bytes(passes), interlaced=1)).colour().shape == (100, 100, 3)
    assert read(png(bytes(4), interlaced=1, size=(1, 1))).colour().shape == (1, 1, 3)


def test_jpeg_may_be_9000_pixels_wide_but_no_bomb():
    wide = encode(np.zeros((300, 9000, 3), np.uint8))
    assert read(wide).colour().shape == (300, 9000, 3)
    at = wide.index(b"\xff\xc0") + 5
    for size, fits in (((8192, 8192), True), ((65_000, 1000), True), ((9000, 9000), False)):
        jpeg = wide[:at] + b"".join(side.to_bytes(2, "big") for side in size[::-1]) + wide[at + 4:]
        if fits:
            assert read(jpeg).size == size
        else:
            with pytest.raises(BadPicture, match="a picture of 9000x9000 pixels, where 8192x8192 are allowed"):
                read(jpeg)


@pytest.mark.parametrize("factors", [0x41, 0x14, 0x42, 0x12, 0x21, 0x22, 0x11])
def test_jpeg_of_unusual_subsampling_is_a_picture(factors):
    jpeg = bytearray(encode(np.full((240, 320, 3), 90, np.uint8)))
    jpeg[jpeg.index(b"\xff\xc0") + 11] = factors   # of the brightness
    assert read(bytes(jpeg)).colour().shape == (240, 320, 3)


def test_unusual_jpeg_is_no_way_around_the_checks(monkeypatch):
    monkeypatch.setattr("cv2.imdecode", None)
    jpeg = encoded(".jpg", IMAGE, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    at = jpeg.index(b"\xff\xc2")
    odd = jpeg[:at + 11] + b"\x42" + jpeg[at + 12:]
    many = odd[:-2] + odd[odd.rindex(b"\xff\xda"):-2] * 5000 + odd[-2:]
    broken = odd[:at] + b"junk" + odd[at:]
    for bomb in (broken, odd[:at + 5] + b"\xff\xdc\xff\xdc" + odd[at + 9:], many):
        with pytest.raises(BadPicture):
            read(bomb)


@pytest.mark.parametrize(("data", "reason"), [
    (b"<html>busy</html>", "17 bytes that are not JPEG, first bytes 3c 68 74 6d"),
    (b"", "0 bytes that are not JPEG"), (b"\xff\xd8\xff\xd9", "no JPEG"),
    (encoded(".png")[:90], "90 bytes of a broken PNG"), (encoded(".webp")[:90], "of a broken picture")])
def test_data_that_are_no_picture_say_what_came(data, reason):
    with pytest.raises(BadPicture, match=reason):
        read(data)


@given(st.sampled_from([JPEG, *map(encoded, FORMATS)]), st.integers(0, 3000), st.binary(max_size=40))
@settings(max_examples=100)
def test_damaged_pictures_never_crash(data, at, change):
    damaged = data[:at] + change + data[at + len(change):]
    for cut in (damaged, damaged[:at]):
        with contextlib.suppress(BadPicture):
            read(cut).colour()
