"""Every request is checked: login, role, origin and host name; security headers."""

import base64
import contextlib
import re
from dataclasses import replace
from urllib.request import parse_http_list

import pytest
from werkzeug.test import EnvironBuilder

from harness import open_access
from protected import (
    BROWSER,
    OURS,
    OWNER,
    PASSWORDS,
    VIEWER,
    ProtectedApp,
    basic,
    routes,
    status_of,
)
from pyimagesearch.access.roles import Role
from pyimagesearch.errors import SettingsError
from pyimagesearch.settings.command_line import parse_command_line
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.web.app import create_app
from pyimagesearch.web.guard import PUBLIC, is_for_owners
from pyimagesearch.web.services import Feed, Services
from sample_archive import STATUS

pytestmark = pytest.mark.usefixtures("no_fsync")

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"
UNSAFE_NAME = '<script>alert(1)</script>"\r\nX-Evil: 1'


def test_every_route_requires_a_login(two_cameras):
    client, checked = two_cameras.client(), 0
    for endpoint, method, path in routes(two_cameras.app):
        if endpoint in PUBLIC:
            continue
        checked += 1
        assert status_of(client, method, path) == 401, (method, path)
        assert status_of(client, method, path, headers={
            "Authorization": "Bearer wrong",
            "Cookie": f"{two_cameras.authenticator.cookie_name('session')}=x"}
            ) in (401, 403), (method, path)
    assert checked > 30


def test_only_these_routes_are_public(two_cameras):
    assert {"static", "bundles.script", "status.healthz", "status.readyz", "login.form",
            "login.log_in", "push.service_worker", "push.manifest",
            "push.favicon",
            "shares.show", "shares.clip", "shares.still", "shares.thumbnail"} == PUBLIC
    endpoints = {endpoint for endpoint, _, _ in routes(two_cameras.app)}
    assert endpoints >= PUBLIC
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "TRACE"):
        assert two_cameras.client().open("/no/such/route", method=method).status_code == 401


def test_readyz_names_no_camera_without_a_login(protected):
    protected.feeds["camera"] = Feed(LatestFrameBroadcaster(), lambda: replace(STATUS, age=60.0))
    for more in ({}, {"headers": {"Authorization": "Bearer wrong"}}):
        answer = protected.client().get("/readyz", **more)
        assert (answer.status_code, answer.json) == (503, {"error": "Not ready."})
    named = protected.client().get("/readyz", headers=protected.bearer(VIEWER))
    assert "camera camera is 60 seconds old" in named.json["error"]
    protected.feeds["camera"] = Feed(LatestFrameBroadcaster(), lambda: replace(STATUS, age=1.0))
    assert protected.client().get("/readyz").json == {"status": "ready"}


def test_route_added_later_requires_a_login(protected):
    protected.app.add_url_rule("/new", "new", lambda: "new", methods=["GET", "POST"])
    assert protected.client().get("/new").status_code == 401
    assert protected.client(VIEWER).get("/new").text == "new"
    assert protected.client(VIEWER).post("/new", headers=OURS).status_code == 403
    assert protected.client(OWNER).post("/new", headers=OURS).text == "new"


def test_viewer_changes_only_its_own_session(two_cameras):
    changed = {
        endpoint for endpoint, method, path in routes(two_cameras.app)
        if method not in ("GET", "HEAD", "OPTIONS") and endpoint not in PUBLIC
        and two_cameras.client().open(path, method=method, headers=two_cameras.bearer(VIEWER)
                                  ).status_code != 403}
    assert changed == {"login.log_out", "login.stream_key", "push.subscribe",
                       "push.unsubscribe", "cameras_feed.select"}


def test_programs_get_401_and_people_the_login_page(protected):
    client = protected.client()
    answer = client.get("/api/status")
    assert answer.status_code == 401
    assert "device key" in answer.json["error"]
    page = client.get("/camera/camera", headers=BROWSER)
    assert (page.status_code, page.location) == (303, "/login?next=/camera/camera")
    assert client.get("/", headers=BROWSER).location == "/login"
    assert client.get("/api/status", headers=BROWSER).status_code == 401
    assert client.get("/video_feed", headers={"Accept": "image/*,*/*"}).status_code == 401


def test_refused_requests_get_no_picture(protected):
    for path in ("/video_feed", "/snapshot.jpg", "/mosaic_feed", "/camera/camera"):
        assert b"picture" not in protected.client().get(path).data
    assert protected.feeds["camera"].broadcaster.viewers == 0


def test_programs_authenticate_by_token(protected):
    client = protected.client()
    assert client.get("/api/status", headers=protected.bearer(VIEWER)).json["auth"] is True
    assert client.post("/sessions/end-others",
                       headers=protected.bearer(VIEWER)).status_code == 403
    assert client.post("/sessions/end-others",
                       headers=protected.bearer(OWNER)).status_code == 303
    for wrong in ("Bearer x", "Bearer ", "Bearer", "Basic eDp5", "Basic é", "Bearer é", "x"):
        assert client.get("/api/status", headers={
            "Authorization": wrong}).status_code == 401, wrong


def test_programs_are_asked_for_basic_or_bearer(protected):
    for path, agent in (("/video_feed", "Lavf/59.27.100"), ("/api/status", "curl/8.0"),
                        ("/snapshot.jpg", "Mozilla/5.0 (compatible; a recorder)")):
        for method in ("GET", "HEAD"):
            (challenge,) = protected.client().open(path, method=method, headers={
                "User-Agent": agent}).headers.getlist("WWW-Authenticate")
            found = parse_http_list(challenge)
            assert [each.partition(" ")[0] for each in found] == ["Basic", "Bearer"], agent


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Mode": "no-cors"}, {"User-Agent": PHONE, "Referer": "http://localhost/"},
    {"User-Agent": PHONE, "Accept-Language": "de"}])
def test_browsers_are_not_asked_for_basic(protected, headers):
    for path in ("/video_feed", "/api/status", "/events/1/clip.mp4"):
        answer = protected.client().get(path, headers=headers)
        assert answer.status_code == 401
        assert "basic" not in str(answer.headers).lower()


@pytest.mark.parametrize("user", ["tv", "", "Küche 1", "a:b", "x" * 300])
def test_token_is_a_password_of_any_user(protected, user):
    for method in ("GET", "HEAD"):
        assert status_of(protected.client(), method, "/snapshot.jpg",
                         headers=protected.basic(VIEWER, user)) == 200


def test_basic_is_read_as_programs_write_it(protected):
    token = protected.secrets.tokens[VIEWER]
    as_user, without_colon, latin = (base64.b64encode(text.encode("latin-1")).decode() for text in (
        f"{token}:", token, f"tür:{token}"))
    login = protected.basic(VIEWER)["Authorization"].partition(" ")[2]
    for header in (f"Basic {as_user}", f"Basic {without_colon}", f"Basic {latin}",
                   f"basic {login}", f"BASIC   {login} ", f" Basic {login.rstrip('=')}"):
        assert protected.client().get("/snapshot.jpg", headers={
            "Authorization": header}).status_code == 200, header


def test_wrong_basic_is_throttled_and_the_right_one_is_not(protected, caplog):
    client, wrong = protected.client(), basic("tv", "of last year")
    answers = [client.get("/video_feed", headers=wrong) for _ in range(20)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 15
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 61
    assert client.get("/snapshot.jpg", headers=protected.basic(VIEWER)).status_code == 200
    assert "wrong user name and password of a program from 127.0.0.1" in caplog.text
    assert "of last year" not in caplog.text
    for public in ("/healthz", "/login", "/static/live.js"):
        assert status_of(client, "GET", public, headers=wrong) == 200
    protected.clock.now += 61
    assert client.get("/video_feed", headers=wrong).status_code == 401


def test_wrong_basic_does_not_keep_people_from_logging_in(protected):
    protected.set_password(OWNER)
    for _ in range(50):
        protected.client().get("/video_feed", headers=basic("tv", "wrong"))
    assert protected.client().post("/login", data={"password": PASSWORDS[OWNER]},
                                   headers=OURS).status_code == 303


def test_basic_never_changes_anything(two_cameras):
    """Browsers would send it with the requests of other sites' pages too."""
    for role in Role:
        for endpoint, method, path in routes(two_cameras.app):
            if method not in ("GET", "HEAD", "OPTIONS") and endpoint not in PUBLIC:
                answer = two_cameras.client().open(path, method=method,
                                                   headers=two_cameras.basic(role))
                assert answer.status_code == 403, (method, path)
                assert "Bearer TOKEN" in answer.json["error"]


def test_login_counts_beside_the_basic_of_a_proxy(protected):
    client = protected.client(OWNER)
    for _ in range(20):
        assert client.get("/api/status", headers=basic("me", "at the proxy")).status_code == 200
    assert client.post("/sessions/end-others", headers={
        **OURS, **basic("me", "at the proxy")}).status_code == 303


def test_basic_of_a_revoked_token_is_refused(protected):
    old = protected.basic(VIEWER)
    protected.change(lambda found: found.renewed())
    assert protected.client().get("/snapshot.jpg", headers=old).status_code == 401
    assert protected.client().get("/snapshot.jpg", headers=protected.basic(VIEWER)).status_code == 200


def test_token_is_accepted_only_in_link_and_header(protected):
    token = protected.secrets.tokens[OWNER]
    for path in (f"/api/status?token={token}", f"/api/status?key={token}"):
        assert protected.client().get(path).status_code == 401


def test_wrong_token_is_refused_despite_a_valid_cookie(protected):
    assert protected.client(OWNER).get("/api/status", headers={
        "Authorization": "Bearer wrong"}).status_code == 401


@pytest.mark.parametrize("forgery", [
    "", "x", "WyJ4Il0.AAAA", "{cookie}x", "x{cookie}", "é", "a.b.c", "W10.{signature}"])
def test_forged_cookie_is_refused(protected, forgery):
    cookie = protected.cookie(protected.client(OWNER)).value
    forged = forgery.format(cookie=cookie, signature=cookie.partition(".")[2])
    client = protected.client()
    client.set_cookie(protected.authenticator.cookie_name("session"), forged)
    assert client.get("/api/status").status_code == 401


def test_cookie_of_another_installation_is_refused(protected, tmp_path):
    other = ProtectedApp(tmp_path / "other")
    theirs = other.cookie(other.client(OWNER)).value
    client = protected.client()
    client.set_cookie(protected.authenticator.cookie_name("session"), theirs)
    assert client.get("/api/status").status_code == 401


def test_new_tokens_revoke_links_sessions_and_stream_keys(protected):
    clients = [protected.client(role) for role in Role]
    key = clients[0].post("/api/stream_key", json={"path": "/snapshot.jpg"},
                          headers=OURS).json["url"]
    links = [protected.link(role) for role in Role]
    assert protected.client().get(key).status_code == 200
    protected.change(lambda found: found.renewed())
    for client in clients:
        assert client.get("/api/status").status_code == 401
    assert protected.client().get(key).status_code == 401
    for link in links:
        assert protected.client().get(link).location == "/login?wrong=link"
    assert protected.client(OWNER).get("/api/status").status_code == 200


def test_new_password_ends_the_sessions_of_its_role(protected):
    owner, viewer = protected.client(OWNER), protected.client(VIEWER)
    protected.set_password(VIEWER)
    assert owner.get("/api/status").status_code == 200
    assert viewer.get("/api/status").status_code == 401


def test_revoked_client_loses_its_download(protected):
    ended, cookie = [], protected.cookie(protected.client(VIEWER))
    environ = EnvironBuilder("/static/live.js", headers={
        "Cookie": f"{cookie.key}={cookie.value}"}).get_environ()
    environ["webstreaming.disconnect"] = lambda: ended.append("the connection")
    with contextlib.closing(protected.app(environ, lambda *_: None)):
        protected.authenticator.end_revoked_streams()
        assert ended == []
        protected.authenticator.log_out(*(each.id for each in protected.authenticator.sessions.all()))
        assert ended == ["the connection"]


@pytest.mark.parametrize("headers", [
    {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://localhost"}, {}])
def test_changes_from_other_sites_are_refused(two_cameras, headers):
    client = two_cameras.client(OWNER)
    for endpoint, method, path in routes(two_cameras.app):
        if method not in ("GET", "HEAD", "OPTIONS") and endpoint != "static":
            assert client.open(path, method=method, headers=headers
                               ).status_code == 403, (method, path)
    assert client.get("/api/status").status_code == 200


def test_no_auth_refuses_changes_from_other_sites(broadcaster):
    app = create_app(Services({"camera": Feed(broadcaster, lambda: STATUS)}, open_access()))
    app.add_url_rule("/new", "new", lambda: "new", methods=["POST"])
    client = app.test_client()
    assert client.post("/new").text == "new"
    assert client.post("/new", headers={"Origin": "http://localhost"}).text == "new"
    assert client.post("/new", headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.post("/new", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_changes_are_accepted_under_a_punycode_name(broadcaster):
    name = "xn--bcher-kva.example:8000"
    app = create_app(Services({"camera": Feed(broadcaster, lambda: STATUS)}, open_access(),
                              hosts={"xn--bcher-kva.example"}))
    app.add_url_rule("/new", "new", lambda: "new", methods=["POST"])
    for origin, status in ((f"http://{name}", 200), ("http://xn--bcher-kva.example", 403)):
        assert app.test_client().post("/new", headers={
            "Host": name, "Origin": origin}).status_code == status


# --- watching is open, changing is not

@pytest.fixture
def half_open(tmp_path):
    return ProtectedApp(tmp_path, ("front", "yard"), open_to=VIEWER)


def test_open_watching_shows_all_that_a_viewer_sees(half_open):
    client, viewer = half_open.client(), half_open.client(VIEWER)
    for endpoint, method, path in routes(half_open.app):
        if (method in ("GET", "HEAD") and endpoint not in (*PUBLIC, "sessions.index")
                and not endpoint.startswith("tune.")):       # only for owners
            path = path.replace("/1", "/front")
            found = status_of(client, method, path), status_of(viewer, method, path)
            if is_for_owners(endpoint):
                assert found == (401, 403), path
            else:
                assert found[0] == found[1] not in (401, 403), path
    assert client.get("/?action=snapshot").data == b"picture"
    assert client.get("/api/status").json["auth"] is False


def test_open_watching_takes_a_login_for_every_change(half_open):
    changed = set()
    for endpoint, method, path in routes(half_open.app):
        if method not in ("GET", "HEAD", "OPTIONS") and endpoint not in PUBLIC:
            answer = half_open.client().open(path, method=method)
            assert (answer.status_code == 401) == ("WWW-Authenticate" in answer.headers)
            if answer.status_code != 401:
                changed.add(endpoint)
    assert changed == {"login.log_out", "login.stream_key", "cameras_feed.select"}
    assert half_open.client().get("/sessions", headers=BROWSER).location == "/login?next=/sessions"
    owner = half_open.client(OWNER)
    assert owner.post("/sessions/end-others", headers=OURS).status_code == 303
    assert half_open.client(VIEWER).post("/sessions/end-others", headers=OURS).status_code == 403
    assert half_open.client().post("/sessions/end-others", headers=half_open.bearer(OWNER)
                                   ).status_code == 303


@pytest.mark.parametrize("headers", [
    {"Authorization": "Bearer of last year"}, basic("tv", "of last year"),
    {"Cookie": "session=of-last-year"}])
def test_old_credentials_do_not_close_what_is_open(half_open, headers):
    for _ in range(12):
        assert half_open.client().get("/snapshot.jpg", headers=headers).status_code == 200
    assert half_open.client().post("/api/armed", headers=headers).status_code in (401, 403)


def test_open_watching_still_refuses_other_sites(half_open):
    client = half_open.client(OWNER)
    assert client.post("/sessions/end-others", headers={
        "Origin": "http://evil.example"}).status_code == 403
    assert client.get("/snapshot.jpg", headers={"Host": "evil.example"}).status_code == 421
    assert client.get("/snapshot.jpg").headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in client.get("/api/status").headers


def test_page_offers_a_login_where_only_watching_is_open(half_open):
    page = half_open.client().get("/camera/front", headers=BROWSER).text
    assert '<a href="/login?next=/camera/front">' in page
    assert ">Log in<" not in half_open.client(OWNER).get("/camera/front", headers=BROWSER).text
    login = half_open.client().get("/login?next=/camera/front", headers=BROWSER)
    assert (login.status_code, 'href="/login' in login.text) == (200, False)
    answer = half_open.client().get(half_open.link(VIEWER), headers=BROWSER)
    assert "Set-Cookie" in answer.headers


def test_foreign_host_name_is_refused(protected):
    answer = protected.client(OWNER).get("/api/status", headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert answer.json["error"].endswith("start the server with --host evil.example.")
    for public in ("/healthz", "/login", "/static/live.js"):
        assert protected.client().get(public, headers={
            "Host": "evil.example"}).status_code == 421


def test_page_for_a_foreign_host_name_says_what_to_set(protected):
    page = protected.client().get("/", headers={**BROWSER, "Host": "pi.office:8000"})
    assert (page.status_code, page.mimetype) == (421, "text/html")
    assert "start the server with --host pi.office." in page.text
    assert 'href="/"' not in page.text      # leads to the same name
    strange = protected.client().get("/", headers={**BROWSER, "Host": '"><b>x</b>'})
    assert strange.status_code == 421
    assert "--host NAME" in strange.text
    assert "<b>" not in strange.text


def test_every_response_has_the_security_headers(two_cameras):
    client = two_cameras.client(VIEWER)
    two_cameras.app.config["PROPAGATE_EXCEPTIONS"] = False
    for path in ("/", "/camera/front", "/video_feed", "/snapshot.jpg", "/api/status", "/login",
                 "/sessions", "/healthz", "/nothing", "/static/live.js"):
        with client.get(path, headers=BROWSER, buffered=False) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Permissions-Policy"].startswith("camera=()")
        assert (headers["Cache-Control"] == "no-store") == ("static" not in path), path


def test_no_page_has_inline_scripts_or_styles(two_cameras):
    client = two_cameras.client(OWNER)
    for path in ("/", "/camera/front", "/sessions", "/login", "/nothing"):
        page = client.get(path, headers=BROWSER).text
        assert not re.search(r"<script(?! src=\"/static/)|<style|\sstyle=|\son\w+=", page), path


def test_unsafe_camera_names_are_refused(tmp_path):
    for name in ("<b>", "a b", "../x", "a/b", "a\r\nb", "", "x" * 33, "{{7*7}}"):
        try:
            settings = parse_command_line(["--source", f"{name}=demo"], {}).settings
        except (SettingsError, SystemExit):
            continue
        assert [each.name for each in settings.cameras()] == ["camera"], name


def test_unsafe_camera_names_would_be_escaped(tmp_path):
    unsafe = ProtectedApp(tmp_path, (UNSAFE_NAME, "{{ 7777 * 7 }}"))
    client = unsafe.client(OWNER)
    for path in ("/", "/camera/{{ 7777 * 7 }}", "/api/status", "/camera/none"):
        answer = client.get(path, headers=BROWSER)
        assert "<script>alert" not in answer.text or answer.mimetype == "application/json"
        assert "X-Evil" not in answer.headers
        assert "54439" not in answer.text
    assert client.get("/api/status").json["cameras"][0]["name"] == UNSAFE_NAME


@pytest.mark.parametrize("up", [
    "../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd",
    "....//etc/passwd", "/etc/passwd", "..\\..\\etc\\passwd", "%00", "webstreaming.py",
    "..%252f..%252fetc%252fpasswd", "access.json", "../access.json"])
def test_no_parameter_escapes_its_folder(two_cameras, up):
    client, tried = two_cameras.client(OWNER), 0
    for rule in two_cameras.app.url_map.iter_rules():
        if rule.arguments and "GET" in rule.methods:
            tried += 1
            path = re.sub(r"<[^>]+>", lambda _: up, rule.rule)
            answer = client.get(path, follow_redirects=False)
            assert answer.status_code in (404, 308), path
            assert b"root:" not in answer.data
            assert b"tokens" not in answer.data
    assert tried >= 4
