"""The README is short, and its first minute works as written."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from harness import DEADLINE, OFFLINE, ROOT
from pages import README, blocks, commands

MAX_LINES = 150


def test_readme_is_short():
    assert len(README.read_text().splitlines()) <= MAX_LINES


def test_prerequisites_come_before_the_clone():
    text = README.read_text()
    assert (text.index("sudo apt install") < text.index("git clone")
            < text.index("make demo") < text.index("make test"))


def test_clone_holds_what_make_needs(tmp_path):
    (block,) = (block for block in blocks("sh") if "git clone" in block)
    clone, enter, demo = block.splitlines()
    (tmp_path / ".gitconfig").write_text("[safe]\ndirectory = *\n")   # another user's checkout
    subprocess.run([*clone.replace("ADDRESS", str(ROOT)).split(), "--quiet"], cwd=tmp_path,
                   check=True, capture_output=True, env={**os.environ, "HOME": str(tmp_path)})
    folder = tmp_path / enter.removeprefix("cd ")
    printed = subprocess.run([*demo.split(), "--dry-run"], cwd=folder, check=True,
                             capture_output=True, text=True).stdout
    assert "webstreaming.py --source demo" in printed


@pytest.mark.parametrize("command", ["make demo", "make run"])
def test_make_starts_the_program(command, tmp_path):
    # keep out of the user's folder, which may hold an owner's server and events; the
    # model that recognises objects cannot be fetched
    make = subprocess.Popen(
        [*command.split(), "ARGS=--port 0 --log-level error"], cwd=ROOT, text=True,
        env={**os.environ, **OFFLINE, "SURVEILLANCE_DATA": str(tmp_path)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lines = iter(make.stdout.readline, "")
    greeting = next(line for line in lines if line.startswith("webstreaming "))
    assert "open http://127.0.0.1:" in greeting
    children = subprocess.run(["pgrep", "-P", str(make.pid)], capture_output=True, text=True)
    subprocess.run(["kill", "-INT", *children.stdout.split()], check=True)
    assert make.wait(DEADLINE) == 0
    make.stdout.close()
    make.stderr.close()


def test_start_prints_how_to_open_it_as_written(start):
    (block,) = (block for block in blocks("text") if "open http" in block)
    product = start("--source", "demo:320x240", program=("webstreaming.py",))
    sentence = product.process.stdout.readline().replace(" --port 0", "")
    sentence = sentence.replace(sys.executable, ".venv/bin/python")    # it may be elsewhere
    said, command = block.splitlines()[1].split(" at http", 1)[0], block.split("run: ")[1]
    assert sentence.startswith(said)
    program, option = command.split("demo")
    assert program in sentence
    assert sentence.endswith(option)


def make_in(folder, command):
    """Run *command* in *folder*, without the settings of the make that runs this."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True, env=env)


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Return a folder after its first make setup."""
    folder = tmp_path_factory.mktemp("environment")
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "requirements.txt").touch()       # what to install is not in question here
    make_in(folder, "make setup")
    return folder


@pytest.mark.parametrize("command", commands("make setup"))
def test_make_setup_works_again_on_an_environment(command, environment, tmp_path):
    folder = shutil.copytree(environment, tmp_path / "copy", symlinks=True)
    make_in(folder, command)
    subprocess.run([folder / ".venv/bin/python", "-m", "pip", "--version"], check=True,
                   capture_output=True)
    flag = f"include-system-site-packages = {str('system-site' in command).lower()}"
    assert flag in (folder / ".venv/pyvenv.cfg").read_text()


def test_first_installation_shows_progress():
    makefile = (ROOT / "Makefile").read_text()
    (pip,) = re.findall(r"^PIP := (.*)$", makefile, re.M)
    assert "--quiet" not in pip
