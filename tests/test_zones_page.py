"""The page on which an owner draws zones, in headless Chromium."""

import json
import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from werkzeug.serving import make_server

import test_live_page
from chromium import blocked, go
from harness import eventually
from product import Product
from protected import OWNER, ProtectedApp
from pyimagesearch.settings.owner_settings import OwnerSettings
from pyimagesearch.settings.settings import Settings
from test_live_page import (
    OBJECTS,
    PHONE,
    SCENE,
    console_errors,
    record_text,
    resize,
    screenshot,
    show,
    text,
    wait_for_motion,
    wait_for_text,
    wait_for_the_person,
)

WIDE = (1280, 800)
CORNERS = [(100, 500), (900, 500), (900, 900), (100, 900)]
LAMP, CLOCK = "800,100 900,100 900,220 800,220", "20,900 500,900 500,980 20,980"
page = test_live_page.page      # a fixture


@pytest.fixture(scope="module")
def shared():
    product = Product("--source", SCENE, "--no-record", "--frame-count", "5",
                      "--detector", "adaptive", *OBJECTS)
    yield product
    product.close()


class Zones:
    """The page of the zones, and what the server has of them."""

    def __init__(self, browser, product):
        self.browser, self.product = browser, product

    def open(self):
        show(self.browser, f"{self.product.url}/camera/camera/zones")
        eventually(lambda: self.find("#zones").is_displayed())
        return self

    def find(self, selector):
        return self.browser.find_element("css selector", selector)

    def row(self, number=1):
        return f"#zone-list li:nth-child({number})"

    def pixel(self, corner):
        """Return where *corner* is on the page, from its top left corner."""
        return self.browser.execute_script("""
            const at = new DOMPoint(arguments[0] * drawn.viewBox.baseVal.width / 1000,
                                    arguments[1] * drawn.viewBox.baseVal.height / 1000)
                .matrixTransform(drawn.getScreenCTM());
            return [Math.round(at.x), Math.round(at.y)]""", *corner)

    def click(self, corner):
        x, y = self.pixel(corner)
        pen = ActionChains(self.browser)
        pen.w3c_actions.pointer_action.move_to_location(x, y)
        pen.click().perform()

    def drag(self, start, end):
        pen = ActionChains(self.browser)
        pen.w3c_actions.pointer_action.move_to_location(*self.pixel(start))
        pen.w3c_actions.pointer_action.pointer_down()
        pen.w3c_actions.pointer_action.move_to_location(*self.pixel(end))
        pen.w3c_actions.pointer_action.pointer_up()
        pen.perform()

    def fill(self, field, value, row=1):
        self.browser.execute_script("""
            const field = document.querySelector(arguments[0]);
            field.value = arguments[1];
            field.dispatchEvent(new Event("change", {bubbles: true}));""",
            f"{self.row(row)} [name={field}]", value)

    def save(self):
        record_text(self.browser, "#zones-message")
        self.find("#save").click()
        wait_for_text(self.browser, "Saved.")

    def put(self, zones):
        """Set *zones* as a program does."""
        self.product.send("PUT", "/api/cameras/camera/zones", zones=zones)

    def kept(self):
        zones = json.loads(self.product.get("/api/cameras/camera/zones"))["zones"]
        return [(zone, [[int(side) for side in corner.split(",")]
                        for corner in zone["polygon"].split()]) for zone in zones]


@pytest.fixture
def zones(shared, page):
    zones = Zones(page, shared).open()
    wait_for_motion(page)
    return zones


def near(corners, wanted):
    return np.shape(corners) == np.shape(wanted) and np.abs(np.subtract(corners, wanted)).max() <= 6


def test_zone_is_drawn_with_the_mouse_named_and_kept(zones, page):
    resize(page, WIDE)
    assert text(page, "#meaning") == "Motion counts everywhere."
    zones.find("#draw").click()
    for corner in (*CORNERS, CORNERS[0]):       # the first one again: closes
        zones.click(corner)
    name = zones.find(f"{zones.row()} [name=name]")
    name.clear()
    name.send_keys("drive", Keys.TAB)
    zones.fill("percent", "0.25")
    zones.fill("sensitivity", "high")
    assert text(page, "#meaning") == "Motion counts in drive only."
    zones.save()
    page.execute_script("scrollTo(0, 0)")
    wait_for_the_person(zones.product)
    screenshot(page, "zones.png")
    ((zone, corners),) = zones.kept()
    assert near(corners, CORNERS)
    assert (zone["name"], zone["min_area"], zone["sensitivity"]) == ("drive", 2.5, "high")

    zones.open()
    assert text(page, "#drawn text") == "drive"
    assert zones.find(f"{zones.row()} [name=percent]").get_attribute("value") == "0.25"
    assert not zones.find("#save").is_displayed()
    assert console_errors(page) == []


def test_zone_is_drawn_and_bent_by_keyboard(zones, page):
    svg = zones.find("#drawn")
    zones.find("#draw").send_keys(Keys.ENTER)
    assert page.execute_script("return document.activeElement.id") == "drawn"
    svg.send_keys(Keys.ENTER, Keys.ARROW_RIGHT * 5, Keys.ENTER, Keys.ARROW_DOWN * 5, Keys.ENTER,
                  Keys.ARROW_LEFT, Keys.ENTER, Keys.BACKSPACE)
    zones.find("#close-zone").send_keys(Keys.ENTER)
    assert page.execute_script("return document.activeElement.id") == "draw"
    last = len(page.find_elements("css selector", "#zone-list li"))
    zones.find(f"{zones.row(last)} [name=name]").send_keys(Keys.END, "x", Keys.TAB)
    grips = page.find_elements("css selector", "#drawn .grip")
    page.execute_script("arguments[0].focus()", grips[2])
    page.switch_to.active_element.send_keys(Keys.ARROW_UP, Keys.ARROW_UP)
    page.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)       # the focus has stayed
    zones.save()
    zone, corners = zones.kept()[-1]
    assert corners == [[500, 500], [550, 500], [555, 540]]
    assert zone["name"].endswith("x")


def touch(page, kind, *points):
    page.execute_cdp_cmd("Input.dispatchTouchEvent", {
        "type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})


def test_corner_is_moved_by_finger_and_by_mouse_on_a_phone(zones, page):
    zones.put([{"name": "drive", "polygon": "100,500 900,500 900,900 100,900",
                              "min_area": 5}])
    resize(page, PHONE, mobile=True)
    page.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    zones.open()
    start, *way = [zones.pixel(corner) for corner in ((500, 700), (900, 500), (850, 480), (800, 450))]
    touch(page, "touchStart", start)    # a tap selects
    touch(page, "touchEnd")
    eventually(lambda: page.find_elements("css selector", "#drawn .grip"))
    scrolled = page.execute_script("return scrollY")
    touch(page, "touchStart", way[0])
    for place in way[1:]:
        touch(page, "touchMove", place)
    touch(page, "touchEnd")
    assert page.execute_script("return scrollY") == scrolled
    page.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    zones.drag((100, 900), (200, 950))
    assert page.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
    zones.save()
    ((_, corners),) = zones.kept()
    assert near(corners, [(100, 500), (800, 450), (900, 900), (200, 950)])


def test_ignored_zone_has_no_size_and_changes_can_be_undone(zones, page):
    zones.put([
        {"name": "drive", "polygon": "100,500 900,500 900,900 100,900", "min_area": 5},
        {"name": "tree", "polygon": "0,0 300,0 300,400", "counts": False}])
    zones.open()
    assert text(page, "#meaning") == "Motion counts in drive only, but not in tree."
    assert not zones.find(f"{zones.row(2)} [name=percent]").is_displayed()
    zones.fill("counts", "false")
    assert text(page, "#meaning") == "Motion counts everywhere, but not in drive and tree."
    zones.find("#undo").click()
    zones.find(f"{zones.row(2)} [name=delete]").click()
    assert text(page, "#meaning") == "Motion counts in drive only."
    zones.save()
    ((zone, _),) = zones.kept()
    assert (zone["name"], zone["min_area"]) == ("drive", 5.0)
    zones.find(f"{zones.row()} [name=delete]").click()
    zones.find("#discard").click()
    eventually(lambda: len(page.find_elements("css selector", "#zone-list li")) == 1)


def test_zones_are_removed_only_when_saved_and_come_back_by_undo(zones, page):
    def rows():
        return len(page.find_elements("css selector", "#zone-list li"))
    zones.put([{"name": "drive", "polygon": "100,500 900,500 900,900"}])
    zones.open()
    assert text(page, "#reset") == "Remove my zones"
    zones.find("#reset").click()
    assert (rows(), len(zones.kept())) == (0, 1)
    zones.find("#undo").click()
    assert (rows(), zones.find("#save").is_displayed()) == (1, False)
    zones.find("#reset").click()
    zones.save()
    assert not zones.find("#reset").is_displayed()
    assert not json.loads(zones.product.get("/api/cameras/camera/zones"))["drawn"]


def test_long_name_stays_inside_of_the_picture(zones, page):
    for polygon in ("0,500 30,500 0,999", "1000,500 970,500 1000,999"):
        zones.put([{"name": "the driveway of our neighbours", "polygon": polygon}])
        zones.open()
        words, picture = [page.execute_script(
            "const {left, right} = document.querySelector(arguments[0]).getBoundingClientRect();"
            "return [left, right]", selector) for selector in ("#drawn text", "#live")]
        assert picture[0] <= words[0] < words[1] <= picture[1]


def test_wrong_zone_is_explained_by_the_server(zones, page):
    zones.put([{"name": "drive", "polygon": "100,500 900,500 900,900"}])
    zones.open()
    record_text(page, "#zones-message")
    zones.fill("name", "<drive>")
    zones.find("#save").click()
    eventually(lambda: any("name of zone 1 is '<drive>', but must be up to 32 letters" in shown
                           for shown in page.execute_script("return texts")))
    assert [zone["name"] for zone, _ in zones.kept()] == ["drive"]


def test_zone_can_be_kept_from_raising_alerts(zones, page):
    zones.put([{"name": "street", "polygon": "100,500 900,500 900,900"}])
    zones.open()
    zones.find(f"{zones.row()} [name=alerts]").click()
    assert "so motion raises none: draw another zone" in text(page, "#meaning")
    zones.save()
    assert zones.kept()[0][0]["alerts"] is False
    zones.open()
    assert not zones.find(f"{zones.row()} [name=alerts]").is_selected()
    assert not zones.find("#save").is_displayed()


def test_page_shows_the_zones_once_the_server_responds(zones, page):
    zones.put([{"name": "drive", "polygon": "100,500 900,500 900,900"}])
    with blocked(page, "*/api/cameras/*/zones"):
        go(page, zones.product.url + "/camera/camera/zones")
        eventually(lambda: page.execute_script(
            "return document.getElementById('live')?.naturalWidth && "
            "document.getElementById('zones').hidden"))
    eventually(lambda: text(page, "#meaning") == "Motion counts in drive only.")


def test_page_that_was_hidden_shows_what_another_one_saved(zones, page):
    zones.put([{"name": "garden", "polygon": "100,500 900,500 900,900"}])
    page.execute_script("document.dispatchEvent(new Event('visibilitychange'))")
    eventually(lambda: text(page, "#meaning") == "Motion counts in garden only.")


def test_wrong_number_is_explained_in_percent(zones, page):
    zones.put([{"name": "drive", "polygon": "100,500 900,500 900,900"}])
    zones.open()
    zones.fill("percent", "200")
    record_text(page, "#zones-message")
    zones.find("#save").click()
    eventually(lambda: any(shown.startswith("Smallest, % of picture: ") and "100" in shown
                           for shown in page.execute_script("return texts")))
    assert page.execute_script("return document.activeElement.name") == "percent"
    zones.find(f"{zones.row()} [name=percent]").send_keys(Keys.BACKSPACE, "e")
    assert text(page, "#zones-message") == ""
    assert zones.kept()[0][0]["min_area"] is None


def test_focus_goes_on_after_a_zone_is_deleted(zones, page):
    zones.put([{"name": "drive", "polygon": "100,500 900,500 900,900"}])
    zones.open()
    zones.find(f"{zones.row()} [name=delete]").send_keys(Keys.ENTER)
    assert page.execute_script("return document.activeElement.id") == "draw"


def test_overlapping_zones_are_selected_one_after_the_other(zones, page):
    zones.put([
        {"name": "yard", "polygon": "0,0 1000,0 1000,1000 0,1000"},
        {"name": "bed", "polygon": "200,200 800,200 800,800 200,800"}])
    zones.open()
    selected = []
    for _ in range(3):
        zones.click((500, 600))
        selected.append(page.execute_script(
            "return document.querySelector('#zone-list .selected [name=name]').value"))
    assert selected == ["bed", "yard", "bed"]


@pytest.fixture
def blinking(tmp_path):
    """The app in a server of its own, with a camera that has two blinkers; one counts."""
    protected = ProtectedApp(tmp_path, open_to=OWNER)
    protected.feeds["camera"] = replace(
        protected.feeds["camera"], automatic_zones=lambda: (LAMP,))
    owner_settings = OwnerSettings(protected.folder, Settings(source=("camera=demo",)))
    owner_settings.change("camera", {"count_blinking": CLOCK})
    protected.app.extensions["services"] = replace(
        protected.app.extensions["services"], feeds=protected.feeds,
        owner_settings=owner_settings, hosts={"127.0.0.1"})
    server = make_server("127.0.0.1", 0, protected.app, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield SimpleNamespace(url=f"http://127.0.0.1:{server.port}", settings=owner_settings)
    protected.feeds["camera"].broadcaster.close()
    server.shutdown()
    server.server_close()


def test_blinking_region_is_shown_and_can_be_counted(blinking, page):
    def states():
        return [each.get_attribute("aria-checked") for each in page.find_elements(
            "css selector", "#automatic-list button")]
    zones = Zones(page, blinking).open()
    assert len(page.find_elements("css selector", "#drawn .automatic:not(.allowed)")) == 1
    assert [each.text for each in page.find_elements("css selector", "#drawn text")] == ["1", "2"]
    assert states() == ["true", "false"]
    assert text(page, "#meaning") == "Motion counts everywhere, but not where something blinks."
    for number, count, shown in (("2", f"{CLOCK}; {LAMP}", ["true", "true"]),
                                 ("1", LAMP, ["false", "true"]),    # although not found again yet
                                 ("2", None, ["false", "false"])):
        zones.find(f"#automatic-list li:nth-child({number}) button").click()
        zones.save()
        assert states() == shown
        assert blinking.settings.current("camera").count_blinking == count
    assert "zones" not in blinking.settings.chosen("camera")    # those of the file stay
