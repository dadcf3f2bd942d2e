"""Behind reverse proxies: base path, client addresses, nginx and Caddy."""

import os
import re
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from benchmarks.live_stream import Mp4Pictures
from harness import DEADLINE, ROOT, eventually, needs
from network import free_port
from product import run_program
from protected import BROWSER, OPENER, OURS, OWNER, ProtectedApp, ProtectedServer
from pyimagesearch.web.app import create_app
from pyimagesearch.web.services import Feed, Services
from sample_archive import STATUS


def test_everything_is_below_the_base_path(tmp_path):
    protected = ProtectedApp(tmp_path, base_path="/cam")
    client = protected.client()
    assert client.get("/cam/", headers=BROWSER).location == "/cam/login"
    assert client.get("/cam", headers=BROWSER).location == "/cam/login"
    answer = client.get("/cam" + protected.link(OWNER), headers=BROWSER)
    assert answer.location == "/cam/"
    assert "Path=/cam;" in answer.headers["Set-Cookie"]
    page = client.get("/cam/", headers=BROWSER).text
    assert re.findall(r'(?:src|href|data-status-url)="(?!/cam/|#main)', page) == []
    made = client.post("/cam/api/stream_key", json={"path": "/cam/snapshot.jpg"}, headers=OURS)
    assert made.json["url"].startswith("/cam/snapshot.jpg?key=")
    assert protected.client().get(made.json["url"]).data == b"picture"
    stripped = client.get("/snapshot.jpg", headers=protected.bearer(OWNER))
    assert stripped.data == b"picture"      # by a proxy that strips the path


@pytest.mark.parametrize(("trusted", "address"), [
    (0, "127.0.0.1"), (1, "192.0.2.9"), (2, "192.0.2.8")])
def test_only_trusted_proxies_set_the_client_address(tmp_path, trusted, address):
    protected = ProtectedApp(tmp_path, trusted_proxies=trusted)
    client = protected.client()
    answer = client.get(protected.link(OWNER), headers={
        "X-Forwarded-For": "192.0.2.7, 192.0.2.8, 192.0.2.9",
        "X-Forwarded-Proto": "https, https", "X-Forwarded-Host": "evil.example"})
    assert answer.status_code == 303
    assert ("; Secure" in answer.headers["Set-Cookie"]) == (trusted > 0)
    (session,) = protected.authenticator.sessions.all()
    assert session.address == address


@pytest.mark.parametrize("forwarded", ["unknown", "a" * 9000, "192.0.2.7, "])
def test_client_without_an_address_counts_as_the_proxy(tmp_path, forwarded):
    protected = ProtectedApp(tmp_path, trusted_proxies=1)
    answer = protected.client().get(protected.link(OWNER), headers={
        "X-Forwarded-For": forwarded, "X-Forwarded-Proto": "javascript"})
    assert "; Secure" not in answer.headers["Set-Cookie"]
    (session,) = protected.authenticator.sessions.all()
    assert session.address == "127.0.0.1"


def test_forwarded_requests_require_a_login(tmp_path, broadcaster):
    authenticator = ProtectedApp(tmp_path).make_authenticator(local_only=True)
    app = create_app(Services({"camera": Feed(broadcaster, lambda: STATUS)}, authenticator))
    assert app.test_client().get("/api/status").json["auth"] is False
    for header in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Proto",
                   "CF-Connecting-IP", "True-Client-IP", "X-Client-IP", "X-Forwarded-Host",
                   "X-Original-Forwarded-For"):
        assert app.test_client().get("/api/status", headers={
            header: "192.0.2.7"}).status_code == 401


@pytest.fixture(scope="module")
def proxied():
    server = ProtectedServer("--base-path", "/cam", "--trusted-proxies", "1",
                             "--host", "cam.example.org")
    yield server
    server.close()


def example(name, port, changes):
    """Return the example *name* in deploy/, for the server on *port*."""
    content = (ROOT / "deploy" / name).read_text().replace("127.0.0.1:8000",
                                                           f"127.0.0.1:{port}")
    for old, new in changes.items():
        assert old in content, old
        content = content.replace(old, str(new))
    return content


def test_login_link_uses_the_proxys_address(proxied):
    assert proxied.owner == f"https://cam.example.org/cam/login?token={proxied.token()}"
    printed = run_program("token", env=proxied.folders).stdout
    assert proxied.owner in printed


@pytest.fixture
def nginx(proxied, tmp_path):
    program, port = needs("nginx", "nginx"), free_port()
    subprocess.run([needs("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048",
                    "-nodes", "-days", "2", "-subj", "/CN=cam.example.org", "-keyout",
                    tmp_path / "key", "-out", tmp_path / "cert"], check=True,
                   capture_output=True)
    ours = example("nginx.conf", proxied.port, {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/certs/cam.example.org.pem": tmp_path / "cert",
        "/etc/ssl/private/cam.example.org.key": tmp_path / "key",
        "/var/log/nginx": tmp_path})
    temporary = "".join(f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in (
        "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{temporary}{ours}}}\n")
    process = subprocess.Popen(
        [program, "-p", tmp_path, "-c", tmp_path / "nginx.conf", "-e", tmp_path / "log",
         "-g", "daemon off; master_process off;"])
    yield from serving(process, f"https://127.0.0.1:{port}/cam")


@pytest.fixture
def caddy(proxied, tmp_path):
    yield from caddy_in_front_of(proxied.port, tmp_path)


def caddy_in_front_of(server, folder):
    """Run Caddy in front of port *server*; yield its address."""
    program, port = needs("caddy", "caddy"), free_port()
    (folder / "Caddyfile").write_text(example("Caddyfile", server, {
        "{\n\t# login links": "{\n\tadmin off\n\t# login links",
        "cam.example.org {": f"http://127.0.0.1:{port} {{"}))
    with open(folder / "caddy.log", "wb") as log:
        process = subprocess.Popen(
            [program, "run", "--adapter", "caddyfile", "--config", folder / "Caddyfile"],
            env={**os.environ, "HOME": str(folder)}, stderr=log)
    yield from serving(process, f"http://127.0.0.1:{port}/cam")


def serving(process, url):
    """Yield *url* once it answers, and kill *process* afterwards."""
    def answers():
        assert process.poll() is None
        try:
            return OPENER.open(url + "/healthz", timeout=DEADLINE).read()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code == 502       # the proxy runs, without a server behind it
        except OSError:
            return None
    try:
        eventually(answers)
        yield url
    finally:
        process.kill()
        process.wait()


def age_of_the_next_frame(stream):
    """Return the age of the next frame [seconds]."""
    while not (found := re.match(rb"X-Timestamp: ([\d.]+)", stream.readline())):
        pass
    return time.time() - float(found[1])


@pytest.mark.parametrize("proxy", ["nginx", "caddy"])
def test_page_stream_and_login_work_behind_a_proxy(proxied, proxy, request, tmp_path):
    url = request.getfixturevalue(proxy)
    origin = url.removesuffix("/cam")

    def ask(path, **headers):
        try:
            return OPENER.open(urllib.request.Request(url + path, None, headers),
                               timeout=DEADLINE)
        except urllib.error.HTTPError as answer:
            return answer
    with ask("/", Accept="text/html") as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/cam/login")
    with ask(f"/login?token={proxied.token()}") as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/cam/")
        cookie = answer.headers["Set-Cookie"]
    assert "Path=/cam" in cookie
    assert ("; Secure" in cookie) == url.startswith("https")
    cookie = cookie.partition(";")[0]
    with ask("/", Cookie=cookie) as answer:
        shown = answer.read().decode()
    assert 'src="/cam/video_feed"' in shown
    with ask("/static/live.js") as answer:
        assert answer.status == 200
    with ask("/video_feed", Cookie=cookie) as stream:
        eventually(lambda: 0 < age_of_the_next_frame(stream) < 1)
    with ask("/live.mp4", Cookie=cookie) as stream:
        video = Mp4Pictures()
        eventually(lambda: [each for each in video.feed(stream.read1()) if 0 < each.age < 1])
    form = urllib.request.Request(f"{url}/logout", b"", {"Cookie": cookie, "Origin": origin})
    with pytest.raises(urllib.error.HTTPError) as answer:
        OPENER.open(form, timeout=DEADLINE)
    assert answer.value.headers["Location"] == "/cam/login"
    answer.value.close()
    with ask("/api/status", Cookie=cookie) as answer:
        assert answer.status == 401
    logs = b"".join(path.read_bytes() for path in tmp_path.glob("*log"))
    assert proxied.token().encode() not in logs
    assert proxy == "caddy" or b"GET /cam/login" in logs


def test_caddy_logs_no_token_of_failed_requests(tmp_path):
    for url in caddy_in_front_of(free_port(), tmp_path):
        for path in ("/login?token=opensesame", "/video_feed?a=b&key=opensesame"):
            with pytest.raises(urllib.error.HTTPError):
                OPENER.open(url + path, timeout=DEADLINE)
        log = tmp_path / "caddy.log"
        eventually(lambda log=log: "/cam/video_feed?a=b" in log.read_text())
        assert "/cam/login" in log.read_text()
        assert "opensesame" not in log.read_text()


def test_forged_client_address_is_ignored_behind_a_proxy(proxied, nginx):
    request = urllib.request.Request(
        f"{nginx}/login?token={proxied.token()}", None, {"X-Forwarded-For": "192.0.2.66"})
    with pytest.raises(urllib.error.HTTPError) as answer:
        OPENER.open(request, timeout=DEADLINE)
    cookie = answer.value.headers["Set-Cookie"].partition(";")[0]
    answer.value.close()
    page = proxied.request("/sessions", Cookie=cookie, **{"X-Forwarded-For": "192.0.2.1"})[2]
    assert b"192.0.2.66" not in page        # the client's own header is not trusted


def test_requests_past_the_proxy_require_a_login(proxied):
    for path in ("/api/status", "/video_feed", "/cam/video_feed"):
        assert proxied.request(path)[0] == 401
