"""A server with every page of the program, and the states that each page can be in."""

import contextlib
import json
import time
import urllib.parse
from typing import NamedTuple

from chromium import go
from harness import eventually
from protected import PASSWORD, ProtectedServer
from sample_archive import SampleArchive, fill

SETTINGS = """
ntfy = "http://127.0.0.1:9/a-name-that-is-hard-to-guess"
place = "52.52,13.40"

[cameras.front]
source = "demo:{size}"

[cameras.yard]
source = "demo:{size}"
"""

IS_SHOWN = """return document.readyState !== "loading" && location.protocol !== "about:"
    && document.querySelector(arguments[0]) !== null;"""


class State(NamedTuple):
    """One state of a page; once it is *ready* (CSS), *script* leads to it."""

    name: str
    template: str
    path: str
    role: str = "owner"
    script: str = ""
    shown: str = "main"     # what is there once the state is reached (CSS)
    ready: str = "main"


STATES = (
    State("login", "login.html", "/login", "", shown="[type=password]"),
    State("login-wrong", "login.html", "/login?wrong=link", "", shown="[role=alert]"),
    State("live", "grid.html", "/"),
    State("live-viewer", "grid.html", "/", "viewer"),
    State("camera", "index.html", "/camera/front"),
    State("camera-viewer", "index.html", "/camera/front", "viewer"),
    State("events", "events.html", "/events"),
    State("events-viewer", "events.html", "/events", "viewer"),
    State("events-none", "events.html", "/events?day=2020-01-01"),
    State("event", "event.html", "/events/{event}"),
    State("event-viewer", "event.html", "/events/{event}", "viewer"),
    State("event-shared", "shared.html", "{shared}", ""),
    State("alerts", "alerts.html", "/alerts", script="document.querySelector('details').open = true;"),
    State("alerts-viewer", "alerts.html", "/alerts", "viewer"),
    State("schedule", "schedule.html", "/schedule"),
    State("schedule-viewer", "schedule.html", "/schedule", "viewer"),
    State("schedule-error", "schedule.html", "/schedule", script="""
        const field = document.querySelector("[name=armed_hours]");
        field.value = "Someday"; field.form.requestSubmit();""", shown=".wrong"),
    State("zones", "zones.html", "/camera/front/zones", shown="#zones:not([hidden])"),
    State("zones-drawn", "zones.html", "/camera/front/zones", script="""
        document.getElementById("draw").click();""", shown="#close-zone:not([hidden])",
          ready="#zones:not([hidden])"),
    State("tune", "tune.html", "/tune/front", shown="#sensitivity:not([disabled])"),
    State("account", "sessions.html", "/sessions"),
    State("account-viewer", "sessions.html", "/sessions", "viewer"),
    State("device-key", "device_key.html", "/sessions", script="""
        const field = document.querySelector("#device-keys [name=name]");
        field.value = "tv"; field.form.requestSubmit();""", shown="dl code"),
    State("settings", "settings/index.html", "/settings"),
    State("settings-camera", "settings/camera.html", "/settings/cameras/front", script="""
        for (const each of document.querySelectorAll("details")) each.open = true;"""),
    State("settings-recording", "settings/subject.html", "/settings/of/recording"),
    State("settings-alerts", "settings/subject.html", "/settings/of/alerts"),
    State("settings-server", "settings/subject.html", "/settings/of/server"),
    State("settings-objects", "settings/subject.html", "/settings/of/objects"),
    State("settings-people", "settings/people.html", "/settings/people"),
    State("settings-invitation", "settings/people.html", "/settings/people", script="""
        const field = document.getElementById("name");
        field.value = "Anna"; field.form.requestSubmit();""", shown=".qr"),
    State("settings-about", "settings/about.html", "/settings/about"),
    State("settings-add", "settings/add.html", "/settings/add"),
    State("settings-added", "settings/welcome.html", "/settings/welcome/front"),
    State("error", "error.html", "/nothing"),
    State("forbidden", "error.html", "/settings", "viewer"),
)


class Household(ProtectedServer):
    """Two cameras with the events of two days, one of which is shared by a link."""

    def __init__(self, folder, size="320x240@10"):
        settings = folder / "settings.toml"
        settings.touch(mode=0o600)
        settings.write_text(SETTINGS.format(size=size))
        with contextlib.closing(SampleArchive(folder)) as archive:
            fill(archive, time.time() - 600)
        super().__init__("--ip", "0.0.0.0", source=("--config", settings),
                         env={"SURVEILLANCE_DATA": str(folder)})
        cookie = self.log_in()
        for role in ("viewer", "owner"):     # which ends the session
            self.request("/settings/password", "POST", f"role={role}&password={PASSWORD}".encode(),
                         Cookie=cookie, Origin=self.url)
        self.event = eventually(self.starred_event)
        shared = self.as_owner(f"/api/events/{self.event}/share", b'{"hours": 24}')
        self.shared = urllib.parse.urlsplit(shared["url"])._replace(scheme="", netloc="").geturl()

    def starred_event(self):
        found = self.as_owner("/api/events?starred=true").get("events")
        return found and found[0]["id"]

    def as_owner(self, path, data=None):
        headers = {"Authorization": f"Bearer {self.token()}"}
        if data:
            headers["Content-Type"] = "application/json"
        return json.loads(self.request(path, "POST" if data else "GET", data, **headers)[2])

    def show(self, browser, state):
        """Bring *browser*, which has the login of the state's role, to *state*."""
        browser.get("about:blank")
        go(browser, self.url + state.path.format(event=self.event, shared=self.shared))
        wait(browser, state, state.ready)
        if state.script:
            browser.execute_script(state.script)
        wait(browser, state, state.shown)
        is_error = browser.execute_script("return document.body.matches('.error')")
        assert is_error == (state.template == "error.html"), (state, browser.current_url)

    def log_in_browser(self, browser, role):
        """Log *browser* in as *role*, or out."""
        browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
        if role:
            browser.get("about:blank")
            go(browser, f"{self.url}/login?token={self.token(role)}")
            wait(browser, role, ".places")


def wait(browser, state, selector):
    """Wait until the page is loaded but for its streams, and *selector* is there."""
    try:
        eventually(lambda: browser.execute_script(IS_SHOWN, selector), 20)
    except AssertionError:
        raise AssertionError(f"{state}: no {selector}: {browser.current_url}") from None
