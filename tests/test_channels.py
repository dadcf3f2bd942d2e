"""The channels that the settings name: which, how they are called, and wrong settings."""

import pytest

from pyimagesearch.errors import SettingsError
from pyimagesearch.notifications.alert import TEST, Alert
from pyimagesearch.notifications.channels import channels_of
from pyimagesearch.settings import Settings
from receiver import Receiver


def names(**given):
    return [channel.name for channel in channels_of(Settings(**given))]


def test_no_settings_name_no_channels():
    assert names() == []


def test_names_tell_channels_apart_without_their_secrets():
    assert names(webhook=("https://me:hidden@a.example/hidden", "https://a.example/hidden2", "http://10.0.0.2:81/"),
                 ntfy=("https://ntfy.sh/hidden",), ntfy_token="hidden", alert_command="/bin/true") == [
        "webhook a.example", "webhook a.example (2)", "webhook 10.0.0.2:81", "ntfy ntfy.sh", "command true"]


def test_keys_differ_and_hide_their_receivers():
    keys = [each.key for each in channels_of(Settings(
        webhook=("https://a.example/x", "https://a.example/y"), ntfy=("https://a.example/x",)))]
    assert len(set(keys)) == 3
    assert "example" not in "".join(keys)


def test_receiver_given_twice_is_one_channel():
    assert names(webhook=("https://a.example/x",) * 2, ntfy=("https://b.example/x",) * 2) == [
        "webhook a.example", "ntfy b.example"]


@pytest.mark.parametrize("token", ["h\xefdden", "hidden\n", "hid den", "\x01hidden"])
def test_token_that_no_header_can_hold_is_a_wrong_setting(token):
    with pytest.raises(SettingsError, match="ntfy_token must be ASCII characters") as wrong:
        Settings(ntfy_token=token)
    assert "dden" not in str(wrong.value)


@pytest.mark.parametrize(("setting", "value"), [
    ("webhook", ("https://a.example:0x/hidden",)), ("ntfy", ("https://a..b/hidden",))])
def test_impossible_urls_end_the_start(setting, value):
    with pytest.raises(SettingsError, match=f"^{setting} must be") as wrong:
        names(**{setting: value})
    assert "hidden" not in str(wrong.value)


@pytest.mark.parametrize(("name", "words"), [
    ("missing", "which is not a file here"), (".", "which is not a file here"),
    ("text", "which this user may not run; run: chmod")])
def test_command_must_be_a_program(tmp_path, name, words):
    (tmp_path / "text").touch(0o644)
    path = tmp_path / name
    with pytest.raises(SettingsError, match=f"alert_command is '{path}', {words}"):
        names(alert_command=str(path))


def test_one_server_never_learns_the_token_of_another():
    with pytest.raises(SettingsError, match="set for 2 servers"):
        names(ntfy=("https://ntfy.sh/x", "https://b.example/x"), ntfy_token="tk_1")
    assert names(ntfy=("https://ntfy.sh/x", "https://ntfy.sh/y", "https://:tk_2@b.example/x"), ntfy_token="tk_1") == [
        "ntfy ntfy.sh", "ntfy ntfy.sh (2)", "ntfy b.example"]


def test_settings_reach_the_channels():
    with Receiver() as receiver:
        for channel in channels_of(Settings(
                webhook=(f"{receiver.url}/hook",), webhook_secret="s", webhook_stills=True,
                ntfy=(f"{receiver.url}/topic",), ntfy_token="tk_1")):
            channel.send(Alert(type=TEST, id=1, kind="test", begin=1.0, still=b"jpeg"))
        hook, topic = receiver.received
    assert hook.headers["X-Signature"].startswith("sha256=")
    assert hook.parts()["still"] == ("image/jpeg", b"jpeg")
    assert topic.headers["Authorization"] == "Bearer tk_1"
