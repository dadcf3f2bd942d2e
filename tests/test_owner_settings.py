"""What the owner sets on pages: precedence, restarts, live cameras."""

import pytest

from pyimagesearch.errors import FolderError, SettingFixed, SettingsError
from pyimagesearch.folders import ConfigFolder
from pyimagesearch.settings.command_line import parse_command_line
from pyimagesearch.settings.owner_settings import OwnerSettings
from pyimagesearch.settings.settings import Settings

CAMERAS = ("--source", "front=demo", "--source", "yard=demo")


@pytest.fixture
def begin(tmp_path):
    """Start with given arguments, with what was set before."""
    def begin(*argv, environ=None):
        settings = parse_command_line([*CAMERAS, *argv], {
            "SURVEILLANCE_CONFIG_DIR": str(tmp_path), **(environ or {})}).settings
        return OwnerSettings(ConfigFolder(str(tmp_path)), settings)
    return begin


class LiveCamera:
    """Stands in for a camera loop, and keeps the settings that it got."""

    settings = None

    def apply(self, settings):
        self.settings = settings


def test_change_holds_for_one_camera_at_once_and_after_restart(begin):
    owner, front, yard = begin(), LiveCamera(), LiveCamera()
    owner.attach("front", front)
    owner.attach("yard", yard)
    assert owner.change("front", {"min_area": 2, "min_frames": 5}) == front.settings
    assert (front.settings.min_area, front.settings.min_frames) == (2.0, 5)
    assert yard.settings is None
    one, other = begin().cameras()
    assert (one.min_area, one.min_frames, other.min_area) == (2.0, 5, 1.0)


def test_null_returns_to_what_file_or_default_say(begin):
    begin().change("front", {"min_area": 2, "post_roll": 9})
    assert begin().change("front", {"min_area": None}).min_area == 1.0
    assert begin().chosen("front") == {"post_roll": 9.0}


def test_file_holds_what_was_set_and_is_private(begin, tmp_path):
    begin().change("front", {"min_area": 2.5})
    file = tmp_path / "settings.toml"
    assert file.read_text() == "[cameras.front]\nmin_area = 2.5\n"
    assert file.stat().st_mode & 0o777 == 0o600


def test_owner_takes_the_place_of_the_file_and_of_its_tables(begin, tmp_path):
    file = tmp_path / "s.toml"
    file.write_text("min_area = 3\n[cameras.front]\nsource = 'demo'\nmin_frames = 1")
    settings = parse_command_line(["--config", str(file)], {}).settings
    owner = OwnerSettings(ConfigFolder(str(tmp_path)), settings)
    owner.change("front", {"min_area": 4, "min_frames": 2})
    (front,) = owner.cameras()
    assert (front.min_area, front.min_frames) == (4.0, 2)


def test_option_given_elsewhere_is_fixed_and_says_where(begin):
    owner = begin("--min-area", "7", environ={"SURVEILLANCE_MIN_FRAMES": "1"})
    assert (owner.current("front").min_area, owner.current("front").min_frames) == (7.0, 1)
    assert owner.fixed("front") == {
        "min_area": "--min-area", "min_frames": "SURVEILLANCE_MIN_FRAMES"}
    with pytest.raises(SettingFixed, match="min_area of camera 'front' is fixed by --min-area"):
        owner.change("front", {"min_area": 2})
    assert owner.change("front", {"min_area": None}).min_area == 7.0


def test_table_of_a_camera_counts_more_than_a_flag(begin):
    begin().change("front", {"min_frames": 5})
    owner = begin("--min-frames", "2")
    assert [each.min_frames for each in owner.cameras()] == [5, 2]
    assert (owner.fixed("front"), owner.fixed("yard")) == ({}, {"min_frames": "--min-frames"})
    assert owner.change("front", {"min_frames": None}).min_frames == 2


def test_change_is_logged(begin, caplog):
    caplog.set_level("INFO")
    owner = begin()
    owner.change("front", {"min_frames": 5})
    owner.change("front", {"min_area": 2, "min_frames": None})
    assert "front: min_area 2, min_frames reset by the owner" in caplog.text


@pytest.mark.parametrize(("values", "sentence"), [
    ({"min_area": 2000}, "min_area of camera 'front' is 2000.0, but must be a number from 0 to"),
    ({"min_frames": 2.5}, "min_frames of camera 'front' is 2.5, but must be a whole number"),
    ({"min_frames": [1]}, "but must be a whole number from 1 to 5"),
    ({"min_area": {}}, "but must be a number"), ({"min_area": True}, "but must be a number"),
    ({"width": 100}, "width is not a setting that can be changed here"),
    ({"min_aera": 1}, "can be changed here; did you mean min_area?")])
def test_wrong_value_is_refused_and_changes_nothing(begin, tmp_path, values, sentence):
    owner = begin()
    for attempt in (owner.change, owner.preview):
        with pytest.raises(SettingsError) as refused:
            attempt("front", {"post_roll": 9, **values})
        assert sentence in str(refused.value)
    assert owner.chosen("front") == {}
    assert not (tmp_path / "settings.toml").exists()


def test_preview_changes_nothing(begin, tmp_path):
    owner = begin()
    owner.change("front", {"min_area": 3})
    seen = owner.preview("front", {"min_frames": 1, "min_area": None})
    assert (seen.min_frames, seen.min_area) == (1, 1.0)
    assert (owner.current("front").min_frames, owner.current("front").min_area) == (3, 3.0)


def test_table_of_a_camera_that_is_missing_is_reported(begin, tmp_path, caplog):
    file = tmp_path / "settings.toml"
    file.write_text("[cameras.camera]\nfps = 3\n[cameras.attic]\nmin_area = 7")
    settings = parse_command_line(["--config", str(file)], {}).settings
    owner = OwnerSettings(ConfigFolder(str(tmp_path)), settings)
    assert caplog.text == ""        # nor in a replay, which may be for it
    owner.report_others()
    assert f"[cameras.attic] of {file} has settings of a camera that is not" in caplog.text
    assert [(each.name, each.min_area) for each in owner.others()] == [("attic", 7.0)]


def test_servers_with_one_folder_lose_nothing_of_each_other(begin):
    one, other = begin(), begin()
    one.change("front", {"min_area": 2})
    other.change("yard", {"min_area": 3})
    assert [each.min_area for each in begin().cameras()] == [2.0, 3.0]


def test_change_takes_effect_even_if_it_cannot_be_saved(begin, monkeypatch):
    owner = begin()

    def full(self, name, content):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(ConfigFolder, "keep_secret", full)
    with pytest.raises(FolderError, match=r"only until the next start.*No space left"):
        owner.change("front", {"min_area": 2})
    assert owner.current("front").min_area == 2.0


def test_programmatic_settings_fix_nothing(tmp_path):
    owner = OwnerSettings(ConfigFolder(str(tmp_path)), Settings(min_area=3.0))
    assert owner.change("camera", {"min_area": 4}).min_area == 4.0


def test_zones_are_kept_and_reported_by_name(begin, caplog):
    drive = {"name": "drive", "polygon": "0,500 999,500 999,999", "min_area": 5}
    tree = {"name": "tree", "polygon": "0,0 9,0 9,9", "counts": False}
    with pytest.raises(SettingsError, match=r"^zones of camera 'front': polygon of zone 1 is '0,0'"):
        begin().change("front", {"zones": [drive | {"polygon": "0,0"}]})
    set_now = begin().change("front", {"zones": [drive, tree]}).zones
    assert [zone.name for zone in set_now] == ["drive", "tree"]
    assert begin().current("front").zones == set_now
    caplog.set_level("INFO")
    begin().change("front", {"zones": [drive]})
    begin().change("front", {"zones": []})
    assert begin().current("front").zones == ()
    assert "front: zones drive by the owner" in caplog.text
    assert "front: zones none by the owner" in caplog.text


def test_detached_part_follows_no_more(begin):
    owner, old, new = begin(), LiveCamera(), LiveCamera()
    owner.attach("front", old)
    owner.detach("front")
    owner.attach("front", new)
    owner.change("front", {"min_area": 2})
    assert old.settings is None
    assert new.settings.min_area == 2.0


def test_what_restarts_a_camera_is_not_applied_to_it(begin):
    owner, front = begin(), LiveCamera()
    owner.attach("front", front)
    owner.file.change("front", {"width": 320, "min_area": 2})
    assert front.settings is None
    assert (owner.current("front").width, owner.current("front").min_area) == (320, 2.0)
