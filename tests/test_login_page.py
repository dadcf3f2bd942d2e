"""Login, sessions and other sites' pages in Chromium."""

import http.server
import json
import socket
import threading

import pytest
from werkzeug.datastructures import Headers

import test_live_page
from chromium import go
from harness import eventually
from protected import PASSWORD, SMALL
from pyimagesearch.web.request_origin import is_browser
from test_live_page import console_errors, resize, screenshot, text, wait_for_motion

page = test_live_page.page       # a fixture


class OtherSite(http.server.BaseHTTPRequestHandler):
    """Another site, which shows *page* at every address and keeps *seen*, the requests."""

    page = ""
    seen = ()

    def do_GET(self):
        OtherSite.seen = [*OtherSite.seen, (self.path, Headers(self.headers.items()))]
        content = self.page.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def other_site():
    """A function that publishes a page on another site and returns its address."""
    with http.server.ThreadingHTTPServer(("0.0.0.0", 0), OtherSite) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

        def show(content):
            OtherSite.page = f"<!doctype html><title>other site</title>{content}"
            return f"http://localhost:{server.server_address[1]}/"
        yield show
        server.shutdown()


def test_login_link_shows_the_picture_and_hides_the_token(protected_server, page):
    page.get_log("browser")
    go(page, f"{protected_server.url}/login?token={protected_server.token()}")
    eventually(lambda: text(page, "#words"))
    assert page.current_url == protected_server.url + "/"
    wait_for_motion(page)
    page.find_element("css selector", ".places a[href='/sessions']").click()
    eventually(lambda: "this browser" in text(page, ".sessions"))
    assert "Chrome on Linux" in text(page, ".sessions b")
    page.find_element("css selector", ".sessions button").click()
    eventually(lambda: text(page, "h1") == "Log in")
    (cookie,) = page.get_cookies()      # identifies a known device, and logs nothing in
    assert cookie["name"].startswith("device-owner-")
    assert console_errors(page) == []


def test_viewer_cannot_press_what_only_an_owner_may_do(protected_server, page):
    go(page, f"{protected_server.url}/login?token={protected_server.token('viewer')}")
    eventually(lambda: text(page, "#arming"))
    assert page.find_elements("css selector", "#record, #still, #armed, #pause, #cameras") == []
    go(page, f"{protected_server.url}/events")
    eventually(lambda: text(page, "h1") == "Events" and page.execute_script(
        "return document.documentElement.classList.contains('js')"))
    assert page.find_elements("css selector", "#chosen, #list input") == []
    assert page.find_elements("css selector", "nav a[href='/alerts']")
    assert console_errors(page) == []
    go(page, f"{protected_server.url}/login?token={protected_server.token()}")
    eventually(lambda: text(page, "#armed"))
    assert page.find_element("id", "record").is_enabled()


def test_owner_sees_and_ends_the_sessions_of_others(protected_server, page):
    phone = "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 Chrome/142.0 Mobile"
    cookie = protected_server.log_in("viewer", **{"User-Agent": phone})
    go(page, f"{protected_server.url}/login?token={protected_server.token()}")
    go(page, f"{protected_server.url}/sessions")
    eventually(lambda: "Chrome on Android, viewer" in text(page, ".sessions"))
    resize(page, (800, 460))
    screenshot(page, "sessions.png")
    page.find_element("id", "end-others").click()
    eventually(lambda: "Android" not in text(page, ".sessions"))
    assert protected_server.request("/", Cookie=cookie)[0] == 401


def test_page_of_a_revoked_client_becomes_the_login(protected_server, page):
    go(page, f"{protected_server.url}/login?token={protected_server.token('viewer')}")
    eventually(lambda: text(page, "#words"))
    cookie = protected_server.log_in()
    protected_server.request("/sessions/end-others", "POST", Cookie=cookie, Origin=protected_server.url)
    eventually(lambda: text(page, "h1") == "Log in")


def test_password_login_works_without_javascript(protected_server, page, terminal):
    terminal("password", folders=protected_server.folders,
             answers=[f"{PASSWORD}\n", f"{PASSWORD}\n"])
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    go(page, f"{protected_server.url}/sessions")
    eventually(lambda: page.find_elements("css selector", "[type=password]"))
    page.find_element("css selector", "[type=password]").send_keys(PASSWORD)
    page.find_element("css selector", "button").click()
    eventually(lambda: "this browser" in page.page_source)
    page.delete_all_cookies()


def test_pages_of_other_sites_change_nothing(protected_server, page, other_site):
    go(page, f"{protected_server.url}/login?token={protected_server.token()}")
    eventually(lambda: text(page, "#words"))
    for path in ("/sessions/end-others", "/logout"):
        go(page, other_site(f'<form method="post" action="{protected_server.url}{path}"></form>'
                          "<script>document.forms[0].submit()</script>"))
        eventually(lambda: text(page, "h1") == "Forbidden")
        assert "page of another site" in text(page, "main")
    sent = ("<script>Promise.allSettled(['/logout', '/sessions/end-others'].map(path => "
            f"fetch('{protected_server.url}' + path, {{method: 'POST', credentials: 'include', "
            "mode: 'no-cors'}))).then(() => document.title = 'sent')</script>")
    go(page, other_site(sent))
    eventually(lambda: page.title == "sent")
    go(page, protected_server.url + "/")
    eventually(lambda: text(page, "#words"))    # still logged in


def test_pages_of_other_sites_need_a_stream_key(protected_server, page, other_site):
    key = json.loads(protected_server.request(
        "/api/stream_key", "POST", b'{"path": "/video_feed"}',
        Authorization=f"Bearer {protected_server.token()}", **{"Content-Type": "application/json"})[2])
    go(page, f"{protected_server.url}/login?token={protected_server.token()}")
    eventually(lambda: text(page, "#words"))
    for image, shown in ((f"{protected_server.url}/snapshot.jpg", False),
                         (protected_server.url + key["url"], True)):
        go(page, other_site(f'<img id="live" src="{image}">'
                          "<script>document.images[0].onerror = () => "
                          "document.title = 'no picture'</script>"))
        if shown:
            eventually(lambda: page.execute_script(
                "return document.images[0] && document.images[0].naturalWidth") == 320)
        else:
            eventually(lambda: page.title == "no picture")


def test_no_auth_server_refuses_other_sites(start, page, other_site):
    product = start(*SMALL)
    go(page, other_site(f'<form method="post" action="{product.url}/sessions/end-others">'
                      "</form><script>document.forms[0].submit()</script>"))
    eventually(lambda: text(page, "h1") == "Forbidden")
    go(page, other_site(f'<img src="{product.url}/snapshot.jpg"><script>'
                      "document.images[0].onerror = () => document.title = 'none'</script>"))
    eventually(lambda: page.title == "none")
    go(page, other_site(f'<iframe src="{product.url}/" id="frame"></iframe>'))
    eventually(lambda: any("frame-ancestors" in entry["message"]
                           for entry in page.get_log("browser")))


def test_page_under_a_routers_name_can_be_used(protected_server, page):
    name = socket.gethostname().partition(".")[0].lower()
    url = f"http://{name}.lan:{protected_server.port}"
    go(page, f"{url}/login?token={protected_server.token()}")
    eventually(lambda: text(page, "#words"))
    assert page.current_url == f"{url}/"
    wait_for_motion(page)
    go(page, f"{url}/sessions")
    eventually(lambda: "this browser" in text(page, ".sessions"))
    page.find_element("css selector", ".sessions button").click()     # a form's POST
    eventually(lambda: text(page, "h1") == "Log in")
    go(page, f"http://other.lan:{protected_server.port}/")
    eventually(lambda: "--host other.lan" in text(page, "main"))


@pytest.mark.parametrize("host", ["localhost", socket.gethostname()])
def test_requests_of_pages_are_known_as_a_browsers(page, other_site, host):
    """Else a picture or a poll after the end of a session would open a login box."""
    OtherSite.seen = []
    go(page, other_site('<img src="/picture"><video src="/clip"></video>'
                        "<script>fetch('/status')</script>").replace("localhost", host))
    eventually(lambda: {"/picture", "/clip", "/status"} <= {path for path, _ in OtherSite.seen})
    for path, headers in OtherSite.seen:
        assert path == "/" or is_browser(headers), (path, headers)
        assert ("Sec-Fetch-Mode" in headers) == (host == "localhost")
