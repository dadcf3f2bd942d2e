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

LASTING_KINDS = (MOTION, MANUAL, COVERED, UNFOCUSED, UNSTEADY)  # a loss ends "returned"
PICTURED_KINDS = (MOTION, MANUAL, SNAPSHOT, MOVED, COVERED, UNFOCUSED)
TEST_TYPE = "test"
# Home Assistant refuses events of types that were not announced
EVENT_TYPES = [*EVENT_KINDS, *(f"{kind} ended" for kind in LASTING_KINDS), TEST_TYPE]


def event_message(event: Event, url: str, *, ended: bool) -> bytes:
    """Return the message for the begin or end of *event*; *url* is the server's."""
    return json.dumps({
        "event_type": f"{event.kind} ended" if ended else event.kind,
        "id": event.id, "camera": event.camera, "names": event.objects,
        "zones": event.zones, "note": event.note, "begin": round(event.begin, 3),
        "end": event.end and round(event.end, 3),
        "peak_area": round(event.peak_area, 2),
        "url": f"{url}events/{event.id}"}).encode()


def message_of_test(url: str) -> bytes:
    """Return the message of a test."""
    return json.dumps({"event_type": TEST_TYPE, "url": url}).encode()
