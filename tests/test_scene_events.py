"""Events of the whole picture, from frames to the database, the files and the pages."""

import cv2
import numpy as np
import pytest

from pyimagesearch.frames import ArrayPicture, Frame
from pyimagesearch.jpeg import LazyJpeg, encode
from pyimagesearch.motion_detection.detection import MotionDetection
from pyimagesearch.recording.paths import STILL_SUFFIX
from pyimagesearch.streaming.publisher import Shown
from test_scene_changes import COVER, DARK, ELSEWHERE, SCENERY, noisy, pushed_in

FPS = 5


class Watched:
    """A camera at five frames a second, whose pictures the test gives."""

    def __init__(self, keep, clock, **options):
        options = {"detector": "single", "frame_count": 8, **options}
        self.kept, self.clock, self.number = keep(**options), clock, 0
        self.evidence, self.store = self.kept.evidence, self.kept.store
        self.detection = MotionDetection(self.evidence._settings)
        self.store.open()

    def show(self, image, seconds=1 / FPS):
        for _ in range(round(seconds * FPS)):
            self.clock.now += 1 / FPS
            self.number += 1
            image_now = cv2.cvtColor(noisy(cv2.resize(image, (160, 120))),
                                     cv2.COLOR_GRAY2BGR)
            image_now[:, :40, 0] //= 2
            frame = Frame(self.number, ArrayPicture(image_now), self.clock.time(),
                          self.clock.monotonic())
            seen = self.detection.look(frame.picture, frame.arrived)
            jpeg = (LazyJpeg(encode(image_now), (160, 120))
                    if self.evidence.wants(seen) else None)
            self.evidence.keep(frame, seen, Shown(jpeg, seen.boxes))
            self.kept.recorder.run_once()
        return seen

    def cover(self, over=COVER, seconds=15):
        for image in pushed_in(over):
            self.show(image)
        return self.show(over, seconds)

    def events(self, *kinds):
        assert self.store.flush(60)
        with self.store.reading() as reader:
            return [event for event in reader.page(100)[0]
                    if not kinds or event.kind in kinds]

    def picture(self, file):
        return cv2.imread(str(self.kept.folder.parent / "clips" / file.path), 0)


@pytest.fixture
def watched(keep, clock):
    made = []

    def make(**options):
        made.append(Watched(keep, clock, **options))
        return made[-1]
    yield make
    for each in made:
        each.store.stop()
        each.store.join(10)


def test_cover_is_an_event_with_pictures_before_and_after(watched):
    camera = watched()
    camera.show(SCENERY, 20)
    began = camera.clock.time()
    camera.cover(seconds=15)
    (event,) = camera.events("covered")
    assert event.end is None
    assert event.begin == pytest.approx(began, abs=1.0)
    camera.show(SCENERY, 5)
    (event,) = camera.events("covered")
    assert event.end - event.begin == pytest.approx(17, abs=2)
    before, after = (camera.picture(still) for still in event.stills)
    assert np.abs(before.astype(int) - SCENERY).mean() < 15 < (
        np.abs(after.astype(int) - SCENERY).mean())
    assert event.picture == event.stills[1]
    assert all(still.path.endswith(STILL_SUFFIX) for still in event.stills)


def test_moved_camera_learns_its_background_again(watched):
    camera = watched()
    camera.show(SCENERY, 10)
    assert camera.show(SCENERY).learnt == 51
    camera.show(ELSEWHERE, 20)
    (event,) = camera.events("moved")
    assert event.end == event.begin
    assert len(event.stills) == 2
    assert camera.show(ELSEWHERE).learnt < 50


def test_lamp_makes_an_event_of_its_own_but_no_motion_event(watched):
    camera = watched()
    camera.show(SCENERY, 10)
    camera.show(SCENERY * 0.4, 20)
    (event,) = camera.events()
    assert (event.kind, event.note, event.files) == ("light", "darker", ())


def test_lamp_is_motion_to_a_detector_without_scene_changes(watched):
    camera = watched(scene_changes=False)
    camera.show(SCENERY, 10)
    camera.show(SCENERY * 0.4, 20)
    assert [event.kind for event in camera.events()] == ["motion"]


def test_disarmed_camera_reports_no_change_of_the_picture(watched):
    camera = watched()
    camera.show(SCENERY, 10)
    camera.evidence.arm(False)
    camera.cover()
    assert camera.events() == []
    camera.evidence.arm(True)
    camera.show(COVER, 1)
    assert [event.kind for event in camera.events()] == ["covered"]
    camera.evidence.arm(False)
    camera.show(COVER, 1)
    (event,) = camera.events()
    assert event.end is not None


def test_without_recording_a_cover_keeps_its_stills(watched):
    camera = watched(record=False)
    camera.show(SCENERY, 10)
    camera.cover(DARK)
    (event,) = camera.events("covered")
    assert [file.media for file in event.files] == ["still", "still"]


def test_loss_of_the_signal_ends_the_cover(watched):
    camera = watched()
    camera.show(SCENERY, 10)
    camera.cover()
    camera.evidence.lose(camera.clock.time(), "gone")
    (event,) = camera.events("covered")
    assert event.end == pytest.approx(camera.clock.time(), abs=1)


def test_privacy_mask_drops_the_picture_of_before(watched):
    camera = watched()
    camera.show(SCENERY, 18)
    camera.evidence.forget()
    masked = camera.clock.time()
    camera.cover()
    (event,) = camera.events("covered")
    assert all(still.begin > masked for still in event.stills)
