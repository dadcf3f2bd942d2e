"""What is kept to explain a motion event."""

import dataclasses

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import keeping
from harness import ManualClock
from pyimagesearch.events.explanation import BEGIN, PEAK
from pyimagesearch.frames import ArrayPicture, Frame
from pyimagesearch.jpeg import LazyJpeg
from pyimagesearch.motion_detection.detection import Detection
from pyimagesearch.motion_detection.regions import Region
from pyimagesearch.settings.settings import ALL_OPTIONS, Settings
from pyimagesearch.streaming.publisher import Shown
from pyimagesearch.surveillance.explainer import (
    MAX_MASK_BYTES,
    MAX_PATH_POINTS,
    MAX_REGIONS,
    explain,
    mask_as_png,
)

JPEG = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1].tobytes()
MOVING = Region((10, 10, 30, 40), 500, True, "has travelled far enough", 1.0, 12.0, 4.0,
                tuple((10 + number, 20) for number in range(11)))
RESTING = Region((60, 10, 70, 20), 90, False, "has not travelled far enough")


def options(**more):
    (camera,) = Settings(source=("front=demo",), **more).cameras()
    return camera


def seen(area, regions=(MOVING, RESTING), size=(400, 300)):
    """Return a detection in which *area* per mille of the frame moved."""
    mask = np.zeros(size[::-1], np.uint8)
    mask.flat[:int(area * mask.size / 1000)] = 255
    return Detection((MOVING.box,), area, mask, 40, regions, fps=10.0)


def decoded(png):
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)


class Scene:
    """A camera at ten frames a second, whose detections are set by the test."""

    def __init__(self, clock, folder, **more):
        self.clock, self.number = clock, 0
        self.kept = keeping(options(**more), clock, folder)
        self.kept.store.open()

    def show(self, *areas):
        for area in areas:
            self.clock.now += 0.1
            self.number += 1
            frame = Frame(self.number, ArrayPicture(None), self.clock.time(),
                          self.clock.monotonic())
            found = seen(area) if area else Detection((), 0.0, None, 40)
            self.kept.evidence.keep(frame, found, Shown(LazyJpeg(JPEG, (64, 48)), found.boxes))
            self.kept.recorder.run_once()

    def explained(self):
        """Return moment, area and number of moved pixels of each explanation, by event."""
        assert self.kept.store.flush(60)
        with self.kept.store.reading() as reader:
            found = reader.explanations([one.id for one in reader.page(9)[0]])
            return [[(each.moment, each.area, cv2.countNonZero(decoded(
                reader.mask(id, each.moment)))) for each in some] for id, some in found.items()]


@pytest.fixture
def scene(tmp_path, clock: ManualClock):
    made = []

    def make(**more):
        made.append(Scene(clock, tmp_path, **more))
        return made[-1]
    yield make
    for each in made:
        each.kept.store.stop()
        assert each.kept.store.join(60)


@pytest.mark.parametrize("record", [True, False])
def test_begin_and_peak_of_an_event_are_explained(scene, record):
    shown = scene(record=record)
    shown.show(*[0.0] * 10, 2.0, 3.0, 4.0)
    assert shown.explained() == [[(BEGIN, 4.0, 480)]]
    shown.show(5.0, 20.0, 6.0, *[0.0] * 60)
    assert shown.explained() == [[(BEGIN, 4.0, 480), (PEAK, 20.0, 2400)]]


def test_first_frame_may_be_the_peak_from_the_start(scene):
    shown = scene()
    shown.show(9.0, 3.0, 4.0)
    assert shown.explained() == [[(BEGIN, 4.0, 480), (PEAK, 9.0, 1080)]]


def test_event_whose_begin_is_its_peak_has_one_explanation(scene):
    shown = scene()
    shown.show(2.0, 3.0, 9.0, 4.0, *[0.0] * 60)
    shown.show(2.0, 3.0, 8.0, 4.0, *[0.0] * 60)
    assert shown.explained() == [[(BEGIN, 9.0, 1080)], [(BEGIN, 8.0, 960)]]


def test_quiet_and_short_motion_are_not_explained(scene):
    shown = scene(min_area=1.0)
    shown.show(*[0.0] * 20, 5.0, 0.0, 0.0, 5.0, 0.0, 0.0, *[0.5] * 20)
    assert shown.explained() == []


def test_new_mask_drops_what_would_show_hidden_motion(scene):
    shown = scene()
    shown.show(2.0, 3.0, 4.0, 20.0)
    shown.kept.evidence.start_over(masked=True)
    assert shown.explained() == [[(BEGIN, 4.0, 480)]]


def test_explanation_has_regions_settings_and_numbers():
    found = explain(BEGIN, 5.0, seen(4.0), options(min_area=0.5, min_frames=2))
    assert (found.at, found.size, found.area, found.min_area, found.fps, found.left_out) == (
        5.0, (400, 300), 4.0, 0.5, 10.0, 0)
    moving, resting = found.regions
    assert (moving.box, moving.area, moving.reported, moving.rule) == (
        (10, 10, 30, 40), 500, True, "has travelled far enough")
    assert (moving.age, moving.travelled, moving.needed, moving.seconds) == (1.0, 12.0, 4.0, 1.0)
    assert (moving.path[0], moving.path[-1]) == ((10, 20), (20, 20))
    assert (resting.reported, resting.rule, resting.seconds, resting.path) == (
        False, "has not travelled far enough", 0.0, ())


@pytest.mark.parametrize(("detector", "more"), [
    ("adaptive", {"sensitivity": "high"}), ("single", {"threshold": 30, "accum_weight": 0.1}),
    ("mog2", {}), ("mine:Detector", {"threshold": 30, "accum_weight": 0.1})])
def test_explanation_has_the_settings_that_count(detector, more):
    wanted = options(detector=detector, min_frames=2, sensitivity="high", threshold=30)
    assert explain(BEGIN, 5.0, seen(4.0), wanted).settings == {
        "detector": detector, "frame_count": 32, "min_area": 1.0, "min_frames": 2, **more}


def test_zone_with_a_least_area_of_its_own_is_named():
    region = MOVING._replace(zones=("drive",))
    found = explain(BEGIN, 5.0, seen(4.0, (region,))._replace(min_area=0.2), options())
    assert (found.min_area, found.regions[0].zones) == (0.2, ("drive",))


@pytest.mark.parametrize(("detector", "named"), [("adaptive", {"drive": "high"}), ("single", {})])
def test_sensitivity_of_the_zone_that_counted_is_kept(detector, named):
    zones = tuple({"name": name, "polygon": "0,0 500,0 500,999", **more} for name, more in (
        ("drive", {"sensitivity": "high"}), ("gate", {"sensitivity": "low"}), ("yard", {})))
    region = MOVING._replace(zones=("drive", "yard"))
    wanted = dataclasses.replace(options(detector=detector), zones=ALL_OPTIONS["zones"].parse(zones, "zones"))
    assert explain(BEGIN, 5.0, seen(4.0, (region,)), wanted).zone_sensitivities == named


def test_reported_regions_are_listed_first_and_paths_are_thinned():
    many = [RESTING._replace(area=area) for area in range(40)]
    long = MOVING._replace(path=tuple((number, 7) for number in range(60)), area=1)
    found = explain(BEGIN, 5.0, seen(4.0, (*many, long)), options())
    assert [region.area for region in found.regions] == [1, *range(39, 40 - MAX_REGIONS, -1)]
    assert found.left_out == 41 - MAX_REGIONS
    path = found.regions[0].path
    assert (len(path), path[0], path[-1]) == (MAX_PATH_POINTS, (0, 7), (59, 7))
    assert found.regions[0].seconds == 5.9


def test_numbers_of_numpy_are_kept_as_plain_ones():
    region = Region(tuple(np.array([1, 2, 3, 4])), np.int64(9), np.bool_(True), "differs",
                    np.float32(1.5), np.float32(2), np.float32(3),
                    (tuple(np.array([1.4, 2.0])), (3, 4)))
    found = explain(BEGIN, 5.0, seen(4.0, (region,)), options())
    assert '"box":[1,2,3,4],"area":9,"reported":true' in found.as_text()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 100), st.integers(20, 400), st.integers(20, 300), st.integers(0, 9))
def test_mask_is_small_and_still_where_it_was(percent, width, height, seed):
    dice = np.random.default_rng(seed)
    mask = (dice.random((height, width)) < percent / 100).astype(np.uint8) * 255
    mask[:, : width // 4] = 0
    mask[:10, -10:] = 255
    png = mask_as_png(mask)
    assert len(png) <= MAX_MASK_BYTES
    assert png[24:26] == b"\x01\x00"      # one bit, grey
    small = decoded(png)
    assert not small[:, : max(1, width // 4 * small.shape[1] // width - 1)].any()
    assert small[0, -1]


def test_clear_mask_keeps_its_size():
    mask = np.zeros((300, 400), np.uint8)
    cv2.circle(mask, (100, 100), 40, 255, -1)
    assert np.array_equal(decoded(mask_as_png(mask)), mask)
