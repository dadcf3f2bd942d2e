"""How the benchmark of names counts, and that it sees what the product does."""

import numpy as np

from benchmarks.footage import Recording
from benchmarks.objects import ROWS, Outcome, table
from benchmarks.objects_footage import (
    BEGIN,
    LightScene,
    NamedEvent,
    SingleLook,
    events_of,
    judged,
    labels_for,
    lit,
    looks_at,
    shown_in,
)
from benchmarks.weather_clips import demo_recording
from pyimagesearch.events.event import MOTION, Event, Sighting
from pyimagesearch.object_detection.look import FoundObject

PERSON, VEHICLE, NO_NAME = frozenset({"person"}), frozenset({"vehicle"}), frozenset()
FRAME = np.full((120, 160, 3), 100, np.uint8)


def recording_of(frames, name="yard", events=(), quiet=()):
    return Recording(name, 10.0, lambda: frames, {}, events, quiet)


def event(begin, end, *names):
    sightings = tuple(Sighting(name, name, 0.9, BEGIN + begin + 1.5, (0, 0, 9, 9)) for name in names)
    return Event(id=1, camera="front", kind=MOTION, begin=BEGIN + begin, end=BEGIN + end,
                 sightings=sightings)


def test_event_is_judged_by_what_moves_while_it_lasts():
    footage = recording_of([FRAME] * 120, events=((40, 60),), quiet=((70, 110),))
    labels = labels_for(footage)
    true = judged(event(3.0, 6.0, "person"), footage, labels)
    assert (true.is_true, true.is_right, true.is_wrong, true.delay) == (True, True, False, 1.5)
    both = judged(event(3.0, 6.0, "person", "animal"), footage, labels)
    assert (both.is_right, both.is_wrong) == (True, True)
    false = judged(event(8.0, 9.0), footage, labels)
    assert (false.is_true, false.is_right, false.delay) == (False, False, None)
    assert judged(event(6.3, 6.6), footage, labels) is None


def test_recordings_show_persons_unless_it_is_known_better():
    assert shown_in(recording_of([])) == PERSON
    assert shown_in(recording_of([], "highway")) == VEHICLE
    assert shown_in(recording_of([], "bicycle2")) == PERSON | VEHICLE
    assert shown_in(recording_of([], "n_lamp_on")) == NO_NAME


def test_table_says_what_is_met_and_what_is_missed():
    events = [NamedEvent("yard", True, PERSON, names, 1.0)
              for names in (PERSON, PERSON, PERSON | VEHICLE, NO_NAME)]
    looks = [SingleLook("yard", False, PERSON, PERSON), SingleLook("yard", True, PERSON, NO_NAME)]
    lines = table({"adaptive": Outcome(events, looks, [])}).splitlines()
    found = {line.split(" | ")[0].strip("| "): line.split(" | ")[-1].strip(" |") for line in lines}
    assert found["events named right"] == "3 of 4 (75 %) MISSED"
    assert found["events with a wrong name"] == "1 of 4 (25 %) MISSED"
    assert found["quiet looks with a name"] == "0 of 1 (0 %) aim met"
    assert found["looks in which a person is found"] == "1 of 1 (100 %) aim met"
    assert len(lines) == 2 + len(ROWS)


def test_light_is_switched_in_a_scene_played_to_and_fro():
    frames = [np.full((4, 4, 3), value, np.uint8) for value in (10, 20, 30)]
    shown = [int(image[0, 0, 0]) for image in lit(LightScene("yard", 2.0), recording_of(frames))]
    assert (shown[:7], shown[75:79]) == ([10, 20, 30, 30, 20, 10, 10], [60, 40, 20, 20])
    still = list(lit(LightScene("yard", 0.5, still=1), recording_of(frames)))
    assert [int(image[0, 0, 0]) for image in (still[0], still[74], still[75])] == [20, 20, 10]


class Finder:
    """A model that takes every crop for a person."""

    def find(self, image, least):
        height, width = image.shape[:2]
        return [FoundObject("person", 0.9, (0, 0, width, height))]


def test_looks_are_taken_twice_a_second_while_something_moves():
    footage = demo_recording()
    moving = recording_of(list(footage.play()), events=((0, 180),))
    looks = looks_at(moving, "single", Finder())
    assert 5 <= len(looks) <= 36
    assert all(look.names == PERSON and not look.is_quiet for look in looks)


def test_camera_loop_names_the_person_of_the_demo(real_model):
    footage = demo_recording()
    moving = recording_of(list(footage.play()), events=((0, 180),))
    named = events_of(moving, "adaptive", real_model)
    assert named
    assert all("person" in each.names for each in named)
