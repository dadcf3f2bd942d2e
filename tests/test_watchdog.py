"""Signs of life: what systemd is told, over a real socket, and by whom."""

import contextlib
import os
import socket
import threading

import numpy as np
import pytest

from conftest import keeping
from harness import eventually
from product import Product
from pyimagesearch.capture.cameras import Camera
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import CameraLost, SourceEnded
from pyimagesearch.frames import ArrayPicture
from pyimagesearch.motion_detection import SingleMotionDetector
from pyimagesearch.motion_detection.detection import MotionDetection
from pyimagesearch.settings.settings import Settings
from pyimagesearch.streaming.publisher import Publisher
from pyimagesearch.surveillance.camera_loop import Surveillance
from pyimagesearch.system.watchdog import ServiceManager, Watchdog, patience

PICTURE = np.full((48, 64, 3), 90, np.uint8)


class Systemd:
    """The end of the socket at which systemd listens."""

    def __init__(self, address):
        self.environ = {"NOTIFY_SOCKET": address}
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address.replace("@", "\0", 1) if address[0] == "@" else address)
        self.socket.setblocking(False)
        self.notes = []

    def told(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                self.notes.append(self.socket.recv(4096).decode())
        return self.notes

    def fed(self):
        """How often the watchdog was, since the last question."""
        count = self.told().count("WATCHDOG=1")
        self.notes.clear()
        return count


@pytest.fixture(params=["a path", "an abstract name"])
def systemd(request, tmp_path):
    made = Systemd(str(tmp_path / "notify") if request.param == "a path"
                   else f"@webstreaming/{os.getpid()}/{tmp_path.name}")
    yield made
    made.socket.close()


def test_notes_arrive_as_they_are(systemd):
    manager = ServiceManager(systemd.environ)
    assert manager.notify("READY=1", "STATUS=open")
    assert systemd.told() == ["READY=1\nSTATUS=open"]
    assert manager.patience is None


def test_without_systemd_nothing_is_sent_and_nothing_said(caplog):
    assert not ServiceManager({}).notify("READY=1")
    assert caplog.text == ""


@pytest.mark.parametrize("address", ["/nowhere/notify", "@nobody-listens-here"])
def test_socket_that_is_gone_is_told_once(address, caplog):
    manager = ServiceManager({"NOTIFY_SOCKET": address})
    for _ in range(3):
        assert not manager.notify("READY=1")
    assert caplog.text.count("cannot be told") == 1


def test_full_socket_keeps_no_loop_waiting(systemd):
    manager = ServiceManager(systemd.environ)
    assert not all(manager.notify("WATCHDOG=1") for _ in range(10_000))


def test_address_of_another_kind_is_said(caplog):
    assert not ServiceManager({"NOTIFY_SOCKET": "vsock:2:1"}).notify("READY=1")
    assert "NOTIFY_SOCKET is 'vsock:2:1', but must be a path or begin with @" in caplog.text


@pytest.mark.parametrize(("environ", "seconds"), [
    ({}, None), ({"WATCHDOG_USEC": "30000000"}, 30.0), ({"WATCHDOG_USEC": "0"}, None),
    ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
    ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
    ({"WATCHDOG_USEC": "soon"}, None)], ids=["none", "ours", "off", "ours by number", "another's", "nonsense"])
def test_watchdog_is_heeded_if_it_means_this_process(environ, seconds):
    assert patience(environ) == seconds


@pytest.fixture
def watchdog(systemd, clock):
    manager = ServiceManager({**systemd.environ, "WATCHDOG_USEC": "8000000"})
    return Watchdog(manager, ["front", "yard", "the server"], clock)


def test_watchdog_is_fed_once_all_loops_have_turned(watchdog, systemd, clock):
    for _ in range(5):
        watchdog.heartbeat("front")
        watchdog.heartbeat("the server")
    assert systemd.fed() == 0
    watchdog.heartbeat("yard")
    assert systemd.fed() == 1
    clock.now += 100
    watchdog.heartbeat("yard")
    watchdog.heartbeat("front")
    assert systemd.fed() == 0       # the third has not turned since
    watchdog.heartbeat("the server")
    assert systemd.fed() == 1


def test_watchdog_is_fed_four_times_in_its_time_and_not_with_each_frame(
        watchdog, systemd, clock):
    for _ in range(30 * 8):
        for loop in ("front", "yard", "the server"):
            watchdog.heartbeat(loop)
        clock.now += 1 / 30
    assert systemd.fed() == 4


def test_one_loop_that_hangs_starves_the_watchdog(watchdog, systemd, clock):
    for _ in range(100):
        for loop in ("front", "yard", "the server"):
            watchdog.heartbeat(loop)
        clock.now += 0.1
    assert systemd.fed() == 5
    for _ in range(100):
        watchdog.heartbeat("front")
        watchdog.heartbeat("the server")
        clock.now += 0.1
    assert systemd.fed() <= 1       # for the last turn of the loop that hangs


# --- the real loop

class Hurried(SystemClock):
    """The real clock, for somebody who does not want to wait between two tries."""

    def wait(self, event, seconds):
        return event.wait(0.01)


@pytest.fixture
def surveillance(systemd, broadcaster, tmp_path):
    made = []

    def make(source, detector=SingleMotionDetector, clock=None):
        (wanted,) = Settings(source=("test=demo",), record=False).cameras()
        clock = clock or Hurried()
        watchdog = Watchdog(ServiceManager({**systemd.environ, "WATCHDOG_USEC": "40000"}),
                            ["test"], clock)
        made.append(Surveillance(
            Camera("a test", source), MotionDetection(wanted, detector),
            Publisher("test", broadcaster, None, width=64, quality=75),
            keeping(wanted, clock, tmp_path).evidence, wanted, clock,
            heartbeat=lambda: watchdog.heartbeat("test")))
        made[-1].start()
        return made[-1]
    yield make
    for each in made:
        each.stop()
        assert each.join(60)


class Giving:
    """A source that gives pictures for ever, or fails with *error* after some."""

    read_timeout, granted = 5.0, "a test"

    def __init__(self, closing, error=None):
        self.closing, self.error, self.given = closing, error, 0

    def read(self):
        self.given += 1
        if self.error and self.given > 3:
            raise self.error
        self.closing.wait(0.01)
        return ArrayPicture(PICTURE)

    def close(self):
        pass


def goes_on(systemd):
    for _ in range(3):
        systemd.fed()
        eventually(systemd.fed)


def test_frames_feed_it(surveillance, systemd):
    surveillance(Giving)
    goes_on(systemd)


def test_lost_camera_is_no_reason_to_start_anew(surveillance, systemd):
    def unplugged(closing):
        raise CameraLost("unplugged")
    watched = surveillance(unplugged)
    goes_on(systemd)
    assert watched.status().state == "no signal"


def test_end_of_a_file_is_no_reason_to_start_anew(surveillance, systemd):
    watched = surveillance(lambda closing: Giving(closing, SourceEnded("the end")))
    eventually(lambda: watched.status().state == "ended")
    goes_on(systemd)


def test_loop_that_hangs_starves_it(surveillance, systemd):
    """A driver or a codec that never returns looks like watching, and is none."""
    stuck, release = threading.Event(), threading.Event()

    class Hanging(SingleMotionDetector):
        def update(self, image):
            stuck.set()
            release.wait()
            super().update(image)

    surveillance(Giving, Hanging)
    assert stuck.wait(10)
    systemd.fed()
    stuck.wait(0.3)
    threading.Event().wait(0.3)
    assert systemd.fed() <= 1
    release.set()
    goes_on(systemd)


def test_program_tells_when_it_is_ready_alive_and_ending(tmp_path):
    systemd = Systemd(str(tmp_path / "notify"))
    product = Product("--source", "a=demo:64x48@5", "--source", "b=http://127.0.0.1:9/",
                      env={**systemd.environ, "WATCHDOG_USEC": "4000000"})
    try:
        eventually(lambda: systemd.told().count("WATCHDOG=1") >= 2)
        assert systemd.notes[0].startswith("READY=1\nSTATUS=open http://127.0.0.1:")
        assert product.get("/healthz")
        assert product.stop()[1] == 0
        assert systemd.told()[-1] == "STOPPING=1"
    finally:
        product.close()
        systemd.socket.close()
