"""The demo camera: the same scene every time, at its own rate."""


import numpy as np
import pytest

from pyimagesearch.capture.demo import DemoScene, DemoSource
from pyimagesearch.object_detection.crops import cut
from pyimagesearch.object_detection.object_groups import group_of
from pyimagesearch.object_detection.object_model import ObjectModel


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (33, 25), (100, 700)])
def test_demo_scene_is_the_same_for_the_same_seed(size):
    one, same, other = (DemoScene(size, 30, seed) for seed in (3, 3, 4))
    for number in (0, 100, 7000):
        picture = one.picture(number)
        assert picture.shape == (size[1], size[0], 3)
        np.testing.assert_array_equal(picture, same.picture(number))
    assert (one.picture(0) != other.picture(0)).any()


def test_demo_scene_has_noise_movement_and_pauses():
    scene = DemoScene((640, 480), 10)
    still = scene.picture(0).astype(int) - scene.picture(1)
    assert 2 < still.std() < 8
    counts = [len(scene.boxes(number)) for number in range(10 * 120)]
    assert set(counts) == {0, 1, 2}
    assert counts[0] == 0


@pytest.fixture(scope="module")
def model(real_model):
    return ObjectModel(real_model, side=256)


@pytest.mark.parametrize("size", [(640, 480), (1280, 720)])
@pytest.mark.parametrize(("name", "seconds"), [("person", range(4, 12, 2)), ("vehicle", range(15, 18))])
def test_what_moves_in_the_demo_is_named_rightly(model, size, seconds, name):
    scene, named = DemoScene(size, 10), 0
    for second in seconds:
        crops = cut(scene.picture(10 * second), scene.boxes(10 * second), size)
        found = {group_of(each.label) for crop in crops for each in model.find(crop.image, 0.4)}
        assert found - {""} <= {name}
        named += name in found
    assert named >= 0.75 * len(seconds)


def test_demo_source_keeps_its_rate(closing, clock):
    source, begin = DemoSource((64, 48), 20, closing, clock), clock.now
    for _ in range(100):
        source.read()
    assert clock.now - begin == pytest.approx(99 / 20, abs=0.06)


def test_demo_source_does_not_race_after_a_pause(closing, clock):
    source = DemoSource((64, 48), 20, closing, clock)
    source.read()
    clock.now += 3600
    resumed = clock.now
    for _ in range(20):
        source.read()
    assert clock.now - resumed == pytest.approx(19 / 20, abs=0.06)
