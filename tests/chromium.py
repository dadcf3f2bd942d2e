"""
Headless Chromium, controlled by its WebDriver.

The headless shell is Chromium without its user interface: it starts faster and idles
better. The driver cannot start it, but can attach to a running one.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from urllib3.exceptions import HTTPError

MAX_STARTS = 5
START_SECONDS = 120.0
RESPONSE_SECONDS = 30.0     # some browsers start, but never respond
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
         "--enable-automation", "--remote-debugging-port=0",
         "--host-resolver-rules=MAP *.lan 127.0.0.1")       # names as a router gives them


class Chromium:
    """A browser with its own profile; replaced when it no longer responds."""

    def __init__(self, program, driver, *flags):
        self._program, self._driver, self._flags = program, driver, flags
        self._browser = self._closing = None

    def responding(self):
        """Return a browser that responds."""
        for _ in range(MAX_STARTS):
            with contextlib.suppress(WebDriverException, HTTPError, TimeoutError):
                self._browser = self._browser or self._begin()
                limits = self._browser.command_executor.client_config
                patient, limits.timeout = limits.timeout, RESPONSE_SECONDS
                self._browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
                limits.timeout = patient
                return self._browser
            self.close()
        raise AssertionError(f"none of {MAX_STARTS} browsers responded")

    def _begin(self):
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(
                tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
            shell = subprocess.Popen(
                [self._program, *FLAGS, *self._flags, f"--user-data-dir={folder}", "about:blank"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
            stack.callback(shell.wait)
            stack.callback(os.killpg, shell.pid, signal.SIGKILL)
            options = Options()
            options.debugger_address = f"127.0.0.1:{port_of(Path(folder))}"
            service = Service(self._driver)
            stack.callback(service.stop)
            browser = webdriver.Chrome(options, service)
            self._closing = stack.pop_all()
            return browser

    def close(self):
        self._browser = None
        if self._closing:
            self._closing.close()
        self._closing = None


def port_of(folder):
    """Return the debugging port of the browser with the profile in *folder*."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError, ValueError, IndexError):
            return int((folder / "DevToolsActivePort").read_text().splitlines()[0])
        time.sleep(0.1)
    raise TimeoutError("the browser did not start")


def go(browser, url):
    """Open *url* without waiting, as a page with a stream never finishes loading."""
    browser.execute_cdp_cmd("Page.navigate", {"url": url})


@contextlib.contextmanager
def blocked(browser, pattern):
    """Let requests for addresses that fit *pattern* fail, as if the server were gone."""
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": [pattern]})
    try:
        yield
    finally:
        browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
        browser.execute_cdp_cmd("Network.disable", {})
