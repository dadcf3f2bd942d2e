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
def chromium(program, driver):
    """Run a browser with a profile of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = begin(program, driver, folder)
        browser.set_page_load_timeout(300)
        try:
            yield browser
        finally:
            browser.quit()


def begin(program, driver, folder):
    """Return a browser that has started."""
    for number in range(1, TRIES + 1):
        options = Options()
        options.binary_location = program
        for flag in (*FLAGS, f"--user-data-dir={folder}/{number}"):
            options.add_argument(flag)
        try:
            return webdriver.Chrome(options, Service(driver))
        except SessionNotCreatedException:
            if number == TRIES:
                raise
    return None


def go(browser, url):
    """Open *url*, without waiting: a page with a stream never "loads"."""
    browser.execute_cdp_cmd("Page.navigate", {"url": url})
