"""Cameras that come, go and change while the program runs."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest

from harness import InBackground, eventually
from pyimagesearch.errors import SettingsError
from pyimagesearch.events.event import MANUAL
from pyimagesearch.folders import open_folders
from pyimagesearch.program import make_program
from pyimagesearch.program_alerts import make_alerts
from pyimagesearch.settings import Settings
from pyimagesearch.system.watchdog import ServiceManager

SCENE = "demo:160x120@8"      # slow: a viewer that is late skips frames
HIDDEN = "0,0 300,0 300,250"
STATES = ("learning", "live")


@pytest.fixture
def running(tmp_path):
    settings = Settings(source=(f"front={SCENE}", f"yard={SCENE}"), objects="off",
                        data=str(tmp_path / "data"), config_dir=str(tmp_path / "config"))
    data, config = open_folders(settings.data, settings.config_dir)
    program = make_program(settings, data, config, ServiceManager())
    program.alerts = make_alerts(settings, "http://127.0.0.1:8000/", data, program)
    program.archive.claim()
    program.start()
    yield program, settings
    program.stop_cameras()
    program.finish()


def is_live(program, name):
    return name in program.feeds and program.feeds[name].status().state in STATES


def with_sources(settings, *sources, **tables):
    return replace(settings, source=sources, tables=tables)


def test_others_lose_no_frame_while_cameras_change(running):
    program, settings = running
    eventually(lambda: is_live(program, "front") and is_live(program, "yard"))
    front = program.feeds["front"]
    watched = []
    with front.broadcaster.watching():
        viewer = InBackground(lambda: [watched.append(each.number)
                                       for each in front.broadcaster.frames()])
        eventually(lambda: len(watched) > 5)
        program.follow(with_sources(settings, f"front={SCENE}", f"yard={SCENE}", f"attic={SCENE}"))
        eventually(lambda: is_live(program, "attic"))
        program.follow(with_sources(settings, f"attic={SCENE}", f"front={SCENE}", f"yard={SCENE}",
                                    yard={"fps": 5.0}))
        eventually(lambda: is_live(program, "yard"))
        program.follow(with_sources(settings, f"front={SCENE}"))
        seen = len(watched)
        eventually(lambda: len(watched) > seen + 5)
    assert list(program.feeds) == ["front"]
    assert program.feeds["front"] is front
    assert watched == list(range(watched[0], watched[0] + len(watched)))
    program.stop_cameras()      # ends the stream
    viewer.result()


def test_closed_camera_completes_its_clip_and_ends_its_streams(running):
    program, settings = running
    eventually(lambda: is_live(program, "yard") and program.archive.ready.is_set())
    yard = program.feeds["yard"]
    yard.record(True)
    eventually(lambda: yard.status().recording)
    viewer = InBackground(lambda: list(yard.broadcaster.frames()))
    program.follow(with_sources(settings, f"front={SCENE}"))
    viewer.result()
    program.archive.confirm()
    with program.archive.store.reading() as reader:
        event = next(each for each in reader.page(10)[0] if each.kind == MANUAL)
    assert [clip.state for clip in event.clips] == ["complete"]
    assert program.mosaic.tiles == []
    assert len(program.archive.recorders) == 1


def test_camera_that_is_opened_again_is_listed_all_the_time(running):
    program, settings = running
    eventually(lambda: is_live(program, "yard"))
    changes = threading.Thread(target=lambda: [program.follow(with_sources(
        settings, f"front={SCENE}", f"yard={SCENE}", yard={"fps": float(fps)})) for fps in (4, 5, 6)])
    changes.start()
    seen = {tuple(program.feeds)}
    while changes.is_alive():
        seen.add(tuple(program.feeds))
    assert seen == {("front", "yard")}


def test_camera_that_is_changed_opens_again_within_two_seconds(running):
    program, settings = running
    eventually(lambda: is_live(program, "yard"))
    before = program.feeds["yard"]
    program.follow(with_sources(settings, f"front={SCENE}", "yard=demo:320x240@10"))
    assert program.feeds["yard"] is not before
    eventually(lambda: program.feeds["yard"].status().width == 320)


def test_all_cameras_may_go_and_come_back(running):
    program, settings = running
    program.follow(SimpleNamespace(cameras=list))
    assert list(program.feeds) == []
    program.follow(settings)
    eventually(lambda: is_live(program, "front"))
    assert [tile.name for tile in program.mosaic.tiles] == ["front", "yard"]


def test_settings_file_changes_the_cameras(running):
    program, _ = running
    file = program.owner_settings.file
    file.add("attic", SCENE)
    assert list(program.feeds) == ["front", "yard", "attic"]
    file.reorder(["attic", "yard", "front"])
    file.remove("yard")
    assert list(program.feeds) == ["attic", "front"]
    assert file.path.read_text() == (
        f'[cameras.attic]\nsource = "{SCENE}"\n\n[cameras.front]\nsource = "{SCENE}"\n')


def test_renamed_camera_stays_hidden(running):
    program, _ = running
    program.privacy.draw("front", [HIDDEN])
    program.owner_settings.file.rename("front", "door")
    assert list(program.feeds) == ["door", "yard"]
    assert program.privacy.hidden("door").drawn == (HIDDEN,)
    assert program.privacy.hidden("front").drawn == ()


def test_server_follows_its_settings_without_a_restart(running):
    program, _ = running
    file = program.owner_settings.file
    eventually(lambda: program.archive.status().cap)
    file.change(None, {"keep": "200MB", "place": "52.52,13.40"})
    eventually(lambda: program.archive.status().cap == 200_000_000)
    file.change("front", {"armed_hours": "sunset-sunrise"})
    assert program.arming.camera("front").until is not None
    file.change(None, {"alert_quiet": 5, "webhook": ["http://127.0.0.1:9/a", "http://127.0.0.1:9/b"]})
    assert program.alerts.sources.settings.alert_quiet == 5.0
    _, second = [each.name for each in program.alerts.statuses()]
    file.change(None, {"webhook": "http://127.0.0.1:9/b"})
    assert [each.name for each in program.alerts.statuses()] == [second]
    with pytest.raises(SettingsError, match="that Apprise does not accept"):
        file.change(None, {"apprise": "nosuch://host"})


def test_source_that_cannot_work_is_refused(running):
    program, _ = running
    with pytest.raises(SettingsError, match="--source is 'gopher://x', but must be"):
        program.owner_settings.file.add("attic", "gopher://x")
    assert list(program.feeds) == ["front", "yard"]
