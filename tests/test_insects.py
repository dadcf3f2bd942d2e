"""Insects close to the lens are left out; what is as far away as the scene is not."""

import cv2
import numpy as np

from pyimagesearch.motion_detection import AdaptiveMotionDetector

SIZE = (200, 120)       # pixels
FPS = 25
SECONDS = 3


def yard():
    """A dark scene with sharp edges, as in the light of an infrared lamp."""
    coarse = np.random.default_rng(3).integers(30, 110, (10, 16), np.uint8)
    return cv2.resize(coarse, SIZE, interpolation=cv2.INTER_NEAREST)


def noisy(image, number):
    noise = np.random.default_rng(number).normal(0, 1.5, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def with_disc(x, y, radius, blur):
    """A bright disc at *x*, *y*, with a rim as wide as *blur* says [pixels]."""
    light = np.zeros(SIZE[::-1], np.float32)
    cv2.circle(light, (round(16 * x), round(16 * y)), 16 * radius, (120.0,), -1,
               cv2.LINE_AA, 4)
    return np.clip(yard() + cv2.GaussianBlur(light, (0, 0), blur), 0, 255)


def seen_of(picture, fps=FPS):
    """Return what is found in SECONDS of *picture* (of the time), after learning."""
    detector = AdaptiveMotionDetector(fps=fps)
    for number in range(40):
        detector.look(noisy(yard(), number), learning=True)
    return [detector.look(noisy(picture(step / fps), 40 + step))
            for step in range(round(SECONDS * fps))]


def frames_reported(seen):
    return sum(bool(found.boxes) for found in seen)


def rules_of(seen):
    return {region.rule for found in seen for region in found.regions}


def test_animal_that_trots_across_is_reported():
    seen = seen_of(lambda time: with_disc(60 * time, 80, 7, 0.5))
    assert frames_reported(seen) > 0.8 * len(seen)


def test_spider_close_to_the_lens_is_out_of_focus():
    seen = seen_of(lambda time: with_disc(40 * time, 60 + 4 * np.sin(time), 10, 4))
    assert frames_reported(seen) == 0
    assert "is out of focus, as insects close to the lens are" in rules_of(seen)


def test_spider_thread_that_sways_is_no_motion():
    def thread(time):
        light = np.zeros(SIZE[::-1], np.float32)
        x = 100 + 12 * np.sin(2 * time)
        cv2.line(light, (round(16 * x), 0), (round(16 * x) + 300, 16 * SIZE[1]),
                 (90.0,), 3, cv2.LINE_AA, 4)
        return np.clip(yard() + cv2.GaussianBlur(light, (0, 0), 1.2), 0, 255)
    assert frames_reported(seen_of(thread)) == 0


def test_soft_thing_is_reported_by_a_camera_that_is_not_sharp():
    def soft(time):
        return cv2.GaussianBlur(with_disc(60 * time, 80, 10, 4), (0, 0), 4)
    detector = AdaptiveMotionDetector(fps=FPS)
    for number in range(40):
        detector.look(noisy(cv2.GaussianBlur(yard(), (0, 0), 4), number), learning=True)
    seen = [detector.look(noisy(soft(step / FPS), 40 + step)) for step in range(75)]
    assert frames_reported(seen) > 0.6 * len(seen)


def test_moth_that_flies_to_and_fro_is_no_motion():
    def moth(time):
        return with_disc(100 + 70 * np.sin(7 * time), 60 + 40 * np.cos(11 * time), 3, 1)
    seen = seen_of(moth)
    assert frames_reported(seen) == 0
    assert "flies fast and to and fro, as insects do" in rules_of(seen)


def test_moth_at_six_frames_per_second_is_no_motion():
    def moth(time):
        return with_disc(100 + 60 * np.sin(2.9 * time), 60 + 40 * np.cos(4.1 * time), 4, 1)
    assert frames_reported(seen_of(moth, fps=6)) <= 1


def test_lamp_of_a_car_that_is_as_fast_goes_straight_on():
    seen = seen_of(lambda time: with_disc(65 * time, 70 + 3 * time, 3, 1))
    assert frames_reported(seen) > 0.7 * len(seen)
