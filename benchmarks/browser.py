"""Headless Chromium on a live page, and what a person would see there."""

import contextlib
import os
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from benchmarks.processes import ROOT

FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-port=0")
START_SECONDS = 60.0
CAN_CHOOSE = "return !!document.getElementById('picture')"
CHOOSE = "sessionStorage.clear(); localStorage.setItem('picture', arguments[0]);"


class Seen(NamedTuple):
    """A new picture on the page."""

    at: float           # since the page began to load [s]
    age: float          # since the camera made it [s]
    is_video: bool      # in the <video>, not in the <img>
    shown: float        # when that was [s since the epoch]


class Summary(NamedTuple):
    """Pictures of some time, in figures."""

    fps: float
    age: float          # median [s]
    oldest: float       # at 99 % [s]
    gap: float          # the longest between two [s]

    def __str__(self) -> str:
        return (f"{self.fps:5.1f} fps, {1000 * self.age:4.0f} ms old,"
                f" {1000 * self.oldest:4.0f} ms at 99 %,"
                f" longest gap {1000 * self.gap:4.0f} ms")


def summary(seen: Sequence[Seen]) -> Summary:
    """Return *seen* in figures; no pictures at all are infinitely bad ones."""
    if len(seen) < 3:
        return Summary(0.0, float("inf"), float("inf"), float("inf"))
    ages = [each.age for each in seen]
    return Summary((len(seen) - 1) / (seen[-1].at - seen[0].at),
                   statistics.median(ages), statistics.quantiles(ages, n=100)[98],
                   max(after.at - before.at for before, after in pairwise(seen)))


class LivePage:
    """A browser with a page of ours."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {
            "source": (ROOT / "benchmarks" / "recorder.js").read_text()})

    def open(self, url: str, choice: str = "") -> None:
        """Load *url* again; with *choice*, choose this picture and load it again."""
        self.driver.execute_cdp_cmd("Page.navigate", {"url": url})
        if choice:
            self.wait(lambda: self.script(CAN_CHOOSE))
            self.script(CHOOSE, choice)
            self.driver.execute_cdp_cmd("Page.navigate", {"url": url})

    def script(self, text: str, *values: object) -> Any:
        """Run JavaScript in the page; return its result."""
        return self.driver.execute_script(text, *values)

    def seen(self) -> list[Seen]:
        """Return all pictures that were shown since the page was loaded."""
        origin, pictures = self.script(
            "return [performance.timeOrigin, recorded.pictures]")
        return [Seen(at / 1000, age / 1000, bool(is_video), (origin + at) / 1000)
                for at, age, is_video in pictures]

    def made_after(self, moment: float) -> list[Seen]:
        """Return the pictures that the camera made after *moment* [s, epoch]."""
        return [each for each in self.seen() if each.shown - each.age > moment]

    def now(self) -> float:
        """Return the time on the clock of :meth:`seen` [s]."""
        return float(self.script("return performance.now()")) / 1000

    def seen_for(self, seconds: float) -> list[Seen]:
        """Return the pictures of the next *seconds*."""
        begin = self.now()
        time.sleep(seconds)
        return [each for each in self.seen() if each.at >= begin]

    def fetched(self, word: str) -> list[float]:
        """Return when URLs with *word* were fetched [s]."""
        return [at / 1000 for at, url in self.script("return recorded.fetched")
                if word in url]

    def errors(self) -> list[str]:
        """Return the errors of scripts, and what the content policy refused."""
        return list(self.script("return recorded.errors"))

    @staticmethod
    def wait(condition: Callable[[], object], seconds: float = 20.0) -> None:
        """Return once *condition* holds; raises :exc:`TimeoutError`."""
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                raise TimeoutError(f"not within {seconds:g} s")
            time.sleep(0.05)


@contextlib.contextmanager
def live_page() -> Iterator[LivePage]:
    """Run headless Chromium with a new profile."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        # the driver cannot start this Chromium without user interface, but attaches
        shell = subprocess.Popen(
            ["chromium-headless-shell", *FLAGS, f"--user-data-dir={folder}",
             "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        stack.callback(shell.wait)
        stack.callback(os.killpg, shell.pid, signal.SIGKILL)
        options = Options()
        options.debugger_address = f"127.0.0.1:{port_of(Path(folder))}"
        service = Service("/usr/bin/chromedriver")
        stack.callback(service.stop)
        yield LivePage(webdriver.Chrome(options, service))


def port_of(folder: Path) -> int:
    """Return the debugging port of the browser with its profile in *folder*."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError, ValueError, IndexError):
            return int((folder / "DevToolsActivePort").read_text().splitlines()[0])
        time.sleep(0.05)
    raise TimeoutError("Chromium did not start")
