"""The routes of web push: who may subscribe, and what ends a subscription."""

import contextlib
import json
from dataclasses import replace

import pytest

from browsers import Browser
from harness import eventually
from protected import (
    BROWSER,
    OURS,
    OWNER,
    PASSWORDS,
    VIEWER,
    ProtectedApp,
    ProtectedServer,
)
from pyimagesearch.access.credentials import CredentialsFile
from pyimagesearch.folders import ConfigFolder
from pyimagesearch.notifications.delivery.push_subscriptions import PushSubscriptions
from pyimagesearch.web.push_sessions import revoked_push
from test_alerts_api import with_alerts

pytestmark = pytest.mark.usefixtures("no_fsync")

PHONE = {**OURS, "User-Agent": "Mozilla/5.0 (Linux; Android 16) Chrome/142.0 Mobile"}
MADE = Browser().subscription
OTHER = Browser("https://push.example.org/other").subscription


class PushApp(ProtectedApp):
    """An app that requires a login, and sends alerts to browsers."""

    def __init__(self, path, **more):
        super().__init__(path, **more)
        self.push = PushSubscriptions(self.folder)
        extensions = self.app.extensions
        extensions["services"] = replace(extensions["services"], push=self.push)


@pytest.fixture
def app(tmp_path):
    return PushApp(tmp_path)


@pytest.fixture
def half_open(tmp_path):
    return PushApp(tmp_path, open_to=VIEWER)


def subscribe(client, made=MADE, headers=PHONE, **more):
    answer = client.post("/api/push", json={**made, **more}, headers=headers)
    assert answer.status_code == 200, answer.json
    return answer.json["subscribed"]


@pytest.mark.parametrize("role", [OWNER, VIEWER])
def test_owners_and_viewers_subscribe_and_unsubscribe(app, role):
    client = app.client(role)
    assert client.get("/api/push").json["key"][0] == "B"
    assert subscribe(client)
    ((made),) = app.push.all()
    assert (made.endpoint, made.role, made.device) == (
        MADE["endpoint"], role, "Chrome on Android")
    answer = client.delete("/api/push", json={"endpoint": MADE["endpoint"]}, headers=PHONE)
    assert answer.json == {"subscribed": False}
    assert app.push.all() == ()


def test_without_a_login_only_who_may_change_subscribes(half_open, tmp_path):
    for method in ("POST", "DELETE"):
        answer = half_open.client().open("/api/push", method=method, json=MADE, headers=PHONE)
        assert answer.status_code == 401
    shown = with_alerts(half_open).client().get("/alerts", headers=BROWSER).text
    assert 'To get alerts on this device, <a href="/login?next=/alerts">log in</a>.' in shown
    assert "push.js" not in shown
    assert subscribe(half_open.client(VIEWER))
    assert "push.js" in half_open.client(VIEWER).get("/alerts", headers=BROWSER).text
    everyone = PushApp(tmp_path / "off", open_to=OWNER)
    assert subscribe(everyone.client())
    assert (everyone.push.all()[0].session, everyone.push.all()[0].role) == ("", "owner")


def test_pages_of_other_sites_subscribe_nothing(app):
    answer = app.client(OWNER).post("/api/push", json=MADE,
                                    headers={**PHONE, "Origin": "http://evil.example"})
    assert answer.status_code == 403
    assert app.push.all() == ()


@pytest.mark.parametrize("body", [
    {}, {"endpoint": MADE["endpoint"]}, {**MADE, "endpoint": "https://192.168.1.1/reboot"},
    {**MADE, "keys": {}}, {**MADE, "keys": {"p256dh": "x", "auth": "y"}}])
def test_wrong_subscriptions_are_refused_in_a_sentence(app, body):
    answer = app.client(OWNER).post("/api/push", json=body, headers=PHONE)
    assert answer.status_code == 400
    assert answer.json["error"].startswith("the ")
    assert not any(secret in answer.json["error"] for secret in ("reboot", "192.168"))


def test_renewal_finds_only_what_is_subscribed(app):
    client = app.client(OWNER)
    assert not subscribe(client, renew=True)
    assert app.push.all() == ()
    assert subscribe(client)
    assert subscribe(client, renew=True)
    app.push.remove(MADE["endpoint"])
    assert not subscribe(client, renew=True)


def test_browser_that_changes_its_endpoint_is_kept_once(app):
    subscribe(app.client(OWNER))
    assert subscribe(app.client(OWNER), OTHER, replaces=MADE["endpoint"])
    assert [each.endpoint for each in app.push.all()] == [OTHER["endpoint"]]


def test_logging_out_ends_alerts_to_this_browser_only(app):
    first, second = app.client(OWNER), app.client(OWNER)
    subscribe(first)
    subscribe(second, OTHER)
    assert first.post("/logout", headers=OURS).status_code == 303
    assert [each.endpoint[-5:] for each in app.push.all()] == ["other"]


def test_ending_a_session_ends_its_alerts(app):
    phone, owner = app.client(VIEWER), app.client(OWNER)
    subscribe(phone)
    owner.post("/sessions/end-others", headers=OURS)
    assert app.push.all() == ()
    phone = app.client(VIEWER)
    subscribe(phone)
    owner.post(f"/sessions/{app.push.all()[0].session}/end", headers=OURS)
    assert app.push.all() == ()


def test_sessions_show_who_gets_alerts_and_end_all_of_them(app):
    subscribe(app.client(VIEWER))
    app.clock.now += 31 * 86400     # that session has expired
    owner = app.client(OWNER)
    subscribe(owner, OTHER)
    assert owner.get("/sessions").text.count("gets alerts") == 1
    owner.post("/sessions/end-others", headers=OURS)
    assert [each.endpoint for each in app.push.all()] == [OTHER["endpoint"]]
    assert app.client(VIEWER).post("/sessions/end-others", headers=OURS).status_code == 403


def test_another_login_of_the_browser_keeps_its_alerts(app):
    phone = app.client(VIEWER)
    subscribe(phone)
    app.set_password(OWNER)
    phone.post("/login", data={"account": "owner", "password": PASSWORDS[OWNER]}, headers=OURS)
    ((moved),) = app.push.all()
    assert (moved.role, moved.stamp) == ("owner", app.secrets.stamps[OWNER])
    phone.post("/logout", headers=OURS)
    assert app.push.all() == ()


def test_session_that_only_expires_keeps_its_alerts(app):
    subscribe(app.client(OWNER))
    app.clock.now += 31 * 86400
    assert app.client(OWNER).get("/api/push").status_code == 200
    assert len(app.push.all()) == 1


def test_new_password_ends_the_alerts_of_its_role(app):
    subscribe(app.client(OWNER))
    subscribe(app.client(VIEWER), OTHER)
    assert revoked_push(app.push, app.authenticator) == []
    app.set_password(VIEWER)
    assert revoked_push(app.push, app.authenticator) == [OTHER["endpoint"]]
    app.change(lambda found: found.renewed())
    assert len(revoked_push(app.push, app.authenticator)) == 2


def test_browser_that_never_logged_in_may_have_to(tmp_path):
    everyone = PushApp(tmp_path, open_to=OWNER)
    subscribe(everyone.client())
    assert revoked_push(everyone.push, everyone.authenticator) == []
    closed = PushApp(tmp_path)
    assert revoked_push(closed.push, closed.authenticator) == [MADE["endpoint"]]


def test_new_tokens_end_alerts_within_a_second(tmp_path):
    with contextlib.closing(ProtectedServer("--ip", "0.0.0.0")) as server:
        headers = {"Cookie": server.log_in(), "Origin": server.url, "Content-Type": "application/json"}
        status, _, answer = server.request("/api/push", "POST", json.dumps(MADE).encode(), **headers)
        assert (status, json.loads(answer)) == (200, {"subscribed": True})
        kept = PushSubscriptions(ConfigFolder(str(server.config)))
        assert len(kept.all()) == 1
        CredentialsFile(ConfigFolder(str(server.config))).change(lambda found: found.renewed())
        eventually(lambda: not kept.all())
        eventually(lambda: "web push: 1 logged out, and sent no more alerts" in "".join(server.log))
        assert server.stop()[1] == 0


def test_disk_that_cannot_be_written_keeps_no_one_subscribed(app, caplog):
    owner = app.client(OWNER)
    subscribe(owner)
    app.folder.keep_secret("web-push.json", b"damaged")
    assert owner.post("/logout", headers=OURS).status_code == 303
    assert "it is damaged" in caplog.text
    assert app.push.all() == ()     # until the program ends


def test_service_worker_and_manifest_need_no_login(tmp_path):
    client = PushApp(tmp_path, base_path="/cam").client()
    script = client.get("/cam/service-worker.js", buffered=True)
    assert (script.status_code, script.mimetype) == (200, "text/javascript")
    assert script.headers["Cache-Control"] == "no-cache"     # one that is newer is found at once
    answer = client.get("/cam/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    found = json.loads(answer.data)
    assert (found["start_url"], found["scope"], found["display"]) == ("/cam/", "/cam/", "standalone")
    for icon in found["icons"]:
        assert client.get(icon["src"], buffered=True).mimetype == icon["type"]
    page = client.get("/cam/login", headers=BROWSER).text
    assert 'rel="manifest" href="/cam/manifest.webmanifest"' in page


def test_secrets_of_a_subscription_are_shown_nowhere(app, caplog):
    caplog.set_level("DEBUG")
    client = app.client(OWNER)
    subscribe(client)
    client.delete("/api/push", json={"endpoint": MADE["endpoint"]}, headers=PHONE)
    assert "web push to Chrome on Android: subscribed by owner" in caplog.text
    for secret in ("a-secret-path", MADE["keys"]["auth"], MADE["keys"]["p256dh"]):
        assert secret not in caplog.text


def test_server_without_push_says_so(protected):
    client = protected.client(OWNER)
    for answer in (client.get("/api/push"), client.post("/api/push", json=MADE, headers=PHONE),
                   client.delete("/api/push", json=MADE, headers=PHONE)):
        assert (answer.status_code, answer.json["error"]) == (
            404, "This server sends no alerts to browsers.")
