"""RTSP cameras: start, transport, time stamps and refusals, over real connections."""

import itertools
import threading
import time

import pytest

from harness import InBackground
from pyimagesearch.capture.rtsp import open_rtsp
from pyimagesearch.capture.source import CaptureRequest
from pyimagesearch.capture.url import parse_url
from pyimagesearch.clock import SystemClock
from rtsp_server import RtspServer

ODD_STAMPS = {
    "right": lambda number: 1000 + number / 10,
    "all one": lambda number: 1000,
    "half speed": lambda number: 1000 + number / 20,
    "double speed": lambda number: 1000 + number / 5,
    "backwards": lambda number: 5000 - number / 10,
    "one wrong in seven": lambda number: 1000 + number / 10 + 3600 * (number % 7 == 3),
    "a jump that lasts": lambda number: 1000 + number / 10 + 7200 * (number >= 15),
    "a jump back that lasts": lambda number: 9000 + number / 10 - 7200 * (number >= 15),
    "a wrap": lambda number: 2**32 / 90_000 - 1 + number / 10,
}


class Packets:
    """A recorder of packets that only remembers their times."""

    def __init__(self):
        self.times = []

    def begin(self, header):
        pass

    def put(self, data, captured, at, *, key, pts, dts):
        self.times.append((at, pts / 90_000, dts / 90_000))


def opened(server, packets=None, **wanted):
    return open_rtsp(parse_url(server.url), CaptureRequest(**wanted), threading.Event(),
                     SystemClock(), packets)


def watch(server, seconds):
    """Return the moments and ages of the frames shown in *seconds*, and the packets' times."""
    packets, shown = Packets(), []
    source = opened(server, packets)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        picture = source.read()
        shown.append((time.monotonic(), time.time() - picture.captured))
    source.close()
    return shown, packets.times


@pytest.fixture(scope="module")
def watched():
    """Return what was shown and recorded of one camera for each kind of odd stamps."""
    servers = {name: RtspServer(stamp=stamp) for name, stamp in ODD_STAMPS.items()}
    watching = {name: InBackground(watch, server, 4.5) for name, server in servers.items()}
    found = {name: each.result() for name, each in watching.items()}
    for server in servers.values():
        server.__exit__()
    return found


@pytest.mark.parametrize("kind", ODD_STAMPS)
def test_odd_time_stamps_lose_no_frame_of_the_live_picture(watched, kind):
    shown, packets = watched[kind]
    assert len(shown) >= 0.95 * len(packets)
    assert max(age for _, age in shown) < 1.5


@pytest.mark.parametrize("kind", ODD_STAMPS)
def test_odd_time_stamps_record_as_long_as_the_clock(watched, kind):
    _, packets = watched[kind]
    packets = [each for each in packets if each[0] > packets[0][0] + 1.5]    # settled
    took = packets[-1][0] - packets[0][0]
    assert packets[-1][1] - packets[0][1] == pytest.approx(took, rel=0.1)
    assert all(later[2] > each[2] for each, later in itertools.pairwise(packets))
    assert all(pts >= dts for _, pts, dts in packets)
