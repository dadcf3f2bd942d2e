"""Secrets of the settings in all that a whole run shows: log, pages, processes, files."""

import base64
import contextlib
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from harness import eventually
from product import Product, run_program
from pyimagesearch.errors import SettingsError
from pyimagesearch.notifications.channels import channels_of
from pyimagesearch.notifications.mqtt.broker import broker_of
from pyimagesearch.settings.command_line import parse_command_line
from pyimagesearch.settings.settings import ALL_OPTIONS
from receiver import Answer, Receiver

MARK = "s3cr3t-w0rd"    # a part of each secret
LOGIN = f"tv:{MARK}-0"
HIDDEN = (MARK, base64.b64encode(LOGIN.encode()).decode())
CONFIG = """\
webhook = ["http://{login}@{host}/hooks/{mark}-1?key={mark}-2", "http://127.0.0.1:1/{mark}-3"]
webhook_secret = "{mark}-4"
ntfy = ["http://{login}@{host}/{mark}-5", "http://127.0.0.1:1/{mark}-6"]
ntfy_token = "{mark}-7"
mqtt = "mqtt://tv:{mark}-8@127.0.0.1:1"
alert_command = "{program}"
alert_kinds = "manual"
log_level = "debug"

[cameras.front]
source = "demo:320x240"
post_roll = 0.5

[cameras.yard]
source = "http://{login}@{host}/mjpeg?pwd={mark}-9"
record = false
"""
APPRISE = (f"json://{LOGIN}@{{host}}/{MARK}-10 tgram://123456789:{MARK}/12345 "
           f"mailto://{LOGIN}@127.0.0.1:1?from=tv@example.org&to={MARK}@example.org")
PAGES = ("/", "/alerts", "/camera/yard", "/tune/yard", "/events", "/sessions", "/metrics", "/login",
         "/readyz", "/api/status", "/api/alerts", "/api/alerts?x=y", "/api/cameras/yard/settings",
         "/api/cameras/yard/alerts", "/api/openapi.json", "/api/push", "/service-worker.js")


class Run:
    """The program with all kinds of channels, from its start to its end."""

    def __init__(self, folder, receiver):
        self.processes = ""
        receiver.answer = self.answer
        host = f"127.0.0.1:{receiver.port}"
        program, config = folder / "program", folder / "config.toml"
        program.write_text(f"#!/bin/sh\nenv >> {folder}/environment\nexit 3\n")
        program.chmod(0o755)
        config.write_text(CONFIG.format(host=host, login=LOGIN, mark=MARK, program=program))
        self.settings = {"SURVEILLANCE_APPRISE": APPRISE.format(host=host),
                         "no_proxy": "127.0.0.1", "https_proxy": "http://127.0.0.1:1"}
        self.file = str(config)
        with contextlib.closing(Product("--config", self.file, env=self.settings)) as product:
            product.wait_for("learning")
            self.outcomes = product.send("POST", "/api/alerts/test")["channels"]
            product.send("POST", "/record_status", status="true")
            product.send("POST", "/record_status", status="false")
            self.statuses = eventually(lambda: self.all_in_trouble(product))
            self.pages = "".join(read(product, path) for path in PAGES)
            assert product.stop()[1] == 0
            self.log = "".join(product.log)
            self.files = b"".join(path.read_bytes() for path in Path(product.data.name).rglob("*")
                                  if path.is_file() and product.config not in path.parents)
        self.environment = (folder / "environment").read_text()

    def answer(self, request):
        """Refuse *request*, and repeat what is in it; look which processes there are."""
        self.processes += command_lines()
        said = f"{request.path}\n{request.headers}".encode()
        return Answer(400, {"X-Said": request.path}, said + request.body)

    def all_in_trouble(self, product):
        """Return the status of each channel once all of them have failed with an event."""
        found = product.send("GET", "/api/alerts")["channels"]
        return all(each["trouble"] for each in found) and found


def command_lines():
    """Return the command lines of all processes, as all users can read them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):      # it has ended
            found.append(path.read_text(errors="replace").replace("\0", " "))
    return "\n".join(found)


def read(product, path):
    """Return head and body of the answer to a request for *path*."""
    try:
        with urlopen(product.url + path) as answer:
            return f"{answer.headers}{answer.read().decode()}"
    except HTTPError as error:
        return f"{error.headers}{error.read().decode()}"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with contextlib.closing(Receiver()) as receiver:
        return Run(tmp_path_factory.mktemp("secrets"), receiver)


def test_run_tried_all_channels_and_failed(run):
    names = [each["name"] for each in run.outcomes]
    assert len(names) == len(set(names)) == len(run.statuses)
    for kind in ("webhook", "ntfy", "command", "MQTT", "apprise json", "apprise tgram",
                 "apprise mailto"):
        assert any(name.startswith(kind) for name in names), kind
    assert all(each["trouble"] for each in run.outcomes)
    assert "apprise_child.py" in run.processes
    assert "PATH=" in run.environment
    assert "yard" in run.log


@pytest.mark.parametrize("shown", [
    "outcomes", "statuses", "pages", "processes", "log", "files", "environment"])
def test_nothing_that_a_run_shows_holds_a_secret(run, shown):
    text = getattr(run, shown)
    text = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    found = [text[max(0, at - 100):at + 40] for at in (text.find(each) for each in HIDDEN)
             if at >= 0]
    assert text
    assert not found, found


@pytest.mark.parametrize("name", sorted(
    name for name, option in ALL_OPTIONS.items() if option.private))
@pytest.mark.parametrize("text", [
    f"{MARK}", f"https://{MARK}", f"http://{MARK}@", f"https://tv:{MARK}@:1/x", f"mqtt://[{MARK}]",
    f"http://[{MARK}]/x", f"https://tv:{MARK}@host:99999/{MARK}", f"http://{MARK} {MARK}/x",
    f"mqtts://tv:{MARK}@host:port", f"gopher://{MARK}/{MARK}", f"http://ex\xadample.org/{MARK}?#"])
def test_error_about_a_setting_repeats_no_secret(name, text, capsys):
    try:
        settings = parse_command_line([], {f"SURVEILLANCE_{name.upper()}": text}).settings
        channels_of(replace(settings, apprise=None))    # that asks a process
        broker_of(settings)
    except (SettingsError, SystemExit) as error:
        print(error)
    assert MARK not in "".join(capsys.readouterr())


def test_command_shows_no_secret(run):
    ended = run_program("alerts", "--test", "--config", run.file, env=run.settings)
    assert ended.returncode == 1
    assert ([line.partition(": not delivered: ")[0] for line in ended.stdout.splitlines()]
            == [each["name"] for each in run.outcomes])
    assert not [each for each in HIDDEN if each in ended.stdout + ended.stderr]
