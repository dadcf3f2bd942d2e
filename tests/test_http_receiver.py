"""URLs of receivers: what can be requested, and what of them may be shown."""

import pytest

from pyimagesearch.errors import SettingsError
from pyimagesearch.notifications.delivery.http_receiver import HttpReceiver


@pytest.mark.parametrize(("url", "name", "target"), [
    ("https://ntfy.sh/door", "ntfy.sh", "/door"),
    ("HTTPS://Example.ORG:443", "example.org", "/"),
    ("http://10.0.0.2:8080/a?b=c#d", "10.0.0.2:8080", "/a?b=c"),
    ("http://[::1]:80/x%20y", "[::1]", "/x%20y"),
    ("http://me:pass@host:81/", "host:81", "/"),
    ("https://bücher.example/tür?ö", "xn--bcher-kva.example", "/t%C3%BCr?%C3%B6"),
    ("http://host/\r\nX:1", "host", "/X:1")])
def test_name_and_target_come_from_the_url(url, name, target):
    receiver = HttpReceiver(url, "webhook")
    assert (receiver.name, receiver.target) == (name, target)


@pytest.mark.parametrize("url", [
    "ftp://host/hidden", "http://:80/hidden", "http:///hidden", "http://host:0x/hidden",
    "http://host:99999/hidden", "http://a..b/hidden", f"http://{'a' * 70}.example/hidden", "http://[::1/hidden",
    "http://me:hidden@/", "http://host:0/hidden"])
def test_wrong_url_is_a_wrong_setting(url):
    with pytest.raises(SettingsError, match=r"^webhook must be an http:// or https:// URL") as wrong:
        HttpReceiver(url, "webhook")
    assert "hidden" not in str(wrong.value)


@pytest.mark.parametrize(("login", "header"), [
    ("", None), ("me:pass@", "Basic bWU6cGFzcw=="), (":tk_1@", "Basic OnRrXzE="),
    ("me%40home:p%C3%A4ss@", "Basic bWVAaG9tZTpww6Rzcw==")])
def test_login_becomes_a_header(login, header):
    assert HttpReceiver(f"https://{login}host/x", "ntfy").authorization == header


def test_secrets_are_not_shown():
    receiver = HttpReceiver("https://me:hidden@host/hidden?hidden", "webhook")
    assert "hidden" not in f"{receiver!r} {receiver} {receiver.name}"
