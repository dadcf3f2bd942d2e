"""Pages in frames of other sites: only of those that are allowed."""

import contextlib
import http.server
import json
import socket
import ssl
import threading

import pytest
from selenium.common.exceptions import WebDriverException

import test_live_page
from chromium import go
from harness import eventually
from protected import BROWSER, OWNER, SMALL, VIEWER, ProtectedApp, ProtectedServer
from pyimagesearch.errors import SettingsError
from pyimagesearch.settings.settings import Settings
from pyimagesearch.web.request_origin import origin_of
from test_live_page import text

page = test_live_page.page       # a fixture

DASHBOARD = "https://dashboard.example:8123"
SECURE = {"base_url": "https://localhost"}


@pytest.fixture
def framed(tmp_path, no_fsync):
    """An app that may be shown in frames of two sites."""
    return ProtectedApp(tmp_path, frame_origins=(DASHBOARD, "http://panel.example"))


# --- the setting

@pytest.mark.parametrize(("text", "origin"), [
    ("http://ha.local:8123", "http://ha.local:8123"), ("http://ha.local:8123/", "http://ha.local:8123"),
    ("HTTPS://Ha.Example.ORG", "https://ha.example.org"), ("http://192.168.1.5", "http://192.168.1.5"),
    ("https://ha:443", "https://ha"), ("http://ha:80", "http://ha"), ("https://ha:80/", "https://ha:80"),
    ("http://my_ha", "http://my_ha"), ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example")])
def test_origin_of_a_frame_is_written_as_browsers_do(text, origin):
    assert origin_of(*Settings(allow_frame=(text,)).allow_frame) == origin


@pytest.mark.parametrize("text", [
    "*", "ha.local", "https:", "http://ha/lovelace", "http://*.ha.local", "http://ha:port",
    "http://me@ha", "http://[::1]:8123", "http://ha; script-src *", "http://ha 'self'",
    "http://ha:0", "http://ha:65536", "ftp://ha", "http://ha?x", "http://b\u00fccher.example", "null", "'none'"])
def test_frame_of_no_single_site_is_refused(text):
    with pytest.raises(SettingsError, match=r"--allow-frame is .*, but must be the scheme, host "
                       r"and port of a page, such as http://homeassistant\.local:8123"):
        Settings(allow_frame=("http://ha.local", text))


def test_address_without_origin_has_none():
    for url in ("", "about:blank", "null", "android-app://x", "http://", "//ha.local"):
        assert origin_of(url) == "", url


# --- headers and cookies

def test_every_response_names_the_sites_with_frames(framed):
    framed.app.config["PROPAGATE_EXCEPTIONS"] = False
    client = framed.client(VIEWER)
    for path in ("/", "/login", "/snapshot.jpg", "/api/status", "/nothing", "/static/live.js"):
        with client.get(path, headers=BROWSER, buffered=False) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert policy.endswith(f"; frame-ancestors {DASHBOARD} http://panel.example"), path
            assert "X-Frame-Options" not in answer.headers      # it cannot name a site
            shown = answer.mimetype == "text/html"
            assert answer.headers["Cross-Origin-Resource-Policy"] == (
                "cross-origin" if shown else "same-origin"), path


@pytest.mark.parametrize(("headers", "policy"), [
    ({"Referer": f"{DASHBOARD}/lovelace?x=1"}, "cross-origin"),
    ({"Referer": "http://panel.example/"}, "cross-origin"),
    ({"Referer": "https://panel.example/"}, "same-origin"),
    ({"Referer": f"https://evil.example/?{DASHBOARD}/"}, "same-origin"),
    ({"Referer": f"{DASHBOARD}.evil.example/"}, "same-origin"),
    ({"Referer": "https://dashboard.example:8123@evil.example/"}, "same-origin"),
    ({}, "same-origin")])
def test_pictures_are_shown_on_pages_of_allowed_sites(framed, headers, policy):
    answer = framed.client(VIEWER).get("/snapshot.jpg", headers=headers)
    assert answer.headers["Cross-Origin-Resource-Policy"] == policy


def test_pictures_are_shown_on_no_other_page_by_default(protected):
    for path in ("/snapshot.jpg", "/"):
        answer = protected.client(VIEWER).get(path, headers={"Referer": "null", **BROWSER})
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["X-Frame-Options"] == "DENY"


def cookies_of(app, **more):
    """Return the cookies of a login, and of a logout, each with its attributes."""
    client = app.client()
    link = client.get(app.link(OWNER), **more).headers.getlist("Set-Cookie")
    more["headers"] = {**more["headers"], "Origin": more["base_url"]}
    return link + client.post("/logout", **more).headers.getlist("Set-Cookie")


def test_cookie_in_a_frame_is_bound_to_the_site_around(framed):
    cookies = cookies_of(framed, headers={**BROWSER, "Sec-Fetch-Dest": "iframe"}, **SECURE)
    assert len(cookies) == 3
    for cookie in cookies:
        assert {"SameSite=None", "Secure", "HttpOnly", "Partitioned"} <= set(cookie.split("; "))


@pytest.mark.parametrize(("destination", "base"), [
    ("document", "https://localhost"), ("empty", "https://localhost"), ("iframe", "http://localhost")])
def test_cookie_elsewhere_is_kept_from_other_sites(framed, destination, base):
    for cookie in cookies_of(framed, headers={**BROWSER, "Sec-Fetch-Dest": destination},
                             base_url=base):
        assert "SameSite=Lax" in cookie
        assert "Partitioned" not in cookie


def test_cookie_in_a_frame_needs_an_allowed_site(protected):
    for cookie in cookies_of(protected, headers={**BROWSER, "Sec-Fetch-Dest": "iframe"}, **SECURE):
        assert "SameSite=Lax" in cookie


# --- in Chromium

class Dashboard:
    """A page that shows another one in a frame; it can be opened under any name."""

    def __init__(self):
        self.content, dashboard = "", self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                content = f"<!doctype html><title>dashboard</title>{dashboard.content}".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]

    def start(self, product, scheme="http"):
        if scheme == "https":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(product.config / "tls-cert.pem", product.config / "tls-key.pem")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.scheme, self.product = scheme, product

    def show(self, browser, path, name="dashboard"):
        """Open the dashboard, called *name*, with *path* of the product in a frame."""
        own_scheme = self.product.url.partition(":")[0]
        url = f"{own_scheme}://{own_name()}.lan:{self.product.port}{path}"
        self.content = f'<iframe width="800" height="600" src="{url}"></iframe>'
        browser.switch_to.default_content()
        go(browser, f"{self.scheme}://{name}.lan:{self.port}/")
        eventually(lambda: enter_frame(browser))

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def own_name():
    return socket.gethostname().partition(".")[0].lower()


def enter_frame(browser):
    """Go on in the frame of the page once it shows anything; return whether it does."""
    with contextlib.suppress(WebDriverException):
        browser.switch_to.default_content()
        browser.switch_to.frame(0)
        return browser.execute_script("return location.href") != "about:blank"
    return False


def frame_is_blocked(browser):
    return any("frame-ancestors" in entry["message"] for entry in browser.get_log("browser"))


@pytest.fixture
def dashboard():
    with contextlib.closing(Dashboard()) as made:
        yield made


def allowing(port, scheme="http", names=("dashboard",)):
    return [word for name in names
            for word in ("--allow-frame", f"{scheme}://{name}.lan:{port}/")]


def test_frame_works_on_an_allowed_site_only(start, page, dashboard):
    product = start(*SMALL, *allowing(dashboard.port), "--ip", "0.0.0.0", "--no-auth")
    dashboard.start(product)
    dashboard.show(page, "/")
    eventually(lambda: page.execute_script(
        "return document.getElementById('live')?.naturalWidth") == 320)
    eventually(lambda: text(page, "#words"))
    page.find_element("id", "record").click()       # buttons work, too
    eventually(lambda: json.loads(product.get("/record_status"))["recording"])
    page.get_log("browser")
    dashboard.show(page, "/", name="other")
    eventually(lambda: frame_is_blocked(page))
    page.switch_to.default_content()


def test_frame_over_http_says_that_no_login_is_kept(page, dashboard):
    names = ("dashboard", own_name())
    product = ProtectedServer("--ip", "0.0.0.0", *allowing(dashboard.port, names=names))
    with contextlib.closing(product):
        dashboard.start(product)
        link = f"/login?token={product.token('viewer')}"
        dashboard.show(page, link)
        eventually(lambda: page.find_element("id", "no-cookies").is_displayed())
        dashboard.show(page, link, name=own_name())     # another port of the same host
        eventually(lambda: text(page, "#words"))
        page.switch_to.default_content()
        page.get("about:blank")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_frame_over_https_keeps_a_login(page, dashboard, scheme):
    product = ProtectedServer("--ip", "0.0.0.0", "--tls", "self-signed",
                              *allowing(dashboard.port, scheme))
    with contextlib.closing(product):
        dashboard.start(product, scheme)
        page.execute_cdp_cmd("Security.setIgnoreCertificateErrors", {"ignore": True})
        dashboard.show(page, "/")
        eventually(lambda: text(page, "h1") == "Log in")
        eventually(lambda: page.execute_script("return document.readyState") == "complete")
        assert not page.find_element("id", "no-cookies").is_displayed()
        dashboard.show(page, f"/login?token={product.token('viewer')}")
        eventually(lambda: text(page, "#words"))
        dashboard.show(page, "/")       # the next time
        eventually(lambda: text(page, "#words"))
        page.switch_to.default_content()
        page.get("about:blank")
        page.execute_cdp_cmd("Security.setIgnoreCertificateErrors", {"ignore": False})
