"""Chromium, headless, driven through its own driver."""

import contextlib
import tempfile

from selenium import webdriver
from selenium.common.exceptions import SessionNotCreatedException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

TRIES = 5           # the driver gives a browser a minute to start, which may be too little
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage")


@contextlib.contextmanager
def chromium(program, driver, *flags):
    """Run a browser with a profile of its own, and these *flags* more."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = begin(program, driver, folder, flags)
        browser.set_page_load_timeout(300)
        try:
            yield browser
        finally:
            browser.quit()


def begin(program, driver, folder, flags):
    """Return a browser that has started."""
    for number in range(1, TRIES + 1):
        options = Options()
        options.binary_location = program
        for flag in (*FLAGS, *flags, f"--user-data-dir={folder}/{number}"):
            options.add_argument(flag)
        try:
            return webdriver.Chrome(options, Service(driver))
        except SessionNotCreatedException:
            if number == TRIES:
                raise
    return None
