"""Events of one camera that get names, by a model that knows red and blue."""

import cv2
import numpy as np
import pytest

from conftest import keeping
from harness import ManualClock
from pyimagesearch.errors import BadPicture
from pyimagesearch.events.event import THUMBNAIL
from pyimagesearch.frames import ArrayPicture, Frame
from pyimagesearch.jpeg import LazyJpeg, encode
from pyimagesearch.motion_detection.detection import Detection
from pyimagesearch.motion_detection.regions import Region
from pyimagesearch.object_detection import ObjectRecognizer
from pyimagesearch.object_detection.look import FoundObject
from pyimagesearch.settings.settings import Settings
from pyimagesearch.streaming.publisher import Shown

SIZE, MASK, STREAMED = (640, 480), (160, 120), (320, 240)
EMPTY = np.full((*SIZE[::-1], 3), 90, np.uint8)
PLACE = (320, 200, 360, 320)        # of what moves [pixels of the camera's picture]
RED, BLUE = (0, 0, 255), (255, 0, 0)


class ColourModel:
    """Finds the red as a person and the blue as a car; the surer the brighter."""

    def __init__(self):
        self.pictures = []

    def find(self, image, least):
        self.pictures.append(image)
        found = []
        for channel, label in ((2, "person"), (0, "car")):
            others = np.delete(image, channel, 2).max(2).astype(int)
            mask = (image[..., channel] - others > 60).astype(np.uint8)
            for outline in cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
                x, y, w, h = cv2.boundingRect(outline)
                score = round(float(image[y + h // 2, x + w // 2, channel]) / 255, 2)
                found.append(FoundObject(label, score, (x, y, x + w, y + h)))
        return [each for each in found if each.score >= least]


def scene_with(colour, score=1.0, place=PLACE):
    image = EMPTY.copy()
    cv2.rectangle(image, place[:2], (place[2] - 1, place[3] - 1), [round(score * c) for c in colour], -1)
    return image


def seen_moving(place, size=SIZE, **more):
    """Return what a detector saw at *place*, or some [pixels of the camera's picture]."""
    if place is None:
        return Detection((), 0.0, None, 40)
    mask, scale = np.zeros(MASK[::-1], np.uint8), size[0] // MASK[0]
    boxes = tuple(tuple(side // scale for side in each)
                  for each in (place if isinstance(place, list) else [place]))
    for box in boxes:
        mask[box[1]:box[3], box[0]:box[2]] = 255
    return Detection(boxes, 1000 * cv2.countNonZero(mask) / mask.size, mask, 40,
                     tuple(Region(box, 4, True, "moved", **more) for box in boxes))


class Yard:
    """A camera at ten frames a second, and a recognizer without a thread."""

    def __init__(self, folder, **options):
        (wanted,) = Settings(source=("front=demo",), **{
            "width": STREAMED[0], "record": False, **options}).cameras()
        self.clock, self.model, self.number, self.looks = ManualClock(), ColourModel(), 0, 0
        self.labels = {}        # label and score that the detector gives to what moves
        self.recognizer = ObjectRecognizer(lambda: self.model, self.clock, "colours.onnx")
        self.kept = keeping(wanted, self.clock, folder, recognizer=self.recognizer)
        self.evidence, self.store = self.kept.evidence, self.kept.store
        self.store.open()

    def show(self, seconds, image=EMPTY, place=None, picture=None, recognise=True):
        """Show *image*, in which something moves at *place*."""
        for _ in range(round(seconds * 10)):
            self.clock.now += 0.1
            self.number += 1
            frame = Frame(self.number, picture or ArrayPicture(image), self.clock.time(),
                          self.clock.monotonic())
            self.last = frame, seen_moving(place, **self.labels)
            self.evidence.objects.follow(*self.last)
            self.keep(frame, image, self.last[1])
            self.looks += recognise and self.recognizer.run_once()
            self.kept.recorder.run_once()

    def keep(self, frame, image, seen):
        jpeg = LazyJpeg(encode(cv2.resize(image, STREAMED)), STREAMED) if self.evidence.wants(seen) else None
        self.evidence.keep(frame, seen, Shown(jpeg, seen.boxes))

    def move(self, seconds, colour=RED, score=1.0, **more):
        self.show(seconds, scene_with(colour, score), PLACE, **more)

    @property
    def names(self):
        tags = self.evidence.objects.follow(*self.last)
        return tuple(name for tag in tags for name in tag.text.split(", "))

    def events(self):
        assert self.store.flush(60)
        with self.store.reading() as reader:
            return reader.page(limit=50)[0]

    def thumbnail(self):
        """Return the thumbnail of the only event, and its file."""
        (event,) = self.events()
        (file,) = [file for file in event.files if file.media == THUMBNAIL]
        return cv2.imread(str(next(self.kept.folder.rglob("*.jpg")))), file


@pytest.fixture
def yard(tmp_path):
    made = []

    def make(**options):
        made.append(Yard(tmp_path, **options))
        return made[-1]
    yield make
    for each in made:
        each.store.stop()
        assert each.store.join(60)


def test_event_gets_the_name_of_what_moved(yard):
    front = yard()
    front.show(3)
    front.move(2)
    (event,) = front.events()
    (sighting,) = event.sightings
    assert (sighting.name, sighting.label, sighting.score) == ("person", "person", 1.0)
    assert sighting.box == pytest.approx((160, 100, 180, 160), abs=2)
    assert front.names == ("person",)


def test_label_of_a_detector_names_the_event_at_once(yard):
    front = yard()
    front.show(3)
    front.labels = {"label": "fox", "score": 0.8}
    front.move(1, recognise=False)
    (event,) = front.events()
    ((name, label, score, at, box),) = event.sightings
    assert (name, label, score, box) == ("fox", "fox", 0.8, (160, 100, 180, 160))
    assert at - event.begin < 0.3
    assert front.names == ("fox",)


def test_model_looks_at_what_a_detector_has_labelled(yard):
    front = yard()
    front.show(3)
    front.labels = {"label": "fox", "score": 0.8}
    front.move(2)
    (event,) = front.events()
    assert event.objects == ("person", "fox")
    front.show(6)
    front.labels = {}
    front.move(1, recognise=False)
    assert front.names == ()       # labels are those of one event


def test_crop_is_cut_from_the_full_size_picture(yard):
    front = yard()
    front.show(3)
    front.move(1)
    assert front.model.pictures[0].shape == (180, 180, 3)       # 1.5 * 120 px


def test_event_is_looked_at_each_second_until_it_has_a_name(yard):
    front = yard()
    front.show(3)
    front.move(6.2, colour=(90, 90, 90))
    assert (front.looks, front.names) == (6, ())
    front.move(12)
    assert front.looks == 6 + 1 + 2     # named, and then each five seconds


OTHER, AT_EDGE = (80, 200, 120, 320), (0, 200, 40, 320)


def test_what_follows_a_named_car_is_looked_at_each_second(yard):
    front = yard()
    front.show(3)
    front.show(1.5, scene_with(BLUE), PLACE)
    assert (front.looks, front.names) == (1, ("vehicle",))
    front.show(0.9, scene_with(RED, 0.2, OTHER), OTHER)
    assert front.looks == 2
    front.show(1, scene_with(RED, 1, OTHER), OTHER)
    assert (front.looks, front.names) == (3, ("vehicle", "person"))
    front.show(4, scene_with(RED, 1, OTHER), OTHER)
    assert front.looks == 3     # now each five seconds
    assert set(front.events()[0].objects) == {"vehicle", "person"}


def test_all_of_a_crowd_bear_the_name(yard):
    """So they are looked at each five seconds; the best of them is stored."""
    front, both = yard(), scene_with(RED, 0.8)
    both[OTHER[1]:OTHER[3], OTHER[0]:OTHER[2]] = RED
    front.show(3)
    front.show(4, both, [PLACE, OTHER])
    assert front.looks == 1
    assert front.names == ("person", "person")
    ((sighting,),) = [event.sightings for event in front.events()]
    assert (sighting.score, sighting.box[0]) == (1.0, pytest.approx(40, abs=2))


def test_what_the_edge_cuts_off_is_looked_at_until_it_is_whole(yard):
    front = yard(record=True)
    front.show(3)
    front.show(3.1, scene_with(RED, 1.0, AT_EDGE), AT_EDGE)
    assert front.looks == 3
    front.show(1, scene_with(RED, 0.6, OTHER), OTHER)
    whole = front.clock.time()
    front.show(3, scene_with(RED, 0.6, OTHER), OTHER)
    assert front.looks == 4
    front.show(6)
    ((sighting,),) = [event.sightings for event in front.events()]
    assert (sighting.score, sighting.box[0]) == (0.6, pytest.approx(40, abs=2))
    assert 0 <= whole - sighting.at < 1
    assert front.thumbnail()[1].begin == sighting.at


def test_only_frames_with_motion_are_looked_at(yard):
    front = yard()
    front.show(3)
    front.move(0.5, colour=(90, 90, 90))
    looks = front.looks
    front.show(3)
    assert (looks, front.looks) == (1, 1)


def test_time_of_a_sighting_is_that_of_its_picture(yard):
    """A clip of the camera's packets begins earlier, and its frames differ."""
    front = yard()
    front.show(3)
    front.move(0.3, recognise=False)
    at = front.clock.time()
    front.move(0.5, recognise=False)
    front.recognizer.run_once()
    ((sighting,),) = [event.sightings for event in front.events()]
    assert sighting.at == at


def test_thumbnail_is_the_best_sighting_with_its_box(yard):
    front = yard(record=True)
    front.show(3)
    front.move(3, score=0.7)
    front.move(5, score=0.9)
    front.show(0.1, scene_with(BLUE, 0.2, (0, 0, 640, 450)), (0, 0, 640, 450))    # most moves
    front.show(6)
    image, file = front.thumbnail()
    (event,) = front.events()
    assert (event.end is None, event.peak_area > 900) == (False, True)
    assert file.begin == event.sightings[0].at
    assert event.sightings[0].score == 0.9
    left, top, _right, bottom = event.sightings[0].box
    edge = image[(top + bottom) // 2, left].astype(int)
    assert edge[2] - edge[:2].max() > 100
    assert image[10, 10].max() < 120


@pytest.mark.parametrize(("clock", "has_time"), [("bottom-left", True), ("off", False)])
def test_thumbnail_of_a_named_object_has_the_cameras_clock(yard, clock, has_time):
    front = yard(record=True, clock=clock)
    front.show(3)
    front.move(3)
    front.show(6)
    image, _ = front.thumbnail()
    assert (image[-40:, :200].min(axis=2) > 150).any() == has_time


def test_thumbnail_stays_the_peak_without_a_name(yard):
    front = yard(record=True)
    front.show(3)
    front.move(2, score=0.2)
    front.show(0.1, scene_with(BLUE, 0.3, (0, 0, 640, 450)), (0, 0, 640, 450))
    peak = front.clock.time()
    front.show(6)
    assert front.thumbnail()[1].begin == peak


def test_name_needs_two_faint_sightings_and_shows_the_better_one(yard):
    front = yard(record=True)
    front.show(3)
    front.move(0.9, score=0.6)
    best = front.clock.time() - 0.6
    assert front.names == ()
    front.move(1, score=0.5)
    assert front.names == ("person",)
    _image, file = front.thumbnail()
    assert file.begin == pytest.approx(best, abs=0.01)


def test_least_score_is_the_cameras(yard):
    front = yard(object_score=0.8)
    front.show(3)
    front.move(4, score=0.7)
    assert (front.looks, front.names) == (4, ())


def test_without_recording_events_are_named_and_pictured(yard):
    front = yard(record=False)
    front.show(3)
    front.move(2)
    assert [event.objects for event in front.events()] == [("person",)]
    assert len(front.kept.files("*.jpg")) == 1


def test_disarmed_camera_is_not_looked_at(yard):
    front = yard()
    front.evidence.arm(False)
    front.show(3)
    front.move(3)
    assert (front.looks, front.events()) == (0, [])


# --- the picture from before


def test_what_stood_there_before_is_not_named(yard):
    """Light falls on a parked car: a tenth of its box changes."""
    front, car = yard(), (200, 148, 352, 248)
    parked = scene_with(BLUE, 1.0, car)
    front.show(3, parked)
    light = (148, 124, 220, 352)
    front.show(2, parked, light)
    assert front.looks == 2
    assert front.events()[0].objects == ()


def test_car_that_came_is_named(yard):
    front, car = yard(), (200, 148, 352, 248)
    front.show(3)
    front.show(2, scene_with(BLUE, 1.0, car), (148, 124, 220, 352))
    assert front.events()[0].objects == ("vehicle",)


@pytest.mark.parametrize(("parked", "names"), [(1.0, ("vehicle",)), (4.0, ())])
def test_picture_from_before_is_of_1_5_to_4_seconds_ago(yard, parked, names):
    """A car arrived *parked* seconds before light falls on it."""
    front, car = yard(), scene_with(BLUE, 1.0, (200, 148, 352, 248))
    front.show(4)
    front.show(parked, car)
    front.show(2, car, (148, 124, 220, 352))
    assert front.events()[0].objects == names


def test_pictures_from_before_take_little_memory(yard):
    """Without pre-roll pictures, as of a camera whose own packets are recorded."""
    front = yard(record=False)
    front.show(5, np.random.default_rng(1).integers(0, 255, (960, 1280, 3)).astype(np.uint8))
    kept = front.evidence.objects._before._pictures
    assert len(kept) == 2
    assert kept[0][1].size == (640, 480)
    assert sum(len(jpeg.data) for _, jpeg in kept) < 1_000_000      # even of noise


# --- late names


def test_name_that_comes_after_the_end_is_stored(yard):
    front = yard(record=True)
    front.show(3)
    front.move(1, recognise=False)
    front.show(6, recognise=False)
    assert front.events()[0].end is not None
    front.recognizer.run_once()
    (event,) = front.events()
    assert event.objects == ("person",)
    assert front.names == ()
    assert len(front.kept.files("*.jpg")) == 1      # that of peak motion stays


def test_name_of_a_deleted_event_is_not_stored(yard):
    front = yard()
    front.show(3)
    front.move(1, recognise=False)
    (event,) = front.events()
    front.show(6, recognise=False)
    assert front.store.delete([event.id], front.clock.time()) == 1
    front.store.erase(front.clock.time() + 100)
    front.recognizer.run_once()
    assert front.events() == []
    with front.store.reading() as reader:
        assert reader.objects() == []


def test_detector_may_use_the_memory_of_its_mask_again(yard):
    front, masks = yard(), []
    keep = front.keep
    front.keep = lambda frame, image, seen: masks.append(seen.mask) or keep(frame, image, seen)
    front.show(3)
    front.move(0.5, recognise=False)
    for mask in masks:
        if mask is not None:
            mask[:] = 0
    assert front.recognizer.run_once()
    assert front.names == ("person",)


# --- privacy


@pytest.mark.parametrize("hide", [
    pytest.param(lambda evidence: evidence.forget(), id="mask"),
    pytest.param(lambda evidence: evidence.switch(False), id="switched-off")])
def test_waiting_look_is_dropped_with_what_is_hidden(yard, hide):
    front = yard()
    front.show(3)
    front.move(1, recognise=False)
    hide(front.evidence)
    assert not front.recognizer.run_once()
    assert front.model.pictures == []
    assert not front.evidence.objects._before._pictures


def test_look_in_progress_is_not_reported_once_a_mask_is_drawn(yard):
    front = yard()
    front.show(3)
    front.move(1, recognise=False)
    find = front.model.find
    front.model.find = lambda image, least: front.evidence.forget() or find(image, least)
    assert front.recognizer.run_once()
    assert front.events()[0].objects == ()


def test_report_in_progress_keeps_nothing_once_a_mask_is_drawn(yard, monkeypatch):
    front = yard()
    front.show(3)
    front.move(1, recognise=False)

    def draw_a_mask(found, look):
        front.evidence.forget()
        return sightings_of(found, look)
    from pyimagesearch.surveillance import event_objects
    sightings_of = event_objects.sightings_of
    monkeypatch.setattr(event_objects, "sightings_of", draw_a_mask)
    front.recognizer.run_once()
    assert front.events()[0].objects == ()
    assert front.kept.evidence.objects._event.before is None


def test_faint_sighting_from_before_a_mask_makes_no_thumbnail(yard):
    front = yard(record=True)
    front.show(3)
    peak = front.clock.time() + 0.1
    front.move(0.5, score=0.6)
    front.evidence.forget()
    front.move(1, score=0.5)
    assert front.names == ("person",)      # the name may stay
    assert front.thumbnail()[1].begin == pytest.approx(peak, abs=0.01)


# --- pictures that cost something or fail


def test_time_for_pictures_counts_as_detection(yard):
    front = yard()
    front.show(3)
    before = front.evidence.objects.stopwatch.seconds
    front.move(1)
    assert front.evidence.objects.stopwatch.seconds > before


class Garbled(ArrayPicture):
    def colour(self, least=None):
        raise BadPicture("cut off")


def test_garbled_picture_is_not_looked_at(yard):
    front = yard()
    front.show(3)
    front.show(1, scene_with(RED), PLACE, picture=Garbled(EMPTY))
    assert (front.looks, len(front.events())) == (0, 1)
    front.move(1)
    assert front.names == ("person",)
