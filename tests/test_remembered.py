"""A background that outlasts losses and restarts, where the scene is still the same."""

import numpy as np
import pytest

from pyimagesearch.folders import DataFolder
from pyimagesearch.frames import ArrayPicture
from pyimagesearch.motion_detection import BackgroundFiles
from pyimagesearch.motion_detection.detection import MotionDetection
from pyimagesearch.motion_detection.remembered import KEEP_SECONDS
from pyimagesearch.settings.settings import Settings
from test_adaptivemotiondetector import noisy, with_object, yard

MASK = ("0,0 100,0 100,100",)


class Shelf:
    """A keeper in memory."""

    def __init__(self):
        self.held = {}
        self.puts = 0

    def put(self, camera, learnt):
        self.held[camera] = learnt
        self.puts += 1

    def forget(self, camera):
        self.held.pop(camera, None)

    def set_mask(self, camera, mask):
        pass

    def kept(self, camera):
        return self.held.get(camera)


class Watched:
    """A camera whose pictures arrive ten times a second."""

    def __init__(self, shelf=None, frame_count=40, detector="adaptive"):
        (settings,) = Settings(source=("front=demo",), frame_count=frame_count,
                               detector=detector).cameras()
        self.detection = MotionDetection(settings, keeper=shelf)
        self.frame_count = frame_count
        self.number = 0

    def look(self, scene, seconds=0.1):
        self.number += 1
        picture = ArrayPicture(noisy(scene, self.number))
        picture.grey = picture.colour
        return self.detection.look(picture, self.number * seconds)

    def learn(self):
        for _ in range(self.frame_count + 5):
            seen = self.look(yard())
        assert seen.learnt > self.frame_count
        return self

    def begins_at_once(self, scene):
        return self.look(scene).learnt > self.frame_count


def test_detection_goes_on_at_once_after_a_short_loss():
    watched = Watched().learn()
    watched.detection.resume(watched.frame_count)
    assert watched.begins_at_once(yard())
    seen = [watched.look(with_object(yard(), 8 * step)) for step in range(20)]
    assert all(each.boxes for each in seen[8:])


def test_another_view_after_a_loss_is_learnt_from_scratch():
    watched = Watched().learn()
    watched.detection.resume(watched.frame_count)
    turned = np.roll(yard(), 60, 1)
    assert [watched.look(turned).learnt for _ in range(3)] == [1, 2, 3]


def test_camera_that_adjusts_its_exposure_first_is_recognised():
    watched = Watched().learn()
    watched.detection.resume(watched.frame_count)
    assert not watched.begins_at_once(np.zeros_like(yard()))
    assert not watched.begins_at_once(np.full_like(yard(), 250))
    assert watched.begins_at_once(yard())


def test_restart_goes_on_with_what_was_kept_at_the_end():
    shelf = Shelf()
    Watched(shelf).learn().detection.close()
    assert Watched(shelf).begins_at_once(yard())
    assert not Watched(shelf).begins_at_once(np.roll(yard(), 60, 1))
    assert not Watched().begins_at_once(yard())


def test_ghost_of_who_stood_there_at_a_cold_start_is_spared():
    def boxes_of_leaving(watched):
        for _ in range(watched.frame_count + 5):
            watched.look(with_object(yard(), 150, size=80))
        return [watched.look(yard()).regions for _ in range(3)]
    shelf = Shelf()
    Watched(shelf).learn().detection.close()
    assert any(boxes_of_leaving(Watched()))
    assert not any(boxes_of_leaving(Watched(shelf)))


def test_copy_is_kept_every_few_minutes():
    shelf = Shelf()
    watched = Watched(shelf).learn()
    assert shelf.puts == 0
    for _ in range(4):
        watched.look(yard(), seconds=KEEP_SECONDS / 10)
    assert 1 <= shelf.puts <= 2


def test_nothing_is_kept_before_detection_began():
    shelf = Shelf()
    watched = Watched(shelf, frame_count=1000)
    watched.look(yard())
    watched.detection.close()
    assert not shelf.held


def test_background_from_before_a_privacy_mask_is_forgotten():
    watched = Watched().learn()
    watched.detection.resume(watched.frame_count)
    watched.detection.remembered.use_mask(MASK)
    assert not watched.begins_at_once(yard())


def test_background_is_kept_with_the_mask_it_was_learnt_by():
    shelf = Shelf()
    watched = Watched(shelf)
    watched.detection.remembered.use_mask(MASK)
    watched.learn().detection.close()
    assert shelf.held["front"].mask == MASK
    assert not Watched(shelf).begins_at_once(yard())


def test_forgotten_background_does_not_come_back():
    shelf = Shelf()
    watched = Watched(shelf).learn()
    watched.detection.close()
    watched.detection.forget()
    assert not shelf.held
    assert not watched.begins_at_once(yard())


def test_copy_to_try_settings_keeps_nothing_for_the_next_start(tmp_path):
    files = BackgroundFiles(DataFolder(str(tmp_path)), ["front"])
    watched = Watched(files).learn()
    copy = watched.detection.copied(watched.detection.settings)
    picture = ArrayPicture(yard())
    picture.grey = picture.colour
    assert copy.look(picture, watched.number / 10).learnt > watched.frame_count
    copy.close()
    copy.forget()
    assert not files._waiting


@pytest.mark.parametrize("detector", ["single", "mog2"])
def test_detector_without_memory_learns_after_each_loss(detector):
    shelf = Shelf()
    watched = Watched(shelf, detector=detector).learn()
    watched.detection.resume(watched.frame_count)
    assert watched.look(yard()).learnt == 1
    watched.detection.close()
    assert not shelf.held


def test_masked_picture_is_not_kept_if_no_picture_follows():
    shelf = Shelf()
    watched = Watched(shelf).learn()
    watched.detection.remembered.use_mask(MASK)
    watched.detection.start_over()
    watched.detection.resume(watched.frame_count)   # the next picture was garbled
    assert not watched.begins_at_once(yard())
    watched.detection.close()
    assert not shelf.held


def test_background_of_a_camera_that_is_away_is_kept():
    shelf = Shelf()
    watched = Watched(shelf).learn()
    watched.detection.resume(watched.frame_count)
    watched.detection.close()
    assert Watched(shelf).begins_at_once(yard())


def test_loss_is_not_measured_as_a_low_frame_rate():
    watched = Watched().learn()
    watched.detection.resume(watched.frame_count)
    watched.number += 3000      # five minutes
    watched.look(yard())
    assert watched.look(yard()).fps == pytest.approx(10)
