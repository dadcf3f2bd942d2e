"""Brokers that refuse, hang, break off, lie, or send far too much."""

import contextlib
import ssl
import subprocess
import time
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import PATIENCE, InBackground, tls_contexts_after
from mqtt_broker import FakeBroker, Mosquitto, free_port
from pyimagesearch.notifications.mqtt.broker import Broker, BrokerError, BrokerRefused
from pyimagesearch.notifications.mqtt.broker_client import MAX_PACKET_BYTES
from pyimagesearch.notifications.mqtt.broker_connection import Will, open_connection

ACCEPTED_3, ACCEPTED_5 = b"\x20\x02\x00\x00", b"\x20\x03\x00\x00\x00"


@pytest.fixture(scope="module")
def mosquitto(tmp_path_factory):
    broker = Mosquitto(tmp_path_factory.mktemp("broker"))
    yield broker
    broker.stop()


@pytest.fixture
def fake():
    brokers = []

    def fake(*arguments, **options):
        brokers.append(FakeBroker(*arguments, **options))
        return brokers[-1]
    yield fake
    for broker in brokers:
        broker.close()


def connect(broker, seconds=10.0, **options):
    return open_connection(Broker("127.0.0.1", broker.port, tls=False), "test", Will(
        "will", b"gone"), answer_seconds=seconds, **options)


def trouble(broker, seconds=10.0):
    """Return why there is no connection to *broker*, or none for long."""
    with pytest.raises(BrokerError) as error:
        connection = connect(broker, seconds)
        try:
            connection.publish("topic", b"payload")
            while True:
                connection.serve(1.0)
        finally:
            connection.close()
    return str(error.value).replace(str(broker.port), "PORT")


def test_broker_that_is_away_is_named():
    assert trouble(SimpleNamespace(port=free_port())) == (
        "127.0.0.1:PORT cannot be reached: Connection refused")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")    # paho's
@pytest.mark.parametrize("answer", [b"", b"no TLS at all"])
def test_tls_at_a_plain_port_is_explained(answer):
    broker = FakeBroker(answer, keep_open=False)
    with pytest.raises(BrokerError, match=r"TLS.*; is it mqtt:// without TLS, or another port\?"):
        open_connection(Broker("127.0.0.1", broker.port, tls=True), "test")
    broker.close()


@pytest.mark.parametrize("answer", [b"", ACCEPTED_5, ACCEPTED_5 + b"\x40"])
def test_broker_that_hangs_is_given_up_in_time(fake, answer):
    start = time.monotonic()
    assert trouble(fake(answer), 0.2) == "127.0.0.1:PORT does not respond"
    assert time.monotonic() - start < 5


def test_broker_that_stops_is_given_up_in_time(mosquitto):
    connection = connect(mosquitto, 0.6)
    mosquitto.pause()
    try:
        with pytest.raises(BrokerError, match="does not respond"):
            for _ in range(100):
                connection.publish("topic", 200_000 * b"x", retain=True)
                connection.serve(0)
    finally:
        mosquitto.resume()
        connection.close()


@pytest.mark.parametrize(("answer", "reason"), [
    (b"\x20\x03\x00\x86\x00", "the broker refuses the login; check user and password"),
    (b"\x20\x03\x00\x88\x00", "the broker refuses the connection: Server unavailable"),
    (ACCEPTED_5 + b"\xe0\x02\x8e\x00", "another program has connected to the broker with "
     "the id of this one; if the data folder was copied from another server, remove "
     "mqtt.json there"),
    (ACCEPTED_5 + b"\xe0\x02\x8b\x00", "the broker ended the connection: Server shutting "
     "down"),
    (b"\x20\x05\x00\x00\x02\xff\x00", "127.0.0.1:PORT does not answer like a broker of MQTT"),
    (b"\x20\x05\x00\x00\x02\x25\x00", "the broker keeps no retained messages, which states "
     "need"),
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", "127.0.0.1:PORT does not answer like a broker of "
     "MQTT")])
def test_refusals_of_a_broker_are_explained(fake, answer, reason):
    assert trouble(fake(answer, keep_open=not answer.startswith(b"H"))) == reason


def test_broker_of_an_older_version_is_used(fake):
    class OldBroker(FakeBroker):
        @property
        def answer(self):
            return b"\x20\x02\x00\x01" if self.connections.empty() else ACCEPTED_3

        @answer.setter
        def answer(self, value):
            pass

    broker = OldBroker()
    connect(broker).close()
    broker.close()


@pytest.mark.parametrize("answer", [ACCEPTED_5, b""])
def test_huge_messages_end_the_connection_unread(fake, answer):
    huge = b"\x30\xff\xff\xff\x7f" + 100_000 * b"x"
    assert trouble(fake(answer + huge)) == "the broker sent a message of more than 64 kB"


def test_messages_that_would_be_kept_end_the_connection(fake):
    assert trouble(fake(ACCEPTED_5 + b"\x34\x07\0\1t\0\1\0x")) == (
        "the broker sent a message of another quality of service than requested")


def test_brokers_do_not_even_send_huge_messages(mosquitto):
    connection = connect(mosquitto, 10.0)
    connection.subscribe(["to/+"])
    assert connection.settle(5)
    other = connect_other(mosquitto)
    other.publish("to/big", (MAX_PACKET_BYTES + 1) * b"x")
    other.publish("to/small", b"x")
    assert other.settle(10)
    messages = []
    while not messages:
        connection.serve(1.0)
        messages += connection.take()
    assert [each.topic for each in messages] == ["to/small"]
    connection.close()
    other.close()


def connect_other(broker):
    return open_connection(Broker("127.0.0.1", broker.port, tls=False), "other")


def test_flood_of_messages_takes_little_of_the_processor(fake):
    broker = fake(ACCEPTED_5)
    connection = connect(broker)
    InBackground(send_for_ever, broker.connections.get(timeout=PATIENCE), 2000 * b"\x30\x05\0\1t\0x")
    until, spent = time.monotonic() + 0.8, time.thread_time()
    while time.monotonic() < until:
        connection.serve(0.1)
        assert len(connection.take()) <= 50
    spent = time.thread_time() - spent
    connection.close()
    assert 0.1 < spent < 0.65


def send_for_ever(connection, data):
    with connection, contextlib.suppress(OSError):
        while True:
            connection.sendall(data)


@settings(max_examples=20)
@given(st.binary(max_size=64))
def test_any_bytes_after_the_handshake_are_an_error_in_words(rest):
    broker = FakeBroker(ACCEPTED_5 + rest, keep_open=False)
    assert "127.0.0.1:PORT" in trouble(broker) or "the broker" in trouble(broker)
    broker.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")    # paho's
def test_a_certificate_must_be_trusted(tmp_path):
    cert, key = make_certificate(tmp_path)
    broker = Mosquitto(tmp_path, tls=SimpleNamespace(cert=cert, key=key))
    wrong = Broker("127.0.0.1", broker.port, tls=True)
    with pytest.raises(BrokerError, match="is not trusted: self-signed certificate"):
        open_connection(wrong, "test")
    assert tls_contexts_after(lambda: open_connection(wrong, "test"), BrokerError) == 0
    broker.stop()


def test_tls_and_login_work(tmp_path, monkeypatch):
    cert, key = make_certificate(tmp_path)
    broker = Mosquitto(tmp_path, tls=SimpleNamespace(cert=cert, key=key),
                       login=("me", "secret"))
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    assert ssl.get_default_verify_paths().cafile == str(cert)
    connection = open_connection(
        Broker("127.0.0.1", broker.port, tls=True, user="me", password="secret"), "test")
    for number in range(50):
        connection.publish("topic", 100_000 * b"x" + str(number).encode())
    assert connection.settle(10)
    connection.close()
    with pytest.raises(BrokerRefused):
        open_connection(Broker("127.0.0.1", broker.port, tls=True, user="me"), "test")
    broker.stop()


def make_certificate(folder):
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return cert, key
