"""Zones: what counts of the things that a detector found."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.frames import ArrayPicture
from pyimagesearch.motion_detection.detection import MotionDetection
from pyimagesearch.motion_detection.regions import NOTHING_FOUND, Found, Region
from pyimagesearch.motion_detection.zones import Zones
from pyimagesearch.settings.settings import Settings
from pyimagesearch.settings.zone import Zone

SIZE = WIDTH, HEIGHT = 400, 200     # a zone of 500 per mille is 200 x 100 pixels
LEFT, RIGHT = "0,0 499,0 499,1000 0,1000", "500,0 1000,0 1000,1000 500,1000"
BELOW, ALL = "0,500 1000,500 1000,1000 0,1000", "0,0 1000,0 1000,1000 0,1000"


def found(*boxes, path=((1, 1),)):
    """Return filled boxes, as a detector finds them; with a path, one that follows them."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for left, top, right, bottom in boxes:
        mask[top:bottom, left:right] = 255
    return Found(mask, tuple(Region(box, area(box), True, "has travelled", path=path)
                             for box in boxes))


def area(box):
    return (box[2] - box[0]) * (box[3] - box[1])


def names(found):
    return [region.zones for region in found.regions if region.moving]


def rules(found):
    return [region.rule for region in found.regions if not region.moving]


# --- which of several zones

CAR, CAT = (20, 20, 80, 60), (320, 120, 340, 130)


def test_without_zones_everything_counts():
    seen = found(CAR, CAT)
    assert Zones().filter(seen) is seen
    assert Zones([Zone("drive", LEFT)]).filter(NOTHING_FOUND) is NOTHING_FOUND


def test_with_a_counting_zone_only_it_counts():
    seen = Zones([Zone("drive", LEFT)]).filter(found(CAR, CAT))
    assert (seen.boxes, names(seen)) == ((CAR,), [("drive",)])
    assert rules(seen) == ["lies outside of the zones that count"]
    assert np.array_equal(seen.mask, found(CAR).mask)
    assert Zones([Zone("drive", LEFT)]).filter(found(CAT)).mask is None


def test_with_an_ignored_zone_all_else_counts():
    seen = Zones([Zone("tree", RIGHT, counts=False)]).filter(found(CAR, CAT))
    assert (seen.boxes, names(seen)) == ((CAR,), [()])
    assert rules(seen) == ['lies in the zone "tree", which does not count']


def test_ignored_zone_wins_over_a_counting_one():
    zones = [Zone("yard", ALL), Zone("sky", "0,0 1,0 0,1", counts=False),
             Zone("tree", RIGHT, counts=False)]
    for order in (zones, zones[::-1]):
        seen = Zones(order).filter(found(CAR, CAT))
        assert (seen.boxes, names(seen)) == ((CAR,), [("yard",)])
        assert rules(seen) == ['lies in the zone "tree", which does not count']


def test_region_is_in_all_zones_that_it_counts_in():
    zones = Zones([Zone("yard", ALL), Zone("drive", LEFT), Zone("bed", RIGHT)])
    assert names(zones.filter(found(CAR, CAT))) == [("yard", "drive"), ("yard", "bed")]


def test_regions_that_did_not_move_stay_as_they_are():
    seen = found(CAR)
    still = Region(CAT, 200, False, "is a patch of light")
    kept = Zones([Zone("drive", LEFT)]).filter(seen._replace(regions=(*seen.regions, still)))
    assert kept.regions[1] is still


# --- how much of it

@pytest.mark.parametrize(("box", "inside"), [
    ((100, 20, 120, 90), False),        # above the ground
    ((100, 20, 120, 97), False),        # on tiptoe before it
    ((100, 20, 120, 120), True),        # its feet are on the ground
    ((100, 60, 120, 180), True),
    ((100, 150, 120, 200), True)])
def test_person_counts_whose_feet_are_in_the_zone(box, inside):
    seen = Zones([Zone("ground", BELOW)]).filter(found(box))
    assert seen.boxes == ((box,) if inside else ())
    if inside:      # as a whole
        assert seen.regions[0].area == cv2.countNonZero(seen.mask) == area(box)


@pytest.mark.parametrize(("left", "inside"), [(130, True), (140, True), (170, False)])
def test_half_of_an_object_is_enough(left, inside):
    box = (left, 20, left + 120, 60)
    assert bool(Zones([Zone("drive", LEFT)]).filter(found(box)).boxes) == inside


def test_two_zones_may_share_an_object():
    thirds = [Zone(f"part {number}", f"{x},0 {x + 29},0 {x + 29},1000 {x},1000")
              for number, x in enumerate((430, 460, 490, 520))]
    box = (170, 20, 220, 60)    # 425 to 550 per mille
    seen = Zones(thirds).filter(found(box))
    assert seen.boxes == (box,)
    assert len(names(seen)[0]) == 1
    assert not Zones(thirds[:2]).filter(found(box)).boxes


def test_pixels_in_an_ignored_zone_count_for_nothing():
    person = (190, 20, 230, 120)        # a quarter of which is before the tree
    seen = Zones([Zone("tree", LEFT, counts=False)]).filter(found(person))
    assert seen.boxes == (person,)
    assert seen.regions[0].area == cv2.countNonZero(seen.mask) == 30 * 100


def test_of_a_box_around_everything_only_pixels_inside_count():
    everything = found(CAR, CAT)
    one = everything._replace(regions=(Region((20, 20, 340, 130), 2600, True, "differs"),))
    seen = Zones([Zone("drive", LEFT)]).filter(one)
    assert (seen.boxes, names(seen)) == ((CAR,), [("drive",)])
    assert np.array_equal(seen.mask, found(CAR).mask)
    assert seen.regions[0].area == area(CAR)
    assert Zones([Zone("up", "0,0 1000,0 1000,50")]).filter(one).boxes == ()


# --- how large

def test_zone_leaves_out_what_is_smaller_than_it_asks_for():
    zones = Zones([Zone("drive", LEFT, min_area=20), Zone("bed", RIGHT, min_area=5)])
    seen = zones.filter(found(CAR, CAT))        # 30 and 2.5 per mille
    assert (seen.boxes, seen.min_area) == ((CAR,), 20)
    assert rules(seen) == ['is smaller than the zone "bed" asks for']
    assert zones.filter(found(CAT)).boxes == ()
    larger = (320, 120, 340, 160)
    assert zones.filter(found(CAR, larger)).min_area == 5       # the lower of both


def test_area_is_that_of_all_that_moves_in_a_zone():
    cats = [(x, 20, x + 20, 30) for x in (20, 60, 100)]     # 2.5 per mille each
    zones = Zones([Zone("drive", LEFT, min_area=7)])
    assert len(zones.filter(found(*cats)).boxes) == 3
    assert zones.filter(found(*cats[1:])).boxes == ()


@pytest.mark.parametrize("path", [((1, 1),), ()])
def test_where_zones_overlap_the_smaller_size_is_enough(path):
    zones = Zones([Zone("yard", ALL, min_area=20), Zone("bed", RIGHT, min_area=1)])
    seen = zones.filter(found(CAT, path=path))
    assert (seen.boxes, names(seen), seen.min_area) == ((CAT,), [("bed",)], 1)


def test_pixels_of_a_zone_that_wants_more_do_not_count():
    zones = Zones([Zone("drive", LEFT, min_area=50), Zone("bed", RIGHT)])
    one = found(CAR, CAT)._replace(regions=(Region((20, 20, 340, 130), 2600, True, "x"),))
    seen = zones.filter(one)
    assert (seen.boxes, names(seen), seen.min_area) == ((CAT,), [("bed",)], None)
    assert np.array_equal(seen.mask, found(CAT).mask)


# --- whatever is found, and whatever the zones are

SIDES = st.tuples(st.integers(0, 380), st.integers(0, 180), st.integers(1, 200),
                  st.integers(1, 150))
BOXES = st.lists(SIDES.map(lambda side: (
    side[0], side[1], min(WIDTH, side[0] + side[2]), min(HEIGHT, side[1] + side[3]))),
    min_size=1, max_size=4)
CORNER = st.tuples(st.integers(0, 1000), st.integers(0, 1000))
POLYGON = st.lists(CORNER, min_size=3, max_size=6).map(
    lambda corners: " ".join(f"{x},{y}" for x, y in corners))
ANY_ZONES = st.lists(st.builds(Zone, st.sampled_from("abc"), POLYGON, st.just(True),
                               st.sampled_from([None, 0.0, 5.0, 100.0]))
                     | st.builds(Zone, st.sampled_from("xyz"), POLYGON, st.just(False)),
                     max_size=4, unique_by=lambda zone: zone.name)


@given(BOXES, ANY_ZONES, st.sampled_from([(), ((1, 1),)]))
def test_filter_only_takes_away(boxes, zones, path):
    before = found(*boxes, path=path)
    seen = Zones(zones).filter(before)
    assert len(seen.regions) == len(boxes)
    assert (seen.mask is None) == (seen.boxes == ())
    if seen.mask is None:
        return
    assert not np.any(seen.mask & ~before.mask)
    for region in seen.regions:
        if region.moving:
            left, top, right, bottom = region.box
            assert 0 < region.area <= np.count_nonzero(seen.mask[top:bottom, left:right])


@given(BOXES, POLYGON, st.sampled_from([(), ((1, 1),)]))
def test_a_zone_and_its_ignored_twin_leave_nothing(boxes, polygon, path):
    zones = Zones([Zone("a", polygon), Zone("b", polygon, counts=False)])
    assert zones.filter(found(*boxes, path=path)).boxes == ()


@given(BOXES, st.sampled_from([(), ((1, 1),)]))
def test_a_zone_over_the_whole_picture_changes_nothing(boxes, path):
    seen, before = Zones([Zone("all", ALL)]).filter(found(*boxes, path=path)), found(*boxes)
    assert np.array_equal(seen.mask, before.mask)
    assert seen.boxes == before.boxes


# --- sensitivity

class Scaled:
    """A detector whose thresholds can be scaled."""

    sharp, threshold_scale = True, 0.0

    def __init__(self):
        self.fps = 0.0

    def look(self, image, *, learning=False):
        self.shape = np.shape(self.threshold_scale)
        return NOTHING_FOUND


def scale_of(zones):
    detector = Scaled()
    zones.scale_thresholds(detector, SIZE)
    return detector.threshold_scale


def test_sensitivity_of_a_zone_scales_the_thresholds_inside():
    low = scale_of(Zones([Zone("tree", LEFT, sensitivity="low")]))
    assert (low.shape, low.dtype) == ((HEIGHT, WIDTH), np.float32)
    assert low[50, 50] > 1.0 == low[50, 350]
    high = scale_of(Zones([Zone("tree", LEFT, sensitivity="high")]))
    assert high[50, 50] < 1.0 == high[50, 350]
    assert scale_of(Zones([Zone("tree", LEFT)])) == 1.0


def test_sensitivity_of_a_zone_takes_the_place_of_the_cameras():
    for camera in ("low", "normal", "high"):
        scale = scale_of(Zones([Zone("a", LEFT, sensitivity=camera)], camera))
        assert np.all(scale == 1.0)
    assert scale_of(Zones([Zone("a", LEFT, sensitivity="normal")], "low")).min() < 1
    assert scale_of(Zones([Zone("a", LEFT, sensitivity="normal")], "high")).max() > 1


def test_thresholds_never_sink_below_those_of_high_sensitivity():
    most = scale_of(Zones([Zone("a", LEFT, sensitivity="high")])).min()
    assert scale_of(Zones([Zone("a", LEFT, sensitivity="high")], "low")).min() == most


def test_where_zones_overlap_the_more_sensitive_one_wins():
    zones = [Zone("yard", ALL, sensitivity="low"), Zone("drive", LEFT),
             Zone("bed", RIGHT, sensitivity="high")]
    for order in (zones, zones[::-1]):
        scale = scale_of(Zones(order))
        assert scale[50, 50] == 1.0 > scale[50, 350]


# --- in the detection of a camera

EMPTY = np.full((300, 400, 3), 90, np.uint8)
MOVED = EMPTY.copy()
MOVED[50:100, 50:130] = MOVED[200:250, 300:340] = 255


def detection(zones, detector=None, **options):
    (settings,) = Settings(source=("demo",), frame_count=1, detector="single",
                           zones=tuple(zones), **options).cameras()
    return MotionDetection(settings, detector)


def look(watched, *images):
    return [watched.look(ArrayPicture(image), number / 10)
            for number, image in enumerate(images)][-1]


def test_area_of_a_detection_is_that_of_pixels_that_count():
    both = look(detection([]), EMPTY, EMPTY, EMPTY, MOVED)
    left = look(detection([Zone("drive", LEFT)]), EMPTY, EMPTY, EMPTY, MOVED)
    right = look(detection([Zone("bed", RIGHT, min_area=2)]), EMPTY, EMPTY, EMPTY, MOVED)
    assert (left.zones, right.zones, both.zones) == (("drive",), ("bed",), ())
    assert left.area + right.area == pytest.approx(both.area)
    assert left.area > right.area > 10
    assert right.min_area == 2
    ((x, y, *_),) = left.boxes
    assert np.abs(np.subtract((x, y), (50, 50))).max() <= 4


def test_detector_is_given_the_sensitivity_for_its_images():
    made = []

    def make():
        made.append(Scaled())
        return made[-1]
    watched = detection([Zone("tree", LEFT, sensitivity="high")], make)
    look(watched, EMPTY, EMPTY)
    assert made[-1].shape == (300, 400)
    look(watched, np.zeros((180, 320, 3), np.uint8))
    assert made[-1].shape == (225, 400)
    look(detection([Zone("tree", LEFT)], make), EMPTY)
    assert made[-1].shape == ()


def test_sensitivity_without_a_detector_for_it_is_reported(caplog):
    detection([Zone("tree", LEFT)])
    assert caplog.text == ""
    detection([Zone("tree", LEFT, sensitivity="low")])
    assert "camera: zones have a sensitivity, which only --detector adaptive can" in caplog.text


def test_new_zones_count_at_once_and_nothing_is_learnt_again():
    watched = detection([Zone("drive", LEFT)])
    look(watched, EMPTY, EMPTY, EMPTY)
    learnt = look(watched, MOVED).learnt
    watched.apply(replace(watched.settings, zones=(Zone("up", "0,0 1000,0 1000,50"),)))
    seen = look(watched, MOVED)
    assert (seen.boxes, seen.learnt) == ((), learnt + 1)
    watched.apply(replace(watched.settings, zones=(Zone("bed", RIGHT),)))
    assert look(watched, MOVED).zones == ("bed",)


def test_faint_things_are_seen_in_a_sensitive_zone_only():
    """With the real detector: a grey that is 20 levels brighter."""
    scenes = []
    for number in range(60):
        scene, x = EMPTY.copy(), 40 + 4 * max(0, number - 35)
        scene[60:120, x:x + 40] += 20
        scene[60:120, 200 + x:240 + x] += 20
        scenes.append(scene if number > 35 else EMPTY)
    high = Zone("dark", LEFT, sensitivity="high")
    for zones, found in (([], set()), ([high], {("dark",)})):
        (settings,) = Settings(source=("demo",), frame_count=32, zones=tuple(zones)).cameras()
        watched = MotionDetection(settings)
        seen = [watched.look(ArrayPicture(scene), number / 25) for number, scene in enumerate(scenes)]
        assert {each.zones for each in seen if each.boxes} == found
