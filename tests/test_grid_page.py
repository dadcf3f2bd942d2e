"""The page of several cameras in headless Chromium: tiles, one stream, order, losses."""

import json

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from chromium import blocked
from harness import eventually
from product import Product
from test_live_page import SCENE, console_errors, resize, screenshot, show, text

WIDE, PHONE, LARGE = (1440, 900), (360, 740), (2560, 1440)
SHOWN = """
    return [...document.querySelectorAll(".tile")].map((tile) => {
        const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
        [canvas.width, canvas.height] = [32, 18];
        const picture = tile.querySelector("canvas");
        pen.drawImage(picture, 0, 0, 32, 18);
        return [tile.dataset.camera, Number(tile.dataset.width), pen.getImageData(0, 0, 32, 18).data.join()]; });"""
TILES = """
    const grid = document.getElementById("camera").getBoundingClientRect();
    return [...document.querySelectorAll(".tile")].map((tile) => {
        const {left, top, width, height} = tile.getBoundingClientRect();
        return {left: left - grid.left, top, width, height}; });"""
LINK = "http://127.0.0.1:9/" + 64 * "f"


@pytest.fixture(scope="module")
def cameras(tmp_path_factory):
    """A server with five cameras of a file, of which one has no picture."""
    config = tmp_path_factory.mktemp("house") / "house.toml"
    config.write_text("record = false\n" + "".join(
        f'[cameras.{name}]\nsource = "{source}"\n' for name, source in (
            ("yard", SCENE), ("door", "demo:640x360@5"), ("hall", "demo:320x180@5"),
            ("shed", "demo:320x180@5"), ("attic", LINK))))
    product = Product("--config", str(config))
    yield product
    product.close()


@pytest.fixture
def grid(cameras, browser):
    """The browser with the page of all cameras."""
    resize(browser, WIDE)
    browser.get_log("browser")      # drops messages of other tests
    show(browser, cameras.url)
    eventually(lambda: text(browser, "#words") == "4 of 5 live")
    yield browser
    browser.execute_script("localStorage.clear()")
    browser.get("about:blank")


def shown(browser):
    return {name: (width, picture) for name, width, picture in browser.execute_script(SHOWN)}


def order(browser):
    return list(shown(browser))


def tiles(browser):
    return browser.execute_script(TILES)


def test_every_camera_moves_over_one_connection(cameras, grid):
    before = shown(grid)
    eventually(lambda: all(shown(grid)[name][1] != before[name][1]
                           for name in ("yard", "door", "hall", "shed")))
    status = json.loads(cameras.get("/api/status"))
    assert [each["viewers"] for each in status["cameras"]] == [1, 1, 1, 1, 1]
    assert status["mosaic_viewers"] == 0
    streams = grid.execute_script(
        "return performance.getEntriesByType('resource').filter("
        "({name}) => /feed|snapshot|live.mp4/.test(name)).length")
    assert streams <= 1     # of one that has not ended, there may be no entry
    assert "connect" in text(grid, "[data-camera=attic] .notice")
    assert not console_errors(grid)
    screenshot(grid, "grid.png")


def test_tile_opens_its_camera(grid):
    grid.find_element("css selector", "[data-camera=door] a").click()
    eventually(lambda: text(grid, "h1") == "door")


@pytest.mark.parametrize("size", [PHONE, WIDE, LARGE], ids=["phone", "laptop", "large"])
def test_tiles_fill_the_window(grid, size):
    resize(grid, size, mobile=size == PHONE)
    columns = {PHONE: 1}.get(size, 3)
    eventually(lambda: len({round(tile["top"]) for tile in tiles(grid)}) == -(-5 // columns))
    found = tiles(grid)
    assert all(abs(tile["width"] / tile["height"] - 16 / 9) < 0.02 for tile in found)
    assert found[0]["width"] >= 340
    assert columns * found[0]["width"] >= 0.8 * size[0]
    assert grid.execute_script("return document.documentElement.scrollWidth") <= size[0]
    row = [tile for tile in found if tile["top"] == found[-1]["top"]]      # stands in the middle
    right = row[-1]["left"] + row[-1]["width"]
    whole = grid.execute_script("return document.getElementById('camera').clientWidth")
    assert abs(row[0]["left"] - (whole - right)) < 2


def test_pictures_are_as_wide_as_their_tiles(grid):
    assert eventually(lambda: shown(grid)["door"][0] == 480)
    resize(grid, LARGE)
    eventually(lambda: shown(grid)["door"][0] == 640)       # no more than the camera gives


def test_tiles_out_of_sight_are_not_fetched(cameras, grid):
    resize(grid, PHONE, mobile=True)

    def watched():
        return [each["viewers"] for each in json.loads(cameras.get("/api/status"))["cameras"]]
    eventually(lambda: watched()[0] == 1 and watched()[-1] == 0)
    grid.execute_script("window.scrollTo(0, 700)")
    eventually(lambda: watched()[0] == 0 and watched()[-1] == 1)


def test_order_is_arranged_by_mouse_and_keys_and_kept(cameras, grid):
    assert order(grid) == ["yard", "door", "hall", "shed", "attic"]
    grid.find_element("id", "arrange").click()
    first, last = (grid.find_element("css selector", f"[data-camera={name}]")
                   for name in ("yard", "attic"))
    ActionChains(grid).drag_and_drop(first, last).perform()
    assert order(grid) == ["door", "hall", "shed", "attic", "yard"]
    grid.find_element("css selector", "[data-camera=shed]").send_keys(Keys.ARROW_LEFT)
    assert order(grid) == ["door", "shed", "hall", "attic", "yard"]
    assert text(grid, "#arranging") == "shed is number 2 of 5."
    grid.find_element("id", "arrange").click()

    def of_server():
        return [each["name"] for each in json.loads(cameras.get("/api/status"))["cameras"]]
    eventually(lambda: of_server() == ["door", "shed", "hall", "attic", "yard"])
    grid.execute_script("delete document.getElementById('camera').dataset.orderUrl")    # as for a viewer
    grid.find_element("id", "arrange").click()
    grid.find_element("css selector", "[data-camera=attic]").send_keys(Keys.ARROW_UP)
    grid.find_element("id", "arrange").click()
    show(grid, cameras.url)
    eventually(lambda: order(grid) == ["door", "shed", "attic", "hall", "yard"])
    assert of_server() == ["door", "shed", "hall", "attic", "yard"]
    cameras.send("PATCH", "/api/cameras", order=["yard", "door", "hall", "shed", "attic"])


def test_lost_server_dims_all_pictures_and_says_since_when(grid):
    with blocked(grid, "*/api/status*"):
        eventually(lambda: text(grid, "[data-camera=door] .words").startswith(
            "No connection since "))
        assert grid.execute_script(
            "return document.getElementById('camera').dataset.state") == "offline"
        eventually(lambda: float(grid.execute_script(
            "return getComputedStyle(document.querySelector('.tile canvas')).opacity")) < 0.5)
    eventually(lambda: text(grid, "#words") == "4 of 5 live")


def test_new_event_arrives_in_the_strip_by_itself(cameras, grid):
    kept = cameras.send("POST", "/snapshot", camera="door")
    eventually(lambda: "door" in text(grid, f"#recent a[href$='/events/{kept['event']}'] .when"))
