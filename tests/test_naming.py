"""Names of an event, from what was recognised in its pictures."""

import numpy as np
import pytest

from pyimagesearch.events.event import Sighting
from pyimagesearch.object_detection.look import FoundObject, Look
from pyimagesearch.object_detection.naming import EventNames, bests_of, sightings_of

SIZE = (640, 480)
WHOLE = (100, 100, 200, 300)


def sighting(name, score, at=1.0, box=WHOLE):
    return Sighting(name, name, score, at, box)


def names_of(event):
    return event.names


@pytest.mark.parametrize(("scores", "is_named"), [
    ([], False), ([0.64], False), ([0.65], True), ([0.4, 0.4], True), ([0.9], True)])
def test_one_sure_sighting_or_two_others_make_a_name(scores, is_named):
    event = EventNames()
    for score in scores:
        event.add([sighting("person", score)], SIZE)
    assert names_of(event) == (("person",) if is_named else ())


def test_two_faint_ones_in_one_picture_make_no_name():
    event = EventNames()
    both = [sighting("person", 0.5), sighting("person", 0.6, box=(300, 100, 400, 300))]
    assert event.add(both, SIZE) == []
    assert event.add(both[:1], SIZE) == both[1:]


def test_sightings_of_different_names_do_not_add_up():
    event = EventNames()
    assert event.add([sighting("person", 0.5), sighting("vehicle", 0.6)], SIZE) == []
    assert (names_of(event), event.best) == ((), None)
    assert {each.name for each in event.candidates} == {"person", "vehicle"}


def test_best_sighting_is_reported_once_there_is_a_name():
    event = EventNames()
    first, second = sighting("person", 0.6, 1.0), sighting("person", 0.5, 2.0)
    assert event.add([first], SIZE) == []
    assert event.add([second], SIZE) == [first]
    assert event.add([sighting("person", 0.6, 3.0)], SIZE) == []      # no better
    better = sighting("person", 0.7, 4.0)
    assert event.add([better], SIZE) == [better]
    assert event.best == better


CUT_OFF = [(1, 100, 60, 300), (100, 2, 200, 300), (580, 100, 638, 300), (100, 300, 200, 479)]


@pytest.mark.parametrize("box", CUT_OFF)
def test_whole_object_is_better_than_one_that_is_cut_off(box):
    event = EventNames()
    half, whole = sighting("person", 0.9, 1.0, box), sighting("person", 0.5, 2.0)
    assert event.add([half], SIZE) == [half]
    assert (event.best, event.settled) == (half, frozenset())
    assert event.add([whole], SIZE) == [whole]
    assert event.add([sighting("person", 1.0, 3.0, box)], SIZE) == []
    assert (event.best, event.settled, names_of(event)) == (whole, {"person"}, ("person",))


def test_whole_object_is_better_than_a_surer_half_in_one_picture():
    event = EventNames()
    half, whole = sighting("person", 0.9, box=CUT_OFF[0]), sighting("person", 0.5)
    assert event.add([half, whole], SIZE) == [whole]    # the half one is sure
    assert (event.best, event.settled) == (whole, {"person"})


def test_surest_counts_while_the_object_is_cut_off():
    event = EventNames()
    for score, is_better in ((0.7, True), (0.6, False), (0.8, True)):
        each = sighting("person", score, box=CUT_OFF[0])
        assert event.add([each], SIZE) == ([each] if is_better else [])
    vehicle = sighting("vehicle", 0.7)
    event.add([vehicle], SIZE)
    assert (event.best, event.settled) == (vehicle, {"vehicle"})


def test_only_the_first_20_names_of_an_event_count():
    event = EventNames()
    for number in range(30):
        event.add([sighting(f"person {number}", 0.9)], SIZE)
    assert names_of(event) == tuple(f"person {number}" for number in range(20))
    assert event.add([sighting("person 29", 1.0)], SIZE) == []
    assert len(event.candidates) == 20
    assert event.add([sighting("person", 0.7)], SIZE) == [sighting("person", 0.7)]    # of the model


def test_names_are_sorted_by_their_best_scores():
    event = EventNames()
    event.add([sighting("person", 0.7), sighting("vehicle", 0.8)], SIZE)
    assert names_of(event) == ("vehicle", "person")
    event.add([sighting("person", 0.9)], SIZE)
    assert (names_of(event), event.best.score) == (("person", "vehicle"), 0.9)


def test_sightings_are_all_of_the_groups_in_streamed_pixels():
    look = Look(camera="front", event=1, crops=(), mask=np.zeros((240, 320), np.uint8), size=(1280, 960),
                captured=12.5, least_score=0.4, before=None, small=np.zeros((480, 640, 3), np.uint8))
    found = [FoundObject("bus", 0.5, (0, 0, 8, 8)), FoundObject("person", 0.6, (100, 200, 300, 400)),
             FoundObject("car", 0.7, (10, 20, 30, 40)), FoundObject("frisbee", 0.9, (0, 0, 9, 9)),
             FoundObject("person", 0.5, (0, 0, 9, 9))]
    bus, person, car, other = sightings_of(found, look)
    assert car == Sighting("vehicle", "car", 0.7, 12.5, (5, 10, 15, 20))
    assert person == Sighting("person", "person", 0.6, 12.5, (50, 100, 150, 200))
    assert set(bests_of([bus, person, car, other], SIZE)) == {car, person}
