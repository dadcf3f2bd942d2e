"""Chromium, headless, driven through its own driver."""

import contextlib
import os
import signal
import tempfile
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from urllib3.exceptions import HTTPError

TRIES = 5           # the driver gives a browser a minute to start, which may be too little
FIRST_WORD = 30.0   # seconds; some browsers start, and then never answer a word
PATIENT = 300.0     # seconds
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage")


@contextlib.contextmanager
def chromium(program, driver):
    """Run a browser with a profile of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = begin(program, driver, folder)
        browser.set_page_load_timeout(PATIENT)
        try:
            yield browser
        finally:
            browser.quit()


def begin(program, driver, folder):
    """Return a browser that has started, and answers."""
    for number in range(1, TRIES + 1):
        options = Options()
        options.binary_location = program
        profile = f"{folder}/{number}"
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        service = Service(driver)
        try:
            browser = webdriver.Chrome(options, service)
            limits = browser.command_executor.client_config
            limits.timeout = FIRST_WORD
            browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
            limits.timeout = PATIENT
            return browser
        except (WebDriverException, HTTPError):
            service.stop()
            end(profile)
            if number == TRIES:
                raise
    return None


def end(profile):
    """Kill what runs with *profile*: nobody is left who would end it."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"={profile}\0".encode() in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)


def go(browser, url):
    """Open *url*, without waiting: a page with a stream never "loads"."""
    browser.execute_cdp_cmd("Page.navigate", {"url": url})
