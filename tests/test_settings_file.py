"""The settings file that pages change: cameras, checks, other writers, old files."""

import json
import os
import tomllib

import pytest

from pyimagesearch.errors import FolderError, SettingFixed, SettingsError
from pyimagesearch.folders import ConfigFolder
from pyimagesearch.settings.command_line import parse_command_line
from pyimagesearch.settings.settings import Settings, needs_restart
from pyimagesearch.settings.settings_file import SettingsFile

TWO = '[cameras.front]\nsource = "demo"\n\n[cameras.yard]\nsource = "rtsp://me:secret@h/1"\n'


class Opened:
    """A settings file in *path*, as a start with the same command line finds it."""

    def __init__(self, path, text=None, argv=(), environ=None):
        self.path = path / "settings.toml"
        if text is not None:
            self.path.write_text(text)
        self.environ = {"SURVEILLANCE_CONFIG_DIR": str(path), **(environ or {})}
        self.argv = argv
        self.file, self.heard = self.again(), []
        self.file.listeners.append(lambda *change: self.heard.append(change))

    def again(self):
        settings = parse_command_line(self.argv, self.environ).settings
        return SettingsFile(ConfigFolder(str(self.path.parent)), settings)

    def cameras(self):
        """Return the sources of the next start, by name."""
        return {each.name: each.source for each in self.again().settings.cameras()}


@pytest.fixture
def opened(tmp_path):
    return lambda *args, **more: Opened(tmp_path, *args, **more)


def test_file_in_the_config_folder_is_read_without_being_named(opened):
    assert opened(TWO).file.settings.config.endswith("/settings.toml")
    assert parse_command_line([], {}).settings.config is None


def test_setting_of_the_server_outlasts_a_restart(opened):
    found = opened()
    assert found.file.change(None, {"keep": "5GB", "alert_quiet": "30"}).alert_quiet == 30.0
    assert found.again().settings.keep == "5GB"
    assert [settings.keep for settings, _ in found.heard] == ["5GB"]
    assert found.file.change(None, {"keep": ""}).keep is None


def test_added_camera_comes_last(opened):
    found = opened(TWO)
    found.file.add("attic", "0", {"fps": "5", "min_area": 3})
    assert list(found.cameras()) == ["front", "yard", "attic"]
    assert found.file.settings.cameras()[2].fps == 5.0


def test_camera_that_was_found_stays_when_one_is_added(opened):
    found = opened()
    assert not found.file.settings.names_cameras
    found.file.add("yard", "demo")
    assert found.cameras() == {"camera": "auto", "yard": "demo"}


def test_default_camera_can_be_replaced(opened):
    found = opened("# mine\n")
    found.file.add("yard", "demo", replace_auto=True)
    assert found.cameras() == {"yard": "demo"}
    assert found.file.settings.names_cameras
    assert found.path.read_text().startswith("# mine\n")


def test_sources_in_a_list_become_tables_in_their_order(opened):
    found = opened('source = ["b=demo", "a=0"]\n[cameras.a]\nfps = 3\n')
    found.file.add("c", "1")
    assert found.cameras() == {"b": "demo", "a": "0", "c": "1"}
    assert list(found.cameras()) == ["b", "a", "c"]
    assert found.file.settings.cameras()[1].fps == 3.0


def test_last_camera_can_be_removed(opened):
    found = opened(TWO)
    found.file.remove("front")
    found.file.remove("yard")
    assert found.cameras() == {}
    assert found.again().settings.names_cameras
    found.file.add("new", "demo")
    assert found.cameras() == {"new": "demo"}


def test_renamed_camera_keeps_place_and_settings(opened):
    found = opened(TWO.replace('"demo"', '"demo"\nfps = 3'))
    found.file.rename("front", "door")
    assert found.heard[0][1] == {"front": "door"}
    assert list(found.cameras()) == ["door", "yard"]
    assert found.again().settings.cameras()[0].fps == 3.0


def test_cameras_are_reordered(opened):
    found = opened(TWO)
    found.file.reorder(["yard", "front"])
    assert list(found.cameras()) == ["yard", "front"]
    with pytest.raises(SettingsError, match="must name each camera once: yard, front"):
        found.file.reorder(["yard"])


@pytest.mark.parametrize(("act", "sentence"), [
    (lambda file: file.add("front", "0"), "there is a camera 'front' already"),
    (lambda file: file.add("a b", "0"), "the name is 'a b', but must be up to 32"),
    (lambda file: file.rename("front", "yard"), "there is a camera 'yard' already"),
    (lambda file: file.remove("x"), "there is no camera 'x'; the cameras are: front, yard"),
    (lambda file: file.change("front", {"fps": "fast"}), "fps of camera 'front' is 'fast', but must"),
    (lambda file: file.change("front", {"port": 1}), "port is not a setting that can be changed"),
    (lambda file: file.change(None, {"port": 70000}), "--port is 70000, but must be a whole"),
    (lambda file: file.change(None, {"data": "/x"}), "data can only be set in the settings file"),
    (lambda file: file.change(None, {"alert_command": "/bin/sh"}), "alert_command can only be"),
    (lambda file: file.change("front", {"detector": "os:X"}), "'os:X', but a class can only"),
    (lambda file: file.change("front", {"armed_hours": "sunset-sunrise"}), "need --place"),
    (lambda file: file.change(None, {"config": "/x"}), "config can only be set"),
    (lambda file: file.add("new", ""), "source of camera 'new' is empty, but must name"),
    (lambda file: file.change("front", {"source": None}), "must name its camera")])
def test_wrong_change_is_refused_and_changes_nothing(opened, act, sentence):
    found = opened(TWO)
    with pytest.raises(SettingsError) as refused:
        act(found.file)
    assert sentence in str(refused.value)
    assert found.path.read_text() == TWO
    assert found.heard == []


def test_error_names_the_field(opened):
    with pytest.raises(SettingsError) as refused:
        opened(TWO).file.change("front", {"min_area": 1, "fps": 999})
    assert refused.value.option == "fps"


def test_what_the_command_line_gives_is_fixed(opened):
    found = opened(argv=["--source", "front=demo", "--keep", "1GB"],
                   environ={"SURVEILLANCE_PORT": "8001"})
    assert found.file.fixed(None) == {
        "source": "--source", "keep": "--keep", "port": "SURVEILLANCE_PORT",
        "config_dir": "SURVEILLANCE_CONFIG_DIR"}
    with pytest.raises(SettingFixed, match=r"^port is fixed by SURVEILLANCE_PORT; remove that"):
        found.file.change(None, {"port": 9000})
    for change in (lambda: found.file.add("a", "0"), lambda: found.file.remove("front")):
        with pytest.raises(SettingFixed, match="the cameras are fixed by --source"):
            change()


def test_part_of_the_program_can_refuse_a_change(opened):
    found = opened(TWO)

    def refuse(settings, renamed):
        raise SettingsError("no")
    found.file.preparations.append(refuse)
    with pytest.raises(SettingsError, match="no"):
        found.file.change(None, {"quality": 50})
    assert (found.path.read_text(), found.file.settings.quality) == (TWO, 75)


def test_edit_by_hand_is_taken_over_at_the_next_change(opened):
    found = opened(TWO)
    found.path.write_text(TWO.replace('"demo"', '"demo"\nfps = 3 # mine'))
    found.file.change("front", {"min_area": 2})
    assert found.file.settings.cameras()[0].fps == 3.0
    assert "fps = 3 # mine\nmin_area = 2" in found.path.read_text()


def test_broken_edit_by_hand_is_not_written_over(opened):
    found = opened(TWO)
    found.path.write_text("[cameras")
    with pytest.raises(SettingsError, match="which is not TOML"):
        found.file.change("front", {"min_area": 2})
    assert found.path.read_text() == "[cameras"


def test_change_holds_although_it_cannot_be_saved(opened, monkeypatch):
    found = opened(TWO)

    def full(self, name, content):
        raise OSError(28, "No space left on device")
    with monkeypatch.context() as patch:
        patch.setattr(ConfigFolder, "keep_secret", full)
        with pytest.raises(FolderError, match=r"only until the next start.*No space left"):
            found.file.change("front", {"min_area": 2})
    assert found.heard[0][0].cameras()[0].min_area == 2.0
    found.file.change("front", {"min_frames": 1})
    assert found.again().settings.cameras()[0].min_area == 2.0


def test_given_file_keeps_its_link_and_comments(tmp_path):
    (tmp_path / "real.toml").write_text("# house\n\n" + TWO)
    os.symlink("real.toml", tmp_path / "link.toml")
    settings = parse_command_line(["--config", str(tmp_path / "link.toml")], {}).settings
    SettingsFile(ConfigFolder(str(tmp_path / "config")), settings).change(
        None, {"quality": 50})
    assert (tmp_path / "link.toml").is_symlink()
    assert (tmp_path / "real.toml").read_text() == "# house\n\nquality = 50\n\n" + TWO
    assert (tmp_path / "real.toml").stat().st_mode & 0o137 == 0


def test_hidden_login_of_a_camera_is_kept_for_its_host_only(opened):
    found = opened(TWO)
    found.file.change("yard", {"source": "rtsp://***@h/2"})
    assert found.cameras()["yard"] == "rtsp://me:secret@h/2"
    with pytest.raises(SettingsError, match="enter user and password"):
        found.file.change("yard", {"source": "rtsp://***@other/2"})


def test_secrets_are_not_logged(opened, caplog):
    caplog.set_level("INFO")
    opened(TWO).file.change("yard", {"source": "rtsp://me:geheim@h/2"})
    assert "yard: source changed by the owner" in caplog.text
    assert "geheim" not in caplog.text


def test_some_settings_of_the_server_need_a_restart():
    assert needs_restart("port")
    assert not needs_restart("min_area")
    assert not needs_restart("source")


def test_settings_of_an_older_version_move_into_the_file(tmp_path, opened, caplog):
    caplog.set_level("INFO")
    zone = {"name": "drive", "polygon": "0,500 999,500 999,999", "counts": True,
            "min_area": None, "sensitivity": None, "alerts": True}
    (tmp_path / "cameras.json").write_text(json.dumps({
        "front": {"min_area": 2.0, "fps": 1, "zones": [zone]}, "attic": {"min_frames": 1}}))
    found = opened(TWO, argv=["--min-frames", "2"])
    assert tomllib.loads(found.path.read_text())["cameras"] == {
        "front": {"source": "demo", "min_area": 2.0,
                  "zones": [{"name": "drive", "polygon": "0,500 999,500 999,999"}]},
        "yard": {"source": "rtsp://me:secret@h/1"}}
    assert not (tmp_path / "cameras.json").exists()
    assert "front: fps in cameras.json is not a setting" in caplog.text
    assert "attic: min_frames, set on the page, is dropped, as --min-frames is" in caplog.text
    assert f"moved the owner's settings from cameras.json to {found.path}" in caplog.text


@pytest.mark.parametrize("content", [
    "", "x", "[]", '{"front": 3}', '{"front": {"min_area": "lots"}}', "[" * 100_000,
    '{"front": {"min_area": null}}', '{"front": {"min_area": NaN}}',
    '{"attic": {"min_frames": 9}}'])
def test_damaged_old_file_ends_the_start(tmp_path, content):
    (tmp_path / "cameras.json").write_text(content)
    with pytest.raises(FolderError, match=r"owner's settings .*cameras\.json are damaged "
                       r"\(.*; repair the file, or remove it"):
        SettingsFile(ConfigFolder(str(tmp_path)), Settings(source=("front=demo",)))
