"""Device keys on the page: made, shown once, listed, used and revoked."""

import contextlib
import re

import pytest
from werkzeug.test import EnvironBuilder

from protected import BROWSER, OURS, OWNER, VIEWER, basic, status_of

pytestmark = pytest.mark.usefixtures("no_fsync")

FORM = {**BROWSER, **OURS}


def make(protected, name="tv", days=""):
    """Make a device key on the page; return the response, and the key in it."""
    answer = protected.client(OWNER).post("/device-keys", data={"name": name, "days": days},
                                          headers=FORM)
    found = re.search(r"<code>([\w-]{32})</code>", answer.text)
    return answer, found and found[1]


def test_key_is_shown_once_with_addresses_to_copy(protected):
    answer, key = make(protected)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    for path in ("video_feed", "live.mp4", "snapshot.jpg"):
        assert f"<code>http://tv:{key}@localhost/{path}</code>" in answer.text
    page = protected.client(OWNER).get("/sessions", headers=BROWSER).text
    assert key not in page
    assert "<b>tv</b>" in page
    assert "Never used" in page


def test_every_camera_has_its_addresses(two_cameras):
    answer, key = make(two_cameras, "wall panel")
    for path in ("video_feed/front", "snapshot/front.jpg", "live/yard.mp4"):
        assert f"http://wall%20panel:{key}@localhost/{path}" in answer.text


def test_device_key_opens_what_a_viewer_sees(protected):
    _, key = make(protected)
    for headers in (basic("tv", key), basic("anybody", key), {"Authorization": f"Bearer {key}"}):
        for path in ("/snapshot.jpg", "/video_feed", "/api/status", "/?action=snapshot", "/"):
            assert status_of(protected.client(), "GET", path, headers=headers) == 200, path
    answer = protected.client().post("/api/stream_key", json={"path": "/"}, headers={
        "Authorization": f"Bearer {key}"})
    assert (answer.status_code, "for watching" in answer.json["error"]) == (403, True)
    assert protected.client().get(f"/login?token={key}").location == "/login?wrong=link"


def test_page_lists_when_and_where_a_key_was_last_used(protected):
    _, key = make(protected)
    protected.clock.now += 3600
    protected.client().get("/snapshot.jpg", headers=basic("tv", key),
                           environ_overrides={"REMOTE_ADDR": "192.0.2.9"})
    page = protected.client(OWNER).get("/sessions", headers=BROWSER).text
    assert re.search(r"Last used: <time [^>]*>[^<]*</time>, from 192\.0\.2\.9", page)


def test_revoked_key_ends_its_open_streams_at_once(protected):
    _, key = make(protected)
    ended, environ = [], EnvironBuilder("/video_feed", headers=basic("tv", key)).get_environ()
    environ["webstreaming.disconnect"] = lambda: ended.append("the connection")
    owner = protected.client(OWNER)
    (address,) = re.findall(r'action="(/device-keys/\w+/revoke)"',
                            owner.get("/sessions", headers=BROWSER).text)
    with contextlib.closing(protected.app(environ, lambda *_: None)):
        protected.authenticator.end_revoked_streams()
        assert ended == []
        assert owner.post(address, headers=FORM).location == "/sessions"
        assert ended == ["the connection"]
    assert protected.client().get("/snapshot.jpg", headers=basic("tv", key)).status_code == 401
    assert owner.post(address, headers=OURS).status_code == 404


def test_expired_key_is_refused_and_listed_as_such(protected):
    _, key = make(protected, days="2")
    assert status_of(protected.client(), "GET", "/snapshot.jpg", headers=basic("tv", key)) == 200
    protected.clock.now += 2 * 86400
    assert status_of(protected.client(), "GET", "/snapshot.jpg", headers=basic("tv", key)) == 401
    assert "<b>tv</b> <span class=\"chip bad\">expired" in protected.client(OWNER).get("/sessions", headers=BROWSER).text


@pytest.mark.parametrize(("name", "days", "sentence"), [
    ("", "", "The name of the device key is &#39;&#39;, but must have 1 to 40 printable"),
    ("tv", "soon", "Days is &#39;soon&#39;, but must be a number from 0.01 to 36500."),
    ("tv", "-1", "but must be a number from 0.01 to 36500.")])
def test_wrong_name_or_days_are_one_sentence(protected, name, days, sentence):
    answer, key = make(protected, name, days)
    assert (answer.status_code, key) == (400, None)
    assert sentence in answer.text


@pytest.mark.parametrize("days", [0, False, [], {}])
def test_days_that_are_no_number_make_no_eternal_key(protected, days):
    answer = protected.client(OWNER).post("/device-keys", json={"name": "tv", "days": days},
                                          headers=OURS)
    assert answer.status_code == 400
    assert protected.authenticator.device_keys.all() == []


def test_device_keys_survive_new_links_and_passwords(protected):
    _, key = make(protected)
    protected.change(lambda found: found.renewed())
    protected.set_password(VIEWER)
    assert protected.client().get("/snapshot.jpg", headers=basic("tv", key)).status_code == 200


def test_viewer_sees_no_device_keys(protected):
    make(protected)
    assert "device-key" not in protected.client(VIEWER).get("/sessions", headers=BROWSER).text
    assert protected.client(VIEWER).post("/device-keys", data={"name": "x"},
                                         headers=OURS).status_code == 403


def test_making_and_revoking_keys_is_logged_without_them(protected, caplog):
    caplog.set_level("INFO")
    _, key = make(protected)
    owner = protected.client(OWNER)
    (address,) = re.findall(r'action="(/device-keys/\w+/revoke)"',
                            owner.get("/sessions", headers=BROWSER).text)
    owner.post(address, headers=OURS)
    for done in ("made", "revoked"):
        assert f"device key 'tv' {done} by owner from 127.0.0.1" in caplog.text
    assert key not in caplog.text
