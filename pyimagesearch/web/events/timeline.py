"""The events of one day, as the timeline shows them and as a day is selected."""

import datetime
from typing import Any

from flask import Blueprint, url_for

from pyimagesearch.events.day_queries import TimelineEvent
from pyimagesearch.events.event_filters import day_bounds
from pyimagesearch.web import params
from pyimagesearch.web.services import read_events

from .filters import UNAVAILABLE
from .previews import picture_version

bp = Blueprint("timeline", __name__, url_prefix="/api/events")

MAX_TIMELINE_EVENTS = 20_000


@bp.get("/timeline")
def show() -> dict[str, Any]:
    """Return the events of one day, by default today, the oldest first, in columns."""
    wanted = params.filters()
    day = wanted.day or datetime.date.today()
    found = read_events(lambda reader: reader.days.timeline(
        MAX_TIMELINE_EVENTS, wanted._replace(day=day)))
    begin, end = day_bounds(day)
    return {
        "begin": begin, "end": end,
        "preview": url_for("files.preview", id=0, version="VERSION"),
        "ids": [event.id for event in found],
        "begins": [event.begin for event in found],
        "clocks": [seconds_of_day(event.begin) for event in found],
        "cameras": [event.camera for event in found],
        "versions": [version(event) for event in found]}


def seconds_of_day(when: float) -> int:
    """Return what a clock on the wall shows at *when*, as seconds since midnight."""
    time = datetime.datetime.fromtimestamp(when)
    return 3600 * time.hour + 60 * time.minute + time.second


def version(event: TimelineEvent) -> str:
    """Return the version of the small picture of *event*; empty without a picture."""
    if not event.picture_state or event.picture_state in UNAVAILABLE:
        return ""
    return picture_version(event.picture_begin, event.picture_bytes)
