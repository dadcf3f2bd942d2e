"""Secrets in the settings that other users of the machine can read."""

import pytest

from pyimagesearch.settings.command_line import parse_command_line
from pyimagesearch.settings.exposed_secrets import exposed_secrets

CAMERA = "rtsp://owner:s3cret-word@192.168.1.7/1"


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """A folder that all users may enter."""
    monkeypatch.setattr("pyimagesearch.settings.exposed_secrets.others_can_enter", tmp_path.__eq__)
    return tmp_path


def exposed(*arguments, **environ):
    settings = parse_command_line(arguments, environ).settings
    return list(exposed_secrets(settings))


@pytest.mark.parametrize(("content", "names"), [
    ('ntfy = "https://ntfy.sh/front-8c1f0a"\nmqtt = "mqtt://host"', "ntfy"),
    (f'[cameras.front]\nsource = "{CAMERA}"', "source"), ('source = "demo"', "")])
def test_settings_file_that_others_can_read_is_reported(shared, content, names):
    file = shared / "cameras.toml"
    file.write_text(content)
    file.chmod(0o644)
    assert exposed("--config", str(file)) == ([
        f"other users of this machine can read {names} in {file}; run: chmod 600 {file}"]
        if names else [])
    file.chmod(0o600)
    assert exposed("--config", str(file)) == []


def test_password_of_a_camera_in_the_command_line_is_reported():
    (sentence,) = exposed("--source", CAMERA)
    assert sentence.startswith("all users of this machine can read the password of a camera")
    assert exposed(SURVEILLANCE_SOURCE=CAMERA) == exposed("--source", "demo") == []
