"""``webstreaming alerts``: the channels, and what became of a test alert by each."""

import contextlib
import threading
from pathlib import Path

import pytest

import webstreaming
from harness import PATIENCE, eventually
from product import run_program
from pyimagesearch.folders import DataFolder
from pyimagesearch.notifications import alerts_command, channel
from pyimagesearch.notifications.alerts_command import alerts
from pyimagesearch.settings import Settings
from receiver import Receiver


@pytest.fixture
def receivers():
    with contextlib.closing(Receiver()) as good, contextlib.closing(Receiver(500)) as bad:
        yield good, bad


def run_alerts(*arguments, **settings):
    return run_program("alerts", *arguments, env={
        f"SURVEILLANCE_{name.upper()}": text for name, text in settings.items()})


def test_test_says_for_each_channel_what_happened(receivers):
    good, bad = receivers
    urls = f"json://tv:s3cret-word@127.0.0.1:{good.port} json://127.0.0.1:{bad.port}/s3cret-word"
    tested = run_alerts("--test", apprise=urls, public_url="https://cam.example.org/")
    assert (tested.returncode, tested.stdout) == (1, (
        "apprise json: delivered\n"
        "apprise json (2): not delivered: JSON answered 500 (Internal Server Error)\n"))
    assert "s3cret" not in tested.stdout + tested.stderr
    assert good.received[0].json()["message"].endswith("\nhttps://cam.example.org/")
    assert "the link in the test leads to https://cam.example.org/\n" in tested.stderr


def test_ntfy_delivers_to_any_topic_so_compare_it(receivers, tmp_path, capsys):
    url = f"http://127.0.0.1:{receivers[0].port}/topic"
    assert alerts(Settings(ntfy=(url,), config_dir=str(tmp_path)), (), "http://host/", "off", test=True) == 0
    assert capsys.readouterr().out.endswith(
        ": delivered; if the phone stays silent, compare its topic with that in the settings\n")


def test_without_test_it_lists_the_channels_and_what_is_wrong():
    listed = run_alerts(webhook="http://127.0.0.1:1/s3cret-word", mqtt="mqtt://tv:s3cret-word@host",
                        alert_only="person", source="front=demo")
    assert (listed.returncode, listed.stdout) == (0, "webhook 127.0.0.1:1\nMQTT host\n")
    assert "links in alerts lead to http://127.0.0.1:8000/, which opens on this" in listed.stderr
    assert "motion of front raises no alert: alert_only is set" in listed.stderr


def test_without_channels_or_with_a_wrong_one_the_status_is_2():
    none, wrong = run_alerts("--test"), run_alerts("--test", webhook="https://[s3cret-word")
    assert none.returncode == wrong.returncode == 2
    assert "there is no channel of alerts; set webhook, ntfy," in none.stderr
    assert "error: webhook " in wrong.stderr
    assert "s3cret" not in wrong.stderr


def test_channel_that_hangs_is_given_up(monkeypatch, capsys):
    monkeypatch.setattr(alerts_command, "TEST_SECONDS", 0.1)
    over = threading.Event()
    slow = alerts_command.ChannelTest("MQTT host", lambda: over.wait(PATIENCE))
    good = alerts_command.ChannelTest("webhook host", lambda: channel.TestOutcome("webhook host"))
    assert alerts_command.print_outcomes([slow, good]) == [False, True]
    over.set()
    assert capsys.readouterr().out == (
        "MQTT host: not delivered: there was no answer within 0.1 seconds\nwebhook host: delivered\n")


def test_interrupted_test_leaves_no_command_behind(tmp_path):
    program, started = tmp_path / "command", tmp_path / "started"
    program.write_text(f"#!/bin/sh\ntrap '' TERM\necho $$ > {started}\nkill -INT $PPID\nexec sleep 1000\n")
    program.chmod(0o755)
    assert alerts(Settings(alert_command=str(program), config_dir=str(tmp_path)), (),
                  "http://host/", "off", test=True) == 130
    eventually(lambda: not Path(f"/proc/{started.read_text().strip()}").exists())


def test_links_of_tests_follow_the_settings_or_the_last_server(tmp_path):
    folder = DataFolder(str(tmp_path))
    folder.claim()
    folder.keep_url("http://127.0.0.1:8017/")
    folder.release()
    assert webstreaming.running_url(Settings(data=str(tmp_path))) == "http://127.0.0.1:8017/"
    assert webstreaming.running_url(Settings(data=str(tmp_path), port=9000)) == "http://127.0.0.1:9000/"
