"""Alerts in words for people."""

import datetime

import pytest

from pyimagesearch.events.event import LOST, MOTION
from pyimagesearch.notifications.alert import BEGIN, DIGEST, END, UPDATE, Alert
from recording_channel import sighting

NOON = datetime.datetime(2026, 11, 20, 12, 0, 5).timestamp()


def alert(type=BEGIN, **more):
    return Alert(**{"type": type, "id": 17, "camera": "front", "kind": MOTION,
                    "begin": NOON, **more})


@pytest.mark.parametrize(("made", "title", "text"), [
    (alert(), "front: motion", "Motion at 12:00:05"),
    (alert(END, end=NOON + 18, sightings=(sighting("person"), sighting("dog")), zones=("drive",), note="in drive"),
     "Person and dog at front", "Person and dog in drive at 12:00:05, for 18 s"),
    (alert(UPDATE, sightings=(sighting("DHL van"),)), "DHL van at front", "DHL van at 12:00:05"),
    (alert(sightings=tuple(sighting(name) for name in "abcdef")),
     "A, b, c, d and 2 others at front", "A, b, c, d and 2 others at 12:00:05"),
    (alert(kind=LOST, note="no route to host", end=NOON + 3 * 3600),
     "front: lost", "No picture at 12:00:05, for 3 h 0 min: no route to host"),
    (alert(kind="disk", camera="", note="no space left"), "Surveillance: disk",
     "Nothing can be recorded at 12:00:05: no space left"),
    (alert(more=14, more_since=NOON - 300, counts={"front": 4, "yard": 10}),
     "front: motion",
     "Motion at 12:00:05. And 14 more since 11:55 (yard 10, front 4)"),
    (alert(more=1, more_since=NOON - 300, counts={"front": 1}, paused_until=NOON + 3600),
     "front: motion", "Motion at 12:00:05. And 1 more since 11:55. "
     "Until 13:00, only urgent alerts"),
    (alert(DIGEST, camera="", end=NOON + 3600, more=1000,
           counts={f"c{number}": 10 * number for number in range(1, 9)}),
     "Surveillance: 1000 events",
     "c8 80, c7 70, c6 60, c5 50, c4 40, 3 other cameras 60; from 20 November, 12:00 "
     "to 13:00"),
    (alert(DIGEST, end=NOON + 86_400, more=2, counts={"front": 2}),
     "front: 2 events", "front 2; from 20 November, 12:00 to 21 November, 12:00"),
    (alert(DIGEST, end=NOON, more=1, counts={"": 1}),
     "front: 1 event", "the server 1; at 20 November, 12:00")])
def test_alerts_are_put_into_words(made, title, text):
    assert (made.title, made.text) == (title, text)
