"""Whether other users of this machine can get at secrets."""

import os
import stat

import pytest

from pyimagesearch import folders, permissions
from pyimagesearch.folders import ConfigFolder, open_folders
from pyimagesearch.permissions import exposures


@pytest.fixture
def folder(tmp_path):
    """A folder that others may search, with one secret that they may not read."""
    path = tmp_path / "config"
    path.mkdir()
    path.chmod(0o755)
    (path / "key").touch(0o600)
    return path


@pytest.fixture
def without_permissions(monkeypatch):
    """
    The modes of exFAT as it is usually mounted.

    Only root could mount one. Files are really created with these modes, and chmod
    has no effect, as there.
    """
    monkeypatch.setattr(folders, "FILE_MODE", 0o755)
    monkeypatch.setattr(folders, "FOLDER_MODE", 0o755)
    monkeypatch.setattr("os.chmod", lambda *words, **more: None)
    umask = os.umask(0o022)
    yield
    os.umask(umask)


def test_private_secrets_are_not_exposed(folder):
    assert exposures(folder, ["key", "missing"]) == []
    assert exposures(folder / "missing", ["key"]) == []


def test_copied_secret_is_made_private_again(folder):
    (folder / "key").chmod(0o644)
    assert exposures(folder, ["key"]) == []
    assert stat.S_IMODE((folder / "key").stat().st_mode) == 0o600


def test_readable_secret_in_a_private_folder_is_not_exposed(folder, monkeypatch):
    (folder / "key").chmod(0o644)
    folder.chmod(0o700)
    assert exposures(folder, ["key"]) == []


def test_file_system_without_permissions_is_reported(tmp_path, caplog, without_permissions):
    config = ConfigFolder(str(tmp_path / "usb"))
    for content in (b"first", b"second"):
        config.keep_secret("access.json", content)
    config.keep_secret("tls-key.pem", b"key")
    expected = [f"other users of this machine can read {names} in {config.path}, as the file "
                "system there does not keep permissions; choose a folder on another disk with "
                "--config-dir" for names in ("access.json", "access.json, tls-key.pem")]
    assert [record.getMessage() for record in caplog.records] == expected
    assert config.exposures() == expected[1:]
    caplog.clear()
    open_folders(str(tmp_path), str(config.path))       # the next start
    assert [record.getMessage() for record in caplog.records] == expected[1:]


def test_folder_that_others_may_write_is_reported(folder):
    folder.chmod(0o777)
    assert exposures(folder, ["key"]) == [
        f"other users of this machine can replace the logins in {folder}; run: "
        f"chmod go-w {folder}"]
    folder.chmod(0o1777)    # there they can only replace their own
    assert exposures(folder, ["key"]) == []


@pytest.mark.parametrize(("group", "count"), [(os.getegid(), 0), (os.getegid() + 1, 1)])
def test_only_groups_of_others_count(folder, monkeypatch, group, count):
    folder.chmod(0o770)
    monkeypatch.setattr("os.getegid", lambda: group)
    assert len(exposures(folder, ["key"])) == count


def test_folder_of_another_user_is_reported(folder, monkeypatch):
    owner = folder.stat().st_uid
    monkeypatch.setattr(permissions, "ROOT", -1)
    monkeypatch.setattr("os.geteuid", lambda: owner + 1)
    (sentence,) = exposures(folder, ["key"])
    assert sentence.startswith(f"{folder} belongs to user {owner}, who can read and replace")
    monkeypatch.setattr("os.geteuid", lambda: owner)
    assert exposures(folder, ["key"]) == []
