"""Where everything that is kept lies."""

import os
import re
import stat
import subprocess
import sys

import pytest

from harness import ROOT
from pyimagesearch.data_folder import DRAFT, DataFolder
from pyimagesearch.errors import DataFolderError, SettingsError


def test_nothing_is_made_before_it_is_needed(tmp_path):
    folder = DataFolder(str(tmp_path / "there"))
    assert not folder.path.exists()
    assert folder.secret("key") is None


def test_secret_is_for_our_eyes_only(tmp_path):
    folder = DataFolder(str(tmp_path / "there"))
    folder.keep_secret("key", b"first")
    folder.keep_secret("key", b"second")
    assert folder.secret("key") == b"second"
    assert stat.S_IMODE((folder.path / "key").stat().st_mode) == 0o600
    assert [path.name for path in folder.path.iterdir()] == ["key"]


def test_draft_that_cannot_be_written_is_not_left_behind(tmp_path, monkeypatch):
    def full(number):
        raise OSError(28, "No space left on device")
    folder = DataFolder(str(tmp_path))
    folder.keep_secret("key", b"first")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        folder.keep_secret("key", b"second")
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
    assert folder.secret("key") == b"first"


def test_drafts_of_all_secrets_are_known():
    source = "".join(path.read_text() for path in (ROOT / "pyimagesearch").rglob("*.py"))
    names = set(re.findall(r'"([a-z-]+\.(?:json|pem))"', source)) - {"manifest.json"}     # of a ZIP
    assert "access.json" in names
    for name in (*names, "name"):
        assert DRAFT.fullmatch(f".{name}.01234567"), name


def test_drafts_of_a_power_cut_are_removed(tmp_path):
    drafts = [".access.json.0123abcd", ".tls-key.pem.00000000", ".name.ffffffff"]
    others = [".hidden", ".access.json.0123abcg", "access.json", ".notes.json.0123abcd"]
    for name in (*drafts, *others):
        (tmp_path / name).touch()
    DataFolder(str(tmp_path)).claim()
    assert {path.name for path in tmp_path.iterdir()} == {*others, "lock"}


def test_secret_that_root_keeps_is_for_the_owner_of_the_folder(tmp_path, monkeypatch):
    if os.geteuid() == 0:
        os.chown(tmp_path, 12345, 12346)
    given, chown = [], os.fchown
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("os.fchown", lambda *words: given.append(words) or chown(*words))
    DataFolder(str(tmp_path)).keep_secret("key", b"first")
    owner, found = tmp_path.stat(), (tmp_path / "key").stat()
    assert [words[1:] for words in given] == [(owner.st_uid, owner.st_gid)]
    assert (found.st_uid, found.st_gid) == (owner.st_uid, owner.st_gid)


def test_folder_is_for_our_eyes_only_if_we_make_it(tmp_path):
    DataFolder(str(tmp_path / "ours")).make()
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == 0o700
    (tmp_path / "theirs").mkdir(0o755)
    DataFolder(str(tmp_path / "theirs")).make()
    assert stat.S_IMODE((tmp_path / "theirs").stat().st_mode) == 0o755


def test_folder_where_we_may_not_look_is_no_traceback(tmp_path, monkeypatch):
    def refused(path, **more):      # root, who may run this, may look everywhere
        raise PermissionError(13, "Permission denied")
    monkeypatch.setattr("pathlib.Path.exists", refused)
    assert DataFolder(str(tmp_path / "closed" / "data")).path.name == "data"


def test_two_servers_cannot_share_a_folder(tmp_path):
    folder = DataFolder(str(tmp_path))
    folder.claim()
    folder.claim()
    other = subprocess.run([sys.executable, "-c", (
        "import sys; from pyimagesearch.data_folder import DataFolder\n"
        "DataFolder(sys.argv[1]).claim()"), str(tmp_path)], cwd=ROOT,
        capture_output=True, text=True)
    assert "is in use by another webstreaming" in other.stderr
    assert DataFolderError.__name__ in other.stderr


def test_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="must be a folder"):
        DataFolder(str(tmp_path / "file"))
