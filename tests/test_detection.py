"""Motion detection of one camera: learning, boxes and area."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pyimagesearch.errors import BadPicture, DetectorFailed
from pyimagesearch.frames import ArrayPicture
from pyimagesearch.motion_detection import AdaptiveMotionDetector, SingleMotionDetector
from pyimagesearch.motion_detection.detection import Detection, MotionDetection
from pyimagesearch.motion_detection.regions import NOTHING_FOUND, Found, Region
from pyimagesearch.motion_detection.scene_changes import Scene
from pyimagesearch.settings.settings import Settings

EMPTY = np.full((300, 400, 3), 90, np.uint8)
MOVED = EMPTY.copy()
MOVED[100:150, 200:280] = 255
NOISY = [np.clip(EMPTY + np.random.default_rng(number).normal(0, 2, EMPTY.shape), 0, 255
                 ).astype(np.uint8) for number in range(4)]


def detection(detector=None, **options):
    (settings,) = Settings(source=("demo",), **{"detector": "single", **options}).cameras()
    return MotionDetection(settings, detector)


def look(detection, images):
    return [detection.look(ArrayPicture(image), number / 10)
            for number, image in enumerate(images)]


class Everywhere:
    """A detector with the two methods of the tutorial's, and nothing else."""

    found = (100, 50, 200, 150)

    def update(self, image):
        assert image.shape == (300, 400)

    def detect(self, image, tVal):
        mask = np.zeros_like(image)
        mask[:3] = 255
        return mask, self.found


def test_detection_begins_after_the_frames_to_learn():
    seen = look(detection(frame_count=5), [EMPTY] * 5 + [MOVED] * 2)
    assert [each.learnt for each in seen] == [1, 2, 3, 4, 5, 6, 7]
    assert [bool(each.boxes) for each in seen] == [False] * 6 + [True]


def test_what_moved_has_box_area_and_mask():
    seen = look(detection(frame_count=1), [EMPTY, EMPTY, EMPTY, MOVED])
    assert seen[2][:5] == ((), 0.0, None, 3, ())
    ((left, top, right, bottom),) = seen[3].boxes
    assert np.abs(np.subtract((left, top, right, bottom), (200, 100, 280, 150))).max() <= 4
    assert seen[3].area == pytest.approx(1000 * np.count_nonzero(seen[3].mask) / 120_000)
    assert seen[3].size == (400, 300)


def test_new_settings_keep_the_learnt_background():
    watching = detection(frame_count=1, threshold=250)
    assert not look(watching, [EMPTY] * 3 + [MOVED])[3].boxes
    watching.apply(replace(watching.settings, threshold=25))
    (seen,) = look(watching, [MOVED])
    assert (seen.learnt, bool(seen.boxes)) == (5, True)


class Undecodable(ArrayPicture):
    """A picture that must not be decoded."""

    def grey(self):
        pytest.fail("decoded")


def test_frames_beyond_the_rate_of_looks_are_not_decoded():
    watching = detection(AdaptiveMotionDetector, frame_count=5)
    for number in range(90):
        watching.look(ArrayPicture(NOISY[number % 4]), number / 30)
    looks = watching.pace.looks
    for number in range(90, 180):
        picture = Undecodable(EMPTY) if number % 3 else ArrayPicture(NOISY[number % 4])
        assert watching.look(picture, number / 30, every=False).looked == (not number % 3)
    assert watching.pace.looks == looks + 30


def test_all_frames_are_looked_at_from_the_first_that_differs():
    watching = detection(AdaptiveMotionDetector, frame_count=5)
    images = [NOISY[number % 4] for number in range(91)] + [MOVED] * 9
    seen = [watching.look(ArrayPicture(image), number / 30, every=number < 60)
            for number, image in enumerate(images)]
    looked = [number for number, each in enumerate(seen) if each.looked and number >= 85]
    assert looked == [87, 90, *range(93, 100)]      # it differs from 91 on


def test_background_is_learnt_from_all_frames_of_a_busy_machine():
    watching = detection(AdaptiveMotionDetector, frame_count=20)
    watching.pace.most = 4.0
    looked = [watching.look(ArrayPicture(NOISY[number % 4]), number / 30).looked
              for number in range(60)]
    assert all(looked[:21])
    assert sum(looked[21:]) <= 6


def test_detector_that_learns_by_frames_sees_all_of_them():
    watching = detection(frame_count=5)
    assert all(watching.look(ArrayPicture(EMPTY), number / 30, every=False).looked
               for number in range(60))


def test_column_of_pixels_is_no_picture_to_enlarge():
    with pytest.raises(BadPicture, match="is 2x3000 pixels, but may be at most 20 times as tall"):
        look(detection(), [np.zeros((3000, 2, 3), np.uint8)])


def test_detector_that_cannot_be_copied_is_made_again():
    class Unique(Everywhere):
        def __deepcopy__(self, memo):
            raise RuntimeError("there can be one only")
    copy = detection(Unique, frame_count=1).copied(
        detection(Unique, frame_count=2).settings)
    assert [bool(seen.boxes) for seen in look(copy, [EMPTY] * 4)] == [False] * 2 + [True] * 2


def test_detector_that_adjusts_nothing_just_goes_on():
    class Fixed:
        sharp, fps = True, 0.0

        def look(self, image, *, learning=False):
            return NOTHING_FOUND
    watching = detection(Fixed, frame_count=1)
    watching.apply(replace(watching.settings, threshold=99))
    assert look(watching, [EMPTY, MOVED])[1].learnt == 2


@pytest.mark.parametrize("found", [5, "boxes", [(1, 2, 3)], ValueError("broken")])
def test_failing_detector_is_named(found):
    class Failing(Everywhere):
        def detect(self, image, tVal):
            if isinstance(found, Exception):
                raise found
            return np.zeros_like(image), found

    with pytest.raises(DetectorFailed, match="the detector single failed: "):
        look(detection(Failing, frame_count=1), [EMPTY] * 3)


def test_another_size_goes_on_with_the_background():
    watched = detection(frame_count=1)
    sizes = [cv2.resize(EMPTY, size) for size in ((320, 240), (640, 480), (854, 640))]
    found = look(watched, [EMPTY] * 4 + sizes + [MOVED])
    assert [each.learnt for each in found] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [bool(each.boxes) for each in found] == [False] * 7 + [True]


def test_each_shape_of_pictures_has_a_background_of_its_own():
    watched = detection(frame_count=1)
    wide, square, tall, odd = (cv2.resize(EMPTY, size) for size in (
        (640, 360), (400, 400), (400, 600), (400, 350)))
    found = look(watched, [EMPTY] * 4 + [wide] * 3 + [square, wide, EMPTY, MOVED])
    assert [each.learnt for each in found] == [1, 2, 3, 4, 1, 2, 3, 1, 4, 5, 6]
    assert found[-1].boxes
    assert [each.learnt for each in look(watched, [tall, odd, EMPTY, wide])] == [1, 1, 7, 1]


def test_start_over_forgets_the_background():
    made = []

    def make():
        made.append(SingleMotionDetector())
        return made[-1]
    watched = detection(make, frame_count=2)
    look(watched, [EMPTY] * 4)
    before = len(made)
    watched.start_over()
    assert look(watched, [MOVED])[0].learnt == 1
    watched.start_over(frame_count=7)
    assert not any(each.boxes for each in look(watched, [EMPTY] * 4 + [MOVED] * 4))
    assert len(made) == before + 2


def test_garbled_picture_is_not_learnt():
    class Garbled(ArrayPicture):
        def grey(self):
            raise BadPicture("no picture")
    watched = detection()
    look(watched, [EMPTY])
    with pytest.raises(BadPicture):
        watched.look(Garbled(EMPTY), 0.5)
    assert look(watched, [EMPTY])[0].learnt == 2


@pytest.mark.parametrize(("found", "boxes"), [
    ((100, 50, 200, 150), ((100, 50, 200, 150),)),
    ([(1, 2, 3, 4)], ((1, 2, 3, 4),)),
    ([(1, 2, 3, 4), [5, 6, 7, 8]], ((1, 2, 3, 4), (5, 6, 7, 8))),
    (np.array([[1, 2, 3, 4], [5, 6, 7, 8]]), ((1, 2, 3, 4), (5, 6, 7, 8))),
    ([], ())], ids=["box", "list of one", "list", "array", "empty list"])
def test_detector_may_return_a_box_or_several(found, boxes):
    class Several(Everywhere):
        def detect(self, image, tVal):
            return super().detect(image, tVal)[0], found
    seen = look(detection(Several, frame_count=1), [EMPTY] * 3)[-1]
    assert seen.boxes == boxes
    assert all(type(side) is int for box in seen.boxes for side in box)
    assert seen.area == (10.0 if boxes else 0.0)


def test_threshold_of_the_settings_is_passed_on():
    class Spy(SingleMotionDetector):
        def detect(self, image, tVal):
            thresholds.append(tVal)
            return super().detect(image, tVal)
    thresholds = []
    look(detection(Spy, threshold=31, frame_count=1), [EMPTY] * 4)
    assert thresholds == [31, 31]


def test_lamp_that_blinks_is_ignored_until_it_is_to_count():
    lit = EMPTY.copy()
    lit[100:110, 200:210] = 255
    watching = detection(frame_count=1, scene_changes=False)
    seen = [watching.look(ArrayPicture(lit if number % 4 < 2 else EMPTY), number / 5)
            for number in range(960)]
    assert seen[22].boxes
    assert not any(each.boxes for each in seen[-20:])
    watching.apply(replace(watching.settings, count_blinking=watching.automatic_zones[0]))
    assert watching.automatic_zones == ()
    assert watching.look(ArrayPicture(lit), 192).boxes


def test_new_mask_starts_over_with_the_colours():
    """Its regions hid all that has colours: no switch to infrared."""
    grey = np.random.default_rng(5).integers(40, 200, (30, 40), np.uint8).repeat(4, 0).repeat(4, 1)
    picture = np.stack([grey // 2, grey, grey], axis=2)
    watching = detection(frame_count=1)
    kinds = []
    for number in range(120):
        if number == 60:
            watching.start_over()
            picture = np.stack([grey] * 3, axis=2)
        kinds.append(watching.look(ArrayPicture(picture), number / 2).scene.kind)
    assert set(kinds) == {""}


@pytest.mark.parametrize(("path", "stays"), [
    (((20, 20), (40, 20), (80, 20)), True), (((20, 20), (80, 20), (30, 20)), False),
    (((80, 20),), False), ((), False)],
    ids=["drove off", "flickers", "new", "of a detector without paths"])
def test_what_went_its_own_length_is_not_held_for_light(path, stays):
    region = Region((60, 10, 100, 30), 800, True, "has travelled far enough", path=path)
    seen = Detection((region.box,), 30.0, np.zeros((90, 160), np.uint8), 99, (region,))
    held = seen.beside(Scene(holds=True))
    assert bool(held.boxes) == held.regions[0].moving == stays
    assert held.is_motion(1.0) == stays


class InColour(Everywhere):
    """Asks for the whole picture, and names what it finds."""

    def __init__(self, labels):
        self.labels = labels

    def detect(self, image, tVal, picture):
        self.picture = picture
        mask, box = super().detect(image, tVal)
        return mask, [box, (0, 0, 40, 40)], self.labels


def test_detector_that_asks_gets_the_picture_in_colour():
    detector = InColour(["red", ""])
    large = np.dstack([np.full((600, 800), level, np.uint8) for level in (10, 20, 200)])
    look(detection(lambda: detector, frame_count=1), [large] * 3)
    np.testing.assert_array_equal(detector.picture, large)
    with pytest.raises(ValueError, match="read-only"):
        detector.picture[0] = 0
    large[0] = 0        # others may still draw on their own


@pytest.mark.parametrize("labels", [("cat", "red"), ("", "")])
def test_labels_of_a_detector_belong_to_its_regions(labels):
    seen = look(detection(lambda: InColour(labels), frame_count=1), [EMPTY] * 3)[2]
    assert tuple(region.label for region in seen.regions) == labels
    assert tuple(seen.labelled) == tuple(filter(None, labels))


def test_one_box_may_have_one_label():
    class One(Everywhere):
        def detect(self, image, tVal):
            return *super().detect(image, tVal), "a cat"
    assert look(detection(One, frame_count=1), [EMPTY] * 3)[2].labelled.keys() == {"a cat"}


@pytest.mark.parametrize(("labels", "reason"), [
    (["one"], r"ValueError: detect\(\) returned 2 boxes, but 1 labels"),
    (["", 7], "TypeError: the label 7 of a region is no text"),
    ("people", "ValueError: .* 2 boxes, but 1 labels")])
def test_labels_that_do_not_fit_are_one_sentence(labels, reason):
    with pytest.raises(DetectorFailed, match=f"^the detector single failed: {reason}$"):
        look(detection(lambda: InColour(labels), frame_count=1), [EMPTY] * 3)


class Certain:
    """Finds regions on its own, and says how certain it is of each."""

    sharp, fps = True, 0.0
    labels = (("dog", np.float32(0.25)), ("ship", 7), ("dog", 0.5), (" two\nlines\0", -1),
              ("y" * 99, float("nan")), ("", 0.7), ("None", 0.9))

    def look(self, image, *, learning=False, picture=None):
        assert picture is not None
        return Found(np.full_like(image, 255), (
            Region((0, 0, 9, 9), 81, False, "too small", label="ghost"),
            *(Region((9, 9, 90, 90), 6561, True, "moves", label=label, score=score)
              for label, score in self.labels)))


def test_labels_are_short_lines_with_scores_from_0_to_1():
    seen = look(detection(Certain, frame_count=1), [EMPTY] * 3)[2]
    assert [(region.label, region.score) for region in seen.regions if region.moving] == [
        ("dog", 0.25), ("ship", 1.0), ("dog", 0.5), ("two lines", 0.0), ("y" * 40, 0.0), ("", 0.7),
        ("", 0.9)]
    assert [(label, region.score) for label, region in seen.labelled.items()] == [
        ("ship", 1.0), ("dog", 0.5), ("two lines", 0.0), ("y" * 40, 0.0)]
    assert not seen.beside(Scene(holds=True)).labelled
