"""The types and the JSON messages of events."""

import json

from pyimagesearch.events.event import (
    COVERED,
    EVENT_KINDS,
    MANUAL,
    MOTION,
    MOVED,
    SNAPSHOT,
    UNFOCUSED,
    UNSTEADY,
    Event,
)
from pyimagesearch.notifications.alert import recognised
from pyimagesearch.notifications.milestones import ENDED, NAMED

LASTING_KINDS = (MOTION, MANUAL, COVERED, UNFOCUSED, UNSTEADY)  # a loss ends "returned"
PICTURED_KINDS = (MOTION, MANUAL, SNAPSHOT, MOVED, COVERED, UNFOCUSED)
BEGUN = ""          # a change of an event, as are NAMED and ENDED
TEST_TYPE = "test"
# Home Assistant refuses events of types that were not announced
EVENT_TYPES = [*EVENT_KINDS, f"{MOTION} {NAMED}",
               *(f"{kind} {ENDED}" for kind in LASTING_KINDS), TEST_TYPE]


def event_message(event: Event, url: str, change: str = BEGUN) -> bytes:
    """
    Return the message for a *change* of *event*; *url* is the server's.

    It is BEGUN, NAMED, as the first object was recognised after that, or ENDED.
    """
    return json.dumps({
        "event_type": f"{event.kind} {change}".rstrip(),
        "id": event.id, "camera": event.camera, **recognised(event.sightings),
        "zones": event.zones, "note": event.note, "begin": round(event.begin, 3),
        "end": event.end and round(event.end, 3),
        "peak_area": round(event.peak_area, 2),
        "url": f"{url}events/{event.id}"}).encode()


def message_of_test(url: str) -> bytes:
    """Return the message of a test."""
    return json.dumps({"event_type": TEST_TYPE, "url": url}).encode()
