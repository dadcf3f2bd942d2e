"""Fixtures that every test may use."""

import contextlib
import gc
import itertools
import os
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from harness import DEADLINE, ROOT, ManualClock, missing, needs
from network import FailingLink, StreamReader
from product import Product, template
from pyimagesearch.archive.archive import Archive
from pyimagesearch.events.store import EventStore
from pyimagesearch.folders import ConfigFolder, DataFolder
from pyimagesearch.object_detection.model_files import YOLOX_NANO
from pyimagesearch.recording.preroll import Preroll
from pyimagesearch.recording.preroll_input import PrerollInput
from pyimagesearch.recording.recorder import Recorder
from pyimagesearch.settings.settings import Settings
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.surveillance.evidence import Evidence

settings.register_profile(
    "calm", deadline=None, max_examples=60, derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")

# a shell that runs the tests in the background has them ignore Ctrl-C, and nohup SIGHUP
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# keep the tests out of the user's folders
HOME = tempfile.TemporaryDirectory(prefix="surveillance-home-")
os.environ["XDG_DATA_HOME"] = HOME.name
TESTS = itertools.count(1)

@pytest.hookimpl(trylast=True)      # the reporter is there only when pytest itself is
def pytest_configure(config):
    config.addinivalue_line("markers", "deadline: asserts a time limit on a real machine, "
                            "so a failure is tried once more and listed at the end")
    pytest.terminal = config.pluginmanager.getplugin("terminalreporter")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("deadline"):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_collection_finish():
    """Freeze what is imported, as the program does: it collects garbage at each loss."""
    freeze()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item, nextitem):
    """Freeze what a file leaves, or all later collections of garbage go through it."""
    if nextitem is None or nextitem.path != item.path:
        freeze()


def freeze():
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """Give the programs of each test a config folder of their own."""
    os.environ["XDG_CONFIG_HOME"] = f"{HOME.name}/config-{next(TESTS)}"


def pytest_runtest_logreport(report):
    """Print a failure at once, so that a run that is cut short shows it too."""
    if report.outcome in ("failed", "rerun") and pytest.terminal:
        pytest.terminal.write_line(
            f"\n{report.nodeid} ({report.when}, {report.outcome})\n{report.longreprtext}")


@pytest.fixture
def broadcaster():
    broadcaster = LatestFrameBroadcaster()
    yield broadcaster
    broadcaster.close()     # no viewer may outlive its test


@pytest.fixture
def sample(tmp_path):
    """An archive without recorders."""
    from sample_archive import SampleArchive
    with contextlib.closing(SampleArchive(tmp_path)) as archive:
        yield archive


@pytest.fixture
def cameras(sample, broadcaster):
    """Two cameras that record nothing, by name."""
    from sample_archive import FakeCamera
    return {name: FakeCamera(name, sample, broadcaster) for name in ("front", "yard")}


@pytest.fixture
def client(sample, cameras):
    """A client of an app with that archive and those cameras."""
    from sample_archive import client_of
    return client_of(*cameras.values(), archive=sample)


@pytest.fixture(scope="module")
def sample_server(tmp_path_factory):
    """A server with an archive of two days, shared by the tests of a file."""
    from sample_server import SampleServer
    with contextlib.closing(SampleServer(tmp_path_factory.mktemp("archive"))) as server:
        yield server


@pytest.fixture(scope="module")
def push_service(tmp_path_factory):
    """The push service of a browser's maker, shared by the tests of a file."""
    from push_service import PushServer
    with contextlib.closing(PushServer(tmp_path_factory.mktemp("push"))) as service:
        yield service


@pytest.fixture
def closing():
    """The event that ends the waits of a source."""
    return threading.Event()


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def no_fsync(monkeypatch):
    """Skip fsync: these tests cut no power."""
    monkeypatch.setattr("os.fsync", lambda number: None)


@pytest.fixture
def config_folder(tmp_path):
    return ConfigFolder(str(tmp_path / "config"))


@pytest.fixture
def protected(tmp_path):
    """An app that requires a login."""
    from protected import ProtectedApp
    return ProtectedApp(tmp_path)


@pytest.fixture(scope="module")
def two_cameras(tmp_path_factory):
    """An app with two cameras that requires a login, shared by the tests of a file."""
    from protected import ProtectedApp
    return ProtectedApp(tmp_path_factory.mktemp("config"), ("front", "yard"))


@pytest.fixture(scope="module")
def protected_server():
    """The program where a login is required, shared by the tests of a file."""
    from protected import ProtectedServer
    with contextlib.closing(
            ProtectedServer("--ip", "0.0.0.0", "--log-level", "debug")) as server:
        yield server


@pytest.fixture
def terminal(tmp_path):
    """Run the program in a terminal; return its status, and what it showed."""
    def begin(*arguments, folders=(), answers=()):
        terminal, inside = os.openpty()
        own = {"SURVEILLANCE_CONFIG_DIR": str(tmp_path), **dict(folders)}
        process = template().start_in(inside, arguments, {**os.environ, **own}, ROOT)
        os.close(inside)
        shown = b""
        try:
            for answer in answers:
                prompts = shown.count(b": ") + 1
                while shown.count(b": ") < prompts:
                    shown += os.read(terminal, 4096)
                os.write(terminal, answer.encode())
            while chunk := os.read(terminal, 4096):
                shown += chunk
        except OSError:     # the program has closed its side
            pass
        finally:
            os.close(terminal)
        return process.wait(DEADLINE), shown.decode()
    return begin


class Keeping(NamedTuple):
    """The evidence of one camera, without threads: tests call run_once()."""

    evidence: Evidence
    recorder: Recorder
    store: EventStore
    folder: Path
    preroll_input: PrerollInput
    ready: threading.Event

    def files(self, pattern="*.mp4"):
        return sorted(self.folder.rglob(pattern))


def keeping(wanted, clock, folder, *, store=None, obstacle=str, recognizer=None):
    store = store or EventStore(folder / "events.db", clock)
    ready = threading.Event()
    ready.set()
    recorder = Recorder(
        wanted.name, folder / "clips", Preroll(wanted.pre_roll, wanted.pre_roll_bytes), store, clock,
        max_clip=wanted.max_clip, ready=ready, obstacle=obstacle)
    preroll_input = PrerollInput(wanted.name, recorder.preroll)
    evidence = Evidence(wanted, recorder, preroll_input, store, clock, recognizer)
    return Keeping(evidence, recorder, store, folder / "clips", preroll_input, ready)


@pytest.fixture
def keep(tmp_path, clock):
    """Make the evidence of one camera, of given settings; set keep.obstacle at will."""
    def make(**options):
        (wanted,) = Settings(source=("front=demo",), **options).cameras()
        return keeping(wanted, clock, tmp_path, obstacle=lambda: make.obstacle)
    make.obstacle = ""
    return make


@pytest.fixture
def archive(tmp_path, clock):
    """Return a function that starts the archive, as after a restart."""
    folder, made = DataFolder(str(tmp_path)), []

    def make(**options):
        if made:
            end(made[-1])
        made.append(Archive(folder, Settings(**options), clock))
        return made[-1]

    def end(archive):
        archive.store.stop()
        assert archive.store.join(60)
        folder.release()
    yield make
    end(made[-1])


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
            viewer = StreamReader(port, **more)
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
    return chromium.responding()


@pytest.fixture
def link():
    links = []

    def begin(port):
        links.append(FailingLink(port))
        return links[-1]
    yield begin
    for one in links:
        one.close()


@pytest.fixture(scope="session")
def real_model():
    """The file of the model that `make` has fetched for tests."""
    data = Path(sys.prefix, "test-data")
    if trouble := YOLOX_NANO.trouble(data):
        missing(f"{trouble}; run: {sys.executable} webstreaming.py objects --get --data {data}")
    return YOLOX_NANO.path(data)


@pytest.fixture
def with_model(real_model, tmp_path):
    """A folder of data in which the model was fetched."""
    path = YOLOX_NANO.path(tmp_path)
    path.parent.mkdir(parents=True)
    shutil.copy(real_model, path)
    return tmp_path


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
