"""The commands token and password."""

import json
import os
import re
import subprocess
import sys

import pytest

from harness import DEADLINE, ROOT, eventually
from product import run_program
from protected import PASSWORD


def test_new_password_applies_to_a_running_server(protected_server, terminal):
    before = protected_server.log_in()
    status, shown = terminal("password", folders=protected_server.folders,
                             answers=[f"{PASSWORD}\n", f"{PASSWORD}\n"])
    assert (status, PASSWORD in shown) == (0, False)
    assert "The password of the owner is set" in shown
    assert PASSWORD not in json.dumps(protected_server.secrets)
    assert protected_server.request("/api/status", Cookie=before)[0] == 401
    form = f"password={PASSWORD.replace(' ', '+')}".encode()
    assert protected_server.request("/login", "POST", b"password=wrong")[0] == 401
    status, headers, _ = protected_server.request("/login", "POST", form)
    assert status == 303
    assert protected_server.request("/api/status", Cookie=headers["Set-Cookie"].partition(";")[0]
                       )[0] == 200
    eventually(lambda: any("wrong password of owner" in line for line in protected_server.log))


@pytest.mark.parametrize(("answers", "message"), [
    (["one password\n", "another one\n"], "the two passwords differ; nothing was changed"),
    (["short\n", "short\n"], "the password has 5 characters, but must have 8 to 1000"),
    (["\x04"], "no password was given; nothing was changed"),
    (["\x03"], "no password was given; nothing was changed")])
def test_unsuitable_passwords_change_nothing(terminal, tmp_path, answers, message):
    status, shown = terminal("password", "--viewer", answers=answers)
    assert (status, message in shown, "Traceback" in shown) == (1, True, False), shown
    assert not (tmp_path / "access.json").exists()


def test_password_is_read_from_a_pipe(tmp_path):
    made = subprocess.run(
        ["setsid", sys.executable, "webstreaming.py", "password", "--config-dir", tmp_path],
        cwd=ROOT, input=2 * f"{PASSWORD}\n", text=True, capture_output=True, timeout=DEADLINE)
    assert made.returncode == 0, made.stderr
    assert made.stderr == ""
    assert "The password of the owner is set" in made.stdout


@pytest.mark.parametrize("given", [b"\xff\xfe not a text\n" * 2, b"", None])
def test_pipe_without_a_password_is_an_error(tmp_path, given):
    close = (lambda: os.close(0)) if given is None else None
    made = subprocess.run(
        ["setsid", sys.executable, "webstreaming.py", "password", "--config-dir", tmp_path],
        cwd=ROOT, input=given, capture_output=True, timeout=DEADLINE, preexec_fn=close,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    assert made.returncode == 1
    assert b"no password was given; nothing was changed" in made.stderr
    assert b"Traceback" not in made.stderr


def command(folder, *words):
    """Run device-key for the server with the config *folder*; return its output."""
    ended = run_program("device-key", *words, "--config-dir", str(folder))
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stdout, ended.stderr


def test_device_key_is_made_listed_and_revoked(config_folder):
    status, shown, _ = command(config_folder.path, "add", "wall panel", "--days", "30")
    (key,) = re.findall(r"^password \(shown only now\): ([\w-]{32})$", shown, re.M)
    for path in ("video_feed", "live.mp4", "snapshot.jpg"):
        assert f"http://wall%20panel:{key}@127.0.0.1:8000/{path}\n" in shown
    status, shown, _ = command(config_folder.path, "list")
    assert status == 0
    assert re.search(r"^wall panel: since .*, expires .*, never used$", shown, re.M)
    assert key not in shown
    assert command(config_folder.path, "revoke", "wall panel")[0] == 0
    assert "there are no device keys" in command(config_folder.path, "list")[1]


@pytest.mark.parametrize(("words", "sentence"), [
    (["add"], "device-key add needs the name of the key"),
    (["revoke", "x"], "there is no device key 'x'; there are: none"),
    (["add", "x", "--days", "soon"], "--days is 'soon', but must be a number from 0.01 to 36500"),
    (["add", "x" * 41], "but must have 1 to 40 printable characters")])
def test_wrong_device_key_command_is_one_sentence(config_folder, words, sentence):
    status, _, complaint = command(config_folder.path, *words)
    assert (status, sentence in complaint) == (2, True), complaint
    assert not (config_folder.path / "device-keys.json").exists()


def test_new_links_tell_that_device_keys_stay(config_folder):
    command(config_folder.path, "add", "tv")
    shown = run_program("token", "--new", "--config-dir", str(config_folder.path)).stdout
    assert "device keys that stay valid: 1 (see device-key list)" in shown


def test_password_is_not_accepted_as_an_argument(terminal):
    status, shown = terminal("password", "hunter2hunter2")
    assert (status, "hunter2hunter2 is not an argument" in shown) == (2, True)


def test_token_prints_a_qr_code_in_a_terminal(terminal):
    status, shown = terminal("token", "--ip", "192.0.2.7", "--port", "80")
    assert status == 0
    assert "http://192.0.2.7:80/login?token=" in shown
    assert sum("█" in line for line in shown.splitlines()) > 15


def test_printing_the_links_writes_nothing(config_folder):
    arguments = "token", "--config-dir", str(config_folder.path)
    _, *shown = run_program(*arguments).stdout.splitlines()
    before = (config_folder.path / "access.json").stat()
    assert run_program(*arguments).stdout.splitlines()[1:] == shown
    assert len(shown) == 2
    assert (config_folder.path / "access.json").stat() == before
