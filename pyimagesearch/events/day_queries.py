"""Query the events of one day, and how many there were on each."""

import datetime
import json
import sqlite3
from typing import Any, NamedTuple

from .event import CLIP, COMPLETE, STILL, THUMBNAIL
from .event_filters import NO_FILTERS, Filters, day_bounds, selection

NO_PICTURE = '[0.0, 0, ""]'


class TimelineEvent(NamedTuple):
    """An event as the timeline shows it; times in seconds since the epoch."""

    id: int
    begin: float
    end: float | None
    camera: str
    picture_begin: float    # of the picture that shows it best
    picture_bytes: int
    picture_state: str      # one of FILE_STATES; empty without a picture


class DayReader:
    """Query the days in a snapshot of the events; belongs to its thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def levels(self, camera: str | None, first_minute: int, last_minute: int,
               ) -> list[tuple[int, float]]:
        """
        Return the level of motion of each minute for which it is known.

        Minutes since the epoch, both included; the largest area in per mille of the
        frame, of *camera* or of all.
        """
        return self._connection.execute(
            "SELECT minute, max(area) FROM levels WHERE minute BETWEEN :first "
            "AND :last AND :camera IN (camera, '') GROUP BY minute ORDER BY minute",
            {"camera": camera or "", "first": first_minute, "last": last_minute}
            ).fetchall()

    def days_beside(self, day: datetime.date
                    ) -> tuple[datetime.date | None, datetime.date | None]:
        """Return the next day with events before *day*, and the next after it."""
        begin, end = day_bounds(day)
        found = (self._first("SELECT max(begin) FROM events WHERE deleted IS NULL "
                             "AND begin < ?", begin),
                 self._first("SELECT min(begin) FROM events WHERE deleted IS NULL "
                             "AND begin >= ?", end))
        older, newer = (None if when is None else datetime.date.fromtimestamp(when)
                        for when in found)
        return older, newer

    def counts(self, span: float, day: datetime.date, filters: Filters = NO_FILTERS
               ) -> dict[int, tuple[int, int]]:
        """
        Return the number of events in each *span* [s] of *day*, and the last's id.

        The keys are the numbers of the spans.
        """
        tables, _, wanted, values = selection(filters._replace(day=day))
        return {number: (count, last) for number, count, last in
                self._connection.execute(
            "SELECT cast((begin - ?) / ? AS INTEGER) AS number, count(*), max(id) "
            f"FROM {tables} WHERE {wanted} GROUP BY number",
            [day_bounds(day)[0], span, *values])}

    def day_counts(self, first: datetime.date, last: datetime.date,
                   filters: Filters = NO_FILTERS) -> dict[datetime.date, int]:
        """
        Return the number of events of each day from *first* to *last* that has any.

        They pass *filters*, except for its day.
        """
        tables, _, wanted, values = selection(filters._replace(day=None))
        rows = self._connection.execute(
            "SELECT date(begin, 'unixepoch', 'localtime') AS day, count(*) FROM "
            f"{tables} WHERE {wanted} AND begin >= ? AND begin < ? GROUP BY day",
            [*values, day_bounds(first)[0], day_bounds(last)[1]])
        return {datetime.date.fromisoformat(day): count for day, count in rows}

    def timeline(self, limit: int, filters: Filters) -> list[TimelineEvent]:
        """Return the newest *limit* events that pass *filters*, the oldest first."""
        tables, id, wanted, values = selection(filters)
        rows = self._connection.execute(
            f'SELECT id, begin, "end", camera, (SELECT json_array(begin, bytes, state) '
            "FROM files WHERE event_id = id AND media IN (?, ?) ORDER BY media DESC, "
            "sequence DESC, begin DESC, path DESC LIMIT 1) "
            f"FROM {tables} WHERE {wanted} ORDER BY {id} DESC LIMIT ?",
            [THUMBNAIL, STILL, *values, limit]).fetchall()
        found = [TimelineEvent(*row, *json.loads(picture or NO_PICTURE))
                 for *row, picture in rows]
        return sorted(found, key=lambda event: (event.begin, event.id))

    def first_clip(self, filters: Filters) -> int | None:
        """Return the first event that passes *filters* and has a complete clip."""
        tables, id, wanted, values = selection(filters)
        found: int | None = self._first(
            f"SELECT id FROM {tables} WHERE {wanted} AND EXISTS (SELECT 1 FROM files "
            f"WHERE files.event_id = id AND media = ? AND state = ?) ORDER BY {id}",
            *values, CLIP, COMPLETE)
        return found

    def _first(self, statement: str, *values: object) -> Any:
        """Return the first value that *statement* finds, ``None`` without any."""
        row = self._connection.execute(statement, values).fetchone()
        return row[0] if row else None
