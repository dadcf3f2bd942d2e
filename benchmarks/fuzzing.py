"""The server under test of both fuzzing benchmarks, and what it must not leak."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.processes import ROOT, Server, main_guard

Chance = random.Random
Send = Callable[[Server, int, Chance], bool]     # returns whether all was well
PATIENCE = 10.0         # seconds after which an answer counts as none
CLIP_SECONDS = 120.0    # in which a first clip must be complete
SQLITE_FILES = 2        # that SQLite may keep open for several readers at once
MAX_RATIO = 1.05        # of memory after all requests, to that after the first tenth


class Row(NamedTuple):
    """What the server uses at one moment."""

    descriptors: int
    threads: int
    memory: float       # MB

    def __str__(self) -> str:
        return f"{self.descriptors:11}   {self.threads:7}   {self.memory:.1f}"


def resources(server: Server) -> Row:
    """Return what *server* uses now."""
    process = Path(f"/proc/{server.pid}")
    return Row(len(list((process / "fd").iterdir())),
               len(list((process / "task").iterdir())), server.rss())


def nothing_leaked(rows: Sequence[Row]) -> bool:
    """Return whether the last of *rows* is no higher than the first tenth's."""
    before, after = rows[1], rows[-1]
    return (after.descriptors <= before.descriptors + SQLITE_FILES
            and after.threads <= before.threads
            and after.memory <= MAX_RATIO * before.memory)


def page_ms(server: Server) -> float:
    """Return how long the page takes [ms], the best of five."""
    took = []
    for _ in range(5):
        begin = time.monotonic()
        with urllib.request.urlopen(server.url, timeout=PATIENCE) as answer:
            answer.read()
        took.append(1000 * (time.monotonic() - begin))
    return min(took)


def run(send: Send, count: int, seed: int) -> None:
    """Let *send* make *count* requests, and print what became of the server."""
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "webstreaming.py", "--port", "0", "--source",
             "demo:320x240@30", "--data", data, "--config-dir", data], cwd=ROOT,
            text=True, env={**os.environ, "PYTHONFAULTHANDLER": "1"},
            stdout=subprocess.PIPE, stderr=log)
        assert process.stdout
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        server = Server(found[0], process.pid)
        try:
            wait_for_clip(server)
            ok = send(server, count, Chance(seed))
            ok &= process.poll() is None
        except TimeoutError as hang:
            process.send_signal(signal.SIGABRT)     # prints every thread's traceback
            print(f"\nno answer within {PATIENCE:g} s: {hang}")
            ok = False
        finally:
            process.terminate()
            process.wait(10)
        log.seek(0)
        text = log.read()
    ok &= "Traceback" not in text
    first = text[max(0, text.find("Traceback") - 500):]
    print("" if ok else "\n".join(first.splitlines()[:80]))
    print(f"log: {len(text.splitlines())} lines, {text.count('Traceback')} tracebacks")
    print("\nmust: no 500, no traceback, no hang, no more descriptors or threads, "
          f"memory <= {MAX_RATIO:g} x:", "met" if ok else "MISSED")
    main_guard(ok)


def wait_for_clip(server: Server) -> None:
    """Wait for a first complete clip: the libraries for it are loaded once."""
    until = time.monotonic() + CLIP_SECONDS
    while time.monotonic() < until:
        time.sleep(1.0)
        try:
            with urllib.request.urlopen(server.url + "api/events") as answer:
                events = json.load(answer)["events"]
        except urllib.error.HTTPError as error:
            error.close()       # the event store is not open yet
            continue
        clips = [clip for event in events for clip in event["clips"]]
        if any(clip["state"] == "complete" for clip in clips):
            return
    raise RuntimeError(f"no clip was complete within {CLIP_SECONDS:g} s")
