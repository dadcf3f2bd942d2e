"""Changes of the whole picture: light, infrared, and tampering with the camera."""

import contextlib
import itertools

import cv2
import numpy as np
import pytest

from pyimagesearch.errors import BadPicture
from pyimagesearch.motion_detection.light_changes import LightHold
from pyimagesearch.motion_detection.scene_changes import (
    MAX_REPORTS,
    REPORT_SECONDS,
    ReportBudget,
    SceneChanges,
)

FPS = 5
SIZE = (120, 160)       # (height, width)
random = np.random.default_rng(17)


def scenery(seed=1):
    """A still scene: rectangles of all sizes, as walls, windows and cars are."""
    made = np.random.default_rng(seed)
    image = np.full(SIZE, 110, np.uint8)
    for _ in range(150):
        x, y = made.integers(-10, 160), made.integers(-10, 120)
        width, height = made.integers(4, 40, 2)
        cv2.rectangle(image, (int(x), int(y)), (int(x + width), int(y + height)),
                      int(made.integers(30, 220)), -1)
    return image


SCENERY, ELSEWHERE = scenery(), scenery(2)
COVER = cv2.GaussianBlur(random.normal(90, 200, SIZE), (0, 0), 20)
COVER = (90 + 6 * (COVER - COVER.mean()) / COVER.std()).astype(np.uint8)
DARK = np.full(SIZE, 4, np.uint8)


def noisy(image):
    return np.clip(image + random.normal(0, 1.5, SIZE), 0, 255).astype(np.uint8)


def shifted(image, across):
    return cv2.warpAffine(image, np.float32([[1, 0, across], [0, 1, 0]]), SIZE[::-1],
                          borderMode=cv2.BORDER_REFLECT)


def wiped(image, over, share):
    """Return *image* with *over* pushed in from the left as far as *share*."""
    image = image.copy()
    image[:, :int(share * SIZE[1])] = over[:, :int(share * SIZE[1])]
    return image


def pushed_in(over):
    return [wiped(SCENERY, over, share) for share in (0.3, 0.6, 0.9)]


def colourful(image):
    coloured = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    coloured[:, :40, 0] //= 2
    return coloured


def seconds(image, count):
    return [image] * round(count * FPS)


def watch(images, colour=colourful, area=0.0, changes=None, began=1000.0):
    """Return what begins, and with "end of" what ends, each with its time [s]."""
    changes, found, last = changes or SceneChanges(), [], ""
    for number, image in enumerate(images):
        at = began + number / FPS
        picture = noisy(image)
        kind = changes.look(picture, lambda image=picture, number=number: (
            colour(image, number) if colour is not colourful else colourful(image)),
            at, area).kind
        if last in ("covered", "out of focus") and kind != last:
            found.append((f"end of {last}", at - began))
        if kind and kind != last:
            found.append((kind, at - began))
        last = kind
    return found


def kinds(images, **more):
    return [kind for kind, _ in watch(images, **more)]


@pytest.mark.parametrize("shape", [(1, 1), (4, 640), (480, 3)])
def test_picture_of_a_few_rows_is_no_error(shape):
    scene = SceneChanges()
    for at in range(3):
        seen = scene.look(np.full(shape, 90, np.uint8), np.empty, float(at), 0.0)
    assert not seen.kind


def test_quiet_scene_reports_nothing():
    assert kinds(seconds(SCENERY, 60)) == []


def test_covered_camera_has_begin_and_end():
    found = watch([*seconds(SCENERY, 10), *pushed_in(COVER), *seconds(COVER, 20),
                   *seconds(SCENERY, 5)])
    assert [kind for kind, _ in found] == ["covered", "end of covered"]
    assert 14 < found[0][1] < 16
    assert 32 < found[1][1] < 34


def test_black_bag_is_a_cover_but_no_light_is_not():
    bag = kinds([*seconds(SCENERY, 10), *pushed_in(DARK), *seconds(DARK, 15)])
    assert bag == ["covered"]
    faint = np.round(SCENERY * 0.02 + 2)
    for night in (DARK, faint):
        found = kinds([*seconds(SCENERY, 10), *seconds(night, 25), *seconds(SCENERY, 5)])
        assert found == ["light", "light"]


def test_cover_that_is_drawn_away_is_no_light():
    assert kinds([*seconds(SCENERY, 10), *pushed_in(DARK), *seconds(DARK, 10),
                  *reversed(pushed_in(DARK)), *seconds(SCENERY, 10)]) == [
        "covered", "end of covered"]


def test_hand_before_the_lens_for_a_moment_is_no_cover():
    assert kinds([*seconds(SCENERY, 10), *pushed_in(COVER), *seconds(COVER, 2),
                  *seconds(SCENERY, 20)]) == []


def test_lorry_that_fills_the_picture_is_no_tampering():
    lorry = wiped(SCENERY, ELSEWHERE, 0.95)
    assert kinds([*seconds(SCENERY, 10), *pushed_in(ELSEWHERE), *seconds(lorry, 8),
                  *seconds(SCENERY, 20)]) == []


def test_turned_camera_is_moved_once():
    turning = [shifted(SCENERY, by) for by in (4, 10, 20, 30)]
    found = watch([*seconds(SCENERY, 10), *turning, *seconds(shifted(SCENERY, 40), 30)])
    assert [kind for kind, _ in found] == ["moved"]
    assert found[0][1] < 14


def test_camera_that_shows_another_scene_is_moved():
    found = watch([*seconds(SCENERY, 10), *seconds(ELSEWHERE, 40)])
    assert [kind for kind, _ in found] == ["moved"]


def test_knocked_camera_that_swings_back_is_not_moved():
    swing = [shifted(SCENERY, by) for by in (10, 20, 15, 8, 3)]
    assert kinds([*seconds(SCENERY, 10), *swing, *seconds(SCENERY, 20)]) == []


def test_shaking_camera_is_not_moved():
    sway = itertools.cycle([0, 5, 9, 4, -3, -8, -5])
    assert kinds([shifted(SCENERY, next(sway)) for _ in range(60 * FPS)]) == []


def test_camera_out_of_focus_has_begin_and_end():
    blurred = cv2.GaussianBlur(SCENERY, (0, 0), 2.5)
    found = watch([*seconds(SCENERY, 10), *seconds(blurred, 25), *seconds(SCENERY, 5)])
    assert [kind for kind, _ in found] == ["out of focus", "end of out of focus"]
    assert found[0][1] > 29


@pytest.mark.parametrize("weather", ["fog", "dusk", "snow"])
def test_weather_is_no_tampering(weather):
    def at(share):
        if weather == "fog":
            return SCENERY + share * 0.8 * (200.0 - SCENERY)
        if weather == "dusk":
            return SCENERY * 0.1 ** share + random.normal(0, 4 * share, SIZE)
        flakes = cv2.GaussianBlur(
            (random.random(SIZE) < 0.01 * share).astype(np.float32) * 900, (5, 5), 0)
        return SCENERY + flakes
    images = [at(min(1.0, number / (50 * FPS))) for number in range(60 * FPS)]
    assert kinds([*seconds(SCENERY, 10), *images]) == []


def test_lamp_is_a_change_of_the_light_only_if_it_stays():
    bright = np.clip(SCENERY * 1.5, 0, 255)
    changes = watch([*seconds(SCENERY, 10), *seconds(bright, 10), *seconds(SCENERY, 5)])
    assert [kind for kind, _ in changes] == ["light", "light"]
    assert changes[0][1] < 13
    flash = [*seconds(SCENERY, 10), *seconds(bright, 0.6), *seconds(SCENERY, 10)]
    assert kinds(flash) == []


def test_change_of_the_light_says_which_way():
    changes = SceneChanges()
    for number, image in enumerate([*seconds(SCENERY, 10), *seconds(SCENERY * 0.5, 5)]):
        scene = changes.look(noisy(image), lambda: colourful(SCENERY), number / FPS, 0.0)
        if scene.kind:
            assert (scene.kind, scene.note) == ("light", "darker")
            assert scene.began == pytest.approx(10, abs=0.5)
            return
    raise AssertionError("the light has not changed")


def test_infrared_is_the_night_and_no_tampering():
    infrared = np.clip(255 - ELSEWHERE * 0.5, 0, 255)    # little looks as before
    night = 30 * FPS

    def colour(image, number):
        if number < night:
            return colourful(image)
        return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    assert kinds([*seconds(SCENERY, 30), *seconds(infrared, 30)],
                 colour=colour) == ["day/night"]


def test_colours_that_were_hidden_are_no_switch():
    """A mask hid all that has colours, and is removed: the scene starts over."""
    changes = SceneChanges()
    assert watch(seconds(SCENERY, 30), changes=changes) == []
    for began, colour in ((1030.0, cv2.COLOR_GRAY2BGR), (1055.0, None)):
        changes.forget()
        assert watch(seconds(SCENERY, 25), changes=changes, began=began, colour=(
            (lambda image, number, colour=colour: cv2.cvtColor(image, colour)) if colour else colourful)) == []


def test_colour_is_decoded_once_in_ten_seconds():
    decoded = []

    def colour(image, number):
        decoded.append(number)
        return colourful(image)
    assert kinds(seconds(SCENERY, 60), colour=colour) == []
    assert len(decoded) <= 6


def test_colours_that_cannot_be_decoded_are_left_for_a_while():
    broken = []

    def colour():
        broken.append(True)
        raise BadPicture("garbled")
    changes = SceneChanges()
    for number, image in enumerate(seconds(SCENERY, 30)):
        with contextlib.suppress(BadPicture):
            changes.look(noisy(image), colour, number / FPS, 0.0)
    assert len(broken) == 3


def test_dark_scene_is_not_judged():
    assert kinds([*seconds(DARK, 10), *seconds(COVER, 20), *seconds(DARK, 20)]) in (
        [], ["light", "light"])


def test_scene_that_differs_after_a_long_gap_is_learnt():
    changes = SceneChanges()
    assert watch(seconds(SCENERY, 10), changes=changes) == []
    assert watch(seconds(ELSEWHERE, 30), changes=changes, began=2000.0) == []


def test_same_scene_after_a_short_gap_shows_a_turn_meanwhile():
    changes = SceneChanges()
    assert watch(seconds(SCENERY, 10), changes=changes) == []
    found = watch(seconds(ELSEWHERE, 30), changes=changes, began=1040.0)
    assert [kind for kind, _ in found] == ["moved"]


def test_light_holds_what_is_found_until_it_settles():
    hold = LightHold()
    quiet = [hold.holds(t / 10, 0.0, swings=False) for t in range(20)]
    swing = [hold.holds(2 + t / 10, 300.0, swings=True) for t in range(10)]
    settling = [hold.holds(3 + t / 10, 5.0, swings=False) for t in range(10)]
    assert not any(quiet)
    assert all(swing + settling)
    assert not hold.holds(4.1, 0.0, swings=False)
    assert not hold.holds(4.2, 5.0, swings=False)


def test_motion_goes_on_when_somebody_switches_on_the_light():
    hold = LightHold()
    held = [hold.holds(t / 10, 20.0, swings=t > 20) for t in range(60)]
    assert not any(held)


def test_usual_changes_are_reported_now_and_then():
    budget = ReportBudget()
    first = [budget.allows(100.0 + number) for number in range(MAX_REPORTS + 3)]
    assert first == [True] * MAX_REPORTS + [False] * 3
    hours = [budget.allows(200.0 + 60 * number) for number in range(120)]
    assert sum(hours) == pytest.approx(120 * 60 / REPORT_SECONDS, abs=1)
