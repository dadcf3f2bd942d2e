"""Fragments of MP4: one picture each, without gaps, readable at once."""

import io
import struct

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.streaming.fragments import (
    NOMINAL_SECONDS,
    TICKS_PER_SECOND,
    Timeline,
    fragment,
    header_of,
)
from pyimagesearch.streaming.live_encoder import LiveEncoder
from video_viewers import boxes

GREY = np.full((48, 64, 3), 128, np.uint8)
NOMINAL = round(NOMINAL_SECONDS * TICKS_PER_SECOND)


def placed(times):
    timeline = Timeline()
    return [timeline.place(at) for at in times]


@given(st.lists(st.floats(0.0, 1e4, width=32), min_size=1))
def test_pictures_follow_each_other_without_gap_or_overlap(times):
    begins = 0
    for begin, duration in placed(times):
        assert begin == begins
        assert duration >= 1
        begins += duration


def test_picture_lasts_as_long_as_the_one_before_really_did():
    durations = [duration for _, duration in placed([7.0, 7.2, 7.25, 8.25, 8.3])]
    assert durations == [NOMINAL, 18_000, 4500, 90_000, 4500]


def test_pause_is_cut_out_of_the_timeline():
    assert placed([1.0, 11.0])[1] == (NOMINAL, NOMINAL)


def test_fragment_says_when_its_picture_was_captured():
    parts = dict(boxes(fragment(7, 900, 30, b"sample", 1_800_000_000.25, is_key=True)))
    assert list(parts) == [b"prft", b"moof", b"mdat"]
    _, track, ntp, begin = struct.unpack(">IIQQ", parts[b"prft"])
    assert (track, begin, parts[b"mdat"]) == (1, 900, b"sample")
    assert ntp / 2**32 - 2_208_988_800 == pytest.approx(1_800_000_000.25, abs=1e-6)
    moof = dict(boxes(parts[b"moof"]))
    assert struct.unpack(">II", moof[b"mfhd"]) == (0, 7)


def test_fragments_have_their_times_for_ffmpeg():
    encoder = LiveEncoder((64, 48), 500, 30.0)
    mp4 = encoder.header + b"".join(
        fragment(number, begin, 3000, encoder.encode(GREY, begin, is_key=number == 1),
                 1.0, is_key=number == 1, offset=offset)
        for number, begin, offset in ((1, 90_000, 0), (2, 93_000, 4500), (3, 96_000, 0)))
    with av.open(io.BytesIO(mp4)) as video:
        packets = [packet for packet in video.demux() if packet.size]
        assert [stream.type for stream in video.streams] == ["video"]
    assert [(packet.dts, packet.pts, packet.is_keyframe) for packet in packets] == [
        (90_000, 90_000, True), (93_000, 97_500, False), (96_000, 96_000, False)]


def test_header_ends_with_the_description_of_the_track():
    mp4 = LiveEncoder((64, 48), 500, 30.0).header + fragment(
        1, 0, 1, b"sample", 1.0, is_key=True)
    assert [kind for kind, _ in boxes(header_of(mp4))] == [b"ftyp", b"moov"]
    assert header_of(b"") == b""
