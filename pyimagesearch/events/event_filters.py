"""Which events are wanted, and how that is asked for in SQL."""

import datetime
from typing import Any, NamedTuple

from .event import MOTION, OBJECT_GROUPS

IS_FALSE_ALARM = "EXISTS (SELECT 1 FROM false_alarms WHERE event_id = id)"


class Filters(NamedTuple):
    """Conditions that an event must meet; ``None`` and ``False`` stand for all."""

    camera: str | None = None
    kind: str | None = None
    day: datetime.date | None = None    # in local time
    starred: bool = False
    not_event: bool | None = None       # only false alarms, or all but these
    object: str | None = None   # name or label in it; "" for motion without any


NO_FILTERS = Filters()


class Selection(NamedTuple):
    """Filters in SQL."""

    tables: str
    id: str             # of an event, as the fastest index to select by has it
    condition: str
    values: list[Any]


def selection(filters: Filters) -> Selection:
    """Return *filters* in SQL."""
    tables, id, terms, values = "events", "id", ["deleted IS NULL"], list[Any]()
    for column, value in (("camera", filters.camera), ("kind", filters.kind)):
        if value is not None:
            terms.append(f"{column} = ?")
            values.append(value)
    if filters.day is not None:
        id = "+id"      # use the index by time
        terms.append("begin >= ? AND begin < ?")
        values += day_bounds(filters.day)
    if filters.starred:
        terms.append("starred")
    if filters.object:
        terms.append(f"event_id = id AND {is_sighting_of(filters.object)}")
        values.append(filters.object)
        tables = "events CROSS JOIN sightings"      # the left one is read first
        if not (filters.day or filters.starred or filters.not_event
                or filters.kind not in (None, MOTION)):     # of which there are few
            tables, id = "sightings CROSS JOIN events", "event_id"
    elif filters.object is not None:
        terms.append("kind = ? AND id NOT IN (SELECT event_id FROM sightings)")
        values.append(MOTION)
    if filters.not_event is not None:
        terms.append("id IN (SELECT event_id FROM false_alarms)" if filters.not_event
                     else f"NOT {IS_FALSE_ALARM}")
    return Selection(tables, id, " AND ".join(terms), values)


def is_sighting_of(object: str) -> str:
    """Return the condition for one sighting of the name or label *object*, in SQL."""
    if object in OBJECT_GROUPS:     # a label that is one belongs to it
        return "name = ?"
    return ("label = ? AND NOT EXISTS (SELECT 1 FROM sightings AS other WHERE "
            "other.event_id = sightings.event_id AND other.label = sightings.label "
            "AND other.name < sightings.name)")     # a detector names it, too


def day_bounds(day: datetime.date) -> tuple[float, float]:
    """Return when *day* begins and ends in local time [seconds since the epoch]."""
    midnight = datetime.datetime.combine(day, datetime.time())
    return (midnight.timestamp(),
            (midnight + datetime.timedelta(days=1)).timestamp())
