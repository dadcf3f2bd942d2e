"""The stream of events over a real server: what happens is sent as it happens."""

import http.client
import json
import threading
from dataclasses import replace

import pytest

from harness import DEADLINE, eventually, open_access
from network import InBackground
from protected import BROWSER, VIEWER, ProtectedApp
from pyimagesearch.folders import ConfigFolder
from pyimagesearch.serving.server import LiveServer
from pyimagesearch.settings import Settings
from pyimagesearch.settings.owner_settings import OwnerSettings
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.message_log import MessageLog
from pyimagesearch.streaming.viewer_limits import ViewerLimits
from pyimagesearch.web import Services, create_app, event_stream
from pyimagesearch.web.event_stream import Announcer
from sample_archive import NOON, FakeCamera, SampleArchive


class Subscriber:
    """A program that reads messages."""

    def __init__(self, address, last=None):
        self.connection = http.client.HTTPConnection(*address, timeout=DEADLINE)
        self.connection.request("GET", "/cam/api/stream",
                                headers={"Last-Event-ID": last} if last else {})
        self.answer = self.connection.getresponse()
        self.id = None

    def message(self):
        """Return the next message: its event and its data."""
        while True:
            fields = dict(line.split(": ", 1) for line in iter(
                lambda: self.answer.readline().decode().strip(), "") if not line.startswith(":"))
            if "event" in fields:
                self.id = fields["id"]
                return fields["event"], json.loads(fields["data"])

    def next(self, wanted):
        """Return the data of the next message of this kind."""
        while True:
            event, data = self.message()
            if event == wanted:
                return data

    def close(self):
        self.answer.close()
        self.connection.close()


class House:
    """A server with two cameras, an archive and an announcer."""

    def __init__(self, folder):
        self.archive = SampleArchive(folder)
        self.archive.watch("front", "yard")
        self.cameras = [FakeCamera(name, self.archive, LatestFrameBroadcaster())
                        for name in ("front", "yard")]
        self.settings = OwnerSettings(ConfigFolder(str(folder / "config")),
                                      Settings(source=("front=demo", "yard=demo")))
        self.services = Services(
            {each.name: each.feed for each in self.cameras}, open_access(),
            archive=self.archive, arming=self.archive.arming, owner_settings=self.settings,
            messages=MessageLog(limits=ViewerLimits(2)))
        self.app = create_app(self.services, base_path="/cam")
        self.announcer = Announcer(self.app)
        self.ready = threading.Event()
        self.running = InBackground(self.run)
        self.ready.wait(DEADLINE)
        self.announcer.start()

    def run(self):
        self.server = LiveServer("127.0.0.1", 0)
        self.ready.set()
        self.server.run(self.app, self.announcer.stop)

    def close(self):
        self.server.stop_soon()
        self.running.result()
        assert self.announcer.join(DEADLINE)
        self.archive.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("house"))
    yield house
    house.close()


@pytest.fixture
def subscribe(house):
    opened = []

    def subscribe(last=None):
        opened.append(Subscriber(house.server.address, last))
        return opened[-1]
    yield subscribe
    for each in opened:
        each.close()
    eventually(lambda: house.services.messages.viewers == 0)


def test_stream_begins_with_the_states(subscribe):
    subscriber = subscribe()
    assert subscriber.answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert subscriber.answer.headers["Cache-Control"] == "no-store"
    assert subscriber.message()[1]["name"] == "front"
    event, camera = subscriber.message()
    assert (event, camera["name"], camera["state"]) == ("camera", "yard", "live")
    event, mode = subscriber.message()
    assert (event, mode["mode"]) == ("mode", "away")


def test_event_is_sent_when_it_begins_changes_and_ends(house, subscribe):
    subscriber = subscribe()
    subscriber.next("mode")
    store = house.archive.store
    eventually(lambda: house.announcer._events is not None)
    event = store.add("motion", NOON, None, "front")
    begun = subscriber.next("event")
    assert (begun["change"], begun["id"], begun["end"]) == ("begun", event.id, None)
    assert begun["url"] == f"/cam/events/{event.id}"
    store.star([event.id], True)
    assert subscriber.next("event")["change"] == "updated"
    store.end(event.id, NOON + 5, 2.0, None)
    ended = subscriber.next("event")
    assert (ended["change"], ended["end"], ended["starred"]) == ("ended", NOON + 5, True)


def test_states_of_cameras_and_mode_are_sent_as_they_change(house, subscribe):
    subscriber = subscribe()
    subscriber.next("mode")
    eventually(lambda: house.announcer._mode)
    house.cameras[1].record(True)
    camera = subscriber.next("camera")
    assert (camera["name"], camera["recording"]) == ("yard", True)
    house.archive.arming.set_mode("off")
    assert subscriber.next("mode")["mode"] == "off"
    house.archive.arming.set_mode("away")
    assert subscriber.next("mode")["mode"] == "away"


def test_changed_settings_are_announced_without_their_values(house, subscribe):
    subscriber = subscribe()
    house.settings.file.change("front", {"sensitivity": "high"})
    assert subscriber.next("settings") == {"cameras": ["front", "yard"], "renamed": {}}


def test_subscriber_that_comes_back_misses_nothing(house, subscribe):
    first = subscribe()
    first.next("mode")
    first.close()
    eventually(lambda: house.services.messages.viewers == 0)
    house.services.messages.publish("settings", {"number": 1})
    assert subscribe(first.id).message() == ("settings", {"number": 1})


def test_subscriber_that_was_away_too_long_starts_over(subscribe):
    subscriber = subscribe("an-earlier-run-7")
    assert subscriber.message() == ("reset", {})
    assert subscriber.message()[0] == "camera"


def test_too_many_subscribers_are_refused(house, subscribe):
    for _ in range(2):
        subscribe().message()
    refused = subscribe().answer
    assert (refused.status, refused.headers["Retry-After"]) == (503, "10")


def test_stream_needs_a_login_and_ends_with_it(tmp_path):
    protected = ProtectedApp(tmp_path / "access")
    assert protected.client().get("/api/stream", headers=BROWSER).status_code == 401
    with protected.client().get("/api/stream", headers=protected.bearer(VIEWER)) as answer:
        assert next(answer.response).startswith(b"retry: 2000\n\nid: ")


def test_nothing_is_read_without_subscribers(house, monkeypatch):
    services = replace(house.services, messages=MessageLog())
    app = create_app(services)
    announcer = Announcer(app)
    assert not announcer._is_watched()
    monkeypatch.setattr(event_stream, "LINGER_SECONDS", 0.0)
    with services.messages.watching():
        assert announcer._is_watched()
    before = services.messages.id_of(services.messages.number)
    assert not announcer._is_watched()
    assert services.messages.number_of(before) is None      # what came later may be missing
