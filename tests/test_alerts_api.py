"""Alerts over HTTP: their channels for all, tests and changes for an owner only."""

import datetime
import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest

from harness import InBackground
from protected import BROWSER, OURS, OWNER, VIEWER, ProtectedApp
from pyimagesearch.events.event_counts import EventCounts
from pyimagesearch.notifications import channel
from pyimagesearch.notifications.channel import ChannelStatus
from pyimagesearch.settings.camera_settings import ALERT_KINDS, DEFAULT_ALERT_KINDS
from pyimagesearch.settings.owner_settings import OwnerSettings
from pyimagesearch.settings.settings import Settings
from pyimagesearch.settings.zone import Zone
from pyimagesearch.status import MODE_AWAY, MODE_HOME, MODE_OFF, CameraArmed, ModeStatus
from pyimagesearch.web.alerts import KIND_QUESTIONS, moment

NOON = datetime.datetime.now().replace(hour=12, minute=3).timestamp()
WORKS = ChannelStatus(name="ntfy ntfy.sh", delivered=3, last_success=NOON)
BROKEN = ChannelStatus(name="webhook nas.lan", failed=2, trouble="nas.lan refuses connections",
                       next_try=NOON)
CLOSED = ChannelStatus(name="web push: Firefox on Android", closed=True, last_success=NOON,
                       trouble="the receiver wants no more alerts (status 410)")
FRESH = ChannelStatus(name="mail")
SETTINGS = "/api/cameras/front/alerts"


class Channels:
    """Alerts whose channels are in a given state, and whose test a test can hold."""

    def __init__(self, *statuses):
        self.list, self.tests, self.free = statuses, 0, threading.Event()
        self.hints, self.why_off = (), ""
        self.free.set()
        self.begun = threading.Event()

    def statuses(self):
        return [*self.list]

    @property
    def objects_off(self):
        return self.why_off

    def advice(self):
        return [*self.hints]

    def test(self):
        self.tests += 1
        self.begun.set()
        assert self.free.wait(60)
        return [channel.TestOutcome(each.name, "it wants no more alerts" if each.closed
                                    else each.trouble) for each in self.list]


def with_alerts(protected, *statuses, **given):
    """Give the app of *protected* alerts by channels in these *statuses*."""
    protected.channels = Channels(*statuses)
    protected.owner_settings = OwnerSettings(
        protected.folder, Settings(source=tuple(f"{name}=demo" for name in protected.feeds), **given))
    protected.app.extensions["services"] = replace(
        protected.app.extensions["services"], alerts=protected.channels,
        owner_settings=protected.owner_settings)
    return protected


@pytest.fixture
def protected(tmp_path):
    protected = ProtectedApp(tmp_path, ("front", "yard"))
    return with_alerts(protected, WORKS, BROKEN, CLOSED, FRESH)


@pytest.fixture
def owner(protected):
    return protected.client(OWNER)


def page(client):
    answer = client.get("/alerts", headers=BROWSER)
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def test_channels_are_listed_with_their_state(protected, owner):
    listed = owner.get("/api/alerts").json
    assert set(listed) == {"time", "channels"}
    assert listed["channels"][1] == {
        "name": "webhook nas.lan", "delivered": 0, "failed": 2, "last_success": None,
        "trouble": "nas.lan refuses connections", "next_try": NOON,
        "paused_until": None, "closed": False}
    protected.channels.list += (replace(WORKS, paused_until=NOON),)
    protected.channels.hints = ("links in alerts lead nowhere",)
    shown = page(owner)
    assert 'class="notice">Links in alerts lead nowhere.<' in shown
    assert "lead nowhere" not in page(protected.client(VIEWER))
    assert 'data-state="paused"' in shown
    for sentence in (
            "The limit of alerts in an hour is reached: only urgent ones until 12:03. Last alert at",
            "Works. Last alert at 12:03.", "Ready. No alert has been sent yet.",
            "Does not work: nas.lan refuses connections. Next try at 12:03.",
            "Switched off: the receiver wants no more alerts (status 410). Last alert at 12:03. "
            "A test that reaches it switches it on again."):
        assert sentence in shown


def test_outcome_of_a_test_is_returned_per_channel(protected, owner):
    answer = owner.post("/api/alerts/test", headers=OURS)
    assert answer.json["channels"][:2] == [
        {"name": "ntfy ntfy.sh", "trouble": "", "hint": "if the phone stays silent, compare its topic "
         "with that in the settings"},
        {"name": "webhook nas.lan", "trouble": "nas.lan refuses connections", "hint": ""}]


def test_second_test_is_refused_while_one_runs(protected, owner):
    channels, headers = protected.channels, protected.bearer(OWNER)
    channels.free.clear()
    first = InBackground(lambda: protected.client().post("/api/alerts/test", headers=headers))
    assert channels.begun.wait(60)
    refused = owner.post("/api/alerts/test", headers=OURS)
    assert (refused.status_code, refused.json) == (
        409, {"error": "A test is running; wait for its outcome."})
    channels.free.set()
    assert first.result().status_code == 200
    assert owner.post("/api/alerts/test", headers=OURS).status_code == 200
    assert channels.tests == 2


def test_only_an_owner_tests_and_changes_alerts(protected):
    viewer, unknown = protected.client(VIEWER), protected.client()
    assert unknown.get("/api/alerts").status_code == 401
    assert unknown.get("/alerts", headers=BROWSER).status_code == 303
    assert viewer.get("/api/alerts").json["channels"][0]["name"] == WORKS.name
    shown = page(viewer)
    assert "Works." in shown
    assert not {"Send a test", "What raises an alert", "data-test-url"} & set(shown.split("<"))
    assert 'id="test"' not in shown
    assert "alert_kinds" not in shown
    assert viewer.post("/api/alerts/test", headers=OURS).status_code == 403
    assert viewer.get(SETTINGS).status_code == 403
    assert viewer.patch(SETTINGS, json={"alerts": False}, headers=OURS).status_code == 403
    assert protected.client(OWNER).post("/api/alerts/test").status_code == 403      # no Origin
    assert protected.channels.tests == 0


def test_settings_of_a_camera_are_changed_and_reset(protected, owner):
    before = {"alerts": True, "alert_kinds": ",".join(DEFAULT_ALERT_KINDS), "alert_only": "any",
              "alert_hours": None}
    assert owner.get(SETTINGS).json == {"settings": before, "set": {}, "fixed": {}}
    change = {"alert_kinds": "motion,lost", "alert_hours": "22:00-06:00"}
    answer = owner.patch(SETTINGS, json=change, headers=OURS)
    assert answer.json == {"settings": before | change, "set": change, "fixed": {}}
    assert protected.owner_settings.current("front").alert_hours == "22:00-06:00"
    assert protected.owner_settings.current("yard").alert_hours is None
    shown = page(owner)
    assert "motion and 1 more, every day from 22:00 to 06:00" in shown
    assert 'name="reset"' in shown
    reset = owner.patch(SETTINGS, json=dict.fromkeys(change), headers=OURS)
    assert reset.json["settings"] == before


@pytest.mark.parametrize(("change", "sentence"), [
    ({"alert_kinds": "moton"}, "alert_kinds of camera 'front' is 'moton', but must be one or several"),
    ({"alerts": "perhaps"}, "alerts of camera 'front' is 'perhaps', but must be true or false."),
    ({"post_roll": 3}, "'post_roll' is not a setting that can be changed here.")])
def test_wrong_settings_are_refused_with_a_sentence(owner, change, sentence):
    answer = owner.patch(SETTINGS, json=change, headers=OURS)
    assert answer.status_code == 400
    assert answer.json["error"].startswith(sentence)


def test_fixed_settings_say_what_fixes_them(tmp_path):
    protected = with_alerts(ProtectedApp(tmp_path), FRESH, fixed={"alert_hours": "--alert-hours"})
    owner = protected.client(OWNER)
    answer = owner.patch("/api/cameras/camera/alerts", json={"alert_hours": "Sun"}, headers=OURS)
    assert answer.status_code == 409
    assert "At which times: fixed by <code>--alert-hours</code>" in page(owner)


def test_page_says_how_to_begin_and_links_lead_there(protected, tmp_path):
    empty = with_alerts(ProtectedApp(tmp_path / "empty"))
    assert "Alerts are not sent anywhere yet. An owner can set that up." in page(empty.client(VIEWER))
    assert 'ntfy = "https://ntfy.sh/' in page(empty.client(OWNER))
    for path in ("/", "/camera/front"):
        assert 'href="/alerts"' in protected.client(VIEWER).get(path, headers=BROWSER).text
    silent = ProtectedApp(tmp_path / "silent").client(OWNER)
    assert 'href="/alerts"' not in silent.get("/", headers=BROWSER).text
    assert silent.get("/api/alerts").json == {"error": "This server sends no alerts."}


def test_page_says_which_cameras_are_not_armed(protected, owner):
    def said(mode, *, armed, reason):
        services, state = protected.app.extensions["services"], CameraArmed(armed, reason, None)
        protected.app.extensions["services"] = replace(services, arming=SimpleNamespace(
            mode=mode, camera=lambda name: state))
        shown = page(owner)
        return (shown.partition('class="notice">')[2].partition("<")[0],
                shown.partition('id="summary-front" data-fresh>')[2].partition("<")[0])
    protected.owner_settings.change("front", {"alert_only": "person,vehicle"})
    protected.channels.why_off = "switched off by --objects off"
    assert "No objects are recognised (switched off by --objects off), so no motion" in page(owner)
    usual = "camera moved and 4 more, at any time"
    assert said(ModeStatus(MODE_AWAY, None, ""), armed=True, reason="mode away") == ("", usual)
    assert said(ModeStatus(MODE_HOME, None, ""), armed=False, reason="only in mode away") == (
        "", f"{usual}; not armed: only in mode away")
    assert said(ModeStatus(MODE_OFF, None, ""), armed=False, reason="mode off") == (
        "Mode off: no camera is armed, so only a lost picture raises an alert.", usual)


def test_page_offers_the_objects_that_may_be_recognised(protected, owner):
    shown = page(owner)
    assert [name in shown for name in ("> a person<", "> a vehicle<", "> an animal<")] == [True] * 3
    protected.owner_settings.change("front", {"alert_only": "Dog,person"})
    shown = page(owner)
    assert 'value="dog" checked> dog<' in shown
    assert "motion (dog, person) and 5 more, at any time" in shown
    protected.owner_settings.change("front", {"alert_only": "any"})
    protected.channels.why_off = "switched off"
    assert "Motion only with" not in page(owner)


def test_page_marks_words_that_are_never_recognised(protected, owner):
    protected.owner_settings.change("front", {"alert_only": "dog,unicorn"})
    assert 'checked> unicorn <span class="bad">(is never recognised)</span></label>' in page(owner)
    assert 'checked> dog</label>' in page(owner)


def test_page_offers_the_labels_of_an_own_detector(tmp_path):
    protected = with_alerts(ProtectedApp(tmp_path, ("front",)), WORKS, detector="own:Own", alert_only="blue")
    protected.channels.why_off = "switched off"
    counts = EventCounts()
    for number, label in enumerate(("Red", "up, down")):
        counts.recognise("front", label, number)
    protected.app.extensions["services"] = replace(
        protected.app.extensions["services"],
        archive=SimpleNamespace(store=SimpleNamespace(counts=counts), status=lambda: None))
    shown = page(protected.client(OWNER))
    assert 'value="blue" checked> blue</label>' in shown
    assert 'value="red"> red</label>' in shown
    assert "down" not in shown.partition("Motion only with")[2].partition("</fieldset>")[0]
    assert "No model recognises objects (switched off): only what the camera’s own detector" in shown


def test_page_says_that_no_zone_raises_alerts(protected, owner):
    def said(*alerts, kinds="motion,lost"):
        protected.owner_settings.change("front", {"alert_kinds": kinds, "zones": [
            Zone(f"zone {number}", "0,0 500,0 500,500", alerts=each)
            for number, each in enumerate(alerts)]})
        return page(owner).partition('id="summary-front" data-fresh>')[2].partition("<")[0]
    assert said(False) == "signal lost, at any time; not motion, as no zone raises alerts"
    assert said(False, kinds="motion") == "no alerts; not motion, as no zone raises alerts"
    assert said(False, True) == "motion and 1 more, at any time"


def test_every_kind_is_offered_in_words():
    assert set(KIND_QUESTIONS) == set(ALERT_KINDS)


def test_times_are_words_with_the_day_if_needed():
    assert moment(NOON) == "at 12:03"
    assert moment(NOON - 86400) == "yesterday at 12:03"
    assert moment(NOON + 86400) == "tomorrow at 12:03"
    assert moment(datetime.datetime(2026, 3, 1, 8, 5).timestamp()) == "on 1 March at 08:05"
