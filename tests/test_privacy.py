"""Privacy: set and drawn masks, cameras switched off, clips, HTTP and restarts."""

import json
import os
import re
import sqlite3
import urllib.error
from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from filming import film_source
from harness import eventually, open_access
from protected import BROWSER, OURS, OWNER, VIEWER, ProtectedApp
from pyimagesearch.errors import FolderError
from pyimagesearch.events.store import EventStore
from pyimagesearch.folders import ConfigFolder
from pyimagesearch.frames import VideoHeader
from pyimagesearch.jpeg import LazyJpeg
from pyimagesearch.privacy.state import FILE_NAME, Privacy
from pyimagesearch.recording.preroll import Packet, Preroll
from pyimagesearch.recording.preroll_input import PrerollInput
from pyimagesearch.settings.settings import Settings
from pyimagesearch.web.app import create_app
from pyimagesearch.web.services import Feed, Services
from sample_archive import STATUS
from test_evidence import GREY, Scene

SET, DRAWN, OTHER = "0,0 100,0 100,100", "500,500 900,500 900,900", "1,2 3,4 5,6"
HEADER = VideoHeader(b"an MP4", b"extra")


class MaskableCamera:
    """Stands in for a camera loop, and records its mask and switch."""

    def set_mask(self, mask):
        self.polygons = mask.polygons

    def switch(self, off_since):
        self.off_since = off_since


class Owner:
    """A start of the program in *folder*, with a camera front, masked, and a yard."""

    def __init__(self, folder, clock):
        self.folder = ConfigFolder(str(folder))
        self.store = EventStore(folder / "events.db", clock)
        (front,) = Settings(source=("front=demo",), mask=SET).cameras()
        (yard,) = Settings(source=("yard=demo",)).cameras()
        self.privacy = Privacy(self.folder, [front, yard], self.store, clock)
        self.front, self.yard = MaskableCamera(), MaskableCamera()
        self.privacy.attach("front", self.front)
        self.privacy.attach("yard", self.yard)

    def kinds(self):
        self.store.open()
        assert self.store.flush(60)
        with self.store.reading() as reader:
            return [event.kind for event in reader.page(limit=9)[0]]


@pytest.fixture
def begin(tmp_path, clock):
    made = []

    def begin():
        made.append(Owner(tmp_path, clock))
        return made[-1]
    yield begin
    for owner in made:
        owner.store.stop()
        owner.store.join(10)


# --- masks and switch, across restarts

def test_set_and_drawn_regions_are_hidden_across_restarts(begin):
    owner = begin()
    assert (owner.front.polygons, owner.yard.polygons) == ((SET,), ())
    owner.privacy.draw("front", [DRAWN, OTHER])
    assert owner.front.polygons == (SET, DRAWN, OTHER)
    assert owner.yard.polygons == ()
    assert begin().front.polygons == (SET, DRAWN, OTHER)
    assert begin().privacy.hidden("front") == ((SET,), (DRAWN, OTHER))
    begin().privacy.draw("front", [])
    assert begin().front.polygons == (SET,)


def test_cameras_stay_off_across_restarts_until_switched_on(begin, clock):
    owner, now = begin(), clock.time()
    assert owner.front.off_since is None
    owner.privacy.switch(False)
    clock.now += 60
    owner.privacy.switch(False)
    again = begin()
    assert (owner.yard.off_since, again.front.off_since, again.yard.off_since) == (now,) * 3
    again.privacy.switch(True)
    assert (again.front.off_since, begin().front.off_since) == (None, None)
    assert again.kinds() == ["switched on"]
    assert owner.kinds().count("switched off") == 1


def test_file_is_readable_json_and_private(begin, tmp_path):
    begin().privacy.draw("yard", [DRAWN])
    assert json.loads((tmp_path / FILE_NAME).read_text()) == {
        "masks": {"yard": [DRAWN]}, "off_since": None}
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_mask_of_an_unknown_camera_is_kept_and_reported(begin, tmp_path, caplog):
    (tmp_path / FILE_NAME).write_text(json.dumps({"masks": {"attic": [DRAWN]}, "off_since": None}))
    owner = begin()
    assert "there are privacy regions for a camera attic, which does not exist" in caplog.text
    owner.privacy.draw("yard", [OTHER])
    assert json.loads((tmp_path / FILE_NAME).read_text())["masks"] == {
        "attic": [DRAWN], "yard": [OTHER]}


def test_servers_with_one_folder_lose_nothing_of_each_other(begin, clock):
    one, other = begin(), begin()
    one.privacy.draw("front", [DRAWN])
    one.privacy.switch(False)
    other.privacy.draw("yard", [OTHER])
    again = begin()
    assert (again.front.polygons, again.yard.polygons) == ((SET, DRAWN), (OTHER,))
    assert again.yard.off_since == clock.time()


@pytest.mark.parametrize("content", [
    "", "x", "[]", "{}", '{"masks": {}}', '{"masks": [], "off_since": null}',
    '{"masks": {"a": "0,0 1,1 2,2"}, "off_since": null}', "[" * 100_000,
    '{"masks": {"a": ["0,0 1,1"]}, "off_since": null}', '{"masks": {}, "off_since": "now"}',
    '{"masks": {}, "off_since": NaN}', '{"masks": {}, "off_since": true}'])
def test_damaged_file_ends_the_start(begin, tmp_path, content):
    (tmp_path / FILE_NAME).write_text(content)
    with pytest.raises(FolderError, match=r"privacy settings .*privacy\.json are damaged "
                       r".*; repair the file, or remove it"):
        begin()


def test_change_takes_effect_even_if_it_cannot_be_saved(begin, monkeypatch):
    owner = begin()

    def full(name, content):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(owner.folder, "keep_secret", full)
    for change in (lambda: owner.privacy.draw("yard", [DRAWN]),
                   lambda: owner.privacy.switch(False)):
        with pytest.raises(FolderError, match=r"only until the next start.*No space left"):
            change()
    assert owner.yard.polygons == (DRAWN,)
    assert owner.yard.off_since is not None


# --- clips

def test_packets_pass_only_while_nothing_is_hidden():
    preroll = Preroll(5.0)
    put_in = PrerollInput("front", preroll)
    packet = {"captured": 1.0, "at": 1.0, "key": True, "pts": 0, "dts": 0}
    put_in.begin(HEADER)
    put_in.put(b"before", **packet)
    put_in.mask()
    put_in.put(b"unmasked", **packet)
    put_in.begin(HEADER)
    put_in.put_picture(LazyJpeg(b"picture", (1, 1)), 2.0, 2.0)
    put_in.unmask()
    put_in.put(b"after", **packet)
    assert [piece.content for piece in preroll.after(0)] == [
        LazyJpeg(b"picture", (1, 1)), Packet(b"after", HEADER, True, 0, 0)]


@pytest.fixture
def packets(tmp_path, clock):
    scene = Scene(clock, tmp_path)
    yield scene
    scene.store.stop()
    assert scene.store.join(60)


def test_masked_camera_is_recorded_from_its_pictures(packets, caplog):
    caplog.set_level("INFO")
    preroll, put_in = packets.kept.recorder.preroll, packets.kept.preroll_input
    put_in.begin(HEADER)
    put_in.put(b"unmasked", 1.0, packets.clock.monotonic(), key=True, pts=0, dts=0)
    packets.evidence.refuse_packets()
    assert preroll.after(0) == []
    put_in.put(b"unmasked", 1.0, packets.clock.monotonic(), key=True, pts=0, dts=0)
    packets.evidence.start_over(masked=True)
    assert packets.evidence.wants(None)
    packets.show(3)
    packets.evidence.manual.record(True)
    packets.show(2)
    packets.evidence.manual.record(False)
    packets.show(2)
    assert {piece.content.data for piece in preroll.after(0)} == {GREY}
    assert len(packets.kept.files()) == 1
    assert caplog.text.count("front: has a privacy mask, so clips are made of the stream") == 1
    packets.evidence.start_over(masked=False)
    put_in.put(b"unmasked", 1.0, packets.clock.monotonic(), key=True, pts=0, dts=0)
    assert not packets.evidence.wants(None)


def test_new_mask_ends_the_event_and_drops_its_pictures(packets):
    packets.show(6)
    packets.show(2, area=50.0)
    kept = len(packets.kept.files("*.jpg"))
    packets.evidence.start_over(masked=True)
    packets.show(1)
    (event,) = packets.events()
    assert event.end is not None
    assert event.peak_area == 50.0
    assert len(packets.kept.files("*.jpg")) == kept


def test_switched_off_camera_ends_its_events_and_is_not_recorded(packets):
    packets.show(6)
    packets.evidence.manual.record(True)
    packets.evidence.lose(packets.clock.time(), "unplugged")
    packets.evidence.switch(False)
    assert packets.evidence.manual.record(True) == "stopped"
    assert packets.evidence.manual.since is None
    packets.evidence.switch(True)
    assert all(event.end is not None for event in packets.events())
    assert packets.evidence.manual.record(True) == "started"


# --- sound

def film_with_sound(path):
    """Write two seconds of H.264 with a tone beside it."""
    import av
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", 10, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.codec_context.gop_size = 5
        audio = container.add_stream("aac", 8000, layout="mono")
        for number in range(20):
            picture = np.full((48, 64, 3), 10 * number, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, "bgr24")))
            tone = av.AudioFrame.from_ndarray(
                np.sin(np.arange(800) / 3, dtype=np.float32)[None, :], "fltp", "mono")
            tone.sample_rate, tone.pts = 8000, 800 * number
            container.mux(audio.encode(tone))
        container.mux([*video.encode(), *audio.encode()])


def test_sound_is_never_recorded(tmp_path, clock):
    import av

    from pyimagesearch.errors import CameraLost
    from pyimagesearch.recording.clip import Clip, finish
    from pyimagesearch.recording.clip_metadata import ClipMetadata

    def kinds(path):
        with av.open(str(path)) as container:
            return [stream.type for stream in container.streams]
    film_with_sound(tmp_path / "film.mp4")
    assert kinds(tmp_path / "film.mp4") == ["video", "audio"]
    preroll = Preroll(60.0)
    source = film_source(tmp_path / "film.mp4", clock, PrerollInput("c", preroll))
    with pytest.raises(CameraLost, match="ended the stream"):
        while source.read():
            clock.now += 0.1
    source.close()
    clip = Clip(tmp_path / "copied.part.mp4", ClipMetadata(event=1, camera="c", kind="manual", begin=0.0))
    pieces = preroll.after(0)
    assert len(pieces) >= 15
    for piece in pieces:
        clip.add(piece)
    clip.close()
    assert kinds(finish(clip.path)) == ["video"]
    part = (tmp_path / "film.mp4").rename(tmp_path / "film.part.mp4")
    assert kinds(finish(part)) == ["video"]


# --- over HTTP

@pytest.fixture
def client(begin, broadcaster):
    owner = begin()
    state = SimpleNamespace(off=False)

    def status():
        return replace(STATUS, state="off" if state.off else "live")
    feeds = {name: Feed(broadcaster, status, lambda on: (
        "started" if on and not state.off else "stopped"), lambda *_: 1) for name in ("front", "yard")}
    client = create_app(Services(feeds, open_access(), privacy=owner.privacy)).test_client()
    client.owner, client.state = owner, state
    return client


def test_mask_is_read_and_drawn_over_http(client):
    assert client.get("/api/cameras/front/mask").json == {"set": [SET], "drawn": []}
    answer = client.put("/api/cameras/front/mask", json={"drawn": [DRAWN]})
    assert answer.json == client.get("/api/cameras/front/mask").json == {
        "set": [SET], "drawn": [DRAWN]}
    assert client.owner.front.polygons == (SET, DRAWN)
    assert client.get("/api/cameras/none/mask").status_code == 404
    assert client.put("/api/cameras/none/mask", json={"drawn": []}).status_code == 404


@pytest.mark.parametrize("body", [
    {}, {"drawn": DRAWN}, {"drawn": [DRAWN, 5]}, {"drawn": ["0,0 1,1"]}, {"drawn": [OTHER] * 33},
    {"drawn": [[[0, 0], [1, 1], [2, 2]]]}, {"drawn": ["0,0 1,1 2,1001"]}])
def test_invalid_mask_is_refused_with_a_sentence(client, body):
    answer = client.put("/api/cameras/yard/mask", json=body)
    assert answer.status_code == 400
    assert 'but must be a list of up to 32 polygons such as "0,0 300,0 300,250"' in answer.json["error"]
    assert client.owner.yard.polygons == ()


def test_cameras_are_switched_off_and_on(client):
    assert client.get("/api/status").json["off_since"] is None
    assert client.post("/api/power", json={"on": False}).json == {"on": False}
    assert client.get("/api/status").json["off_since"] == client.owner.front.off_since
    assert "All cameras are switched off" in client.get("/").text
    assert client.post("/api/power", json={"on": "maybe"}).status_code == 400
    assert client.post("/api/power", data={"on": "true"}).json == {"on": True}
    assert client.owner.front.off_since is None


def test_nothing_is_recorded_of_a_camera_that_is_off(client):
    client.state.off = True
    for path, body in (("/record_status", {"status": True}), ("/snapshot", {"camera": "yard"})):
        answer = client.post(path, json=body)
        assert (answer.status_code, answer.json["error"]) == (
            409, "The cameras are switched off; switch them on first.")
    assert client.post("/record_status", json={"status": False}).json == {"result": "stopped"}


def test_unsaved_privacy_setting_is_reported(client, monkeypatch):
    def full(name, content):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(client.owner.folder, "keep_secret", full)
    answer = client.post("/api/power", json={"on": False})
    assert answer.status_code == 503
    assert answer.json["error"].startswith("This holds only until the next start")


def test_only_an_owner_is_shown_and_allowed_to_hide(begin, tmp_path):
    protected = ProtectedApp(tmp_path / "protected", ("front", "yard"))
    services = protected.app.extensions["services"]
    protected.app.extensions["services"] = replace(services, privacy=begin().privacy)
    for role in (OWNER, VIEWER):
        client, may = protected.client(role), role is OWNER
        for path in ("/", "/camera/front"):
            page = client.get(path, headers=BROWSER).text
            assert ("Switch cameras off" in page) == may
            assert ("Hide parts" in page) == (may and path != "/")
            assert not re.search(r"<script(?! src=\"/static/)|<style|\sstyle=|\son\w+=", page)
        assert client.get("/api/cameras/front/mask").json["set"] == [SET]
        for method, path, body in (("PUT", "/api/cameras/front/mask", {"drawn": [DRAWN]}),
                                   ("POST", "/api/power", {"on": True})):
            answer = client.open(path, method=method, json=body, headers=OURS)
            assert answer.status_code == (200 if may else 403)


def test_server_without_privacy_says_so(broadcaster):
    client = create_app(Services({"camera": Feed(broadcaster, lambda: STATUS)}, open_access())).test_client()
    assert client.post("/api/power", json={"on": False}).status_code == 404
    assert "Switch cameras off" not in client.get("/").text


# --- the whole program

def snapshot(product):
    jpeg = np.frombuffer(product.get("/snapshot.jpg", timeout=120), np.uint8)
    return cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE)


def right_half(image):
    height, width = image.shape
    return image[:height * 3 // 4, width // 2 + 8:]


def test_program_applies_drawn_mask_and_off_across_restarts(start, tmp_path):
    arguments = ("--source", "front=demo:320x240@10", "--mask", "0,0 300,0 300,500 0,500",
                 "--data", str(tmp_path))
    product = start(*arguments)
    product.wait_for("learning")
    eventually(lambda: right_half(snapshot(product)).mean() > 60)      # no card any more
    assert snapshot(product)[:110, :85].max() < 16
    product.send("PUT", "/api/cameras/front/mask", drawn=["500,0 1000,0 1000,800 500,800"])
    assert right_half(snapshot(product)).max() < 16     # from the very next picture on
    product.send("POST", "/api/power", on=False)
    product.wait_for("off")
    frames = product.camera["frames"]
    with pytest.raises(urllib.error.HTTPError, match="409"):
        product.send("POST", "/record_status", status=True)
    assert product.stop()[1] == 0

    again = start(*arguments)
    off = again.wait_for("off")
    assert (off["frames"], off["reason"], off["words"]) == (0, "by the owner", "switched off")
    assert snapshot(again).mean() < 60      # the card
    again.send("POST", "/api/power", on=True)
    again.wait_for("learning")
    shown = eventually(lambda: (now := snapshot(again))[110:, :100].mean() > 60 and [now])[0]
    assert max(right_half(shown).max(), shown[:110, :85].max()) < 16
    assert again.stop()[1] == 0
    assert frames
    database = sqlite3.connect(os.path.join(tmp_path, "events.db"))
    kinds = [kind for (kind,) in database.execute(
        "SELECT kind FROM events WHERE kind LIKE 'switched%' ORDER BY id")]
    database.close()
    assert kinds == ["switched off", "switched on"]
