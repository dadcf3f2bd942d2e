"""Sending alerts by HTTP: every answer and every silence of a receiver, in plain words."""

import contextlib
import socket
import threading
import time
import traceback

import pytest
from hypothesis import example, given, settings

from harness import PATIENCE, InBackground, eventually, tls_contexts_after
from http_answers import whole_answers
from network import free_port
from pyimagesearch.notifications.channel import ChannelClosed, DeliveryFailed
from pyimagesearch.notifications.delivery.http_exchange import HttpExchange, HttpRequest
from pyimagesearch.notifications.delivery.http_receiver import HttpReceiver
from pyimagesearch.notifications.delivery.http_sender import HttpSender, ReceiverRefused
from receiver import (
    CLOSE,
    DEAF,
    DRIP,
    HANG,
    RESET,
    Answer,
    Receiver,
    read_head,
    wait_for_end,
)
from socket_camera import Certificate

SECRET = "hunter2"
PATH = f"/hooks/{SECRET}?token={SECRET}"


@pytest.fixture
def receiver():
    with Receiver() as found:
        yield found


def sender_to(url, seconds=PATIENCE):
    return HttpSender(HttpReceiver(url.replace("://", f"://me:{SECRET}@") + PATH, "webhook"), seconds)


def send(url, seconds=PATIENCE, body=b"alert"):
    return sender_to(url, seconds).send("POST", body, {"Idempotency-Key": "17-begin"})


def failure(url, seconds=PATIENCE, body=b"alert"):
    """Return why nothing was delivered, once it is sure that nothing shows a secret."""
    with pytest.raises(DeliveryFailed) as failed:
        send(url, seconds, body)
    assert SECRET not in "".join(traceback.format_exception(failed.value))
    return str(failed.value)


# --- answers

@pytest.mark.parametrize("status", [200, 201, 204])
def test_any_status_of_success_is_success(receiver, status):
    receiver.answer = status
    assert send(receiver.url).status == status
    (request,) = receiver.received
    assert (request.method, request.path, request.body) == ("POST", PATH, b"alert")
    assert request.headers["Host"] == f"127.0.0.1:{receiver.port}"
    assert request.headers["Authorization"] == "Basic bWU6aHVudGVyMg=="
    assert request.headers["Idempotency-Key"] == "17-begin"


@pytest.mark.parametrize(("status", "words"), [
    (400, "does not understand"), (401, "another login"), (403, "forbids"), (404, "nothing at this path"),
    (413, "too large"), (429, "too many alerts"), (500, "failed with the status 500"), (503, "status 503")])
def test_each_refusal_is_explained(receiver, status, words):
    receiver.answer = Answer(status, {}, f"no {SECRET} here".encode())
    assert words in failure(receiver.url)


@pytest.mark.parametrize(("answer", "is_refusal"), [
    (400, True), (500, True), (429, False), (503, False), (401, False), (302, False), (404, False),
    (Answer(500, {"Retry-After": "9"}), False)])
def test_refusal_of_an_alert_is_no_overload(receiver, answer, is_refusal):
    receiver.answer = answer
    with pytest.raises(ReceiverRefused) as raised:
        send(receiver.url)
    assert raised.value.is_refusal == is_refusal


def test_gone_closes_the_channel(receiver):
    receiver.answer = 410
    with pytest.raises(ChannelClosed, match="wants no more alerts"):
        send(receiver.url)


def test_interim_answers_are_skipped():
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 \r\n\r\n"
    with one_connection(lambda each: each.sendall(interim + Answer(204).as_bytes())) as url:
        assert send(url).status == 204


def test_interim_answers_without_an_end_are_given_up():
    with one_connection(lambda each: each.sendall(b"HTTP/1.1 100 \r\n\r\n" * 100)) as url:
        assert failure(url) == "the answer is not valid HTTP"


def test_redirects_are_not_followed(receiver):
    with Receiver() as other:
        receiver.answer = Answer(301, {"Location": f"{other.url}/{SECRET}"})
        assert "redirects to another URL (status 301)" in failure(receiver.url)
        assert other.received == []


@pytest.mark.parametrize(("headers", "seconds"), [
    ({"Retry-After": "7"}, 7), ({"Retry-After": " 0 "}, 0), ({}, None), ({"Retry-After": "soon"}, None),
    ({"Retry-After": "-1"}, None), ({"Retry-After": "1e9"}, None), ({"Retry-After": "999999999"}, 86_400),
    ({"Retry-After": "Fri, 27 Nov 2026 12:01:30 GMT", "Date": "Fri, 27 Nov 2026 12:00:00 GMT"}, 90),
    ({"Retry-After": "Fri, 27 Nov 2026 11:00:00 GMT", "Date": "Fri, 27 Nov 2026 12:00:00 GMT"}, 0),
    ({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, 0)])
def test_receivers_say_when_to_retry(receiver, headers, seconds):
    receiver.answer = Answer(429, headers)
    with pytest.raises(ReceiverRefused) as refused:
        send(receiver.url)
    assert refused.value.retry_after == seconds


def test_beginning_of_an_error_is_kept(receiver):
    receiver.answer = Answer(507, {}, b"x" * 100_000)
    with pytest.raises(ReceiverRefused) as refused:
        send(receiver.url)
    assert refused.value.answer.body == b"x" * 4096


def test_early_refusal_of_a_large_body_is_read(receiver):
    receiver.answer = Answer(413, early=True)
    assert "too large" in failure(receiver.url, body=bytes(8_000_000))


@settings(max_examples=40, deadline=None)
@example(answer=b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x; boundary*" + b"1" * 5000 + b"=b\r\n\r\n")
@given(answer=whole_answers())
def test_no_answer_breaks_the_sender(answer):
    with Receiver(answer) as receiver:
        with contextlib.suppress(DeliveryFailed):
            assert 200 <= send(receiver.url).status < 300
        assert len(receiver.received) == 1


# --- silence

@pytest.mark.parametrize("behaviour", [HANG, DEAF, DRIP])
def test_silent_receivers_are_given_up_in_time(receiver, behaviour):
    receiver.answer = behaviour
    began = time.monotonic()
    assert failure(receiver.url, 0.2, bytes(8_000_000)) == "there was no answer within 0.2 seconds"
    assert time.monotonic() - began < PATIENCE / 2
    eventually(lambda: not sending(), 4)        # the timeout of the socket is later


def sending():
    return [each for each in threading.enumerate() if each.name == "alert-send"]


def test_status_counts_though_its_explanation_hangs():
    def serve(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 401 No\r\nContent-Length: 100\r\n\r\nbecause")
        wait_for_end(connection)
    with one_connection(serve) as url:
        exchange = HttpExchange(HttpReceiver(url, "webhook"), HttpRequest("GET", b"", {}), PATIENCE)
        exchange.start()
        eventually(lambda: exchange.answer)
        exchange.close()
        assert exchange.result().status == 401


def test_half_an_answer_is_none():
    def serve(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Len")
        wait_for_end(connection)
    with one_connection(serve) as url:
        assert "no answer within" in failure(url, 0.2)


@contextlib.contextmanager
def one_connection(serve):
    """Yield the URL of a server that calls *serve* with the first connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def accept():
            with contextlib.suppress(OSError), listener.accept()[0] as connection:
                serve(connection)
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("behaviour", [RESET, CLOSE])
def test_closed_connections_are_explained(receiver, behaviour):
    receiver.answer = behaviour
    assert failure(receiver.url) == "the receiver closed the connection without an answer"


def test_receivers_that_are_not_there_are_explained():
    assert failure(f"http://127.0.0.1:{free_port()}") == (
        "the receiver refuses the connection; check its port, and that it runs")


def failure_of(sender):
    with pytest.raises(DeliveryFailed) as failed:
        sender.send("POST", b"", {})
    return str(failed.value)


def test_closing_ends_a_request_at_once(receiver):
    receiver.answer = HANG
    sender = sender_to(receiver.url)
    sent = InBackground(failure_of, sender)
    receiver.wait_for(1)
    began = time.monotonic()
    sender.close()
    assert sent.result() == "the request was ended before its answer"
    assert time.monotonic() - began < PATIENCE / 2


# --- names of hosts, which only the system can look up

def test_unknown_hosts_are_explained(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, SECRET)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert "no host of that name" in failure("http://nowhere.example")


def test_hanging_look_up_holds_up_one_thread(receiver, monkeypatch):
    answered, look_up = threading.Event(), socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **rules: (
        answered.wait(PATIENCE), look_up("127.0.0.1", *args[1:], **rules))[1])
    sender = HttpSender(HttpReceiver(f"http://slow.example:{receiver.port}/", "webhook"), 0.2)
    with pytest.raises(DeliveryFailed, match="no answer within"):
        sender.send("POST", b"", {})
    for _ in range(3):
        with pytest.raises(DeliveryFailed, match="still being looked up"):
            sender.send("POST", b"", {})
    assert len(sending()) == 1
    answered.set()
    eventually(lambda: not sending())
    assert receiver.received == []      # as it had been given up
    sender = HttpSender(HttpReceiver(f"http://slow.example:{receiver.port}/", "webhook"), PATIENCE)
    assert sender.send("POST", b"", {}).status == 200


def test_next_address_is_tried_and_remembered(receiver, monkeypatch):
    tried = []
    here = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", receiver.port))
    dead = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.2", receiver.port))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [dead, here])
    monkeypatch.setattr(socket.socket, "connect", lambda self, address, connect=socket.socket.connect: (
        tried.append(address[0]), connect(self, address))[1])
    sender = HttpSender(HttpReceiver("http://two.example/", "webhook"), PATIENCE)
    for _ in range(2):
        assert sender.send("POST", b"", {}).status == 200
    assert tried == ["127.0.0.2", "127.0.0.1", "127.0.0.1"]


# --- TLS

def test_trusted_certificate_is_accepted(tmp_path, monkeypatch):
    certificate = trusted(Certificate(tmp_path), monkeypatch)
    with Receiver(context=certificate.context()) as receiver:
        assert send(receiver.url).status == 200


def trusted(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    return certificate


def test_unknown_authority_is_refused(tmp_path):
    with Receiver(context=Certificate(tmp_path).context()) as receiver:
        assert "not trusted (self-signed certificate)" in failure(receiver.url)
        assert receiver.received == []
        assert tls_contexts_after(lambda: send(receiver.url), DeliveryFailed) == 0


@pytest.mark.parametrize(("wrong", "words"), [
    ({"name": "other.example"}, "not valid for"), ({"first": -2, "last": -1}, "expired")])
def test_wrong_certificate_is_refused(tmp_path, monkeypatch, wrong, words):
    certificate = trusted(Certificate(tmp_path, **wrong), monkeypatch)
    with Receiver(context=certificate.context()) as receiver:
        assert words in failure(receiver.url)
        assert receiver.received == []


def test_plain_http_behind_https_is_explained():
    with one_connection(lambda each: each.sendall(Answer(400).as_bytes())) as url:
        assert "does not speak TLS" in failure(url.replace("http", "https"))


def test_silent_handshake_is_given_up_in_time(receiver):
    receiver.answer = DEAF
    assert "no answer within" in failure(receiver.url.replace("http", "https"), 0.2)


# --- proxies of the environment

def test_proxy_of_the_environment_is_used(receiver, monkeypatch):
    monkeypatch.setenv("http_proxy", receiver.url.replace("://", "://proxy:open@"))
    assert send("http://hooks.example:81").status == 200
    (request,) = receiver.received
    assert request.path == f"http://hooks.example:81{PATH}"
    assert request.headers["Host"] == "hooks.example:81"
    assert request.headers["Proxy-Authorization"] == "Basic cHJveHk6b3Blbg=="


def test_proxy_passes_https_on(tmp_path, monkeypatch):
    certificate = trusted(Certificate(tmp_path, "hooks.example"), monkeypatch)
    asked = []
    def serve(connection):
        asked.append(read_head(connection)[0].decode().splitlines())
        connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        with certificate.context().wrap_socket(connection, server_side=True) as secure:
            head, body = read_head(secure)
            asked.append(head.decode().splitlines())
            assert body or secure.recv(5)
            secure.sendall(Answer(204).as_bytes())
    with one_connection(serve) as url:
        monkeypatch.setenv("https_proxy", url)
        assert send("https://hooks.example").status == 204
    assert asked[0][0].startswith("CONNECT hooks.example:443 HTTP/1.")
    assert SECRET not in "".join(asked[0])
    assert asked[1][0] == f"POST {PATH} HTTP/1.1"


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", f"https://{SECRET}@127.0.0.1:1", "http://"])
def test_other_proxies_are_refused(monkeypatch, proxy):
    monkeypatch.setenv("https_proxy", proxy)
    assert "https_proxy must be written like" in failure("https://hooks.example")


def test_refusal_of_a_proxy_is_explained(receiver, monkeypatch):
    receiver.answer = 407
    monkeypatch.setenv("https_proxy", receiver.url)
    assert failure("https://hooks.example") == "the proxy refuses the connection (status 407)"


def test_no_proxy_is_respected(receiver, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    assert send(receiver.url).status == 200         # this machine is never reached by one
    monkeypatch.setenv("no_proxy", "hooks.example")
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", receiver.port))])
    assert send("http://hooks.example").status == 200
