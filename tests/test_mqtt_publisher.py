"""What a broker gets of states and events, and what it may ask for."""

import json
import logging
import time

import pytest

from harness import eventually
from mqtt_broker import Mosquitto
from mqtt_server import JPEG, MqttServer, camera_status, running
from pyimagesearch.events.event import ARMED, LOGIN_REFUSED
from pyimagesearch.status import NO_SIGNAL
from recording_channel import sighting


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    broker = Mosquitto(tmp_path_factory.mktemp("broker"))
    yield broker
    broker.stop()


@pytest.fixture
def mqtt(tmp_path, broker):
    with running(tmp_path, broker) as found:
        found.client.wait_for("/availability", b"online")
        yield found


@pytest.fixture(scope="module")
def obedient(tmp_path_factory, broker):
    with running(tmp_path_factory.mktemp("server"), broker, mqtt_control=True) as found:
        found.client.wait_for("/availability", b"online")
        yield found


@pytest.fixture
def controlled(obedient):
    obedient.done.clear()
    return obedient


def test_states_are_published_when_the_connection_begins(mqtt):
    client = mqtt.client
    assert client.last("/front/motion") == client.last("/front/recording") == b"OFF"
    assert client.last("/front/connected") == client.last("/armed") == b"ON"
    assert client.last("/cameras") == b"ON"
    assert client.last("/mode") == b"away"
    assert client.last("/kept") == b"512"
    assert json.loads(client.last("/front/connected/attributes"))["fps"] == 30


def test_still_comes_before_motion_and_motion_before_event(mqtt):
    event = mqtt.begin()
    mqtt.client.wait_for("/front/event")
    topics = [topic.rpartition("/")[2] for topic, *_ in mqtt.client.messages[-3:]]
    assert topics == ["still", "motion", "event"]
    assert mqtt.client.last("/front/still") == JPEG
    assert mqtt.client.last("/front/motion") == b"ON"
    assert mqtt.client.events()[-1] == {
        "event_type": "motion", "id": event.id, "camera": "front", "names": [],
        "scores": {}, "labels": {}, "zones": [], "note": "", "begin": round(event.begin, 3), "end": None,
        "peak_area": 0.0, "url": f"http://192.0.2.1:8000/events/{event.id}"}


def test_end_of_an_event_is_published_with_its_best_still(mqtt):
    event = mqtt.begin()
    mqtt.client.wait_for("/front/event")
    mqtt.end(event)
    eventually(lambda: len(mqtt.client.events()) == 2)
    assert mqtt.client.last("/front/motion") == b"OFF"
    mqtt.pass_time(1.0)
    eventually(lambda: len(mqtt.client.payloads("/front/still")) == 2)
    ended = mqtt.client.events()[-1]
    assert ended["event_type"] == "motion ended"
    assert ended["peak_area"] == 4.1
    assert ended["end"] >= ended["begin"]


def test_object_switches_its_sensor_and_is_an_event(mqtt):
    event = mqtt.begin()
    mqtt.client.wait_for("/front/event")
    assert mqtt.client.last("/front/animal") == b"OFF"
    mqtt.store.sight(event.id, sighting("animal", mqtt.clock.time()))
    mqtt.client.wait_for("/front/animal", b"ON")
    mqtt.pass_time(0.8)
    named = eventually(lambda: len(mqtt.client.events()) == 2 and mqtt.client.events()[-1])
    assert (named["event_type"], named["names"], named["scores"], named["labels"]) == (
        "motion named", ["animal"], {"animal": 0.8}, {"animal": "dog"})
    before = len(mqtt.client.messages)
    mqtt.end(event)
    mqtt.client.wait_for("/front/animal", b"OFF", after=before)


def test_sensors_of_objects_leave_the_broker_without_a_model(tmp_path, broker):
    with running(tmp_path, broker) as mqtt:
        mqtt.client.wait_for("/front/person", b"OFF")
    with running(tmp_path, broker, mqtt.prefix, objects_off="off") as mqtt:
        mqtt.client.wait_for("/front/person", b"")
        mqtt.client.wait_for("/availability", b"online")
        config = json.loads(mqtt.client.last("_front/config"))
        assert config["components"]["person"] == {"platform": "binary_sensor"}


def test_event_waits_less_than_a_second_for_its_picture(mqtt):
    mqtt.begin(picture=False)
    assert mqtt.publisher.test().trouble == ""
    assert not mqtt.client.payloads("/front/event")
    mqtt.pass_time(0.8)
    mqtt.client.wait_for("/front/event")


def test_events_are_never_retained(mqtt, broker):
    mqtt.begin()
    mqtt.client.wait_for("/front/event")
    later = broker.client([f"{mqtt.prefix}/#"])
    later.wait_for("/front/still")
    later.close()
    assert not later.payloads("/event")


def test_events_of_the_server_are_published_as_its_own(mqtt):
    mqtt.store.add(LOGIN_REFUSED, 1.8e9, 1.8e9)
    mqtt.store.add(ARMED, time.time(), time.time())
    eventually(lambda: len(mqtt.client.events()) == 2)
    assert [each["event_type"] for each in mqtt.client.events()] == ["login refused", "armed"]


def test_lost_camera_is_disconnected_and_says_why(mqtt):
    mqtt.cameras["front"] = camera_status("front", state=NO_SIGNAL, reason="away")
    mqtt.pass_time(0)
    mqtt.client.wait_for("/front/connected", b"OFF")
    mqtt.client.wait_for("/attributes", after=len(mqtt.client.messages) - 1)
    assert json.loads(mqtt.client.last("/front/connected/attributes"))["reason"] == "away"


def test_numbers_that_always_change_are_published_once_a_minute(mqtt):
    for fps in (20.0, 10.0):
        mqtt.cameras["front"] = camera_status("front", fps=fps)
        mqtt.pass_time(20)
    mqtt.begin()
    mqtt.client.wait_for("/front/event")
    assert len(mqtt.client.payloads("/front/connected/attributes")) == 1
    mqtt.pass_time(60)
    eventually(lambda: len(mqtt.client.payloads("/front/connected/attributes")) == 2)
    assert json.loads(mqtt.client.last("/front/connected/attributes"))["fps"] == 10


def test_all_is_published_again_when_home_assistant_starts(mqtt):
    before = len(mqtt.client.messages)
    mqtt.client.publish(f"discovery-{mqtt.prefix}/status", b"online")
    mqtt.pass_time(5)
    mqtt.client.wait_for("_front/config", after=before)
    mqtt.client.wait_for("/availability", b"online", after=before)
    assert len(mqtt.client.payloads("/front/motion")) == 2


def test_a_test_is_published_as_an_event(mqtt):
    mqtt.client.wait_for("/front/connected")
    assert mqtt.publisher.status().last_success is None
    assert mqtt.publisher.test().trouble == ""
    mqtt.client.wait_for("/event")
    assert mqtt.client.events()[-1]["event_type"] == "test"
    status = mqtt.publisher.status()
    assert (status.delivered, status.trouble) == (1, "")
    assert status.last_success


def test_last_words_say_that_the_server_is_offline(tmp_path, broker):
    with running(tmp_path, broker) as mqtt:
        mqtt.client.wait_for("/availability", b"online")
        mqtt.publisher.stop()
        mqtt.client.wait_for("/availability", b"offline")


@pytest.mark.parametrize(("subject", "payload", "done"), [
    ("armed", b"OFF", ("mode", "off")),
    ("mode", b"home", ("mode", "home")),
    ("mode", b"off 30", ("mode", "off", 30)),
    ("cameras", b"ON", ("cameras", True)),
    ("front/recording", b"ON", ("front", "record", True)),
    ("front/snapshot", b"PRESS", ("front", "still"))])
def test_commands_are_obeyed_if_that_is_set(controlled, subject, payload, done):
    send(controlled, subject, payload)
    assert eventually(lambda: controlled.done) == [done]


def test_other_payloads_are_ignored(controlled):
    for payload in (b"on", b"\xff\xfe", b"", b"ON" * 20_000):
        send(controlled, "armed", payload)
        send(controlled, "mode", payload)
    send(controlled, "other/recording", b"ON")
    send(controlled, "front/recording", b"ON")
    assert eventually(lambda: controlled.done) == [("front", "record", True)]


def test_retained_commands_are_ignored(tmp_path, broker):
    with running(tmp_path, broker) as mqtt:
        mqtt.client.wait_for("/availability", b"online")
        send(mqtt, "armed", b"OFF", retain=True)
    with running(tmp_path, broker, mqtt.prefix, mqtt_control=True) as mqtt:
        mqtt.client.wait_for("/availability", b"online")
        send(mqtt, "front/recording", b"ON")
        assert eventually(lambda: mqtt.done) == [("front", "record", True)]


def test_commands_are_not_even_received_unless_that_is_set(mqtt):
    send(mqtt, "armed", b"OFF")
    assert mqtt.publisher.test().trouble == ""
    assert not mqtt.done


def send(mqtt, subject, payload, retain=False):
    topic = mqtt.client.wait_for("/availability")[0].removesuffix("availability")
    mqtt.client.publish(f"{topic}{subject}/set", payload, retain)


def test_removed_cameras_are_removed_from_the_broker(tmp_path, broker):
    with running(tmp_path, broker, cameras=("front", "yard")) as mqtt:
        mqtt.client.wait_for("_yard/config")
        mqtt.begin("yard")
        mqtt.client.wait_for("/yard/still", JPEG)
    with running(tmp_path, broker, mqtt.prefix) as mqtt:
        mqtt.client.wait_for("/availability", b"online")
        assert {"config", "motion", "still"} <= {
            topic.rpartition("/")[2] for topic, payload, *_ in mqtt.client.messages
            if "yard" in topic and not payload}
    with running(tmp_path, broker, mqtt.prefix) as mqtt:
        mqtt.client.wait_for("/availability", b"online")
        assert not [each for each in mqtt.client.messages if "yard" in each[0]]


def test_stills_leave_the_broker_when_they_are_switched_off(tmp_path, broker):
    with running(tmp_path, broker) as mqtt:
        mqtt.begin()
        mqtt.client.wait_for("/front/still", JPEG)
    with running(tmp_path, broker, mqtt.prefix, mqtt_stills=False) as mqtt:
        mqtt.client.wait_for("/front/still", b"")
        mqtt.begin()
        mqtt.client.wait_for("/front/event")
        assert mqtt.client.last("/front/still") == b""


def test_last_still_is_published_again_after_a_restart(tmp_path, broker):
    with running(tmp_path, broker) as mqtt:
        mqtt.begin()
        mqtt.client.wait_for("/front/still", JPEG)
    broker.stop()
    broker.start()
    with running(tmp_path, broker) as mqtt:
        mqtt.client.wait_for("/front/still", JPEG)
        assert not mqtt.client.events()


def test_without_discovery_only_states_are_published(tmp_path, broker):
    with running(tmp_path, broker, "plain", mqtt_discovery="off") as mqtt:
        mqtt.client.wait_for("/availability", b"online")
        assert not mqtt.client.payloads("/config")
        assert mqtt.client.last("/front/motion") == b"OFF"


def test_all_is_back_after_a_restart_of_the_broker(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    own = Mosquitto(tmp_path)
    with running(tmp_path, own) as mqtt:
        mqtt.client.wait_for("/availability", b"online")
        own.stop()
        eventually(lambda: "127.0.0.1" in mqtt.publisher.status().trouble)
        trouble = mqtt.publisher.test().trouble
        event = mqtt.begin()
        own.start()
        later = own.client([f"{mqtt.prefix}/#", f"discovery-{mqtt.prefix}/#"])
        later.wait_for("/front/event")
        assert later.events()[0]["id"] == event.id
        assert later.last("_front/config")
        assert trouble
        eventually(lambda: not mqtt.publisher.status().trouble)
        later.close()
    own.stop()
    assert len(caplog.messages) < 8


def test_broker_that_is_away_at_the_start_gets_all_later(tmp_path):
    own = Mosquitto(tmp_path)
    own.stop()
    with MqttServer(tmp_path, own.url, mqtt_prefix="late") as server:
        eventually(lambda: server.publisher.status().failed > 3)
        assert server.publisher.status().next_try
        own.start()
        client = own.client(["late/#"])
        client.wait_for("/availability", b"online")
        assert client.last("/front/motion") == b"OFF"
        client.close()
    own.stop()


def test_motion_that_ends_while_the_broker_is_away_ends_there(tmp_path):
    own = Mosquitto(tmp_path)
    with running(tmp_path, own) as mqtt:
        event = mqtt.begin()
        mqtt.client.wait_for("/front/motion", b"ON")
        own.stop()
        mqtt.end(event)
        own.start()
        later = own.client([f"{mqtt.prefix}/#"])
        later.wait_for("/front/motion", b"OFF")
        later.close()
    own.stop()


def test_begin_that_is_no_news_any_more_is_left_out(tmp_path):
    own = Mosquitto(tmp_path)
    with running(tmp_path, own) as mqtt:
        mqtt.client.wait_for("/availability", b"online")
        own.stop()
        mqtt.begin(note="old")
        mqtt.pass_time(31)
        own.start()
        later = own.client([f"{mqtt.prefix}/#"])
        later.wait_for("/front/motion", b"ON")
        mqtt.begin(note="new")
        later.wait_for("/front/event")
        assert [each["note"] for each in later.events()] == ["new"]
        later.close()
    own.stop()


def test_refused_login_is_reported_once_without_the_password(tmp_path, caplog):
    own = Mosquitto(tmp_path, login=("user", "right"))
    url = f"mqtt://user:wr0ng@127.0.0.1:{own.port}"
    with MqttServer(tmp_path, url) as server:
        eventually(lambda: server.publisher.status().failed > 2)
        trouble = server.publisher.status().trouble
        assert trouble == "the broker refuses the login; check user and password"
        assert server.publisher.test().trouble == trouble
    own.stop()
    assert "wr0ng" not in caplog.text
    assert len(caplog.messages) == 1


def test_login_with_a_password_works(tmp_path):
    own = Mosquitto(tmp_path, login=("user", "p@ss:w0rd"))
    with running(tmp_path, own) as mqtt:
        mqtt.client.wait_for("/availability", b"online")
    own.stop()


def test_topic_that_may_not_be_written_is_named(tmp_path):
    access = tmp_path / "access"
    access.write_text("user me\ntopic readwrite webstreaming/#\n")
    access.chmod(0o600)
    own = Mosquitto(tmp_path, f"acl_file {access}", login=("me", "secret"))
    with MqttServer(tmp_path, own.url) as server:
        assert "homeassistant/device/webstreaming_" in eventually(
            lambda: server.publisher.status().trouble)
    own.stop()


def test_commands_faster_than_they_are_obeyed_are_dropped(tmp_path, broker, caplog):
    with running(tmp_path, broker, mqtt_control=True) as controlled:
        flood(controlled)
        eventually(lambda: "dropped" in caplog.text)
        assert controlled.publisher.test().trouble == ""
        assert len(controlled.done) < 100
    assert len(caplog.messages) == 1


def flood(controlled):
    topic = controlled.client.wait_for("/availability")[0].removesuffix("availability")
    for number in range(300):
        controlled.client.publish(f"{topic}armed/set", b"ON" if number % 2 else b"OFF")
    assert controlled.publisher.test().trouble == ""
