"""Which parts of the settings must not be shown."""

import base64

import pytest

from pyimagesearch.settings.secret_texts import secret_texts
from pyimagesearch.settings.settings import Settings


@pytest.mark.parametrize(("name", "text", "secret", "shown"), [
    ("webhook", "https://me:pass-word@ha.example.org/api/webhook/k3y-of-it?a=b-c-d-e",
     {"pass-word", "/api/webhook/k3y-of-it?a=b-c-d-e", "k3y-of-it", "b-c-d-e"},
     ["webhook", "ha.example.org"]),
    ("ntfy", "https://ntfy.example.org/mytopic", {"/mytopic"}, ["ntfy"]),
    ("apprise", "tgram://123456789:AAHdqTcvCH/12345678", {"123456789", "AAHdqTcvCH", "12345678"},
     ["tgram"]),
    ("apprise", "pover://abcdefgH1@ijklmnopQ2", {"abcdefgH1", "ijklmnopQ2"}, []),
    ("apprise", "mailtos://owner:p%40ssw0rd@smtp.example.org?to=me@example.org",
     {"p%40ssw0rd", "p@ssw0rd"}, ["owner", "smtp.example.org", "mailtos"]),
    ("mqtt", "mqtt://owner:pass?w@rd@broker.example.org:1883", {"pass?w@rd"},
     ["broker.example.org", "owner"]),
    ("source", "yard=rtsp://owner:pass:word@192.168.1.7/Streaming/Channels/101", {"pass:word"},
     ["Streaming", "/Streaming/Channels/101", "yard"])])
def test_secrets_of_urls_are_known(name, text, secret, shown):
    found = secret_texts(Settings(**{name: (text,) if name != "mqtt" else text}))
    assert secret <= found
    assert not found & set(shown)


def test_keys_are_known_but_no_short_texts():
    settings = Settings(webhook_secret="k3y-of-webhooks", ntfy_token="short",
                        source=("rtsp://me:1234@camera/", "/dev/video0", "demo:640x480"))
    assert secret_texts(settings) == {"k3y-of-webhooks",
                                      base64.b64encode(b"me:1234").decode()}
