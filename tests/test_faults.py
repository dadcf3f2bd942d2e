"""Faults around the program: suspend, descriptors, memory, failed threads."""

import contextlib
import http.client
import itertools
import json
import os
import resource
import signal
import socket
import time
import urllib.error
from pathlib import Path

import numpy as np
import pytest

from harness import eventually
from product import Product
from pyimagesearch.events import writer
from pyimagesearch.events.store import EventStore
from pyimagesearch.recording.clip import read_clip
from pyimagesearch.streaming import mosaic as drawing
from pyimagesearch.streaming.mosaic import Mosaic


class Client:
    """A connection to the program that stays open when others are refused."""

    def __init__(self, product):
        self.connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=120)

    def ask(self, path, **body):
        self.connection.request("POST" if body else "GET", path,
                                json.dumps(body) if body else None,
                                {"Content-Type": "application/json"} if body else {})
        return json.loads(self.connection.getresponse().read())

    @property
    def camera(self):
        return self.ask("/api/status")["cameras"][0]


@pytest.fixture
def connect():
    with contextlib.ExitStack() as stack:
        def begin(product):
            client = Client(product)
            stack.callback(client.connection.close)
            return client
        yield begin


def clips(product):
    return [path for path in Path(product.data.name).rglob("*.mp4")
            if not path.name.endswith((".part.mp4", ".draft.mp4"))]


def times(viewer):
    """Yield the time of capture of each frame."""
    while True:
        yield float(viewer.part()[0][b"X-Timestamp"])


def test_suspended_program_continues(start, watch, connect):
    product = start("--source", "demo:320x240@10", "--no-record")
    product.wait_for("learning")
    viewer, client = watch(product.port), connect(product)
    client.ask("/record_status", status=True)
    eventually(lambda: client.camera["recording"])
    assert next(times(viewer))
    product.process.send_signal(signal.SIGSTOP)
    time.sleep(3.0)
    resumed = time.time()
    product.process.send_signal(signal.SIGCONT)
    eventually(lambda: next(times(viewer)) > resumed)
    product.wait_for("learning")
    client.connection.close()     # idle for too long; the next request opens it again
    client.ask("/record_status", status=False)
    (clip, *_) = eventually(lambda: clips(product))
    event = client.ask("/api/events?kind=manual")["events"][0]
    assert event["end"] - event["begin"] >= 3.0
    assert read_clip(clip)[1] > 0
    assert product.stop()[1] == 0
    assert "Traceback" not in "".join(product.log)


def free_number(pid):
    """Return the descriptor that the process would get next."""
    taken = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
    return next(number for number in itertools.count() if number not in taken)


def test_viewers_and_recording_survive_used_up_descriptors(start, watch, connect):
    product = start("--source", "demo:320x240@10", "--no-record")
    product.wait_for("learning")
    viewer, client, pid = watch(product.port), connect(product), product.process.pid
    assert client.camera["viewers"] == 1
    eventually(lambda: client.ask("/api/status")["archive"]["cap"])     # it is open
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (free_number(pid), hard))
    idle = [socket.create_connection(("127.0.0.1", product.port)) for _ in range(10)]
    # it may be pending, if the list of events was just being read without a descriptor
    assert client.ask("/record_status", status=True)["result"] == "started"
    # by asking, as a connection that is silent for 15 s is closed, and no other can be had
    eventually(lambda: client.camera and "cannot accept a connection" in "".join(product.log))
    assert client.ask("/") == {"error": "The server has no file descriptors left; try again in a moment."}
    used = time.time()
    eventually(lambda: client.camera and next(times(viewer)) > used)
    eventually(lambda: client.camera["recording_trouble"])
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    eventually(lambda: client.camera["recording"])
    eventually(lambda: "Too many" not in client.camera["recording_trouble"])
    eventually(lambda: list(Path(product.data.name).rglob("*.jpg")))    # what could not be kept
    client.ask("/record_status", status=False)
    for each in idle:
        each.close()
    eventually(lambda: clips(product))
    assert product.get("/healthz")
    assert product.stop()[1] == 0
    assert "Traceback" not in "".join(product.log)


DYING = """if True:
    import webstreaming
    from pyimagesearch.archive import Archive

    def run(self):
        self._clock.wait(self.stopping, 1.0)
        raise ZeroDivisionError("a defect")
    Archive.run = run
    webstreaming.run()
"""


def test_uncaught_error_of_a_thread_ends_the_program():
    """So that systemd restarts it: without the thread it only seems to watch."""
    product = Product("--source", "demo:64x48@5", program=("-c", DYING))
    status, log = product.wait_for_end()
    product.close()
    assert status == 1
    assert "thread archive failed, ending the program" in log
    assert "ZeroDivisionError: a defect" in log
    assert log.count("Traceback") == 1


def test_mosaic_survives_short_memory(broadcaster, clock, caplog, monkeypatch):
    made = []

    def short(picture, quality):
        made.append(1)
        if len(made) < 3:
            raise MemoryError
        return b"a picture"
    monkeypatch.setattr(drawing, "encode", short)
    mosaic = Mosaic(["front", "yard"], broadcaster, 75, clock)
    mosaic.start()
    with broadcaster.watching():
        eventually(lambda: mosaic.draw("front", np.zeros((48, 64, 3), np.uint8), "x")
                   or (broadcaster.latest and broadcaster.latest.jpeg == b"a picture"))
    mosaic.stop()
    assert mosaic.join(60)
    assert caplog.text.count("the mosaic failed") == 2
    assert "MemoryError" in caplog.text


def test_event_store_survives_short_memory(tmp_path, clock, caplog, monkeypatch):
    store, tries = EventStore(tmp_path / "events.db", clock), []
    store.open()
    write = writer.write

    def short(connection, batch):
        tries.append(len(batch))
        if len(tries) < 3:
            raise MemoryError
        write(connection, batch)
    monkeypatch.setattr(writer, "write", short)
    store.remember("armed", "no")
    assert store.flush(60)
    with store.reading() as reader:
        assert reader.remembered("armed") == "no"
    assert "the events cannot be written: MemoryError" in caplog.text
    store.stop()
    assert store.join(60)


def is_ready(product):
    try:
        return product.get("/readyz")
    except urllib.error.HTTPError as late:
        with late:
            if late.code != 503:
                raise
        return b""


def test_program_out_of_memory_recovers_ends_or_is_not_ready(start, watch):
    product = start("--source", "demo:640x480@10")
    product.wait_for("learning")
    assert next(times(watch(product.port)))
    pid = product.process.pid
    with open(f"/proc/{pid}/status") as file:
        size = next(int(line.split()[1]) for line in file if line.startswith("VmSize"))
    soft, hard = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (size * 1024 // 2, hard))
    until = time.monotonic() + 2
    while time.monotonic() < until and product.process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            try:
                product.get("/healthz", timeout=1)
            except urllib.error.HTTPError as refused:
                refused.close()
    if product.process.poll() is None:
        resource.prlimit(pid, resource.RLIMIT_AS, (soft, hard))
        frames = product.camera["frames"]
        # Thread.start() waits for ever for a thread that died at its start: the loop is
        # late, and systemd's watchdog restarts it
        eventually(lambda: product.camera["frames"] > frames or not is_ready(product))
        assert product.stop()[1] in (0, 1)
    else:
        assert product.process.poll() != 0
