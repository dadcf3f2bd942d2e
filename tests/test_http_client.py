"""Requests to cameras: logins, cookies, redirects, proxies, certificates."""

import base64
import contextlib
import re
import socket
import threading

import pytest

from harness import DEADLINE, eventually
from pyimagesearch.capture import host_connector
from pyimagesearch.capture import http_client as http
from pyimagesearch.capture.cancellation import Cancellation
from pyimagesearch.capture.certificates import BY_AUTHORITY, Trust
from pyimagesearch.capture.http_client import HttpClient, plain_socket
from pyimagesearch.capture.http_login import parse_challenges
from pyimagesearch.capture.url import parse_url
from pyimagesearch.errors import CameraLost, LoginRefused
from socket_camera import Certificate, HttpCamera, SocketCamera

CLOSING = Cancellation()     # of the reader; never set
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@pytest.fixture(autouse=True)
def calm(monkeypatch):
    monkeypatch.setattr(http, "TIMEOUT_SECONDS", DEADLINE)     # a busy machine is not a broken camera


@pytest.fixture
def camera():
    """Start a camera that sends what its function returns."""
    with contextlib.ExitStack() as stack:
        yield lambda answer, context=None: stack.enter_context(
            contextlib.closing(HttpCamera(answer, context)))


def client_of(camera, path="/x", login="", trust=BY_AUTHORITY, proxy=None):
    url = camera.url.replace("://", f"://{login}@" if login else "://") + path
    return HttpClient(parse_url(url), trust, proxy and parse_url(proxy))


def body(client):
    with client.get(CLOSING) as response:
        return response.read()


def refusal(client):
    with pytest.raises(CameraLost) as lost:
        client.get(CLOSING)
    return str(lost.value)


def header(head, name):
    found = re.search(rf"(?im)^{name}: (.*)\r$", head)
    return found and found[1]


def answer_with(status, *headers):
    return "".join([f"HTTP/1.1 {status}\r\n", *(f"{each}\r\n" for each in headers),
                    "\r\n"]).encode()


def digest(*, stale=False, nonce="n", algorithm="MD5"):
    return answer_with("401 Unauthorized", f'WWW-Authenticate: Digest realm="r", nonce="{nonce}", '
                       f'qop="auth", algorithm={algorithm}' + ", stale=true" * stale)


def sent_fields(head):
    """Return the fields of the login in *head*; none without one."""
    (*found,) = parse_challenges([header(head, "Authorization") or ""])
    return found[0].parameters if found else {}


def test_socket_is_given_only_for_a_plain_body_that_goes_on(camera):
    chunked = answer_with("200 OK", "Transfer-Encoding: chunked") + b"3\r\nabc\r\n"
    for sent, plain in ((answer_with("200 OK") + b"abc", True), (chunked, False)):
        with client_of(camera(lambda head, number, sent=sent: sent)).get(CLOSING) as response:
            assert response.read1(100) == b"abc"
            with contextlib.ExitStack() as stack:
                found = plain_socket(response)
                assert (found is not None) is plain
                stack.callback(found.close if found else list)
    with client_of(camera(lambda head, number: answer_with("200 OK"))).get(CLOSING) as response:
        assert response.read1(100) == b""
        assert plain_socket(response) is None


# --- logins

def test_login_costs_one_request_more_only_once(camera):
    cam = camera(lambda head, number: OK if "Authorization" in head else digest())
    client = client_of(cam, login="me:s3cret")
    assert [body(client) for _ in range(3)] == [b"hello"] * 3
    assert [sent_fields(head).get("nc") for head in cam.heads] == [
        None, "00000001", "00000002", "00000003"]


def test_new_nonce_is_answered_and_kept(camera):
    def answer(head, number):
        nonce = f"n{(number + 1) // 2}"     # good for one request
        return OK if sent_fields(head).get("nonce") == nonce else digest(nonce=nonce)

    client = client_of(camera(answer), login="me:s3cret")
    assert [body(client) for _ in range(3)] == [b"hello"] * 3


def test_stale_nonce_is_no_refusal(camera):
    cam = camera(lambda head, number: OK if number == 3 else digest(
        stale=number == 2, nonce=f"n{number}"))
    assert body(client_of(cam, login="me:s3cret")) == b"hello"


def test_refused_password_is_tried_once_for_each_request(camera):
    cam = camera(lambda head, number: digest())
    client = client_of(cam, login="me:wr0ng")
    assert refusal(client) == f"{cam.url}/x refuses this user or password"
    refusal(client)
    assert ["Authorization" in head for head in cam.heads] == [False, True, False, True]


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "429 Slow Down"])
def test_refusal_of_a_login_is_an_error_of_its_own(camera, status):
    cam = camera(lambda head, number: answer_with(status))
    with pytest.raises(LoginRefused):
        client_of(cam, login="me:wr0ng").get(CLOSING)
    with pytest.raises(CameraLost) as lost:
        client_of(cam).get(CLOSING)     # without a login there is no user to lock
    assert type(lost.value) is CameraLost


def test_throttled_login_is_told_in_words(camera):
    cam = camera(lambda head, number: answer_with("429 Too Many Requests", "Retry-After: 60"))
    assert refusal(client_of(cam)).endswith(
        "/x refuses more requests for now; are user and password right?")


def test_unknown_login_is_named(camera):
    cam = camera(lambda head, number: digest(algorithm="SHA3-256"))
    assert refusal(client_of(cam, login="me:s3cret")) == (
        f"{cam.url}/x asks for a login that is not supported: Digest SHA3-256")


def test_login_is_sent_to_a_camera_that_forbids_and_never_asks(camera):
    cam = camera(lambda head, number: OK if header(head, "Authorization") == "Basic bWU6czNjcmV0"
                 else answer_with("403 Forbidden"))
    client = client_of(cam, login="me:s3cret")
    assert [body(client) for _ in range(2)] == [b"hello"] * 2
    assert len(cam.heads) == 3
    assert "forbids this" in refusal(client_of(cam, login="me:wr0ng"))
    assert "forbids this" in refusal(client_of(cam))


def test_missing_login_is_reported_with_its_place(camera):
    cam = camera(lambda head, number: digest())
    assert refusal(client_of(cam)) == (
        f"{cam.url}/x asks for a login; write it before the host, as user:password@host")


def test_login_signs_the_path_and_the_query_as_sent(camera):
    cam = camera(lambda head, number: OK if "Authorization" in head else digest())
    body(client_of(cam, "/a b/B\u00e4r.jpg?x=\"1\"&y=%20", "me:s3cret"))
    target = cam.heads[1].split(" ")[1]
    assert target == "/a%20b/B%C3%A4r.jpg?x=%221%22&y=%20"
    assert sent_fields(cam.heads[1])["uri"] == target


# --- cookies and redirects

def test_cookies_are_sent_again_over_redirects_and_polls(camera):
    def answer(head, number):
        if header(head, "Cookie") == "sid=42; lang=de":
            return OK
        return answer_with("302 Found", "Set-Cookie: sid=42; Path=/; HttpOnly",
                           "Set-Cookie: lang=de", "Location: /x")

    cam = camera(answer)
    client = client_of(cam)
    assert [body(client) for _ in range(3)] == [b"hello"] * 3
    assert len(cam.heads) == 4


def test_cookies_of_a_refusal_are_sent_with_the_login(camera):
    cam = camera(lambda head, number: OK if "Authorization" in head and header(head, "Cookie") == "a=1"
                 else digest().replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=1\r\n\r\n"))
    assert body(client_of(cam, login="me:s3cret")) == b"hello"


def test_deleted_and_too_many_cookies_are_forgotten(camera):
    first = [f"Set-Cookie: c{number}={number}" for number in range(200)]
    second = ["Set-Cookie: c199=; Max-Age=0", "Set-Cookie: c198=x; expires=Thu, 01-Jan-1970 00:00:00",
              f"Set-Cookie: big={'x' * 10_000}"]
    cam = camera(lambda head, number: answer_with(
        "200 OK", *{1: first, 2: second}.get(number, [])))
    client = client_of(cam)
    for _ in range(3):
        body(client)
    assert [header(head, "Cookie") for head in cam.heads[1:]] == [
        "; ".join(f"c{number}={number}" for number in range(150, 200)),
        "; ".join(f"c{number}={number}" for number in range(150, 198))]


@pytest.mark.parametrize("location", ["/y", "y", "?z=1", "//127.0.0.1:{port}/y", "http://u:p@127.0.0.1:{port}/",
                                      "/B\u00e4r".encode().decode("latin-1")])
def test_redirect_to_the_same_host_is_followed(camera, location):
    cam = camera(lambda head, number: OK if number == 2 else answer_with(
        "307 x", "Location: " + location.format(port=cam.port)).decode("latin-1").encode("utf-8"))
    assert body(client_of(cam, login="me:s3cret")) == b"hello"
    assert "Authorization" not in cam.heads[1]


@pytest.mark.parametrize(("location", "sentence"), [
    ("http://other/?pwd=s3cret", r"another host, http://other/\?pwd=\*\*\*; use that as the source"),
    ("rtsp://127.0.0.1/x", "redirects to rtsp://127.0.0.1/x; use that"),
    ("http://[", "redirects to what is no URL"), ("http://127.0.0.1:99999/", "to what is no URL"),
    ("/" + "@a/" * 80_000, "redirects more than 5 times"),
    ("/x", "redirects more than 5 times"), ("", "responded with the error 302")])
def test_other_redirects_are_refused(camera, location, sentence):
    cam = camera(lambda head, number: answer_with("302 Found", f"Location: {location}"))
    said = refusal(client_of(cam, login="me:s3cret"))
    assert re.search(sentence, said)
    assert "s3cret" not in said
    assert len(cam.heads) <= 6


def test_body_of_a_redirect_is_not_read(camera):
    def answer(head, number):
        return OK if number > 1 else answer_with("302 Found", "Location: /y") + bytes(50_000_000)

    assert body(client_of(camera(answer))) == b"hello"


# --- proxies

@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"])
def test_proxy_of_the_environment_is_not_used(camera, monkeypatch, name):
    proxy = camera(lambda head, number: answer_with("502 Bad Gateway"))
    monkeypatch.setenv(name, proxy.url)
    assert body(client_of(camera(lambda head, number: OK))) == b"hello"
    assert proxy.heads == []


def test_proxy_of_the_settings_is_used(camera):
    proxy = camera(lambda head, number: OK if "Authorization: Digest" in head else digest())
    cam = camera(lambda head, number: OK)
    client = client_of(cam, login="me:s3cret", proxy=proxy.url.replace("://", "://eve:pr0xy@"))
    assert body(client) == b"hello"
    assert cam.heads == []
    assert proxy.heads[1].startswith(f"GET {cam.url}/x HTTP/1.1\r\n")
    assert header(proxy.heads[1], "Host") == f"127.0.0.1:{cam.port}"
    assert sent_fields(proxy.heads[1])["uri"] == "/x"
    assert header(proxy.heads[1], "Proxy-Authorization") == (
        "Basic " + base64.b64encode(b"eve:pr0xy").decode())


def test_https_camera_is_reached_through_a_proxy(tmp_path):
    own = Certificate(tmp_path)
    cam, asked = HttpCamera(lambda head, number: OK, own.context()), []

    def tunnel(connection):
        asked.append(connection.recv(4096).decode())
        with socket.create_connection(("127.0.0.1", cam.port)) as far:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=copy, args=(far, connection))
            back.start()
            copy(connection, far)
            back.join()

    with contextlib.closing(cam), contextlib.closing(SocketCamera(tunnel)) as proxy:
        client = client_of(cam, trust=Trust(fingerprint=own.fingerprint), proxy=proxy.url)
        assert body(client) == b"hello"
        assert asked[0].startswith(f"CONNECT 127.0.0.1:{cam.port} HTTP/1.")


def copy(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize(("status", "sentence"), [
    ("407 No", "tunnel connection failed: 407"), ("502 No", "tunnel connection failed: 502")])
def test_proxy_that_refuses_is_reported_without_its_login(camera, status, sentence):
    proxy = camera(lambda head, number: answer_with(status))
    said = refusal(HttpClient(parse_url("https://cam.example/x"), BY_AUTHORITY,
                              parse_url(proxy.url.replace("://", "://eve:pr0xy@"))))
    assert f"https://cam.example/x by the proxy {proxy.url}: {sentence}" in said
    assert "pr0xy" not in said


# --- certificates

def test_certificate_of_its_own_needs_a_setting(camera, tmp_path):
    own = Certificate(tmp_path)
    cam = camera(lambda head, number: OK, own.context())
    assert f'set fingerprint = "sha256:{own.fingerprint}"' in refusal(client_of(cam))
    assert body(client_of(cam, trust=Trust(fingerprint=own.fingerprint))) == b"hello"
    assert body(client_of(cam, trust=Trust(verify=False))) == b"hello"
    assert "but fingerprint is set to" in refusal(client_of(cam, trust=Trust(fingerprint="0" * 64)))


def test_trusted_certificate_needs_no_setting(camera, tmp_path, monkeypatch):
    own = Certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(own.file))
    assert body(client_of(camera(lambda head, number: OK, own.context()))) == b"hello"


def test_redirect_from_https_to_http_is_refused(camera, tmp_path):
    own = Certificate(tmp_path)
    plain = camera(lambda head, number: OK)
    cam = camera(lambda head, number: answer_with("302 Found", f"Location: {plain.url}/y"), own.context())
    assert "/y, which is not encrypted" in refusal(client_of(cam, trust=Trust(verify=False)))
    back = camera(lambda head, number: answer_with("302 Found", f"Location: {secure.url}/y"))
    secure = camera(lambda head, number: OK, own.context())
    assert body(client_of(back, trust=Trust(verify=False))) == b"hello"


def test_plain_http_on_an_https_address_is_reported():
    with contextlib.closing(SocketCamera(lambda connection: connection.sendall(OK))) as cam:
        cam.url = cam.url.replace("http:", "https:")
        assert "does not speak TLS there; is it http://" in refusal(client_of(cam))


def test_host_that_never_speaks_tls_is_told_from_no_host(monkeypatch):
    monkeypatch.setattr(http, "TIMEOUT_SECONDS", 0.1)
    done = threading.Event()
    with contextlib.closing(SocketCamera(lambda connection: done.wait(DEADLINE))) as cam:
        cam.url = cam.url.replace("http:", "https:")
        assert "connected, but there was no response" in refusal(client_of(cam))
        done.set()


def test_dead_address_of_a_host_is_tried_only_once(camera, monkeypatch):
    tried, real = [], host_connector.connect_to
    addresses = ["127.0.0.2", "127.0.0.1"]      # only the second one listens

    def connect(family, address, *more):
        tried.append(address[0])
        return real(family, address, *more)

    def look_up(host, port, *more, **options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
                for each in (addresses if host == "camera.lan" else [host])]

    cam = camera(lambda head, number: OK)
    client = HttpClient(parse_url(f"http://camera.lan:{cam.port}/x"))
    with monkeypatch.context() as patch:
        patch.setattr(host_connector, "connect_to", connect)
        patch.setattr(socket, "getaddrinfo", look_up)
        assert [body(client) for _ in range(3)] == [b"hello"] * 3
        assert tried == ["127.0.0.2", "127.0.0.1", "127.0.0.1", "127.0.0.1"]
        addresses.remove("127.0.0.1")       # which may be another device now
        assert "refuses the connection" in refusal(client)
        assert tried[4:] == ["127.0.0.2"]
    assert "Host: camera.lan" in cam.heads[0]


@pytest.mark.parametrize("data", [b"SSH-2.0-x\r\n", b"\x00\x01"])
def test_first_bytes_of_what_is_no_http_are_reported(camera, data):
    assert refusal(client_of(camera(lambda head, number: data))).endswith(
        f"the response is not valid HTTP, it begins with {data[:8].hex(' ')}")


# --- the whole program

@pytest.mark.deadline
def test_other_node_with_a_self_signed_certificate_is_a_camera(start):
    first = start("--source", "demo:320x240@10", "--no-record", "--tls", "self-signed")
    line = eventually(lambda: next((line for line in first.log if "SHA-256 fingerprint" in line), ""))
    shown = line.rpartition(" ")[2].strip()
    second = start("--source", first.url + "/video_feed", "--no-record", "--fingerprint", shown)
    assert eventually(lambda: second.camera["frames"] > 3)
