"""The pages with events in a real browser: look, play, star, delete, undo."""

import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from test_page import LAPTOP, PHONE, hears, light, listen, severe, size, text

from harness import DEADLINE, ROOT, eventually
from sample_archive import SECONDS

PICTURES = os.environ.get("PICTURES")       # a folder to keep the screenshots in


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    process = subprocess.Popen(
        [sys.executable, "tests/sample_archive.py", tmp_path_factory.mktemp("kept")], cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def page(browser, served):
    """The list in the browser, in the size of a laptop."""
    size(browser, LAPTOP)
    browser.get_log("browser")
    browser.get(served + "/events")
    yield browser
    light(browser, "")
    browser.get("about:blank")


def one(page, selector):
    return page.find_element(By.CSS_SELECTOR, selector)


def seen(page, selector):
    return [each for each in page.find_elements(By.CSS_SELECTOR, selector)
            if each.is_displayed()]


def cards(page):
    """The ids of the events that can be seen, in one question: an undo has 10 s."""
    return page.execute_script(
        "return Array.from(document.querySelectorAll('#list li')).filter("
        "(each) => each.checkVisibility()).map((each) => each.dataset.id)")


def starred(page):
    return one(page, "li[data-starred]").get_attribute("data-id")


def video(page, name):
    return page.execute_script(
        "const film = document.querySelector('#player video:not([hidden])');"
        "return film ? film[arguments[0]] : null", name)


def shown(page):
    """The id of the event that is being looked at."""
    return page.execute_script(
        "const one = document.querySelector('#viewer[open] #player:not(.leaving)');"
        "return one ? one.dataset.id : ''")


def look_at(page, number):
    one(page, f"#e{number} a.shot").click()
    eventually(lambda: shown(page) == number)


def keep(page, name):
    if PICTURES:
        page.save_screenshot(str(Path(PICTURES) / name))


def press(page, key):
    ActionChains(page).send_keys(key).perform()


def test_clip_plays_in_place_and_can_be_sought(page):
    # it would have ended, and the next part be shown, before a slow machine says so
    page.execute_script("document.addEventListener('timeupdate', ({ target }) => "
                        "target.currentTime > 0.3 && target.pause(), true);")
    look_at(page, starred(page))
    eventually(lambda: video(page, "paused") and video(page, "currentTime") > 0.3)
    eventually(lambda: (video(page, "videoWidth"), video(page, "videoHeight")) == (320, 240))
    assert video(page, "duration") == pytest.approx(SECONDS, abs=0.2)
    page.execute_script("document.querySelector('#player video').currentTime = 4.5")
    eventually(lambda: not video(page, "seeking") and video(page, "currentTime") == 4.5)
    assert video(page, "error") is None
    assert severe(page) == []
    keep(page, "events-player.png")


def test_parts_of_a_long_event_follow_each_other(page):
    page.execute_script(
        "window.played = []; document.addEventListener('playing', (event) => "
        "played.push(event.target.src.split('/').pop()), true);")
    look_at(page, starred(page))
    assert len(seen(page, ".parts a")) == 3
    eventually(lambda: page.execute_script("return played"))
    page.execute_script(
        f"document.querySelector('#player video').currentTime = {SECONDS - 0.3}")
    eventually(lambda: "clip-2.mp4" in page.execute_script("return played"))
    before = page.execute_script("return played").count("clip.mp4")
    seen(page, ".parts a")[0].click()
    eventually(lambda: page.execute_script("return played").count("clip.mp4") > before)
    assert page.execute_script(     # in one look: films end, and others follow
        "return [...document.querySelectorAll('#player video')]"
        ".filter((film) => film.checkVisibility()).length") == 1


def test_keys_go_to_the_neighbours_star_and_leave(page):
    numbers = cards(page)
    look_at(page, numbers[1])
    press(page, Keys.ARROW_RIGHT)
    eventually(lambda: shown(page) == numbers[2])
    press(page, Keys.ARROW_LEFT)
    eventually(lambda: shown(page) == numbers[1])
    press(page, Keys.ARROW_LEFT)
    eventually(lambda: shown(page) == numbers[0])
    assert seen(page, "#player p.part")[0].text == "This is still being recorded."
    press(page, "s")
    eventually(lambda: "data-starred" in one(page, f"#e{numbers[0]}").get_attribute("outerHTML"))
    press(page, "s")
    eventually(lambda: len(page.find_elements(By.CSS_SELECTOR, "li[data-starred]")) == 1)
    press(page, Keys.ESCAPE)
    eventually(lambda: not seen(page, "#viewer"))
    assert page.find_elements(By.CSS_SELECTOR, "#player") == []     # nothing plays on


def test_swipe_goes_to_the_neighbours(page):
    size(page, PHONE, mobile=True)
    page.refresh()
    numbers = cards(page)
    look_at(page, numbers[1])
    eventually(lambda: seen(page, ".about"))
    box = one(page, "#player .about").rect
    page.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    y = 20 + page.execute_script(
        "return document.querySelector('#player .about').getBoundingClientRect().top")

    def swipe(begin, end):
        for kind, x in (("touchStart", begin), ("touchMove", (begin + end) / 2),
                        ("touchMove", end), ("touchEnd", None)):
            page.execute_cdp_cmd("Input.dispatchTouchEvent", {
                "type": kind, "touchPoints": [] if x is None else [{"x": x, "y": y}]})
    try:
        assert box["width"] > 300
        swipe(300, 100)
        eventually(lambda: shown(page) == numbers[2])
        swipe(100, 300)
        eventually(lambda: shown(page) == numbers[1])
    finally:
        page.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


def test_several_are_deleted_asked_once_and_undone(page):
    before = cards(page)
    for number in before[2:4]:
        one(page, f"#e{number} input").click()
    assert one(page, "#count").text == "2 selected"
    one(page, "#delete-chosen").click()
    assert one(page, "#question").text == "Delete 2 events with all recordings?"
    one(page, "#ask [value=no]").click()
    assert cards(page) == before
    one(page, "#delete-chosen").click()
    one(page, "#ask [value=yes]").click()
    eventually(lambda: one(page, "#toast").text.startswith("2 events deleted."))
    assert cards(page) == [number for number in before if number not in before[2:4]]
    one(page, "#undo").click()
    eventually(lambda: "2 events restored." in text(page, "#toast"))
    assert cards(page) == before
    page.refresh()
    assert cards(page) == before


def test_event_is_deleted_while_it_is_looked_at(page):
    before = cards(page)
    look_at(page, before[3])
    press(page, Keys.DELETE)
    one(page, "#ask [value=yes]").click()
    eventually(lambda: shown(page) not in ("", before[3]))
    eventually(lambda: seen(page, "#undo"))      # above the dialog
    one(page, "#undo").click()
    eventually(lambda: "1 event restored." in text(page, "#toast"))
    assert cards(page) == before


def test_starred_event_is_not_deleted(page):
    number = starred(page)
    one(page, f"#e{number} input").click()
    one(page, "#delete-chosen").click()
    eventually(lambda: text(page, "#toast-text") == (
        "Starred events are not deleted; remove the star first."))
    assert number in cards(page)


def test_star_is_kept(page):
    number = cards(page)[3]
    one(page, f"#e{number} .star").click()
    eventually(lambda: len(page.find_elements(By.CSS_SELECTOR, "li[data-starred]")) == 2)
    page.refresh()
    assert one(page, f"#e{number} .star").get_attribute("aria-pressed") == "true"
    one(page, f"#e{number} .star").click()
    eventually(lambda: len(page.find_elements(By.CSS_SELECTOR, "li[data-starred]")) == 1)


def test_filters_choose_at_once_and_can_be_cleared(page):
    whole = cards(page)
    one(page, "#filters .only").click()
    eventually(lambda: "starred=true" in page.current_url)
    assert "camera=" not in page.current_url    # nothing empty in the address
    assert cards(page) == [starred(page)]
    one(page, "#filters a").click()
    eventually(lambda: cards(page) == whole)
    one(page, "select[name=camera] option:nth-child(3)").click()
    eventually(lambda: "camera=yard" in page.current_url)
    assert {each.text for each in seen(page, ".who")} == {"yard"}


def test_tap_on_the_chart_leads_to_that_time(page):
    slots = page.find_elements(By.CSS_SELECTOR, ".plot a")
    assert len(slots) >= 5
    first = slots[0].find_element(By.CSS_SELECTOR, "rect").rect
    assert first["width"] > 10
    page.execute_script("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))",
                        slots[0])
    eventually(lambda: "before=" in page.current_url)
    eventually(lambda: seen(page, "#list time"))
    assert seen(page, "#list time")[0].text.startswith("00:")


def test_older_events_are_added_to_the_list(page, served):
    page.execute_script(
        "const link = document.createElement('a'); link.id = 'more'; link.href = arguments[0];"
        "document.querySelector('.way:last-of-type').append(link); link.textContent = 'more';",
        served + "/events?kind=lost")
    before = len(cards(page))
    one(page, "#more").click()
    eventually(lambda: len(cards(page)) == before + 1)
    assert page.find_elements(By.CSS_SELECTOR, "#more") == []
    days = [each.get_attribute("data-day") for each in seen(page, "#list section")]
    assert len(days) == len(set(days))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["laptop", "phone"])
def test_nothing_sticks_out_in_any_size_and_light(page, kind, scheme):
    size(page, PHONE if kind == "phone" else LAPTOP, mobile=kind == "phone")
    light(page, scheme)
    page.refresh()
    width = (PHONE if kind == "phone" else LAPTOP)[0]
    eventually(lambda: page.execute_script(
        "return document.documentElement.scrollWidth") <= width)
    ground = {"light": "rgb(244, 245, 247)", "dark": "rgb(13, 17, 23)"}[scheme]
    eventually(lambda: page.execute_script(
        "return getComputedStyle(document.body).backgroundColor") == ground)
    if (kind, scheme) in (("laptop", "light"), ("phone", "dark")):
        keep(page, f"events-{kind}-{scheme}.png")
    assert severe(page) == []


def test_page_of_one_event_works_by_itself(page, served):
    number = starred(page)
    page.get(f"{served}/events/{number}")
    before = page.current_url
    press(page, Keys.ARROW_RIGHT)
    eventually(lambda: page.current_url != before)
    press(page, Keys.ARROW_LEFT)
    eventually(lambda: page.current_url == before)
    one(page, "#player .tools .star").click()
    eventually(lambda: one(page, "#player .star").get_attribute("aria-pressed") == "false")
    one(page, "#player .tools .star").click()
    eventually(lambda: one(page, "#player .star").get_attribute("aria-pressed") == "true")


def test_buttons_under_the_live_picture(page, served):
    page.execute_cdp_cmd("Page.navigate", {"url": served + "/camera/front"})
    eventually(lambda: seen(page, "#record"))
    one(page, "#record").click()
    eventually(lambda: re.fullmatch(r"Stop \d+:\d\d", one(page, "#record").text))
    assert b'"recording":true' in urllib.request.urlopen(
        served + "/record_status?camera=front", timeout=DEADLINE).read().replace(b" ", b"")
    eventually(lambda: one(page, "#record").text not in ("Stop 0:00", "Record"))
    one(page, "#record").click()
    eventually(lambda: one(page, "#record").text == "Record")
    listen(page, "#done")
    one(page, "#still").click()
    hears(page, "Saved.")
    one(page, "#armed").click()
    eventually(lambda: one(page, "#armed").text == "Disarmed")
    one(page, "#armed").click()
    eventually(lambda: one(page, "#armed").text == "Armed")
    assert one(page, "#archive").text == "4.21 GB of 120 GB used · room for about 31 days"


def test_another_viewer_sees_the_recording_too(page, served):
    page.execute_cdp_cmd("Page.navigate", {"url": served + "/camera/yard"})
    eventually(lambda: seen(page, "#record"))
    for status, words in ((b"true", "Stop"), (b"false", "Record")):
        urllib.request.urlopen(served + "/record_status", data=b"status=" + status,
                               timeout=DEADLINE).close()
        eventually(lambda words=words: one(page, "#record").text.startswith(words))
