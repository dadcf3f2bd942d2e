"""The door in front of every view, asked of Flask itself; and the login behind it."""

import contextlib
import re
from dataclasses import replace

import pytest
from test_web import STATUS
from werkzeug.security import generate_password_hash
from werkzeug.test import EnvironBuilder

from harness import ManualClock, open_access
from pyimagesearch.access.authenticator import Authenticator
from pyimagesearch.access.credentials import CredentialsFile
from pyimagesearch.access.refused_logins import RefusedLogins
from pyimagesearch.access.roles import Role
from pyimagesearch.errors import SettingsError
from pyimagesearch.events.store import EventStore
from pyimagesearch.folders import ConfigFolder
from pyimagesearch.settings.command_line import parse_command_line
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.mosaic import Mosaic
from pyimagesearch.web.app import create_app
from pyimagesearch.web.guard import PUBLIC
from pyimagesearch.web.services import Feed, Services
from pyimagesearch.web.sessions import device_name

OWNER, VIEWER = Role.OWNER, Role.VIEWER
PASSWORDS = {OWNER: "the owner's own", VIEWER: "for all who look"}
BROWSER = {"Accept": "text/html,*/*;q=0.8", "User-Agent": "Mozilla/5.0 (X11; Linux) Chrome/1"}
OURS = {"Origin": "http://localhost"}
EVIL = '<script>alert(1)</script>"\r\nX-Evil: 1'


class Guarded:
    """An app that requires a login, and its credentials."""

    def __init__(self, path, names=("camera",), **more):
        self.clock = ManualClock()
        self.folder = ConfigFolder(str(path))
        self.authenticator = self.make_authenticator()
        self.feeds = {name: Feed(LatestFrameBroadcaster(), lambda name=name: replace(
            STATUS, name=name)) for name in names}
        mosaic = Mosaic(list(names), LatestFrameBroadcaster(), 70, self.clock)
        self.app = create_app(Services(self.feeds, self.authenticator, mosaic=(
            mosaic if len(names) > 1 else None), hosts=frozenset({"localhost"})), **more)
        for feed in self.feeds.values():
            feed.broadcaster.publish(b"picture", 1.5)

    def make_authenticator(self, auth=True, local_only=False):
        store = EventStore(self.folder.path / "events.db", self.clock)
        return Authenticator(
            self.folder, self.clock, RefusedLogins(store, self.clock), auth=auth,
            local_only=local_only, in_thread=lambda work: work())

    @property
    def secrets(self):
        return self.authenticator.credentials()

    def change(self, change):
        """Change the secrets as another process does."""
        CredentialsFile(self.folder).save(change(self.secrets))

    def set_password(self, role):
        hashed = generate_password_hash(PASSWORDS[role], "scrypt:1024:8:1")
        self.change(lambda found: found.with_password(role, hashed))

    def client(self, role=None, **more):
        client = self.app.test_client(**more)
        if role:
            assert client.get(self.link(role), headers=BROWSER).status_code == 303
        return client

    def link(self, role):
        return f"/login?token={self.secrets.tokens[role]}"

    def bearer(self, role):
        return {"Authorization": f"Bearer {self.secrets.tokens[role]}"}

    def cookie(self, client):
        return client.get_cookie(self.authenticator.cookie_name("session"))


@pytest.fixture(autouse=True)
def hasty_disk(monkeypatch):
    """What must outlive a power cut is not waited for."""
    monkeypatch.setattr("os.fsync", lambda number: None)


@pytest.fixture
def guarded(tmp_path):
    return Guarded(tmp_path)


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    return Guarded(tmp_path_factory.mktemp("data"), ("front", "yard"))


def addresses(app):
    """Yield endpoint, method and an address for each route that there is."""
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", "1", rule.rule)
        for method in sorted(rule.methods):
            yield rule.endpoint, method, path


def answer_of(client, method, path, **more):
    with client.open(path, method=method, buffered=False, **more) as answer:
        return answer.status_code


# --- closed

def test_every_route_without_a_session_is_refused(several):
    client, asked = several.client(), 0
    for endpoint, method, path in addresses(several.app):
        if endpoint in PUBLIC:
            continue
        asked += 1
        assert answer_of(client, method, path) == 401, (method, path)
        assert answer_of(client, method, path, headers={
            "Authorization": "Bearer wrong",
            "Cookie": f"{several.authenticator.cookie_name('session')}=x"}
            ) in (401, 403), (method, path)
    assert asked > 30


def test_only_these_routes_are_public(several):
    assert {"static", "status.healthz", "status.readyz", "login.form",
            "login.log_in"} == PUBLIC
    endpoints = {endpoint for endpoint, _, _ in addresses(several.app)}
    assert endpoints >= PUBLIC
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "TRACE"):
        assert several.client().open("/no/such/route", method=method).status_code == 401


def test_stranger_hears_only_whether_all_is_ready(guarded):
    guarded.feeds["camera"] = Feed(LatestFrameBroadcaster(), lambda: replace(STATUS, age=60.0))
    for visit in ({}, {"headers": {"Authorization": "Bearer wrong"}}):
        answer = guarded.client().get("/readyz", **visit)
        assert (answer.status_code, answer.json) == (503, {"error": "Not ready."})
    told = guarded.client().get("/readyz", headers=guarded.bearer(VIEWER))
    assert "camera camera is 60 seconds old" in told.json["error"]
    guarded.feeds["camera"] = Feed(LatestFrameBroadcaster(), lambda: replace(STATUS, age=1.0))
    assert guarded.client().get("/readyz").json == {"status": "ready"}


def test_route_that_comes_later_is_closed_too(guarded):
    guarded.app.add_url_rule("/new", "new", lambda: "new", methods=["GET", "POST"])
    assert guarded.client().get("/new").status_code == 401
    assert guarded.client(VIEWER).get("/new").text == "new"
    assert guarded.client(VIEWER).post("/new", headers=OURS).status_code == 403
    assert guarded.client(OWNER).post("/new", headers=OURS).text == "new"


def test_viewer_changes_nothing_but_its_own(several):
    changed = {
        endpoint for endpoint, method, path in addresses(several.app)
        if method not in ("GET", "HEAD", "OPTIONS") and endpoint not in PUBLIC
        and several.client().open(path, method=method, headers=several.bearer(VIEWER)
                                  ).status_code != 403}
    assert changed == {"login.log_out", "login.stream_key"}


def test_program_is_told_what_it_lacks_and_a_person_shown_the_login(guarded):
    client = guarded.client()
    answer = client.get("/api/status")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "token" in answer.json["error"]
    page = client.get("/camera/camera", headers=BROWSER)
    assert (page.status_code, page.location) == (303, "/login?next=/camera/camera")
    assert client.get("/", headers=BROWSER).location == "/login"
    assert client.get("/api/status", headers=BROWSER).status_code == 401
    assert client.get("/video_feed", headers={"Accept": "image/*,*/*"}).status_code == 401


def test_picture_is_sent_to_nobody_who_is_refused(guarded):
    for path in ("/video_feed", "/snapshot.jpg", "/mosaic_feed", "/camera/camera"):
        assert b"picture" not in guarded.client().get(path).data
    assert guarded.feeds["camera"].broadcaster.viewers == 0


# --- links, tokens, cookies

def test_link_logs_in_with_one_tap_and_leaves_no_token_behind(guarded):
    client = guarded.client()
    answer = client.get(guarded.link(OWNER), headers=BROWSER)
    assert (answer.status_code, answer.location) == (303, "/")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert guarded.secrets.tokens[OWNER] not in answer.text + answer.headers["Set-Cookie"]
    for wanted in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"):
        assert wanted in answer.headers["Set-Cookie"]
    assert "Secure" not in answer.headers["Set-Cookie"]
    assert client.get("/snapshot.jpg").data == b"picture"


def test_cookie_is_secure_over_https(guarded):
    answer = guarded.client().get(guarded.link(OWNER), base_url="https://localhost")
    assert "; Secure" in answer.headers["Set-Cookie"]


def test_wrong_link_is_told_and_leaves_no_token_behind(guarded, caplog):
    client = guarded.client()
    answer = client.get("/login?token=wrong", headers=BROWSER)
    assert (answer.status_code, answer.location) == (303, "/login?wrong=link")
    assert "Set-Cookie" not in answer.headers
    assert "This link is not valid" in client.get(answer.location, headers=BROWSER).text
    assert "login refused: wrong token or link from 127.0.0.1" in caplog.text


def test_only_opening_a_link_logs_in(guarded):
    assert "Set-Cookie" not in guarded.client().head(guarded.link(OWNER)).headers


def test_viewers_link_does_not_make_less_of_an_owner(guarded):
    client = guarded.client(OWNER)
    before = guarded.cookie(client).value
    client.get(guarded.link(VIEWER), headers=BROWSER)
    assert guarded.cookie(client).value == before
    viewer = guarded.client(VIEWER)
    viewer.get(guarded.link(OWNER), headers=BROWSER)
    assert viewer.post("/sessions/end-others", headers=OURS).status_code == 303


def test_programs_show_a_token(guarded):
    client = guarded.client()
    assert client.get("/api/status", headers=guarded.bearer(VIEWER)).json["auth"] is True
    assert client.post("/sessions/end-others",
                       headers=guarded.bearer(VIEWER)).status_code == 403
    assert client.post("/sessions/end-others",
                       headers=guarded.bearer(OWNER)).status_code == 303
    for wrong in ("Bearer x", "Bearer ", "Bearer", "Basic eDp5", "Basic é", "Bearer é", "x"):
        assert client.get("/api/status", headers={
            "Authorization": wrong}).status_code == 401, wrong


def test_token_opens_only_by_link_and_header(guarded):
    token = guarded.secrets.tokens[OWNER]
    for path in (f"/api/status?token={token}", f"/api/status?key={token}"):
        assert guarded.client().get(path).status_code == 401


def test_wrong_token_is_not_mended_by_a_cookie(guarded):
    assert guarded.client(OWNER).get("/api/status", headers={
        "Authorization": "Bearer wrong"}).status_code == 401


@pytest.mark.parametrize("forgery", [
    "", "x", "WyJ4Il0.AAAA", "{cookie}x", "x{cookie}", "é", "a.b.c", "W10.{signature}"])
def test_forged_cookie_opens_nothing(guarded, forgery):
    cookie = guarded.cookie(guarded.client(OWNER)).value
    forged = forgery.format(cookie=cookie, signature=cookie.partition(".")[2])
    client = guarded.client()
    client.set_cookie(guarded.authenticator.cookie_name("session"), forged)
    assert client.get("/api/status").status_code == 401


def test_cookie_of_another_installation_opens_nothing(guarded, tmp_path):
    other = Guarded(tmp_path / "other")
    theirs = other.cookie(other.client(OWNER)).value
    client = guarded.client()
    client.set_cookie(guarded.authenticator.cookie_name("session"), theirs)
    assert client.get("/api/status").status_code == 401


def test_cookie_ends_after_thirty_days(guarded):
    client = guarded.client(OWNER)
    guarded.clock.now += 30 * 86400
    assert client.get("/api/status").status_code == 200
    guarded.clock.now += 1
    assert client.get("/api/status").status_code == 401


def test_cookie_survives_a_restart(tmp_path):
    first = Guarded(tmp_path)
    cookie = first.cookie(first.client(VIEWER)).value
    second = Guarded(tmp_path)
    client = second.client()
    client.set_cookie(second.authenticator.cookie_name("session"), cookie)
    assert client.get("/api/status").status_code == 200


def test_new_tokens_end_all_links_sessions_and_keys(guarded):
    clients = [guarded.client(role) for role in Role]
    key = clients[0].post("/api/stream_key", json={"path": "/snapshot.jpg"},
                          headers=OURS).json["url"]
    links = [guarded.link(role) for role in Role]
    assert guarded.client().get(key).status_code == 200
    guarded.change(lambda found: found.renewed())
    for client in clients:
        assert client.get("/api/status").status_code == 401
    assert guarded.client().get(key).status_code == 401
    for link in links:
        assert guarded.client().get(link).location == "/login?wrong=link"
    assert guarded.client(OWNER).get("/api/status").status_code == 200


def test_other_password_ends_the_sessions_of_its_role(guarded):
    owner, viewer = guarded.client(OWNER), guarded.client(VIEWER)
    guarded.set_password(VIEWER)
    assert owner.get("/api/status").status_code == 200
    assert viewer.get("/api/status").status_code == 401


def test_download_ends_when_its_reader_is_shut_out(guarded):
    ended, cookie = [], guarded.cookie(guarded.client(VIEWER))
    environ = EnvironBuilder("/static/live.js", headers={
        "Cookie": f"{cookie.key}={cookie.value}"}).get_environ()
    environ["webstreaming.disconnect"] = lambda: ended.append("the connection")
    with contextlib.closing(guarded.app(environ, lambda *_: None)):
        guarded.authenticator.end_revoked_streams()
        assert ended == []
        guarded.authenticator.log_out(*(each.id for each in guarded.authenticator.sessions.all()))
        assert ended == ["the connection"]


def test_endless_form_is_refused_unread(guarded):
    guarded.set_password(OWNER)
    answer = guarded.client().post("/login", data="a&" * 32_000, headers=OURS, content_type=
                                   "application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json) == (
        413, {"error": "The form has more than 4096 bytes."})


def test_who_came_by_the_link_is_no_stranger_once_there_is_a_password(guarded):
    browser = guarded.client(OWNER)
    guarded.set_password(OWNER)
    for number in range(12):
        guarded.client().post("/login", data={"password": "wrong"}, headers=OURS,
                              environ_overrides={"REMOTE_ADDR": f"198.51.100.{number}"})

    def try_from(client):
        return client.post("/login", data={"password": PASSWORDS[OWNER]}, headers=OURS,
                           environ_overrides={"REMOTE_ADDR": "203.0.113.5"}).status_code
    assert try_from(guarded.client()) == 429
    assert try_from(browser) == 303


# --- keys of streams

def test_key_opens_one_stream_and_nothing_else(several):
    made = several.client(OWNER).post(
        "/api/stream_key", json={"path": "/video_feed/yard"}, headers=OURS).json
    client = several.client()
    with client.get(made["url"], buffered=False) as answer:
        assert answer.status_code == 200
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    key = made["key"]
    for path in ("/video_feed", "/video_feed/front", "/", "/api/status", "/sessions"):
        assert answer_of(client, "GET", f"{path}?key={key}") == 401, path
    assert answer_of(client, "POST", f"/video_feed/yard?key={key}") == 401
    several.clock.now += 3601
    assert answer_of(client, "GET", made["url"]) == 401


def test_key_shows_a_picture_elsewhere_also_where_nobody_is_asked(tmp_path):
    guarded = Guarded(tmp_path)
    guarded.authenticator = guarded.make_authenticator(auth=False)
    services = guarded.app.extensions["services"]
    guarded.app.extensions["services"] = replace(services, authenticator=guarded.authenticator)
    client = guarded.client()
    url = client.post("/api/stream_key", json={"path": "/snapshot.jpg"}, headers=OURS).json["url"]
    for asked, allowed in ((url, "cross-origin"), ("/snapshot.jpg", "same-origin"),
                           ("/snapshot.jpg?key=wrong", "same-origin")):
        answer = client.get(asked)
        assert answer.status_code == 200
        assert answer.headers["Cross-Origin-Resource-Policy"] == allowed


def test_login_leads_to_the_page_that_was_asked_for_with_its_query(guarded):
    answer = guarded.client().get("/events?kind=motion&day=2026-11-20", headers=BROWSER)
    assert answer.headers["Location"] == "/login?next=/events?kind%3Dmotion%26day%3D2026-11-20"
    back = guarded.client().get(
        f"{answer.headers['Location']}&token={guarded.secrets.tokens[VIEWER]}", headers=BROWSER)
    assert back.headers["Location"] == "/events?kind=motion&day=2026-11-20"
    secret = guarded.client().get("/events?key=of-a-stream", headers=BROWSER)
    assert "of-a-stream" not in secret.headers["Location"]


def test_key_of_an_owner_only_looks(guarded):
    guarded.app.add_url_rule("/new", "new", lambda: "new", methods=["GET", "POST"])
    url = guarded.client(OWNER).post(
        "/api/stream_key", json={"path": "/new"}, headers=OURS).json["url"]
    assert guarded.client().get(url).text == "new"
    assert guarded.client().post(url).status_code == 401


def test_key_ends_with_the_session_that_gave_it(guarded):
    client = guarded.client(VIEWER)
    url = client.post("/api/stream_key", json={"path": "/snapshot.jpg"},
                      headers=OURS).json["url"]
    assert guarded.client().get(url).status_code == 200
    client.post("/logout", headers=OURS)
    assert guarded.client().get(url).status_code == 401


@pytest.mark.parametrize(("body", "status"), [
    ({"path": "/nothing"}, 404), ({"path": "http://evil.example/"}, 400), ({}, 400),
    ({"path": 3}, 400), ([], 400), ("x", 400), ({"path": "/../../etc/passwd"}, 404),
    ({"path": "//evil.example"}, 404), ({"path": "/logout"}, 404)])
def test_key_is_given_only_for_what_can_be_looked_at(guarded, body, status):
    answer = guarded.client(VIEWER).post("/api/stream_key", json=body, headers=OURS)
    assert answer.status_code == status
    assert answer.json["error"]


# --- passwords

def try_password(client, password, **more):
    return client.post("/login", data={"password": password, **more},
                       headers={**BROWSER, **OURS})


def test_password_logs_in_and_leads_to_where_one_wanted(guarded):
    guarded.set_password(OWNER)
    client = guarded.client()
    page = client.get("/login?next=/camera/camera", headers=BROWSER).text
    assert 'autocomplete="current-password"' in page
    assert 'value="/camera/camera"' in page
    answer = try_password(client, PASSWORDS[OWNER], next="/camera/camera")
    assert (answer.status_code, answer.location) == (303, "/camera/camera")
    assert client.post("/sessions/end-others", headers=OURS).status_code == 303


def test_two_accounts_have_two_passwords(guarded):
    for role in Role:
        guarded.set_password(role)
    client = guarded.client()
    assert "<option>viewer</option>" in client.get("/login", headers=BROWSER).text
    assert try_password(client, PASSWORDS[VIEWER], account="owner").status_code == 401
    assert try_password(client, PASSWORDS[VIEWER], account="viewer").status_code == 303
    assert client.post("/sessions/end-others", headers=OURS).status_code == 403


def test_wrong_password_is_refused_in_a_sentence(guarded, caplog):
    guarded.set_password(OWNER)
    client = guarded.client()
    answer = try_password(client, "wrong")
    assert answer.status_code == 401
    assert "This password is wrong." in answer.text
    assert "Set-Cookie" not in answer.headers
    assert "login refused: wrong password of owner from 127.0.0.1" in caplog.text


def test_no_password_opens_where_none_is_set(guarded):
    assert "webstreaming token" in guarded.client().get("/login", headers=BROWSER).text
    for password in ("", "None", "x"):
        for account in ("owner", "viewer", "admin", ""):
            assert try_password(guarded.client(), password, account=account
                                ).status_code == 401


def test_too_many_wrong_tries_wait_but_not_those_from_elsewhere(guarded):
    guarded.set_password(OWNER)
    stranger = {"environ_base": {"REMOTE_ADDR": "198.51.100.1"}}

    def tried(password, client, **more):
        return client.post("/login", data={"password": password}, headers=OURS, **more)
    statuses = [tried("wrong", guarded.client(), **stranger).status_code
                for _ in range(20)]
    assert statuses == [401] * 5 + [429] * 15
    late = tried(PASSWORDS[OWNER], guarded.client(), **stranger)
    assert late.status_code == 429
    assert int(late.headers["Retry-After"]) <= 61
    assert "Try again in" in late.json["error"]
    owner = guarded.client()
    assert tried(PASSWORDS[OWNER], owner).status_code == 303
    owner.post("/logout", headers=OURS)
    assert tried(PASSWORDS[OWNER], owner, **stranger).status_code == 303    # by the device
    guarded.clock.now += 61
    assert tried(PASSWORDS[OWNER], guarded.client(), **stranger).status_code == 303


@pytest.mark.parametrize("away", [
    "//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "x",
    "/a\r\nX-Evil: 1", "/\t/evil.example", "javascript:alert(1)", "", " /", "/é"])
def test_login_leads_nowhere_else(guarded, away):
    guarded.set_password(OWNER)
    answer = try_password(guarded.client(), PASSWORDS[OWNER], next=away)
    assert (answer.status_code, answer.location) == (303, "/")
    assert "X-Evil" not in answer.headers


# --- sessions

def test_sessions_are_listed_and_ended_on_a_page(guarded):
    owner, other, viewer = (guarded.client(role) for role in (OWNER, OWNER, VIEWER))
    page = owner.get("/sessions", headers=BROWSER).text
    assert page.count("<li>") == 3
    assert page.count("Chrome on Linux") == 3
    assert "127.0.0.1, since" in page
    assert page.count("this browser") == 1
    own = viewer.get("/sessions", headers=BROWSER).text
    assert own.count("<li>") == 1
    end = re.findall(r'action="(/sessions/\S+/end)"', page)
    assert owner.post(end[0], headers=OURS).status_code == 303
    assert owner.get("/api/status").status_code == 200
    assert sorted(client.get("/api/status").status_code for client in (other, viewer)) == [
        200, 401]
    owner.post("/sessions/end-others", headers=OURS)
    assert [client.get("/api/status").status_code for client in (owner, other, viewer)] == [
        200, 401, 401]
    assert owner.post("/sessions/none/end", headers=OURS).status_code == 404
    assert owner.post("/logout", headers=OURS).location == "/login"
    assert owner.get("/api/status").status_code == 401


def test_sessions_page_shows_what_a_browser_says_as_text(guarded):
    client = guarded.app.test_client()
    client.get(guarded.link(OWNER), headers={"User-Agent": '"><script>alert(1)</script>'})
    page = client.get("/sessions", headers=BROWSER).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(("agent", "words"), [
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Safari/604.1", "Safari on iPhone"),
    ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
    ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140", "Edge on Windows"),
    ("curl/8.0", "curl"), ("", "browser")])
def test_browsers_are_named_in_few_words(agent, words):
    assert device_name(agent) == words


# --- other sites

@pytest.mark.parametrize("headers", [
    {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://localhost"}, {}])
def test_changes_sent_by_other_sites_are_refused(several, headers):
    client = several.client(OWNER)
    for endpoint, method, path in addresses(several.app):
        if method not in ("GET", "HEAD", "OPTIONS") and endpoint != "static":
            assert client.open(path, method=method, headers=headers
                               ).status_code == 403, (method, path)
    assert client.get("/api/status").status_code == 200


def test_changes_sent_by_other_sites_are_refused_where_nobody_is_asked(broadcaster):
    app = create_app(Services({"camera": Feed(broadcaster, lambda: STATUS)}, open_access()))
    app.add_url_rule("/new", "new", lambda: "new", methods=["POST"])
    client = app.test_client()
    assert client.post("/new").text == "new"
    assert client.post("/new", headers={"Origin": "http://localhost"}).text == "new"
    assert client.post("/new", headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.post("/new", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_name_of_a_strangers_site_shows_nothing(guarded):
    answer = guarded.client(OWNER).get("/api/status", headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert "--host NAME" in answer.json["error"]
    for public in ("/healthz", "/login", "/static/live.js"):
        assert guarded.client().get(public, headers={
            "Host": "evil.example"}).status_code == 421


def test_every_answer_carries_the_headers(several):
    client = several.client(VIEWER)
    several.app.config["PROPAGATE_EXCEPTIONS"] = False
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


def test_no_page_needs_what_the_policy_forbids(several):
    client = several.client(OWNER)
    for path in ("/", "/camera/front", "/sessions", "/login", "/nothing"):
        page = client.get(path, headers=BROWSER).text
        assert not re.search(r"<script(?! src=\"/static/)|<style|\sstyle=|\son\w+=", page), path


# --- names and paths

def test_evil_camera_names_are_no_names(tmp_path):
    for name in ("<b>", "a b", "../x", "a/b", "a\r\nb", "", "x" * 33, "{{7*7}}"):
        try:
            settings = parse_command_line(["--source", f"{name}=demo"], {}).settings
        except (SettingsError, SystemExit):
            continue
        assert [each.name for each in settings.cameras()] == ["camera"], name


def test_evil_camera_names_would_be_shown_as_text(tmp_path):
    evil = Guarded(tmp_path, (EVIL, "{{ 7777 * 7 }}"))
    client = evil.client(OWNER)
    for path in ("/", "/camera/{{ 7777 * 7 }}", "/api/status", "/camera/none"):
        answer = client.get(path, headers=BROWSER)
        assert "<script>alert" not in answer.text or answer.mimetype == "application/json"
        assert "X-Evil" not in answer.headers
        assert "54439" not in answer.text
    assert client.get("/api/status").json["cameras"][0]["name"] == EVIL


@pytest.mark.parametrize("up", [
    "../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd",
    "....//etc/passwd", "/etc/passwd", "..\\..\\etc\\passwd", "%00", "webstreaming.py",
    "..%252f..%252fetc%252fpasswd", "access.json", "../access.json"])
def test_no_parameter_leads_out_of_its_folder(several, up):
    client, tried = several.client(OWNER), 0
    for rule in several.app.url_map.iter_rules():
        if rule.arguments and "GET" in rule.methods:
            tried += 1
            path = re.sub(r"<[^>]+>", lambda _: up, rule.rule)
            answer = client.get(path, follow_redirects=False)
            assert answer.status_code in (404, 308), path
            assert b"root:" not in answer.data
            assert b"tokens" not in answer.data
    assert tried >= 4


# --- behind a proxy

def test_everything_lies_below_the_base_path(tmp_path):
    guarded = Guarded(tmp_path, base_path="/cam")
    client = guarded.client()
    assert client.get("/cam/", headers=BROWSER).location == "/cam/login"
    assert client.get("/cam", headers=BROWSER).location == "/cam/login"
    answer = client.get("/cam" + guarded.link(OWNER), headers=BROWSER)
    assert answer.location == "/cam/"
    assert "Path=/cam;" in answer.headers["Set-Cookie"]
    page = client.get("/cam/", headers=BROWSER).text
    assert re.findall(r'(?:src|href|data-status-url)="(?!/cam/)', page) == []
    made = client.post("/cam/api/stream_key", json={"path": "/cam/snapshot.jpg"}, headers=OURS)
    assert made.json["url"].startswith("/cam/snapshot.jpg?key=")
    assert guarded.client().get(made.json["url"]).data == b"picture"
    stripped = client.get("/snapshot.jpg", headers=guarded.bearer(OWNER))
    assert stripped.data == b"picture"      # by a proxy that takes the path off


@pytest.mark.parametrize(("trusted", "address"), [
    (0, "127.0.0.1"), (1, "192.0.2.9"), (2, "192.0.2.8")])
def test_only_trusted_proxies_are_believed(tmp_path, trusted, address):
    guarded = Guarded(tmp_path, trusted_proxies=trusted)
    client = guarded.client()
    answer = client.get(guarded.link(OWNER), headers={
        "X-Forwarded-For": "192.0.2.7, 192.0.2.8, 192.0.2.9",
        "X-Forwarded-Proto": "https, https", "X-Forwarded-Host": "evil.example"})
    assert answer.status_code == 303
    assert ("; Secure" in answer.headers["Set-Cookie"]) == (trusted > 0)
    (session,) = guarded.authenticator.sessions.all()
    assert session.address == address


def test_what_a_proxy_passes_on_is_not_from_this_machine(tmp_path, broadcaster):
    authenticator = Guarded(tmp_path).make_authenticator(local_only=True)
    app = create_app(Services({"camera": Feed(broadcaster, lambda: STATUS)}, authenticator))
    assert app.test_client().get("/api/status").json["auth"] is False
    for header in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Proto",
                   "CF-Connecting-IP", "True-Client-IP", "X-Client-IP", "X-Forwarded-Host",
                   "X-Original-Forwarded-For"):
        assert app.test_client().get("/api/status", headers={
            header: "192.0.2.7"}).status_code == 401
