"""
Play the live video of the page in Chromium, Firefox and WebKitGTK.

    python -m benchmarks.browsers [SECONDS] [BROWSER ...]

Each opens the page with *saving data* chosen, plays for SECONDS (default 10), is then
switched to *sharp* and back. Printed are when the first picture was there (after the
page's own start), the pictures a second that were shown, the stalls, and how far the
picture is behind the newest one in the buffer. Met: all play, there is no script error
and nothing that the content security policy refuses, at least 20 pictures a second are
shown by Chromium, and 8 by the others, which draw in software here.
WebKitGTK plays by a ManagedMediaSource, as iPhones do. Needs chromium-headless-shell
and chromedriver, firefox-esr, webkit2gtk-driver and xvfb; those that are not installed
are named and left out.
"""

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from benchmarks.processes import main_guard, product

SECONDS = 10.0
SETTLE_SECONDS = 3.0
PATIENCE_SECONDS = 20.0
LEAST_RATE = {"chromium": 20.0, "firefox": 8.0, "webkit": 8.0}     # pictures a second
WEBKIT_FOLDER = "/usr/lib/*/webkit2gtk-4.*"
WATCH = """
    window.errors = [];
    for (const kind of ["error", "unhandledrejection", "securitypolicyviolation"]) {
      addEventListener(kind, (event) => errors.push(
        `${kind}: ${event.message ?? event.reason ?? event.blockedURI}`));
    }
    window.shown = window.stalls = 0;
    const video = document.getElementById("video"), count = () => {
      shown += 1;
      video.requestVideoFrameCallback(count);
    };
    video.requestVideoFrameCallback(count);
    video.addEventListener("waiting", () => { stalls += 1; });"""
SHOWN = """
    const find = (id) => document.getElementById(id), video = find("video");
    const last = video.buffered.length - 1;
    const end = last < 0 ? 0 : video.buffered.end(last);
    return { plays: !video.hidden && find("held").hidden && video.videoWidth > 0,
      sharp: find("live").naturalWidth > 0, behind: end && end - video.currentTime,
      note: find("picture-note").textContent, errors, stalls, frames: window.shown,
      managed: Boolean(window.ManagedMediaSource) };"""
CHOOSE = """
    const choice = document.getElementById("picture");
    choice.value = "%s";
    choice.dispatchEvent(new Event("change"));"""


class Browser(Protocol):
    """What the benchmark does with each of them."""

    def open(self, url: str) -> None:
        """Open *url*, without waiting for the end of its streams."""

    def run(self, script: str) -> Any:
        """Return what *script*, the body of a function, returns on the page."""


class Driven:
    """A browser with a WebDriver."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def open(self, url: str) -> None:
        """Open *url*."""
        self._driver.get(url)

    def run(self, script: str) -> Any:
        """Return what *script* returns."""
        return self._driver.execute_script(script)


class Firefox:
    """Firefox by WebDriver BiDi, which it speaks without a driver."""

    def __init__(self, address: str) -> None:
        import websocket
        self._socket = websocket.create_connection(f"{address}/session",
                                                   suppress_origin=True, timeout=30)
        self._numbers = itertools.count(1)
        self.call("session.new", capabilities={})
        self._context = self.call("browsingContext.getTree")["contexts"][0]["context"]

    def call(self, method: str, **parameters: Any) -> Any:
        """Return the result of a command."""
        number = next(self._numbers)
        self._socket.send(json.dumps(
            {"id": number, "method": method, "params": parameters}))
        while (answer := json.loads(self._socket.recv())).get("id") != number:
            pass
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['message']}")
        return answer["result"]

    def open(self, url: str) -> None:
        """Open *url*."""
        self.call("browsingContext.navigate", context=self._context, url=url,
                  wait="interactive")

    def run(self, script: str) -> Any:
        """Return what *script* returns, by way of JSON."""
        made = self.call("script.evaluate", target={"context": self._context},
                         awaitPromise=False, expression=(
                             f"JSON.stringify((() => {{{script}}})() ?? null)"))
        if made["type"] == "exception":
            raise RuntimeError(made["exceptionDetails"]["text"])
        return json.loads(made["result"]["value"])


@contextlib.contextmanager
def chromium(folder: str) -> Iterator[Browser]:
    """Run the headless shell; its driver can attach to it, but not start it."""
    from selenium import webdriver
    process = subprocess.Popen(
        ["chromium-headless-shell", "--no-sandbox", "--disable-gpu",
         "--disable-dev-shm-usage", f"--user-data-dir={folder}",
         "--remote-debugging-port=0", "about:blank"], text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        assert process.stderr
        line = next(line for line in process.stderr if "DevTools listening" in line)
        options = webdriver.ChromeOptions()
        options.debugger_address = line.split("//")[1].split("/")[0]
        driver = webdriver.Chrome(options, webdriver.ChromeService(
            shutil.which("chromedriver")))
        yield Driven(driver)
        driver.quit()
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def firefox(folder: str) -> Iterator[Browser]:
    """Run Firefox, headless."""
    process = subprocess.Popen(
        ["firefox-esr", "--headless", "--no-remote", "--profile", folder,
         "--remote-debugging-port", "0"], text=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, env={**os.environ, "HOME": folder})
    try:
        assert process.stderr
        line = next(line for line in process.stderr if "BiDi listening" in line)
        browser = Firefox(line.split()[-1])
        yield browser
        browser.call("browser.close")
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def webkit(folder: str) -> Iterator[Browser]:
    """Run WebKitGTK's small browser on a display in memory."""
    from selenium import webdriver
    from selenium.webdriver.webkitgtk.options import Options
    from selenium.webdriver.webkitgtk.service import Service
    ours, display = os.pipe()
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", str(display), "-screen", "0", "1000x800x24",
         "-nolisten", "tcp"], pass_fds=[display], stderr=subprocess.DEVNULL)
    try:
        options = Options()
        options.binary_location = str(next(Path("/").glob(
            f"{WEBKIT_FOLDER[1:]}/MiniBrowser")))
        options.add_argument("--automation")
        options.page_load_strategy = "eager"
        service = Service(shutil.which("WebKitWebDriver"), env={
            **os.environ, "DISPLAY": f":{os.read(ours, 20).decode().strip()}",
            "HOME": folder, "LIBGL_ALWAYS_SOFTWARE": "1", "NO_AT_BRIDGE": "1",
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"})
        driver = webdriver.WebKitGTK(options=options, service=service)
        yield Driven(driver)
        driver.quit()
    finally:
        screen.terminate()
        screen.wait()


BROWSERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "chromium": ("chromium-headless-shell", chromium),
    "firefox": ("firefox-esr", firefox), "webkit": ("WebKitWebDriver", webkit)}


def wait(browser: Browser, state: str) -> tuple[float, Any]:
    """Wait until the page *plays* or is *sharp*; return how long, and what it shows."""
    begin = time.monotonic()
    while not (shown := browser.run(SHOWN))[state]:
        if time.monotonic() > begin + PATIENCE_SECONDS:
            raise RuntimeError(f"not {state} within {PATIENCE_SECONDS:g} s: {shown}")
        time.sleep(0.02)
    return time.monotonic() - begin, shown


def play(browser: Browser, url: str, seconds: float) -> dict[str, Any]:
    """Play the live video of the page at *url*; return what was measured."""
    browser.open(url)
    browser.run(WATCH + CHOOSE % "saving")
    began, _ = wait(browser, "plays")
    time.sleep(SETTLE_SECONDS)
    before, behind = browser.run(SHOWN), []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.25)
        behind.append((after := browser.run(SHOWN))["behind"])
    browser.run(CHOOSE % "sharp")
    sharp, _ = wait(browser, "sharp")
    browser.run(CHOOSE % "saving")
    again, last = wait(browser, "plays")
    return {"first": began, "sharp": sharp, "again": again,
            "rate": (after["frames"] - before["frames"]) / seconds,
            "behind": sorted(filter(None, behind))[len(behind) // 2],
            "stalls": after["stalls"] - before["stalls"], "managed": after["managed"],
            "errors": last["errors"], "note": last["note"]}


def main(seconds: float, *names: str) -> bool:
    """Print a line per browser; return whether all played well."""
    good = True
    with product("--source", "demo", "--no-record") as server:
        for name in names or BROWSERS:
            program, browser = BROWSERS[name]
            if not shutil.which(program):
                print(f"{name:9} not installed: {program}")
                continue
            with (tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
                  browser(folder) as opened):
                found = play(opened, server.url, seconds)
            print(f"{name:9} first picture {found['first']:.2f} s, {found['rate']:.1f} "
                  f"pictures/s, {found['behind']:.2f} s behind, {found['stalls']} "
                  f"stalls; sharp {found['sharp']:.2f} s, back {found['again']:.2f} s"
                  f"{' (managed)' if found['managed'] else ''} "
                  f"{found['note']}{found['errors'] or ''}", flush=True)
            good &= not found["errors"] and found["rate"] >= LEAST_RATE[name]
    return good


if __name__ == "__main__":
    main_guard(main(float(sys.argv[1]) if sys.argv[1:] else SECONDS, *sys.argv[2:]))
