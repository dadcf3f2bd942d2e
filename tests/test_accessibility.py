"""Every page in every state, with axe and its best practices, in Chromium."""

import base64
import contextlib
import sys
from pathlib import Path

import pytest

import test_live_page
from harness import ROOT, missing
from page_states import STATES, Household
from test_live_page import SCREENSHOTS, color_scheme, resize

page = test_live_page.page      # a fixture
PHONE, LAPTOP = (360, 740), (1440, 900)
SIZES = (PHONE, (740, 360), LAPTOP, (2560, 1440))      # of the pictures [pixels]
AXE = Path(sys.prefix, "node_modules", "axe-core", "axe.min.js")
CHECK = """
    const [done] = arguments;
    axe.run(document, { resultTypes: ["violations"], preload: false,
                        rules: { "target-size": { enabled: true } } })
      .then(({ violations }) => done(violations.flatMap(({ id, nodes }) => nodes.map(
        ({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`))),
        (error) => done([String(error)]));"""
# a link inside of a sentence may be as high as its line, and one beside a larger one to the same page
SMALL_TARGETS = """
    const pressed = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=switch]";
    const isSmall = ({ width, height }) => width < 43.9 || height < 43.9;
    const all = Array.from(document.querySelectorAll(pressed));
    return all.filter((element) => {
      const target = element.matches("[type=checkbox], [type=radio]") && element.labels[0] || element;
      const isInline = getComputedStyle(element).display === "inline" && element.matches("a");
      return element.checkVisibility({ checkVisibilityCSS: true }) && !isInline && !element.closest("svg, .skip")
        && isSmall(target.getBoundingClientRect())
        && !all.some((other) => other.href && other.href === element.href && !isSmall(other.getBoundingClientRect()));
    }).map((element) => { const { width, height } = element.getBoundingClientRect();
      return `small: ${element.outerHTML.slice(0, 120)} ${Math.round(width)} x ${Math.round(height)}`; });"""


@pytest.fixture(scope="module")
def household(tmp_path_factory):
    size = "640x480@15" if SCREENSHOTS else "320x240@10"
    with contextlib.closing(Household(tmp_path_factory.mktemp("household"), size)) as server:
        yield server


@pytest.fixture
def checked(page):
    """The page in a browser that has axe on every page."""
    if not AXE.is_file():
        missing("axe-core is not installed; run: make lint, with npm")
    added = page.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument",
                                 {"source": AXE.read_text()})
    page.set_script_timeout(60)
    yield page
    page.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


@pytest.mark.parametrize("role", ["owner", "viewer", ""], ids=["owner", "viewer", "anonymous"])
def test_no_page_violates_a_rule_of_accessibility(household, checked, role):
    found = {}
    household.log_in_browser(checked, role)
    for state in STATES:
        if state.role == role:
            resize(checked, PHONE, mobile=True)
            color_scheme(checked, "light")
            household.show(checked, state)
            on_phone = checked.execute_async_script(CHECK) + checked.execute_script(SMALL_TARGETS)
            if checked.execute_script("return document.documentElement.scrollWidth") > PHONE[0]:
                on_phone.append("wider than the screen")
            resize(checked, LAPTOP)
            color_scheme(checked, "dark")
            found[state.name] = on_phone + checked.execute_async_script(CHECK)
            if SCREENSHOTS:
                take_pictures(checked, state.name)
    lines = [f"{name}: {line}" for name, wrong in found.items() for line in wrong]
    assert not lines, "\n".join(lines)


def take_pictures(browser, name):
    """Save the page at all sizes, light and dark, as small files."""
    folder = Path(SCREENSHOTS, "pages")
    folder.mkdir(exist_ok=True)
    for size in SIZES:
        resize(browser, size, mobile=min(size) == PHONE[0])
        for scheme in ("light", "dark"):
            color_scheme(browser, scheme)
            taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "webp", "quality": 60})
            path = folder / f"{name}-{size[0]}x{size[1]}-{scheme}.webp"
            path.write_bytes(base64.b64decode(taken["data"]))


def test_every_page_is_checked():
    templates = (ROOT / "templates").rglob("*.html")
    pages = {str(path.relative_to(ROOT / "templates")) for path in templates
             if '{% extends "page.html" %}' in path.read_text()}
    assert pages == {state.template for state in STATES}
