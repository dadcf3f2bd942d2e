"""The page of alerts, in headless Chromium."""

import threading
from dataclasses import replace

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from werkzeug.serving import make_server

import test_live_page
from chromium import blocked
from harness import eventually
from protected import OWNER, VIEWER, ProtectedApp
from test_alerts_api import BROKEN, CLOSED, FRESH, WORKS, with_alerts
from test_live_page import PHONE, color_scheme, console_errors, resize, screenshot, text

page = test_live_page.page      # a fixture
HOURS = "Mon-Fri 22:00-06:00; Sat,Sun"


class AlertsPage:
    """The page, and the server behind it."""

    def __init__(self, browser, protected, url):
        self.browser, self.protected, self.url = browser, protected, url
        self.channels = protected.channels

    def open(self, role=OWNER):
        token = self.protected.secrets.tokens[role]
        self.browser.get(f"{self.url}/login?token={token}&next=/alerts")
        self.browser.get(f"{self.url}/alerts")
        return self

    def find(self, selector):
        return self.browser.find_element("css selector", selector)

    def see(self, selector, words):
        eventually(lambda: words in text(self.browser, selector))

    def open_camera(self):
        self.find("details summary").click()
        return self

    def tick(self, kind):
        self.find(f"[name=alert_kinds][value='{kind}']").click()

    def set(self):
        """Return what the owner set of the first camera."""
        return self.protected.owner_settings.chosen("front")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    protected = ProtectedApp(tmp_path_factory.mktemp("config"), ("front", "yard"))
    with_alerts(protected, WORKS, BROKEN, CLOSED, FRESH)
    services = protected.app.extensions["services"]
    protected.app.extensions["services"] = replace(services, hosts=frozenset({"127.0.0.1"}))
    server = make_server("127.0.0.1", 0, protected.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield protected, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def alerts(served, page):
    protected, url = served
    alerts = AlertsPage(page, protected, url)
    alerts.channels.list = WORKS, BROKEN, CLOSED, FRESH
    for name in alerts.set():
        protected.owner_settings.change("front", {name: None})
    page.get_log("browser")
    return alerts.open()


def test_test_says_per_channel_what_happened(alerts, page):
    resize(page, PHONE, mobile=True)
    alerts.find("#test").click()
    alerts.see("#test-message", "2 of 4 failed.")
    alerts.see("[data-state=good] .outcome", "The test alert was delivered. If the phone stays silent, "
               "compare its topic with that in the settings.")
    alerts.see("[data-state=bad] .outcome", "The test failed: nas.lan refuses connections.")
    color_scheme(page, "light")
    screenshot(page, "alerts-phone.png")
    assert page.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
    assert console_errors(page) == []


def test_what_raises_alerts_is_changed_with_a_few_taps(alerts, page):
    alerts.open_camera().tick("light")
    alerts.tick("motion")
    eventually(lambda: alerts.set() == {
        "alert_kinds": "moved,covered,out of focus,lost,unsteady,light,disk,login refused"})
    alerts.see(".message", "Saved.")
    eventually(lambda: page.execute_script(
        "return document.querySelector('[value=person]').closest('fieldset').hidden"))
    Select(alerts.find("[name=when]")).select_by_value("daily")
    alerts.see("summary .words", "camera moved and 5 more, every day from 22:00 to 06:00")
    page.execute_script("""const field = document.querySelector("[name=from]"); field.value = "";
        field.dispatchEvent(new Event("change", { bubbles: true }));""")
    assert text(page, ".message") == "Both times are needed."
    Select(alerts.find("[name=when]")).select_by_value("own")
    field = alerts.find("[name=hours]")
    field.send_keys(Keys.CONTROL, "a", Keys.NULL, "Someday", Keys.TAB)
    alerts.see(".message", "'someday' is no weekday (Mon, Tue, Wed, Thu, Fri, Sat, Sun)")
    resize(page, PHONE, mobile=True)
    field.send_keys(Keys.CONTROL, "a", Keys.NULL, "x" * 99, Keys.TAB)
    alerts.see(".message", "xxx' is no weekday")
    assert page.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
    field.send_keys(Keys.CONTROL, "a", Keys.NULL, HOURS, Keys.TAB)
    alerts.see("summary .words", HOURS)
    color_scheme(page, "dark")
    resize(page, (1280, 900))
    screenshot(page, "alerts-laptop.png")
    alerts.find("[name=alerts]").click()
    alerts.see("summary .words", "no alerts")
    assert not alerts.find(".rules").is_displayed()
    assert page.execute_script("return document.activeElement.name") == "alerts"
    alerts.find("[name=reset]").click()
    alerts.see("summary .words", "motion and 5 more, at any time")
    assert alerts.set() == {}
    assert alerts.find("[value=motion]").is_selected()
    assert page.execute_script("return document.activeElement.tagName") == "SUMMARY"


def test_motion_can_be_confined_to_certain_objects(alerts):
    alerts.open_camera()
    for name in ("person", "animal"):
        alerts.find(f"[value={name}]").click()
    alerts.see("summary .words", "motion (animal, person) and 5 more, at any time")
    assert alerts.set() == {"alert_only": "person,animal"}
    for name in ("person", "animal"):
        alerts.find(f"[value={name}]").click()
    alerts.see("summary .words", "motion and 5 more, at any time")
    assert alerts.set() == {"alert_only": "any"}


def test_page_follows_channels_and_shows_what_is_not_saved(alerts, page):
    alerts.channels.list = (replace(BROKEN, trouble=""), FRESH)
    page.execute_script("document.dispatchEvent(new Event('channels'))")
    eventually(lambda: len(page.find_elements("css selector", "[data-channel]")) == 2)
    alerts.open_camera()
    with blocked(page, "*/api/cameras/*"):
        alerts.tick("motion")
        alerts.see(".message", "The server does not respond.")
    eventually(lambda: alerts.find("[value=motion]").is_selected())     # as on the server
    assert alerts.set() == {}


def test_viewer_sees_channels_but_no_controls(alerts, page):
    page.delete_all_cookies()
    alerts.open(VIEWER)
    assert "Works." in text(page, "#channels")
    assert page.find_elements("css selector", "#test, .camera") == []
    assert console_errors(page) == []
