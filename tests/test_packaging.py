"""The wheel: built from this checkout, installed elsewhere, run from any folder."""

import re
import shutil
import subprocess
import sys

import pytest

from harness import ROOT


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return a folder into which the wheel was installed, without what it needs."""
    work = tmp_path_factory.mktemp("wheel")
    copy = work / "checkout"    # so that building leaves nothing in the real one
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__", "tests"))
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", work, copy],
                   check=True, capture_output=True)
    (wheel,) = work.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", work / "site", wheel],
                   check=True, capture_output=True)
    return work / "site"


def test_installed_command_serves_pages_from_any_folder(
        installed, start, tmp_path):
    product = start("--source", "demo:320x240@30", cwd=tmp_path,
                    program=(str(installed / "bin" / "webstreaming"),),
                    env={"PYTHONPATH": str(installed)})
    assert b'src="/video_feed"' in product.get("/")
    assert b"POLL" in product.get("/static/live.js")
    assert b"--ground" in product.get("/static/style.css")
    assert b"<svg" in product.get("/static/icon.svg")
    assert product.get("/snapshot.jpg").startswith(b"\xff\xd8")
    assert product.stop()[1] == 0


def test_installed_command_writes_reports(installed, recording, tmp_path):
    subprocess.run([installed / "bin" / "webstreaming", "replay", recording, "--report", "report.html"],
                   env={"PYTHONPATH": str(installed)}, cwd=tmp_path, check=True, capture_output=True)
    assert "<svg" in (tmp_path / "report.html").read_text()


def test_installed_command_prints_its_systemd_unit(installed):
    command = str(installed / "bin" / "webstreaming")
    printed = subprocess.run([command, "service"], env={"PYTHONPATH": str(installed)}, check=True,
                             capture_output=True, text=True).stdout
    assert f"\nExecStart={command}\n" in printed
    assert (installed / "pyimagesearch/system/deploy/webstreaming.toml").exists()


def test_wheel_holds_the_product_and_nothing_else(installed):
    names = {path.name for path in installed.iterdir()} - {"__pycache__"}
    assert {name for name in names if not name.endswith(".dist-info")} == {
        "bin", "pyimagesearch", "webstreaming.py"}


def test_wheel_requires_all_libraries_and_has_no_extras(installed):
    (metadata,) = installed.glob("*.dist-info/METADATA")
    text = metadata.read_text()
    required = set(re.findall(r"^Requires-Dist: ([\w-]+)", text, re.MULTILINE))
    pinned = set(re.findall(r"^([\w-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    assert {"av", "cryptography", "prometheus-client"} <= required <= pinned
    assert "Provides-Extra" not in text
