"""The adaptive motion detector: what moves is found, what only changes is not."""

import functools

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyimagesearch.frames import size_of
from pyimagesearch.motion_detection import AdaptiveMotionDetector
from pyimagesearch.motion_detection.adaptive.timing import Timing
from pyimagesearch.motion_detection.detector import RegionDetector, load_detector
from pyimagesearch.settings.settings import Settings

SIZE = (400, 300)
LEARNT = 40


def yard(size=SIZE):
    """A textured scene, the same at each call."""
    coarse = np.random.default_rng(5).integers(40, 200, (12, 16), np.uint8)
    return cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)


@functools.cache
def noise(shape, number):
    return np.random.default_rng(number).normal(0, 1.5, shape).astype(np.int16)


def noisy(image, number):
    """Return *image* with the noise of a sensor."""
    return np.clip(image + noise(image.shape, number % 16), 0, 255).astype(np.uint8)


def with_object(image, left, top=100, size=40, level=255):
    image = image.copy()
    image[top:top + size, max(0, left):left + size] = level
    return image


def learnt(detector=None, scene=None, count=LEARNT, size=SIZE):
    detector = detector or AdaptiveMotionDetector()
    scene = yard(size) if scene is None else scene
    for number in range(count):
        detector.look(noisy(scene, number), learning=True)
    return detector


def rules_of(found):
    return [region.rule for region in found.regions]


def test_what_crosses_the_picture_is_reported_where_it_is():
    detector = learnt()
    seen = [detector.look(noisy(with_object(yard(), 6 * step), step)) for step in range(40)]
    assert all(found.boxes for found in seen[8:])
    ((left, top, right, bottom),) = seen[-1].boxes
    assert np.abs(np.subtract((left, top, right, bottom), (234, 100, 274, 140))).max() <= 4
    assert cv2.countNonZero(seen[-1].mask) == pytest.approx(1600, rel=0.15)


@pytest.mark.parametrize("step", [20, 46, 60])
def test_what_is_quick_at_five_fps_is_reported(step):
    detector = learnt(AdaptiveMotionDetector(fps=5))
    seen = [detector.look(noisy(with_object(yard(), step * number + 5), number))
            for number in range(6)]
    assert [bool(found.boxes) for found in seen] == [False] * 2 + [True] * 4


def test_two_lights_that_blink_by_turns_do_not_leap():
    detector = learnt(AdaptiveMotionDetector(fps=5))
    for number in range(20):
        image = with_object(yard(), 100 + 60 * (number % 2))
        assert not detector.look(noisy(image, number)).boxes


def test_what_stays_beside_something_new_did_not_leap():
    detector = learnt(AdaptiveMotionDetector(fps=5))
    image = yard()
    for number in range(4):
        image = with_object(image, 60 * number + 5)
        assert not detector.look(noisy(image, number)).boxes


def test_two_things_that_move_are_two_regions():
    detector = learnt()
    for step in range(20):
        image = with_object(with_object(yard(), 6 * step), 350 - 6 * step, 220)
        found = detector.look(noisy(image, step))
    assert len(found.boxes) == 2


def test_what_goes_nowhere_is_not_reported_and_says_so():
    detector = learnt()
    seen = [detector.look(noisy(with_object(yard(), 200), step)) for step in range(25)]
    assert not any(found.boxes for found in seen)
    assert set(rules_of(seen[10])) == {"has not travelled far enough"}


def test_region_tells_how_far_it_went_and_where():
    detector = learnt()
    for step in range(20):
        found = detector.look(noisy(with_object(yard(), 10 * step), step))
    (region,) = found.regions
    assert region.moving
    assert region.rule == "has travelled far enough"
    assert region.travelled >= region.needed > 0
    assert region.age == pytest.approx(20 / 25, abs=0.1)
    assert len(region.path) >= 15
    across = np.diff([x for x, y in region.path])
    assert np.abs(across - 10).max() <= 3
    assert region.area == pytest.approx(1600, rel=0.15)


def test_flickering_leaves_are_not_reported():
    detector, alarms = AdaptiveMotionDetector(), 0
    for step in range(200):
        image = yard()
        for leaf in range(30):
            if np.random.default_rng(1000 * step + leaf).random() < 0.4:
                cv2.circle(image, (220 + 25 * (leaf % 6), 60 + 25 * (leaf // 6)), 9, 250, -1)
        alarms += bool(detector.look(noisy(image, step), learning=step < 33).boxes)
    assert alarms <= 2


def test_brighter_exposure_is_no_motion():
    detector = learnt()
    for step in range(60):
        brighter = np.clip(yard() * (1 + 0.006 * min(step, 40)), 0, 255).astype(np.uint8)
        assert not detector.look(noisy(brighter, step)).boxes


def test_lamp_switched_on_is_light_not_motion():
    detector = learnt(scene=yard() // 3)
    seen = [detector.look(noisy(yard() // 3 + 90, step)) for step in range(30)]
    assert "is in a picture whose light changes" in rules_of(seen[0])
    assert not any(found.boxes for found in seen)


def test_what_has_left_leaves_no_ghost():
    car = cv2.ellipse(yard(), (200, 150), (50, 30), 0, 0, 360, 255, -1)
    detector = learnt(scene=car)
    for step in range(60):
        found = detector.look(noisy(yard(), step))
    assert not found.regions


def test_passers_by_while_learning_leave_no_ghost():
    detector = AdaptiveMotionDetector()
    for step in range(33):
        detector.look(noisy(with_object(yard(), 12 * step), step), learning=True)
    for step in range(10):
        assert not detector.look(noisy(yard(), step)).boxes


@pytest.mark.parametrize("count", [0, 1, 2, 300])
def test_any_number_of_frames_may_teach(count):
    detector = learnt(count=count)
    for step in range(30):
        found = detector.look(noisy(with_object(yard(), 6 * step), step))
    assert found.boxes or count < 2


@pytest.mark.parametrize("fps", [1, 2, 5, 12, 25, 60])
def test_walker_is_found_at_any_frame_rate(fps):
    detector = learnt(AdaptiveMotionDetector(fps=fps))
    reported = [bool(detector.look(noisy(with_object(yard(), round(120 * step / fps)), step)).boxes)
                for step in range(3 * fps)]
    assert np.mean(reported[max(1, fps // 2):]) > 0.9


@pytest.mark.parametrize("size", [(64, 48), (199, 100), (320, 240), (1001, 563), (1920, 200)])
def test_mask_and_boxes_fit_pictures_of_any_size(size):
    detector = learnt(size=size)
    side, step_width = min(size[0] // 8, size[1] // 2), size[0] / 60
    for step in range(30):
        image = with_object(yard(size), round(step * step_width), size[1] // 3, side)
        found = detector.look(noisy(image, step))
    assert size_of(found.mask) == size
    ((left, top, right, bottom),) = found.boxes
    wanted = (round(29 * step_width), size[1] // 3, round(29 * step_width) + side,
              size[1] // 3 + side)
    assert np.abs(np.subtract((left, top, right, bottom), wanted)).max() <= size[0] / 40


def test_thresholds_can_be_scaled_pixel_by_pixel():
    scale = np.ones((SIZE[1], SIZE[0]), np.float32)
    scale[:, :200] = 100.0
    detector = AdaptiveMotionDetector()
    detector.threshold_scale = scale
    learnt(detector)
    seen = [detector.look(noisy(with_object(yard(), 6 * step), step)).boxes for step in range(60)]
    assert not any(seen[:20])
    assert all(seen[50:])


def test_faint_object_needs_high_sensitivity():
    def reports(sensitivity):
        flat = np.full((300, 400), 90, np.uint8)
        detector = learnt(AdaptiveMotionDetector(sensitivity=sensitivity), flat)
        return sum(bool(detector.look(noisy(with_object(flat, 6 * step, level=level), step)).boxes)
                   for step in range(40))
    level = 90 + 22
    assert reports("normal") == 0
    assert reports("high") > 20


def test_sensitivity_changes_without_learning_again():
    flat = np.full((300, 400), 90, np.uint8)
    detector = learnt(scene=flat)
    (high,) = Settings(source=("demo",), sensitivity="high").cameras()
    detector.adjust(high)
    seen = [detector.look(noisy(with_object(flat, 6 * step, level=112), step)).boxes
            for step in range(20)]
    assert any(seen)


def test_unknown_sensitivity_is_an_error():
    with pytest.raises(ValueError, match="sensitivity is 'most', but must be one of low, normal, high"):
        AdaptiveMotionDetector(sensitivity="most")


def test_tutorials_loop_finds_the_same_as_look():
    looking, tutorial = learnt(), AdaptiveMotionDetector()
    for number in range(LEARNT):
        tutorial.update(noisy(yard(), number))
    for step in range(20):
        image = noisy(with_object(yard(), 6 * step), step)
        found, motion = looking.look(image), tutorial.detect(image, 25)
        tutorial.update(image)
        assert (motion[1] if motion else []) == list(found.boxes)
    np.testing.assert_array_equal(motion[0], found.mask)


def test_apply_takes_colour_and_learns_by_itself():
    detector = AdaptiveMotionDetector()
    for _ in range(33):
        mask, boxes = detector.apply(cv2.merge([yard()] * 3))
        assert mask is None
        assert boxes == []
    for step in range(20):
        mask, boxes = detector.apply(cv2.merge([with_object(yard(), 6 * step)] * 3))
    assert len(boxes) == 1
    assert mask.shape == (300, 400)


def test_views_have_the_size_of_the_picture():
    detector = AdaptiveMotionDetector()
    assert detector.view("background") is None
    learnt(detector)
    detector.look(with_object(yard(), 100))
    assert np.abs(detector.view("background").astype(int) - yard()).mean() < 4
    assert detector.view("difference")[120, 120] > 20
    assert detector.view("mask").shape == (300, 400)


def test_adaptive_is_chosen_by_name_with_its_sensitivity():
    (wanted,) = Settings(source=("demo",), detector="adaptive", sensitivity="low").cameras()
    made = load_detector(wanted)()
    assert isinstance(made, RegionDetector)
    assert isinstance(made, AdaptiveMotionDetector)
    flat = np.full((300, 400), 90, np.uint8)
    learnt(made, flat)
    small = [with_object(flat, 6 * step, size=10) for step in range(30)]
    assert not any(made.look(noisy(image, step)).boxes for step, image in enumerate(small))
    usual = learnt(scene=flat)
    assert any(usual.look(noisy(image, step)).boxes for step, image in enumerate(small))


def test_rates_of_learning_are_those_of_25_frames_a_second():
    after_a_second = (1 - Timing(60).share(0.02)) ** 60
    assert after_a_second == pytest.approx((1 - Timing(25).share(0.02)) ** 25)
    assert Timing(60).at_least(6) == 14
    assert Timing(5).at_least(6) == 6


@given(width=st.integers(1, 450), height=st.integers(1, 40), seed=st.integers(0, 99),
       learning=st.integers(0, 4), kind=st.sampled_from(["noise", "black", "white", "steps"]))
@settings(max_examples=40, deadline=None)
def test_odd_pictures_are_no_error(width, height, seed, learning, kind):
    random = np.random.default_rng(seed)
    detector = AdaptiveMotionDetector(fps=float(random.choice([0.1, 1, 25, 1000])))
    for number in range(30):
        level = {"black": 0, "white": 255, "steps": 60 * (number % 5)}.get(kind, 0)
        image = np.full((height, width), level, np.uint8)
        if kind == "noise":
            image = random.integers(0, 256, (height, width), np.uint8)
        found = detector.look(image, learning=number < learning)
        assert found.mask is None or found.mask.shape == image.shape
        for region in found.regions:
            left, top, right, bottom = region.box
            assert 0 <= left < right <= width
            assert 0 <= top < bottom <= height
            assert region.path
