"""Recognising a scene, whatever stands in it, and however bright it is."""

import cv2
import numpy as np
import pytest

from pyimagesearch.motion_detection.adaptive.recognition import is_same_scene


def scene(seed=1, size=(200, 150)):
    coarse = np.random.default_rng(seed).integers(40, 200, (40, 50), np.uint8)
    return cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)


def noisy(grey, strength):
    noise = np.random.default_rng(2).normal(0, strength, grey.shape)
    return np.clip(grey + noise, 0, 255).astype(np.uint8)


def with_crowd(grey):
    crowded = grey.copy()
    crowded[30:140, 20:100] = 230
    return crowded


@pytest.mark.parametrize("change", [
    lambda grey: grey, lambda grey: noisy(grey, 6), with_crowd,
    lambda grey: (0.5 * grey).astype(np.uint8), lambda grey: cv2.add(grey, 40)],
    ids=["the same", "noise", "crowd", "darker", "brighter"])
def test_scene_is_recognised(change):
    assert is_same_scene(change(scene()), scene())


@pytest.mark.parametrize("change", [
    lambda grey: np.roll(grey, 4, 1), lambda grey: np.roll(grey, 4, 0),
    lambda grey: scene(seed=3), lambda grey: 255 - grey, lambda grey: np.full_like(grey, 90),
    lambda grey: noisy(np.full_like(grey, 90), 5)],
    ids=["turned", "tilted", "another", "inverted", "covered", "dark"])
def test_other_scene_is_not_recognised(change):
    assert not is_same_scene(change(scene()), scene())


@pytest.mark.parametrize("size", [(1, 1), (200, 1), (1, 80), (7, 5)])
def test_tiny_pictures_are_no_error(size):
    assert is_same_scene(scene(size=size), scene(size=size)) in (True, False)
    assert not is_same_scene(np.zeros(size, np.uint8), np.zeros(size, np.uint8))
