"""Fetching a model by pip: what is checked, what is kept, and why it fails."""

import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from harness import missing
from pyimagesearch.errors import ModelNotFetched
from pyimagesearch.object_detection.model_download import (
    explain,
    fetch,
    find_pip,
    make_folders,
    pip_commands,
    unpack,
)
from pyimagesearch.object_detection.model_files import PinnedModel

MODEL, LICENCE = b"an ONNX file", b"                    Apache License\n    Version 2.0\n"


class Mirror:
    """A folder with one wheel, as a mirror that pip is configured for."""

    def __init__(self, folder):
        self.wheel = folder / "carrier-1.0-py3-none-any.whl"
        with zipfile.ZipFile(self.wheel, "w") as archive:
            for name, content in (
                    ("carrier/default.onnx", MODEL), ("carrier-1.0.dist-info/RECORD", b""),
                    ("carrier-1.0.dist-info/LICENSE", b"Other Licence\n" + LICENCE),
                    ("carrier-1.0.dist-info/METADATA",
                     b"Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n"
                     b"Requires-Python: >=3.99\nRequires-Dist: missing-everywhere\n"),
                    ("carrier-1.0.dist-info/WHEEL",
                     b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")):
                archive.writestr(name, content)

    def pin(self, **changes):
        return PinnedModel("tiny", "carrier", "1.0", **{
            "wheel_sha256": hashlib.sha256(self.wheel.read_bytes()).hexdigest(),
            "member": "carrier/default.onnx", "bytes": len(MODEL), "sha256": hashlib.sha256(MODEL).hexdigest(),
            "licence_member": "carrier-1.0.dist-info/LICENSE", "notice": "Tiny\n", **changes})


@pytest.fixture(scope="module")
def mirror(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mirror")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_CONFIG_FILE", os.devnull)
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(folder))
        yield Mirror(folder)


@pytest.fixture(scope="module")
def fetched(mirror, tmp_path_factory):
    """A folder of data with the model, which pip got from its mirror."""
    data = tmp_path_factory.mktemp("data") / "new"
    assert mirror.pin().trouble(data) == "the model has not been fetched"
    fetch(mirror.pin(), data)
    return data


def test_model_is_kept_with_licence_and_notice(mirror, fetched):
    folder = fetched / "models" / "tiny"
    assert mirror.pin().trouble(fetched) == ""
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == {
        "tiny.onnx": MODEL, "LICENSE": LICENCE,
        "NOTICE": b"Tiny\n\ntiny.onnx is carrier/default.onnx of carrier 1.0, unchanged.\n"
                  b"SHA-256: " + mirror.pin().sha256.encode() + b"\n"}


def test_other_users_cannot_enter_what_is_made(fetched):
    assert {path.stat().st_mode & 0o077 for path in (fetched, *fetched.rglob("*"))} == {0}


def test_root_leaves_the_model_to_the_owner_of_the_data(tmp_path):
    if os.geteuid():
        missing("only root can give files to others; run the tests as root")
    os.chown(tmp_path, 65534, 65534)
    make_folders((tmp_path, tmp_path / "models"))
    assert (tmp_path / "models").stat().st_uid == 65534


def test_damage_of_the_file_is_noticed(mirror, fetched, tmp_path):
    path = mirror.pin().path(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(MODEL[:-1])
    assert mirror.pin().trouble(tmp_path) == f"{path} is damaged"


@pytest.mark.parametrize(("printed", "why"), [
    ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you",
     "pip found another carrier 1.0 than the one expected (by SHA-256)"),
    ("WARNING: x\nERROR: one\nERROR: No space left \n", "pip cannot download carrier 1.0 (No space "
     "left); is there a connection to the internet?"),
    ("", "pip cannot download carrier 1.0 (it failed); is there a connection to the internet?")])
def test_failure_of_pip_is_one_sentence(mirror, printed, why):
    assert explain(printed, mirror.pin()) == why


def test_another_model_in_the_wheel_is_refused(mirror):
    with pytest.raises(ModelNotFetched, match=r"default.onnx in .* is another file than"):
        unpack(mirror.pin(sha256="0" * 64), mirror.wheel)


def test_folder_that_cannot_be_written_is_named(mirror):
    with pytest.raises(ModelNotFetched, match=r"fetched: /proc/models.*: No such file"):
        fetch(mirror.pin(), Path("/proc/models"))


def test_first_pip_that_runs_is_used():
    assert find_pip([("false",), ("true",), ("missing",)]) == ("true",)


def test_pip_is_also_looked_for_on_the_path(tmp_path, monkeypatch):
    for name in ("python3", "pip"):
        (tmp_path / name).touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert list(pip_commands())[-2:] == [
        (str(tmp_path / "python3"), "-m", "pip"), (str(tmp_path / "pip"),)]


def test_missing_pip_is_said_with_the_remedy():
    with pytest.raises(ModelNotFetched, match=r"pip is missing; .* sudo apt install python3-pip"):
        find_pip([("false",)])
