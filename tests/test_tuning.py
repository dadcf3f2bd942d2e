"""Settings on trial and views of the detector: for the owner alone, and only on demand."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from conftest import keeping
from pyimagesearch.frames import ArrayPicture, Frame
from pyimagesearch.motion_detection import MotionDetection, SingleMotionDetector
from pyimagesearch.motion_detection.regions import Found, Region
from pyimagesearch.settings.settings import Settings
from pyimagesearch.streaming.publisher import Shown
from pyimagesearch.surveillance.tuning import FORGOTTEN_SECONDS, Tuning

EMPTY = np.full((300, 400, 3), 90, np.uint8)
FAINT = EMPTY.copy()
FAINT[100:150, 200:280] = 110       # less than the threshold of 25
BLUE, RED = (255, 150, 50), (0, 0, 255)


class Camera:
    """A camera loop without its thread: detection, evidence and tuning."""

    def __init__(self, clock, folder, detector=None, **options):
        (self.settings,) = Settings(source=("front=demo",), record=False, frame_count=3,
                                    detector="single", **options).cameras()
        self.clock, self.number = clock, 0
        self.detection = MotionDetection(self.settings, detector)
        self.evidence = keeping(self.settings, clock, folder).evidence
        self.tuning = Tuning(self.detection, self.evidence, clock)

    def play(self, *images):
        """Process *images*, ten a second; return what was detected in the last one."""
        for image in images:
            self.number += 1
            self.clock.now += 0.1
            frame = Frame(self.number, ArrayPicture(image), self.clock.time(),
                          self.clock.monotonic())
            seen = self.detection.look(frame.picture, frame.arrived)
            self.evidence.keep(frame, seen, Shown(None, seen.boxes))
            self.tuning.on_frame(frame, seen)
        return seen

    def levels(self):
        return self.tuning.levels(0)

    def picture(self, name, *images):
        """Return the view *name* of the last of *images*, as an owner sees it."""
        with self.tuning.view(name).watching():
            self.play(*images)
        jpeg = np.frombuffer(self.tuning.view(name).latest.jpeg, np.uint8)
        return cv2.imdecode(jpeg, cv2.IMREAD_COLOR)


@pytest.fixture
def camera(clock, tmp_path):
    made = []

    def make(**options):
        made.append(Camera(clock, tmp_path, **options))
        return made[-1]
    return make


def has(image, colour):
    return (np.abs(image.astype(int) - colour).max(axis=2) < 60).sum() > 100


def test_trial_finds_more_while_events_go_by_settings_in_force(camera):
    front = camera()
    front.play(*[EMPTY] * 5)
    front.tuning.try_out(replace(front.settings, threshold=8))
    seen = front.play(EMPTY, *[FAINT] * 3)
    assert (seen.area, front.evidence.motion_since) == (0.0, None)
    levels = front.levels()
    assert levels["area"][-1] == 0.0
    assert levels["tried"][0] is None
    assert levels["tried"][-1] > 10
    assert (levels["events"], len(levels["tried_events"])) == ([], 1)
    assert levels["trial"]["second_detector"]
    assert not levels["trial"]["learning"]      # it knows the background already


def test_what_a_trial_found_is_forgotten_when_it_ends(camera):
    front = camera()
    front.play(*[EMPTY] * 5)
    front.tuning.try_out(replace(front.settings, threshold=8))
    front.play(EMPTY, *[FAINT] * 3)
    assert front.levels()["tried_events"]
    front.tuning.try_out(None)
    front.play(EMPTY)
    levels = front.levels()
    assert (levels["tried_events"], set(levels["tried"])) == ([], {None})
    assert max(levels["area"]) == 0.0


@pytest.mark.parametrize("threshold", [25, 8])      # without motion in force, and with it
def test_trial_in_the_middle_of_motion_begins_no_event(camera, threshold):
    front = camera(threshold=threshold, post_roll=1)
    front.play(*[EMPTY] * 5, *[FAINT] * 4)
    front.tuning.try_out(replace(front.settings, threshold=9))
    front.play(*[FAINT] * 4)
    front.tuning.try_out(replace(front.settings, threshold=10))
    front.play(EMPTY, *[FAINT] * 4)
    assert front.levels()["tried_events"] == []
    front.play(*[EMPTY] * 20, *[FAINT] * 4)
    assert len(front.levels()["tried_events"]) == 1


def test_second_detector_runs_only_if_it_may_find_something_else(camera):
    front = camera(threshold=8)
    front.play(*[EMPTY] * 5)
    front.tuning.try_out(replace(front.settings, min_area=900.0))
    front.play(*[FAINT] * 5)
    levels = front.levels()
    assert not levels["trial"]["second_detector"]
    assert levels["tried"][-1] == levels["area"][-1] > 10
    assert (len(levels["events"]), levels["tried_events"]) == (1, [])


def test_forgotten_trial_ends_by_itself(camera, caplog):
    front = camera()
    front.tuning.try_out(replace(front.settings, threshold=8))
    front.play(EMPTY)
    front.clock.now += FORGOTTEN_SECONDS - 1
    assert front.levels()["trial"]      # which prolongs it
    front.clock.now += FORGOTTEN_SECONDS - 1
    front.play(EMPTY)
    assert front.levels()["trial"]
    front.clock.now += FORGOTTEN_SECONDS + 1
    caplog.set_level("INFO")
    front.play(EMPTY)
    assert front.levels()["trial"] is None
    assert "front: the trial of settings ended, as no page asks for it" in caplog.text


def test_failing_trial_ends_and_leaves_the_camera_alone(camera):
    class Fragile(SingleMotionDetector):
        def detect(self, image, tVal):
            if tVal == 8:
                raise ValueError("broken")
            return super().detect(image, tVal)
    front = camera(detector=Fragile)
    front.play(*[EMPTY] * 5)
    front.tuning.try_out(replace(front.settings, threshold=8))
    assert front.play(EMPTY, EMPTY).learnt == 7
    levels = front.levels()
    assert levels["trial"] is None
    assert "ValueError: broken" in levels["trouble"]


def test_boxes_of_a_trial_have_another_colour(camera):
    front = camera(threshold=15)
    front.play(*[EMPTY] * 5)
    image = front.picture("boxes", FAINT)
    assert (has(image, RED), has(image, BLUE)) == (True, False)
    front.play(*[EMPTY] * 5)
    front.tuning.try_out(replace(front.settings, threshold=8))
    image = front.picture("boxes", FAINT)
    assert (has(image, RED), has(image, BLUE)) == (True, True)


def test_views_show_background_difference_and_mask(camera):
    front = camera(threshold=15)
    front.play(*[EMPTY] * 5)
    found = {name: int(front.picture(name, EMPTY, EMPTY, FAINT)[125, 240].max())
             for name in ("background", "difference", "mask")}
    assert found["background"] == pytest.approx(92, abs=3)
    assert found["difference"] == pytest.approx(18 * 4, abs=8)      # four times as bright
    assert found["mask"] > 240


def test_reasons_of_what_is_ignored_are_told(camera):
    class Choosy:
        sharp, fps = True, 0.0

        def look(self, image, *, learning=False):
            return Found(None, tuple(Region((1, 2, 30, 40), 99, False, rule)
                                     for rule in ("is light", "is light", "is too small")))
    front = camera(detector=Choosy)
    front.play(EMPTY)
    assert front.levels()["ignored"] == ["is light", "is too small"]
    image = front.picture("boxes", EMPTY)
    assert np.abs(image[2, 5:25].astype(int) - 150).max() < 40      # a grey box


def test_views_are_drawn_only_while_they_are_looked_at(camera):
    front = camera()
    front.play(*[EMPTY] * 5)
    views = [front.tuning.view(name) for name in front.tuning.view_names]
    assert [each.latest.number for each in views] == [0, 0, 0, 0]
    assert not front.tuning.needs_every
    with views[0].watching():
        assert front.tuning.needs_every
        front.play(*[EMPTY] * 5)
    assert [each.latest.number > 0 for each in views] == [True, False, False, False]
    front.play(EMPTY)
    assert views[0].stale


def test_late_owner_sees_the_last_frame_of_a_slow_camera(camera):
    front = camera()
    front.play(EMPTY)
    with front.tuning.view("boxes").watching():
        front.tuning.catch_up()
        assert front.tuning.view("boxes").latest.number == 1
        front.tuning.catch_up()
        assert front.tuning.view("boxes").latest.number == 1
    front.play(EMPTY)
    front.tuning.hide()         # as a region of it is to be hidden
    with front.tuning.view("boxes").watching():
        front.tuning.catch_up()
    assert front.tuning.view("boxes").stale


def test_views_of_a_fast_camera_are_limited(camera):
    front = camera()
    with front.tuning.view("mask").watching():
        for _ in range(50):
            front.clock.now -= 0.08     # 50 frames a second
            front.play(EMPTY)
    assert 8 <= front.tuning.view("mask").latest.number <= 12


def test_new_mask_withdraws_views_and_teaches_the_trial_again(camera):
    front = camera()
    front.play(*[EMPTY] * 5)
    front.tuning.try_out(replace(front.settings, threshold=8))
    front.picture("boxes", EMPTY)
    front.detection.start_over()
    front.tuning.start_over()
    assert front.tuning.view("boxes").stale
    front.play(EMPTY)
    assert front.levels()["trial"]["learning"]


def test_detector_that_cannot_be_copied_learns_again(clock, tmp_path):
    front = Camera(clock, tmp_path)
    front.detection = MotionDetection(replace(front.settings, detector="mog2"))
    front.tuning = Tuning(front.detection, front.evidence, clock)
    front.play(*[EMPTY] * 6)
    front.tuning.try_out(replace(front.detection.settings, sensitivity="high"))
    front.play(EMPTY)
    assert front.levels()["trial"]["learning"]
    front.play(*[EMPTY] * 4)
    assert not front.levels()["trial"]["learning"]


def test_card_stands_in_for_a_lost_camera(camera):
    front = camera()
    front.tuning.show_card("NO SIGNAL", "unplugged", front.clock.time())
    assert all(front.tuning.view(name).latest.jpeg and not front.tuning.view(name).stale
               for name in front.tuning.view_names)
