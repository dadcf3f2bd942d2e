"""MJPEG over HTTP: the dialects of cameras, any pieces, and garbage."""

import itertools

import cv2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.capture.multipart import MAX_PART_BYTES, MultipartParser

JPEG = cv2.imencode(".jpg", DemoScene((640, 480), 10).picture(3))[1].tobytes()
PARTS = [b"\xff\xd8one\xff\xd9", b"two\r\nlines", b"\r\n", b"x" * 3000]
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


@pytest.mark.parametrize("camera", SPELLINGS)
@given(data=st.data())
@settings(max_examples=60)
def test_parts_are_found_in_pieces_of_any_size(camera, data):
    boundary, spelling = SPELLINGS[camera]
    parts = data.draw(st.lists(st.sampled_from(PARTS), max_size=5))
    body = b"".join(spelling % (len(part), part) for part in parts)
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=8))
    assert fed(MultipartParser(boundary), body, cuts) == parts


@given(data=st.data())
@settings(max_examples=60)
def test_parts_without_a_length_end_at_the_next_boundary(data):
    parts = data.draw(st.lists(st.sampled_from([PARTS[0], PARTS[1], PARTS[3]]), max_size=5))
    body = b"".join(b"--b\r\nContent-Type: image/jpeg\r\n\r\n%b\r\n" % part
                    for part in parts) + b"--b\r\n"
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=8))
    assert fed(MultipartParser("b"), body, cuts) == parts


def test_our_own_stream_is_read(broadcaster):
    body = b"--frame\r\n"
    for number in range(3):
        broadcaster.publish(b"jpeg %d" % number, number)
        body += broadcaster.latest.part
    assert MultipartParser("frame").feed(body) == [b"jpeg 0", b"jpeg 1", b"jpeg 2"]


def test_part_that_is_too_large_is_skipped_without_being_kept():
    parser = MultipartParser("b")
    assert parser.feed(b"--b\r\nContent-Length: %d\r\n\r\n" % (MAX_PART_BYTES + 1)) == []
    for _ in range(MAX_PART_BYTES // 65536):
        assert parser.feed(bytes(65536)) == []
        assert len(parser._data) < 100
    assert parser.feed(b"x\r\n--b\r\nContent-Length: 3\r\n\r\nabc\r\n") == [b"abc"]


def test_endless_part_without_a_length_is_given_up():
    parser = MultipartParser("b")
    parser.feed(b"--b\r\n\r\n")
    for _ in range(MAX_PART_BYTES // 65536 + 4):
        parser.feed(bytes(65536))
        assert len(parser._data) <= MAX_PART_BYTES + 65536
    assert parser.feed(b"\r\n--b\r\nContent-Length: 3\r\n\r\nabc") == [b"abc"]


@given(st.lists(st.binary(max_size=400), max_size=30))
def test_garbage_is_neither_kept_nor_fatal(pieces):
    parser = MultipartParser("b")
    for piece in pieces:
        parser.feed(piece)
    assert len(parser._data) < 20_000
    filler = b"\r\n--b\r\n\r\n\r\n--b\r\nContent-Length: 3\r\n\r\nabc\r\n"
    parser._skip = 0
    found = parser.feed(filler) + parser.feed(filler) + parser.feed(filler)
    assert not parser._in_body or parser._length is not None or b"abc" in found
