"""Messages of RTSP, however they are cut into pieces, and within bounds."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.capture.rtsp_messages import (
    BadMessage,
    Frame,
    MessageParser,
    Reply,
    Request,
    framed,
)

SENT = (b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 3\r\n\r\n$\0x" + framed(0, b"\r\n\r\n") + b"\r\n\r\n"
        + framed(1, b"") + b"OPTIONS * RTSP/1.0\nCSeq: 5\n\n" + b"rubbish\r\n" + framed(0, b"$\1\0\1" * 9)
        + b"RTSP/1.0 454\r\n\r\n")


def plain(messages):
    return [each if isinstance(each, Frame) else (
        (each.status, each.body) if isinstance(each, Reply) else (each.method, each.target))
        for each in messages]


@given(st.sets(st.integers(1, len(SENT) - 1)))
def test_messages_are_the_same_however_they_are_cut(cuts):
    parser, found = MessageParser(), []
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), None], strict=True):
        found += parser.feed(SENT[begin:end])
    assert plain(found) == [(200, b"$\0x"), Frame(0, b"\r\n\r\n"), Frame(1, b""), ("OPTIONS", "*"),
                            Frame(0, b"$\1\0\1" * 9), (454, b"")]


@given(st.lists(st.binary(max_size=60) | st.sampled_from([b"RTSP/1.0 ", b"200", b"\r\n\r\n", b"$\0\0\1", b"A B RTSP/"])))
def test_any_bytes_are_messages_or_none(pieces):
    parser = MessageParser()
    with contextlib.suppress(BadMessage):
        for piece in pieces:
            assert all(isinstance(each, Frame | Reply | Request) for each in parser.feed(piece))


@pytest.mark.parametrize("sent", [
    b"RTSP/1.0 200 OK\r\n" + b"a: b\r\n" * 12_000, b"RTSP/1.0 200 OK\r\nContent-Length: 300000\r\n\r\n",
    b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n", b"RTSP/1.0 200 OK\r\nContent-Length: \xb2\r\n\r\n"])
def test_messages_are_bounded(sent):
    with pytest.raises(BadMessage, match=r"sends a (?:head|body) of"):
        MessageParser().feed(sent)


def test_junk_takes_no_memory():
    parser = MessageParser()
    for _ in range(100):
        assert parser.feed(b"x" * 10_000) == []
    assert plain(parser.feed(framed(0, b"abc"))) == [Frame(0, b"abc")]
    assert len(parser._data) < 2000
