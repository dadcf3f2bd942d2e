"""HTTPS: given and self-signed certificates, their renewal, and plain HTTP."""

import contextlib
import datetime
import ipaddress
import os
import socket
import ssl
import stat
import subprocess
import threading
import time

import gevent
import gevent.socket
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.load import trust_all
from chromium import go
from harness import DEADLINE, eventually, needs
from network import StreamReader, exhaust_by_one_answer, visited
from product import Product, run_program
from pyimagesearch.errors import FolderError, SettingsError
from pyimagesearch.folders import ConfigFolder
from pyimagesearch.host_names import HostNames
from pyimagesearch.serving import anonymous_share
from pyimagesearch.serving.certificate_expiry import CertificateExpiry
from pyimagesearch.serving.self_signed import SelfSigned, make_certificate, own_names
from pyimagesearch.serving.server import LiveServer
from pyimagesearch.serving.tls import TLS_HANDSHAKE, Tls, load_context, shake_hands
from test_connections import CROWDED, call, small

DEMO = ("--source", "demo:320x240@10", "--frame-count", "1")


def make(folder, name, *options):
    """Make a certificate and its key with openssl; return both paths."""
    cert, key = folder / f"{name}.crt", folder / f"{name}.key"
    subprocess.run(
        [needs("openssl", "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-keyout", key, "-out", cert, "-days", "2", "-subj",
         f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", *(options or ["-nodes"])],
        check=True, capture_output=True)
    return cert, key


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return make(tmp_path_factory.mktemp("given"), "given")


@pytest.fixture(scope="module")
def product(pair):
    """The product with a given certificate."""
    product = Product(*DEMO, "--cert", str(pair[0]), "--key", str(pair[1]),
                      env={"SSL_CERT_FILE": str(pair[0])})
    product.wait_for("learning")
    yield product
    product.close()


@pytest.fixture(scope="module")
def own():
    """The product with a self-signed certificate."""
    product = Product(*DEMO, "--tls", "self-signed")
    yield product
    product.close()


def connect(port, cert=None, **wanted):
    """Return a TLS connection that trusts *cert*, or trust_all."""
    context = ssl.create_default_context(cafile=cert)
    if not cert:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for name, value in wanted.items():
        setattr(context, name, value)
    plain = socket.create_connection(("127.0.0.1", port), DEADLINE)
    try:
        return context.wrap_socket(plain, server_hostname="127.0.0.1")
    except BaseException:
        plain.close()
        raise


def name_shown(port):
    """Return the subject of the certificate that a new connection gets."""
    with connect(port) as connection:
        cert = x509.load_der_x509_certificate(connection.getpeercert(binary_form=True))
    return cert.subject.rfc4514_string()


class WatchingTls(StreamReader):
    """A viewer that reads the parts of a stream through TLS."""

    def __init__(self, port, **wanted):
        self.socket = connect(port, **wanted)
        self.socket.sendall(b"GET /video_feed HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.file = self.socket.makefile("rb")
        self.headers = self._read_headers()
        assert self.file.readline() == b"--frame\r\n"


def plain(port, request):
    """Return the answer to *request*, sent without TLS."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as connection:
        connection.sendall(request)
        with contextlib.suppress(ConnectionResetError):
            while data := connection.recv(65536):
                got += data
    return got


# --- a given certificate

def test_greeting_and_responses_are_https(product, pair):
    assert f"https://127.0.0.1:{product.port}/" in product.greeting
    with connect(product.port, pair[0]) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200 OK" in connection.recv(65536)


def test_curl_reads_page_and_stream(product, pair, tmp_path):
    curl = [needs("curl", "curl"), "-sS", "--cacert", pair[0]]
    url = f"https://127.0.0.1:{product.port}"
    page = subprocess.run([*curl, url + "/"], capture_output=True, text=True, check=True)
    assert 'src="/video_feed"' in page.stdout
    got = tmp_path / "out"
    watching = subprocess.Popen([*curl, "-N", "-o", got, url + "/video_feed"])
    try:
        eventually(lambda: got.exists() and got.read_bytes().count(b"\r\n--frame\r\n") > 5)
    finally:
        watching.kill()
        watching.wait()
    other = make(tmp_path, "other")[0]
    strict = subprocess.run([*curl[:2], "--cacert", other, url + "/healthz"],
                            capture_output=True, text=True)
    assert strict.returncode == 60      # an untrusted certificate: so it was really TLS


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_stream_is_complete_under_each_tls_version(product, version):
    viewer = WatchingTls(product.port, minimum_version=version, maximum_version=version)
    assert viewer.socket.version() == version.name.replace("_", ".")
    stamps = []
    for _ in range(10):
        headers, jpeg = viewer.part()
        assert (jpeg[:2], jpeg[-2:]) == (b"\xff\xd8", b"\xff\xd9")
        stamps.append(float(headers[b"X-Timestamp"]))
    assert stamps == sorted(stamps)
    viewer.close()


@pytest.mark.filterwarnings("ignore:.*TLSv1_1 is deprecated:DeprecationWarning")
def test_older_tls_versions_are_refused(product):
    # an alert of the server, or our own OpenSSL refuses so old a version
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        connect(product.port, minimum_version=ssl.TLSVersion.TLSv1_1,
                maximum_version=ssl.TLSVersion.TLSv1_1)


def test_stalled_viewer_skips_to_newest_and_delays_no_other(product):
    eventually(lambda: product.camera["viewers"] == 0)
    stalled = ssl.create_default_context()
    stalled.check_hostname, stalled.verify_mode = False, ssl.CERT_NONE
    bare = socket.socket()
    bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    bare.connect(("127.0.0.1", product.port))
    late = stalled.wrap_socket(bare)
    late.sendall(b"GET /video_feed HTTP/1.1\r\nHost: localhost\r\n\r\n")
    viewer = WatchingTls(product.port)
    for _ in range(20):
        headers, _ = viewer.part()
    assert product.camera["viewers"] == 2
    late.settimeout(DEADLINE)
    file = late.makefile("rb")
    seen = []
    while len(seen) < 6:
        line = file.readline()
        if line.startswith(b"X-Timestamp: "):
            seen.append(float(line.split()[1]))
    # not the twenty it has missed, one after the other
    assert seen[-1] > float(headers[b"X-Timestamp"])
    file.close()
    late.close()
    viewer.close()
    eventually(lambda: product.camera["viewers"] == 0)


def test_plain_http_is_redirected_to_https(product):
    answer = plain(product.port, b"GET /video_feed?a=b HTTP/1.1\r\nHost: home:8000\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 307 Temporary Redirect\r\n")
    assert b"\r\nLocation: https://home:8000/video_feed?a=b\r\n" in answer
    assert b"\r\nContent-Security-Policy: default-src 'none'" in answer
    followed = subprocess.run(
        [needs("curl", "curl"), "-skL", f"http://127.0.0.1:{product.port}/healthz"],
        capture_output=True, text=True)
    assert followed.stdout == '{"status":"ok"}\n'


@pytest.mark.parametrize("host", [b"", b"Host: \r\n", b"Host: a/b\r\n", b"Host: a b\r\n",
                                  b"Host: x@y\r\n"])
def test_plain_http_without_a_usable_host_gets_400(product, host):
    answer = plain(product.port, b"GET / HTTP/1.1\r\n%b\r\n" % host)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"Location" not in answer
    assert b"This server speaks only HTTPS." in answer


def test_neither_tls_nor_http_is_refused(product):
    for nonsense in (b"\x16\x03\x01\x00\x05hello", b"\x16", b"\x80\x2e\x01", b"\0" * 50):
        with socket.create_connection(("127.0.0.1", product.port), DEADLINE) as connection:
            connection.sendall(nonsense)
            connection.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):
                while connection.recv(65536):
                    pass
    with connect(product.port):
        pass        # disconnects without a request
    assert product.get("/healthz")
    assert "Traceback" not in "".join(product.log)


def test_handshake_is_charged_without_the_time_of_others(pair):
    spent, began = [], threading.Event()

    def busy():
        while not spent:
            gevent.sleep(0.001)
        until = time.thread_time() + 0.2
        while time.thread_time() < until:
            pass
        began.set()

    def serve():
        encrypted = tls.wrap(gevent.socket.socket(fileno=listener.accept()[0].detach()))
        greenlet = gevent.spawn(busy)
        shake_hands(encrypted, spent.append)
        greenlet.join()
        encrypted.close()
    tls = Tls(*pair)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        with socket.create_connection(listener.getsockname(), DEADLINE) as plain:
            assert began.wait(DEADLINE)
            with trust_all().wrap_socket(plain):
                pass
        thread.join(DEADLINE)
    assert not thread.is_alive()
    assert len(spent) >= 2
    assert 0.0 < sum(spent) < 0.1


def test_handshake_waits_for_its_turn(pair, monkeypatch, protected):
    exhaust_by_one_answer(monkeypatch)      # and one handshake
    monkeypatch.setattr(anonymous_share, "TURN_SECONDS", 0.2)
    server = LiveServer("127.0.0.1", 0, tls=Tls(*pair))

    def visitor():
        with (call(server.address[1], "127.0.0.2") as one, trust_all().wrap_socket(one),
              call(server.address[1], "127.0.0.3") as other,
              pytest.raises((ssl.SSLError, ConnectionError))):
            trust_all().wrap_socket(other)
    visited(server, protected.app, visitor)


def test_unfinished_handshakes_do_not_block_others(pair):
    program = CROWDED.replace("Connections(20, 12)", "Connections(20, 12), Tls(*{!r})")
    with small("from pathlib import PosixPath\nfrom pyimagesearch.serving.tls import Tls\n"
               + program.format(pair)) as server:
        halfway = [call(server.port, f"127.0.0.{2 + number % 10}") for number in range(60)]
        for each in halfway:
            with contextlib.suppress(ConnectionError):
                each.sendall(TLS_HANDSHAKE)
        eventually(lambda: server.connections <= 20, 5)     # long before they time out
        with connect(server.port) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200 OK" in connection.recv(65536)
        for each in halfway:
            each.close()


@pytest.mark.deadline
def test_shutdown_takes_a_second_with_open_streams(pair):
    product = Product(*DEMO, "--cert", str(pair[0]), "--key", str(pair[1]))
    viewers = [WatchingTls(product.port) for _ in range(3)]
    for viewer in viewers:
        viewer.part()
    took, status = product.stop()
    assert (status, took < 1.0) == (0, True)
    for viewer in viewers:
        with contextlib.suppress(ssl.SSLEOFError):
            viewer.file.read()      # the end, not a hang
        viewer.close()
    product.close()


# --- a renewed certificate

def test_renewed_certificate_is_loaded_and_a_broken_one_is_not(tmp_path):
    cert, key = make(tmp_path, "old")
    new = make(tmp_path, "new")
    product = Product(*DEMO, "--cert", str(cert), "--key", str(key))
    viewer = WatchingTls(product.port)
    assert name_shown(product.port) == "CN=old"
    good = cert.read_bytes()
    cert.write_text("-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n")
    eventually(lambda: any("keeping the old certificate" in line for line in product.log))
    assert name_shown(product.port) == "CN=old"
    cert.write_bytes(good)
    for made, used in zip(new, (cert, key), strict=True):
        made.replace(used)
    eventually(lambda: name_shown(product.port) == "CN=new")
    assert viewer.part()        # open streams go on
    assert "Traceback" not in "".join(product.log)
    viewer.close()
    product.close()


def test_changed_files_are_loaded_once_they_are_stable(tmp_path):
    cert, key = make(tmp_path, "old")
    new = make(tmp_path, "new")
    tls = Tls(cert, key)
    before = tls.context
    new[0].replace(cert)        # and its key comes a little later
    tls.refresh()
    new[1].replace(key)
    tls.refresh()
    assert tls.context is before
    tls.refresh()
    assert tls.context is not before


@pytest.mark.parametrize(("days", "logged"), [
    (-3, "expired on 17 November 2026, so browsers refuse it"),
    (13, "expires on 3 December 2026, 12:00 UTC"), (16, "")])
def test_expiry_is_logged_in_time_once_a_day(tmp_path, caplog, days, logged):
    begun = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
    cert = tmp_path / "some.pem"
    cert.write_bytes(make_certificate(
        ec.generate_private_key(ec.SECP256R1()), {"x"}, begun - datetime.timedelta(days=100),
        lifetime=datetime.timedelta(days=100 + days)))
    expiry = CertificateExpiry(cert)
    for hours in (0, 1, 23, 25):
        expiry.check(begun + datetime.timedelta(hours=hours))
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == (2 if logged else 0)
    assert all(logged in line for line in lines)


def test_missing_certificate_is_logged_once(tmp_path, caplog):
    cert, key = make(tmp_path, "old")
    tls = Tls(cert, key)
    cert.rename(tmp_path / "away")
    for _ in range(3):
        tls.refresh()
    assert caplog.text.count("keeping the old certificate: [Errno 2]") == 1
    (tmp_path / "away").rename(cert)
    tls.refresh()
    cert.unlink()
    tls.refresh()
    assert caplog.text.count("keeping the old certificate: [Errno 2]") == 2


# --- a self-signed certificate

def test_self_signed_certificate_names_the_given_hosts(tmp_path, caplog):
    caplog.set_level("INFO")
    signed = SelfSigned(ConfigFolder(str(tmp_path)), "0.0.0.0", ["cam.example.org", "192.0.2.9"])
    signed.renew()
    cert = x509.load_pem_x509_certificate(signed.cert.read_bytes())
    names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "cam.example.org" in names.get_values_for_type(x509.DNSName)
    assert ipaddress.ip_address("192.0.2.9") in names.get_values_for_type(x509.IPAddress)
    shown = subprocess.run(
        [needs("openssl", "openssl"), "x509", "-in", signed.cert, "-noout", "-fingerprint",
         "-sha256"], check=True, capture_output=True, text=True).stdout
    assert f"SHA-256 fingerprint {shown.strip().partition('=')[2]}" in caplog.text


def test_self_signed_certificate_names_this_machine(own):
    cert_file = f"{own.config}/tls-cert.pem"
    with connect(own.port, cert_file) as connection:
        cert = x509.load_der_x509_certificate(connection.getpeercert(binary_form=True))
    names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    own_name = socket.gethostname().lower()
    assert {"localhost", own_name, f"{own_name.partition('.')[0]}.lan"} <= set(
        names.get_values_for_type(x509.DNSName))
    assert ipaddress.ip_address("127.0.0.1") in names.get_values_for_type(x509.IPAddress)
    assert (cert.not_valid_after_utc - cert.not_valid_before_utc).days <= 825
    for name in ("tls-cert.pem", "tls-key.pem"):
        assert stat.S_IMODE(os.stat(f"{own.config}/{name}").st_mode) == 0o600
    page = subprocess.run([needs("curl", "curl"), "-sS", "--cacert", cert_file,
                           f"https://localhost:{own.port}/"], capture_output=True, text=True)
    assert 'src="/video_feed"' in page.stdout, page.stderr


def test_chromium_shows_the_live_picture(own, browser):
    browser.execute_cdp_cmd("Security.setIgnoreCertificateErrors", {"ignore": True})
    go(browser, f"http://127.0.0.1:{own.port}/")        # and is redirected
    eventually(lambda: browser.execute_script(
        "return document.getElementById('live')?.naturalWidth") == 320)
    assert browser.current_url == f"https://127.0.0.1:{own.port}/"
    browser.execute_cdp_cmd("Security.setIgnoreCertificateErrors", {"ignore": False})
    browser.get("about:blank")


def test_self_signed_certificate_is_renewed_when_needed(tmp_path, monkeypatch):
    signed = SelfSigned(ConfigFolder(str(tmp_path)), "0.0.0.0")
    signed.renew()
    first, key = signed.cert.read_bytes(), signed.key.read_bytes()
    signed.renew()
    SelfSigned(ConfigFolder(str(tmp_path)), "0.0.0.0").renew()
    assert signed.cert.read_bytes() == first

    moved = {ipaddress.ip_address("192.0.2.77")}
    monkeypatch.setattr("pyimagesearch.serving.self_signed.own_addresses", lambda: moved)
    signed.renew()
    second = signed.cert.read_bytes()
    assert second != first
    assert signed.key.read_bytes() == key

    signed.cert.write_bytes(b"no certificate")
    signed.renew()
    load_context(signed.cert, signed.key)

    private = serialization.load_pem_private_key(key, None)
    expiring = make_certificate(private, own_names("0.0.0.0", HostNames()),
                                datetime.datetime.now(datetime.UTC),
                                lifetime=datetime.timedelta(days=6))
    signed.cert.write_bytes(expiring)
    signed.renew()
    assert signed.cert.read_bytes() != expiring
    load_context(signed.cert, signed.key)

    signed.cert.write_bytes(make_certificate(
        private, own_names("0.0.0.0", HostNames()),
        datetime.datetime(2099, 1, 1, tzinfo=datetime.UTC)))
    future = signed.cert.read_bytes()       # made while the clock was ahead
    signed.renew()
    assert signed.cert.read_bytes() != future

    signed.key.write_bytes(b"no key")
    signed.renew()
    load_context(signed.cert, signed.key)


def test_unset_clock_makes_no_certificate_that_browsers_refuse(tmp_path):
    # it changed at each start in 1970, and once more when the clock was set
    folder = ConfigFolder(str(tmp_path))
    unset = SelfSigned(folder, "0.0.0.0", time=lambda: 60.0)
    unset.renew()
    end = x509.load_pem_x509_certificate(unset.cert.read_bytes()).not_valid_after_utc
    assert end > datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)
    unset.cert.unlink()
    SelfSigned(folder, "0.0.0.0", time=lambda: 1_800_000_000.0).renew()
    made = unset.cert.read_bytes()
    unset.renew()
    assert unset.cert.read_bytes() == made


def test_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    folder = ConfigFolder(str(tmp_path / "file" / "below"))
    with pytest.raises(FolderError, match=r"the certificate cannot be written in .*below"):
        SelfSigned(folder, "127.0.0.1").renew()


# --- unusable files

@pytest.fixture(scope="module")
def files(tmp_path_factory, pair):
    folder = tmp_path_factory.mktemp("bad")
    (folder / "nothing.pem").write_text("nothing")
    (folder / "broken.pem").write_text(
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    _, other = make(folder, "other")
    _, locked = make(folder, "locked", "-passout", "pass:secret")
    return {"CERT": pair[0], "KEY": pair[1], "NOWHERE": folder / "nowhere.pem",
            "NOTHING": folder / "nothing.pem", "BROKEN": folder / "broken.pem",
            "OTHER": other, "LOCKED": locked, "FOLDER": folder}


@pytest.mark.parametrize(("cert", "key", "sentence"), [
    ("NOWHERE", "KEY", "--cert is '{cert}', which cannot be read: No such file"),
    ("FOLDER", "KEY", "--cert is '{cert}', which cannot be read: Is a directory"),
    ("NOTHING", "KEY", "--cert is '{cert}', which contains no certificate (PEM)"),
    ("CERT", "NOTHING", "--key is '{key}', which contains no private key (PEM)"),
    ("CERT", "CERT", "--key is '{key}', which contains no private key (PEM)"),
    ("CERT", "NOWHERE", "--key is '{key}', which cannot be read: No such file"),
    ("CERT", "LOCKED", "--key is '{key}', which is encrypted with a password; decrypt it with: "),
    ("CERT", "OTHER", "'{key}' cannot be used: they do not belong together"),
    ("BROKEN", "KEY", "--cert '{cert}' and --key '{key}' cannot be used: ")])
def test_unusable_files_are_explained_in_one_sentence(files, cert, key, sentence):
    with pytest.raises(SettingsError) as refused:
        load_context(files[cert], files[key])
    explanation = str(refused.value)
    assert sentence.format(cert=files[cert], key=files[key]) in explanation
    assert "\n" not in explanation


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["--cert", "NOWHERE", "--key", "KEY"], "which cannot be read: No such file"),
    (["--cert", "CERT", "--key", "OTHER"], "they do not belong together"),
    (["--cert", "CERT"], "--cert is given, but must come together with --key"),
    (["--key", "KEY"], "--key is given, but must come together with --cert"),
    (["--cert", "CERT", "--key", "KEY", "--tls", "self-signed"],
     "--tls is 'self-signed', but must be off with --cert"),
    (["--tls", "yes"], "argument --tls: invalid choice: 'yes' (choose from ")])
def test_wrong_tls_settings_end_the_start_with_status_2(files, arguments, sentence):
    words = [str(files.get(word, word)) for word in arguments]
    ended = run_program("--source", "demo", "--port", "0", *words)
    assert ended.returncode == 2
    assert sentence in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
