"""Finding cameras for pages, and testing one."""

import contextlib
import re
from dataclasses import replace

import pytest

from fake_onvif import FakeOnvif
from protected import OURS, OWNER, ProtectedApp
from pyimagesearch.capture.imagezmq import ImageHubs
from pyimagesearch.capture.limits import MemoryBudget
from pyimagesearch.capture.onvif_discovery import OnvifDevice
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import SettingsError
from pyimagesearch.found_cameras import NETWORK
from pyimagesearch.jpeg import jpeg_size
from pyimagesearch.settings import Settings
from pyimagesearch.settings.owner_settings import OwnerSettings
from pyimagesearch.system.camera_search import CameraSearch
from pyimagesearch.system.network_cameras import NetworkCameras

HERE = "127.0.0.1"


@pytest.fixture
def fake():
    with contextlib.closing(FakeOnvif()) as camera:
        yield camera


def search(fake=None, *watched):
    """Return a search in a network where *fake* answers, by a server with cameras *watched*."""
    def network(sources):
        found = [OnvifDevice(HERE, fake.url, "Front door", "FC-1")] if fake else []
        cameras = NetworkCameras(sources, lambda *places: found)
        cameras.start()
        return cameras.cameras(10.0)
    settings = Settings(source=watched or ("demo",))
    return CameraSearch(lambda: settings, SystemClock(), ImageHubs(), MemoryBudget(), network)


def network_ones(found):
    return [each for each in found.discover() if each.kind == NETWORK]


def test_network_camera_with_a_login_asks_for_it(fake):
    (camera,) = network_ones(search(fake))
    assert (camera.name, camera.address, camera.source, camera.needs_login, camera.watched) == (
        "Front door, FC-1", HERE, "", True, False)


def test_login_makes_a_camera_name_its_streams(fake):
    fake.password = "s@cret"
    camera = search(fake).streams(HERE, "admin", "s@cret")
    assert camera.source == ("rtsp://admin:s%40cret@127.0.0.1:554/Streaming/Channels/101"
                             "?transportmode=unicast&profile=Profile_1")
    assert [(each.width, each.height, each.encoding) for each in camera.streams] == [
        (2560, 1440, "H264"), (640, 360, "H264")]
    assert (camera.problem, camera.needs_login, camera.watched) == ("", False, False)


def test_wrong_login_is_a_problem(fake):
    camera = search(fake).streams(HERE, "admin", "wrong")
    assert (camera.source, camera.problem) == (
        "", f"{fake.url} refuses this user or password")


def test_watched_network_camera_shows_no_login(fake):
    (camera,) = network_ones(search(fake, f"rtsp://admin:s3cret@{HERE}/"))
    assert camera.watched
    assert camera.source.startswith("rtsp://127.0.0.1:554/")


def test_camera_that_does_not_answer_is_a_problem():
    assert search().streams("192.0.2.9", "admin", "x").problem == (
        "no camera answers at 192.0.2.9 (ONVIF); is it on?")
    with pytest.raises(SettingsError, match="address is 'front', but must be an IPv4"):
        search().streams("front", "admin", "x")


def test_tested_camera_has_size_rate_and_picture():
    cameras = search()
    result = cameras.test(" demo:1280x720@20 ")
    assert (result.source, result.width, result.height, result.problems) == (
        "demo:1280x720@20", 1280, 720, ())
    assert 1 < result.fps < 40
    assert jpeg_size(cameras.picture(result.picture)) == (640, 360)
    assert cameras.picture("another") is None


@pytest.mark.parametrize(("source", "words"), [
    ("/dev/video99", "there is no camera /dev/video99"),
    ("rtsp://me:s3cret@127.0.0.1:9/x", "refuses the connection; is the camera on"),
    ("none.mp4", "there is no file none.mp4")])
def test_camera_without_a_picture_has_a_problem(source, words):
    result = search().test(source)
    (problem,) = result.problems
    assert words in problem
    assert "s3cret" not in f"{result}"
    assert (result.picture, result.width) == ("", 0)


@pytest.mark.parametrize("source", ["gopher://x", "", "two\nlines", "rtsp://", "demo:1x1"])
def test_source_that_cannot_work_is_an_error(source):
    with pytest.raises(SettingsError, match="--source is "):
        search().test(source)


# --- pages

@pytest.fixture
def pages(tmp_path, fake):
    """An owner's client of an app in whose network *fake* answers."""
    protected = ProtectedApp(tmp_path / "access")
    protected.app.extensions["services"] = replace(
        protected.app.extensions["services"], camera_search=search(fake),
        owner_settings=OwnerSettings(protected.folder, Settings(source=("demo",))))
    client, headers = protected.client(), {**protected.bearer(OWNER), **OURS}
    return lambda method, path, **more: client.open(path, method=method, headers=headers, **more)


def test_found_camera_is_logged_in_to_on_the_page(pages):
    page = pages("GET", "/settings/add?search=1").text
    assert "Front door, FC-1" in page
    assert "asks for its user and password" in page
    given = {"address": HERE, "found": "Front door", "user": "admin", "password": "wrong"}
    refused = pages("POST", "/settings/add/login", data=given)
    assert refused.status_code == 400
    assert "refuses this user or password." in refused.text
    page = pages("POST", "/settings/add/login", data={**given, "password": "s3cret"}).text
    sources = re.findall(r'name="source" value="(rtsp://admin:s3cret@127.0.0.1:554/\S+)"', page)
    assert len(sources) == 3     # two streams, and the field, which has the larger one
    chosen = pages("POST", "/settings/add", data={
        "action": "choose", "source": sources[1], "name": "gate"}).text
    assert f'id="source" name="source" value="{sources[1]}"' in chosen


def test_test_by_api_has_a_picture_for_a_while(pages):
    result = pages("POST", "/api/discover/test", json={"source": "demo:320x240@10"}).json
    assert (result["width"], result["problems"]) == (320, [])
    assert pages("GET", result["picture"]).mimetype == "image/jpeg"
    assert pages("GET", "/camera_test/other.jpg").status_code == 404
