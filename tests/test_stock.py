"""OpenCV's subtractors as detectors: regions, learning by seconds, and views."""

import numpy as np
import pytest

from pyimagesearch.frames import ArrayPicture
from pyimagesearch.motion_detection.detection import MotionDetection
from pyimagesearch.motion_detection.stock import (
    STOCK_DETECTORS,
    CntDetector,
    Mog2Detector,
    split_into_regions,
)
from pyimagesearch.settings.settings import Settings

YARD = np.random.default_rng(1).integers(60, 120, (150, 200), np.uint8)
STOCK = sorted(STOCK_DETECTORS)


def with_squares(*corners):
    image = YARD.copy()
    for x, y in corners:
        image[y:y + 30, x:x + 30] = 230
    return image


def learnt(name, fps=10.0):
    """A detector that has seen four seconds of the yard."""
    detector = STOCK_DETECTORS[name]()
    detector.fps = fps
    for _ in range(int(4 * fps)):
        assert not detector.look(YARD, learning=True).boxes
    return detector


@pytest.mark.parametrize("name", STOCK)
def test_two_things_that_appear_are_two_regions(name):
    found = learnt(name).look(with_squares((50, 100), (150, 20)))
    assert sorted(found.boxes) == [
        pytest.approx((50, 100, 80, 130), abs=3), pytest.approx((150, 20, 180, 50), abs=3)]
    assert all(region.moving and abs(region.area - 900) < 90 for region in found.regions)
    assert sum(region.area for region in found.regions) == np.count_nonzero(found.mask)


@pytest.mark.parametrize("name", ["mog2", "knn"])
def test_shadow_is_no_motion(name):
    detector, image = learnt(name), with_squares((150, 20))
    image[60:120, 20:80] = (0.7 * image[60:120, 20:80]).astype(np.uint8)
    (box,) = detector.look(image).boxes
    assert box == pytest.approx((150, 20, 180, 50), abs=3)


@pytest.mark.parametrize("name", STOCK)
def test_nothing_is_reported_of_a_calm_scene(name):
    detector = learnt(name)
    assert not any(detector.look(YARD).boxes for _ in range(20))


@pytest.mark.parametrize("name", STOCK)
def test_views_show_what_the_detector_sees(name):
    detector = STOCK_DETECTORS[name]()
    assert detector.view("background") is None
    detector = learnt(name)
    image = with_squares((50, 100))
    detector.look(image)
    assert np.abs(detector.view("background").astype(int) - YARD).max() <= 2
    assert detector.view("difference")[115, 65] > 100
    assert (detector.view("mask")[115, 65], detector.view("mask")[20, 20]) == (255, 0)
    assert detector.view("sound") is None


@pytest.mark.parametrize(("name", "seconds"), [("mog2", 60), ("knn", 60), ("cnt", 5)])
@pytest.mark.parametrize("fps", [4.0, 12.0])
def test_what_stays_is_learnt_by_seconds_not_by_frames(name, seconds, fps):
    detector, image = learnt(name, fps), with_squares((50, 100))
    early = [detector.look(image) for _ in range(int(0.5 * fps))]
    assert all(found.boxes for found in early)
    late = [detector.look(image) for _ in range(int(seconds * fps))]
    assert not late[-1].boxes


def test_rates_follow_the_frames_per_second():
    detector = CntDetector()
    for fps, frames in ((10.0, 10), (30.0, 30), (0.5, 2)):
        detector.fps = fps
        detector.look(YARD)
        assert detector._counting.getMinPixelStability() == frames
    detector = Mog2Detector()
    detector.look(YARD)
    assert detector._learning_rate() == 0.5
    detector._learnt = 10_000
    detector.fps = 5.0
    assert detector._learning_rate() == pytest.approx(0.01)


def test_small_regions_are_dropped_from_the_mask():
    mask = np.zeros((300, 400), np.uint8)
    mask[10:12, 10:12] = 255
    mask[100:120, 100:150] = 255
    kept, (region,) = split_into_regions(mask)
    assert np.count_nonzero(kept) == region.area == 1000
    assert region.box == (100, 100, 150, 120)


@pytest.mark.parametrize("name", STOCK)
def test_product_learns_frame_count_frames_with_it(name):
    (settings,) = Settings(source=("demo",), detector=name, frame_count=12).cameras()
    detection = MotionDetection(settings)
    images = [with_squares((5 * k, 100)) for k in range(10)] + [YARD] * 20
    seen = [detection.look(ArrayPicture(np.dstack([image] * 3)), number / 10)
            for number, image in enumerate([*images, with_squares((150, 50))])]
    assert not any(each.boxes for each in seen[:13])
    assert seen[-1].boxes
    assert seen[-1].area == pytest.approx(30, rel=0.1)
