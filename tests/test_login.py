"""Log in and out by link and password; sessions and stream keys."""

import re

import pytest

from protected import BROWSER, OURS, OWNER, PASSWORDS, VIEWER, ProtectedApp, status_of
from pyimagesearch.access.roles import Role
from pyimagesearch.web.sessions import device_name

pytestmark = pytest.mark.usefixtures("no_fsync")


def test_login_link_logs_in_and_hides_its_token(protected):
    client = protected.client()
    answer = client.get(protected.link(OWNER), headers=BROWSER)
    assert (answer.status_code, answer.location) == (303, "/")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert protected.secrets.tokens[OWNER] not in answer.text + answer.headers["Set-Cookie"]
    for wanted in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"):
        assert wanted in answer.headers["Set-Cookie"]
    assert "Secure" not in answer.headers["Set-Cookie"]
    assert client.get("/snapshot.jpg").data == b"picture"


def test_cookie_is_secure_over_https(protected):
    answer = protected.client().get(protected.link(OWNER), base_url="https://localhost")
    assert "; Secure" in answer.headers["Set-Cookie"]


def test_wrong_login_link_shows_an_error_and_hides_its_token(protected, caplog):
    client = protected.client()
    answer = client.get("/login?token=wrong", headers=BROWSER)
    assert (answer.status_code, answer.location) == (303, "/login?wrong=link")
    assert "Set-Cookie" not in answer.headers
    assert "This link is not valid" in client.get(answer.location, headers=BROWSER).text
    assert "login refused: wrong token or link from 127.0.0.1" in caplog.text


def test_page_of_sessions_shows_no_control_characters(protected):
    client = protected.client()
    client.get(protected.link(OWNER), headers={"User-Agent": "a\x1b[2J\x9b\x07b"})
    page = client.get("/sessions", headers=BROWSER).text
    assert "a\\x1b[2J\\x9b\\x07b" in page
    assert not {"\x1b", "\x9b", "\x07"} & set(page)


def test_head_request_does_not_log_in(protected):
    assert "Set-Cookie" not in protected.client().head(protected.link(OWNER)).headers


def test_viewers_link_does_not_downgrade_an_owner(protected):
    client = protected.client(OWNER)
    before = protected.cookie(client).value
    client.get(protected.link(VIEWER), headers=BROWSER)
    assert protected.cookie(client).value == before
    viewer = protected.client(VIEWER)
    viewer.get(protected.link(OWNER), headers=BROWSER)
    assert viewer.post("/sessions/end-others", headers=OURS).status_code == 303


def test_session_ends_after_thirty_days(protected):
    client = protected.client(OWNER)
    protected.clock.now += 30 * 86400
    assert client.get("/api/status").status_code == 200
    protected.clock.now += 1
    assert client.get("/api/status").status_code == 401


def test_session_survives_a_restart(tmp_path):
    first = ProtectedApp(tmp_path)
    cookie = first.cookie(first.client(VIEWER)).value
    second = ProtectedApp(tmp_path)
    client = second.client()
    client.set_cookie(second.authenticator.cookie_name("session"), cookie)
    assert client.get("/api/status").status_code == 200


def test_oversized_login_form_is_refused_unread(protected):
    protected.set_password(OWNER)
    answer = protected.client().post("/login", data="a&" * 32_000, headers=OURS, content_type=
                                   "application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json) == (
        413, {"error": "The form has more than 4096 bytes."})


def test_browser_known_by_link_is_not_throttled_as_new(protected):
    browser = protected.client(OWNER)
    protected.set_password(OWNER)
    for number in range(12):
        protected.client().post("/login", data={"password": "wrong"}, headers=OURS,
                              environ_overrides={"REMOTE_ADDR": f"198.51.100.{number}"})

    def try_from(client):
        return client.post("/login", data={"password": PASSWORDS[OWNER]}, headers=OURS,
                           environ_overrides={"REMOTE_ADDR": "203.0.113.5"}).status_code
    assert try_from(protected.client()) == 429
    assert try_from(browser) == 303


def test_stream_key_opens_one_address_for_an_hour(two_cameras):
    made = two_cameras.client(OWNER).post(
        "/api/stream_key", json={"path": "/video_feed/yard"}, headers=OURS).json
    client = two_cameras.client()
    with client.get(made["url"], buffered=False) as answer:
        assert answer.status_code == 200
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    key = made["key"]
    for path in ("/video_feed", "/video_feed/front", "/", "/api/status", "/sessions"):
        assert status_of(client, "GET", f"{path}?key={key}") == 401, path
    assert status_of(client, "POST", f"/video_feed/yard?key={key}") == 401
    two_cameras.clock.now += 3601
    assert status_of(client, "GET", made["url"]) == 401


def test_stream_key_allows_embedding_with_no_auth(tmp_path):
    client = ProtectedApp(tmp_path, open_to=OWNER).client()
    url = client.post("/api/stream_key", json={"path": "/snapshot.jpg"}, headers=OURS).json["url"]
    for asked, allowed in ((url, "cross-origin"), ("/snapshot.jpg", "same-origin"),
                           ("/snapshot.jpg?key=wrong", "same-origin")):
        answer = client.get(asked)
        assert answer.status_code == 200
        assert answer.headers["Cross-Origin-Resource-Policy"] == allowed


def test_login_returns_to_the_requested_page_and_query(protected):
    answer = protected.client().get("/events?kind=motion&day=2026-11-20", headers=BROWSER)
    assert answer.headers["Location"] == "/login?next=/events?kind%3Dmotion%26day%3D2026-11-20"
    back = protected.client().get(
        f"{answer.headers['Location']}&token={protected.secrets.tokens[VIEWER]}", headers=BROWSER)
    assert back.headers["Location"] == "/events?kind=motion&day=2026-11-20"
    secret = protected.client().get("/events?key=of-a-stream", headers=BROWSER)
    assert "of-a-stream" not in secret.headers["Location"]


def test_stream_key_of_an_owner_may_only_watch(protected):
    protected.app.add_url_rule("/new", "new", lambda: "new", methods=["GET", "POST"])
    url = protected.client(OWNER).post(
        "/api/stream_key", json={"path": "/new"}, headers=OURS).json["url"]
    assert protected.client().get(url).text == "new"
    assert protected.client().post(url).status_code == 401


def test_stream_key_ends_with_its_session(protected):
    client = protected.client(VIEWER)
    url = client.post("/api/stream_key", json={"path": "/snapshot.jpg"},
                      headers=OURS).json["url"]
    assert protected.client().get(url).status_code == 200
    client.post("/logout", headers=OURS)
    assert protected.client().get(url).status_code == 401


@pytest.mark.parametrize(("body", "status"), [
    ({"path": "/nothing"}, 404), ({"path": "http://evil.example/"}, 400), ({}, 400),
    ({"path": 3}, 400), ([], 400), ("x", 400), ({"path": "/../../etc/passwd"}, 404),
    ({"path": "//evil.example"}, 404), ({"path": "/logout"}, 404)])
def test_stream_key_is_made_only_for_existing_addresses(protected, body, status):
    answer = protected.client(VIEWER).post("/api/stream_key", json=body, headers=OURS)
    assert answer.status_code == status
    assert answer.json["error"]


def try_password(client, password, **more):
    return client.post("/login", data={"password": password, **more},
                       headers={**BROWSER, **OURS})


def test_password_logs_in_and_returns_to_the_page(protected):
    protected.set_password(OWNER)
    client = protected.client()
    page = client.get("/login?next=/camera/camera", headers=BROWSER).text
    assert 'autocomplete="current-password"' in page
    assert 'value="/camera/camera"' in page
    answer = try_password(client, PASSWORDS[OWNER], next="/camera/camera")
    assert (answer.status_code, answer.location) == (303, "/camera/camera")
    assert client.post("/sessions/end-others", headers=OURS).status_code == 303


def test_each_role_has_its_own_password(protected):
    for role in Role:
        protected.set_password(role)
    client = protected.client()
    assert "selected" not in client.get("/login", headers=BROWSER).text
    refused = try_password(client, PASSWORDS[VIEWER], account="owner")
    assert refused.status_code == 401
    assert "This is not the password of the owner." in refused.text
    assert '<option value="owner" selected>' in refused.text
    assert try_password(client, PASSWORDS[VIEWER], account="viewer").status_code == 303
    assert client.post("/sessions/end-others", headers=OURS).status_code == 403
    client.post("/logout", headers=OURS)
    again = client.get("/login", headers=BROWSER).text
    assert '<option value="viewer" selected>' in again


def test_wrong_password_is_refused_with_a_message(protected, caplog):
    protected.set_password(OWNER)
    client = protected.client()
    answer = try_password(client, "wrong")
    assert answer.status_code == 401
    assert "This is not the password of the owner." in answer.text
    assert "Set-Cookie" not in answer.headers
    assert "login refused: wrong password of owner from 127.0.0.1" in caplog.text


def test_no_password_is_accepted_if_none_is_set(protected):
    assert "<code>token</code>" in protected.client().get("/login", headers=BROWSER).text
    for password in ("", "None", "x"):
        for account in ("owner", "viewer", "admin", ""):
            assert try_password(protected.client(), password, account=account
                                ).status_code == 401


def test_too_many_wrong_passwords_block_one_address_only(protected):
    protected.set_password(OWNER)
    attacker = {"environ_base": {"REMOTE_ADDR": "198.51.100.1"}}

    def tried(password, client, **more):
        return client.post("/login", data={"password": password}, headers=OURS, **more)
    statuses = [tried("wrong", protected.client(), **attacker).status_code
                for _ in range(20)]
    assert statuses == [401] * 5 + [429] * 15
    late = tried(PASSWORDS[OWNER], protected.client(), **attacker)
    assert late.status_code == 429
    assert int(late.headers["Retry-After"]) <= 61
    assert "Try again in" in late.json["error"]
    owner = protected.client()
    assert tried(PASSWORDS[OWNER], owner).status_code == 303
    owner.post("/logout", headers=OURS)
    assert tried(PASSWORDS[OWNER], owner, **attacker).status_code == 303    # by the device
    protected.clock.now += 61
    assert tried(PASSWORDS[OWNER], protected.client(), **attacker).status_code == 303


@pytest.mark.parametrize("away", [
    "//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "x",
    "/a\r\nX-Evil: 1", "/\t/evil.example", "javascript:alert(1)", "", " /", "/é",
    "/" + "a" * 500])
def test_login_redirects_to_no_other_site(protected, away):
    protected.set_password(OWNER)
    answer = try_password(protected.client(), PASSWORDS[OWNER], next=away)
    assert (answer.status_code, answer.location) == (303, "/")
    assert "X-Evil" not in answer.headers


def test_sessions_page_lists_and_ends_sessions(protected):
    owner, other, viewer = (protected.client(role) for role in (OWNER, OWNER, VIEWER))
    page = owner.get("/sessions", headers=BROWSER).text
    assert page.count("<li>") == 3
    assert page.count("Chrome on Linux") == 3
    assert page.count("127.0.0.1<br>") == 3
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


def test_sessions_page_escapes_the_user_agent(protected):
    client = protected.app.test_client()
    client.get(protected.link(OWNER), headers={"User-Agent": '"><script>alert(1)</script>'})
    page = client.get("/sessions", headers=BROWSER).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_logins_logouts_and_ended_sessions_are_logged(protected, caplog):
    caplog.set_level("INFO", "pyimagesearch.web")
    owner = protected.client(OWNER)
    protected.client(VIEWER)
    owner.post("/sessions/end-others", headers=OURS)
    owner.post("/logout", headers=OURS)
    assert caplog.messages == [
        "login: owner from 127.0.0.1, Chrome on Linux",
        "login: viewer from 127.0.0.1, Chrome on Linux",
        "sessions ended by owner from 127.0.0.1: 1", "logout: owner from 127.0.0.1"]


@pytest.mark.parametrize(("agent", "words"), [
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Safari/604.1", "Safari on iPhone"),
    ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
    ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140", "Edge on Windows"),
    ("curl/8.0", "curl"), ("", "browser")])
def test_browsers_are_named_by_their_user_agent(agent, words):
    assert device_name(agent) == words
