"""What blinks regularly in one small place is ignored, and nothing else is."""

import numpy as np
import pytest

from pyimagesearch.motion_detection.blinkers import RULE, Blinkers
from pyimagesearch.motion_detection.regions import Found, Region
from pyimagesearch.outlines import filled

SIZE = (200, 112)       # pixels
FPS = 6
MINUTE = 60             # seconds
LAMP = (150, 20, 156, 26)
PLACE = 152, 22         # a pixel of the lamp


def picture(lit=(), size=SIZE):
    image = np.full(size[::-1], 60, np.uint8)
    for left, top, right, bottom in lit:
        image[top:bottom, left:right] = 200
    return image


def watch(blinkers, seconds, lit_at, begin=0.0, regions=()):
    """Let *blinkers* see the boxes that are *lit_at* each time; return the end."""
    for step in range(round(seconds * FPS)):
        time = begin + step / FPS
        blinkers.learn(picture(lit_at(time)), time, regions)
    return begin + seconds


def lamp(time):
    """A lamp that is on for half of each second."""
    return [LAMP] if time % 1 < 0.5 else []


def clock(time):
    """Seven bars of a digit; which of them are lit depends on the second."""
    bars = [(20 + 3 * number, 95, 22 + 3 * number, 105) for number in range(7)]
    lit = np.random.default_rng(int(time) % 10).random(7) < 0.5
    return [bar for bar, on in zip(bars, lit, strict=True) if on]


def moving(box, path=((0, 0),)):
    mask = np.zeros(SIZE[::-1], np.uint8)
    mask[box[1]:box[3], box[0]:box[2]] = 255
    return Found(mask, (Region(box, 36, True, "moves", path=path),))


@pytest.fixture
def learnt():
    blinkers = Blinkers()
    watch(blinkers, 3.5 * MINUTE, lamp)
    return blinkers


def test_lamp_that_blinks_for_minutes_is_ignored(learnt):
    (zone,) = learnt.zones
    assert filled([zone], SIZE)[PLACE[::-1]]
    found = learnt.filter(moving(LAMP))
    assert not found.boxes
    assert found.mask is None
    assert found.regions[0].rule == RULE


def test_on_screen_clock_is_ignored():
    blinkers = Blinkers()
    watch(blinkers, 3.5 * MINUTE, clock)
    assert not blinkers.filter(moving((20, 95, 40, 105))).boxes


def test_person_who_passes_the_lamp_is_reported(learnt):
    assert learnt.filter(moving((145, 10, 165, 60))).boxes


def test_nothing_is_ignored_after_one_minute():
    blinkers = Blinkers()
    watch(blinkers, MINUTE, lamp)
    assert blinkers.zones == ()


def test_lamp_that_stops_blinking_is_forgotten(learnt):
    watch(learnt, 1.5 * MINUTE, lambda time: [LAMP], begin=3.5 * MINUTE)
    assert learnt.zones == ()


def test_leaves_that_flicker_by_chance_are_not_ignored():
    chance = np.random.default_rng(1)
    blinkers = Blinkers()
    watch(blinkers, 4 * MINUTE, lambda time: [LAMP] if chance.random() < 0.3 else [])
    assert blinkers.zones == ()


def test_branch_that_swings_regularly_in_a_tree_is_not_ignored():
    chance = np.random.default_rng(2)

    def tree(time):
        leaves = [(x, y, x + 8, y + 8) for x in range(120, 190, 8)
                  for y in range(4, 50, 8) if chance.random() < 0.4]
        return [*leaves, *lamp(time)]
    blinkers = Blinkers()
    watch(blinkers, 4 * MINUTE, tree)
    assert blinkers.zones == ()


def test_digit_that_changes_rarely_is_ignored_with_the_clock():
    blinkers = Blinkers()
    watch(blinkers, 4 * MINUTE, lambda time: [
        *lamp(time), *([(143, 20, 147, 26)] if time % 40 < 20 else [])])
    assert not blinkers.filter(moving((142, 19, 157, 27))).boxes


def test_door_that_opens_now_and_then_is_not_ignored():
    blinkers = Blinkers()
    watch(blinkers, 4 * MINUTE, lambda time: [LAMP] if time % 30 < 4 else [])
    assert blinkers.zones == ()


def test_path_on_which_someone_walks_all_the_time_is_not_ignored():
    walker = moving(LAMP, path=((100, 23), (150, 23)))
    blinkers = Blinkers()
    watch(blinkers, 4 * MINUTE, lamp, regions=walker.regions)
    assert blinkers.zones == ()


def test_large_screen_that_flickers_is_not_ignored():
    blinkers = Blinkers()
    watch(blinkers, 4 * MINUTE,
          lambda time: [(50, 10, 150, 80)] if time % 1 < 0.5 else [])
    assert blinkers.zones == ()


def test_owner_can_let_a_blinker_count_at_once(learnt):
    zones = learnt.zones
    learnt.count(zones)
    assert learnt.zones == ()
    assert learnt.filter(moving(LAMP)).boxes
    learnt.count(())
    assert learnt.zones == zones

