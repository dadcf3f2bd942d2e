"""What a request asks for, checked; what is wrong ends it with 400 and a sentence."""

import datetime
import json
import re
from typing import Any, NamedTuple, NoReturn

from flask import abort, request

from pyimagesearch.events.event import Cursor
from pyimagesearch.events.queries import Filters

MOST = 200          # events on one page
MOST_IDS = 1000     # events in one request
MOST_ID = (1 << 53) - 1     # that JavaScript can tell from its neighbours
YEARS = (1971, 8999)        # in which days can be counted
TRUTHS = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}


class Query(NamedTuple):
    """A page of events that is asked for."""

    filters: Filters
    before: Cursor | None
    limit: int


def query(limit: int) -> Query:
    """Return what the query parameters ask for, by default *limit* events."""
    given = request.args
    return Query(filters(), cursor(given.get("before", "")),
                 number("limit", given.get("limit", ""), limit))


def filters() -> Filters:
    """Return which events the query parameters ask for."""
    given = request.args
    return Filters(camera=given.get("camera") or None, kind=given.get("kind") or None,
                   day=date(given.get("day", "")),
                   starred=truth("starred", given.get("starred") or "false"))


def date(text: str) -> datetime.date | None:
    """Return the day written as *text*, ``None`` for nothing."""
    if not text:
        return None
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        wrong("day", text, "a date such as 2026-11-20")
    if not YEARS[0] <= day.year <= YEARS[1]:
        wrong("day", text, f"in the years {YEARS[0]} to {YEARS[1]}")
    return day


def cursor(text: str) -> Cursor | None:
    """Return the place in the list written as *text*, ``None`` for its begin."""
    if not text:
        return None
    try:
        return Cursor.parse(text)
    except ValueError:
        wrong("before", text, "what the page before gave as next")


def number(name: str, text: str, default: int) -> int:
    """Return the number of events written as *text*, *default* for nothing."""
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= MOST:
        wrong(name, text, f"a number from 1 to {MOST}")
    return int(text)


def truth(name: str, value: Any) -> bool:
    """Return *value* as a truth, however a form or a program writes it."""
    if isinstance(value, str):
        value = TRUTHS.get(value.lower(), value)
    if not isinstance(value, bool):
        wrong(name, value, "true or false")
    return value


def body() -> dict[str, Any]:
    """Return the fields of the request's body, a form or a JSON object."""
    if not request.is_json:
        return request.form.to_dict()
    try:
        given = json.loads(request.get_data() or b"{}")
    except (ValueError, RecursionError):
        abort(400, "The body is not JSON.")
    if not isinstance(given, dict):
        abort(400, "The body must be a JSON object, such as {\"status\": true}.")
    return given


def ids(given: Any) -> list[int]:
    """Return the ids of events in *given*, a list of numbers or of their digits."""
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_IDS:
        wrong("ids", given, f"a list of 1 to {MOST_IDS} ids of events")
    return [one_id(each) for each in given]


def one_id(value: Any) -> int:
    """Return *value* as the id of an event."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value):
        value = int(value)
    if type(value) is float and value.is_integer():     # as some programs write 5
        value = int(value)
    if type(value) is not int or not 0 <= value <= MOST_ID:
        wrong("ids", value, "ids of events, which are whole numbers")
    return int(value)


def wrong(name: str, value: Any, allowed: str) -> NoReturn:
    """End the request: *value* of *name* is not *allowed*."""
    text = repr(value)
    shown = text if len(text) <= 60 else f"{text[:57]}..."
    abort(400, f"{name} is {shown}, but must be {allowed}.")
