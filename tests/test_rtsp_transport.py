"""The ways in which RTSP cameras send: which hosts a camera can lead to, and which not."""

import contextlib
import socket

import pytest

from harness import eventually
from pyimagesearch.capture.rtsp_description import parse_description
from pyimagesearch.capture.rtsp_transport import (
    REPORTS,
    VIDEO,
    Datagrams,
    Interleaved,
    Unacceptable,
)

SDP = parse_description("v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n")


@pytest.fixture
def camera():
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(
            listener.getsockname()) as camera, listener.accept()[0]:
        yield camera


def datagrams(address):
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((address, 0))
    return made


def test_packets_are_taken_from_the_camera_only(camera):
    with contextlib.closing(Datagrams(camera, SDP)) as receiver, datagrams("127.0.0.2") as other, \
            datagrams("127.0.0.1") as right:
        for each, channel in zip(receiver.sockets, (VIDEO, REPORTS), strict=True):
            for sender in (other, right):
                sender.sendto(sender.getsockname()[0].encode() + bytes(8), each.getsockname())
            found = []
            eventually(lambda each=each, found=found: found.extend(receiver.receive(each)) or found)
            assert found == [(channel, b"127.0.0.1" + bytes(8))]


def test_packets_may_come_from_the_source_that_the_camera_names(camera):
    with contextlib.closing(Datagrams(camera, SDP)) as receiver, datagrams("127.0.0.2") as named, \
            datagrams("127.0.0.3") as other:
        receiver.accept("RTP/AVP;unicast;source=127.0.0.2;server_port=0-0")
        packets = [b"\x80\x60\0%b" % bytes([number]) + bytes(8) for number in range(2)]
        for sender, packet in zip((other, named), packets, strict=True):
            sender.sendto(packet, receiver.sockets[0].getsockname())
        found = []
        eventually(lambda: found.extend(receiver.receive(receiver.sockets[0])) or found)
        assert found == [(VIDEO, packets[1])]


def test_reports_go_to_the_camera_whatever_it_answers(camera):
    with contextlib.closing(Datagrams(camera, SDP)) as receiver, datagrams("127.0.0.1") as right, \
            datagrams("127.0.0.2") as other:
        ports = right.getsockname()[1], other.getsockname()[1]
        for port in ports:
            receiver.accept(f"RTP/AVP;unicast;source=127.0.0.2;destination=127.0.0.2;server_port={port}-{port}")
        right.settimeout(5)
        assert right.recv(100)
        other.settimeout(0.1)
        with pytest.raises(TimeoutError):
            other.recv(100)


@pytest.mark.parametrize("answer", ["RTP/AVP/UDP;unicast;client_port=1-2", "", "x" * 9999])
def test_answer_of_another_transport_is_unacceptable(camera, answer):
    with pytest.raises(Unacceptable):
        Interleaved(camera, SDP).accept(answer)


def test_channels_may_have_other_numbers(camera):
    receiver = Interleaved(camera, SDP)
    receiver.accept("RTP/AVP/TCP;unicast;interleaved=4-7")
    assert [receiver.channel(number) for number in (0, 4, 7)] == [None, VIDEO, REPORTS]
