"""Zones over HTTP: read and changed by an owner only, in force at once, and kept."""

import json
from dataclasses import replace

import pytest

from harness import eventually
from protected import BROWSER, OURS, OWNER, VIEWER, ProtectedApp, basic
from pyimagesearch.settings.owner_settings import OwnerSettings
from pyimagesearch.settings.settings import Settings
from pyimagesearch.settings.zone import Zone

POLYGON, LAMP, CLOCK = "0,500 1000,500 1000,999", "10,10 20,10 20,20", "900,0 999,0 999,50"
IN_FILE = Zone("gate", "0,0 9,0 9,9", sensitivity="low")
DRIVE = {"name": "drive", "polygon": POLYGON}
TREE = {"name": "tree", "polygon": POLYGON, "counts": False}
FULL = {"counts": True, "min_area": None, "sensitivity": None, "alerts": True}


@pytest.fixture
def protected(tmp_path):
    """An app with a camera front, which has a zone in the settings file, and a yard."""
    protected = ProtectedApp(tmp_path, ("front", "yard"))
    settings = Settings(source=("front=demo", "yard=demo"), tables={"front": {"zones": (IN_FILE,)}})
    protected.feeds["front"] = replace(
        protected.feeds["front"], automatic_zones=lambda: (LAMP, CLOCK))
    protected.owner_settings = OwnerSettings(protected.folder, settings)
    protected.app.extensions["services"] = replace(
        protected.app.extensions["services"], feeds=protected.feeds,
        owner_settings=protected.owner_settings)
    return protected


def url(camera):
    return f"/api/cameras/{camera}/zones"


@pytest.fixture
def put(protected):
    client = protected.client()

    def put(camera, body):
        return client.put(url(camera), json=body, headers=protected.bearer(OWNER))
    return put


def test_zones_are_read_drawn_and_reset(protected, put):
    def get():
        return protected.client().get(url("front"), headers=protected.bearer(OWNER)).json
    ignored = [{"polygon": each, "counts": False} for each in (LAMP, CLOCK)]
    before = {"zones": [{"name": "gate", "polygon": "0,0 9,0 9,9", "counts": True,
                         "min_area": None, "sensitivity": "low", "alerts": True}],
              "drawn": False, "automatic": ignored}
    assert get() == before
    answer = put("front", {"zones": [DRIVE | {"min_area": 5}, TREE]})
    assert answer.json == get() == {
        "zones": [FULL | DRIVE | {"min_area": 5.0}, FULL | TREE], "drawn": True, "automatic": ignored}
    assert put("front", {"zones": []}).json["zones"] == []
    assert put("front", {"zones": None}).json == before
    assert protected.owner_settings.current("yard").zones == ()


def test_blinking_region_counts_until_that_is_taken_back(protected, put):
    answer = put("front", {"counted": [CLOCK]})
    assert not answer.json["drawn"]
    assert answer.json["automatic"] == [
        {"polygon": LAMP, "counts": False}, {"polygon": CLOCK, "counts": True}]
    assert protected.owner_settings.current("front").count_blinking == CLOCK
    assert put("front", {"zones": []}).json["automatic"] == answer.json["automatic"]
    assert put("front", {"zones": [], "counted": []}).json["automatic"][1] == {
        "polygon": CLOCK, "counts": False}


@pytest.mark.parametrize(("body", "sentence"), [
    ({}, "zones and counted are missing; one of them is needed"),
    ({"zones": "x"}, "zones of camera 'yard' must be a list of up to 32 zones, each with name and "
                     "polygon."),
    ({"zones": [DRIVE | {"min_area": 1001}]}, "zones of camera 'yard': min_area of zone 1 is 1001.0, "
                                              "but must be a number from 0 to 1000."),
    ({"zones": [DRIVE, DRIVE]}, "zones of camera 'yard': two zones are named 'drive', but each needs "
                                "its own name."),
    ({"zones": [], "counted": ["0,0"]}, "counted is ['0,0'], but must be a list of up to 32 polygons")])
def test_wrong_zones_are_refused_with_a_sentence(protected, put, body, sentence):
    answer = put("yard", body)
    assert answer.status_code == 400
    assert answer.json["error"].startswith(sentence)
    assert protected.owner_settings.current("yard").zones == ()


def test_unknown_camera_is_refused(protected, put):
    assert put("attic", {"zones": []}).status_code == 404
    client = protected.client(OWNER)
    assert client.get(url("attic")).status_code == 404
    assert client.get("/camera/attic/zones").status_code == 404


def test_only_an_owner_sees_and_changes_zones(protected):
    client, page = protected.client(), "/camera/front/zones"
    assert [client.get(path).status_code for path in (url("front"), page)] == [401, 401]
    assert client.get(page, headers=BROWSER).headers["Location"].startswith("/login?next=")
    viewer, owner = protected.client(VIEWER), protected.client(OWNER)
    for path in (url("front"), page):
        assert viewer.get(path, headers=BROWSER).status_code == 403
        assert client.get(path, headers=protected.basic(OWNER)).status_code == 403
        assert owner.get(path, headers=BROWSER).status_code == 200
    body = {"zones": [DRIVE]}
    assert viewer.put(url("front"), json=body, headers=OURS).status_code == 403
    assert owner.put(url("front"), json=body).status_code == 403      # no Origin
    assert owner.put(url("front"), json=body,
                     headers={"Origin": "http://evil.example"}).status_code == 403
    assert owner.put(url("front"), json=body, headers=OURS).status_code == 200


def test_owner_is_led_to_the_page_and_a_viewer_is_not(protected):
    for role in (OWNER, VIEWER):
        shown = protected.client(role).get("/camera/front", headers=BROWSER).text
        assert ('href="/camera/front/zones"' in shown) == (role is OWNER)


def test_watching_without_login_does_not_show_zones(tmp_path):
    half_open = ProtectedApp(tmp_path, open_to=VIEWER).client()
    assert half_open.get("/", headers=BROWSER).status_code == 200
    assert half_open.get("/camera/camera/zones", headers=BROWSER).status_code == 303
    assert half_open.get(url("camera")).status_code == 401
    assert half_open.get(url("camera"), headers=basic("tv", "x")).status_code == 401


# --- the whole program

DEMO = ("--source", "front=demo:320x240@10", "--frame-count", "5", "--no-record")
NOWHERE = "0,0 1000,0 1000,30 0,30"     # above all that the demo camera shows moving
WAY = "0,400 1000,400 1000,1000 0,1000"


def notes(product):
    return [event["note"] for event in json.loads(product.get("/api/events"))["events"]
            if event["kind"] == "motion"]


def test_program_starts_events_only_for_motion_in_the_zone(start, tmp_path):
    file = tmp_path / "cameras.toml"
    file.write_text(f'[[zones]]\nname = "sky"\npolygon = "{NOWHERE}"\n')
    arguments = (*DEMO, "--config", str(file), "--data", str(tmp_path))
    product = start(*arguments)
    eventually(lambda: product.camera["frames"] > 50)   # someone has come by then
    assert not product.camera["motion"]
    assert notes(product) == []
    assert any("front: settings: " in line and ", zones sky" in line for line in product.log)
    learnt = product.camera["state"]
    drive = {"name": "drive", "polygon": WAY}
    assert product.send("PUT", url("front"), zones=[drive])["zones"][0]["name"] == "drive"
    assert (learnt, product.camera["state"]) == ("live", "live")    # nothing is learnt again
    eventually(lambda: notes(product) == ["in drive"])      # noted once it has begun
    assert product.stop()[1] == 0
    again = start(*arguments)
    kept = json.loads(again.get(url("front")))
    assert [zone["name"] for zone in kept["zones"]] == ["drive"]
    assert kept["drawn"]
    assert any(", zones drive, " in line for line in again.log)
    assert again.stop()[1] == 0


def test_page_says_what_is_in_force_without_drawn_zones(protected):
    def shown(camera):
        return protected.client().get(
            f"/camera/{camera}/zones", headers=protected.bearer(OWNER)).text
    assert "Use those of the settings file" in shown("front")
    assert '"name": "gate"' in shown("front")
    assert "Remove my zones" in shown("yard")
    assert "data-given='[]'" in shown("yard")
