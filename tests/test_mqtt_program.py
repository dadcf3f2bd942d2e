"""The whole program beside a broker, as a user starts it."""

import signal
import time

import pytest

from harness import eventually
from mqtt_broker import Mosquitto
from product import Product, run_program


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    broker = Mosquitto(tmp_path_factory.mktemp("broker"), login=("me", "s3cret"))
    yield broker
    broker.stop()


@pytest.fixture
def client(broker):
    client = broker.client(["#"])
    yield client
    client.close()


@pytest.fixture(scope="module")
def program(broker):
    early = broker.client(["#"])
    program = Product("--source", "front=demo", "--mqtt-control",
                      env={"SURVEILLANCE_MQTT": broker.url})
    started = time.monotonic()
    program.announced_after = early.wait_for("/availability", b"online")[3] - started
    assert early.last("_front/config")
    early.close()
    yield program
    program.close()


@pytest.mark.deadline
def test_entities_are_there_within_two_seconds_of_the_start(program):
    assert program.announced_after < 2.0


def test_commands_reach_the_cameras_and_show(program, client):
    base = client.wait_for("/availability", b"online")[0].removesuffix("availability")
    client.wait_for("/front/connected", b"ON")
    sent = {}
    for subject, payload, shown in (
            ("front/recording", b"ON", "/front/recording"), ("mode", b"home", "/mode"),
            ("cameras", b"OFF", "/cameras"), ("cameras", b"ON", "/cameras"),
            ("armed", b"OFF", "/armed")):
        sent[subject, payload] = before = len(client.messages)
        client.publish(f"{base}{subject}/set", payload)
        client.wait_for(shown, payload, after=before)
    assert client.wait_for("/mode", b"off")
    client.wait_for("/front/connected", b"ON", after=sent["cameras", b"ON"])
    client.publish(f"{base}front/snapshot/set", b"PRESS")
    eventually(lambda: {"manual", "switched off", "disarmed", "snapshot"} <= {
        each["event_type"] for each in client.events()})
    assert client.last("/front/still").startswith(b"\xff\xd8")


def test_command_publishes_a_test_beside_the_server(program, broker, client):
    client.wait_for("/availability", b"online")
    done = run_program("alerts", "--test", env={
        "SURVEILLANCE_MQTT": broker.url, "SURVEILLANCE_MQTT_PREFIX": "webstreaming/", **program.folders})
    assert f"the link in the test leads to {program.url}/\n" in done.stderr
    assert (done.returncode, done.stdout) == (0, f"MQTT 127.0.0.1:{broker.port}: delivered\n")
    client.wait_for("webstreaming/test")
    assert client.last("/availability") == b"online"


@pytest.mark.deadline
def test_server_is_unavailable_at_once_after_a_kill(program, client):
    base = client.wait_for("/availability", b"online")[0]
    program.process.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    *_, at = client.wait_for(base, b"offline")
    assert at - killed < 2.0
