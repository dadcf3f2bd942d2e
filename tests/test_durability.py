"""What was done for a person outlasts a power cut; see benchmarks/power_cut.py."""

import contextlib

import pytest

from conftest import keeping
from filming import SMALL, film, record
from harness import PATIENCE, InBackground, in_this_thread
from pyimagesearch.access.credentials import CredentialsFile
from pyimagesearch.access.device_keys import DeviceKeys
from pyimagesearch.archive.archive import Archive
from pyimagesearch.clock import SystemClock
from pyimagesearch.events.schema import connect
from pyimagesearch.folders import ConfigFolder, DataFolder, sync_folder
from pyimagesearch.notifications.delivery.push_subscriptions import PushSubscriptions
from pyimagesearch.privacy.state import Privacy
from pyimagesearch.recording.clip import JpegVideo
from pyimagesearch.settings.owner_settings import OwnerSettings
from pyimagesearch.settings.settings import Settings
from pyimagesearch.web import Feed, controls
from sample_archive import FakeCamera, client_of
from syncing import Disk
from test_archive import keep_event, opened
from test_controls import publish_to_first_viewer


@pytest.fixture
def disk(tmp_path, monkeypatch):
    return Disk(tmp_path, monkeypatch)


def test_commits_to_the_list_outlast_a_power_cut(tmp_path):
    with contextlib.closing(connect(tmp_path / "events.db")) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)   # FULL


@pytest.fixture
def app(tmp_path, broadcaster):
    """Begin an app with a camera and its recorder, which runs unless the disk hangs."""
    with contextlib.ExitStack() as stack:
        def begin(obstacle="", hangs=False):
            archive = Archive(DataFolder(str(tmp_path)), Settings(), SystemClock())
            archive.open()
            kept = keeping(*Settings(source=("front=demo",)).cameras(), SystemClock(), tmp_path,
                           store=archive.store, obstacle=lambda: obstacle)
            stack.callback(end, archive.store)
            if not hangs:
                kept.recorder.start()
                stack.callback(end, kept.recorder)
            camera = FakeCamera("front", archive, broadcaster)
            camera.feed = Feed(broadcaster, camera.status, camera.record, kept.evidence.keep_still)
            InBackground(publish_to_first_viewer, broadcaster, SMALL[0])
            return client_of(camera, archive=archive), archive
        yield begin


def end(worker):
    worker.stop()
    assert worker.join(60)


def test_still_and_its_event_are_on_the_disk_when_answered(app, disk, monkeypatch):
    monkeypatch.setattr(controls, "STILL_SECONDS", PATIENCE)
    client, archive = app()
    answer = client.post("/snapshot")
    assert answer.status_code == 200
    with archive.store.reading() as reader:
        (still,) = reader.event(answer.json["event"]).stills
    assert disk.keeps(archive.clips / still.path)


@pytest.mark.parametrize(("disk_is", "seconds", "pending"), [
    ({"obstacle": "there is no room"}, PATIENCE, "Cannot record: there is no room."),
    ({"hangs": True}, 0.2, "Cannot keep a still: the disk did not respond within 0.2 seconds.")])
def test_still_that_waits_for_the_disk_is_202(app, disk_is, seconds, pending, monkeypatch):
    monkeypatch.setattr(controls, "STILL_SECONDS", seconds)
    client, _ = app(**disk_is)
    answer = client.post("/snapshot")
    assert (answer.status_code, answer.json["pending"]) == (202, pending)


def test_clip_is_on_the_disk_once_it_is_complete(keep, clock, disk):
    kept = keep()
    record(kept, clock, 2)
    (clip,) = kept.files()
    assert disk.keeps(clip)


def test_recording_that_was_stopped_is_on_the_disk_at_once(keep, clock, disk):
    kept = keep()
    film(kept, clock, 1)
    kept.evidence.manual.record(True)
    film(kept, clock, 2)
    kept.evidence.manual.record(False)
    kept.recorder.run_once()
    (part,) = kept.files("*.part.mp4")
    assert disk.keeps(part)


def test_journal_of_a_stopped_recording_is_on_the_disk(keep, clock, disk, monkeypatch):
    kept, synced = keep(), []

    def encode(*frame):
        kept.evidence.manual.record(False)      # while encoding is behind
        synced.extend(disk.keeps(path) for path in kept.files("*.part.jpegs"))
    kept.evidence.manual.record(True)
    film(kept, clock, 3, run=False)
    monkeypatch.setattr(JpegVideo, "add", encode)
    kept.recorder.run_once()
    assert synced == [False] + [True] * (len(synced) - 1)
    assert len(synced) > 20


def test_deletion_is_forgotten_once_it_outlasts_a_power_cut(archive, clock, disk):
    kept = opened(archive())
    paths = [keep_event(kept, 0), keep_event(kept, 1)]
    kept.store.delete([1], clock.time())
    clock.now += 11
    sync_folder(paths[0].parent)
    forget, order = kept.store.forget_deletions, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept.store, "forget_deletions", lambda gone: order.append(
            (disk.forgot(paths[0]), len(gone), forget(gone))))
        kept.enforce()
    assert order == [(True, 2, None)]


def test_what_an_owner_sets_is_on_the_disk(tmp_path, clock, disk):
    folder, settings = ConfigFolder(str(tmp_path / "a" / "config")), Settings(source=("front=demo",))
    kept = keeping(*settings.cameras(), clock, tmp_path)
    privacy = Privacy(folder, settings.cameras(), kept.store, clock)
    for name, change in (
            ("privacy.json", lambda: privacy.draw("front", ["0,0 300,0 300,250"])),
            ("privacy.json", lambda: privacy.switch(False)),
            ("settings.toml", lambda: OwnerSettings(folder, settings).change(
                "front", {"sensitivity": "high"})),
            ("web-push.json", PushSubscriptions(folder).key),
            ("device-keys.json", lambda: DeviceKeys(folder, clock, in_this_thread).add("tv", None)),
            ("access.json", lambda: CredentialsFile(folder).change(lambda found: found))):
        change()
        assert disk.keeps(folder.path / name)
