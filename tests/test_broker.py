"""The address of the broker, as it is written."""

import pytest

from pyimagesearch.errors import SettingsError
from pyimagesearch.notifications.mqtt.broker import Broker, broker_of
from pyimagesearch.settings.settings import Settings


def parse(url):
    return broker_of(Settings(source=("demo",), mqtt=url))


@pytest.mark.parametrize(("url", "broker", "name"), [
    ("mqtt://host", Broker("host", 1883, False), "MQTT host"),
    ("mqtts://host/", Broker("host", 8883, True), "MQTT host"),
    ("MQTT://host:8883", Broker("host", 8883, False), "MQTT host:8883"),
    ("mqtt://u@h", Broker("h", 1883, False, "u"), "MQTT h"),
    ("mqtt://u:p@h:1", Broker("h", 1, False, "u", "p"), "MQTT h:1"),
    ("mqtt://u:a@b:c#d?@h", Broker("h", 1883, False, "u", "a@b:c#d?"), "MQTT h"),
    ("mqtt://a%40b:%2F%20%25@h", Broker("h", 1883, False, "a@b", "/ %"), "MQTT h"),
    ("mqtt://[fd00::1]", Broker("fd00::1", 1883, False), "MQTT [fd00::1]"),
    ("mqtts://[fd00::1]:1884", Broker("fd00::1", 1884, True), "MQTT [fd00::1]:1884")])
def test_addresses_are_read_as_written(url, broker, name):
    assert parse(url) == broker
    assert parse(url).name == name


@pytest.mark.parametrize("url", [
    "mqtt://u:secret@h:99999", "mqtt://u:secret@h:0", "mqtt://:secret@h",
    "mqtt://u:secret@", "mqtt://u:secret@h:port", "mqtt://u:secret@[h", "mqtt://u:sec/ret@h"])
def test_wrong_address_is_an_error_without_the_password(url):
    with pytest.raises(SettingsError, match=r"^mqtt .*be written like .* as %2F or %20$") as error:
        parse(url)
    assert "secret" not in str(error.value)


def test_login_is_not_shown():
    assert "secret" not in repr(parse("mqtt://user:secret@host"))


def test_no_broker_is_none():
    assert parse(None) is None
