"""The event list and the event page in headless Chromium."""

import contextlib
import os
import re
import sqlite3
import urllib.request
from functools import partial
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from harness import DEADLINE, eventually
from pyimagesearch.events.event import COMPLETE, OPEN
from sample_archive import CLIP_SECONDS
from test_live_page import (
    LAPTOP,
    PHONE,
    color_scheme,
    console_errors,
    record_text,
    resize,
    text,
    wait_for_text,
)

SCREENSHOTS = os.environ.get("PICTURES")     # a folder for screenshots


@pytest.fixture
def page(browser, sample_server):
    """The browser with the list, at laptop size."""
    resize(browser, LAPTOP)
    browser.get_log("browser")
    browser.get(sample_server.url + "/events")
    yield browser
    color_scheme(browser, "")
    browser.get("about:blank")


def element(page, selector):
    return page.find_element(By.CSS_SELECTOR, selector)


def visible(page, selector):
    return [each for each in page.find_elements(By.CSS_SELECTOR, selector)
            if each.is_displayed()]


def listed(page):
    """Return the ids of the visible events, by a single call: an undo has a time limit."""
    return page.execute_script(
        "return Array.from(document.querySelectorAll('#list li')).filter("
        "(each) => each.checkVisibility()).map((each) => each.dataset.id)")


def starred(page):
    return element(page, "li[data-starred]").get_attribute("data-id")


def video(page, name):
    return page.execute_script(
        "const film = document.querySelector('#player video:not([hidden])');"
        "return film ? film[arguments[0]] : null", name)


def open_event(page):
    """Return the id of the open event."""
    return page.execute_script(
        "const player = document.querySelector('#viewer[open] #player:not(.leaving)');"
        "return player ? player.dataset.id : ''")


def open_in_list(page, number):
    element(page, f"#e{number} a.shot").click()
    eventually(lambda: open_event(page) == number)


def screenshot(page, name):
    if SCREENSHOTS:
        page.save_screenshot(str(Path(SCREENSHOTS) / name))


def press(page, key):
    ActionChains(page).send_keys(key).perform()


def test_clip_plays_in_the_list_and_can_seek(page):
    # paused, or the next part would start before a slow machine has looked
    page.execute_script("document.addEventListener('timeupdate', ({ target }) => "
                        "target.currentTime > 0.3 && target.pause(), true);")
    open_in_list(page, starred(page))
    eventually(lambda: video(page, "paused") and video(page, "currentTime") > 0.3)
    eventually(lambda: (video(page, "videoWidth"), video(page, "videoHeight")) == (320, 240))
    assert video(page, "duration") == pytest.approx(CLIP_SECONDS, abs=0.2)
    page.execute_script("document.querySelector('#player video').currentTime = 4.5")
    eventually(lambda: not video(page, "seeking") and video(page, "currentTime") == 4.5)
    assert video(page, "error") is None
    assert console_errors(page) == []
    screenshot(page, "events-player.png")


def test_parts_of_an_event_play_one_after_the_other(page):
    page.execute_script(
        "window.played = []; document.addEventListener('playing', (event) => "
        "played.push(event.target.src.split('/').pop()), true);")
    open_in_list(page, starred(page))
    assert len(visible(page, ".parts a")) == 3
    eventually(lambda: page.execute_script("return played"))
    page.execute_script(
        f"document.querySelector('#player video').currentTime = {CLIP_SECONDS - 0.3}")
    eventually(lambda: "clip-2.mp4" in page.execute_script("return played"))
    before = page.execute_script("return played").count("clip.mp4")
    visible(page, ".parts a")[0].click()
    eventually(lambda: page.execute_script("return played").count("clip.mp4") > before)
    assert page.execute_script(     # by a single call, as parts end meanwhile
        "return [...document.querySelectorAll('#player video')]"
        ".filter((film) => film.checkVisibility()).length") == 1


def test_keys_navigate_star_and_close(page):
    numbers = listed(page)
    open_in_list(page, numbers[1])
    press(page, Keys.ARROW_RIGHT)
    eventually(lambda: open_event(page) == numbers[2])
    press(page, Keys.ARROW_LEFT)
    eventually(lambda: open_event(page) == numbers[1])
    press(page, Keys.ARROW_LEFT)
    eventually(lambda: open_event(page) == numbers[0])
    assert element(page, "#player figcaption").text == "This is still being recorded. Live picture"
    press(page, "s")
    eventually(lambda: "data-starred" in element(page, f"#e{numbers[0]}").get_attribute("outerHTML"))
    press(page, "s")
    eventually(lambda: len(page.find_elements(By.CSS_SELECTOR, "li[data-starred]")) == 1)
    press(page, Keys.ESCAPE)
    eventually(lambda: not visible(page, "#viewer"))
    assert page.find_elements(By.CSS_SELECTOR, "#player") == []     # no video is left playing


def test_swipe_shows_the_next_event(page):
    resize(page, PHONE, mobile=True)
    page.refresh()
    numbers = listed(page)
    open_in_list(page, numbers[1])
    eventually(lambda: visible(page, ".about"))
    box = element(page, "#player .about").rect
    page.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})

    def swipe(begin, end):
        y = 20 + page.execute_script(       # of this event: some pages are taller
            "return document.querySelector('#player .about').getBoundingClientRect().top")
        for kind, x in (("touchStart", begin), ("touchMove", (begin + end) / 2),
                        ("touchMove", end), ("touchEnd", None)):
            page.execute_cdp_cmd("Input.dispatchTouchEvent", {
                "type": kind, "touchPoints": [] if x is None else [{"x": x, "y": y}]})
    try:
        assert box["width"] > 300
        swipe(300, 100)
        eventually(lambda: open_event(page) == numbers[2])
        swipe(100, 300)
        eventually(lambda: open_event(page) == numbers[1])
    finally:
        page.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


def test_several_events_are_deleted_after_one_question(page):
    before = listed(page)
    for number in before[2:4]:
        element(page, f"#e{number} input").click()
    assert element(page, "#count").text == "2 selected"
    element(page, "#delete-chosen").click()
    assert element(page, "#question").text == "Delete 2 events with all recordings?"
    element(page, "#ask [value=no]").click()
    assert listed(page) == before
    element(page, "#delete-chosen").click()
    element(page, "#ask [value=yes]").click()
    eventually(lambda: element(page, "#toast").text.startswith("2 events deleted."))
    assert listed(page) == [number for number in before if number not in before[2:4]]
    element(page, "#undo").click()
    eventually(lambda: "2 events restored." in text(page, "#toast"))
    assert listed(page) == before
    page.refresh()
    assert listed(page) == before


def test_open_event_can_be_deleted(page):
    before = listed(page)
    open_in_list(page, before[3])
    press(page, Keys.DELETE)
    element(page, "#ask [value=yes]").click()
    eventually(lambda: open_event(page) not in ("", before[3]))
    eventually(lambda: visible(page, "#undo"))      # above the dialog
    element(page, "#undo").click()
    eventually(lambda: "1 event restored." in text(page, "#toast"))
    assert listed(page) == before


def test_starred_event_is_not_deleted(page):
    number = starred(page)
    element(page, f"#e{number} input").click()
    element(page, "#delete-chosen").click()
    eventually(lambda: text(page, "#toast-text") == (
        "Starred events are not deleted; remove the star first."))
    assert number in listed(page)


def test_star_survives_a_reload(page):
    number = listed(page)[3]
    element(page, f"#e{number} .star").click()
    eventually(lambda: len(page.find_elements(By.CSS_SELECTOR, "li[data-starred]")) == 2)
    page.refresh()
    assert element(page, f"#e{number} .star").get_attribute("aria-pressed") == "true"
    element(page, f"#e{number} .star").click()
    eventually(lambda: len(page.find_elements(By.CSS_SELECTOR, "li[data-starred]")) == 1)


def marked(page):
    return page.execute_script(
        "return Array.from(document.querySelectorAll('li[data-not-event]')).map("
        "(each) => each.dataset.id)")


def test_false_alarm_is_marked_undone_and_filtered(page):
    first, second = [number for number in listed(page) if page.find_elements(
        By.CSS_SELECTOR, f"#e{number} .not-event")][1:3]
    element(page, f"#e{first} .not-event").click()
    eventually(lambda: marked(page) == [first])
    assert element(page, f"#e{first} .not-event").text == "not an event"
    assert text(page, "#toast-text") == "1 event marked as not an event."
    element(page, "#undo").click()
    eventually(lambda: marked(page) == [])
    for number in (first, second):
        element(page, f"#e{number} input").click()
    element(page, "#not-event-chosen").click()
    eventually(lambda: marked(page) == [first, second])
    element(page, "select[name=not_event] option[value=true]").click()
    eventually(lambda: "not_event=true" in page.current_url)
    assert listed(page) == marked(page) == [first, second]
    open_in_list(page, first)
    press(page, "n")
    eventually(lambda: marked(page) == [second])
    press(page, Keys.ESCAPE)
    element(page, f"#e{second} .not-event").click()
    eventually(lambda: marked(page) == [])
    page.refresh()
    assert listed(page) == []


def test_filters_apply_at_once_and_can_be_cleared(page):
    whole = listed(page)
    element(page, "#filters .only").click()
    eventually(lambda: "starred=true" in page.current_url)
    assert "camera=" not in page.current_url    # no empty parameters
    assert listed(page) == [starred(page)]
    element(page, "#filters a").click()
    eventually(lambda: listed(page) == whole)
    element(page, "select[name=camera] option:nth-child(3)").click()
    eventually(lambda: "camera=yard" in page.current_url)
    assert {each.text for each in visible(page, ".who")} == {"yard"}


def test_objects_are_on_the_cards_and_can_be_filtered(page):
    named = {each.text for each in visible(page, ".objects")}
    assert named == {"person", "vehicle", "vehicle, person"}
    everything = listed(page)
    element(page, "select[name=object] option:nth-child(3)").click()
    eventually(lambda: page.current_url.endswith("/events?object=vehicle"))
    assert {each.text for each in visible(page, ".objects")} == {"vehicle", "vehicle, person"}
    cars = listed(page)
    element(page, "select[name=object] option:last-child").click()
    eventually(lambda: page.current_url.endswith("/events?object=none"))
    assert visible(page, ".objects") == []
    assert {*listed(page)} < {*everything} - {*cars}


def test_time_of_a_sighting_plays_the_clip_from_there(page, sample_server):
    page.execute_script("document.addEventListener('playing', ({ target }) => "
                        "{ target.pause(); target.dataset.played = target.currentTime; }, true);")
    open_in_list(page, starred(page))
    assert element(page, ".sightings").text.startswith("person 0.93, ▸ ")
    visible(page, ".parts a")[1].click()
    element(page, ".sightings [data-at]").click()
    eventually(lambda: float(page.execute_script(
        "const film = document.querySelector('#player video:not([hidden])');"
        "return film.src.endsWith('/clip.mp4') && film.currentTime")) >= 3.01)
    assert page.execute_script("return document.querySelector("
                               "'#player video:not([hidden])').currentTime") < 4
    element(page, ".sightings a").click()
    eventually(lambda: page.current_url.endswith("/events?object=person"))
    assert console_errors(page) == []


def scrubbed(page):
    """Return what is shown at the timeline: words, width of the picture, address."""
    return page.execute_script("""
        const card = document.getElementById("scrub"), image = card?.querySelector("img");
        return card && !card.hidden ? [card.innerText, image.hidden ? 0 : image.naturalWidth,
                                       card.pathname, card.getBoundingClientRect().top] : null;""")


def move_over(page, share, kind="pointermove", by="mouse"):
    page.execute_script("""
        const strip = document.querySelector("#timeline .slider"), box = strip.getBoundingClientRect();
        strip.dispatchEvent(new PointerEvent(arguments[1], {
            clientX: box.left + arguments[0] * box.width, clientY: box.top + 9,
            pointerId: 1, pointerType: arguments[2], bubbles: true}));""", share, kind, by)


def test_timeline_shows_the_picture_under_the_pointer(page):
    eventually(lambda: element(page, "#timeline").find_elements(By.CSS_SELECTOR, "[role=slider]"))
    move_over(page, 7.8 / 24)
    eventually(lambda: scrubbed(page) and scrubbed(page)[1] == 320)
    words, _, address, top = scrubbed(page)
    assert re.fullmatch(r"7:\d\d:\d\d\sAM (front|yard)", words)
    assert top > element(page, "#timeline").rect["y"]
    move_over(page, 1, by="touch")
    eventually(lambda: scrubbed(page)[2] != address)    # that of the newest
    assert scrubbed(page)[2].endswith(f"/events/{listed(page)[0]}")
    assert scrubbed(page)[3] < element(page, "#timeline").rect["y"]     # not below a finger
    move_over(page, 7.8 / 24)
    move_over(page, 7.8 / 24, "click")
    eventually(lambda: f"/events/{open_event(page)}" == address)
    assert console_errors(page) == []


def test_timeline_is_operated_by_keys(page):
    slider = element(page, "#timeline [role=slider]")
    newest = slider.get_attribute("aria-valuetext")
    slider.send_keys(Keys.ARROW_LEFT)
    assert slider.get_attribute("aria-valuetext") == newest     # the first key only shows it
    slider.send_keys(Keys.ARROW_LEFT)
    assert slider.get_attribute("aria-valuetext") != newest
    slider.send_keys(Keys.HOME)
    assert slider.get_attribute("aria-valuenow") == "1"
    assert slider.get_attribute("aria-valuetext").startswith("12:24:")
    slider.send_keys(Keys.PAGE_UP)
    assert slider.get_attribute("aria-valuenow") == "2"     # more than an hour later
    slider.send_keys(Keys.ENTER)
    eventually(lambda: open_event(page))


def test_event_has_an_address_and_back_closes_it(page, sample_server):
    numbers = listed(page)
    before = page.execute_script("return history.length")
    open_in_list(page, numbers[1])
    press(page, Keys.ARROW_RIGHT)
    eventually(lambda: open_event(page) == numbers[2])
    assert page.current_url == f"{sample_server.url}/events/{numbers[2]}"
    assert page.title != "Events"
    page.back()
    eventually(lambda: not visible(page, "#viewer"))
    assert (page.current_url, page.title) == (f"{sample_server.url}/events", "Events")
    page.forward()
    eventually(lambda: open_event(page) == numbers[2])
    element(page, "#viewer .close").click()
    eventually(lambda: page.current_url == f"{sample_server.url}/events")
    assert page.execute_script("return history.length") == before + 1
    assert listed(page) == numbers      # and not loaded again


def test_whole_day_is_selected_with_events_not_on_the_page(page, sample_server):
    everything = len(page.execute_script(
        "return [...document.querySelectorAll('#list section:first-of-type li')]"))
    page.get(f"{sample_server.url}/events?limit=3")
    element(page, ".choose-day").click()
    eventually(lambda: element(page, "#count").text == f"{everything} selected")
    assert element(page, ".choose-day").get_attribute("aria-pressed") == "true"
    sent = page.execute_script("return new FormData(document.getElementById('list')).getAll('ids')")
    assert len(set(sent)) == len(sent) == everything
    element(page, ".choose-day").click()
    eventually(lambda: not visible(page, "#chosen"))
    assert page.execute_script("return new FormData(document.getElementById('list')).getAll('ids')") == []


def test_all_of_a_day_is_played_one_event_after_the_other(page):
    """Each clip is played at 16 times its speed, to save time."""
    page.execute_script("""
        window.played = new Set();
        document.addEventListener("playing", ({ target }) => {
            target.playbackRate = 16; played.add(target.src.split("/").at(-2)); }, true);""")
    element(page, ".play-day").click()
    eventually(lambda: page.execute_script("return played.size") >= 3)
    assert "play=all" in page.current_url
    assert "day=" in page.current_url
    press(page, Keys.ESCAPE)
    eventually(lambda: page.current_url.endswith("/events"))


def test_event_is_shared_by_a_link_that_needs_no_login(page):
    open_in_list(page, starred(page))
    element(page, "[data-share]").click()
    element(page, "[data-send=link]").click()
    eventually(lambda: "It ends on " in element(page, "#share output").text)
    page.get(element(page, "#share input").get_attribute("value"))
    eventually(lambda: page.execute_script("return document.querySelector('video').readyState") >= 1)
    assert console_errors(page) == []


def test_calendar_leads_to_a_day(page):
    month = text(page, "#calendar b")
    element(page, "#calendar [rel=prev]").click()
    eventually(lambda: text(page, "#calendar b") != month)
    page.refresh()
    days = visible(page, "#calendar td a")
    assert [int(day.text.split()[1]) for day in days] == [7, len(listed(page)) - 7]
    days[0].click()
    eventually(lambda: "day=" in page.current_url)
    assert len(listed(page)) == 7


def test_older_events_are_appended_to_the_list(page, sample_server):
    everything = len(listed(page))
    page.get(f"{sample_server.url}/events?limit={everything - 2}")
    element(page, "#more").click()
    eventually(lambda: len(listed(page)) == everything)
    assert page.find_elements(By.CSS_SELECTOR, "#more") == []
    days = [each.get_attribute("data-day") for each in visible(page, "#list section")]
    assert len(days) == len(set(days))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["laptop", "phone"])
def test_list_fits_any_screen_and_color_scheme(page, kind, scheme):
    resize(page, PHONE if kind == "phone" else LAPTOP, mobile=kind == "phone")
    color_scheme(page, scheme)
    page.refresh()
    width = (PHONE if kind == "phone" else LAPTOP)[0]
    eventually(lambda: page.execute_script(
        "return document.documentElement.scrollWidth") <= width)
    ground = {"light": "rgb(245, 246, 248)", "dark": "rgb(14, 17, 22)"}[scheme]
    eventually(lambda: page.execute_script(
        "return getComputedStyle(document.body).backgroundColor") == ground)
    if (kind, scheme) in (("laptop", "light"), ("phone", "dark")):
        screenshot(page, f"events-{kind}-{scheme}.png")
    assert console_errors(page) == []


def test_event_page_works_without_the_list(page, sample_server):
    number = starred(page)
    page.get(f"{sample_server.url}/events/{number}")
    before = page.current_url
    press(page, Keys.ARROW_RIGHT)
    eventually(lambda: page.current_url != before)
    press(page, Keys.ARROW_LEFT)
    eventually(lambda: page.current_url == before)
    element(page, "#player .tools .star").click()
    eventually(lambda: element(page, "#player .star").get_attribute("aria-pressed") == "false")
    element(page, "#player .tools .star").click()
    eventually(lambda: element(page, "#player .star").get_attribute("aria-pressed") == "true")


def test_event_in_progress_shows_its_still_then_its_clip(page, sample_server):
    number = listed(page)[0]
    page.get(f"{sample_server.url}/events/{number}")
    eventually(lambda: page.execute_script(
        "return document.querySelector('#player figure img').naturalWidth") == 320)
    assert element(page, "#player figcaption a").get_attribute("href").endswith("/camera/front")
    assert visible(page, "#player video") == []
    with recording_finished(sample_server, number):
        eventually(lambda: video(page, "src"))
        assert page.current_url.endswith(f"/events/{number}")
        assert visible(page, "#player figcaption") == []
    assert console_errors(page) == []


@contextlib.contextmanager
def recording_finished(server, number):
    """Complete the clip of event *number*, as the recorder would, for a while."""
    def change(end, before, after):
        with contextlib.closing(sqlite3.connect(server.folder / "events.db")) as db, db:
            db.execute(f'UPDATE events SET "end" = {end} WHERE id = ?', (number,))
            db.execute("UPDATE files SET state = ? WHERE event_id = ? AND state = ? "
                       "AND media = 'clip'", (after, number, before))
    change("begin + 6", OPEN, COMPLETE)
    try:
        yield
    finally:
        change("NULL", COMPLETE, OPEN)


def shows_mode(page, expected):
    words = [element(page, selector).text for selector in ("#armed [aria-pressed=true]", "#armed-words")]
    return re.fullmatch(expected, " ".join(filter(None, words)))


def test_buttons_record_save_a_still_and_arm(page, sample_server):
    page.execute_cdp_cmd("Page.navigate", {"url": sample_server.url + "/camera/front"})
    eventually(lambda: visible(page, "#record"))
    element(page, "#record").click()
    eventually(lambda: re.fullmatch(r"Stop \d+:\d\d", element(page, "#record").text))
    assert b'"recording":true' in urllib.request.urlopen(
        sample_server.url + "/record_status?camera=front", timeout=DEADLINE).read().replace(b" ", b"")
    eventually(lambda: element(page, "#record").text not in ("Stop 0:00", "Record"))
    element(page, "#record").click()
    eventually(lambda: element(page, "#record").text == "Record")
    record_text(page, "#done")
    element(page, "#still").click()
    wait_for_text(page, "Saved.")
    for selector, shown in (
            ("[data-mode=home]", "Home Home: armed."),
            ("[data-minutes='30']", "Off Off until .*, then home: not armed."),
            ("[data-mode=off]", "Off Off: not armed."), ("[data-mode=away]", "Away Away: armed.")):
        element(page, f"#controls {selector}").click()
        eventually(partial(shows_mode, page, shown))
        # after which nothing would hold but off
        eventually(lambda: page.execute_script(
            "return document.activeElement.closest('#controls')"), 10)
        assert element(page, "#pause").is_enabled() == (shown != "Off Off: not armed.")
    assert element(page, "#archive").text == "4.21 GB of 120 GB used · room for about 31 days"


def test_all_viewers_see_that_a_recording_runs(page, sample_server):
    page.execute_cdp_cmd("Page.navigate", {"url": sample_server.url + "/camera/yard"})
    eventually(lambda: visible(page, "#record"))
    for status, words in ((b"true", "Stop"), (b"false", "Record")):
        urllib.request.urlopen(sample_server.url + "/record_status", data=b"status=" + status,
                               timeout=DEADLINE).close()
        eventually(lambda words=words: element(page, "#record").text.startswith(words))
