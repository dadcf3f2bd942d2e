"""Start servers and viewers as processes, and measure their CPU and memory."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    """A running server: where it listens, and its process."""

    url: str
    pid: int

    def cpu(self) -> float:
        """Return the CPU time it has used, user and system [s]."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss(self) -> float:
        """Return its resident memory [MB]."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1]) / 1000

    def kill(self) -> None:
        """End it at once, as a crash does."""
        os.kill(self.pid, signal.SIGKILL)

    def status(self) -> Any:
        """Return ``/api/status``."""
        with urllib.request.urlopen(self.url + "api/status", timeout=5) as answer:
            return json.load(answer)


@contextlib.contextmanager
def running(*command: str, within: Sequence[str] = ()) -> Iterator[Server]:
    """
    Start Python with *command*, which must print its URL in its first line.

    *within* is what comes before it, as for a network namespace.
    """
    process = subprocess.Popen([*within, sys.executable, *command], cwd=ROOT, text=True,
                               stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    try:
        assert process.stdout
        line = process.stdout.readline()
        found = re.search(r"https?://\S+", line)
        if not found:
            raise RuntimeError(f"{command} printed {line!r} instead of its URL")
        yield Server(found[0], process.pid)
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def product(*arguments: str, within: Sequence[str] = ()) -> Iterator[Server]:
    """
    Run ``webstreaming.py`` on a free port, with a temporary data folder.

    It allows 400 viewers, unless *arguments* say otherwise; *within* as for
    :func:`running`.
    """
    with tempfile.TemporaryDirectory() as data, running(
            "webstreaming.py", "--port", "0", "--log-level", "warning",
            "--data", data, "--config-dir", data, "--max-viewers", "400",
            "--max-viewers-per-address", "400", *arguments, within=within) as server:
        yield server


@contextlib.contextmanager
def beside(*words: str) -> Iterator[Any]:
    """Run ``python -m`` *words* meanwhile; yield its output after the first line."""
    process = subprocess.Popen([sys.executable, "-m", *words], cwd=ROOT, text=True,
                               stdout=subprocess.PIPE)
    try:
        assert process.stdout
        process.stdout.readline()
        yield process.stdout
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def viewers(url: str, count: int, seconds: float, *options: str) -> Iterator[Any]:
    """Let *count* viewers watch *url* meanwhile; all are connected."""
    with beside("benchmarks.load", url, str(count), str(seconds), *options) as output:
        yield output


def measure(server: Server, count: int, seconds: float,
            *options: str, path: str = "video_feed") -> tuple[float, list[Any]]:
    """
    Return the CPU time [s] of *server* with *count* viewers, and their reports.

    Measured during *seconds*.
    """
    if not count:
        before = server.cpu()
        time.sleep(seconds)
        return server.cpu() - before, []
    with viewers(server.url + path, count, seconds, *options) as output:
        before = server.cpu()
        report = json.loads(output.readline())
        return server.cpu() - before, report


def main_guard(ok: bool) -> None:
    """Exit with status 0 if the benchmark is met, else 1."""
    sys.exit(0 if ok else 1)
