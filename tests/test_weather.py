"""The default detector under ten kinds of weather, laid over the demo camera's scene."""

from functools import cache

import numpy as np
import pytest

from benchmarks.detection import make_watcher
from benchmarks.footage import Recording
from benchmarks.judging import judge
from benchmarks.weather import EFFECTS, lay
from benchmarks.weather_clips import MOTION, QUIET, Base, Part, cut, with_weather
from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.settings.settings import Settings

DETECTOR = Settings().detector
FPS = 10.0
SEED = 2
RECORDED_BY_THE_TUTORIAL = ("headlights", "insects", "lamp")
# thirteen seconds of an empty yard, of which three teach, and a walker who crosses it
YARD = Base("yard", (Part(QUIET, 0, 30, 13), Part(MOTION, 35, 105)))


@cache
def clip():
    """The clip without weather, and its frames."""
    scene = DemoScene((240, 180), FPS)
    recording = Recording("demo", FPS, lambda: map(scene.picture, range(105)))
    yard = cut(YARD, recording)
    return yard, list(yard.play())


@cache
def scores(effect):
    """The score of the default detector, and of the tutorial's own for some effects."""
    yard, frames = clip()
    detectors = (DETECTOR, "single") if effect in RECORDED_BY_THE_TUTORIAL else (DETECTOR,)
    return judge(with_weather(yard, frames, effect, SEED),
                 [make_watcher(detector, FPS) for detector in detectors])


def assert_calm_until_the_walker_comes(effect):
    score, *_ = scores(effect)
    assert (score.quiet_frames, score.events) == (90, 1)
    assert score.false_events == 0
    assert score.recorded_seconds == 0
    assert score.false_frames <= 5
    assert score.events_found == 1


def test_rain_and_its_gusts_start_no_event():
    assert_calm_until_the_walker_comes("rain")


def test_snow_falling_close_to_the_lens_starts_no_event():
    assert_calm_until_the_walker_comes("snow")


def test_noise_of_an_infrared_night_starts_no_event():
    assert_calm_until_the_walker_comes("ir_night")


def test_headlights_sweeping_the_wall_start_no_event():
    assert_calm_until_the_walker_comes("headlights")


def test_shadows_of_clouds_crossing_the_yard_start_no_event():
    assert_calm_until_the_walker_comes("clouds")


def test_jumps_of_the_exposure_start_no_event():
    assert_calm_until_the_walker_comes("exposure")


def test_moths_around_the_lamp_start_no_event():
    assert_calm_until_the_walker_comes("insects")


def test_mast_shaking_in_the_wind_starts_no_event():
    assert_calm_until_the_walker_comes("shake")


def test_lamp_switched_on_and_off_starts_no_event():
    assert_calm_until_the_walker_comes("lamp")


def test_pops_of_a_starved_encoder_start_no_event():
    assert_calm_until_the_walker_comes("low_rate")


@pytest.mark.parametrize("effect", RECORDED_BY_THE_TUTORIAL)
def test_tutorials_own_detector_records_such_quiet(effect):
    _, single = scores(effect)
    assert single.recorded_seconds > 1
    assert single.false_events == 1


@pytest.mark.parametrize("effect", list(EFFECTS))
def test_effect_changes_frames_as_its_seed_says(effect):
    frames = [frame[::3, ::3] for frame in clip()[1][:90]]
    once, again, other = (list(lay(effect, frames, FPS, seed)) for seed in (1, 1, 3))
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)
    assert not np.array_equal(once, frames)
    assert {(each.shape, each.dtype.name) for each in once} == {((60, 80, 3), "uint8")}


def test_effects_can_be_laid_over_each_other():
    frames = clip()[1][:20]
    both = list(lay("rain+ir_night", frames, FPS, 1))
    assert all(np.ptp(each, axis=2).max() == 0 for each in both)    # no colour at night
    assert not np.array_equal(both, list(lay("ir_night", frames, FPS, 1)))
    assert np.array_equal(list(lay("none", frames, FPS, 1)), frames)
