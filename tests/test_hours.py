"""The page and the API of when each camera is armed."""

import datetime
import html
import re
import time
from dataclasses import replace

import pytest

from harness import eventually
from pyimagesearch.settings import Settings
from pyimagesearch.settings.owner_settings import OwnerSettings
from pyimagesearch.web.hours import sun_words
from sample_archive import FakeCamera, client_of
from test_live_page import PHONE, console_errors, go, resize, text

BERLIN, TROMSO = "52.52,13.40", "69.65,18.96"


@pytest.fixture
def site(sample, broadcaster, config_folder):
    """Return a client of two cameras with hours of these *settings*."""
    def site(**settings):
        given = Settings(**{"source": ("front=demo", "yard=demo"), "place": BERLIN, **settings})
        owner_settings = OwnerSettings(config_folder, given)
        cameras = [FakeCamera(each.name, sample, broadcaster) for each in given.cameras()]
        client = client_of(*cameras, archive=sample, owner_settings=owner_settings)
        for each in given.cameras():
            owner_settings.attach(each.name, sample.arming)
            sample.arming.apply(each)
        return client
    return site


def shown(client):
    return html.unescape(client.get("/schedule").text)


def test_hours_entered_on_the_page_count_at_once(site, sample):
    client = site()
    answer = client.post("/schedule/yard", data={"armed_hours": " sunset - sunrise ", "armed_home": "true"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/schedule#camera-yard")
    assert client.get("/api/cameras/yard/hours").json == {
        "settings": {"armed_hours": "sunset - sunrise", "armed_home": True},
        "set": {"armed_hours": "sunset - sunrise"}, "fixed": {}}
    assert 'value="sunset - sunrise"' in shown(client)
    armed = client.get("/api/armed").json["cameras"]
    assert armed["yard"]["reason"] in ("outside its hours", "mode away, within its hours")
    assert 0 < armed["yard"]["until"] - time.time() < 86_400
    assert armed["front"] == {"armed": True, "reason": "mode away", "until": None, "words": "Away: armed."}
    client.post("/schedule/yard", data={"armed_hours": ""})
    assert client.get("/api/cameras/yard/hours").json["settings"] == {
        "armed_hours": None, "armed_home": False}


def test_what_the_file_says_is_not_set_by_the_page(site):
    client = site(armed_hours="22:00-06:00")
    client.post("/schedule/front", data={"armed_hours": "22:00-06:00", "armed_home": "true"})
    assert client.get("/api/cameras/front/hours").json["set"] == {}
    client.post("/schedule/front", data={"armed_hours": "always", "armed_home": "true"})
    assert client.get("/api/cameras/front/hours").json["set"] == {"armed_hours": "always"}


def test_wrong_hours_stay_in_the_form_with_the_reason(site):
    client = site(place=None)
    for hours, reason in (("Mon-Fry <b>", ">'mon-fry' is no weekday (Mon, Tue, Wed, Thu, "),
                          ("Mon-Fry <b>", "did you mean friday? Write for example 22:00-06:00, or"),
                          ("sunset-sunrise", ">Sunrise and sunset need the place of the cameras, "),
                          ("Sun;" * 126, ">Days and hours has 504 characters, but must have at most")):
        answer = client.post("/schedule/front", data={"armed_hours": hours, "armed_home": "true"})
        assert (answer.status_code, reason in html.unescape(answer.text)) == (400, True)
        assert f'value="{html.escape(hours)}"' in answer.text
    assert "<code>sunset-sunrise</code>" not in answer.text
    assert client.get("/api/cameras/front/hours").json["set"] == {}
    assert client.post("/schedule/attic", data={}).status_code == 404


def test_fixed_hours_cannot_be_changed(site):
    client = site(armed_hours="22:00-06:00", fixed={"armed_hours": "--armed-hours"})
    assert "set by <code>--armed-hours</code>" in shown(client)
    client.post("/schedule/front", data={"armed_hours": "always"})
    assert client.get("/api/cameras/front/hours").json["settings"] == {
        "armed_hours": "22:00-06:00", "armed_home": False}
    answer = client.patch("/api/cameras/front/hours", json={"armed_hours": "always"})
    assert answer.status_code == 409


def test_page_says_what_is_in_force_and_until_when(site, sample):
    client = site()
    sample.arming.set_mode("off", time.time() + 1800)
    assert re.search(r"Now the mode is off until .*\d\d:\d\d, then away; change it", shown(client))
    assert re.search(r"Not armed until .*\d\d:\d\d: mode off\.", shown(client))


@pytest.mark.parametrize(("place", "words"), [
    (None, ""), (BERLIN, r"Today the sun rises at 0\d:\d\d and sets at \d\d:\d\d."),
    (TROMSO, r"Today the sun .*|The sun does not (rise|set) today.")])
def test_page_shows_the_sun(place, words):
    assert re.fullmatch(words, sun_words(place))


def test_server_without_arming_has_no_schedule(protected):
    assert protected.client().get("/schedule", headers=protected.bearer("owner")).status_code == 404


def test_viewer_sees_the_hours_and_cannot_change_them(two_cameras, sample):
    app, services = two_cameras.app, two_cameras.app.extensions["services"]
    owner_settings = OwnerSettings(two_cameras.folder, Settings(source=("front=demo", "yard=demo")))
    sample.watch("front", "yard")
    app.extensions["services"] = replace(services, archive=sample, arming=sample.arming,
                                         owner_settings=owner_settings)
    client, viewer = two_cameras.client(), two_cameras.bearer("viewer")
    shown = client.get("/schedule", headers=viewer).text
    assert "Armed: mode away." in shown
    assert "<button" not in shown
    assert 'aria-labelledby="name-front"' in shown
    assert '<h2 id="name-front">front</h2>' in shown
    assert shown.count("<input") == shown.count("disabled") == 4
    assert client.post("/schedule/front", headers=viewer).status_code == 403
    assert client.get("/api/cameras/front/hours", headers=viewer).status_code == 403
    assert client.get("/api/armed", headers=viewer).json["mode"] == "away"


def test_owner_sets_the_hours_on_a_phone(start, browser):
    program = start("--source", "front=demo:320x240@5", "--source", "yard=demo:320x240@5",
                    "--place", BERLIN)
    later = f"{datetime.date.today() + datetime.timedelta(2):%a}"
    browser.get("about:blank")
    resize(browser, PHONE)
    go(browser, f"{program.url}/schedule")
    field = browser.find_element("css selector", "#camera-yard [name=armed_hours]")
    field.send_keys(f"{later} 22:00-06:00; {later}")
    field.submit()
    eventually(lambda: "outside its hours" in text(browser, "#camera-yard"))
    assert browser.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
    go(browser, program.url)
    eventually(lambda: text(browser, "#armed-words").startswith(
        "Away: 1 of 2 cameras is armed. yard: not armed until "))
    assert browser.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
    browser.execute_script("document.getElementById('pause').scrollIntoView({block: 'center'})")
    browser.find_element("css selector", "#pause").click()
    eventually(lambda: ", then away: no camera is armed. yard: not armed until " in text(
        browser, "#armed-words"))
    browser.find_element("css selector", "#controls a.row").click()
    eventually(lambda: "the mode is off until" in text(browser, "#schedule"))
    assert console_errors(browser) == []
    browser.get("about:blank")
