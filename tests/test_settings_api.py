"""The API that changes settings and cameras, and its backups."""

import json
import tomllib
from dataclasses import replace

import pytest

from protected import OURS, OWNER, PASSWORDS, VIEWER, ProtectedApp
from pyimagesearch.events.store import EventStore
from pyimagesearch.privacy.state import Privacy
from pyimagesearch.settings.command_line import parse_command_line
from pyimagesearch.settings.owner_settings import OwnerSettings
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.web.services import Feed
from sample_archive import STATUS

TEXT = """\
# the house
ntfy_token = "tk_geheim"

[cameras.front]
source = "rtsp://me:geheim@192.0.2.1/live"

[cameras.yard]
source = "demo"
"""
HIDDEN = "0,0 300,0 300,250"


class House(ProtectedApp):
    """An app whose cameras are those of a settings file."""

    def __init__(self, path, text=TEXT, argv=()):
        super().__init__(path, ())
        self.path = path / "settings.toml"
        path.mkdir(exist_ok=True)
        self.path.write_text(text)
        settings = parse_command_line(argv, {"SURVEILLANCE_CONFIG_DIR": str(path)}).settings
        self.owner_settings = OwnerSettings(self.folder, settings)
        store = EventStore(path / "events.db", self.clock)
        self.privacy = Privacy(self.folder, settings.cameras(), store, self.clock)
        self.follow(settings)
        self.owner_settings.file.listeners.append(self.follow)
        self.app.extensions["services"] = replace(
            self.app.extensions["services"], owner_settings=self.owner_settings,
            privacy=self.privacy)

    def follow(self, settings, renamed=None):
        names = [each.name for each in settings.cameras()]
        self.feeds.clear()
        self.feeds.update({name: Feed(LatestFrameBroadcaster(), lambda name=name: replace(
            STATUS, name=name)) for name in names})

    def ask(self, method, path, role=OWNER, **values):
        answer = self.client().open(path, method=method, json=values or None,
                                    headers={**self.bearer(role), **OURS})
        return answer.status_code, answer.json

    def written(self):
        return tomllib.loads(self.path.read_text())


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def test_settings_are_described(house):
    status, found = house.ask("GET", "/api/settings")
    assert (status, found["file"]) == (200, str(house.path))
    assert found["settings"]["port"] == {
        "value": 8000, "default": 8000, "set": False, "fixed": None, "restart": True,
        "kind": "integer", "choices": [], "minimum": 0, "maximum": 65535, "local": False,
        "secret": False, "help": "TCP port; 0 for any free one"}
    assert found["settings"]["ntfy_token"]["value"] is None
    assert found["settings"]["ntfy_token"]["set"]
    assert found["settings"]["data"]["local"]
    assert "geheim" not in json.dumps(found)


def test_setting_of_the_server_is_changed(house):
    status, found = house.ask("PATCH", "/api/settings", keep="5GB", port=8001)
    assert (status, found["settings"]["keep"]["value"]) == (200, "5GB")
    assert "port" in found["restart"]
    assert house.written()["keep"] == "5GB"


@pytest.mark.parametrize(("values", "status", "sentence"), [
    ({"port": 70000}, 400, "--port is 70000, but must be a whole number from 0 to 65535."),
    ({"prot": 1}, 400, "prot is not a setting that can be changed here; did you mean port?"),
    ({"data": "/x"}, 409, "data can only be set in the settings file or on the command line."),
    ({"quality": 50}, 409, "quality is fixed by --quality; remove that and restart to set it here.")])
def test_wrong_setting_is_refused_with_a_sentence(tmp_path, values, status, sentence):
    house = House(tmp_path, argv=["--quality", "60"])
    assert house.ask("PATCH", "/api/settings", **values) == (status, {"error": sentence})
    assert house.path.read_text() == TEXT


def test_camera_is_added_changed_and_removed(house):
    status, made = house.ask("POST", "/api/cameras", name="attic", source="demo", fps=5)
    assert (status, made["name"], made["settings"]["fps"]["value"]) == (201, "attic", 5.0)
    status, changed = house.ask("PATCH", "/api/cameras/attic", name="roof", min_area="2.5")
    assert (status, changed["name"]) == (200, "roof")
    assert house.written()["cameras"]["roof"] == {"source": "demo", "fps": 5.0, "min_area": 2.5}
    assert house.ask("PATCH", "/api/cameras", order=["roof", "yard", "front"]) == (
        200, {"order": ["roof", "yard", "front"]})
    assert house.ask("DELETE", "/api/cameras/yard") == (200, {"removed": "yard"})
    _, found = house.ask("GET", "/api/cameras")
    assert [(each["name"], each["source"]) for each in found["cameras"]] == [
        ("roof", "demo"), ("front", "rtsp://***@192.0.2.1/live")]


def test_camera_is_not_renamed_if_a_value_is_wrong(house):
    status, found = house.ask("PATCH", "/api/cameras/yard", name="roof", fps=999)
    assert (status, found["error"][:36]) == (400, "fps of camera 'yard' is 999.0, but m")
    assert list(house.written()["cameras"]) == ["front", "yard"]


@pytest.mark.parametrize(("method", "path", "values", "sentence"), [
    ("POST", "/api/cameras", {"source": "demo"}, "name is missing, but must be some text."),
    ("POST", "/api/cameras", {"name": "yard", "source": "demo"},
     "there is a camera 'yard' already, but each needs its own name."),
    ("PATCH", "/api/cameras", {"order": ["yard"]},
     "the order is yard, but must name each camera once: front, yard.")])
def test_wrong_camera_is_refused_with_a_sentence(house, method, path, values, sentence):
    assert house.ask(method, path, **values) == (400, {"error": sentence})
    assert house.path.read_text() == TEXT


@pytest.mark.parametrize("path", [
    "/api/settings", "/api/cameras", "/api/cameras/front", "/api/backup"])
def test_only_an_owner_sees_settings(house, path):
    assert house.ask("GET", path, VIEWER)[0] == 403
    assert house.ask("GET", path)[0] == 200


def test_first_camera_replaces_the_one_never_found(tmp_path):
    house = House(tmp_path, "")
    house.feeds["camera"] = replace(house.feeds["camera"], status=lambda: replace(
        STATUS, name="camera", state="lost"))
    assert house.ask("POST", "/api/cameras", name="yard", source="demo")[0] == 201
    assert house.written() == {"cameras": {"yard": {"source": "demo"}}}


def test_first_camera_leaves_the_one_that_was_found(tmp_path):
    house = House(tmp_path, "")
    house.ask("POST", "/api/cameras", name="yard", source="demo")
    assert list(house.written()["cameras"]) == ["camera", "yard"]


# --- backups

def test_backup_brings_another_server_to_the_same_state(house, tmp_path):
    house.set_password(OWNER)
    house.privacy.draw("front", [HIDDEN])
    _, kept = house.ask("GET", "/api/backup?secrets=true")
    other = House(tmp_path / "other", "")
    assert other.ask("POST", "/api/backup", **kept) == (200, {"restored": [
        "access.json", "privacy.json", "settings.toml"]})
    assert other.path.read_text() == TEXT
    assert other.privacy.hidden("front").drawn == (HIDDEN,)
    assert other.secrets == house.secrets
    assert other.client().post("/login", headers=OURS, data={
        "password": PASSWORDS[OWNER]}).status_code == 303


def test_backup_has_no_secrets_unless_wished(house):
    status, kept = house.ask("GET", "/api/backup")
    assert (status, "geheim" in json.dumps(kept)) == (200, False)
    assert list(kept["files"]) == ["settings.toml", "privacy.json"]
    assert "# the house" in kept["files"]["settings.toml"]


def test_secrets_stay_when_a_backup_lacks_them(house):
    _, kept = house.ask("GET", "/api/backup")
    house.ask("DELETE", "/api/cameras/yard")
    house.ask("POST", "/api/backup", **kept)
    assert house.written() == tomllib.loads(TEXT)


@pytest.mark.parametrize(("backup", "sentence"), [
    ({"files": {}}, "this file is no backup of webstreaming, or one of a newer version."),
    ({"webstreaming": "1", "files": {"../x": ""}}, "this file is no backup of webstreaming, or one"),
    ({"webstreaming": "1", "files": {"settings.toml": "="}}, "settings.toml in the backup is damaged"),
    ({"webstreaming": "1", "files": {"privacy.json": "[]"}}, "privacy.json in the backup is damaged"),
    ({"webstreaming": "1", "files": {"access.json": "{}"}}, "access.json in the backup is damaged"),
    ({"webstreaming": "1", "files": {"settings.toml": 3}}, "settings.toml in the backup is damaged"),
    ({"webstreaming": "1", "files": {"settings.toml": "prot = 1"}}, "prot in "),
    ({"webstreaming": "1", "files": {"settings.toml": "alert_command = '/bin/sh'"}},
     "alert_command can only be set in the settings file")])
def test_wrong_backup_changes_nothing(house, backup, sentence):
    status, found = house.ask("POST", "/api/backup", **backup)
    assert status in (400, 409)
    assert found["error"].startswith(sentence)
    assert house.path.read_text() == TEXT
