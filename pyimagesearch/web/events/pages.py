"""The pages that show what happened."""

import datetime
import itertools
from typing import Any, NamedTuple

from flask import Blueprint, Response, abort, url_for

from pyimagesearch.events.event import KINDS, Cursor, Event
from pyimagesearch.events.queries import EventReader, Filters, bounds
from pyimagesearch.settings.option import format_bytes
from pyimagesearch.web.live import page
from pyimagesearch.web.params import Query, filters, query
from pyimagesearch.web.services import archive_or_404, get_services

from . import filters as wording
from .chart import SLOT, Chart, chart

bp = Blueprint("events", __name__)
for words in (wording.clock, wording.iso, wording.day_name, wording.duration,
              format_bytes, wording.kind_name, wording.days_name):
    bp.add_app_template_filter(words)

PAGE = 48       # events: whole rows of two, three, four or six


class View(NamedTuple):
    """What the database says for one page."""

    events: list[Event]
    following: Cursor | None
    cameras: list[str]
    day: datetime.date
    older: datetime.date | None
    newer: datetime.date | None
    levels: list[tuple[int, float]]
    counts: dict[int, tuple[int, int]]


@bp.get("/events")
def index() -> Response:
    """The list, the newest first, and the day on top of it as a chart."""
    asked, store = query(PAGE), archive_or_404().store

    def look() -> View:
        with store.reading() as reader:
            return view(reader, asked)

    seen: View = get_services().in_thread(look)
    wanted = asked.filters
    return page(
        "events.html", filters=wanted, kinds=KINDS, undo=store.undo_seconds,
        chart=drawn(seen, wanted),
        cameras=sorted({*seen.cameras, *get_services().feeds} - {""}),
        days=[(day, list(events)) for day, events in
              itertools.groupby(seen.events, lambda event: day_of(event.begin))],
        earlier=seen.older and link(wanted, day=seen.older),
        later=seen.newer and link(wanted, day=seen.newer),
        newest=asked.before is not None and link(wanted),
        more=seen.following and link(wanted, before=seen.following),
        show=lambda event: link(wanted, "events.show", id=event.id))


@bp.get("/events/<int:id>")
def show(id: int) -> Response:
    """One event: its clip or stills, and the way to those beside it."""
    wanted, store = filters(), archive_or_404().store

    def look() -> tuple[Event, tuple[int | None, int | None]] | None:
        with store.reading() as reader:
            event = reader.event(id)
            return None if event is None else (
                event, reader.neighbours(event, **wanted._asdict()))

    found = get_services().in_thread(look)
    if found is None:
        abort(404, f"There is no event {id}; it may have been deleted.")
    event, (newer, older) = found
    return page(
        "event.html", event=event, why=wording.ABSENT, day=day_of(event.begin),
        undo=store.undo_seconds,
        newer=newer and link(wanted, "events.show", id=newer),
        older=older and link(wanted, "events.show", id=older), back=link(wanted))


def view(reader: EventReader, asked: Query) -> View:
    """Look up all that the list shows; blocks."""
    wanted = asked.filters
    events, following = reader.page(
        limit=asked.limit, before=asked.before, **wanted._asdict())
    day = wanted.day or day_of(events[0].begin if events else None)
    begin, end = bounds(day)
    older, newer = reader.days_beside(day)
    return View(
        events, following, reader.cameras(), day, older, newer,
        reader.levels(wanted.camera, int(begin // 60), int(end // 60) - 1),
        reader.counts(SLOT, **wanted._replace(day=day)._asdict()))


def drawn(seen: View, wanted: Filters) -> Chart:
    """Return the chart of the day; a tap on it leads to the events of that time."""
    return chart(seen.day, seen.levels, seen.counts,
                 lambda last: link(wanted, before=Cursor(last + 1), _anchor="list"))


def link(wanted: Filters, endpoint: str = "events.index", **changes: Any) -> str:
    """Return the URL of a page with the same filters, but for *changes*."""
    values = {**wanted._asdict(), **changes}
    values["starred"] = "true" if values["starred"] else None
    # as text, or Flask would make two parameters of a cursor, which is a pair
    texts: dict[str, Any] = {name: str(value) for name, value in values.items()
                             if value is not None}
    return url_for(endpoint, **texts)


def day_of(when: float | None) -> datetime.date:
    """Return the local day of *when* [seconds since the epoch], or today."""
    return (datetime.date.today() if when is None
            else datetime.datetime.fromtimestamp(when).date())
