"""Events of a replayed video: the same as a camera's, by the same rules."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import keeping
from harness import ManualClock
from pyimagesearch.frames import ArrayPicture, Frame
from pyimagesearch.jpeg import LazyJpeg
from pyimagesearch.motion_detection.detection import Detection
from pyimagesearch.motion_detection.scene_changes import Scene
from pyimagesearch.replay.event_log import (
    EventLog,
    Level,
    Peak,
    SceneChange,
    SceneLog,
    events_in,
)
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.settings.settings import Settings
from pyimagesearch.streaming.publisher import Shown

AREAS = st.lists(st.tuples(st.sampled_from([0.1, 0.1, 0.3, 2.0]),
                           st.sampled_from([0.0, 0.0, 0.5, 3.0, 8.0, 20.0])), max_size=40)


def camera(**options):
    return CameraSettings(name="front", source="demo", **options)


def levels_of(areas, fps=10):
    return [Level(number / fps, area) for number, area in enumerate(areas)]


@given(AREAS, st.integers(1, 5))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_events_are_those_that_a_camera_stores(tmp_path_factory, no_fsync, areas, min_frames):
    options = {"min_frames": min_frames, "min_area": 1.0, "post_roll": 1.0}
    clock = ManualClock()
    (wanted,) = Settings(source=("front=demo",), record=False, **options).cameras()
    kept = keeping(wanted, clock, tmp_path_factory.mktemp("events"))
    kept.store.open()
    levels, begin = [], clock.time()
    for number, (pause, area) in enumerate(areas):
        clock.now += pause
        levels.append(Level(clock.time() - begin, area))
        frame = Frame(number, ArrayPicture(None), clock.time(), clock.monotonic())
        boxes = ((1, 2, 3, 4),) if area else ()
        kept.evidence.keep(frame, Detection(boxes, area, None, 40),
                           Shown(LazyJpeg(b"", (64, 48)), boxes))
    kept.evidence.end_motion()
    assert kept.store.flush(60)
    with kept.store.reading() as reader:
        stored = reader.page(limit=100)[0][::-1]
    kept.store.stop()
    assert kept.store.join(60)
    assert [(event.begin - begin, event.end - begin) for event in stored] == [
        (pytest.approx(each.begin, abs=1e-5), pytest.approx(each.end, abs=1e-5))
        for each in events_in(levels, camera(**options))]


def test_change_of_the_whole_picture_is_noted_once():
    log, quiet = SceneLog(), Scene()
    for scene in (quiet, Scene("light", 1.0, "darker"), quiet, Scene("covered", 3.0),
                  Scene("covered", 3.0), quiet, Scene("covered", 6.0)):
        log.on_frame(scene)
    assert log.changes == [SceneChange(1.0, "light", "darker"), SceneChange(3.0, "covered"),
                           SceneChange(6.0, "covered")]


def test_peak_is_the_frame_with_most_motion():
    (event,) = events_in(levels_of([0, 2, 5, 9, 4, 0, 0]), camera())
    assert (event.peak.at, event.peak.area) == (pytest.approx(0.3), 9)
    assert (event.begin, event.end, event.seconds) == (
        pytest.approx(0.1), pytest.approx(0.4), pytest.approx(0.3))


def test_peak_of_a_single_flash_before_is_forgotten():
    levels = levels_of([90, *[0] * 20, 3, 4, 3])
    (event,) = events_in(levels, camera())
    assert event.peak.area == 4


def test_peak_is_described_only_when_it_grows():
    asked = []

    def peak_of(level):
        asked.append(level.area)
        return Peak(level.at, level.area)
    log = EventLog(camera())
    for level in levels_of([1, 3, 2, 3, 7, 0]):
        log.on_frame(level, peak_of)
    assert asked == [1, 3, 7]


def test_least_area_of_a_frame_takes_the_place_of_the_cameras():
    levels = [Level(number, 2.0, min_area=1.0) for number in range(4)]
    assert len(events_in(levels, camera(min_area=5.0))) == 1
    assert events_in([each._replace(min_area=3.0) for each in levels], camera(min_area=1.0)) == []


def test_event_that_lasts_ends_with_the_video():
    (event,) = events_in(levels_of([0, *[4] * 6]), camera())
    assert event.end == pytest.approx(0.6)
    assert event.overlaps(0.6, 9)
    assert not event.overlaps(0.7, 9)
