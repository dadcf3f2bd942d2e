"""The page of an event that the real program stored, and why it did."""

import json

import cv2
import numpy as np
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from harness import eventually
from product import Product
from test_live_page import (
    LAPTOP,
    OBJECTS,
    PHONE,
    SCENE,
    SCREENSHOTS,
    color_scheme,
    console_errors,
    resize,
    screenshot,
    text,
)

MID_WAY = 230       # frames of the demo, after which its person is in the middle
ON_ITS_WAY = 60     # frames after which the event is long enough to show its begin in the clip
PAINTED = """
    const film = document.querySelector(".why video");
    return film && film.readyState >= 2 && !film.seeking ? film.currentTime : -1;"""


@pytest.fixture(scope="module")
def product():
    """The program with the demo camera, after its first motion event."""
    product = Product("--source", SCENE if SCREENSHOTS else "demo:320x240@10",
                      "--frame-count", "20", *OBJECTS)
    product.wait_for("live")
    eventually(lambda: product.camera["motion"])
    eventually(lambda: events(product))
    eventually(lambda: product.camera["frames"] > (MID_WAY if SCREENSHOTS else ON_ITS_WAY))
    product.send("POST", "/api/armed", armed=False)    # ends the event
    eventually(lambda: [clip["state"] for clip in events(product)[0]["clips"]] == ["complete"])
    yield product
    product.close()


@pytest.fixture
def page(product, browser):
    """The browser with the page of the event, at laptop size."""
    resize(browser, LAPTOP)
    browser.get_log("browser")
    browser.get(product.url + events(product)[0]["url"])
    yield browser
    color_scheme(browser, "")
    browser.get("about:blank")


def events(product):
    return json.loads(product.get("/api/events?kind=motion"))["events"]


def explanations(product):
    found = events(product)[0]
    return json.loads(product.get(f"/api/events/{found['id']}/explanation"))["explanations"]


def element(page, selector):
    return page.find_element(By.CSS_SELECTOR, selector)


def test_page_explains_an_event_of_the_real_program(product, page):
    begin = explanations(product)[0]
    (event,) = events(product)
    summary = element(page, ".why > summary")
    assert not element(page, ".scene").is_displayed()
    summary.send_keys(Keys.ENTER)
    assert element(page, ".why h3").text.startswith("When it began, ")
    shown = [each.text for each in page.find_elements(By.CSS_SELECTOR, ".why section:first-of-type li")]
    assert shown == [region["sentence"] for region in begin["regions"]][:len(shown)]
    assert any("counted because it " in each for each in shown)
    if len(explanations(product)) > 1:      # else the thumbnail shows it
        offset = begin["at"] - event["clips"][0]["begin"]
        eventually(lambda: page.execute_script(PAINTED) == pytest.approx(offset + 0.01, abs=0.11))
    boxes = page.find_elements(By.CSS_SELECTOR, ".why section:first-of-type g.counted rect")
    assert len(boxes) == sum(region["reported"] for region in begin["regions"]) >= 1
    assert boxes[0].rect["width"] > 5
    assert console_errors(page) == []
    if SCREENSHOTS:
        resize(page, (760, 720))
        page.execute_script("document.querySelector('.why section:last-of-type').scrollIntoView()")
    screenshot(page, "events-why.png")


def test_pixels_that_moved_are_coloured_and_no_others(product, page):
    element(page, ".why > summary").click()
    if len(explanations(product)) > 1:
        eventually(lambda: page.execute_script(PAINTED) > 0)
    scene = element(page, ".scene")
    page.execute_script("arguments[0].scrollIntoView(); arguments[0].style.borderRadius = 0", scene)
    mask = image(product.get(explanations(product)[0]["mask"]))
    with_mask = image(scene.screenshot_as_png)
    page.execute_script("document.querySelector('.why .moved').style.display = 'none'")
    without = image(scene.screenshot_as_png)
    changed = np.abs(with_mask.astype(int) - without).max(axis=2) > 20
    expected = cv2.resize(mask, changed.shape[::-1], interpolation=cv2.INTER_LINEAR)[..., 0] > 127
    assert (changed & expected).sum() > 0.8 * (changed | expected).sum() > 0


def image(png):
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)


def test_explanation_fits_a_phone(page):
    resize(page, PHONE, mobile=True)
    page.refresh()
    page.execute_script("document.querySelectorAll('.why, .why details').forEach("
                        "(each) => { each.open = true; })")
    eventually(lambda: page.execute_script(
        "return document.documentElement.scrollWidth") <= PHONE[0])
    assert element(page, ".scene").rect["width"] > 300


def test_event_page_marks_a_false_alarm_and_undoes_it(product, page):
    button = element(page, ".tools .not-event")
    button.click()
    eventually(lambda: button.get_attribute("aria-pressed") == "true")
    assert events(product)[0]["not_event"] is True
    eventually(lambda: text(page, "#toast-text") == "1 event marked as not an event.")
    element(page, "#undo").click()
    eventually(lambda: button.get_attribute("aria-pressed") == "false")
    assert events(product)[0]["not_event"] is False
