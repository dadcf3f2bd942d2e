"""What the doctor prints of the cameras in the network."""

import contextlib
import shlex
import socket
import sys
import threading

import pytest

from fake_onvif import FakeOnvif
from harness import PATIENCE
from pyimagesearch.capture import host_connector
from pyimagesearch.capture.onvif_discovery import OnvifDevice
from pyimagesearch.settings.command_line import parse_command_line
from pyimagesearch.system import network_cameras
from pyimagesearch.system.network_cameras import (
    NONE_FOUND,
    NetworkCameras,
    logins_of,
    own_networks,
)
from pyimagesearch.system.startup_message import path_from_here

HERE = "127.0.0.1"


@pytest.fixture
def fake():
    with contextlib.closing(FakeOnvif()) as camera:
        yield camera


def report(camera, *sources, name="Front door"):
    """Return what is printed where *camera* is found."""
    asked = []

    def find(interfaces, hosts):
        asked.append((interfaces, hosts))
        return [OnvifDevice(HERE, camera.url, name, "FC-1")] if camera else []
    cameras = NetworkCameras(sources, find)
    cameras.start()
    lines = cameras.report()
    assert asked == [(own_networks(), list(logins_of(sources)))]
    return lines


def test_streams_are_ready_to_be_used_as_sources(fake):
    found, *streams, file = report(fake, f"rtsp://admin:s3cret@{HERE}/", "demo", "/dev/video0",
                                   "auto")
    assert found == "127.0.0.1: Front door, FC-1 (ONVIF)"
    assert [line.split()[:3] for line in streams] == [
        ["main", "2560x1440", "H264"], ["sub", "640x360", "H264"]]
    for line, path in zip(streams, ("101?transportmode=unicast&profile=Profile_1", "102"), strict=True):
        words = shlex.split(line.partition("--source ")[2])
        assert words == [f"rtsp://USER:PASSWORD@127.0.0.1:554/Streaming/Channels/{path}"]
        assert parse_command_line(["--source", *words], {}).settings.source == tuple(words)
    assert "s3cret" not in "".join([*streams, file])
    assert file == (
        "  in a settings file, which hides the password from other users: source = "
        '"rtsp://USER:PASSWORD@127.0.0.1:554/Streaming/Channels/'
        '101?transportmode=unicast&profile=Profile_1"')


def test_cameras_are_found_while_a_name_is_looked_up(fake, monkeypatch):
    over, look_up = threading.Event(), host_connector.addresses_of
    monkeypatch.setattr(network_cameras, "LOOKUP_SECONDS", 0.1)
    monkeypatch.setattr(host_connector, "addresses_of", lambda host, *more: (
        over.wait(PATIENCE) and {} if host == "camera.example" else look_up(host, *more)))
    fake.user = ""
    assert len(report(fake, "rtsp://admin:s3cret@camera.example/")) == 3
    over.set()


def test_missing_login_is_asked_for_with_a_command(fake, monkeypatch):
    monkeypatch.setattr("sys.argv", ["webstreaming.py", "doctor"])
    assert report(fake, "rtsp://other:w0rd@192.0.2.1/")[1:] == [
        "  asks for a login; to see its streams, run: "
        "SURVEILLANCE_SOURCE=rtsp://USER:PASSWORD@127.0.0.1/ "
        f"{path_from_here(sys.executable)} webstreaming.py doctor"]


def test_login_goes_only_to_the_host_that_it_is_for(fake):
    fake.reply = lambda request, body: bodies.append(body) or (400, b"")
    bodies = []
    report(fake, "rtsp://other:w0rd@192.0.2.1/")
    assert bodies
    assert "UsernameToken" not in "".join(bodies)


def test_refused_login_is_a_problem(fake):
    (_, problem) = report(fake, f"http://admin:wr0ng@{HERE}:8080/video")
    assert problem == f"  PROBLEM: {fake.url} refuses this user or password"


def test_camera_without_a_login_needs_none_in_its_source(fake):
    fake.user = ""
    assert report(fake, name="FC-1") == [
        "127.0.0.1: FC-1 (ONVIF)",
        "  main 2560x1440 H264  --source "
        "'rtsp://127.0.0.1:554/Streaming/Channels/101?transportmode=unicast&profile=Profile_1'",
        "  sub  640x360   H264  --source rtsp://127.0.0.1:554/Streaming/Channels/102"]


def test_network_without_cameras_is_one_line():
    assert report(None) == [NONE_FOUND]


def test_search_that_does_not_end_is_given_up(monkeypatch):
    monkeypatch.setattr("pyimagesearch.system.network_cameras.SEARCH_SECONDS", 0.05)
    asked = threading.Event()
    with socket.create_server((HERE, 0)) as silent:
        camera = OnvifDevice(HERE, f"http://{HERE}:{silent.getsockname()[1]}/")
        cameras = NetworkCameras([], lambda *places: asked.set() or [camera])
        cameras.start()
        found, problem = cameras.report()
    assert found == "127.0.0.1: a camera (ONVIF)"
    assert problem.startswith("  PROBLEM: http://127.0.0.1:")


def test_logins_are_by_the_address_of_their_host():
    assert logins_of(["rtsp://a:b@localhost/", "http://c:d@127.0.0.1/", f"http://{'x' * 64}/",
                      "imagezmq://0.0.0.0:5555/front", "0", "x.mp4"]) == {
        HERE: ("a", "b")}
