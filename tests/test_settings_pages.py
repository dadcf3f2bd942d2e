"""The settings pages, by a browser and without one."""

import contextlib
import json
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest
from selenium.webdriver.support.ui import Select

from chromium import go
from harness import ROOT, eventually
from network import free_port
from product import Product
from protected import ProtectedServer
from pyimagesearch.settings.settings import ALL_OPTIONS
from pyimagesearch.web.settings.labels import LABELS
from test_live_page import PHONE, console_errors, resize, screenshot, text

SCENE = "demo:160x120@10"


@pytest.fixture(scope="module")
def product():
    product = Product("--no-record", "--detector", "single")
    yield product
    product.close()


class Unredirected(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def post(product, path, fields):
    """Send a form; return status, address of the redirect, and the page."""
    request = urllib.request.Request(
        f"{product.url}{path}", urllib.parse.urlencode(fields).encode(), {"Origin": product.url})
    try:
        with urllib.request.build_opener(Unredirected).open(request) as answer:
            return answer.status, "", answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers.get("Location", ""), answer.read().decode()


def wrong(page):
    """Return the sentences at fields that are wrong, by field."""
    return dict(re.findall(r'role="alert" id="error-(\w+)">([^<]+)<', page))


def cameras(product):
    return {each["name"]: each for each in json.loads(product.get("/api/status"))["cameras"]}


def is_live(product, name):
    return cameras(product).get(name, {}).get("state") in ("learning", "live")


def add(product, name, source=SCENE):
    if name not in cameras(product):
        assert post(product, "/settings/add", {"name": name, "source": source, "action": "add"})[0] == 303
    eventually(lambda: is_live(product, name))


def test_camera_is_added_changed_renamed_moved_and_removed(product):
    add(product, "front")
    add(product, "yard")
    status, where, _ = post(product, "/settings/cameras/yard", {"fps": "5", "width": "100"})
    assert (status, where) == (303, "/settings/cameras/yard?saved=1")
    eventually(lambda: 0 < cameras(product)["yard"]["fps"] < 7)
    assert post(product, "/settings/cameras/yard/rename", {"name": "garden"})[0] == 303
    assert post(product, "/settings/cameras/garden/move", {"to": "up"})[0] == 303
    assert list(cameras(product)) == ["garden", "front"]
    file = (product.config / "settings.toml").read_text()
    assert file.index("[cameras.garden]") < file.index("fps = 5.0") < file.index("[cameras.front]")
    assert post(product, "/settings/cameras/garden/remove", {})[0] == 303
    assert list(cameras(product)) == ["front"]


@pytest.mark.parametrize(("name", "source", "field", "words"), [
    ("front door", SCENE, "name", "must be up to 32 of the letters"),
    ("side", "", "source", "The address is empty, but must name a camera."),
    ("side", "what?", "source", "what?"),
])
def test_wrong_camera_is_refused_at_its_field(product, name, source, field, words):
    status, _, page = post(product, "/settings/add", {"name": name, "source": source, "action": "add"})
    assert status == 400
    assert words in wrong(page)[field]


def test_wrong_value_is_refused_at_its_field_and_kept(product):
    add(product, "front")
    status, _, page = post(product, "/settings/cameras/front", {"fps": "many"})
    assert status == 400
    assert "must be a number from 0.1 to 240" in wrong(page)["fps"]
    assert 'value="many"' in page


def test_box_that_the_form_does_not_show_is_not_cleared(product):
    add(product, "front")
    post(product, "/settings/cameras/front", {"min_area": "3"})
    post(product, "/settings/cameras/front", {"shown": "scene_changes"})
    page = product.get("/settings/cameras/front").decode()
    assert re.search(r'value="true" name="record"[^>]* checked|locked', page)
    assert not re.search(r'name="scene_changes"[^>]* checked', page)
    assert 'value="3"' in page


def test_what_the_command_line_sets_is_locked(product):
    add(product, "front")
    page = product.get("/settings/cameras/front").decode()
    assert "Set by --detector; remove that and restart" in page
    assert re.search(r'name="detector"[^>]* disabled', page)


def test_source_is_tried_before_it_is_added(product):
    _, _, page = post(product, "/settings/add", {"name": "side", "source": SCENE, "action": "try"})
    assert "It works: 160 × 120 pixels." in page
    picture = re.search(r'src="(/camera_test/[^"]+\.jpg)"', page)[1]
    assert product.get(picture)[:2] == b"\xff\xd8"
    status, _, page = post(product, "/settings/add", {
        "name": "side", "source": "http://127.0.0.1:9/", "action": "try"})
    assert status == 400
    assert wrong(page)["source"]


def test_login_of_a_camera_is_not_shown(product):
    add(product, "front")
    source = "rtsp://ada:geheim@127.0.0.1:9/cam"
    assert post(product, "/settings/add", {"name": "gate", "source": source, "action": "add"})[0] == 303
    page = product.get("/settings/cameras/gate").decode()
    assert "rtsp://***@127.0.0.1:9/cam" in page
    assert "geheim" not in page + product.get("/settings/about").decode()
    assert post(product, "/settings/cameras/gate", {"source": "rtsp://***@127.0.0.1:9/other"})[0] == 303
    assert "ada:geheim@127.0.0.1:9/other" in (product.config / "settings.toml").read_text()
    post(product, "/settings/cameras/gate/remove", {})


def test_space_for_recordings_is_set_and_checked(product):
    assert post(product, "/settings/of/recording", {"keep_days": "7"})[0] == 303
    assert 'value="7"' in product.get("/settings/of/recording").decode()
    assert post(product, "/settings/of/recording", {"keep": "1GB"})[0] == 303
    eventually(lambda: json.loads(product.get("/api/status"))["archive"]["cap"] <= 10**9)
    status, _, page = post(product, "/settings/of/recording", {"keep": "lots"})
    assert (status, set(wrong(page))) == (400, {"keep"})


def test_page_says_what_takes_effect_after_a_restart(product):
    page = product.get("/settings/of/server").decode()
    assert page.count("A change takes effect after a restart") > 5
    _, where, _ = post(product, "/settings/of/server", {"max_viewers": "50"})
    assert "Some of it takes effect after a restart" in product.get(where).decode()
    _, where, _ = post(product, "/settings/of/server", {"log_level": "debug"})
    assert "Saved, and in force." in product.get(where).decode()
    eventually(lambda: any(" DEBUG " in line for line in product.log))
    post(product, "/settings/of/server", {"log_level": "info", "max_viewers": ""})


def test_about_shows_version_and_log(product):
    add(product, "front")
    page = product.get("/settings/about").decode()
    assert "0.1.0" in page
    assert "front: opened demo:160x120@10" in page


def test_backup_is_restored_by_the_form(product):
    add(product, "front")
    backup = product.get("/api/backup").decode()
    post(product, "/settings/cameras/front/rename", {"name": "door"})
    status, where, _ = post(product, "/settings/restore", {"backup": backup})
    assert (status, where) == (303, "/settings/about?restored=1#backup")
    eventually(lambda: is_live(product, "front"))
    assert "door" not in cameras(product)
    status, _, page = post(product, "/settings/restore", {"backup": "a photo"})
    assert (status, wrong(page)) == (400, {"backup": "This file is no backup of webstreaming."})


def test_invitation_made_at_the_server_works_on_a_phone():
    """Its link names the address that other devices open, and logs one person in."""
    with contextlib.closing(ProtectedServer("--ip", "0.0.0.0", "--public-url", "https://cams.example/pi")) as server:
        form = urllib.parse.urlencode({"name": "Anna", "role": "viewer", "hours": 24, "days": 7}).encode()
        owner = {"Cookie": server.log_in(), "Origin": server.url}
        page = server.request("/settings/people", "POST", form, **owner)[2].decode()
        link = re.search(r"https://cams\.example/pi/(login\?token=[\w.-]+)<", page)
        status, headers, _ = server.request(f"/{link[1]}")
        assert status == 303
        cookie = headers["Set-Cookie"].partition(";")[0]
        assert server.request("/api/status", Cookie=cookie)[0] == 200
        assert server.request("/settings", Cookie=cookie)[0] == 403
        code = re.search(r'class="qr" src="([^"]+)"', page)[1]
        assert b"<svg" in server.request(code, **owner)[2]


def test_first_camera_is_chosen_and_shown_on_a_phone(start, browser, tmp_path):
    """From an empty machine to a second camera, by RTSP, without a terminal."""
    product = start("--no-record")
    port = str(free_port())
    with subprocess.Popen(["/usr/bin/python3", ROOT / "tests/rtsp_camera.py", port, "320", "240", "8"],
                          stdout=subprocess.PIPE, text=True) as camera:
        try:
            assert camera.stdout.readline() == "ready\n"
            eventually(lambda: cameras(product)["camera"]["state"] == "no signal")
            browser.get("about:blank")
            resize(browser, PHONE, mobile=True)
            go(browser, product.url)
            eventually(lambda: text(browser, "h1") == "Add a camera")
            screenshot(browser, "add-camera.png")
            enter(browser, "source", "demo")
            enter(browser, "name", "front")
            press(browser, "[value=add]")
            eventually(lambda: "front is watched now." in text(browser, "main"))
            go(browser, f"{product.url}/settings/add")
            eventually(lambda: text(browser, "h1") == "Add a camera")
            enter(browser, "source", f"rtsp://127.0.0.1:{port}/cam")
            enter(browser, "name", "yard")
            press(browser, "[value=try]")
            eventually(lambda: "It works: 320 × 240 pixels." in text(browser, "main"))
            press(browser, "[value=add]")
            eventually(lambda: is_live(product, "yard"))
            eventually(lambda: text(browser, "h1") == "yard")
            turn_and_record(browser, product)
            go(browser, f"{product.url}/settings")
            eventually(lambda: "front" in text(browser, "main"))
            assert browser.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
            screenshot(browser, "settings-phone.png")
            (tmp_path / "backup.json").write_bytes(product.get("/api/backup"))
            go(browser, f"{product.url}/settings/about")
            press(browser, "details summary")
            browser.find_element("id", "backup-file").send_keys(str(tmp_path / "backup.json"))
            press(browser, "#restore button")
            eventually(lambda: "Restored, and in force." in text(browser, "main"))
            screenshot(browser, "about-phone.png")
            assert console_errors(browser) == []
            browser.get("about:blank")
        finally:
            camera.kill()


def turn_and_record(browser, product):
    """On the page of camera yard, 320x240, turn its picture; then record it by the button."""
    browser.execute_script("for (const each of document.querySelectorAll('details')) each.open = true;")
    Select(browser.find_element("id", "field-rotate")).select_by_visible_text("90")
    press(browser, "form[action$=yard] .save button")
    eventually(lambda: size(product, "yard") == (240, 320))
    go(browser, f"{product.url}/camera/yard")
    eventually(lambda: browser.find_element("id", "record").is_displayed())
    press(browser, "#record")
    eventually(lambda: any(each["camera"] == "yard" and each["kind"] == "manual" for each in
                           json.loads(product.get("/api/events"))["events"]))


def size(product, name):
    """Return the width and height of a camera's pictures; None while it is opened again."""
    camera = cameras(product).get(name, {})
    return camera.get("width"), camera.get("height")


def enter(browser, field, value):
    found = browser.find_element("id", field)
    found.clear()
    found.send_keys(value)


def press(browser, selector):
    found = browser.find_element("css selector", selector)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
    found.click()


def test_labels_are_of_settings_that_exist():
    assert LABELS.keys() - ALL_OPTIONS.keys() <= {"clock", "clock_format"}
