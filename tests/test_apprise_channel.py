"""Alerts through Apprise: what arrives, why nothing does, and the child process."""

import base64
import contextlib
import email
import email.policy
import os
import signal
import sys
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from harness import InBackground, eventually
from pyimagesearch.errors import SettingsError
from pyimagesearch.notifications.alert import BEGIN, Alert
from pyimagesearch.notifications.channel import DeliveryFailed
from pyimagesearch.notifications.delivery.apprise_channel import (
    AppriseChannel,
    apprise_channels,
)
from pyimagesearch.notifications.delivery.apprise_process import AppriseProcess
from receiver import CLOSE, DRIP, HANG, RESET, Answer, Receiver
from socket_camera import Certificate

REDIRECT = "redirect"
STILL = b"\xff\xd8 a still \xff\xd9"
MAX_MEMORY_BYTES = 256 * 2**20      # of the child
THREADS = min(32, os.cpu_count() + 4)    # of Apprise itself
ALERT = Alert(type=BEGIN, id=17, camera="front", kind="motion", begin=1_800_000_000.0,
              url="http://192.168.1.5:8000/events/17", still=STILL)


@pytest.fixture
def receiver():
    with contextlib.closing(Receiver()) as made:
        yield made


def service_at(receiver, process=None, seconds=20.0):
    return AppriseChannel(f"json://tv:s3cret-word@127.0.0.1:{receiver.port}/topic-s3cret",
                          process or AppriseProcess(), seconds)


class Mailbox:
    """Keeps the messages that an SMTP server accepts."""

    def __init__(self):
        self.messages = []

    async def handle_DATA(self, server, session, envelope):
        self.messages.append(email.message_from_bytes(
            envelope.content, policy=email.policy.default))
        return "250 OK"


class FreePort(Controller):
    """An SMTP server on a free port, which the class itself cannot name."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def test_mail_holds_title_text_link_and_still():
    mailbox = Mailbox()
    server = FreePort(mailbox, hostname="127.0.0.1", port=0)
    server.start()
    try:
        AppriseChannel(f"mailto://127.0.0.1:{server.port}/?from=home@example.org"
                       "&to=owner@example.org", AppriseProcess()).send(ALERT)
    finally:
        server.stop()
    (mail,) = mailbox.messages
    assert mail["Subject"] == "front: motion"
    assert mail["From"] == "home@example.org"
    assert "Apprise" not in mail.as_string()
    texts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    assert all(ALERT.url in text and ALERT.text in text for text in texts)
    (still,) = [part for part in mail.walk() if part.get_content_type() == "image/jpeg"]
    assert (still.get_filename(), still.get_content()) == ("front.jpg", STILL)


def test_refused_login_of_mail_is_named():
    server = FreePort(Mailbox(), hostname="127.0.0.1", port=0, auth_require_tls=False,
                      authenticator=lambda *_: AuthResult(success=False, handled=False))
    server.start()
    try:
        assert outcome(AppriseChannel(
            f"mailto://tv:s3cret-word@127.0.0.1:{server.port}?from=tv@example.org",
            AppriseProcess())) == "E-Mail answered 535 (login refused)"
    finally:
        server.stop()


def test_trouble_with_mail_says_what_to_change():
    process, server = AppriseProcess(), FreePort(Mailbox(), hostname="127.0.0.1", port=0)
    server.start()
    try:
        found = [InBackground(outcome, AppriseChannel(
            f"{start}127.0.0.1:{server.port}?from=tv@example.org{more}", process)) for start, more in (
                ("mailtos://", ""), ("mailtos://", "&mode=ssl"), ("mailto://tv:s3cret-word@", ""))]
        assert [each.result() for each in found] == [
            "E-Mail offers no encryption on this port; is it mailto://, without s?",
            "E-Mail does not speak TLS on this port",
            "E-Mail accepts no login on this port, perhaps only with mailtos://"]
    finally:
        server.stop()
    eventually(lambda: not children())


def test_trouble_is_named_without_secrets():
    process, found = AppriseProcess(), {}
    with contextlib.ExitStack() as stack:
        elsewhere = stack.enter_context(contextlib.closing(Receiver()))
        for answer, seconds in ((401, 20), (503, 20), (DRIP, 0.3), (RESET, 20), (REDIRECT, 20)):
            receiver = stack.enter_context(contextlib.closing(Receiver(
                Answer(307, {"Location": elsewhere.url}) if answer == REDIRECT else answer)))
            found[answer] = InBackground(outcome, service_at(receiver, process, seconds))
        gone = Receiver()
        gone.close()
        found[CLOSE] = InBackground(outcome, service_at(gone, process))
        assert {answer: each.result() for answer, each in found.items()} == {
            401: "JSON answered 401 (Unauthorized)",
            503: "JSON answered 503 (Service Unavailable)",
            REDIRECT: "JSON answered 307 (Temporary Redirect)",
            RESET: "the connection to JSON failed",
            CLOSE: "the connection to JSON was refused",
            DRIP: "JSON did not respond in time"}
        assert not elsewhere.received
    eventually(lambda: not children())      # they end when all is sent
    assert "apprise" not in sys.modules     # it takes 35 MB


def test_certificates_of_the_system_are_trusted_and_no_others(tmp_path, monkeypatch):
    trusted, process = Certificate(tmp_path), AppriseProcess()
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted.file))
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with (Receiver(context=trusted.context()) as good,
          Receiver(context=Certificate(tmp_path).context()) as bad):
        sent = [InBackground(outcome, AppriseChannel(f"jsons://127.0.0.1:{each.port}", process))
                for each in (good, bad)]
        assert [each.result() for each in sent] == [
            "", "the certificate of JSON is not trusted"]
        assert not bad.received


def test_services_that_hang_do_not_delay_another(receiver, monkeypatch):
    monkeypatch.setenv("SURVEILLANCE_APPRISE", "json://tv:s3cret-word@127.0.0.1/")
    process = AppriseProcess()
    receiver.answer = HANG
    service_at(receiver, process).prepare()     # which starts the only child
    slow = [InBackground(outcome, service_at(receiver, process)) for _ in range(THREADS)]
    receiver.wait_for(THREADS)
    with contextlib.closing(Receiver()) as other:
        assert outcome(service_at(other, process)) == ""
        (request,) = other.received
    assert request.json()["title"] == "front: motion"
    assert base64.b64decode(request.json()["attachments"][0]["base64"]) == STILL
    (child,) = children()       # other users can read how it was started
    for name in ("cmdline", "environ"):
        assert b"s3cret" not in Path(f"/proc/{child}/{name}").read_bytes()
    # a service may send an answer without an end
    assert f"{MAX_MEMORY_BYTES} " in Path(f"/proc/{child}/limits").read_text()
    process.close()
    assert {each.result() for each in slow} == {"it was given up, as the program ends"}


def outcome(channel):
    try:
        channel.send(ALERT)
    except DeliveryFailed as error:
        return str(error)
    return ""


def children():
    """Return the process ids of Apprise's children of this process."""
    found = b"".join(map(content, Path("/proc/self/task").glob("*/children"))).decode()
    return [each for each in found.split() if b"apprise_child" in content(f"/proc/{each}/cmdline")]


def content(path):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):    # it has just ended
        return Path(path).read_bytes()
    return b""


@pytest.mark.parametrize(("by", "seconds", "trouble"), [
    (signal.SIGSTOP, 0.6, "Apprise did not answer in 0.6 s"),
    (signal.SIGKILL, 30.0, "the process of Apprise ended early, with status -9")])
def test_child_that_freezes_or_crashes_is_ended(receiver, by, seconds, trouble):
    eventually(lambda: not children())      # those of tests before

    def answer(request):
        (child,) = eventually(children)
        os.kill(int(child), by)
        return 200
    receiver.answer = answer
    assert outcome(service_at(receiver, AppriseProcess(seconds))) == trouble
    eventually(lambda: not children())


def test_missing_apprise_is_a_trouble_not_a_wrong_url(receiver, monkeypatch, tmp_path, caplog):
    (tmp_path / "apprise.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (channel,) = apprise_channels(["json://host/s3cret-word"])
    trouble = "the process of Apprise ended early, with status 1; check that apprise is installed"
    assert caplog.messages == [f"the URL of apprise json cannot be checked: {trouble}"]
    assert outcome(channel) == trouble


@pytest.mark.parametrize(("url", "hint"), [
    ("tgram://s3cret/", "write the signs @ : / ? # % in a user or password as %40 %3A %2F %3F %23 %25"),
    ("mailtos://me@example.org:s3cret@example.org", "write an @ in its user or password as %40"),
    ("mailto://s3cret.local:25?to=me@example.org", "without a user, mail needs ?from=ADDRESS&to=ADDRESS")])
def test_url_that_apprise_refuses_is_a_settings_error(url, hint):
    with pytest.raises(SettingsError) as error:
        apprise_channels(["json://127.0.0.1", url])
    assert str(error.value).startswith(f"apprise has a URL {url.partition(':')[0]}:// (number 2)")
    assert str(error.value).endswith(f"describes it; {hint}")
    assert "s3cret" not in str(error.value)


def test_name_and_key_hold_no_secret():
    one, two = (AppriseChannel(f"json://s3cret{each}", AppriseProcess()) for each in "12")
    assert one.name == two.name == "apprise json"       # until all channels are known
    assert one.key != two.key
    assert "s3cret" not in one.key
