"""The page that tunes the detection, in headless Chromium and with the real program."""

import json

import cv2
import numpy as np
import pytest
from selenium.webdriver.common.keys import Keys

from chromium import blocked, go
from harness import eventually
from product import Product
from test_live_page import (
    PHONE,
    SCENE,
    SCREENSHOTS,
    color_scheme,
    console_errors,
    page,
    resize,
    screenshot,
    text,
    wait_for_motion,
)

__all__ = ["page"]      # a fixture

LAPTOP = (1280, 900)
INSENSITIVE = f'detector = "single"\nthreshold = 254\nframe_count = 5\n[cameras.front]\nsource = "{SCENE}"\n'
COLOURS = {"red": (0, 0, 255), "blue": (255, 150, 50)}      # BGR, of boxes
SHOWN = """
    const image = document.getElementById(arguments[0]), canvas = document.createElement("canvas");
    if (!image.naturalWidth) return null;
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const pen = canvas.getContext("2d");
    pen.drawImage(image, 0, 0);
    return [canvas.width, canvas.toDataURL("image/png")];"""


@pytest.fixture
def begin(start, tmp_path):
    """Start with a threshold in the settings file that nothing exceeds."""
    file = tmp_path / "cameras.toml"
    file.write_text(INSENSITIVE)
    return lambda: start("--config", str(file), "--data", str(tmp_path / "data"))


@pytest.fixture(scope="module")
def shared():
    """A server with the demo camera, for tests that apply nothing."""
    product = Product("--source", SCENE, "--no-record")
    yield product
    product.close()


def show(browser, product, path="/tune"):
    resize(browser, LAPTOP)
    go(browser, product.url + path)
    eventually(lambda: text(browser, ".slider output"))


def colours(image):
    """Return which boxes are in *image*."""
    return {name for name, colour in COLOURS.items()
            if (np.abs(image.astype(int) - colour).max(axis=2) < 60).sum() > 60}


def boxes(browser, name="live"):
    """Return the colours of the boxes in the picture *name* of the page."""
    import base64
    found = browser.execute_script(SHOWN, name)
    if not found:
        return None
    png = np.frombuffer(base64.b64decode(found[1].partition(",")[2]), np.uint8)
    return colours(cv2.imdecode(png, cv2.IMREAD_COLOR)[:-25])      # without the time


def levels(product):
    return json.loads(product.get("/api/cameras/front/levels"))


def move(browser, option, *keys):
    browser.find_element("id", option).send_keys(*keys)


def test_trial_is_seen_by_the_owner_alone_until_applied(begin, page, watch):
    product = begin()
    show(page, product)
    move(page, "threshold", Keys.END)
    eventually(lambda: boxes(page) == {"blue"})
    assert text(page, "[data-option=threshold] output") == "very high"
    assert text(page, "#tune-message").startswith("On trial: only you see")
    eventually(lambda: any(levels(product)["tried"]))
    viewer = watch(product.port)
    assert not colours(cv2.imdecode(
        np.frombuffer(viewer.part()[1], np.uint8), cv2.IMREAD_COLOR)[:-25])
    assert (product.camera["motion"], levels(product)["events"]) == (False, [])
    assert json.loads(product.get("/api/events?kind=motion"))["events"] == []

    page.find_element("id", "discard").click()
    eventually(lambda: boxes(page) == set())
    assert text(page, "[data-option=threshold] output") == "own (254)"
    assert levels(product)["trial"] is None
    assert not page.find_elements("css selector", "#begun .tried, #tried[d^=M]")

    move(page, "threshold", Keys.END)
    eventually(lambda: boxes(page) == {"blue"})
    page.find_element("id", "apply").click()
    eventually(lambda: text(page, "#tune-message").startswith("Applied"))
    eventually(lambda: boxes(page) == {"red"})
    eventually(lambda: levels(product)["events"])
    product.stop()

    again = begin()
    assert json.loads(again.get("/api/cameras/front/settings"))["set"]["threshold"] == 8
    eventually(lambda: again.camera["motion"])
    show(page, again)
    page.find_element("id", "reset").click()
    eventually(lambda: text(page, "[data-option=threshold] output") == "own (254)")
    assert json.loads(again.get("/api/cameras/front/settings"))["set"] == {}


def test_smallest_object_is_drawn_and_moves_the_threshold(shared, page):
    show(page, shared)
    wait_for_motion(page)

    def size_and_line():
        return page.execute_script("""return [
            Number(document.querySelector("#outline rect").getAttribute("width")),
            Number(document.getElementById("line-trial").getAttribute("y1"))]""")
    small, low = size_and_line()
    width, height = shared.camera["width"], shared.camera["height"]
    assert small == pytest.approx((0.001 * width * height) ** 0.5, abs=0.2)
    move(page, "min_area", *[Keys.ARROW_RIGHT] * 5)
    large, high = size_and_line()
    assert large == pytest.approx((0.007 * width * height) ** 0.5, abs=0.2)
    assert high < low
    eventually(lambda: (found := levels_of(shared)["trial"])
               and found["settings"]["min_area"] == 7 and not found["second_detector"])
    eventually(lambda: page.execute_script(
        "return document.getElementById('area').getAttribute('d').length") > 40)
    if SCREENSHOTS:
        move(page, "min_area", *[Keys.ARROW_LEFT] * 2)
        move(page, "sensitivity", Keys.END)
        eventually(lambda: levels_of(shared)["at"][-1] - levels_of(shared)["at"][0] > 170, 300)
        eventually(lambda: shared.camera["motion"] and boxes(page) == {"red", "blue"})
    screenshot(page, "tune-laptop.png")
    page.find_element("id", "discard").click()


def levels_of(product):
    return json.loads(product.get("/api/cameras/camera/levels"))


def test_views_of_the_detector_are_shown_beside_the_picture(shared, page):
    console_errors(page)        # drops those of other tests
    show(page, shared)
    for name in ("difference", "background", "mask"):
        page.find_element("css selector", f"#views .view-{name}").click()
        eventually(lambda name=name: f"view={name}" in page.execute_script(
            "return document.getElementById('view').src"))
        assert eventually(lambda: page.execute_script(SHOWN, "view"))[0] == 400
    assert console_errors(page) == []


def test_phone_keeps_the_picture_in_sight(shared, page):
    show(page, shared)
    resize(page, PHONE, mobile=True)
    wait_for_motion(page)
    assert page.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
    page.execute_script("document.getElementById('apply').scrollIntoView()")
    eventually(lambda: page.execute_script(
        "return document.getElementById('live').getBoundingClientRect().top") == 0)
    move(page, "min_frames", Keys.HOME)
    eventually(lambda: text(page, "#tune-message"))
    if SCREENSHOTS:
        color_scheme(page, "dark")
        page.find_element("css selector", "#views .view-boxes").click()
        page.execute_script("window.scrollTo(0, 120)")
        eventually(lambda: boxes(page) == {"red", "blue"})
    screenshot(page, "tune-phone.png")
    page.find_element("id", "discard").click()


def test_page_begins_once_the_server_responds(shared, page):
    with blocked(page, "*/settings"):
        go(page, shared.url + "/tune")
        eventually(lambda: text(page, "#tune-message") == "The server does not respond.")
    eventually(lambda: text(page, "[data-option=min_area] output"))
    assert text(page, "#tune-message") == ""


def test_page_follows_what_another_page_tries_and_applies(shared, page):
    def from_another_page(method, path, **values):
        shared.send(method, f"/api/cameras/camera/{path}", **values)

    def words(option):
        return text(page, f"[data-option={option}] output")

    show(page, shared)
    move(page, "min_area", Keys.END)
    eventually(lambda: (found := levels_of(shared)["trial"])
               and found["settings"]["min_area"] == 100)
    from_another_page("PUT", "trial", min_area=50, sensitivity="high")
    eventually(lambda: (words("min_area"), words("sensitivity")) == (
        "5 % of the picture", "high"))
    assert text(page, "#tune-message") == "Another page has changed what is on trial."
    from_another_page("PATCH", "settings", min_area=2)
    eventually(lambda: (words("min_area"), words("sensitivity")) == (
        "0.2 % of the picture", "normal"))
    assert page.find_elements("css selector", ".slider.changed, #apply:enabled") == []
    from_another_page("PATCH", "settings", min_area=None)
    eventually(lambda: words("min_area") == "0.1 % of the picture")
