"""Pages of events: the list with its chart, and a single event."""

import datetime
import itertools
from functools import partial
from typing import Any, NamedTuple

from flask import Blueprint, url_for

from pyimagesearch.events.event import EVENT_KINDS, Event
from pyimagesearch.events.event_filters import NO_FILTERS, Filters, day_bounds
from pyimagesearch.events.explanation import Explanation
from pyimagesearch.events.queries import EventReader
from pyimagesearch.object_detection.object_groups import GROUPS
from pyimagesearch.settings.option import format_bytes
from pyimagesearch.web import local_times, params
from pyimagesearch.web.errors import abort_no_event
from pyimagesearch.web.live import page
from pyimagesearch.web.services import archive_or_404, get_services, read_events

from . import explanations, filters, previews
from .chart import SLOT_SECONDS, Chart, draw_chart

bp = Blueprint("events", __name__)
for template_filter in (local_times.clock, local_times.iso, local_times.day_name,
                        local_times.moment, filters.duration, filters.percent,
                        filters.kind_name, filters.subject, filters.days_name,
                        previews.preview_url, format_bytes):
    bp.add_app_template_filter(template_filter)


class EventData(NamedTuple):
    """What the page of one event shows, read from the database in one go."""

    event: Event
    newer: int | None
    older: int | None
    explanations: list[Explanation]


class ListData(NamedTuple):
    """What the list page shows, read from the database in one go."""

    events: list[Event]
    following: int | None
    cameras: list[str]
    objects: list[str]
    older: datetime.date | None
    newer: datetime.date | None
    chart: Chart


@bp.get("/events")
def index() -> str:
    """Show the events, newest first, below a chart of one day."""
    query = params.page_query(default_limit=48)     # full rows of 2, 3, 4 or 6
    store = archive_or_404().store
    data = read_events(lambda reader: read_list(reader, query))
    return page(
        "events.html", data=data, query=query, kinds=EVENT_KINDS,
        undo=store.undo_seconds, link=partial(link, query.filters),
        unavailable=filters.UNAVAILABLE, lost=filters.LOST_CLIPS,
        cameras=sorted({*data.cameras, *get_services().feeds} - {""}),
        object_names=in_order({*(GROUPS if data.objects else ()), *data.objects,
                               query.filters.object or ""} - {""}),
        no_object=params.NO_OBJECT, no_filters=NO_FILTERS,
        days=[(day, list(events)) for day, events in
              itertools.groupby(data.events, lambda event: local_day(event.begin))])


@bp.get("/events/<int:id>")
def show(id: int) -> str:
    """Show one event, with links to its neighbours that pass the filters."""
    wanted, store = params.filters(), archive_or_404().store

    data = read_events(lambda reader: read_event(reader, id, wanted))
    event = data.event
    return page(
        "event.html", event=event, newer=data.newer, older=data.older,
        link=partial(link, wanted), unavailable=filters.UNAVAILABLE,
        day=local_day(event.begin), undo=store.undo_seconds,
        moments=explanations.moments(event, data.explanations),
        sightings=[(each, *explanations.place_in_clips(event, each.at))
                   for each in event.sightings])


def read_event(reader: EventReader, id: int, wanted: Filters) -> EventData:
    """Read all that the page of event *id* shows, or abort. Blocks."""
    event = reader.event(id) or abort_no_event(id)
    return EventData(event, *reader.neighbours(event, wanted),
                     reader.explanations([id]).get(id, []))


def read_list(reader: EventReader, query: params.PageQuery) -> ListData:
    """Read all that the list page shows. Blocks."""
    wanted = query.filters
    events, following = reader.page(*query)
    day = wanted.day or local_day(events[0].begin if events else None)
    begin, end = day_bounds(day)
    levels = reader.levels(wanted.camera, int(begin // 60), int(end // 60) - 1)
    chart = draw_chart(day, levels, reader.counts(SLOT_SECONDS, day, wanted))
    return ListData(events, following, reader.cameras(), reader.objects(),
                    *reader.days_beside(day), chart)


def link(wanted: Filters, endpoint: str = "events.index", **changes: Any) -> str:
    """Return the URL of a page with the same filters, except for *changes*."""
    values = {**wanted._asdict(), **changes}
    values["starred"] = "true" if values["starred"] else None
    if values["not_event"] is not None:
        values["not_event"] = "true" if values["not_event"] else "false"
    if values["object"] == "":
        values["object"] = params.NO_OBJECT
    return url_for(endpoint, **{name: value for name, value in values.items()
                                if value is not None})


def in_order(names: set[str]) -> list[str]:
    """Return *names* of objects: the usual ones, then those of owners' detectors."""
    return [*(name for name in GROUPS if name in names), *sorted(names - {*GROUPS})]


def local_day(when: float | None) -> datetime.date:
    """Return the local day of *when* [seconds since the epoch]; today for ``None``."""
    return (datetime.date.today() if when is None
            else datetime.datetime.fromtimestamp(when).date())
