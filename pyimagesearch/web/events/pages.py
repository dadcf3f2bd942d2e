"""Pages of events: the list with calendar and timeline, and a single event."""

import datetime
import itertools
from functools import partial
from typing import Any, NamedTuple

from flask import Blueprint, Response, g, request, url_for

from pyimagesearch.access.roles import Role
from pyimagesearch.events.event import EVENT_KINDS, Event
from pyimagesearch.events.event_filters import NO_FILTERS, Filters, day_bounds
from pyimagesearch.events.explanation import Explanation
from pyimagesearch.events.queries import EventReader
from pyimagesearch.frames import Size
from pyimagesearch.object_detection.object_groups import GROUPS
from pyimagesearch.settings.option import format_bytes
from pyimagesearch.web import local_times, params
from pyimagesearch.web.errors import abort_no_event
from pyimagesearch.web.guard import see_other
from pyimagesearch.web.live import page
from pyimagesearch.web.services import archive_or_404, get_services, read_events
from pyimagesearch.web.words import gettext as _

from . import explanations, filters, previews
from .chart import SLOT_SECONDS, draw_chart
from .month_calendar import calendar_bounds, draw_month
from .shares import SHARE_HOURS

bp = Blueprint("events", __name__)
for template_filter in (local_times.clock, local_times.clock_or_day, local_times.iso,
                        local_times.day_name, local_times.date_name,
                        local_times.moment, filters.duration,
                        filters.percent, filters.kind_name, filters.subject,
                        filters.days_name, previews.preview_url, format_bytes):
    bp.add_app_template_filter(template_filter)

USUAL_SIZE = (640, 480)     # of a picture, until its camera says otherwise


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
    day: datetime.date      # that the timeline shows
    older: datetime.date | None     # the next day before it with events
    newer: datetime.date | None
    levels: list[tuple[int, float]]     # of motion on this day
    slots: dict[int, tuple[int, int]]   # of this day with events
    counts: dict[datetime.date, int]    # of events, for the calendar


@bp.get("/events")
def index() -> str:
    """Show the events, newest first, with a calendar and a timeline of one day."""
    query = params.page_query(default_limit=48)     # full rows of 2, 3, 4 or 6
    month = params.month(request.args.get("month", ""))
    store = archive_or_404().store
    data = read_events(lambda reader: read_list(reader, query, month))
    cameras = sorted({*data.cameras, *get_services().feeds} - {""})
    return page(
        "events.html", data=data, chart=draw_chart(data.day, data.levels, data.slots),
        month=draw_month(month or data.day, data.counts), query=query,
        kinds=kinds_to_choose(query.filters),
        undo=store.undo_seconds, link=partial(link, query.filters),
        unavailable=filters.UNAVAILABLE, lost=filters.LOST_CLIPS, sizes=picture_sizes(),
        cameras=cameras, asked_month=month, usual_size=USUAL_SIZE,
        object_names=in_order({*(GROUPS if data.objects else ()), *data.objects,
                               query.filters.object or ""} - {""}),
        no_object=params.NO_OBJECT, no_filters=NO_FILTERS,
        unknown=unknown_filter(query.filters, cameras, data.events),
        days=[(day, list(events)) for day, events in
              itertools.groupby(data.events, lambda event: local_day(event.begin))])


@bp.get("/events/play")
def play() -> Response:
    """Show the first event with a clip of those that pass the filters, and play all."""
    wanted = params.filters()
    first = read_events(lambda reader: reader.days.first_clip(wanted))
    return see_other(link(wanted) if first is None else
                     link(wanted, "events.show", id=first, play="all"))


@bp.get("/events/<int:id>")
def show(id: int) -> str:
    """Show one event, with links to its neighbours that pass the filters."""
    wanted, store = params.filters(), archive_or_404().store
    plays_all = request.args.get("play") == "all"

    data = read_events(lambda reader: read_event(reader, id, wanted))
    event = data.event
    return page(
        "event.html", event=event, newer=data.newer, older=data.older,
        link=partial(link, wanted), unavailable=filters.UNAVAILABLE,
        plays_all=plays_all, undo=store.undo_seconds,
        share_hours=SHARE_HOURS if g.client.may(Role.OWNER) else (),
        size=picture_sizes().get(event.camera, USUAL_SIZE),
        moments=explanations.moments(event, data.explanations),
        sightings=[(each, *explanations.place_in_clips(event, each.at))
                   for each in event.sightings])


def read_event(reader: EventReader, id: int, wanted: Filters) -> EventData:
    """Read all that the page of event *id* shows, or abort. Blocks."""
    event = reader.event(id) or abort_no_event(id)
    return EventData(event, *reader.neighbours(event, wanted),
                     reader.explanations([id]).get(id, []))


def read_list(reader: EventReader, query: params.PageQuery,
              asked_month: datetime.date | None) -> ListData:
    """Read all that the list page shows. Blocks."""
    wanted, days = query.filters, reader.days
    events, following = reader.page(*query)
    day = wanted.day or local_day(events[0].begin if events else None)
    begin, end = day_bounds(day)
    return ListData(
        events, following, reader.cameras(), reader.objects(), day,
        *days.days_beside(day),
        days.levels(wanted.camera, int(begin // 60), int(end // 60) - 1),
        days.counts(SLOT_SECONDS, day, wanted),
        days.day_counts(*calendar_bounds(asked_month or day), wanted))


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


def kinds_to_choose(wanted: Filters) -> list[str]:
    """Return the kinds of events, with one that was asked for but is none of them."""
    asked = [wanted.kind] if wanted.kind else []
    return [*EVENT_KINDS, *(kind for kind in asked if kind not in EVENT_KINDS)]


def unknown_filter(wanted: Filters, cameras: list[str], found: list[Event]) -> str:
    """Return which filter names something that does not exist; empty if none does."""
    if found:
        return ""
    if wanted.kind and wanted.kind not in EVENT_KINDS:
        return _("There is no kind of event called “%(kind)s”.", kind=wanted.kind)
    if wanted.camera and wanted.camera not in cameras:
        return _("There is no camera called “%(camera)s”.", camera=wanted.camera)
    return ""


def picture_sizes() -> dict[str, Size]:
    """Return the size of each camera's pictures, as far as it is known [pixels]."""
    found = ((name, feed.status()) for name, feed in get_services().feeds.items())
    return {name: (status.width, status.height) for name, status in found
            if status.width and status.height}


def in_order(names: set[str]) -> list[str]:
    """Return *names* of objects: the usual ones, then those of owners' detectors."""
    return [*(name for name in GROUPS if name in names), *sorted(names - {*GROUPS})]


def local_day(when: float | None) -> datetime.date:
    """Return the local day of *when* [seconds since the epoch]; today for ``None``."""
    return (datetime.date.today() if when is None
            else datetime.datetime.fromtimestamp(when).date())
