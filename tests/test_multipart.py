"""MJPEG over HTTP: the dialects of cameras, any pieces, and garbage."""

import itertools
import random

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzz_multipart import DIALECTS, mutated, survivors
from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.capture.limits import MAX_PICTURE_BYTES, Allowance
from pyimagesearch.capture.multipart import MultipartParser
from pyimagesearch.capture.picture import read_picture
from pyimagesearch.jpeg import JpegDecoder, encode

SCENE = DemoScene((160, 120), 10)
JPEGS = [encode(SCENE.picture(number), 60) for number in range(6)]
PNG = cv2.imencode(".png", SCENE.picture(3))[1].tobytes()
THUMBNAIL = encode(np.full((24, 32, 3), 90, np.uint8))
SPELLINGS = {   # how the boundary is declared, and a part
    "mjpg-streamer": ("boundarydonotcross", b"--boundarydonotcross\r\nContent-Type: image/"
                      b"jpeg\r\nContent-Length: %d\r\nX-Timestamp: 0.1\r\n\r\n%b\r\n"),
    "ustreamer": ("boundarydonotcross", b"--boundarydonotcross\r\nContent-Type: image/jpeg"
                  b"\r\nContent-Length: %d\r\n\r\n%b\r\n"),
    "motion": ("BoundaryString", b"--BoundaryString\r\nContent-type: image/jpeg\r\n"
               b"Content-Length:%9d\r\n\r\n%b\r\n"),
    "esp32-cam": ("123456789000000000000987654321", b"\r\n--123456789000000000000987654321"
                  b"\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b"),
    "axis": ("--myboundary", b"--myboundary\r\nContent-Type: image/jpeg\r\n"
             b"Content-Length: %d\r\n\r\n%b\r\n"),
    "quoted": ('"frame"', b"--frame\r\ncontent-length: %d\r\n\r\n%b\r\n"),
    "bare line ends": ("b", b"--b\nContent-Length: %d\n\n%b\n"),
}


def fed(parser, data, cuts):
    """Feed *data* in the pieces between *cuts*."""
    places = [0, *sorted(cuts), len(data)]
    return [part for a, b in itertools.pairwise(places)
            for part in parser.feed(data[a:b])]


def in_pieces(boundary, body, size):
    """Return the parts of *body*, fed in pieces of *size*, up to its end."""
    parser = MultipartParser(boundary)
    parts = [part for at in range(0, len(body), size) for part in parser.feed(body[at:at + size])]
    return parts + list(filter(None, [parser.finish()]))


def with_segment(jpeg, marker, content):
    """Return *jpeg* with a segment of *content* more."""
    return jpeg[:2] + bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content + jpeg[2:]


def test_rest_of_a_part_is_known_once_lengths_were_right():
    part = b"--b\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(JPEGS[0]), JPEGS[0])
    parser, cut = MultipartParser("b"), len(part) - 20
    assert parser.feed(part[:cut]) == []
    assert parser.missing == 0      # it may be wrong
    assert parser.feed(part[cut:]) == [JPEGS[0]]
    assert parser.feed(part[:cut]) == []
    assert parser.missing == 18
    assert parser.feed(part[cut:]) == [JPEGS[0]]
    assert parser.missing == 0
    parser.feed(part[:cut].replace(b"Length: ", b"Length: 9"))
    assert parser.missing == 0      # much longer than the one before


@pytest.mark.parametrize("length", ["", "Content-Length: {}\r\n"])
@pytest.mark.parametrize("lead", [b"m" * 5000, bytes(60_000)])
def test_metadata_before_a_picture_are_left_out(length, lead):
    body = b"".join(b"--b\r\n" + length.format(len(lead + jpeg)).encode() + b"\r\n" + lead + jpeg + b"\r\n"
                    for jpeg in JPEGS)
    for size in (1000, len(body)):
        found = [read_picture(part, JpegDecoder(), Allowance()).jpeg() for part in in_pieces("b", body, size)]
        assert found == JPEGS


@pytest.mark.parametrize("camera", SPELLINGS)
@given(data=st.data())
@settings(max_examples=60)
def test_parts_are_found_in_pieces_of_any_size(camera, data):
    boundary, spelling = SPELLINGS[camera]
    parts = data.draw(st.lists(st.sampled_from(JPEGS), max_size=5))
    body = b"".join(spelling % (len(part), part) for part in parts)
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=8))
    assert fed(MultipartParser(boundary), body, cuts) == parts


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("size", [7, 1460, 1 << 20])
def test_pictures_of_every_dialect_are_found(dialect, size):
    boundary, spell = DIALECTS[dialect]
    found = in_pieces(boundary, b"".join(map(spell, JPEGS)), size)
    shown = [read_picture(part, JpegDecoder(), Allowance()) for part in found]
    assert [picture.jpeg()[:len(jpeg) - 2] for picture, jpeg in zip(shown, JPEGS, strict=True)] == [
        jpeg[:-2] for jpeg in JPEGS]
    assert all(picture.colour().shape == (120, 160, 3) for picture in shown)


@pytest.mark.parametrize("declared", ["b", "--b", '"b"', "other", "", "-- b"])
@pytest.mark.parametrize("sent", [b"--b", b"b", b"----b", b"--b; x"])
def test_boundary_is_the_one_of_the_body(declared, sent):
    parts = [b"Content-Type: image/png\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(PNG), PNG)] * 3
    body = b"".join(sent + b"\r\n" + part for part in parts) + sent + b"--\r\n"
    assert [part.removesuffix(b"\r\n--") for part in in_pieces(declared, body, 1000)] == [PNG] * 3


@pytest.mark.parametrize("spell", [
    b"--b\r\nContent-Length: %d\r\n\r\n%b\r\n", b"--b\r\n\r\n%.0b%b\r\n", b"%.0b%b"])
@pytest.mark.parametrize("size", [100, 1 << 20])
def test_thumbnail_and_markers_in_segments_end_nothing(spell, size):
    odd = [with_segment(JPEGS[0], 0xE1, b"Exif\0\0" + THUMBNAIL),
           with_segment(JPEGS[1], 0xFE, b"\xff\xd9" * 9),
           with_segment(JPEGS[2], 0xFE, b"\r\n--b\r\n--b--\r\n")]
    if b"%d" in spell:
        body = b"".join(spell % (len(jpeg), jpeg) for jpeg in odd)
    else:
        body = b"".join(spell % (b"", jpeg) for jpeg in odd)
    assert in_pieces("b", body, size) == odd


def test_bytes_of_a_part_with_a_right_length_are_not_searched():
    parser, head = MultipartParser("b"), b"--b\r\nContent-Length: %d\r\n\r\n"
    parser.feed(head % len(JPEGS[0]) + JPEGS[0])
    parser.feed(head % len(JPEGS[1]) + JPEGS[1][:9])
    parser._find_delimiter = parser._scanner.find_end = None    # a search would fail
    assert parser.feed(JPEGS[1][9:2000]) == parser.feed(JPEGS[1][2000:-9]) == []
    del parser._find_delimiter      # for the next part
    assert parser.feed(JPEGS[1][-9:]) == [JPEGS[1]]


def test_our_own_stream_is_read(broadcaster):
    body = b"--frame\r\n"
    for number, jpeg in enumerate(JPEGS):
        broadcaster.publish(jpeg, number)
        body += broadcaster.latest.part
    assert MultipartParser("frame").feed(body) == JPEGS


@pytest.mark.parametrize("head", [b"--b\r\nContent-Length: %d\r\n\r\n" % (MAX_PICTURE_BYTES + 1),
                                  b"--b\r\n\r\n\xff\xd8\xff", b"\xff\xd8\xff\xe0\0\x04ab", b"junk"])
def test_endless_part_is_given_up(head):
    parser = MultipartParser("b")
    parser.feed(head)
    for _ in range(MAX_PICTURE_BYTES // 65536 + 4):
        parser.feed(bytes(65536))
        assert len(parser._data) <= MAX_PICTURE_BYTES + 2 * 65536
    assert parser.feed(b"\r\n--b\r\nContent-Length: %d\r\n\r\n%b" % (
        len(JPEGS[0]), JPEGS[0]))[-1].endswith(JPEGS[0])


@pytest.mark.parametrize("filler", [
    b"--b\r\n", b"\xff\xd8\xff\xd9", b"\xff\xd8\xff", b"a: b\r\n", b"\n", b"\xff", b"--b", b"--",
    b"--b\r\nContent-Length: 5\r\n\r\n", b"\xff\xe0\0\x02", b"\xff\xd9", b"--b\r\nx", b"x" * 999,
    b"--b\r\na:", b"\xff\xda\0\x02\n--b\r\na" + b"b" * 9000, b" " * 1000 + b"a"])
@pytest.mark.parametrize("size", [64, 1 << 18])
def test_time_grows_no_faster_than_the_bytes(filler, size):
    import time
    took = []
    for count in (1 << 15, 1 << 17):
        parser, data = MultipartParser("b"), filler * (count // len(filler))
        data = b"--b\r\n\r\n\xff\xd8\xff\xe0\0\2" * (filler[0] == 0xFF) + data
        begin = time.thread_time()
        for at in range(0, count, size):
            parser.feed(data[at:at + size])
        took.append(time.thread_time() - begin)
    assert took[1] < 10 * took[0] + 0.05        # 4 times the bytes; 16 would be quadratic


def test_parts_that_are_no_pictures_are_returned_to_be_counted():
    page = b"<html>" + b"x" * 2000
    body = b"".join(b"--b\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(page), page) for _ in range(3))
    assert MultipartParser("b").feed(body + b"--b\r\nX: y\r\n\r\n") == [page] * 3


def test_bytes_outside_of_parts_are_reported():
    parser = MultipartParser("b")
    assert parser.feed(b"\r\n<html>" * 10) == []
    assert parser.junk == b"<html>\r\n"


@given(st.sampled_from(list(DIALECTS)), st.integers(0, 1 << 62))
@settings(max_examples=300)
def test_good_part_after_a_bad_one_is_found(dialect, seed):
    chance = random.Random(seed)
    assert survivors(dialect, mutated(dialect, chance), chance) == ""
