"""Packets that came by UDP are in their order, and a lost one delays the others little."""

import itertools
import struct

from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.capture.rtp_order import (
    MAX_WAIT_SECONDS,
    MAX_WAITING_PACKETS,
    RtpOrder,
)


def packet(number):
    return struct.pack(">BBHII", 0x80, 96, number % 2**16, 0, 7)


def given_out(numbers, step=0.0, order=None):
    """Return the numbers given out for those that come every *step* [s], one list for each."""
    order = order or RtpOrder()
    return [[int.from_bytes(each[2:4], "big") for each in order.put(packet(number), at * step)]
            for at, number in enumerate(numbers)]


def test_packets_in_order_are_given_out_at_once():
    assert given_out(range(65_530, 65_546)) == [[number % 2**16] for number in range(65_530, 65_546)]


@given(st.permutations(range(1, 20)), st.integers(0, 2**16))
def test_any_order_becomes_the_right_one(numbers, first):
    found = given_out([first, *(first + number for number in numbers)])
    assert list(itertools.chain.from_iterable(found)) == [(first + number) % 2**16 for number in range(20)]


def test_packet_that_comes_twice_or_too_late_is_left_out():
    assert given_out([1, 1, 3, 3, 4, 5, 2], step=0.06) == [[1], [], [], [], [3, 4], [5], []]


def test_lost_packet_is_waited_for_a_moment_only():
    assert given_out([1, 3, 4, 6, 7], step=1.5 * MAX_WAIT_SECONDS) == [[1], [], [3, 4], [], [6, 7]]


def test_lost_packet_of_a_burst_is_waited_for_in_bounds():
    found = given_out([1, *range(3, 4 + MAX_WAITING_PACKETS)])
    assert found[-1] == list(range(3, 4 + MAX_WAITING_PACKETS))


def test_camera_that_counts_again_is_followed():
    assert given_out([40_000, 5, 6, 7], step=1.5 * MAX_WAIT_SECONDS) == [[40_000], [], [5, 6], [7]]


def test_reports_among_the_packets_pass():
    report = bytes([0x80, 200, 0, 6]) + bytes(24)
    assert RtpOrder().put(report, 0.0) == [report]


@given(st.lists(st.tuples(st.binary(max_size=20), st.floats(0, 0.2)), max_size=200))
def test_any_packets_keep_little(packets):
    order, now = RtpOrder(), 0.0
    for each, step in packets:
        now += step
        order.put(each, now)
        assert len(order._waiting) <= MAX_WAITING_PACKETS
