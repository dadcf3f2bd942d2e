"""Names follow the boxes of what they name."""

import pytest

from pyimagesearch.events.event import Sighting
from pyimagesearch.overlay import Tag
from pyimagesearch.surveillance.name_tags import LOST_SECONDS, MEMORY_SECONDS, NameTags

SIZE = (1280, 720)
CAR = (400, 300, 600, 400)


def at(x):
    return (x, 100, x + 50, 250)


def sighting(name="person", when=9.9, box=None):
    return Sighting(name, name, 0.9, when, box or at(100))


class Tags(NameTags):
    """Of what was *sighted*, only what is new is given to the code under test."""

    def __init__(self):
        super().__init__()
        self.known = []

    def place(self, sighted, boxes, now):
        new = [each for each in sighted if each not in self.known]
        self.known += new
        return super().place(dict.fromkeys(each.name for each in sighted), new, boxes, SIZE, now)


@pytest.fixture
def tags():
    return Tags()


def test_name_begins_where_it_was_sighted_and_goes_along(tags):
    boxes = [at(120 + 20 * step) for step in range(15)]
    for step, box in enumerate(boxes):
        assert tags.place([sighting()], [CAR, box], 10 + step / 5) == (Tag("person", box),)


def test_what_moves_elsewhere_does_not_get_the_name(tags):
    tags.place([sighting()], [at(110)], 10.0)
    assert tags.place([sighting()], [CAR], 10.2) == (Tag("person", None),)
    assert tags.place([sighting()], [], 10.4) == (Tag("person", None),)
    assert tags.place([sighting()], [CAR, at(130)], 10.6) == (Tag("person", at(130)),)


def test_lost_name_has_no_place_until_it_is_sighted_there(tags):
    tags.place([sighting()], [at(110)], 10.0)
    later = 10.1 + LOST_SECONDS
    assert tags.place([sighting()], [at(110)], later) == (Tag("person", None),)
    again = sighting(when=later + 0.2, box=at(300))
    assert tags.place([again], [at(110), at(320)], later + 0.5) == (Tag("person", at(320)),)


def test_each_of_a_name_bears_it(tags):
    boxes = [at(110), CAR, at(700)]
    first, second = sighting(), sighting(box=at(690))
    assert tags.place([first, second], boxes, 10.0) == (
        Tag("person", at(110)), Tag("person", at(700)))
    later = [at(130), CAR, at(720), at(900)]
    both = {Tag("person", at(130)), Tag("person", at(720))}
    # one of where nothing moves any more changes nothing
    gone = sighting(when=10.05, box=at(1000))
    assert set(tags.place([first, second, gone], later, 10.1)) == both
    # and the others keep their names when one is sighted again
    again = sighting(when=10.1, box=at(125))
    assert set(tags.place([first, second, gone, again], later, 10.2)) == both
    assert len(tags._places) == 3


def test_two_of_a_name_in_one_box_bear_it_once(tags):
    boxes = [(100, 100, 200, 250)]
    assert tags.place([sighting(), sighting(box=at(150))], boxes, 10.0) == (
        Tag("person", boxes[0]),)


def test_sighting_that_comes_late_is_followed_since_its_picture(tags):
    for step in range(20):      # far away by the time the look is done
        tags.place([], [CAR, at(100 + 20 * step)], 10 + step / 10)
    assert tags.place([sighting(when=10.0)], [CAR, at(500)], 12.0) == (Tag("person", at(500)),)
    assert tags.place([sighting(when=12.0, box=at(900))], [CAR, at(520)], 12.1) == (
        Tag("person", at(520)),)


def test_sighting_too_late_gives_no_place(tags):
    tags.place([], [at(110)], 10.0)
    assert tags.place([sighting()], [at(110)], 10.0 + MEMORY_SECONDS + 1) == (Tag("person", None),)


def test_box_that_comes_apart_keeps_its_name_in_one_place(tags):
    tags.place([sighting()], [at(100)], 10.0)
    head, legs = (115, 100, 135, 130), (100, 160, 150, 252)
    assert tags.place([sighting()], [legs, head], 10.1) == (Tag("person", (100, 100, 150, 252)),)
    beside = (145, 60, 300, 250)        # something else, larger
    assert tags.place([sighting()], [at(100), beside], 10.2) == (Tag("person", at(100)),)


def test_box_that_something_else_joins_loses_the_name(tags):
    car, person = (10, 300, 150, 400), (140, 150, 200, 400)
    vehicle = sighting("vehicle", box=car)
    assert tags.place([vehicle], [car], 10.0) == (Tag("vehicle", car),)
    both = (10, 150, 200, 400)
    assert tags.place([vehicle], [both], 10.1) == (Tag("vehicle", None),)
    assert tags.place([vehicle], [person], 10.2) == (Tag("vehicle", None),)
    assert tags.place([vehicle], [person, car], 10.3) == (Tag("vehicle", car),)


@pytest.mark.parametrize("last", [
    (0, 300, 60, 400), (1220, 300, 1278, 400), (600, 2, 700, 80), (600, 600, 700, 719)])
def test_what_comes_in_where_it_left_does_not_get_the_name(tags, last):
    tags.place([sighting(box=last)], [last], 10.0)
    assert tags.place([sighting(box=last)], [], 10.1) == (Tag("person", None),)
    assert tags.place([sighting(box=last)], [last], 10.2) == (Tag("person", None),)
    again = sighting(when=10.2, box=last)
    assert tags.place([again], [last], 10.5) == (Tag("person", last),)


def test_box_is_covered_by_the_names_at_it(tags):
    tags.place([], [CAR], 9.9)
    assert not tags.cover({"person", "vehicle"})
    both = [sighting(), sighting("vehicle", box=CAR)]
    tags.place(both, [CAR, at(110)], 10.0)
    assert tags.cover({"person", "vehicle"})
    assert not tags.cover({"person"})
    tags.place(both, [CAR, at(110), at(200)], 10.1)
    assert not tags.cover({"person", "vehicle"})
    tags.place(both, [CAR, at(110), (550, 150, 700, 350)], 10.2)   # before the car
    assert not tags.cover({"person", "vehicle"})
    tags.place(both, [], 10.3)
    assert tags.cover(set())


def test_box_of_two_that_joined_is_covered(tags):
    both = [sighting(), sighting(box=at(190))]
    tags.place(both, [at(100), at(190)], 10.0)
    joined = (100, 100, 240, 250)
    assert tags.place(both, [joined], 10.1) == (Tag("person", None),)
    assert tags.cover({"person"})


def test_boxes_are_forgotten_after_a_while(tags):
    for step in range(1000):
        tags.place([], [CAR], step / 10)
    assert len(tags._seen) <= 10 * MEMORY_SECONDS + 1


def test_clock_that_is_set_back_leaves_nothing_behind(tags):
    tags.place([sighting(when=999.9)], [at(100)], 1000.0)
    for step in range(100):
        (tag,) = tags.place([sighting(when=999.9)], [at(100)], 10 + step / 10)
        assert tag.box is None      # when it was seen there is not known any more
    assert (len(tags._seen), tags._places) == (10 * MEMORY_SECONDS + 1, [])
    again = sighting(when=19.9)
    assert tags.place([again], [at(100)], 20.0) == (Tag("person", at(100)),)


def test_each_name_has_its_box_and_some_share_one(tags):
    car, rider = sighting("vehicle", box=CAR), sighting("animal", box=at(90))
    assert tags.place([sighting(), car, rider], [at(110), CAR], 10.0) == (
        Tag("person, animal", at(110)), Tag("vehicle", CAR))
    assert tags.place([car], [at(110), CAR], 10.1) == (Tag("vehicle", CAR),)
    assert tags.place([], [at(110), CAR], 10.2) == ()
