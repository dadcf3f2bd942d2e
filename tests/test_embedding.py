"""Cameras in a Flask application of one's own, as docs/embedding.md shows it."""

import json
import re
import threading
import urllib.error
import urllib.request

import pytest
from flask import Flask
from werkzeug.serving import make_server

from harness import ROOT, eventually
from pyimagesearch import Cameras
from pyimagesearch.errors import SettingsError

SHOWN = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "embedding.md").read_text(), re.S)[1]
PAGE = {"Accept": "text/html"}


def folders(tmp_path, name):
    return {"data": str(tmp_path / name), "config_dir": str(tmp_path / name / "config")}


class Host:
    """An application that is served on a free port, with a thread for each request."""

    def __init__(self, app):
        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def get(self, path, data=None, **headers):
        """Return status, final URL, content type and body of *path*, sent *data*."""
        asked = urllib.request.Request(self.url + path, data, headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:
                return answer.status, answer.url, answer.headers["Content-Type"], answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.url, error.headers["Content-Type"], error.read()


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The application of the documentation, and its cameras."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("shown")
        patch.setenv("SURVEILLANCE_DATA", str(folder))
        patch.setenv("SURVEILLANCE_CONFIG_DIR", str(folder / "config"))
        names = {"__name__": "home"}
        exec(SHOWN, names)
    host = Host(names["app"])
    yield host, names["cameras"]
    names["cameras"].close()
    host.close()


def test_shown_application_has_at_most_eight_lines():
    assert len(SHOWN.strip().splitlines()) <= 8


def test_pages_and_what_they_load_are_below_the_prefix(shown):
    host, _ = shown
    assert b"/cam/" in host.get("/")[3]
    status, url, kind, page = host.get("/cam", **PAGE)
    assert (status, url, kind) == (200, f"{host.url}/cam/", "text/html; charset=utf-8")
    addresses = set(re.findall(r'(?:href|src)="(/[^"]*)"', page.decode()))
    assert len(addresses) > 5
    assert all(each.startswith("/cam/") for each in addresses)
    static = [each for each in addresses if "/static/" in each]
    assert static
    assert all(host.get(each)[0] == 200 for each in static)
    for path in ("events", "settings", "alerts"):
        assert host.get(f"/cam/{path}", **PAGE)[0] == 200


def test_picture_stream_and_api_work_below_the_prefix(shown):
    host, _ = shown
    eventually(lambda: json.loads(host.get("/cam/api/status")[3])["cameras"][0]["state"]
               in ("learning", "live"))
    assert host.get("/cam/snapshot.jpg")[3].startswith(b"\xff\xd8")
    with urllib.request.urlopen(f"{host.url}/cam/video_feed/front", timeout=20) as stream:
        assert "multipart/x-mixed-replace" in stream.headers["Content-Type"]
        assert b"\xff\xd8" in stream.read(20_000)
    assert host.get("/cam/no/such/page")[0] == 404
    assert host.get("/elsewhere")[0] == 404


@pytest.mark.parametrize(("origin", "status"), [("", 200), ("http://elsewhere.example", 403)])
def test_change_is_accepted_of_own_pages_only(shown, origin, status):
    host, _ = shown
    assert host.get("/cam/api/armed", b'{"armed": true}', Origin=origin or host.url,
                    **{"Content-Type": "application/json"})[0] == status


def test_login_is_required_unless_it_is_switched_off(tmp_path):
    app = Flask("guarded")
    with Cameras(source="demo", record=False, **folders(tmp_path, "one")) as cameras:
        app.register_blueprint(cameras.blueprint, url_prefix="/a/b")
        host = Host(app)
        assert host.get("/a/b/api/status")[0] == 401
        assert host.get("/a/b/", **PAGE)[1].startswith(f"{host.url}/a/b/login")
        text = "\n".join(cameras.login_lines(f"{host.url}/a/b/"))
        token = re.search(r"token=([\w.-]+)", text)[1]
        assert host.get("/a/b/api/status", Authorization=f"Bearer {token}")[0] == 200
        host.close()


def test_streams_end_when_the_cameras_are_closed(tmp_path):
    app = Flask("closing")
    cameras = Cameras(source="demo", record=False, auth="off", **folders(tmp_path, "two"))
    app.register_blueprint(cameras.blueprint, url_prefix="/cam")
    host = Host(app)
    with urllib.request.urlopen(f"{host.url}/cam/video_feed", timeout=20) as stream:
        assert stream.read(1000)
        cameras.close()
        while stream.read(100_000):
            pass
    host.close()


def test_unknown_setting_is_explained(tmp_path):
    with pytest.raises(SettingsError, match="sorce is not a setting; did you mean source"):
        Cameras(sorce="demo", **folders(tmp_path, "three"))
