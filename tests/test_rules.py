"""The rules that decide about regions, one by one."""

import cv2
import numpy as np
import pytest

from pyimagesearch.motion_detection import AdaptiveMotionDetector
from test_adaptivemotiondetector import learnt, noisy, rules_of, with_object, yard

FPS = 10


@pytest.fixture
def detector():
    return learnt(AdaptiveMotionDetector(fps=FPS))


def brighter(image, factor):
    return np.clip(image * factor, 0, 255).astype(np.uint8)


def walk_in(detector, steps=15):
    for step in range(steps):
        found = detector.look(noisy(with_object(yard(), 10 * step, size=60, level=0), step))
    assert found.boxes
    return with_object(yard(), 10 * (steps - 1), size=60, level=0)


def test_who_stands_while_the_exposure_settles_is_no_light(detector):
    stands = walk_in(detector)
    seen = []
    for step in range(40):
        factor = 1 + 0.05 * min(1.0, step / 5)
        seen += rules_of(detector.look(noisy(brighter(stands, factor), step)))
    assert "is only a patch of light or shade" not in seen


def test_shade_that_crosses_the_scene_is_light():
    stones = np.random.default_rng(3).integers(60, 200, (50, 70), np.uint8)
    ground = cv2.resize(stones, (400, 300), interpolation=cv2.INTER_CUBIC)
    detector, seen, boxes = learnt(AdaptiveMotionDetector(fps=FPS), ground), [], 0
    for step in range(20):
        image = ground.copy()
        image[:, 15 * step:15 * step + 80] = image[:, 15 * step:15 * step + 80] * 0.6
        found = detector.look(noisy(image, step))
        seen += rules_of(found)
        boxes += len(found.boxes)
    assert "is only a patch of light or shade" in seen
    assert boxes <= 2


def test_who_stops_is_reported_for_some_seconds_more(detector):
    stands = walk_in(detector)
    reported = [bool(detector.look(noisy(stands, step)).boxes) for step in range(10 * FPS)]
    assert all(reported[:5 * FPS])
    assert not any(reported[8 * FPS:])
    assert "has been at rest for too long" in rules_of(detector.look(stands))


@pytest.mark.parametrize(("blink_rate", "reported"), [(0.0, True), (0.1, False)])
def test_what_moves_on_the_spot_counts_on_calm_ground_only(detector, blink_rate, reported):
    stands = walk_in(detector)
    for step in range(8 * FPS):
        detector._scene.background.blink[:] = 255 * blink_rate
        image = stands.copy()
        image[120:140, 150:190] = 200 * (step // 3 % 2)     # it waves
        found = detector.look(noisy(image, step))
    assert bool(found.boxes) is reported


def test_what_stands_for_long_becomes_background(detector):
    stands = walk_in(detector)
    for step in range(40 * FPS):
        found = detector.look(noisy(stands, step))
    assert not found.regions


def test_regions_of_noise_are_too_small_or_too_faint(detector):
    found = detector.look(noisy(with_object(yard(), 200, size=6), 1))
    assert not found.boxes
    assert set(rules_of(found)) <= {"is too small", "hardly differs from the background"}


@pytest.mark.parametrize(("sways", "reported"), [(False, True), (True, False)])
def test_leaves_that_sway_far_do_not_travel(detector, sways, reported):
    seen, rules = 0, set()
    for step in range(6 * FPS):
        detector._scene.background.blink[:] = 255 * 0.08
        x = 200 + round(40 * np.sin(1.5 * step)) if sways else 40 + 6 * step
        image = with_object(yard(), x, size=60, level=0)
        found = detector.look(noisy(image, step))
        seen, rules = seen + bool(found.boxes), rules | set(rules_of(found))
    assert (seen > 2 * FPS) is reported
    assert reported or seen == 0
    assert ("only moves to and fro" in rules) is sways
