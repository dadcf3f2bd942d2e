"""What every test may use."""

import atexit
import contextlib
import functools
import json
import os
import queue
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from machine import StoodStill, running
from prefork import Template
from pyimagesearch.events.store import EventStore
from pyimagesearch.recording.packet_gate import PacketGate
from pyimagesearch.recording.preroll import Preroll
from pyimagesearch.recording.recorder import Recorder
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.surveillance.evidence import Evidence, StoreLedger

settings.register_profile(
    "calm", deadline=None, max_examples=60, derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")

# whoever runs the tests in the background has them ignore Ctrl-C, and what they start
signal.signal(signal.SIGINT, signal.default_int_handler)

# what the tests note of their folders is none of the user's
HOME = tempfile.TemporaryDirectory(prefix="surveillance-home-")
os.environ["XDG_DATA_HOME"] = HOME.name

ROOT = Path(__file__).parent.parent
PATIENCE = 60.0     # seconds of the machine; reached only by a test that is going to fail
DEADLINE = 300.0    # seconds by the clock, for what cannot tell whether the machine runs
stood_still = StoodStill()


@pytest.hookimpl(trylast=True)      # the reporter is there only when pytest itself is
def pytest_configure(config):
    pytest.terminal = config.pluginmanager.getplugin("terminalreporter")


def pytest_collection_modifyitems(items):
    """A test that failed while the machine stood still is run again; "R" tells of it."""
    for item in items:
        item.add_marker(pytest.mark.flaky(reruns=2, condition=stood_still))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    stood_still.begin()


def pytest_runtest_logreport(report):
    """Tell a failure at once: who cuts a run short would never learn of it."""
    if report.outcome in ("failed", "rerun") and pytest.terminal:
        pytest.terminal.write_line(
            f"\n{report.nodeid} ({report.when}, {report.outcome})\n{report.longreprtext}")


class Later:
    """Run *function* on a thread of its own; ask for its result when needed."""

    def __init__(self, function, *args):
        self._box = queue.SimpleQueue()
        threading.Thread(target=lambda: self._box.put(function(*args)),
                         daemon=True).start()      # a stuck test must still end

    def result(self, timeout=DEADLINE):
        return self._box.get(timeout=timeout)


class Hands:
    """A clock that only a test moves; nobody who waits on it loses real time."""

    def __init__(self, now=1_800_000_000.0):
        self.now = now
        self.waits = []

    def time(self):
        return self.now

    def monotonic(self):
        return self.now - 1_700_000_000.0

    def wait(self, event, seconds):
        self.waits.append(seconds)
        self.now += max(0.0, seconds)
        return event.is_set()


def eventually(question, patience=PATIENCE):
    """Wait until *question* has a true answer, and return that."""
    until, latest, pause = running() + patience, time.monotonic() + DEADLINE, 0.01
    while not (answer := question()):
        assert min(until - running(), latest - time.monotonic()) > 0, (
            f"not within {patience} s: {question}")
        time.sleep(pause)
        pause = min(1.3 * pause, 0.5)       # asking costs who is asked, too
    return answer


def needs(program, package):
    """Return the path of *program*; a machine without it cannot run the test."""
    # Debian has servers where an ordinary user's PATH does not lead
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if not found:
        missing(f"{program} is not installed; run: sudo apt install {package}")
    return found


def missing(sentence):
    """Skip, saying what helps; where everything must be there, fail instead."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(sentence)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@functools.cache
def template():
    """The process that product is forked from; it ends with the tests."""
    made = Template()
    atexit.register(made.close)
    return made


def run_program(*arguments, env=None, cwd=ROOT):
    """Run the program to its end; return its status, and what it printed where."""
    process = template().start(arguments, {**os.environ, **(env or {})}, cwd)
    stdout, stderr = process.communicate(DEADLINE)
    return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)


class Product:
    """
    ``webstreaming.py`` as a process of its own, on a free port.

    It is forked from one that has done its imports already, or, given *program*,
    started by Python.
    """

    def __init__(self, *arguments, program=(), env=None, cwd=ROOT):
        arguments = ("--port", "0", *arguments)
        self.open([sys.executable, *program, *arguments] if program else [], env, cwd,
                  arguments)

    def open(self, command, env=None, cwd=ROOT, arguments=()):
        self.data = tempfile.TemporaryDirectory(prefix="surveillance-")
        env = {**os.environ, "SURVEILLANCE_DATA": self.data.name, **(env or {})}
        self.process = subprocess.Popen(
            command, cwd=cwd, text=True, env=env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) if command else template().start(arguments, env, cwd)
        self.log = []
        self.greeting = self.process.stdout.readline()
        self._drain = threading.Thread(target=self._read_log, daemon=True)
        self._drain.start()
        found = re.search(r"(https?)://\S+?:(\d+)/", self.greeting)
        assert found, f"printed {self.greeting!r} and {self.wait_for_end()}"
        self.port = int(found[2])
        self.url = f"{found[1]}://127.0.0.1:{self.port}"

    def _read_log(self):
        for line in self.process.stderr:
            self.log.append(line)

    def wait_for_end(self):
        self.process.wait(DEADLINE)
        self._drain.join(DEADLINE)
        return self.process.returncode, "".join(self.log)

    def get(self, path, timeout=DEADLINE):
        anybody = ssl._create_unverified_context() if self.url[4] == "s" else None
        with urllib.request.urlopen(
                self.url + path, timeout=timeout, context=anybody) as answer:
            return answer.read()

    @property
    def camera(self):
        return json.loads(self.get("/api/status"))["cameras"][0]

    def wait_for(self, state, patience=PATIENCE):
        """Wait for *state*, or what "learning" soon becomes; return the status."""
        wanted = ("learning", "live") if state == "learning" else (state,)
        return eventually(lambda: (now := self.camera)["state"] in wanted and now, patience)

    def stop(self, by=signal.SIGTERM):
        """Return how long it took to end, and with which status."""
        start = running()
        self.process.send_signal(by)
        code, _ = self.wait_for_end()
        return running() - start, code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.wait_for_end()
        print("".join(self.log))        # shown if the test failed
        self.process.stdout.close()
        self.process.stderr.close()
        self.data.cleanup()


class Watching:
    """A viewer that reads the parts of a stream from a plain socket."""

    def __init__(self, port, path="/video_feed", version="1.1"):
        self.socket = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self.socket.sendall(
            f"GET {path} HTTP/{version}\r\nHost: localhost\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.headers = self._read_headers()
        assert self.file.readline() == b"--frame\r\n"

    def _read_headers(self):
        lines = list(iter(lambda: self.file.readline().strip(), b""))
        return dict(line.split(b": ", 1) for line in lines if b": " in line)

    def part(self):
        """Return headers and JPEG of the next part, with the boundary behind it."""
        headers = self._read_headers()
        jpeg = self.file.read(int(headers[b"Content-Length"]))
        assert self.file.read(11) == b"\r\n--frame\r\n"
        return headers, jpeg

    def close(self):
        self.file.close()
        self.socket.close()


class Link:
    """A way through to the server that can be cut or clogged."""

    def __init__(self, port):
        self.target, self.clogged, self.pairs = port, threading.Event(), []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near = self.listener.accept()[0]
                try:
                    far = socket.create_connection(("127.0.0.1", self.target))
                except ConnectionRefusedError:      # nobody there, as behind a router
                    near.close()
                    continue
                clogged = threading.Event()
                self.pairs.append((near, far, clogged))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self.carry, args=(*pair, clogged),
                                     daemon=True).start()

    def carry(self, source, sink, clogged):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not clogged.is_set():
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def clog(self):
        """Everything sent over the connections there are now vanishes."""
        for _, _, clogged in self.pairs:
            clogged.set()

    def cut(self):
        for near, far, _ in self.pairs:
            for end in (near, far):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        self.pairs.clear()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()


@pytest.fixture
def broadcaster():
    broadcaster = LatestFrameBroadcaster()
    yield broadcaster
    broadcaster.close()     # no viewer may outlive its test


@pytest.fixture
def clock():
    return Hands()


class Keeping(NamedTuple):
    """What becomes of what one camera sees, without threads: a test turns the crank."""

    evidence: Evidence
    recorder: Recorder
    store: EventStore
    folder: Path

    def files(self, pattern="*.mp4"):
        return sorted(self.folder.rglob(pattern))


def keeping(wanted, clock, folder, *, packets=False, obstacle=str):
    store = EventStore(folder / "events.db", clock)
    ready = threading.Event()
    ready.set()
    recorder = Recorder(
        wanted.name, folder / "clips", Preroll(wanted.pre_roll), StoreLedger(store, folder / "clips"),
        clock, max_clip=wanted.max_clip, ready=ready, obstacle=obstacle)
    gate = PacketGate(recorder.preroll) if packets else None
    return Keeping(Evidence(wanted, recorder, store, clock, packets=gate), recorder,
                   store, folder / "clips")


@pytest.fixture
def start():
    """Start the product, as often as wanted; each is ended with the test."""
    with contextlib.ExitStack() as stack:
        def begin(*arguments, **more):
            product = Product(*arguments, **more)
            stack.callback(product.close)
            return product
        yield begin


@pytest.fixture
def watch():
    """Watch the stream of a product; each viewer leaves with the test."""
    with contextlib.ExitStack() as stack:
        def begin(port, **more):
            viewer = Watching(port, **more)
            stack.callback(viewer.close)
            return viewer
        yield begin


@pytest.fixture(scope="module")
def chromium():
    """Chromium, started once for the pages of a file."""
    from chromium import Chromium
    with contextlib.closing(Chromium(
            needs("chromium-headless-shell", "chromium-headless-shell"),
            needs("chromedriver", "chromium-driver"))) as chromium:
        yield chromium


@pytest.fixture
def browser(chromium):
    return chromium.answering()


@pytest.fixture
def link():
    links = []

    def begin(port):
        links.append(Link(port))
        return links[-1]
    yield begin
    for one in links:
        one.close()


@pytest.fixture(scope="session")
def recording(tmp_path_factory):
    """A video file of the demo scene, twelve frames a second, 320x240, 3 s."""
    import cv2

    from pyimagesearch.capture.demo import DemoScene

    path = tmp_path_factory.mktemp("recording") / "clip.avi"
    scene = DemoScene((320, 240), 12, seed=7)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 12, (320, 240))
    for number in range(36):
        writer.write(scene.picture(48 + number))
    writer.release()
    return path
