"""Time, boxes and names that the live page draws itself, with --overlay browser."""

import pytest

from chromium import go
from harness import eventually
from product import Product
from test_live_page import LAPTOP, console_errors, resize, text

LOOK = """
    const canvas = document.getElementById("drawn");
    if (canvas.hidden || !canvas.width) return ["", 0];
    const pen = canvas.getContext("2d"), tall = canvas.height;
    const pixels = pen.getImageData(0, 0, canvas.width, tall).data;
    let sum = 0, red = 0;
    for (let i = 0; i < pixels.length; i += 4) {
        sum = (sum * 31 + pixels[i]) | 0;
        red += pixels[i] > 200 && pixels[i + 1] < 80 && pixels[i + 2] < 80;
    }
    return [`${canvas.width}x${tall} ${sum}`, red];"""
DRAW = """
    const done = arguments[1], canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [400, 300];
    const pen = canvas.getContext("2d");
    import("/static/live_overlay.js").then(({ drawOverlay }) => {
        drawOverlay(pen, arguments[0], 400, 300);
        const at = (x, y) => Array.from(pen.getImageData(x, y, 1, 1).data).slice(0, 3).join();
        const inked = (x, y, wide, tall) => pen.getImageData(x, y, wide, tall).data
            .some((value, i) => i % 4 === 3 && value);
        done([at(100, 150), at(100, 91), inked(10, 278, 100, 12), inked(300, 0, 100, 10)]);
    });"""
READ = """
    const done = arguments[1];
    const bytes = Uint8Array.from(arguments[0], (each) => each.charCodeAt(0));
    import("/static/parts.js").then(({ PartReader }) => {
        const reader = new PartReader(), found = [];
        for (let at = 0; at < bytes.length; at += 7) {
            for (const part of reader.read(bytes.subarray(at, at + 7))) {
                found.push([String.fromCharCode(...part.jpeg), part.overlay?.time ?? null]);
            }
        }
        done(found);
    });"""


def picture(browser):
    """Return what identifies the picture of the page, and its number of red pixels."""
    return browser.execute_script(LOOK)


def wait_for_change(browser):
    before = picture(browser)[0]
    eventually(lambda: picture(browser)[0] not in ("", before))


@pytest.fixture(scope="module")
def product():
    product = Product("--source", "demo:320x240@5", "--overlay", "browser", "--no-record")
    yield product
    product.close()


def test_page_draws_what_the_server_leaves_out(product, browser, link):
    line = link(product.port)
    resize(browser, LAPTOP)
    browser.get_log("browser")      # drops messages of other tests
    go(browser, line.url)
    eventually(lambda: picture(browser)[1] > 50)        # the time
    wait_for_change(browser)
    assert picture(browser)[0].startswith("320x240 ")
    eventually(lambda: text(browser, "#viewers") == "1")
    assert console_errors(browser) == []
    line.cut()
    eventually(lambda: product.camera["viewers"] == 1)
    wait_for_change(browser)


def test_boxes_and_names_are_drawn_as_on_clips(product, browser):
    browser.get(f"{product.url}/login")
    side, label, time, corner = browser.execute_async_script(DRAW, {
        "time": "Monday", "place": "bottom-left", "boxes": [[100, 100, 200, 250]],
        "tags": [["person", [100, 100, 200, 250]], ["car", None]]})
    assert (side, label) == ("255,0,0", "255,0,0")
    assert time
    assert corner


def test_parts_are_cut_however_they_arrive(product, browser):
    browser.get(f"{product.url}/login")
    parts = ("--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\none\r\n\r\n--frame\r\n"
             'Content-Length: 3\r\nX-Overlay: {"time": "noon"}\r\n\r\ntwo\r\n--frame\r\n')
    assert browser.execute_async_script(READ, parts) == [["one\r\n", None], ["two", "noon"]]
