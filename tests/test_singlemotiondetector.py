"""The tutorial's algorithm, to the pixel, against an independent computation."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.motion_detection import SingleMotionDetector, preprocessing


def for_detection(image):
    return preprocessing.for_detection(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))


def spread(mask, grow):
    """One 3x3 dilation (or erosion), as the definition says: any (all) neighbour."""
    padded = np.pad(mask, 1, constant_values=not grow)
    height, width = mask.shape
    shifted = [padded[y:y + height, x:x + width] for y in range(3) for x in range(3)]
    return np.any(shifted, axis=0) if grow else np.all(shifted, axis=0)


def by_hand(background, image, tVal):
    """Return mask and box, from the description of the algorithm and NumPy alone."""
    learnt = np.floor(background).astype(int)
    mask = np.abs(learnt - image.astype(int)) > tVal
    for grow in (False, False, True, True):
        mask = spread(mask, grow)
    if not mask.any():
        return None
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    return mask.astype(np.uint8) * 255, tuple(int(value) for value in box)


def by_contours(mask):
    """Return the box as the tutorial finds it: around every external contour."""
    contours = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[-2]
    boxes = [cv2.boundingRect(contour) for contour in contours]
    return (min(x for x, _, _, _ in boxes), min(y for _, y, _, _ in boxes),
            max(x + w for x, _, w, _ in boxes), max(y + h for _, y, _, h in boxes))


def assert_same(found, expected):
    assert (found is None) == (expected is None)
    if found is not None:
        np.testing.assert_array_equal(found[0], expected[0])
        assert found[1] == expected[1] == by_contours(found[0])


def compare(images, weight, tVal, frameCount=0):
    detector, background = SingleMotionDetector(accumWeight=weight), None
    hits = 0
    for number, image in enumerate(images):
        if number > frameCount:
            found = detector.detect(image, tVal)
            assert_same(found, by_hand(background, image, tVal))
            hits += found is not None
        detector.update(image)
        if background is None:
            background = image.copy().astype("float")
        else:
            cv2.accumulateWeighted(image, background, weight)
    return hits


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), height=st.integers(1, 40), width=st.integers(1, 40),
       weight=st.sampled_from([0.0, 0.1, 1 / 3, 0.5, 0.9, 1.0]),
       tVal=st.integers(0, 255), contrast=st.integers(1, 255))
def test_any_input_matches_an_independent_computation(
        seed, height, width, weight, tVal, contrast):
    chance = np.random.default_rng(seed)
    shape = (height, width)
    images = [chance.integers(0, contrast + 1, shape, dtype=np.uint8) for _ in range(3)]
    block = images[-1].copy()
    block[height // 4:height // 4 + 9, width // 3:width // 3 + 12] ^= 0xFF
    compare([*images, block, images[0]], weight, tVal)


def test_recorded_frames_match_an_independent_computation(recording):
    capture = cv2.VideoCapture(str(recording))
    images = []
    while (frame := capture.read())[0]:
        images.append(for_detection(frame[1]))
    assert len(images) == 36
    assert compare(images, weight=0.1, tVal=25, frameCount=8) > 10


def test_person_of_the_demo_scene_is_boxed():
    scene, detector = DemoScene((400, 300), 10), SingleMotionDetector(accumWeight=0.1)
    for number in range(30):
        detector.update(for_detection(scene.picture(number)))
    (truth,) = scene.boxes(70)
    mask, (left, top, right, bottom) = detector.detect(for_detection(scene.picture(70)))
    assert abs(left - truth[0]) < 14
    assert abs(right - truth[2]) < 14
    assert abs(top - truth[1]) < 14
    assert abs(bottom - truth[3]) < 14
    assert set(np.unique(mask)) == {0, 255}


def test_nothing_moves_in_a_noisy_but_still_scene():
    scene, detector = DemoScene((400, 300), 10), SingleMotionDetector(accumWeight=0.1)
    for number in range(28):
        image = for_detection(scene.picture(number))
        if number > 10:
            assert detector.detect(image) is None
        detector.update(image)


def test_background_is_a_running_average():
    detector = SingleMotionDetector(accumWeight=0.25)
    for level in (0, 100, 200):
        detector.update(np.full((5, 5), level, np.uint8))
    np.testing.assert_allclose(detector.bg, 0.75 * (0.75 * 0 + 0.25 * 100) + 0.25 * 200)


def test_the_first_frame_is_not_kept_by_reference():
    image = np.zeros((9, 9), np.uint8)
    detector = SingleMotionDetector()
    detector.update(image)
    image[:] = 255
    assert detector.detect(image)[1] == (0, 0, 9, 9)


def test_the_tutorials_call_still_works():
    detector = SingleMotionDetector(accumWeight=0.1)
    detector.update(np.zeros((50, 60), np.uint8))
    image = np.zeros((50, 60), np.uint8)
    image[10:20, 30:45] = 200
    (thresh, (minX, minY, maxX, maxY)) = detector.detect(image, tVal=25)
    assert (minX, minY, maxX, maxY) == (30, 10, 45, 20)
    assert thresh.shape == image.shape


def test_detect_before_update_raises_with_a_hint():
    with pytest.raises(RuntimeError, match=r"call update\(\) before detect\(\)"):
        SingleMotionDetector().detect(np.zeros((5, 5), np.uint8))
