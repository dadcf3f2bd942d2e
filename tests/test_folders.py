"""The data folder with clips and events, and the config folder with secrets."""

import os
import pwd
import re
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness import ROOT
from pyimagesearch.errors import FolderError, SettingsError
from pyimagesearch.folders import (
    DRAFT,
    DRAFT_SECONDS,
    OLD_SECRETS,
    SECRETS,
    ConfigFolder,
    DataFolder,
    open_folders,
)


@pytest.fixture
def data(tmp_path):
    return DataFolder(str(tmp_path / "data"))


@pytest.fixture
def config(tmp_path):
    return ConfigFolder(str(tmp_path / "config"))


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


# --- where they are

@pytest.mark.parametrize("folder", [DataFolder, ConfigFolder])
def test_nothing_is_created_before_it_is_needed(tmp_path, folder):
    assert not folder(str(tmp_path / "there")).path.exists()


@pytest.mark.parametrize(("folder", "variable", "platform"), [
    (DataFolder, "STATE_DIRECTORY", "XDG_DATA_HOME"),
    (ConfigFolder, "CONFIGURATION_DIRECTORY", "XDG_CONFIG_HOME")])
def test_default_folder_is_systemds_or_the_platforms(monkeypatch, folder, variable, platform):
    monkeypatch.setenv(platform, "/home/ann/xdg")
    assert folder(None).path == Path("/home/ann/xdg/webstreaming")
    monkeypatch.setenv(variable, "/srv/first:/srv/second")
    assert folder(None).path == Path("/srv/first")
    assert folder("/srv/given").path == Path("/srv/given")


@pytest.mark.parametrize("folder", [DataFolder, ConfigFolder])
def test_relative_folder_is_made_absolute(tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    assert folder("cam:front").path == tmp_path / "cam:front"


@pytest.mark.parametrize(("folder", "flag"), [(DataFolder, "--data"),
                                              (ConfigFolder, "--config-dir")])
def test_file_in_place_of_a_folder_is_refused(tmp_path, folder, flag):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=f"{flag} is .*, but must be a folder"):
        folder(str(tmp_path / "file"))


def test_folder_that_may_not_be_searched_is_no_error_yet(tmp_path, monkeypatch):
    def refused(path, **more):      # root, who may run this, may look everywhere
        raise PermissionError(13, "Permission denied")
    monkeypatch.setattr("pathlib.Path.exists", refused)
    assert DataFolder(str(tmp_path / "closed" / "data")).path.name == "data"


@pytest.fixture
def homeless(monkeypatch):
    """A user that the system does not know, without HOME, as in a container."""
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)

    def unknown(number):
        raise KeyError(number)
    monkeypatch.setattr("pwd.getpwuid", unknown)


def test_user_without_a_home_needs_only_a_data_folder(homeless, tmp_path):
    data, config = open_folders(str(tmp_path), None)
    assert (data.path, config.path) == (tmp_path, tmp_path / "config")
    assert open_folders(str(tmp_path), "/srv/config")[1].path == Path("/srv/config")


@pytest.mark.parametrize("home", [None, "", "relative"])
def test_no_home_is_one_sentence(homeless, monkeypatch, home):
    if home is not None:
        monkeypatch.setenv("HOME", home)
    with pytest.raises(SettingsError, match="--data is not given, but must be, as user "
                       rf"{os.getuid()} has no home folder and HOME is not set$"):
        open_folders(None, None)


@pytest.mark.parametrize("home", [None, ""])
def test_systems_list_of_users_knows_the_home(monkeypatch, home):
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    if home is not None:
        monkeypatch.setenv("HOME", home)
    for folder in (DataFolder, ConfigFolder):
        assert folder(None).path.is_relative_to(pwd.getpwuid(os.getuid()).pw_dir)


def test_unknown_home_in_a_path_is_one_sentence(tmp_path):
    with pytest.raises(SettingsError, match="--data is '~nobody_here/x', but there is no such "
                       "home folder; give the whole path"):
        open_folders("~nobody_here/x", str(tmp_path))


def test_relative_path_in_a_removed_folder_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(SettingsError, match="the current folder does not exist any more"):
        open_folders("data", str(tmp_path))
    assert open_folders(str(tmp_path), str(tmp_path))[0].path == tmp_path


def test_home_that_may_not_be_searched_is_one_sentence(tmp_path, monkeypatch):
    def refused(path, **more):      # root, who may run this, may look everywhere
        raise PermissionError(13, "Permission denied")
    monkeypatch.setattr("pathlib.Path.stat", refused)
    with pytest.raises(FolderError, match="data' cannot be read: Permission denied"):
        open_folders(str(tmp_path / "data"), str(tmp_path / "config"))


# --- one server

def test_two_servers_cannot_share_a_data_folder(data):
    data.claim()
    data.claim()
    other = subprocess.run([sys.executable, "-c", (
        "import sys; from pyimagesearch.folders import DataFolder\n"
        "DataFolder(sys.argv[1]).claim()"), data.path], cwd=ROOT,
        capture_output=True, text=True)
    assert "is in use by another webstreaming" in other.stderr
    assert FolderError.__name__ in other.stderr


def test_folder_is_private_only_if_it_is_ours(tmp_path, data):
    data.claim()
    assert mode(data.path) == 0o700
    (tmp_path / "theirs").mkdir(0o755)
    DataFolder(str(tmp_path / "theirs")).claim()
    assert mode(tmp_path / "theirs") == 0o755


# --- secrets

def test_secret_is_readable_for_the_user_only(config):
    assert config.secret("key") is None
    config.keep_secret("key", b"first")
    config.keep_secret("key", b"second")
    assert config.secret("key") == b"second"
    assert (mode(config.path), mode(config.path / "key")) == (0o700, 0o600)
    assert [path.name for path in config.path.iterdir()] == ["key"]


def test_version_of_a_secret_changes_with_it(config):
    assert config.version("key") is None
    config.keep_secret("key", b"first")
    first = config.version("key")
    assert config.version("key") == first
    config.keep_secret("key", b"other")
    assert config.version("key") != first


def test_draft_that_cannot_be_written_is_removed(config, monkeypatch):
    def full(number):
        raise OSError(28, "No space left on device")
    config.keep_secret("key", b"first")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        config.keep_secret("key", b"second")
    assert [path.name for path in config.path.iterdir()] == ["key"]
    assert config.secret("key") == b"first"


def test_names_of_all_secrets_are_known():
    source = "".join(path.read_text() for path in (ROOT / "pyimagesearch").rglob("*.py"))
    names = set(re.findall(r'"([a-z-]+\.(?:json|pem|toml))"', source)) - {
        "manifest.json", "mqtt.json", "webstreaming.toml"}
    assert names == set(SECRETS)
    for name in SECRETS:
        assert DRAFT.fullmatch(f".{name}.01234567"), name


def test_drafts_of_a_power_cut_are_removed(config):
    config.path.mkdir()
    drafts = [".access.json.0123abcd", ".tls-key.pem.00000000"]
    others = [".hidden", ".access.json.0123abcg", "access.json", ".notes.json.0123abcd"]
    for name in (*drafts, *others):
        (config.path / name).touch()
    config.remove_drafts()      # perhaps another server is writing them
    assert {path.name for path in config.path.iterdir()} == {*drafts, *others}
    then = time.time() - DRAFT_SECONDS - 1
    for name in (*drafts, *others):
        os.utime(config.path / name, (then, then))
    config.remove_drafts()
    assert {path.name for path in config.path.iterdir()} == set(others)


def test_secret_that_root_keeps_belongs_to_the_folders_owner(tmp_path, monkeypatch):
    if os.geteuid() == 0:
        os.chown(tmp_path, 12345, 12346)
    given, chown = [], os.fchown
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("os.fchown", lambda *words: given.append(words) or chown(*words))
    ConfigFolder(str(tmp_path)).keep_secret("key", b"first")
    owner, found = tmp_path.stat(), (tmp_path / "key").stat()
    assert [words[1:] for words in given] == [(owner.st_uid, owner.st_gid)]
    assert (found.st_uid, found.st_gid) == (owner.st_uid, owner.st_gid)


# --- migration from older versions, which kept secrets beside the clips

def old_secrets(data, content=b"old"):
    data.path.mkdir(exist_ok=True)
    for name in OLD_SECRETS:
        (data.path / name).write_bytes(content)
    data.database.touch()


def test_secrets_of_an_older_version_are_moved(data, config, caplog):
    caplog.set_level("INFO")
    old_secrets(data)
    open_folders(str(data.path), str(config.path))
    assert [path.name for path in data.path.iterdir()] == ["events.db"]
    assert {config.secret(name) for name in OLD_SECRETS} == {b"old"}
    assert (mode(config.path), mode(config.path / "access.json")) == (0o700, 0o600)
    open_folders(str(data.path), str(config.path))
    assert [record.getMessage() for record in caplog.records] == [
        f"moved {', '.join(OLD_SECRETS)} from {data.path} to {config.path}"]


def test_migration_that_was_cut_off_is_completed(data, config):
    old_secrets(data)
    config.keep_secret("access.json", b"old")
    open_folders(str(data.path), str(config.path))
    assert [path.name for path in data.path.iterdir()] == ["events.db"]


def test_migration_overwrites_nothing(data, config):
    old_secrets(data)
    config.keep_secret("privacy.json", b"new")
    with pytest.raises(FolderError, match=r"data/privacy\.json', which an older version kept "
                       r"there, differs from .*config/privacy\.json'; remove one of them"):
        open_folders(str(data.path), str(config.path))
    assert config.secret("privacy.json") == b"new"
    assert config.secret("access.json") is None     # all or nothing
    assert len(list(data.path.iterdir())) == len(OLD_SECRETS) + 1


def test_one_folder_for_both_needs_no_migration(data):
    old_secrets(data)
    open_folders(str(data.path), str(data.path))
    assert len(list(data.path.iterdir())) == len(OLD_SECRETS) + 1


def test_migration_that_cannot_be_written_is_one_sentence(tmp_path, data):
    old_secrets(data)
    (tmp_path / "file").touch()
    config = ConfigFolder(str(tmp_path / "file" / "config"))
    with pytest.raises(FolderError, match=r"^access.json, .* cannot be moved from '.*/data' to "
                       r"'.*/file/config': Not a directory$"):
        open_folders(str(data.path), str(config.path))
    assert len(list(data.path.iterdir())) == len(OLD_SECRETS) + 1


def test_root_does_not_take_the_secrets_of_another_user(data, config, monkeypatch):
    old_secrets(data)
    real = Path.stat

    def stat_as_of_another(path, **more):
        found = real(path, **more)
        return os.stat_result((*found[:4], 12345, *found[5:])) if path == data.path else found
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("pathlib.Path.stat", stat_as_of_another)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config.path))
    with pytest.raises(FolderError, match="data' belongs to another user; run this as that user"):
        open_folders(str(data.path), None)
    assert not config.path.exists()
    open_folders(str(data.path), str(config.path))      # but may be told to
    assert config.secret("access.json") == b"old"


def test_dead_disk_stops_only_the_first_start(data, config, monkeypatch, caplog):
    def dead(path):
        raise OSError(5, "Input/output error")
    monkeypatch.setattr("pathlib.Path.is_file", dead)
    with pytest.raises(FolderError, match="data' cannot be read: Input/output error"):
        open_folders(str(data.path), str(config.path))
    config.keep_secret("access.json", b"new")
    open_folders(str(data.path), str(config.path))
    assert "data cannot be read: Input/output error" in caplog.text
