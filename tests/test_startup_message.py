"""The lines printed at the start, on the way from the first start to a phone."""

import contextlib
import io
import shlex
import sys
from pathlib import Path

import pytest

from conftest import ROOT
from pyimagesearch import addresses
from pyimagesearch.settings.settings import Settings
from pyimagesearch.system.startup_message import (
    describe_access,
    opening_command,
    print_lines,
    server_urls,
    startup_lines,
    unencrypted_login,
)


@pytest.fixture(autouse=True)
def network(monkeypatch):
    """A machine called pi in a network."""
    monkeypatch.setattr("socket.gethostname", lambda: "Pi.example.org")
    monkeypatch.setattr(addresses, "lan_address", lambda: "192.168.1.7")
    monkeypatch.setattr(addresses, "is_answered_here", lambda name, address: True)
    monkeypatch.setattr(sys, "argv", ["webstreaming.py", "--source", "demo"])
    monkeypatch.chdir(ROOT)


def test_local_start_says_how_to_open_it_to_a_phone(monkeypatch):
    monkeypatch.setattr(sys, "executable", str(ROOT / ".venv/bin/python"))
    first, second = startup_lines(Settings(), "127.0.0.1", 8000)
    assert first.endswith(": open http://127.0.0.1:8000/")
    assert second == (
        "only this machine can watch; to watch from a phone at http://pi.local:8000/ or "
        "http://192.168.1.7:8000/, run: .venv/bin/python webstreaming.py --source demo "
        "--ip 0.0.0.0")


def test_open_start_prints_the_name_first_the_address_last():
    (line,) = startup_lines(Settings(ip="0.0.0.0"), "0.0.0.0", 8000)
    assert line.endswith(": open http://pi.local:8000/ http://127.0.0.1:8000/ "
                         "http://192.168.1.7:8000/")


def test_name_that_no_device_can_look_up_is_not_printed(monkeypatch):
    asked = []
    monkeypatch.setattr(addresses, "is_answered_here", lambda *place: asked.append(place))
    (line,) = startup_lines(Settings(ip="0.0.0.0"), "0.0.0.0", 8000)
    assert line.endswith(": open http://127.0.0.1:8000/ http://192.168.1.7:8000/")
    assert asked == [("pi.local", "192.168.1.7")]


def test_machine_without_a_network_has_no_urls_for_phones(monkeypatch):
    monkeypatch.setattr(addresses, "lan_address", lambda: None)
    lines = list(startup_lines(Settings(), "127.0.0.1", 8000))
    assert "to watch from a phone in your network, run: " in lines[1]
    assert ".local" not in lines[1]


def test_settings_file_is_the_place_to_open_it():
    lines = list(startup_lines(Settings(config="/etc/w.toml"), "127.0.0.1", 8000))
    assert lines[1].endswith(', set ip = "0.0.0.0" in /etc/w.toml')


@pytest.mark.parametrize("options", [
    {"trusted_proxies": 1, "host": ("cam.example.org",)}, {"base_path": "/cam"}], ids=str)
def test_server_behind_a_proxy_is_not_advised_to_open(options):
    settings = Settings(**options)
    assert len(list(startup_lines(settings, "127.0.0.1", 8000))) == 1
    assert server_urls(settings, "127.0.0.1", 8000)[-1] == (
        "https://cam.example.org/" if "host" in options else "http://127.0.0.1:8000/cam/")


@pytest.mark.parametrize(("options", "words"), [
    ({}, "only this machine can watch; a login is needed if a password is set"),
    ({"auth": "changes"}, "--auth changes: all who reach the port can watch; to change something"),
    ({"auth": "off"}, "--no-auth: all who reach the port can watch, record and delete"),
    ({"ip": "0.0.0.0"}, "all who reach the port must log in"),
    ({"base_path": "/cam"}, "all who reach the port must log in"),
    ({"ip": "::", "auth": "changes"}, "--auth changes: all who reach the port can watch; to")])
def test_access_is_told_in_a_sentence(options, words):
    assert describe_access(Settings(**options)).startswith(words)


@pytest.mark.parametrize("source", ["rtsp://eve:secret@cam/", "http://cam/?pwd=secret",
                                    "demo:secret@cam", "rtsp://secret=demo:1x1@3"])
def test_printed_command_holds_no_password(source):
    command = opening_command(["webstreaming.py", f"--source={source}"])
    assert "secret" not in command
    assert command.endswith("webstreaming.py --ip 0.0.0.0 and your other options")


@pytest.mark.parametrize("source", ["demo:640x360@10", "yard=demo:640x360@7.5"])
def test_printed_command_keeps_a_demo_camera(source):
    for words in (["--source", source], [f"--source={source}"]):
        assert opening_command(["/opt/w/bin/webstreaming", *words]) == (
            f"/opt/w/bin/webstreaming {' '.join(words)} --ip 0.0.0.0")


def test_each_line_is_printed_in_one_write(monkeypatch):
    written = []

    class Unbuffered(io.StringIO):
        def write(self, text):
            written.append(text)
            return len(text)

    monkeypatch.setattr(sys, "stdout", Unbuffered())
    print_lines(["one", "two"])
    assert list(filter(None, written)) == ["one\n", "two\n"]


def test_printed_command_is_found_on_the_path(monkeypatch, tmp_path):
    program = tmp_path / "webstreaming"
    program.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert opening_command([str(program), "--source", "a b=0"]) == (
        "webstreaming --source 'a b=0' --ip 0.0.0.0")
    assert opening_command(["/opt/w/bin/webstreaming"]) == "/opt/w/bin/webstreaming --ip 0.0.0.0"


def test_printed_command_is_whole_in_a_removed_folder(monkeypatch, tmp_path):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert opening_command(["/opt/webstreaming.py"]) == (
        f"{sys.executable} /opt/webstreaming.py --ip 0.0.0.0")


def test_full_disk_behind_stdout_is_only_logged(monkeypatch, caplog):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        print_lines(["one", "two"])
        print_lines(["three"])      # not tried again
        assert caplog.messages == ["cannot print where the server is: No space left on device"]
        sys.stdout.close()
        with contextlib.suppress(OSError):
            full.close()


def test_printed_command_opens_the_program(start):
    product = start("--source", "demo:320x240", "--no-record", program=("webstreaming.py",))
    line = product.process.stdout.readline()
    words = shlex.split(line.partition("run: ")[2])
    assert Path(words[0]).resolve() == Path(sys.executable).resolve()
    assert product.stop()[1] == 0
    opened = start(*words[2:], program=(words[1],))
    assert opened.process.stdout.readline().startswith("log in as owner")


@pytest.mark.parametrize(("options", "ip", "said"), [
    ({}, "0.0.0.0", True), ({}, "192.168.1.7", True), ({"auth": "changes"}, "::", True),
    ({}, "127.0.0.1", False), ({}, "::1", False), ({"auth": "off"}, "0.0.0.0", False),
    ({"tls": "self-signed"}, "0.0.0.0", False), ({"cert": "a", "key": "b"}, "0.0.0.0", False),
    ({"trusted_proxies": 1}, "0.0.0.0", False), ({"base_path": "/cam"}, "0.0.0.0", False)])
def test_unencrypted_logins_are_reported_with_the_remedy(options, ip, said):
    sentence = unencrypted_login(Settings(**options), ip)
    assert (sentence is not None) == said
    assert not said or sentence.endswith("to encrypt them, add --tls self-signed")


def test_start_reports_unencrypted_logins_once(start):
    product = start("--source", "demo:320x240", "--no-record", "--ip", "0.0.0.0")
    product.get("/healthz")
    product.stop()
    assert "".join(product.log).count("are not encrypted") == 1
