"""Files that a newer version has written: said so, and never written over."""

import json

import numpy as np
import pytest

from product import run_program
from pyimagesearch.access.credentials import Credentials, CredentialsFile
from pyimagesearch.access.device_keys import DeviceKeys
from pyimagesearch.access.roles import Role
from pyimagesearch.access.sessions import Sessions
from pyimagesearch.errors import AccessError, BackgroundDamaged
from pyimagesearch.folders import ConfigFolder
from pyimagesearch.motion_detection.learnt_background import LearntBackground
from pyimagesearch.notifications.delivery.push_subscriptions import PushSubscriptions
from pyimagesearch.recording.clip_metadata import ClipMetadata, read_metadata

NEWER = "written by a newer version of this program; install that version again, or move the file away"
CREDENTIALS = json.loads(Credentials.new().as_bytes())


def in_this_thread(work):
    return work()


@pytest.fixture
def folder(tmp_path):
    return ConfigFolder(str(tmp_path))


@pytest.mark.parametrize(("name", "content"), [
    ("access.json", {**CREDENTIALS, "passkeys": []}),
    ("access.json", {"format": 2}),
    ("privacy.json", {"masks": {}, "off_since": None, "blurred": {"front": []}}),
    ("cameras.json", {"format": 2, "cameras": {"front": {"min_area": 2}}})])
def test_start_ends_rather_than_guess(tmp_path, name, content):
    (tmp_path / name).write_text(json.dumps(content))
    ended = run_program("--source", "front=demo", "--port", "0", "--no-record",
                        env={"SURVEILLANCE_CONFIG_DIR": str(tmp_path),
                             "SURVEILLANCE_DATA": str(tmp_path / "data")})
    assert ended.returncode == 1
    assert f"{tmp_path / name} cannot be read: it was {NEWER}\n" in ended.stderr
    assert "damaged" not in ended.stderr
    assert json.loads((tmp_path / name).read_text()) == content


def test_running_server_writes_over_no_newer_password(folder):
    credentials = CredentialsFile(folder)
    credentials.change(lambda found: found)
    newer = json.dumps({**CREDENTIALS, "passkeys": []}).encode()
    folder.keep_secret("access.json", newer)
    with pytest.raises(AccessError, match=NEWER):
        credentials.change(lambda found: found.with_password(Role.OWNER, "hash"))
    assert folder.secret("access.json") == newer


def test_newer_sessions_are_left_alone(folder, clock, caplog):
    newer = json.dumps({"format": 2, "sessions": []}).encode()
    folder.keep_secret("sessions.json", newer)
    sessions = Sessions(folder, clock, in_this_thread)
    assert NEWER in caplog.text
    begun = sessions.begin(Role.OWNER, "stamp", "192.0.2.1", "agent")
    assert sessions.find(begun.id)      # until the program ends
    assert folder.secret("sessions.json") == newer


def test_newer_device_keys_are_left_alone(folder, clock, caplog):
    keys = DeviceKeys(folder, clock, in_this_thread)
    keys.add("tv", None)
    ((key),) = json.loads(folder.secret("device-keys.json"))
    newer = json.dumps([{**key, "cameras": ["front"]}]).encode()
    folder.keep_secret("device-keys.json", newer)
    with pytest.raises(AccessError, match=NEWER):
        keys.add("other", None)
    assert folder.secret("device-keys.json") == newer


def test_newer_background_is_learnt_again():
    grey = np.zeros((9, 16), np.uint8)
    content = LearntBackground((640, 360), grey, grey, grey).to_bytes()
    with pytest.raises(BackgroundDamaged, match="a newer version"):
        LearntBackground.from_bytes(content.replace(b"background 1", b"background 2"), ())


def test_clip_of_a_newer_version_keeps_its_event():
    metadata = ClipMetadata(event=7, camera="front", kind="motion", begin=1.5)
    comment = json.dumps({**json.loads(metadata.as_comment()), "faces": 2})
    assert read_metadata(comment) == metadata


def test_newer_subscriptions_are_left_alone(folder):
    newer = json.dumps({"key": "", "subscriptions": [], "quiet": True}).encode()
    folder.keep_secret("web-push.json", newer)
    with pytest.raises(AccessError, match=NEWER):
        PushSubscriptions(folder).key()
    assert folder.secret("web-push.json") == newer
