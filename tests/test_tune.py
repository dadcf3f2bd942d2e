"""HTTP of the tune page: for owners only, wrong values as one sentence, fixed options."""

from dataclasses import replace

import pytest

from conftest import keeping
from protected import BROWSER, OURS, OWNER, VIEWER, ProtectedApp, status_of
from pyimagesearch.motion_detection import MotionDetection
from pyimagesearch.settings.owner_settings import OwnerSettings
from pyimagesearch.settings.settings import Settings
from pyimagesearch.surveillance.tuning import Tuning

ADDRESSES = ["/tune", "/tune/front", "/video_feed?view=mask", "/video_feed/front?view=boxes",
             "/api/cameras/front/settings", "/api/cameras/front/levels"]
SETTINGS, TRIAL = "/api/cameras/front/settings", "/api/cameras/front/trial"
LEVELS = "/api/cameras/front/levels"


class Tunable(ProtectedApp):
    """An app with two cameras that can be tuned; a flag fixes their post-roll."""

    def __init__(self, path, **more):
        super().__init__(path, ("front", "yard"), **more)
        given = Settings(source=("front=demo", "yard=demo"), detector="single",
                         fixed={"post_roll": "--post-roll"})
        for each in given.cameras():
            evidence = keeping(each, self.clock, path / each.name).evidence
            self.feeds[each.name] = replace(self.feeds[each.name], tuning=Tuning(
                MotionDetection(each), evidence, self.clock))
        self.app.extensions["services"] = replace(
            self.app.extensions["services"], owner_settings=OwnerSettings(self.folder, given))


@pytest.fixture
def app(tmp_path):
    return Tunable(tmp_path)


@pytest.fixture
def owner(app):
    client = app.client(OWNER)
    client.environ_base["HTTP_ORIGIN"] = OURS["Origin"]
    return client


@pytest.mark.parametrize("address", ADDRESSES)
def test_only_an_owner_sees_what_the_detector_sees(app, owner, address):
    assert status_of(app.client(), "GET", address) == 401
    assert status_of(app.client(VIEWER), "GET", address) == 403
    assert status_of(owner, "GET", address) == 200
    people = app.client().get(address, headers=BROWSER)
    assert address.startswith("/api/") or people.location.startswith("/login?next=")


@pytest.mark.parametrize("address", ADDRESSES)
def test_open_watching_does_not_include_tuning(tmp_path, address):
    half_open = Tunable(tmp_path, open_to=VIEWER)
    assert status_of(half_open.client(), "GET", address) == 401
    assert status_of(half_open.client(), "GET", "/video_feed") == 200


def test_stream_key_opens_no_view(app, owner):
    key = owner.post("/api/stream_key", json={"path": "/video_feed"}).json["key"]
    assert status_of(app.client(), "GET", f"/video_feed?key={key}") == 200
    assert status_of(app.client(), "GET", f"/video_feed?key={key}&view=mask") == 403


def test_unknown_view_names_those_that_there_are(owner):
    answer = owner.get("/video_feed?view=masks")
    assert (answer.status_code, answer.json["error"]) == (
        400, "view is 'masks', but must be one of boxes, mask, difference, background.")


def test_trial_changes_nothing_in_force_until_applied(owner):
    before = owner.get(SETTINGS).json
    assert owner.put(TRIAL, json={"threshold": 8}).json["trial"]["threshold"] == 8
    assert owner.get(LEVELS).json["trial"]["settings"]["threshold"] == 8
    assert owner.get(SETTINGS).json == before
    assert owner.delete(TRIAL).json == {"trial": None}
    assert owner.get(LEVELS).json["trial"] is None


def test_applied_values_are_in_force_and_end_the_trial(app, owner):
    owner.put(TRIAL, json={"min_area": 3})
    answer = owner.patch(SETTINGS, json={"min_area": 3}).json
    assert (answer["settings"]["min_area"], answer["set"]) == (3.0, {"min_area": 3.0})
    assert owner.get(LEVELS).json["trial"] is None
    assert owner.patch(SETTINGS, json={"min_area": None}).json["set"] == {}


def test_levels_have_the_settings_in_force(owner):
    owner.patch(SETTINGS, json={"min_area": 3})
    assert owner.get(LEVELS).json["settings"] == owner.get(SETTINGS).json["settings"]
    assert owner.get(LEVELS).json["settings"]["min_area"] == 3.0


def test_values_that_cannot_be_saved_end_the_trial_too(app, owner):
    (app.folder.path / "settings.toml").mkdir()
    owner.put(TRIAL, json={"min_area": 3})
    answer = owner.patch(SETTINGS, json={"min_area": 3})
    assert (answer.status_code, answer.json["error"][:37]) == (
        503, "This holds only until the next start,")
    assert owner.get(LEVELS).json["trial"] is None
    assert owner.get(LEVELS).json["settings"]["min_area"] == 3.0


@pytest.mark.parametrize(("values", "status", "sentence"), [
    ({"threshold": 300}, 400, "threshold of camera 'front' is 300, but must be a whole number"),
    ({"min_area": "3"}, 400, "min_area of camera 'front' is '3', but must be a number"),
    ({"width": 3}, 400, "'width' is not a setting that can be changed here."),
    ({"treshold": 3}, 400,
     "'treshold' is not a setting that can be changed here; did you mean threshold?"),
    ({"x" * 9000: 3}, 400, f"'{'x' * 196}... is not a setting that can be changed here."),
    ({"sensitivity": "x" * 9000}, 400,
     f"sensitivity of camera 'front' is '{'x' * 196}..., but must be one of low, normal"),
    ({"zones": []}, 400, "'zones' is not a setting that can be changed here"),
    ({"post_roll": 3}, 409, "post_roll of camera 'front' is fixed by --post-roll; remove")])
def test_wrong_or_fixed_values_are_one_sentence(owner, values, status, sentence):
    for answer in (owner.put(TRIAL, json=values), owner.patch(SETTINGS, json=values)):
        assert answer.status_code == status
        assert answer.json["error"].startswith(sentence)
        assert not answer.json["error"].endswith("?.")


@pytest.mark.parametrize("after", ["yesterday", "nan", "inf"])
def test_levels_refuse_what_is_no_time(owner, after):
    answer = owner.get(f"{LEVELS}?after={after}")
    assert (answer.status_code, answer.json["error"]) == (
        400, f"after is '{after}', but must be a number of seconds since the epoch.")


def test_unknown_camera_is_404(owner):
    for method, address in (("get", "/tune/x"), ("get", "/api/cameras/x/settings"),
                            ("put", "/api/cameras/x/trial"), ("patch", "/api/cameras/x/settings")):
        answer = owner.open(address, method=method.upper(), json={})
        assert answer.status_code == 404
        assert "There is no camera 'x'" in answer.json["error"]


def test_page_offers_the_cameras_and_says_what_is_fixed(owner):
    page = owner.get("/tune/yard").text
    assert 'href="/tune/front"' in page
    assert "Fixed by <code>--post-roll</code>" in page
    assert 'id="threshold"' in page
    assert 'id="sensitivity"' not in page       # which is for the adaptive detector


def test_pages_link_to_it_for_owners_only(app, owner):
    assert "/tune" in owner.get("/camera/front").text
    assert "/tune" not in app.client(VIEWER).get("/camera/front").text
