"""The page in a real browser: Chromium, headless, driven through its own driver."""

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from chromium import go
from harness import PATIENCE, eventually
from product import Product

PHONE, LAPTOP = (390, 844), (1366, 768)
PICTURES = os.environ.get("PICTURES")       # a folder to keep the screenshots in
SCENE = "demo" if PICTURES else "demo:320x240@5"   # small: what is tested is the page
FINGERPRINT = """
    const image = document.getElementById("live"), canvas = document.createElement("canvas");
    if (!image.naturalWidth) return "";
    canvas.width = 64; canvas.height = 48;
    const pen = canvas.getContext("2d");
    pen.drawImage(image, 0, 0, 64, 48);
    return Array.from(pen.getImageData(0, 0, 64, 48).data).join();"""


@pytest.fixture(scope="module")
def shared():
    """A product that looks at the demo scene, for tests that leave it as it was."""
    product = Product("--source", SCENE, "--no-record")
    yield product
    product.close()


@pytest.fixture
def demo(shared, page):
    """The same, once the viewers of other tests have left."""
    eventually(lambda: shared.camera["viewers"] == 0)
    return shared


@pytest.fixture
def page(browser):
    """The browser, in the size of a laptop, as after a fresh start."""
    if browser.current_url != "about:blank":
        browser.get("about:blank")
    size(browser, LAPTOP)
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    yield browser
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    light(browser, "")
    browser.get("about:blank")


@pytest.fixture
def live(shared, browser):
    """The browser with the page of the demo: only looked at, it stays for the next test."""
    size(browser, LAPTOP)
    if browser.current_url != f"{shared.url}/":
        browser.get_log("browser")      # forgets what other tests did to it
        show(browser, shared.url)
    moves(browser)
    yield browser
    light(browser, "")


def light(browser, scheme):
    """Let the browser's owner like it "light" or "dark"."""
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "features": [{"name": "prefers-color-scheme", "value": scheme}] if scheme else []})


def size(browser, wanted, mobile=False):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": wanted[0], "height": wanted[1], "deviceScaleFactor": 1, "mobile": mobile})


def show(browser, url):
    go(browser, url)
    eventually(lambda: text(browser, "#words"))


def text(browser, selector):
    return browser.execute_script(
        "const found = document.querySelector(arguments[0]); "
        "return found ? found.textContent.trim() : '';", selector)


def listen(browser, selector):
    """Have the page note what *selector* says from now on: some of it is soon gone."""
    browser.execute_script("""
        const told = document.querySelector(arguments[0]);
        window.heard = [];
        new MutationObserver(() => heard.push(told.textContent.trim()))
            .observe(told, {childList: true, characterData: true, subtree: true});""", selector)


def hears(browser, words):
    """Wait until what is listened to has said *words*."""
    eventually(lambda: words in browser.execute_script("return window.heard"))


def moves(browser, patience=PATIENCE):
    """Wait until the picture is there and changes twice."""
    for _ in range(2):
        before = browser.execute_script(FINGERPRINT)
        eventually(lambda before=before: browser.execute_script(FINGERPRINT)
                   not in ("", before), patience)


def severe(browser):
    """Return what the browser itself finds wrong since it was last asked."""
    return [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def keep(browser, name):
    if PICTURES:
        browser.save_screenshot(str(Path(PICTURES) / name))


def test_page_shows_a_moving_picture_and_the_state(shared, live):
    eventually(lambda: text(live, "#words") == "live")
    eventually(lambda: 1 <= int(text(live, "#fps") or 0) <= 31)
    eventually(lambda: text(live, "#viewers") == "1")
    assert text(live, "h1") == live.title == "Pi Video Surveillance"
    time_for_the_person(shared)
    keep(live, "live-laptop.png")


def time_for_the_person(product):
    """With pictures wanted, wait until the demo's visitor is in sight."""
    if PICTURES:
        eventually(lambda: product.camera["motion"] and product.camera["frames"] > 230)


def test_nothing_is_wrong_in_the_browsers_own_eyes(live):
    assert severe(live) == []


def test_picture_fills_a_phone_and_nothing_sticks_out(shared, live):
    size(live, PHONE, mobile=True)
    eventually(lambda: live.execute_script(
        "const box = document.getElementById('live').getBoundingClientRect();"
        "return [box.width, box.left]") == [PHONE[0], 0])
    assert live.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
    time_for_the_person(shared)
    keep(live, "live-phone.png")


def test_picture_fits_a_laptop(live):
    bottom, width = live.execute_script(
        "const box = document.getElementById('live').getBoundingClientRect();"
        "return [box.bottom, box.width]")
    assert width <= 960
    assert bottom <= LAPTOP[1]


def test_dark_page_for_who_likes_it_dark(live):
    ground = {}
    for scheme in ("light", "dark"):
        light(live, scheme)
        ground[scheme] = live.execute_script(
            "return getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(244, 245, 247)", "dark": "rgb(13, 17, 23)"}


def test_page_is_readable_without_javascript(demo, page):
    demo.wait_for("live")
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    page.execute_cdp_cmd("Page.navigate", {"url": demo.url})
    eventually(lambda: demo.camera["viewers"] == 1)
    eventually(lambda: "live" in page.find_element("css selector", "#words").text.lower())


def test_learning_is_counted_in_words(start, page):
    show(page, start("--source", "demo:320x240@5", "--frame-count", "500").url)
    eventually(lambda: "learning the background, " in text(page, "#words")
               and text(page, "#words").endswith(" of 500"))


def test_lost_camera_is_told_since_when_and_why(start, page):
    show(page, start("--source", "/dev/video99").url)
    eventually(lambda: text(page, "#words").startswith("no signal since "))
    eventually(lambda: text(page, "#reason") == "there is no camera /dev/video99")
    keep(page, "no-signal.png")


def test_cut_stream_is_taken_up_again(demo, page, link):
    line = link(demo.port)
    show(page, line.url)
    moves(page)
    line.cut()
    eventually(lambda: demo.camera["viewers"] == 1)
    moves(page)


def test_frozen_stream_is_taken_up_again(demo, page, link):
    """The connection stays open and nothing comes: an <img> never tells."""
    line = link(demo.port)
    show(page, line.url)
    moves(page)
    line.clog()
    moves(page, patience=20)


def test_server_that_returns_is_noticed(start, page, link):
    product = start("--source", SCENE)
    line = link(product.port)
    show(page, line.url)
    moves(page)
    product.stop()
    eventually(lambda: text(page, "#words") == "the server does not respond", 15)
    line.target = start("--source", SCENE).port
    moves(page, patience=20)
    assert text(page, "#words") != "the server does not respond"


def test_hidden_page_stops_the_stream_and_shown_takes_it_up(demo, page):
    show(page, demo.url)
    moves(page)
    window = page.execute_cdp_cmd("Browser.getWindowForTarget", {})["windowId"]
    for state, viewers in (("minimized", 0), ("normal", 1)):
        page.execute_cdp_cmd("Browser.setWindowBounds", {
            "windowId": window, "bounds": {"windowState": state}})
        eventually(lambda viewers=viewers: demo.camera["viewers"] == viewers)
    moves(page)


def test_closed_page_leaves_nothing_behind(demo, page):
    show(page, demo.url)
    eventually(lambda: demo.camera["viewers"] == 1)
    page.get("about:blank")
    eventually(lambda: demo.camera["viewers"] == 0, patience=1.5)
    encoded = demo.camera["encoded"]
    begin = time.monotonic()
    eventually(lambda: time.monotonic() - begin > 0.2)
    assert demo.camera["encoded"] <= encoded + 1


def test_owner_draws_what_nobody_is_to_see_and_switches_the_cameras_off(start, page):
    product = start("--source", SCENE, "--frame-count", "5")

    def drawn():
        return [[[int(side) for side in corner.split(",")] for corner in region.split()]
                for region in json.loads(product.get("/api/cameras/camera/mask"))["drawn"]]
    show(page, product.url)
    moves(page)
    listen(page, "#privacy-message")
    page.find_element("id", "hide").click()
    svg = page.find_element("id", "mask")
    eventually(svg.is_displayed)
    wide, tall = svg.size["width"], svg.size["height"]
    scale = min(wide / 320, tall / 240)     # the picture, 4:3, lies in the middle of its box
    corners = [(250, 250), (750, 250), (750, 750)]
    for x, y in corners:
        ActionChains(page).move_to_element_with_offset(
            svg, round((x - 500) * 0.32 * scale), round((y - 500) * 0.24 * scale)
        ).click().perform()
    page.find_element("id", "close-region").click()
    svg.send_keys(Keys.ENTER, Keys.ARROW_RIGHT, Keys.ENTER, Keys.ARROW_DOWN, Keys.ENTER,
                  Keys.ARROW_LEFT, Keys.ENTER, Keys.BACKSPACE)
    keep(page, "hiding.png")
    page.find_element("id", "save").click()
    hears(page, "Saved: 2 regions are hidden.")
    by_mouse, by_keyboard = drawn()
    assert np.abs(np.subtract(by_mouse, corners)).max() <= 4
    assert by_keyboard == [[500, 500], [510, 500], [510, 510]]
    assert not svg.is_displayed()

    page.find_element("id", "hide").click()
    eventually(svg.is_displayed)        # before that, the buttons are those of before
    assert len(page.find_elements("css selector", "#regions button")) == 2
    page.find_element("css selector", "#regions button").click()
    page.find_element("id", "save").click()
    hears(page, "Saved: 1 region is hidden.")
    assert drawn() == [by_keyboard]

    page.find_element("id", "cameras").click()
    eventually(lambda: text(page, "#words").startswith("switched off since "))
    eventually(lambda: (text(page, "#cameras"), text(page, "#reason"))
               == ("Cameras off", "by the owner"))
    page.find_element("id", "cameras").click()
    eventually(lambda: text(page, "#words") == "live")
    moves(page)


def test_mosaic_shows_all_cameras_and_a_tap_opens_one(start, page):
    product = start("--source", f"yard={SCENE}", "--source", "gate=demo:640x360@5",
                    "--source", "attic=/dev/video99")
    show(page, product.url)
    moves(page)
    eventually(lambda: text(page, "#words") == "2 of 3 cameras live")
    eventually(lambda: "there is no camera" in text(page, "[data-camera=attic]"))
    time_for_the_person(product)
    keep(page, "mosaic.png")
    assert page.execute_script("return document.images.length") == 1   # one connection
    page.find_elements("css selector", ".mosaic a")[1].click()
    eventually(lambda: text(page, "h1") == "gate")
    moves(page)
    assert product.camera["name"] == "yard"
    eventually(lambda: text(page, "#viewers") == "1")
    page.find_element("css selector", "header a").click()
    eventually(lambda: text(page, "h1") == "Pi Video Surveillance")
    moves(page)


def test_mosaic_fits_a_phone(start, page):
    product = start("--source", f"a={SCENE}", "--source", f"b={SCENE}", "--source", f"c={SCENE}")
    size(page, PHONE, mobile=True)
    show(page, product.url)
    moves(page)
    assert page.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
