"""The README is true: its commands are run, its files and links are there."""

import os
import re
import shlex
import subprocess

import pytest

from harness import DEADLINE, ROOT, missing, needs
from product import Product, run_program
from pyimagesearch.settings.settings import Settings

README = (ROOT / "README.md").read_text()
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.S)
            for line in block.splitlines()]
ELSEWHERE = {   # command: the test that runs it
    "make test": "this very run",
    'pip install ".[rtsp,recording]"': "test_packaging.py",
    "webstreaming --source demo": "test_packaging.py",
    "sudo python3 -m venv /opt/webstreaming": "test_packaging.py",
    'sudo /opt/webstreaming/bin/pip install ".[rtsp,recording,imagezmq,tls,metrics]"':
        "test_packaging.py",
    "sudo /opt/webstreaming/bin/webstreaming service --install": "test_service.py",
    ".venv/bin/python webstreaming.py token": "test_guarded.py",
    ".venv/bin/python webstreaming.py token --new": "test_guarded.py",
    ".venv/bin/python webstreaming.py password": "test_guarded.py",
    ".venv/bin/python webstreaming.py password --viewer": "test_guarded.py",
}


def test_every_command_is_run_by_some_test():
    here = {"make demo", "make setup"}
    patterns = (r"\.venv/bin/python webstreaming\.py ", r"curl ", r"ffmpeg ",
                r"sudo apt install ")
    for command in COMMANDS:
        assert command in here or command in ELSEWHERE or any(
            re.match(pattern, command) for pattern in patterns), command


@pytest.mark.parametrize("command", ["make demo", "make run"])
def test_make_starts_the_program(command, tmp_path):
    # in a folder of its own: the user's, with an owner's server or events, is no test's
    make = subprocess.Popen(
        [*command.split(), "ARGS=--port 0 --log-level error"], cwd=ROOT, text=True,
        env={**os.environ, "SURVEILLANCE_DATA": str(tmp_path)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lines = iter(make.stdout.readline, "")
    greeting = next(line for line in lines if line.startswith("webstreaming "))
    assert "open http://127.0.0.1:" in greeting
    children = subprocess.run(["pgrep", "-P", str(make.pid)], capture_output=True, text=True)
    subprocess.run(["kill", "-INT", *children.stdout.split()], check=True)
    assert make.wait(DEADLINE) == 0
    make.stdout.close()
    make.stderr.close()


def test_make_setup_leaves_a_working_environment():
    subprocess.run(["make", "setup"], cwd=ROOT, check=True, capture_output=True)
    assert (ROOT / ".venv/bin/python").exists()


@pytest.mark.parametrize("command", [
    command for command in COMMANDS if command.startswith(".venv/bin/python web")
    and command not in ELSEWHERE])
def test_program_starts_as_written(command):
    words = shlex.split(command)
    if "doctor" in words:
        ended = run_program(*words[2:])
        assert ended.returncode == (0 if words[-1] == "demo" else 1)
        assert "Python" in ended.stdout
        return
    product = Product(*words[2:], "--port", "0", program=(words[1],) if "--ip" in words else ())
    assert product.get("/healthz")
    assert product.stop()[1] == 0
    product.close()


def test_settings_file_is_read_as_printed(tmp_path):
    masks, text = re.findall(r"```toml\n(.*?)```", README, re.S)
    file = tmp_path / "cameras.toml"
    file.write_text(masks)
    (front,) = Settings.from_command_line(["--config", str(file)], {}).cameras()
    assert (front.name, front.mask.count(";")) == ("front", 1)
    file.write_text(text)
    front, yard = Settings.from_command_line(["--config", str(file)], {}).cameras()
    assert (front.frame_count, front.quality, yard.size) == (64, 70, (1280, 720))


@pytest.fixture(scope="module")
def small():
    product = Product("--source", "demo:320x240")
    product.wait_for("learning")
    yield product
    product.close()


@pytest.mark.parametrize("command", [
    command for command in COMMANDS if command.startswith(("curl", "ffmpeg"))])
def test_other_programs_watch_as_written(command, small, tmp_path):
    words = [word.replace("127.0.0.1:8000", f"127.0.0.1:{small.port}")
             for word in shlex.split(command)]
    needs(words[0], words[0])
    printed = subprocess.run(words, cwd=tmp_path, check=True, capture_output=True,
                             timeout=DEADLINE).stdout
    assert bool(list(tmp_path.iterdir())) != (b'"result"' in printed)
    for made in tmp_path.iterdir():
        assert made.stat().st_size > (10 if made.suffix == ".json" else 5000)


@pytest.mark.parametrize("command", [
    command for command in COMMANDS if command.startswith("sudo apt install")])
def test_system_packages_exist(command):
    packages = command.split()[3:]
    known = subprocess.run([needs("apt-cache", "apt"), "policy", *packages],
                           capture_output=True, text=True).stdout
    for package in packages:
        if f"{package}:\n" not in known:
            missing(f"{package} is not known here; run: sudo apt update")


def test_pictures_and_files_are_there():
    for path in re.findall(r'(?:\]\(|src=")((?:tests|deploy)/[^)"]+)', README):
        assert (ROOT / path).is_file(), path
    for path in re.findall(r"`(pyimagesearch/[\w/]+\.py)`", README):
        assert (ROOT / path).is_file(), path


def test_promises_are_kept_by_the_tests_they_name():
    rows = re.findall(r"^\|.*?\| (`test_\w+\.py`: .*) \|$", README, re.M)
    assert len(rows) > 8
    for row in rows:
        content = "".join((ROOT / "tests" / file).read_text()
                          for file in re.findall(r"`(test_\w+\.py)`", row))
        for name in re.findall(r"`(test_\w+)`", row):
            assert f"def {name}(" in content, name


def test_make_targets_are_there():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`(?:\w+=\S+ )?make (\w+)", README):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_the_project_speaks_of_itself_alone():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True,
                            text=True).stdout.split("\0")
    for name in filter(None, listed):
        if name.endswith((".py", ".md", ".cfg", ".toml", ".html", ".js", ".css", "Makefile")):
            assert "/" + "work/" not in (ROOT / name).read_text(), name
