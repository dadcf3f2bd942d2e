"""systemd's notifications and watchdog, over a real socket and with the real loop."""

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
from pyimagesearch.system.watchdog import ServiceManager, Watchdog, watchdog_seconds

PICTURE = np.full((48, 64, 3), 90, np.uint8)


class Systemd:
    """The end of the socket on which systemd listens."""

    def __init__(self, address):
        self.environ = {"NOTIFY_SOCKET": address}
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address.replace("@", "\0", 1) if address[0] == "@" else address)
        self.socket.setblocking(False)
        self.received = []

    def messages(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                self.received.append(self.socket.recv(4096).decode())
        return self.received

    def fed(self):
        """Return how often the watchdog was fed since the last call."""
        count = self.messages().count("WATCHDOG=1")
        self.received.clear()
        return count


@pytest.fixture(params=["a path", "an abstract name"])
def systemd(request, tmp_path):
    made = Systemd(str(tmp_path / "notify") if request.param == "a path"
                   else f"@webstreaming/{os.getpid()}/{tmp_path.name}")
    yield made
    made.socket.close()


def test_notifications_arrive(systemd):
    manager = ServiceManager(systemd.environ)
    assert manager.notify("READY=1", "STATUS=open")
    assert systemd.messages() == ["READY=1\nSTATUS=open"]
    assert manager.watchdog_seconds is None


def test_without_systemd_nothing_is_sent_or_logged(caplog):
    assert not ServiceManager({}).notify("READY=1")
    assert caplog.text == ""


@pytest.mark.parametrize("address", ["/nowhere/notify", "@nobody-listens-here"])
def test_missing_socket_is_logged_once(address, caplog):
    manager = ServiceManager({"NOTIFY_SOCKET": address})
    for _ in range(3):
        assert not manager.notify("READY=1")
    assert caplog.text.count("cannot notify systemd") == 1


def test_full_socket_never_blocks(systemd):
    manager = ServiceManager(systemd.environ)
    assert not all(manager.notify("WATCHDOG=1") for _ in range(10_000))


def test_unsupported_address_is_logged(caplog):
    assert not ServiceManager({"NOTIFY_SOCKET": "vsock:2:1"}).notify("READY=1")
    assert "NOTIFY_SOCKET is 'vsock:2:1', but must be a path or begin with @" in caplog.text


@pytest.mark.parametrize(("environ", "seconds"), [
    ({}, None), ({"WATCHDOG_USEC": "30000000"}, 30.0), ({"WATCHDOG_USEC": "0"}, None),
    ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
    ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
    ({"WATCHDOG_USEC": "soon"}, None)], ids=["none", "ours", "off", "ours by number", "another's", "nonsense"])
def test_watchdog_timeout_counts_for_this_process_only(environ, seconds):
    assert watchdog_seconds(environ) == seconds


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
    assert systemd.fed() == 0       # no heartbeat of the third since
    watchdog.heartbeat("the server")
    assert systemd.fed() == 1


def test_watchdog_is_fed_four_times_per_timeout(
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
    assert systemd.fed() <= 1       # for the last heartbeat of the loop that hangs


# --- the real loop

class Hurried(SystemClock):
    """The real clock, with short waits between two tries."""

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


def test_frames_feed_the_watchdog(surveillance, systemd):
    surveillance(Giving)
    goes_on(systemd)


def test_lost_camera_causes_no_restart(surveillance, systemd):
    def unplugged(closing):
        raise CameraLost("unplugged")
    watched = surveillance(unplugged)
    goes_on(systemd)
    assert watched.status().state == "no signal"


def test_end_of_a_file_causes_no_restart(surveillance, systemd):
    watched = surveillance(lambda closing: Giving(closing, SourceEnded("the end")))
    eventually(lambda: watched.status().state == "ended")
    goes_on(systemd)


def test_hanging_detector_starves_the_watchdog(surveillance, systemd):
    """As with a driver or a codec that never returns."""
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


def test_program_notifies_ready_alive_and_stopping(tmp_path):
    systemd = Systemd(str(tmp_path / "notify"))
    product = Product("--source", "a=demo:64x48@5", "--source", "b=http://127.0.0.1:9/",
                      env={**systemd.environ, "WATCHDOG_USEC": "4000000"})
    try:
        eventually(lambda: systemd.messages().count("WATCHDOG=1") >= 2)
        assert systemd.received[0].startswith("READY=1\nSTATUS=open http://127.0.0.1:")
        assert product.get("/healthz")
        assert product.stop()[1] == 0
        assert systemd.messages()[-1] == "STOPPING=1"
    finally:
        product.close()
        systemd.socket.close()
