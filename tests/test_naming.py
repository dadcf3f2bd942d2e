"""Names of an event, from what was recognised in its pictures."""

import numpy as np
import pytest

from pyimagesearch.events.event import Sighting
from pyimagesearch.object_detection.look import FoundObject, Look
from pyimagesearch.object_detection.naming import EventNames, sightings_of


def sighting(name, score, at=1.0):
    return Sighting(name, name, score, at, (1, 2, 3, 4))


def names_of(event):
    return tuple(each.name for each in event.newest)


@pytest.mark.parametrize(("scores", "is_named"), [
    ([], False), ([0.64], False), ([0.65], True), ([0.4, 0.4], True), ([0.9], True)])
def test_one_sure_sighting_or_two_others_make_a_name(scores, is_named):
    event = EventNames()
    for score in scores:
        event.add([sighting("person", score)])
    assert names_of(event) == (("person",) if is_named else ())


def test_sightings_of_different_names_do_not_add_up():
    event = EventNames()
    assert event.add([sighting("person", 0.5), sighting("vehicle", 0.6)]) == []
    assert (names_of(event), event.best) == ((), None)
    assert {each.name for each in event.candidates} == {"person", "vehicle"}


def test_best_sighting_is_reported_once_there_is_a_name():
    event = EventNames()
    first, second = sighting("person", 0.6, 1.0), sighting("person", 0.5, 2.0)
    assert event.add([first]) == []
    assert event.add([second]) == [first]
    assert event.add([sighting("person", 0.6, 3.0)]) == []      # no better
    better = sighting("person", 0.7, 4.0)
    assert event.add([better]) == [better]
    assert event.best == better


def test_only_the_first_20_names_of_an_event_count():
    event = EventNames()
    for number in range(30):
        event.add([sighting(f"person {number}", 0.9)])
    assert names_of(event) == tuple(f"person {number}" for number in range(20))
    assert event.add([sighting("person 29", 1.0)]) == []
    assert len(event.candidates) == 20
    assert event.add([sighting("person", 0.7)]) == [sighting("person", 0.7)]    # of the model


def test_names_are_sorted_by_their_best_scores():
    event = EventNames()
    event.add([sighting("person", 0.7), sighting("vehicle", 0.8)])
    assert names_of(event) == ("vehicle", "person")
    event.add([sighting("person", 0.9)])
    assert (names_of(event), event.best.score) == (("person", "vehicle"), 0.9)


def test_sightings_are_the_best_of_each_group_in_streamed_pixels():
    look = Look(camera="front", event=1, crops=(), mask=np.zeros((240, 320), np.uint8), size=(1280, 960),
                captured=12.5, least_score=0.4, before=None, small=np.zeros((480, 640, 3), np.uint8))
    found = [FoundObject("bus", 0.5, (0, 0, 8, 8)), FoundObject("person", 0.6, (100, 200, 300, 400)),
             FoundObject("car", 0.7, (10, 20, 30, 40)), FoundObject("frisbee", 0.9, (0, 0, 9, 9)),
             FoundObject("person", 0.5, (0, 0, 9, 9))]
    assert sightings_of(found, look) == [
        Sighting("vehicle", "car", 0.7, 12.5, (5, 10, 15, 20)),
        Sighting("person", "person", 0.6, 12.5, (50, 100, 150, 200))]
