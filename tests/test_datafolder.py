"""Where everything that is kept lies."""

import stat
import subprocess
import sys

import pytest

from conftest import ROOT
from pyimagesearch.datafolder import DataFolder
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


def test_two_servers_cannot_share_a_folder(tmp_path):
    folder = DataFolder(str(tmp_path))
    folder.claim()
    folder.claim()
    other = subprocess.run([sys.executable, "-c", (
        "import sys; from pyimagesearch.datafolder import DataFolder\n"
        "DataFolder(sys.argv[1]).claim()"), str(tmp_path)], cwd=ROOT,
        capture_output=True, text=True)
    assert "is in use by another webstreaming" in other.stderr
    assert DataFolderError.__name__ in other.stderr


def test_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="must be a folder"):
        DataFolder(str(tmp_path / "file"))
