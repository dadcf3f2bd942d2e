"""Web push against a push service: what arrives, and what its answers mean."""

import json
import re
from dataclasses import replace

import pytest

from browsers import Browser
from product import run_program
from pyimagesearch.clock import SystemClock
from pyimagesearch.notifications.alert import BEGIN, DIGEST, END, TEST, Alert
from pyimagesearch.notifications.channel import ChannelClosed, DeliveryFailed
from pyimagesearch.notifications.delivery.push_encryption import public_key
from pyimagesearch.notifications.delivery.push_subscription import parse_subscription
from pyimagesearch.notifications.delivery.push_subscriptions import PushSubscriptions
from pyimagesearch.notifications.delivery.web_push import (
    PushChannels,
    PushService,
    WebPush,
    message,
    push_channels,
)

pytestmark = pytest.mark.usefixtures("no_fsync")

ALERT = Alert(type=BEGIN, id=17, camera="front", kind="motion", begin=1_795_816_800.0,
              url="https://cam.example.org/events/17", still=b"a JPEG")
CLOCK = SystemClock()


@pytest.fixture
def subscriptions(config_folder):
    return PushSubscriptions(config_folder)


@pytest.fixture
def subscribed(push_service, subscriptions, monkeypatch):
    """Return the subscription of a new browser, and the channel to it."""
    for name, value in push_service.environment.items():
        monkeypatch.setenv(name, value)

    def begin(key=None, **changed):
        made = push_service.subscribe(public_key(key or subscriptions.key()))
        kept = replace(parse_subscription({**made, **changed}), device="Firefox")
        subscriptions.add(kept)
        return made, WebPush(kept, subscriptions, CLOCK, "web push to Firefox")
    return begin


def test_alert_arrives_as_only_the_browser_can_read_it(push_service, subscribed):
    browser, channel = subscribed()
    channel.send(ALERT)
    (arrived,) = push_service.messages(browser)
    assert arrived == json.loads(message(ALERT))
    sent = push_service.headers()
    assert (sent["topic"], sent["urgency"], sent["ttl"]) == ("event-17", "high", "86400")
    channel.send(replace(ALERT, type=END))
    assert push_service.headers()["urgency"] == "normal"
    assert [each["update"] for each in push_service.messages(browser)] == [False, True]


def test_ended_subscription_is_removed(push_service, subscribed, subscriptions):
    (browser, channel), (_, other) = subscribed(), subscribed()
    push_service.expire(browser)
    with pytest.raises(ChannelClosed, match="the browser has ended its subscription"):
        channel.send(ALERT)
    assert len(subscriptions.all()) == 1
    other.send(ALERT)


def test_alerts_for_another_key_are_not_delivered(push_service, subscribed, subscriptions, tmp_path):
    """As after the file was lost: the browser has to subscribe again."""
    from pyimagesearch.notifications.delivery.push_encryption import new_key
    browser, channel = subscribed(new_key())
    with pytest.raises(DeliveryFailed, match="the receiver does not understand"):
        channel.send(ALERT)
    assert push_service.messages(browser) == []
    assert len(subscriptions.all()) == 1


@pytest.mark.parametrize(("host", "words"), [
    ("localhost", "no address that alerts may go to"), ("127.0.0.1", "no address that alerts may go to"),
    ("no-such-host.invalid", "no host of that name")])
def test_requests_go_to_the_internet_only(subscriptions, host, words):
    wanted = replace(parse_subscription(Browser().subscription), endpoint=f"https://{host}/x")
    channel = WebPush(wanted, subscriptions, CLOCK, "web push")
    with pytest.raises(DeliveryFailed, match=words) as failed:
        channel.send(ALERT)
    assert failed.value.__cause__ is None
    assert not PushService("https://push.example.org/", "").admits("192.168.1.1")


@pytest.mark.parametrize(("status", "words", "seconds"), [
    (401, r"^push\.example\.org refuses the key of this server \(status 401\); is the clock", 7.0),
    (403, r"^push\.example\.org refuses the key of this server \(status 403\); is the clock", 7.0),
    (413, "refuses the alert as too large", 7.0), (429, "too many alerts", 7.0),
    (500, "failed with the status 500", 7.0), (302, "redirects", 7.0)])
def test_refusals_are_explained_and_keep_the_subscription(
        subscribed, subscriptions, status, words, seconds):
    _, channel = subscribed(endpoint=f"https://push.example.org/answer/{status}")
    with pytest.raises(DeliveryFailed, match=words) as failed:
        channel.send(ALERT)
    assert failed.value.retry_after == seconds
    assert len(subscriptions.all()) == 1


@pytest.mark.parametrize("status", [404, 410])
def test_push_service_that_forgot_the_browser_ends_it(subscribed, subscriptions, status):
    _, channel = subscribed(endpoint=f"https://push.example.org/answer/{status}")
    with pytest.raises(ChannelClosed):
        channel.send(ALERT)
    assert subscriptions.all() == ()


def test_no_error_holds_a_secret(subscribed, subscriptions, config_folder, caplog):
    caplog.set_level("DEBUG")
    for status in (403, 410, 500):
        _, channel = subscribed(endpoint=f"https://push.example.org/answer/{status}?id=secret")
        config_folder.path.chmod(0o500)
        with pytest.raises(DeliveryFailed) as failed:
            channel.send(ALERT)
        config_folder.path.chmod(0o700)
        shown = caplog.text + str(failed.value) + repr(failed.value.__context__)
        for secret in ("secret", subscriptions.key(), "answer/"):
            assert secret not in shown


@pytest.mark.parametrize(("alert", "path", "picture"), [
    (ALERT, "events/17", "events/17/thumbnail.jpg"),
    (replace(ALERT, still=None), "events/17", ""),
    (replace(ALERT, url="http://192.168.1.5:8000/cam/events/17"), "events/17",
     "events/17/thumbnail.jpg"),
    (replace(ALERT, type=TEST, url="https://cam.example.org/"), "", ""),
    (replace(ALERT, type=DIGEST, url="https://cam.example.org/events"), "events", ""),
    (replace(ALERT, url=""), "events", "")])
def test_click_leads_to_the_event(alert, path, picture):
    made = json.loads(message(alert))
    assert (made["path"], made["picture"]) == (path, picture)


def test_long_texts_are_cut_to_what_services_take():
    for letter in "x", "\u20ac", "\U0001f4f7", "\ud800", "\\", "\n":
        alert = replace(ALERT, kind=letter * 9000, camera=letter * 9000)
        assert len(message(alert)) < 3000 + (1800 if letter in "\\\n" else 0)
        assert json.loads(message(alert))["title"].startswith(letter.replace("\ud800", "?"))


class Adding:
    """Notes the channels that are added and removed."""

    def __init__(self):
        self.channels = {}

    def add(self, channel):
        self.channels[channel.key] = channel

    def remove(self, key):
        del self.channels[key]

    @property
    def names(self):
        return sorted(each.name for each in self.channels.values())


def test_command_tests_browsers_too(push_service, subscriptions, config_folder):
    browser = push_service.subscribe(public_key(subscriptions.key()))
    subscriptions.add(replace(parse_subscription(browser), device="Firefox on Linux"))
    environment = {**push_service.environment, "SURVEILLANCE_CONFIG_DIR": str(config_folder.path)}
    tested = run_program("alerts", "--test", env=environment)
    assert (tested.returncode, tested.stdout) == (0, "web push to Firefox on Linux: delivered\n")
    assert len(push_service.messages(browser)) == 1


def test_channels_come_and_go_with_subscriptions(subscriptions, config_folder, clock):
    alerts = Adding()
    channels = PushChannels(subscriptions, alerts, clock)
    subscriptions.on_change.append(channels.follow)
    channels.follow()
    made = [replace(parse_subscription(Browser(f"https://push.example.org/{number}").subscription),
                    device="Chrome\x1b on Android") for number in range(3)]
    for each in made:
        subscriptions.add(each)
    name = r"web push to Chrome\x1b on Android"
    assert alerts.names == [name, f"{name} (2)", f"{name} (3)"]
    assert [each.name for each in push_channels(config_folder, clock)] == alerts.names
    subscriptions.remove(made[1].endpoint)
    assert alerts.names == [name, f"{name} (3)"]
    subscriptions.add(made[1])
    assert alerts.names == [name, f"{name} (2)", f"{name} (3)"]
    PushSubscriptions(config_folder).remove(made[0].endpoint)      # by another process
    channels.follow()
    assert alerts.names == [f"{name} (2)", f"{name} (3)"]
    for key, channel in alerts.channels.items():
        assert re.fullmatch("alerts push [0-9a-f]{12}", key)
        assert "push.example.org" not in repr(vars(channel))
