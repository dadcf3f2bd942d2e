"""The command of alerts: its environment, its still, and its end."""

import json
import os
import re
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from harness import PATIENCE, ROOT, InBackground, eventually
from pages import blocks, prose
from pyimagesearch.notifications.alert import BEGIN, END, Alert
from pyimagesearch.notifications.channel import DeliveryFailed
from pyimagesearch.notifications.delivery.command_channel import (
    CommandChannel,
    variables,
)
from recording_channel import sighting

ALERT = Alert(type=BEGIN, id=17, camera="front", kind="motion", begin=1_800_000_000.5,
              sightings=(sighting("person"), sighting("vehicle", score=0.654)),
              note="Tür\x00 $(reboot); ✓", counts={"front": 3, "back": 2}, url="https://cam.example/events/17",
              still=b"\xff\xd8 still")


@pytest.fixture
def script(tmp_path):
    """Write a shell script; return its path."""
    def write(*lines):
        path = tmp_path / "on alert.sh"
        path.write_text("\n".join(["#!/bin/sh", f"cd '{tmp_path}'", *lines]))
        path.chmod(0o755)
        return str(path)
    return write


def environment(script, tmp_path, alert=ALERT):
    """Return the environment of the command for *alert*."""
    path = script(f"exec '{sys.executable}' -c 'import json, os; print(json.dumps(dict(os.environ)))' > seen")
    CommandChannel(path).send(alert)
    return json.loads((tmp_path / "seen").read_text())


def test_variables_say_what_happened(script, tmp_path):
    found = environment(script, tmp_path)
    assert {name: found[f"ALERT_{name}"] for name in (
        "TYPE", "ID", "CAMERA", "KIND", "NAMES", "SCORES", "LABELS", "BEGIN", "END", "COUNTS", "URL", "KEY", "TITLE", "TEXT")} == {
        "TYPE": "begin", "ID": "17", "CAMERA": "front", "KIND": "motion", "NAMES": "person,vehicle",
        "SCORES": "person=0.8,vehicle=0.65", "LABELS": "person=person,vehicle=car",
        "BEGIN": "1800000000.5", "END": "", "COUNTS": "front=3,back=2", "URL": ALERT.url, "KEY": "17-begin",
        "TITLE": ALERT.title, "TEXT": ALERT.text.replace("\0", "")}
    assert found["ALERT_NOTE"] == "Tür $(reboot); ✓"      # no shell has seen it


def test_our_settings_stay_with_us(script, tmp_path, monkeypatch):
    monkeypatch.setenv("SURVEILLANCE_MQTT", "mqtt://me:hunter2@host")
    monkeypatch.setenv("LANG", "C.UTF-8")
    found = environment(script, tmp_path)
    assert "hunter2" not in str(found)
    assert found["LANG"] == "C.UTF-8"


def test_still_is_a_file_meanwhile(script, tmp_path):
    CommandChannel(script('cp "$ALERT_STILL" copy', 'echo "$ALERT_STILL" > path')).send(ALERT)
    assert (tmp_path / "copy").read_bytes() == ALERT.still
    path = Path((tmp_path / "path").read_text().strip())
    assert path.suffix == ".jpg"
    assert not path.exists()


def test_missing_still_is_an_empty_path(script, tmp_path, monkeypatch):
    assert environment(script, tmp_path, replace(ALERT, still=None))["ALERT_STILL"] == ""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    assert environment(script, tmp_path)["ALERT_STILL"] == ""


@pytest.mark.parametrize(("line", "words"), [
    ("exit 3", "the exit status 3"), ("kill -KILL $$", "the signal SIGKILL")])
def test_failure_of_the_command_is_reported(script, line, words):
    with pytest.raises(DeliveryFailed, match=words) as raised:
        CommandChannel(script("echo hunter2 >&2", line)).send(ALERT)
    assert raised.value.is_refusal


@pytest.mark.parametrize(("content", "words"), [
    (None, "no such file"), ("", "its first line names no interpreter, such as #!/bin/sh"),
    ("#!/bin/sh\r\n", "the interpreter that its first line names does not exist here")])
def test_command_that_cannot_start_is_explained(tmp_path, content, words):
    path = tmp_path / "command"
    if content is not None:
        path.write_text(content)
        path.chmod(0o755)
    with pytest.raises(DeliveryFailed, match=f"cannot be started: {words}"):
        CommandChannel(str(path)).send(ALERT)


def test_slow_command_is_ended_with_its_children(script, tmp_path):
    path = script("trap '' TERM", "sleep 1000 & echo $! > child", "wait; wait; wait")
    began = time.monotonic()
    with pytest.raises(DeliveryFailed, match=r"longer than 0\.2 seconds"):
        CommandChannel(path, 0.2, grace=0.1).send(ALERT)
    assert time.monotonic() - began < PATIENCE / 2
    child = int((tmp_path / "child").read_text())
    eventually(lambda: not is_running(child))


def is_running(process):
    """Return whether *process* exists and has not ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def failure(channel):
    with pytest.raises(DeliveryFailed) as failed:
        channel.send(ALERT)
    return str(failed.value)


@pytest.mark.parametrize(("trap", "signal"), [("true", "SIGTERM"), ("trap '' TERM", "SIGKILL")])
def test_closing_ends_the_command(script, tmp_path, trap, signal):
    channel = CommandChannel(script(trap, "echo $$ > child", "exec sleep 1000"))
    sent = InBackground(failure, channel)
    child = int(eventually(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text()))
    channel.close()
    assert signal in sent.result()
    assert not is_running(child)
    channel.close()


def test_command_leaves_nothing_open(script):
    before = len(os.listdir("/proc/self/fd"))
    channel = CommandChannel(script("exit 0"))
    for _ in range(3):
        channel.send(ALERT)
    assert len(os.listdir("/proc/self/fd")) == before


def test_documented_variables_are_those_that_are_set():
    documented = set(re.findall(r"`(ALERT_\w+)`", prose(ROOT / "docs/alerts.md")))
    assert documented == set(variables(ALERT, ""))


def test_documented_command_keeps_the_last_still(script, tmp_path):
    (code,) = (block for block in blocks("bash") if "ALERT_STILL" in block)
    channel = CommandChannel(script(*code.replace("/mnt/stills", str(tmp_path)).splitlines()[1:]))
    for alert in (ALERT, replace(ALERT, type=END, id=18), replace(ALERT, type=END, id=19, still=None)):
        channel.send(alert)
    assert [path.name for path in tmp_path.glob("*.jpg")] == ["front-18.jpg"]
