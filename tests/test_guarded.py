"""The real program where everybody is asked: commands, a browser, real proxies."""

import http.server
import json
import os
import re
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest
import test_page
from test_page import keep, moves, severe, size, text

from chromium import go
from harness import DEADLINE, PATIENCE, ROOT, eventually, needs
from network import free_port
from product import Product, run_program, template

page = test_page.page       # a fixture
SMALL = ("--source", "demo:320x240@10")
PASSWORD = "correct horse battery"


class Guarded(Product):
    """The program where everybody is asked, and the two links that it printed."""

    def __init__(self, *arguments):
        super().__init__(*SMALL, *arguments)
        self.owner, self.viewer = (
            self.process.stdout.readline().split()[-1] for _ in range(2))
        assert "token=" in self.owner

    @property
    def secrets(self):
        return json.loads((self.config / "access.json").read_bytes())

    def token(self, role="owner"):
        return self.secrets["tokens"][role]

    def ask(self, path, method="GET", data=None, **headers):
        """Return status, headers and body of one answer; no redirect is followed."""
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with OPENER.open(request, timeout=DEADLINE) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.headers, refused.read()

    def log_in(self, role="owner", **more):
        status, headers, _ = self.ask(f"/login?token={self.token(role)}", **more)
        assert status == 303
        return headers["Set-Cookie"].partition(";")[0]


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(self, *arguments):
        return None


def trusting():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


OPENER = urllib.request.build_opener(
    Stay, urllib.request.HTTPSHandler(context=trusting()))


@pytest.fixture(scope="module")
def product():
    product = Guarded("--ip", "0.0.0.0", "--log-level", "debug")
    yield product
    product.close()


@pytest.fixture
def terminal(tmp_path):
    """Run the program in a terminal; return what it showed once it has ended."""
    def begin(*arguments, folders=(), answers=()):
        master, slave = os.openpty()
        own = {"SURVEILLANCE_CONFIG_DIR": str(tmp_path), **dict(folders)}
        process = template().start_in(slave, arguments, {**os.environ, **own}, ROOT)
        os.close(slave)
        shown = b""
        try:
            for answer in answers:
                count = shown.count(b": ") + 1
                while shown.count(b": ") < count:
                    shown += os.read(master, 4096)
                os.write(master, answer.encode())
            while chunk := os.read(master, 4096):
                shown += chunk
        except OSError:     # the other side has been closed
            pass
        finally:
            os.close(master)
        return process.wait(DEADLINE), shown.decode()
    return begin


def watching(product, credential):
    """Return an open connection that is sent the stream."""
    viewer = socket.create_connection(("127.0.0.1", product.port), DEADLINE)
    viewer.sendall(f"GET /video_feed HTTP/1.1\r\nHost: localhost\r\n{credential}\r\n\r\n"
                   .encode())
    file = viewer.makefile("rb")
    assert b"200 OK" in file.readline()
    assert file.read(2000)
    return viewer, file


def ends(viewer):
    """Return after how many seconds the stream of *viewer* is at its end."""
    start = time.monotonic()
    while viewer[1].read1(65536):
        assert time.monotonic() - start < PATIENCE
    for each in reversed(viewer):
        each.close()
    return time.monotonic() - start


def test_start_outside_is_guarded_and_prints_the_way_in(product):
    assert stat.S_IMODE((product.config / "access.json").stat().st_mode) == 0o600
    assert product.ask("/api/status")[0] == 401     # from this machine too: a proxy's
    assert product.ask("/healthz")[0] == 200
    for link, role in ((product.owner, "owner"), (product.viewer, "viewer")):
        assert link.endswith(f":{product.port}/login?token={product.token(role)}")
    status, headers, _ = product.ask("/login" + product.owner.partition("/login")[2])
    assert (status, headers["Location"]) == (303, "/")
    cookie = headers["Set-Cookie"].partition(";")[0]
    assert json.loads(product.ask("/api/status", Cookie=cookie)[2])["auth"] is True


def test_shut_out_viewers_see_nothing_more_at_once(product):
    cookies = [product.log_in(), product.log_in()]
    first, second = (watching(product, f"Cookie: {cookie}") for cookie in cookies)
    token = watching(product, f"Authorization: Bearer {product.token()}")
    page = product.ask("/sessions", Cookie=cookies[1])[2].decode()
    assert page.count("this browser") == 1
    assert product.ask("/sessions/end-others", "POST", Cookie=cookies[1],
                       Origin=product.url)[0] == 303
    assert ends(first) < 1
    assert product.ask("/api/status", Cookie=cookies[0])[0] == 401
    old = product.token("viewer")
    made = run_program("token", "--new", env=product.folders)
    assert ends(second) < 2.5
    assert ends(token) < 2.5
    assert f":{product.port}/login?token={product.token()}" in made.stdout
    assert product.ask("/api/status", Authorization=f"Bearer {old}")[0] == 401
    assert product.ask("/api/status", Authorization=f"Bearer {product.token()}")[0] == 200


def test_password_is_asked_twice_and_counts_at_once(product, terminal):
    before = product.log_in()
    status, shown = terminal("password", folders=product.folders,
                             answers=[f"{PASSWORD}\n", f"{PASSWORD}\n"])
    assert (status, PASSWORD in shown) == (0, False)
    assert "The password of the owner is set" in shown
    assert PASSWORD not in json.dumps(product.secrets)
    assert product.ask("/api/status", Cookie=before)[0] == 401
    form = f"password={PASSWORD.replace(' ', '+')}".encode()
    assert product.ask("/login", "POST", b"password=wrong")[0] == 401
    status, headers, _ = product.ask("/login", "POST", form)
    assert status == 303
    assert product.ask("/api/status", Cookie=headers["Set-Cookie"].partition(";")[0]
                       )[0] == 200
    eventually(lambda: any("wrong password of owner" in line for line in product.log))


@pytest.mark.parametrize(("answers", "sentence"), [
    (["one password\n", "another one\n"], "the two passwords differ; nothing was changed"),
    (["short\n", "short\n"], "the password has 5 characters, but must have 8 to 1000"),
    (["\x04"], "no password was given; nothing was changed"),
    (["\x03"], "no password was given; nothing was changed")])
def test_poor_passwords_change_nothing(terminal, tmp_path, answers, sentence):
    status, shown = terminal("password", "--viewer", answers=answers)
    assert (status, sentence in shown, "Traceback" in shown) == (1, True, False), shown
    assert not (tmp_path / "access.json").exists()


def test_password_comes_through_a_pipe_without_a_word_of_an_echo(tmp_path):
    made = subprocess.run(
        ["setsid", sys.executable, "webstreaming.py", "password", "--config-dir", tmp_path],
        cwd=ROOT, input=2 * f"{PASSWORD}\n", text=True, capture_output=True, timeout=DEADLINE)
    assert made.returncode == 0, made.stderr
    assert made.stderr == ""
    assert "The password of the owner is set" in made.stdout


@pytest.mark.parametrize("given", [b"\xff\xfe not a text\n" * 2, b"", None])
def test_pipe_without_a_password_is_one_sentence(tmp_path, given):
    close = (lambda: os.close(0)) if given is None else None
    made = subprocess.run(
        ["setsid", sys.executable, "webstreaming.py", "password", "--config-dir", tmp_path],
        cwd=ROOT, input=given, capture_output=True, timeout=DEADLINE, preexec_fn=close,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    assert made.returncode == 1
    assert b"no password was given; nothing was changed" in made.stderr
    assert b"Traceback" not in made.stderr


def test_password_is_no_argument(terminal):
    status, shown = terminal("password", "hunter2hunter2")
    assert (status, "unrecognized arguments" in shown) == (2, True)


def test_link_is_a_code_in_a_terminal(terminal):
    status, shown = terminal("token", "--ip", "192.0.2.7", "--port", "80")
    assert status == 0
    assert "http://192.0.2.7:80/login?token=" in shown
    assert sum("█" in line for line in shown.splitlines()) > 15


def test_nothing_that_lets_in_is_in_the_log(product):
    cookie = product.log_in()
    made = json.loads(product.ask(
        "/api/stream_key", "POST", b'{"path": "/snapshot.jpg"}', Cookie=cookie,
        Origin=product.url, **{"Content-Type": "application/json"})[2])
    assert product.ask(made["url"])[2].startswith(b"\xff\xd8")
    with socket.create_connection(("127.0.0.1", product.port)) as rude:
        rude.sendall(f"GET /login?token={product.token()} HTTP/9.9\r\n\r\n".encode())
        rude.recv(100)
    product.ask("/the-last")
    eventually(lambda: any("GET '/the-last'" in line for line in product.log))
    log = "".join(product.log)
    assert "GET '/login'" in log
    for secret in (product.token(), product.token("viewer"), made["key"], PASSWORD,
                   cookie.partition("=")[2]):
        assert secret not in log


def test_no_auth_says_so():
    product = Product(*SMALL, "--no-auth", "--ip", "0.0.0.0")
    assert json.loads(product.get("/api/status"))["auth"] is False
    product.stop()
    assert any("--no-auth: whoever reaches the port may look" in line
               for line in product.log)
    assert "token" not in product.process.stdout.read()
    product.close()


@pytest.mark.parametrize(("ip", "told"), [("0.0.0.0", True), ("127.0.0.1", False)])
def test_way_past_the_proxy_is_told(ip, told):
    product = Product(*SMALL, "--trusted-proxies", "1", "--ip", ip)
    product.stop()
    assert told == any("--trusted-proxies: whoever reaches the port" in line
                       for line in product.log)
    product.close()


def test_damaged_secrets_end_the_start_in_one_sentence(tmp_path):
    (tmp_path / "access.json").write_text("{")
    ended = run_program(*SMALL, "--port", "0", env={"SURVEILLANCE_CONFIG_DIR": str(tmp_path)})
    assert ended.returncode == 1
    assert "access.json cannot be read: it is damaged" in ended.stderr
    assert "Traceback" not in ended.stderr


# --- in Chromium

class Elsewhere(http.server.BaseHTTPRequestHandler):
    """A stranger's site, which shows whatever *page* is."""

    page = ""

    def do_GET(self):
        content = self.page.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def stranger():
    """Return a function that shows a page on a stranger's site, and its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def show(content):
            Elsewhere.page = f"<!doctype html><title>elsewhere</title>{content}"
            return f"http://localhost:{server.server_address[1]}/"
        yield show
        server.shutdown()


def test_tap_on_the_link_shows_the_picture_and_hides_the_token(product, page):
    page.get_log("browser")
    go(page, f"{product.url}/login?token={product.token()}")
    eventually(lambda: text(page, "#words"))
    assert page.current_url == product.url + "/"
    moves(page)
    page.find_element("css selector", "header a[href='/sessions']").click()
    eventually(lambda: "this browser" in text(page, ".sessions"))
    assert "Chrome on Linux" in text(page, ".sessions b")
    page.find_element("css selector", ".sessions button").click()
    eventually(lambda: text(page, "h1") == "Log in")
    (cookie,) = page.get_cookies()      # that it was here before, which opens nothing
    assert cookie["name"].startswith("device-owner-")
    assert severe(page) == []


def test_owner_sees_and_ends_the_sessions_of_others(product, page):
    phone = "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 Chrome/142.0 Mobile"
    cookie = product.log_in("viewer", **{"User-Agent": phone})
    go(page, f"{product.url}/login?token={product.token()}")
    go(page, f"{product.url}/sessions")
    eventually(lambda: "Chrome on Android, viewer" in text(page, ".sessions"))
    size(page, (800, 300))
    keep(page, "sessions.png")
    page.find_elements("css selector", ".prose button")[0].click()
    eventually(lambda: "Android" not in text(page, ".sessions"))
    assert product.ask("/", Cookie=cookie)[0] == 401


def test_page_of_one_who_is_shut_out_becomes_the_login(product, page):
    go(page, f"{product.url}/login?token={product.token('viewer')}")
    eventually(lambda: text(page, "#words"))
    cookie = product.log_in()
    product.ask("/sessions/end-others", "POST", Cookie=cookie, Origin=product.url)
    eventually(lambda: text(page, "h1") == "Log in")


def test_password_lets_in_without_javascript(product, page, terminal):
    terminal("password", folders=product.folders,
             answers=[f"{PASSWORD}\n", f"{PASSWORD}\n"])
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    go(page, f"{product.url}/sessions")
    eventually(lambda: page.find_elements("css selector", "[type=password]"))
    page.find_element("css selector", "[type=password]").send_keys(PASSWORD)
    page.find_element("css selector", "button").click()
    eventually(lambda: "this browser" in page.page_source)
    page.delete_all_cookies()


def test_page_of_another_site_changes_nothing(product, page, stranger):
    go(page, f"{product.url}/login?token={product.token()}")
    eventually(lambda: text(page, "#words"))
    for path in ("/sessions/end-others", "/logout"):
        go(page, stranger(f'<form method="post" action="{product.url}{path}"></form>'
                          "<script>document.forms[0].submit()</script>"))
        eventually(lambda: text(page, "h1") == "Forbidden")
        assert "page of another site" in text(page, "main")
    sent = ("<script>Promise.allSettled(['/logout', '/sessions/end-others'].map(path => "
            f"fetch('{product.url}' + path, {{method: 'POST', credentials: 'include', "
            "mode: 'no-cors'}))).then(() => document.title = 'sent')</script>")
    go(page, stranger(sent))
    eventually(lambda: page.title == "sent")
    go(page, product.url + "/")
    eventually(lambda: text(page, "#words"))    # still logged in


def test_page_of_another_site_shows_nothing_without_a_key(product, page, stranger):
    key = json.loads(product.ask(
        "/api/stream_key", "POST", b'{"path": "/video_feed"}',
        Authorization=f"Bearer {product.token()}", **{"Content-Type": "application/json"})[2])
    go(page, f"{product.url}/login?token={product.token()}")
    eventually(lambda: text(page, "#words"))
    for image, shown in ((f"{product.url}/snapshot.jpg", False),
                         (product.url + key["url"], True)):
        go(page, stranger(f'<img id="live" src="{image}">'
                          "<script>document.images[0].onerror = () => "
                          "document.title = 'no picture'</script>"))
        if shown:
            eventually(lambda: page.execute_script(
                "return document.images[0] && document.images[0].naturalWidth") == 320)
        else:
            eventually(lambda: page.title == "no picture")


def test_open_server_takes_no_orders_from_another_site(start, page, stranger):
    product = start(*SMALL)
    go(page, stranger(f'<form method="post" action="{product.url}/sessions/end-others">'
                      "</form><script>document.forms[0].submit()</script>"))
    eventually(lambda: text(page, "h1") == "Forbidden")
    go(page, stranger(f'<img src="{product.url}/snapshot.jpg"><script>'
                      "document.images[0].onerror = () => document.title = 'none'</script>"))
    eventually(lambda: page.title == "none")
    go(page, stranger(f'<iframe src="{product.url}/" id="frame"></iframe>'))
    eventually(lambda: any("frame-ancestors" in entry["message"]
                           for entry in page.get_log("browser")))


# --- behind real proxies

@pytest.fixture(scope="module")
def proxied():
    product = Guarded("--base-path", "/cam", "--trusted-proxies", "1",
                      "--host", "cam.example.org")
    yield product
    product.close()


def example(name, port, changes):
    """Return the example *name* of the README, for the server on *port*."""
    content = (ROOT / "deploy" / name).read_text().replace("127.0.0.1:8000",
                                                           f"127.0.0.1:{port}")
    for old, new in changes.items():
        assert old in content, old
        content = content.replace(old, str(new))
    return content


def test_link_leads_through_the_proxy(proxied):
    assert proxied.owner == f"https://cam.example.org/cam/login?token={proxied.token()}"
    told = run_program("token", env=proxied.folders)
    assert proxied.owner in told.stdout


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
    yield from caddy_before(proxied.port, tmp_path)


def caddy_before(server, folder):
    """Run Caddy before the port *server*; yield where, and end it afterwards."""
    program, port = needs("caddy", "caddy"), free_port()
    (folder / "Caddyfile").write_text(example("Caddyfile", server, {
        "{\n\t# links": "{\n\tadmin off\n\t# links",
        "cam.example.org {": f"http://127.0.0.1:{port} {{"}))
    with open(folder / "caddy.log", "wb") as log:
        process = subprocess.Popen(
            [program, "run", "--adapter", "caddyfile", "--config", folder / "Caddyfile"],
            env={**os.environ, "HOME": str(folder)}, stderr=log)
    yield from serving(process, f"http://127.0.0.1:{port}/cam")


def serving(process, url):
    """Yield *url* once it answers, and end *process* afterwards."""
    def answers():
        assert process.poll() is None
        try:
            return OPENER.open(url + "/healthz", timeout=DEADLINE).read()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code == 502       # it is there, if nothing is behind it
        except OSError:
            return None
    try:
        eventually(answers)
        yield url
    finally:
        process.kill()
        process.wait()


def age_of_the_next_frame(stream):
    """Return how many seconds ago the frame was captured that comes next."""
    while not (found := re.match(rb"X-Timestamp: ([\d.]+)", stream.readline())):
        pass
    return time.time() - float(found[1])


@pytest.mark.parametrize("proxy", ["nginx", "caddy"])
def test_page_stream_and_login_pass_a_real_proxy(proxied, proxy, request, tmp_path):
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


def test_link_that_caddy_cannot_pass_on_is_not_in_its_log(tmp_path):
    for url in caddy_before(free_port(), tmp_path):
        for path in ("/login?token=opensesame", "/video_feed?a=b&key=opensesame"):
            with pytest.raises(urllib.error.HTTPError):
                OPENER.open(url + path, timeout=DEADLINE)
        log = tmp_path / "caddy.log"
        eventually(lambda log=log: "/cam/video_feed?a=b" in log.read_text())
        assert "/cam/login" in log.read_text()
        assert "opensesame" not in log.read_text()


def test_address_behind_a_proxy_is_the_visitors(proxied, nginx):
    request = urllib.request.Request(
        f"{nginx}/login?token={proxied.token()}", None, {"X-Forwarded-For": "192.0.2.66"})
    with pytest.raises(urllib.error.HTTPError) as answer:
        OPENER.open(request, timeout=DEADLINE)
    cookie = answer.value.headers["Set-Cookie"].partition(";")[0]
    answer.value.close()
    page = proxied.ask("/sessions", Cookie=cookie, **{"X-Forwarded-For": "192.0.2.1"})[2]
    assert b"192.0.2.66" not in page        # what the visitor itself says is not believed


def test_viewers_beside_the_proxy_are_asked_too(proxied):
    for path in ("/api/status", "/video_feed", "/cam/video_feed"):
        assert proxied.ask(path)[0] == 401
